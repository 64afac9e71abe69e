"""`python -m tests.soak`: a soak of the site that OUTAGE_BENCH and OUTAGE_SITE name, which must allow tests.

Ends with 0 when all that must hold does, 1 with a list of what does not.
"""

import argparse
import importlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import frappe

from tests.site import live
from tests.site.world import make_roster, make_tower

from . import actor, trouble, truth
from .actor import Night, connected, read_logs

NAMES = ("Soak North", "Soak South", "Soak West")
KILL_EVERY = 8.0  # seconds
OFTEN = 300  # so many tries of a verb, and one of them is legal
PATIENCE = 60.0  # for what somebody is at when the night is over
# programs of the portable bench that a rough night kills; `up` starts them again
PROGRAMS = ("worker", "redis_queue", "redis_cache")
KILL_PROGRAM_EVERY = 90.0

fork = multiprocessing.get_context("fork")


def main(words: Sequence[str] | None = None) -> int:
	"""Build, let them loose, wait, look."""
	options = _options(words)
	sites = Path(os.environ["OUTAGE_BENCH"]).resolve() / "sites"
	sys.path.insert(0, os.getcwd())
	os.chdir(sites)
	site = os.environ["OUTAGE_SITE"]
	# what every process needs is loaded once; none of it connects
	for module in (
		"outage_response.jobs",
		"outage_response.api.staff",
		"outage_response.api.phone",
		"outage_response.api.command",
	):
		importlib.import_module(module)
	with tempfile.TemporaryDirectory() as folder:
		night = Night.begin(site, Path(folder), list(NAMES), options.seed)
		began = _apart(_build, site)
		try:
			kills = _let_loose(night, options)
			found = _apart(_look, night, began)
		finally:
			_apart(_sweep, site)
		lines = read_logs(night.folder)
		_say(lines, options, kills)
		for line in found:
			print(f"WRONG: {line}", flush=True)
		if options.keep:
			Path(options.keep).write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
	missing = _unanswered(lines)
	for verb in missing:
		print(f"WRONG: {verb} was never answered in the whole night: nothing was proved about it", flush=True)
	return 1 if found or missing else 0


def _options(words: Sequence[str] | None) -> argparse.Namespace:
	parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
	parser.add_argument("--minutes", type=float, default=10)
	parser.add_argument("--processes", type=int, default=16)
	parser.add_argument("--seed", type=int, default=0, help="0: another one each time, which is printed")
	parser.add_argument(
		"--rough", action="store_true", help="empty Redis whole, and kill programs of the portable bench"
	)
	parser.add_argument("--keep", help="a file for all that was asked and answered")
	options = parser.parse_args(words)
	options.seed = options.seed or random.SystemRandom().randrange(1, 10**6)
	return options


def _apart(function: Any, *arguments: Any) -> Any:
	"""Run in a process of its own: this one never connects, so that those it forks inherit no connection."""
	ours, theirs = fork.Pipe(duplex=False)
	child = fork.Process(target=_answer, args=(theirs, function, arguments))
	child.start()
	theirs.close()
	try:
		kind, value = ours.recv()
	except EOFError:
		raise SystemExit(f"{function.__name__} ended without a word") from None
	child.join()
	if kind == "error":
		raise SystemExit(f"{function.__name__}: {value}")
	return value


def _answer(pipe: Any, function: Any, arguments: Sequence[Any]) -> None:
	try:
		pipe.send(("done", function(*arguments)))
	except BaseException:
		import traceback

		pipe.send(("error", traceback.format_exc()))


def _build(site: str) -> Any:
	with connected(site):
		if not frappe.conf.allow_tests:
			raise SystemExit(f"The site {site} does not allow tests: use one made for trying.")
		_sweep_here()
		for name in NAMES:
			make_tower(name, floors=2)
			make_roster(name)
		frappe.db.commit()
		frappe.clear_cache()
		return frappe.utils.now_datetime()


def _look(night: Night, began: Any) -> list[str]:
	with connected(night.site):
		return truth.failures(night.properties, read_logs(night.folder), began)


def _sweep(site: str) -> None:
	with connected(site):
		_sweep_here()


def _sweep_here() -> None:
	for name in NAMES:
		live.sweep(name)
	live.sweep_people()


def _let_loose(night: Night, options: argparse.Namespace) -> int:
	"""Everybody acts until the time is over. Returns how many processes were killed meanwhile."""
	dice = random.Random(f"{night.seed}-kills")
	actors = {number: _start(night, number) for number in range(options.processes)}
	maker = fork.Process(target=trouble.make, args=(night, options.rough))
	maker.start()
	end = time.monotonic() + options.minutes * 60
	kill_at = time.monotonic() + KILL_EVERY
	program_at = time.monotonic() + KILL_PROGRAM_EVERY / 2
	kills = 0
	while time.monotonic() < end:
		time.sleep(0.2)
		if time.monotonic() >= kill_at:
			kill_at = time.monotonic() + KILL_EVERY * (0.5 + dice.random())
			number = dice.choice(list(actors))
			if not actors[number].is_alive():
				raise SystemExit(f"{actors[number].name} ended by itself, which none of them should")
			os.kill(actors[number].pid, signal.SIGKILL)
			kills += 1
			pid = actors[number].pid
			actors[number].join()
			actors[number] = _start(night, number, _unfinished(night, number, pid))
		if options.rough and time.monotonic() >= program_at:
			program_at = time.monotonic() + KILL_PROGRAM_EVERY
			_kill_program(dice.choice(PROGRAMS))
			kills += 1
	night.over.value = 1
	for process in (*actors.values(), maker):
		process.join(PATIENCE)
		if process.is_alive():
			print(f"WRONG: process {process.name} is still at something after {PATIENCE:.0f} s", flush=True)
			process.kill()
			process.join()
	return kills


def _start(night: Night, number: int, unfinished: dict[str, Any] | None = None) -> Any:
	process = fork.Process(target=actor.work, args=(night, number, unfinished), name=f"actor {number}")
	process.start()
	return process


def _unfinished(night: Night, number: int, pid: int) -> dict[str, Any] | None:
	"""What the killed process was at; None where it was at nothing that can be sent again."""
	lines = [line for line in read_logs(night.folder) if line["process"] == f"actor-{number}-{pid}"]
	last = lines[-1] if lines else {}
	return last if last.get("event") == "begun" and "request_id" in last.get("arguments", {}) else None


def _kill_program(name: str) -> None:
	"""A program of the portable bench dies, and is started again as a supervisor would."""
	own, bench = os.environ.get("OUTAGE_BENCH_COMMAND"), Path(os.environ["OUTAGE_BENCH"])
	if not own:
		return
	try:
		os.kill(int((bench / "config" / "pids" / f"{name}.pid").read_text()), signal.SIGKILL)
	except (OSError, ValueError):
		return
	time.sleep(3)
	checkout = Path(__file__).resolve().parents[2]
	subprocess.run([*own.split(), "up"], cwd=checkout, stdout=subprocess.DEVNULL, check=False)


def _unanswered(lines: Sequence[dict[str, Any]]) -> list[str]:
	"""Verbs that were tried often and never answered."""
	begun = Counter(line["method"].rpartition(".")[2] for line in lines if line["event"] == "begun")
	tried = {verb for verb, times in begun.items() if times >= OFTEN}
	done = {line["method"].rpartition(".")[2] for line in lines if line["event"] == "answered"}
	return sorted(tried - done)


def _say(lines: Sequence[dict[str, Any]], options: argparse.Namespace, kills: int) -> None:
	events = Counter(line["event"] for line in lines)
	requests = [line for line in lines if line["event"] in ("answered", "refused", "broken") and "seconds" in line]
	seconds = sorted(line["seconds"] for line in requests) or [0.0]
	why = Counter(line["why"] for line in requests if line["event"] == "answered")
	verbs = Counter(line["method"].rpartition(".")[2] for line in requests if line["event"] == "answered")
	troubles = Counter(line["kind"] for line in lines if line["event"] == "trouble")
	print(
		f"Soak, seed {options.seed}: {options.processes} processes, {options.minutes:g} minutes, {len(requests)} requests: "
		f"{events['answered']} answered, {events['refused']} refused in words, {events['broken']} broken, {events['lost']} lost; "
		f"{why['again']} sent again, {why['twin']} by two at once, {why['killed']} after a kill; {kills} kills; "
		f"p50 {seconds[len(seconds) // 2]:.2f} s, p95 {seconds[int(len(seconds) * 0.95)]:.2f} s, longest {seconds[-1]:.1f} s"
	)
	begun = Counter(line["method"].rpartition(".")[2] for line in lines if line["event"] == "begun")
	print(f"Troubles: {dict(troubles)}")
	print(f"Tried and never answered: { {verb: times for verb, times in begun.items() if not verbs[verb]} }")
	print(f"Answered: {dict(verbs.most_common())}", flush=True)


if __name__ == "__main__":
	sys.exit(main())
