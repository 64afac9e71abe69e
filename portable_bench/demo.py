"""`demo`: the drill on a throwaway site, and afterwards the site to look at."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from portable_bench import processes
from portable_bench.checks import ensure_tools
from portable_bench.existing import Target, other_code
from portable_bench.lending import lend
from portable_bench.place import DRILL_SITE, MAIN_SITE, Place, code_key, digest, environment_for
from portable_bench.sites import ADMIN_PASSWORD, address, fresh_site
from portable_bench.steps import Progress
from portable_bench.trouble import Trouble
from portable_bench.up import alone, start_web, up, wait_for_web

CARD = "Outage%20Run%20Card&no_letterhead=1"
# Pages worth opening after the drill: who, path, what.
SCREENS = (
	("operator", "/app/outage-command-centre", "every running outage on one screen; declare from here"),
	("operator", "/app/outage-call-sheet", "whom to phone, in order"),
	("everybody", "/app/outage-incident", "the outages, each with its verbs, tasks and timeline"),
	("guard, engineer", "/my-outage-tasks", "what is mine now, on a phone"),
	("resident", "/outages", "is it me, why, until when; still out, call me"),
	("operator", f"/printview?doctype=Managed%20Property&name=Cypress%20Tower&format={CARD}", "the run card to print"),
	("operator", "/app/outage-run-card", "what was written on a run card is entered afterwards"),
)


def wants_serving(environ: Mapping[str, str] = os.environ) -> bool:
	"""SERVE=0 ends after the table."""
	return environ.get("SERVE", "1").strip().lower() not in ("0", "no", "false")


def drill_site(place: Place, ports: dict[str, int], progress: Progress) -> str:
	"""A fresh drill site with its own web server. Returns its address."""
	with alone(place, progress):
		progress.total = 0
		processes.stop(place, "drill_web")
		progress.begin(0, f"a fresh site {DRILL_SITE}")
		fresh_site(place, DRILL_SITE, ports, progress)
		key = digest(code_key(place.root), str(ports))
		start_web(place, "drill_web", ports["drill_web"], DRILL_SITE, key)
		wait_for_web(place, "drill_web", ports["drill_web"], DRILL_SITE)
		progress.end()
	return address(DRILL_SITE, ports)


def demo(place: Place, target: Target | None, progress: Progress) -> int:
	"""Run the drill; on the portable bench serve its site afterwards, unless SERVE=0."""
	if not (place.root / "drill" / "__main__.py").exists():
		raise Trouble("There is no drill/ in this checkout.", "check out a version that has it.")
	if target:
		note = other_code(target, place.root)
		if note:
			progress.say(note)
		ensure_tools(place, progress)
		return _drill(place, target, lend(place, target, ["time_machine"], "drill", progress))
	ports = up(place, progress)
	url = drill_site(place, ports, progress)
	code = _drill(place, Target(place.bench, DRILL_SITE, url))
	if code or not wants_serving():
		return code
	return _serve(place, ports, url)


def _drill(place: Place, target: Target, lent: Path | None = None) -> int:
	environment = environment_for(
		target.bench / "env", OUTAGE_BENCH=str(target.bench), OUTAGE_SITE=target.site, OUTAGE_URL=target.url
	)
	if lent:
		environment["PYTHONPATH"] = str(lent)
	if target.bench == place.bench:
		_logins(place).unlink(missing_ok=True)
		environment["OUTAGE_LOGINS"] = str(_logins(place))
		if wants_serving():
			environment["OUTAGE_TONIGHT"] = "1"
	return subprocess.run([str(target.python), "-m", "drill"], cwd=place.root, env=environment).returncode


def _logins(place: Place) -> Path:
	"""Where the drill leaves the logins of its people, to be printed beside the addresses."""
	return place.bench / "logins.txt"


def _serve(place: Place, ports: dict[str, int], url: str) -> int:
	logins = _logins(place)
	print(f"\nThe drill's site: {url}   (Administrator / {ADMIN_PASSWORD})")
	if logins.exists():
		print(logins.read_text(encoding="utf-8").rstrip())
	print("Screens:")
	for who, path, what in SCREENS:
		print(f"  {url + path:<52} {who}: {what}")
	print(f"The site for trying: {address(MAIN_SITE, ports)}   (Administrator / {ADMIN_PASSWORD})")
	print(f"Mail that was sent: {place.mail}")
	print("Ctrl-C ends the drill's web server; `make stop` ends everything.", flush=True)
	try:
		while processes.running_pid(place, "drill_web"):
			time.sleep(1)
	except KeyboardInterrupt:
		processes.stop(place, "drill_web")
		print("\nEnded. Database, worker and the other site run on until: make stop")
		return 0
	print("The drill's web server was stopped.")
	return 0
