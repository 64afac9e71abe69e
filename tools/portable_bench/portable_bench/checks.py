"""`test`, `lint`, and the commands of the app's own."""

import os
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from portable_bench import measured, system
from portable_bench.app import Command, Tests
from portable_bench.existing import Target, other_code
from portable_bench.lending import lend
from portable_bench.place import HOME, Place, environment_for, find_program
from portable_bench.sites import address
from portable_bench.steps import Progress, Stamps, run_steps
from portable_bench.trouble import Trouble
from portable_bench.up import alone, package_steps, up

NOTHING_COLLECTED = 5


def planned(tests: Tests, arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
	"""pytest arguments for the three runs: without a site, on a site, in a browser; an empty list: that run is left out.

	Named tests run where they belong; options alone go to all. Raises Trouble at one that is of none of the three.
	"""
	paths = [text for text in arguments if _is_path(tests, text)]
	options = [text for text in arguments if text not in paths]
	every = [text for text in paths if text.rstrip("/") == _all_of_them(tests)]
	for text in paths:
		if text not in every and not _is_of(text, tests.folders):
			*first, last = tests.folders
			raise Trouble(
				f"{text} belongs to no kind of tests.", f"name something below {', '.join(first)} or {last}.", code=2
			)
	if not paths or every:
		named = [list(folders) for folders in tests.kinds]
	else:
		named = [[text for text in paths if _is_of(text, folders)] for folders in tests.kinds]
	unit, site, browser = (some + options if some else [] for some in named)
	return unit, site, browser


def _all_of_them(tests: Tests) -> str:
	return tests.site.partition("/")[0]


def _is_path(tests: Tests, text: str) -> bool:
	tops = {folder.partition("/")[0] for folder in tests.folders}
	return text.rstrip("/") == _all_of_them(tests) or any(text.startswith(f"{top}/") for top in tops)


def _is_of(text: str, folders: Sequence[str]) -> bool:
	return any(f"{text}/".startswith(f"{folder}/") for folder in folders)


def verdict(codes: dict[str, int], narrowed: bool) -> list[str]:
	"""Names of what failed. A run that found no test is no failure if the caller asked for some tests only."""
	return [name for name, code in codes.items() if code and not (narrowed and code == NOTHING_COLLECTED)]


def lint(place: Place, progress: Progress) -> int:
	"""Linter and formatters, without changing a file."""
	ensure_tools(place, progress)
	failed = verdict(_lint(place), narrowed=False)
	return 1 if failed else 0


def write_format(place: Place, progress: Progress) -> int:
	"""Python and JavaScript as the formatters want them."""
	ensure_tools(place, progress)
	codes = {
		"ruff format": _call([str(place.tools_python), "-m", "ruff", "format", "."], place.root),
		"prettier": _call([*_prettier(place), "--write"], place.root, place.environment()),
	}
	return 1 if verdict(codes, narrowed=False) else 0


def test(place: Place, target: Target | None, arguments: Sequence[str], progress: Progress) -> int:
	"""Everything is run, all output shown; the exit code tells whether all was well. Raises Trouble where a named test is not
	there."""
	unit, site, browser = planned(place.app.tests, arguments)
	if arguments:
		_require(place, [*unit, *site, *browser])
	app, sites = place.app, place.app.sites
	in_front = None
	if target:
		ensure_tools(place, progress)
		note = other_code(target, place)
		if note:
			progress.say(note)
		python, environment = [str(target.python)], environment_for(target.bench / "env")
	elif site or browser:
		ports = up(place, progress, (sites.browser,) if browser else ())
		target = Target(place.bench, sites.main, address(app, sites.main, ports))
		in_front = Target(place.bench, sites.browser, address(app, sites.browser, ports))
		python = [str(place.env_python)]
		environment = place.environment(**_own_command(place))
	else:
		ensure_tools(place, progress)
		python, environment = [], {}

	codes = _lint(place)
	in_ci = os.environ.get("CI")
	if in_ci:
		environment["CI"] = in_ci

	def of_site(its: Target) -> dict[str, str]:
		return environment | app.variables(BENCH=its.bench, SITE=its.site)

	here, beside = [], []
	measuring = measured.environment(place)
	if measuring:
		measured.begin(place)
	if unit:
		command = [str(place.tools_python), "-m", "pytest", *unit]
		env = {**os.environ, **measuring} if measuring else None
		here.append(Run("tests without a site", "Tests without a site:", command, place.root, env))
	on_site = [*python, *pytest_command(place, target, progress)] if site and target else []
	if site and target:
		title = f"Tests on the site {target.site}:"
		here.append(Run("tests on the site", title, [*on_site, *site], place.root, of_site(target) | measuring))
	if browser and target:
		needed = browser_environment(place, in_front or target, progress)
		if needed:
			command = [*python, *pytest_command(place, target, progress, in_browser=True), *browser]
			title = f"Tests in a browser, {needed[app.variable('URL')]}:"
			run = Run("tests in a browser", title, command, place.root, of_site(in_front or target) | needed)
			# They have a site of their own there: nothing keeps them from running while those on the other site do
			(beside if in_front and site else here).append(run)
		elif in_ci:
			codes["tests in a browser, which were skipped"] = 1
	own_site = app.tests.own_site
	if beside and own_site and site[0] == app.tests.site:
		run = Run(
			"tests on a site of its own", "Tests on a site of its own:", [*on_site, own_site, *site[1:]], place.root
		)
		beside.append(replace(run, env=of_site(target) | measuring))
		here[-1] = replace(here[-1], command=[*here[-1].command, f"--ignore={place.root / own_site}"])
	if beside and unit:
		beside.append(here.pop(0))
	codes |= run_beside(here, beside, place.logs, progress)
	if measuring:
		measured.report(place, progress)
	failed = verdict(codes, narrowed=bool(arguments))
	if failed:
		print(f"Failed: {', '.join(failed)}.", file=sys.stderr, flush=True)
	return 1 if failed else 0


def of_the_app(
	place: Place, command: Command, target: Target | None, arguments: Sequence[str], progress: Progress
) -> int:
	"""A command of the app's own, on the main site of this bench or on a bench that is given."""
	app = place.app
	if command.by_tools:
		ensure_tools(place, progress)
		environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
		environment["PYTHONPYCACHEPREFIX"] = str(place.tools / "bytecode")
		return _call([str(place.tools_python), "-m", command.module, *arguments], place.root, environment)
	if target:
		environment = environment_for(target.bench / "env")
		if command.tests:
			ensure_tools(place, progress)
	else:
		ports = up(place, progress)
		target = Target(place.bench, app.sites.main, address(app, app.sites.main, ports))
		environment = place.environment(**_own_command(place))
		arguments = [*arguments, *command.on_own_bench]
	environment |= app.variables(BENCH=target.bench, SITE=target.site, **command.environment)
	if command.module:
		environment["PYTHONPATH"] = str(place.root)
		words = ["-m", command.module]
	else:
		words = [*pytest_command(place, target, progress), *command.tests]
	return _call([str(target.python), *words, *arguments], place.root, environment)


def _own_command(place: Place) -> dict[str, str]:
	"""How tests call this tool, from any folder."""
	return place.app.variables(BENCH_COMMAND=shlex.join([sys.executable, str(HOME)]))


@dataclass(frozen=True)
class Run:
	"""One run of pytest."""

	name: str
	title: str
	command: list[str]
	cwd: Path
	env: dict[str, str] | None = None


def run_beside(here: Sequence[Run], beside: Sequence[Run], logs: Path, progress: Progress) -> dict[str, int]:
	"""Exit codes of all: those of `here` one after the other with their output, those of `beside` meanwhile, one after the
	other too; what they say stands in `logs` and is shown at the end. Broken off, none goes on."""
	codes: dict[str, int] = {}
	logs.mkdir(parents=True, exist_ok=True)
	outputs = {run.name: logs / f"{run.name.replace(' ', '-')}.log" for run in beside}
	children: list[subprocess.Popen] = []
	stopped = threading.Event()

	def meanwhile() -> None:
		for run in beside:
			with outputs[run.name].open("wb") as out:
				if stopped.is_set():
					return
				child = subprocess.Popen(run.command, cwd=run.cwd, env=run.env, stdout=out, stderr=subprocess.STDOUT)
				children.append(child)
				if stopped.is_set():  # broken off while it was started
					child.terminate()
				codes[run.name] = child.wait()

	thread = threading.Thread(target=meanwhile)
	thread.start()
	try:
		if beside:
			progress.say(f"Meanwhile, shown at the end: {', '.join(run.name for run in beside)}")
		for run in here:
			progress.say(run.title)
			codes[run.name] = _call(run.command, run.cwd, run.env)
		thread.join()
	finally:
		stopped.set()
		for child in children:
			if child.poll() is None:
				child.terminate()
		thread.join()
	for run in beside:
		progress.say(run.title)
		print(outputs[run.name].read_text(encoding="utf-8", errors="replace"), flush=True)
	return codes


def ensure_tools(place: Place, progress: Progress) -> None:
	"""Only the tools, for what needs no bench."""
	names, python = {"tools", "node", "npm"}, system.python_for_tools()
	if any(name.endswith("-venv") for name in system.missing_packages(python)):
		names.add("system")
	with alone(place, progress):
		wanted = [step for step in package_steps(place, progress, python) if step.name in names]
		run_steps(wanted, Stamps(place.stamps), progress)


def browser_environment(place: Place, target: Target, progress: Progress) -> dict[str, str]:
	"""What the tests in a browser are told; empty, and one loud line, where they cannot run."""
	app, kind = place.app, place.app.tests.browser
	url = os.environ.get(app.variable("URL")) or target.url
	if not served(url):
		progress.say(
			f"!!! SKIPPED: {kind}. Nothing answers at {url}: start that bench (bench start), or set"
			f" {app.variable('URL')} to the address at which the site is served."
		)
		return {}
	browser = chromium(place, progress)
	if not browser:
		progress.say(f"!!! SKIPPED: {kind}. Chromium is not installed and cannot be: apt-get install chromium")
		return {}
	asked = {name: os.environ[name] for name in map(app.variable, app.tests.handed_on) if name in os.environ}
	axe = place.node_modules / "axe-core" / "axe.min.js"
	return asked | app.variables(FAILURES=place.logs / "browser", URL=url, CHROMIUM=browser, AXE=axe)


def served(url: str) -> bool:
	"""Whether a web server listens there. Browsers know that *.localhost is this machine; the resolver need not."""
	parts = urlsplit(url)
	host = parts.hostname or ""
	there = "127.0.0.1" if host.endswith(".localhost") else host
	try:
		with socket.create_connection((there, parts.port or (443 if parts.scheme == "https" else 80)), timeout=5):
			return True
	except OSError:
		return False


def chromium(place: Place, progress: Progress) -> str | None:
	"""The browser's program; root gets Debian's where there is none."""
	names = ("chromium", "chromium-browser", "google-chrome")
	if not find_program(*names) and not system.refuse_install(["chromium"], os.geteuid(), find_program("apt-get")):
		progress.begin(0, "Chromium for the tests in a browser")
		system.install_packages(place, ["chromium"], progress)
		progress.end()
	return find_program(*names)


def pytest_command(place: Place, target: Target, progress: Progress, *, in_browser: bool = False) -> list[str]:
	"""How that bench's Python runs pytest."""
	lent = lend(
		place,
		target,
		["pytest", "hypothesis", *(["playwright"] if in_browser else []), *(["coverage"] if measured.wanted() else [])],
		"browser-tests" if in_browser else "site-tests",
		progress,
	)
	begin = measured.START if measured.wanted() and not in_browser else ""
	if not lent and not begin:
		return ["-m", "pytest"]
	# At the end of the path, so that the bench's own packages win.
	path = f"sys.path.append({str(lent)!r}); " if lent else ""
	return [
		"-c",
		f"import sys; {path}sys.path.insert(0, ''); {begin}import pytest; sys.exit(pytest.main())",
	]


def _lint(place: Place) -> dict[str, int]:
	ruff = [str(place.tools_python), "-m", "ruff"]
	return {
		"ruff check": _call([*ruff, "check", "."], place.root),
		"ruff format": _call([*ruff, "format", "--check", "."], place.root),
		"mypy": _call([str(place.tools_python), "-m", "mypy"], place.root),
		"prettier": _call([*_prettier(place), "--check"], place.root, place.environment()),
	}


def _prettier(place: Place) -> list[str]:
	program = place.node_modules / "prettier" / "bin" / "prettier.cjs"
	return [str(place.node), str(program), "--log-level", "warn", "**/*.{js,css,scss,vue}"]


def _require(place: Place, arguments: Sequence[str]) -> None:
	for text in arguments:
		file = text.partition("::")[0]
		if _is_path(place.app.tests, file) and not (place.root / file).exists():
			raise Trouble(f"There is no {file}.", f"look at the name: ls {' '.join(place.app.tests.folders)}", code=2)


def _call(command: list[str], cwd: Path, env: dict[str, str] | None = None) -> int:
	sys.stdout.flush()
	return subprocess.run(command, cwd=cwd, env=env).returncode
