"""The commands: python3 tools/portable_bench <command>."""

import argparse
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from portable_bench import checks, demo, lock, manual, services, sites, up
from portable_bench.app import App
from portable_bench.existing import existing_target
from portable_bench.place import HOME, Place, here
from portable_bench.ports import read_ports
from portable_bench.steps import Progress
from portable_bench.trouble import Trouble


def itself() -> str:
	"""How this tool is called from the folder in which somebody is now."""
	return f"python3 {os.path.relpath(HOME)}"


def parser(app: App) -> argparse.ArgumentParser:
	"""The command line."""
	top = argparse.ArgumentParser(prog=itself(), description=f"A bench for trying and testing {app.name}.")
	commands = top.add_subparsers(dest="command", required=True, metavar="command")

	def add(name: str, what: str) -> argparse.ArgumentParser:
		return commands.add_parser(name, help=what, description=what)

	add("up", "set up what is missing and start everything")
	add("stop", "stop everything that belongs to this bench")
	add("clean", "stop, and remove all the set-up made in this checkout")
	add("lint", "linter and formatters, changing nothing")
	add("format", "lay out Python and JavaScript as the formatters want it")
	add("docs", "the pages of docs/ as a site, in .bench/docs-site")
	add("info", "addresses, ports, logins")
	for name, what in (
		("test", "linter, tests without a site, on a site, in a browser"),
		("demo", f"the {app.demo.name}, then serve its site"),
		*((name, command.help) for name, command in app.commands.items()),
	):
		command = add(name, what)
		command.add_argument("--bench", default=os.environ.get("BENCH"), help="a bench you already have")
		command.add_argument("--site", default=os.environ.get("SITE"), help="a site on that bench, which allows tests")
	add("run", "an ordinary bench command: run --site NAME migrate")
	add("python", "the bench's Python, in the folder of the sites")
	add(f"{app.demo.name}-site", f"throw away the {app.demo.name}'s site and make a fresh one")
	new = add("new-site", "a fresh site; one of this name is thrown away")
	new.add_argument("name")
	new.add_argument("--bare", action="store_true", help="without the app")
	add("drop-site", "throw a site away").add_argument("name")
	add("lock", "after a pin has changed: write the lists of packages with their hashes anew")
	return top


def main(arguments: Sequence[str] | None = None) -> int:
	"""Run one command. Returns the exit code."""
	signal.signal(signal.SIGTERM, _as_interrupt)
	words = list(sys.argv[1:] if arguments is None else arguments)
	try:
		return _dispatch(words, here())
	except Trouble as trouble:
		_complain(trouble.line())
		return trouble.code
	except KeyboardInterrupt:
		_complain("Interrupted. Run the same command again: it resumes where it stopped.")
		return 130
	except BrokenPipeError:
		# Who read our output has gone (`make setup | head`); nothing is left to say, and to nobody.
		os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
		return 1
	except OSError as error:
		_complain(f"{error.strerror or error}: {error.filename or 'no file named'}. {_os_way_out(error)}")
		return 1


def _dispatch(words: list[str], place: Place) -> int:
	# What follows these words belongs to another program, options included.
	if words[:1] == ["run"]:
		return _run_bench(place, words[1:])
	if words[:1] == ["python"]:
		return _run_python(place, words[1:])
	# So does what the tests, and the app's own commands, are told beside the bench.
	if words and words[0] in ("test", *place.app.commands):
		options, rest = parser(place.app).parse_known_args(words)
		rest = [word for word in rest if word != "--"]
	else:
		options, rest = parser(place.app).parse_args(words), []
	progress = Progress()
	match options.command:
		case "up":
			up.up(place, progress)
			_info(place)
		case "stop":
			up.stop(place, progress)
		case "clean":
			up.clean(place, progress)
		case "lint":
			return checks.lint(place, progress)
		case "format":
			return checks.write_format(place, progress)
		case "docs":
			return manual.build(place, progress)
		case "info":
			_info(place)
		case "test":
			return checks.test(place, existing_target(place, options.bench, options.site), rest, progress)
		case "demo":
			return demo.demo(place, existing_target(place, options.bench, options.site), progress)
		case "lock":
			lock.lock(place)
		case "new-site":
			_not_main(place, options.name)
			ports = _running(place)
			with up.alone(place, progress):
				progress.begin(0, f"a fresh site {options.name}")
				sites.fresh_site(place, options.name, ports, progress, with_app=not options.bare)
				progress.end()
		case "drop-site":
			_not_main(place, options.name)
			_running(place)
			with up.alone(place, progress):
				there = sites.drop_site(place, options.name)
			print(f"{options.name} is gone." if there else f"There was no {options.name}.")
		case own if own in place.app.commands:
			target = existing_target(place, options.bench, options.site)
			return checks.of_the_app(place, place.app.commands[own], target, rest, progress)
		case _:  # the demo's site
			ports = up.up(place, progress)
			print(demo.demo_site(place, ports, progress))
	return 0


def _run_bench(place: Place, words: list[str]) -> int:
	_running(place)
	return subprocess.run([str(place.bench_command), *words], cwd=place.bench, env=place.environment()).returncode


def _run_python(place: Place, words: list[str]) -> int:
	_running(place)
	environment = place.environment(**place.app.variables(BENCH=place.bench, SITE=place.app.sites.main))
	return subprocess.run([str(place.env_python), *words], cwd=place.sites, env=environment).returncode


def _running(place: Place) -> dict[str, int]:
	"""Ports of the running bench."""
	ports = read_ports(place.config / "ports.json")
	if not ports or not all(services.is_running(place, name) for name in services.SERVICES):
		raise Trouble("The bench does not run.", "start it: make setup")
	return ports


def _not_main(place: Place, name: str) -> None:
	sites.check_name(name)
	if name in place.app.own_sites:
		raise Trouble(f"{name} has its own command.", f"use up, {place.app.demo.name}-site, test or clean.", code=2)


def _info(place: Place) -> None:
	ports = _running(place)
	main = place.app.sites.main
	print(f"Site:   {sites.address(place.app, main, ports)}   (Administrator / {sites.ADMIN_PASSWORD})")
	print(f"Bench:  {itself()} run --site {main} <command>, or .bench/bench-env/bin/bench in .bench")
	print(f"Mail:   {place.mail}")
	print("Ports:  " + ", ".join(f"{name} {port}" for name, port in ports.items()))


def _complain(text: str) -> None:
	print("\n" * sys.stdout.isatty() + text, file=sys.stderr, flush=True)


def _os_way_out(error: OSError) -> str:
	if error.errno == errno.ENOSPC:
		return "Way out: free some space and run the same command again; it resumes."
	if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
		return "Way out: run as the user who owns this checkout and its .bench."
	return "Way out: run the same command again; if it stays, begin anew with: make clean"


def _as_interrupt(*_: object) -> None:
	raise KeyboardInterrupt
