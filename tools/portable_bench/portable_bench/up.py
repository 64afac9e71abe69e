"""Everything set up and running, and back again."""

import fcntl
import functools
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from portable_bench import assets, bench, framework, packages, processes, services, sites, system
from portable_bench.app import App
from portable_bench.place import (
	NODE,
	REQUIREMENTS,
	Place,
	code_inside,
	code_key,
	digest,
	digest_files,
	inside,
	schema_key,
)
from portable_bench.ports import asked_ports, choose, one_at_a_time, read_ports, write_ports
from portable_bench.shell import end_leftovers
from portable_bench.steps import Progress, Stamps, Step, run_steps
from portable_bench.trouble import Trouble

MAKER = "made by portable_bench; `make clean` removes this folder\n"
MOVED_ASIDE = ".bench-removed-"
STEPS_OF_A_SITE = 2  # it is there, and migrated to the app's files


def programs(app: App) -> tuple[str, ...]:
	"""All that is started beside the services, in the order in which it is stopped."""
	return "realtime", app.demo_web, "web", "scheduler", *app.queues, "worker", "mail"


def listeners(app: App) -> dict[str, str]:
	"""Which of our programs listens on which port."""
	alike = ("web", app.demo_web, "mail", "mariadb", "redis_cache", "redis_queue")
	return {name: name for name in alike} | {"socketio": "realtime"}


@contextmanager
def alone(place: Place, progress: Progress) -> Iterator[None]:
	"""One set-up at a time: a second one waits for the first. Nobody else looks into the folder: passwords lie there."""
	file = place.bench / ".lock"
	while True:
		place.bench.mkdir(mode=0o700, parents=True, exist_ok=True)
		place.bench.chmod(0o700)
		(place.bench / "README").write_text(MAKER, encoding="utf-8")
		with file.open("w") as lock:
			try:
				fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
			except BlockingIOError:
				progress.say("Another command works on this bench; waiting for it ...")
				fcntl.flock(lock, fcntl.LOCK_EX)
			if not _is_still(file, lock.fileno()):
				continue  # `clean` has taken the folder away meanwhile
			end_leftovers(place.bench)
			_remove_moved_aside(place)
			yield
			return


def _is_still(file: Path, handle: int) -> bool:
	try:
		return os.path.samestat(file.stat(), os.fstat(handle))
	except FileNotFoundError:
		return False


def up(place: Place, progress: Progress | None = None, more_sites: Sequence[str] = ()) -> dict[str, int]:
	"""Set up what is missing, start what does not run: the main site, and others if they are wanted. Returns the ports."""
	progress = progress or Progress()
	with alone(place, progress):
		return _up(place, progress, (place.app.sites.main, *more_sites))


def _up(place: Place, progress: Progress, wanted: Sequence[str]) -> dict[str, int]:
	began = time.monotonic()
	stamps = Stamps(place.stamps)
	system.check_path(place.root)
	asked = asked_ports(place.app)
	system.forget_policy()
	bench.make_folders(place)
	first = package_steps(place, progress, system.choose_python())
	if any(stamps.read(step.name) is None for step in first):
		system.check_room(system.free_space(place.bench))
	built = assets.asset_steps(place, progress)
	progress.total = len(first) + len(built) + STEPS_OF_A_SITE * len(wanted)
	ran = run_steps(first, stamps, progress)

	ports = _ports(place, asked, progress)
	services.start_services(place, ports)
	if bench.write_files(place, ports):
		services.flush_redis(ports["redis_cache"])
	for site in place.app.own_sites:
		sites.configure(place, site, ports)
	later = [*built, *(step for site in wanted for step in _site_steps(place, site, progress, ports, stamps))]
	ran += run_steps(later, stamps, progress, first=len(first) + 1)
	start_programs(place, ports)
	seconds = time.monotonic() - began
	progress.say(f"Ready in {seconds:.1f} s: {ran} step(s) done, {progress.total - ran} already there.")
	return ports


def package_steps(place: Place, progress: Progress, python: str) -> list[Step]:
	"""All that comes as packages, with this Python's environments."""
	# Environments hold absolute paths: a moved checkout makes them anew.
	lies = str(place.bench)

	def requirements(*names: str) -> str:
		return digest_files(REQUIREMENTS, [place.locked(name) for name in names])

	def key_tools() -> str:
		return digest(lies, python, requirements("tools"))

	def key_env() -> str:
		return digest(lies, python, framework.SHA256, requirements("building", "framework", "site-tests"))

	def key_app() -> str:
		packaging = [place.root / name for name in ("setup.py", "pyproject.toml", f"{place.app.name}/__init__.py")]
		return digest(key_env(), digest_files(place.root, [file for file in packaging if file.exists()]))

	def key_demo() -> str:
		return digest(key_env(), place.locked("demo").read_bytes())

	return [
		Step(
			"system",
			"MariaDB and Redis from the system's packages",
			lambda: python,
			lambda: (
				system.install_packages(place, system.missing_packages(python), progress)
				if system.missing_packages(python)
				else None
			),
			lambda: not system.missing_packages(python),
		),
		Step(
			"tools",
			"tools: linter, test runner, mail sink",
			key_tools,
			lambda: packages.make_tools(place, python, progress),
			place.tools_python.exists,
		),
		*assets.node_steps(place, progress),
		Step(
			"framework",
			"the framework: download, check, put the names back",
			lambda: digest(framework.SHA256, Path(framework.__file__).read_bytes()),
			lambda: framework.fetch_framework(place, progress),
			(place.apps / "frappe" / "frappe" / "__init__.py").exists,
		),
		Step(
			"env",
			"the framework's Python packages (the longest step)",
			key_env,
			lambda: packages.make_bench_env(place, python, progress),
			place.env_python.exists,
		),
		Step(
			"app",
			"this app as an app of the bench",
			key_app,
			lambda: packages.link_app(place, progress),
			lambda: packages.app_is_linked(place),
		),
		Step(
			"demo_packages",
			f"what the {place.app.demo.name} needs",
			key_demo,
			lambda: packages.add_demo_packages(place, progress),
		),
		Step(
			"browser_packages",
			"what the tests in a browser need",
			lambda: digest(key_env(), requirements("browser-tests")),
			lambda: packages.add_browser_packages(place, progress),
		),
		Step(
			"bench_command",
			"the bench command",
			lambda: digest(lies, python, requirements("bench-cli")),
			lambda: packages.make_bench_command(place, python, progress),
			place.bench_command.exists,
		),
		Step(
			"database",
			"a private database server",
			lambda: "1",
			lambda: services.init_database(place, progress),
			lambda: bool(services.database_id(place)),
		),
	]


def _site_steps(place: Place, site: str, progress: Progress, ports: dict[str, int], stamps: Stamps) -> list[Step]:
	stamp = "" if site == place.app.sites.main else f"_{site}"

	def key_site() -> str:
		# Nothing else: what somebody tried out on this site is not thrown away because a pin has changed.
		return services.database_id(place)

	def key_migrate() -> str:
		return digest(key_site(), framework.SHA256, schema_key(place))

	def create() -> None:
		sites.fresh_site(place, site, ports, progress)
		# Freshly installed from these very files: nothing to migrate.
		stamps.write(f"migrate{stamp}", key_migrate())

	return [
		Step(f"site{stamp}", f"the site {site}", key_site, create, lambda: sites.site_exists(place, site)),
		Step(
			f"migrate{stamp}",
			f"migrating {site} to the app's files",
			key_migrate,
			lambda: sites.migrate(place, site, progress),
			lambda: sites.is_installed(place, site),
		),
	]


def _ports(place: Place, asked: dict[str, int], progress: Progress) -> dict[str, int]:
	file = place.config / "ports.json"
	kept = read_ports(file)
	ours = {name for name, program in listeners(place.app).items() if processes.running_pid(place, program)}
	with one_at_a_time(file) as others:
		ports = choose(place.app, kept, asked, ours, others=others)
		write_ports(file, ports)
	for name in sorted(set(kept) & set(ports)):
		if kept[name] != ports[name] and name not in asked:
			progress.say(f"Port {kept[name]} ({name}) is taken by another program; using {ports[name]}.")
	return ports


def start_programs(place: Place, ports: dict[str, int]) -> None:
	"""Mail sink, web server, realtime server, the workers, scheduler; those that have read older code are started anew."""
	common = (place.sites / "common_site_config.json").read_bytes()
	key = digest(code_key(place), common)
	python, helper = place.env_python, ["-m", "frappe.utils.bench_helper", "frappe"]
	within = {"cwd": place.root, "env": place.environment_inside()}
	sink = [place.tools_python, *inside("mail_sink", place.mail, str(ports["mail"]))]
	processes.ensure(place, "mail", sink, key=digest(code_inside("mail_sink")), **within)
	worker = [python, *inside("worker", place.sites, "--load", ",".join(place.app.worker_loads))]
	worker_key = digest(key, code_inside("worker"))
	processes.ensure(place, "worker", worker, key=worker_key, **within)
	for queue in place.app.queues:
		processes.ensure(place, queue, [*worker, queue], key=worker_key, **within)
	processes.ensure(place, "scheduler", [python, *helper, "schedule"], key=key, cwd=place.sites)
	start_web(place, "web", ports["web"], None, key)
	server = NODE / "realtime.js"
	processes.ensure(
		place,
		"realtime",
		[place.node, server],
		key=digest(server.read_bytes(), common),
		env=assets.builder_environment(place),
	)
	wait_for_web(place, "web", ports["web"], place.app.sites.main)
	for name in ("worker", *place.app.queues, "scheduler"):
		processes.wait_until(
			place, name, lambda name=name: bool(processes.running_pid(place, name)), 10, services.WAY_OUT
		)
	for name, listener in (("mail", "mail"), ("socketio", "realtime")):
		processes.wait_until(
			place, listener, functools.partial(processes.listens, place, listener, ports[name]), 30, services.WAY_OUT
		)


def start_web(place: Place, name: str, port: int, site: str | None, key: str) -> None:
	"""A web server on loopback: for the site the address names, or for one site only."""
	serve_key = digest(key, code_inside("serve"))
	command = [place.env_python, *inside("serve", place.sites, str(port))]
	# As `bench start` has it: the browser then looks for the realtime server at its own port.
	env = place.environment_inside(DEV_SERVER="1")
	processes.ensure(place, name, command + ([site] if site else []), key=serve_key, cwd=place.root, env=env)


def wait_for_web(place: Place, name: str, port: int, site: str) -> None:
	"""Until the site answers, from the server that was started here: another checkout's answers under the same name."""
	request = urllib.request.Request(
		f"http://127.0.0.1:{port}/api/method/ping", headers={"Host": f"{site}:{port}", "X-Frappe-Site-Name": site}
	)
	opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

	def ready() -> bool:
		if not processes.listens(place, name, port):
			return False
		try:
			with opener.open(request, timeout=10) as answer:
				return answer.status == 200
		except urllib.error.HTTPError as error:
			raise Trouble(
				f"The site {site} answers with an error ({error.code}).",
				f"read {place.logs}/{name}.process.log; if the app is not at fault: make clean, then make setup.",
			) from None
		except OSError:
			return False

	processes.wait_until(place, name, ready, 60, services.WAY_OUT)


def stop(place: Place, progress: Progress | None = None) -> None:
	"""Stop all programs and servers of this bench, nothing else."""
	progress = progress or Progress()
	if not place.bench.exists():
		progress.say("There is no bench here; nothing runs.")
		return
	with alone(place, progress):
		_stop(place, progress)


def _stop(place: Place, progress: Progress) -> None:
	stopped = [name for name in programs(place.app) if processes.stop(place, name)] + services.stop_services(place)
	progress.say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


def clean(place: Place, progress: Progress | None = None) -> None:
	"""Stop, and remove all that the set-up made in this checkout. System packages stay."""
	progress = progress or Progress()
	if not place.bench.exists():
		_remove_moved_aside(place)
		progress.say("There is no bench here; nothing to remove.")
		return
	if not (place.bench / "README").exists() and any(place.bench.iterdir()):
		raise Trouble(f"{place.bench} was not made by this command.", "look what it is and remove it by hand.")
	with alone(place, progress):
		_stop(place, progress)
		# Moved aside first: a removal cut off in the middle must not look like a bench. The next command goes on with it.
		gone = place.root / f"{MOVED_ASIDE}{os.getpid()}"
		os.replace(place.bench, gone)
		_remove_moved_aside(place)
		if gone.exists():
			raise Trouble(f"{gone} could not be removed.", "look whose files are in it, and remove it by hand.")
	shutil.rmtree(place.root / f"{place.app.name}.egg-info", ignore_errors=True)
	progress.say("Removed .bench. Packages installed by apt (MariaDB, Redis) stay; their services were left off.")


def _remove_moved_aside(place: Place) -> None:
	for folder in place.root.glob(f"{MOVED_ASIDE}*"):
		shutil.rmtree(folder, ignore_errors=True)
