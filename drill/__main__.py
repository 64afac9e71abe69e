"""`python -m drill`: run the drill on the site that OUTAGE_BENCH and OUTAGE_SITE name.

Ends with 0 after the figures; 1 when the app did something else than the story says; 2 when the site is not one for a
drill. OUTAGE_LOGINS names a file for the logins, OUTAGE_URL the address at which the site is served. OUTAGE_TONIGHT leaves an
outage running, for whoever looks at the site afterwards.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from . import account, people
from .client import Broken, Person, Refused, Server
from .gateway import Gateway, connect
from .scenes import SCENES, tonight
from .server import FORMAT, forget_checkout, stopped_at
from .stage import Stage, Surprise

BEGINS = datetime.strptime("2026-03-10 09:00:00", FORMAT)
WAY_OUT = "python -m pip install -r drill/requirements.txt with the bench's own Python"


def main() -> int:
	"""Load, play, count."""
	began = time.monotonic()
	bench, site = os.environ.get("OUTAGE_BENCH"), os.environ.get("OUTAGE_SITE")
	if not bench or not site:
		return _no("Set OUTAGE_BENCH and OUTAGE_SITE, or use: make demo [BENCH=/path/to/bench SITE=name]")
	try:
		import time_machine  # noqa: F401
	except ImportError:
		return _no(f"The bench lacks time-machine: {WAY_OUT}.")
	sites = Path(bench).resolve() / "sites"
	forget_checkout()
	from . import load

	with _site(sites, site) as frappe:
		try:
			load.require_throwaway_site()
		except load.Refused as refusal:
			return _no(str(refusal))
		zone = frappe.utils.get_system_timezone()
	with _quiet_scheduler(sites, site), closing(Gateway(secrets.token_hex(12))) as gateway:
		print(f"Loading {site}: a tower and a community, their people and the roster ...", flush=True)
		with _site(sites, site) as frappe:
			with stopped_at(BEGINS, zone):
				administrator = load.administrator()
				logins = load.load()
			if os.environ.get("OUTAGE_TONIGHT"):
				load.everybody_on_shift(_site_time(zone))
			connect(gateway.url, gateway.secret)
			frappe.db.commit()
			_wait_for_scheduled_jobs(site)
		loaded = time.monotonic() - began
		with _server(sites, site, zone, gateway) as (server, log):
			crew = {key: Person(server, people.BY_KEY[key], login["token"]) for key, login in logins.items()}
			stage = Stage(server, crew)
			try:
				for play in SCENES:
					play(stage)
				wrong = _figures(stage)
				password = ""
				if os.environ.get("OUTAGE_TONIGHT"):
					with _site(sites, site) as frappe:
						password = load.open_to_residents()
						frappe.db.commit()
					_leave_one_running(stage, _site_time(zone))
			except (Refused, Broken, Surprise) as error:
				print(f"\nThe drill ends here: {type(error).__name__}: {error}\n{_tail(log)}", file=sys.stderr)
				return 1
	_logins(site, logins, administrator, password)
	print(
		f"\n{server.requests} requests; loading {loaded:.0f} s, the drill in all {time.monotonic() - began:.0f} s.",
		flush=True,
	)
	for line in wrong:
		print(f"Wrong: {line}", file=sys.stderr)
	return 1 if wrong else 0


def _leave_one_running(stage: Stage, now: datetime) -> None:
	if now - tonight.AGO > stage.server.now:  # time does not run back for it
		tonight.play(stage, now)


def _site_time(zone: str) -> datetime:
	return datetime.now(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)


def _no(text: str) -> int:
	print(text, file=sys.stderr)
	return 2


@contextmanager
def _site(sites: Path, site: str) -> Iterator:
	"""The framework connected to the site, as its administrator."""
	before = Path.cwd()
	os.chdir(sites)
	import frappe

	try:
		frappe.init(site=site, sites_path=".")
		frappe.connect()
		frappe.set_user("Administrator")
		yield frappe
	finally:
		frappe.destroy()
		os.chdir(before)


@contextmanager
def _quiet_scheduler(sites: Path, site: str) -> Iterator[None]:
	"""The bench's own scheduler stays out of it: by its clock all this was long ago."""
	key = ("System Settings", "enable_scheduler")
	with _site(sites, site) as frappe:
		before = frappe.db.get_single_value(*key)
		frappe.db.set_single_value(*key, 0)
		frappe.db.commit()
	try:
		yield
	finally:
		with _site(sites, site) as frappe:
			frappe.db.set_single_value(*key, before)
			frappe.db.commit()


def _wait_for_scheduled_jobs(site: str, patience: float = 60) -> None:
	"""Until no job is left that the scheduler gave to the workers before it was told to be quiet."""
	from frappe.utils.background_jobs import get_jobs

	end = time.monotonic() + patience
	while any("run_scheduled_job" in str(method) for method in get_jobs(site=site).get(site, ())):
		if time.monotonic() > end:
			raise SystemExit(
				f"Jobs of the scheduler wait for a worker of {site}; start one (bench worker), then try again."
			)
		time.sleep(0.2)


@contextmanager
def _server(sites: Path, site: str, zone: str, gateway: Gateway) -> Iterator[tuple[Server, Path]]:
	"""The drill's own server, ended by its own handle."""
	import tempfile

	root = Path(__file__).resolve().parents[1]
	secret = secrets.token_hex(16)
	environment = os.environ | {"OUTAGE_DRILL_SECRET": secret, "PYTHONUNBUFFERED": "1"}
	with tempfile.TemporaryDirectory() as folder:
		log = Path(folder) / "server.log"
		with log.open("wb") as errors:
			process = subprocess.Popen(
				[sys.executable, "-m", "drill.server", str(sites), site, zone],
				cwd=root,
				env=environment,
				stdout=subprocess.PIPE,
				stderr=errors,
				text=True,
			)
		try:
			port = process.stdout.readline().strip()
			if not port:
				raise SystemExit(f"The drill's server did not start.\n{_tail(log)}")
			yield Server(f"http://127.0.0.1:{port}", secret, BEGINS, gateway, zone), log
		finally:
			process.terminate()
			try:
				process.wait(10)
			except subprocess.TimeoutExpired:
				process.kill()
				process.wait()
			process.stdout.close()


def _tail(log: Path) -> str:
	lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
	return "\n".join(lines[-25:])


def _figures(stage: Stage) -> list[str]:
	"""Table and JSON; what does not agree with the drill's own sums."""
	manager = stage.crew["manager"]
	figures = {name: manager.ask("get_figures", incident=incident) for name, incident in stage.incidents.items()}
	account.table(figures)
	print(account.as_json(figures), flush=True)
	wrong = [f"{name} is {row['status']}, not closed." for name, row in figures.items() if row["status"] != "Closed"]
	wrong += [
		f"{name}: {figures[name]['customer_minutes']} customer minutes; by hand it is {minutes}."
		for name, minutes in stage.expected_minutes.items()
		if figures[name]["customer_minutes"] != minutes
	]
	return wrong


def _logins(site: str, logins: dict[str, dict[str, str]], administrator: str, residents: str) -> None:
	"""Of the staff, each with the rights of their role alone, of who keeps the site, and of the one resident if there is a
	password for them."""
	keeper = people.ADMINISTRATOR
	rows = [
		f"  {'Administrator':<17}{keeper['user']:<37}{administrator}   {keeper['name']}, System Manager",
		*(
			f"  {person.label:<17}{person.user:<37}{logins[person.key]['password']}   {person.name}"
			for person in people.STAFF
		),
	]
	if residents:
		one = people.RESIDENT_TO_TRY
		rows.append(f"  {'Resident':<17}{one['user']:<37}{residents}   {one['property']}, unit {one['unit']}")
	text = "\n".join([f"Logins of {site} (made for this run):", *rows])
	if path := os.environ.get("OUTAGE_LOGINS"):
		Path(path).write_text(text + "\n", encoding="utf-8")
	else:
		print(f"\n{text}\nAt {os.environ.get('OUTAGE_URL') or site}")


if __name__ == "__main__":
	sys.exit(main())
