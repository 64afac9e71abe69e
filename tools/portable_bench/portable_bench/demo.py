"""`demo`: the app's own demo on a throwaway site, and afterwards the site to look at."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from portable_bench import processes
from portable_bench.checks import ensure_tools
from portable_bench.existing import Target, other_code
from portable_bench.lending import lend
from portable_bench.place import Place, code_key, digest, environment_for
from portable_bench.sites import ADMIN_PASSWORD, address, fresh_site
from portable_bench.steps import Progress
from portable_bench.trouble import Trouble
from portable_bench.up import alone, start_web, up, wait_for_web


def wants_serving(environ: Mapping[str, str] = os.environ) -> bool:
	"""SERVE=0 ends after the table."""
	return environ.get("SERVE", "1").strip().lower() not in ("0", "no", "false")


def demo_site(place: Place, ports: dict[str, int], progress: Progress) -> str:
	"""A fresh site for the demo with its own web server. Returns its address."""
	site, web = place.app.sites.demo, place.app.demo_web
	with alone(place, progress):
		progress.total = 0
		processes.stop(place, web)
		progress.begin(0, f"a fresh site {site}")
		fresh_site(place, site, ports, progress)
		key = digest(code_key(place), str(ports))
		start_web(place, web, ports[web], site, key)
		wait_for_web(place, web, ports[web], site)
		progress.end()
	return address(place.app, site, ports)


def demo(place: Place, target: Target | None, progress: Progress) -> int:
	"""Run the demo; on the portable bench serve its site afterwards, unless SERVE=0."""
	wanted = place.app.demo
	if not (place.root / wanted.name / "__main__.py").exists():
		raise Trouble(f"There is no {wanted.name}/ in this checkout.", "check out a version that has it.")
	if target:
		note = other_code(target, place)
		if note:
			progress.say(note)
		ensure_tools(place, progress)
		return _run(place, target, lend(place, target, list(wanted.modules), "demo", progress))
	ports = up(place, progress)
	url = demo_site(place, ports, progress)
	code = _run(place, Target(place.bench, place.app.sites.demo, url))
	if code or not wants_serving():
		return code
	return _serve(place, ports, url)


def _run(place: Place, target: Target, lent: Path | None = None) -> int:
	told = place.app.variables(BENCH=target.bench, SITE=target.site, URL=target.url)
	if target.bench == place.bench:
		_logins(place).unlink(missing_ok=True)
		told |= place.app.variables(LOGINS=_logins(place))
		if wants_serving():
			told |= place.app.variables(**place.app.demo.when_served)
	environment = environment_for(target.bench / "env", **told)
	if lent:
		environment["PYTHONPATH"] = str(lent)
	return subprocess.run([str(target.python), "-m", place.app.demo.name], cwd=place.root, env=environment).returncode


def _logins(place: Place) -> Path:
	"""Where the demo leaves the logins of its people, to be printed beside the addresses."""
	return place.bench / "logins.txt"


def _serve(place: Place, ports: dict[str, int], url: str) -> int:
	logins, name, web = _logins(place), place.app.demo.name, place.app.demo_web
	print(f"\nThe {name}'s site: {url}   (Administrator / {ADMIN_PASSWORD})")
	if logins.exists():
		print(logins.read_text(encoding="utf-8").rstrip())
	print("Screens:")
	for screen in place.app.demo.screens:
		print(f"  {url + screen.path:<52} {screen.who}: {screen.what}")
	main = address(place.app, place.app.sites.main, ports)
	print(f"The site for trying: {main}   (Administrator / {ADMIN_PASSWORD})")
	print(f"Mail that was sent: {place.mail}")
	print(f"Ctrl-C ends the {name}'s web server; `make stop` ends everything.", flush=True)
	try:
		while processes.running_pid(place, web):
			time.sleep(1)
	except KeyboardInterrupt:
		processes.stop(place, web)
		print("\nEnded. Database, worker and the other site run on until: make stop")
		return 0
	print(f"The {name}'s web server was stopped.")
	return 0
