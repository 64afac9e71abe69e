"""Running other programs during the set-up, their output kept in a log."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from portable_bench.steps import Progress
from portable_bench.trouble import Trouble, explain

# In the environment of whatever the set-up runs, and so of all that this runs in turn.
MARK = "PORTABLE_BENCH_SETUP"


def end_leftovers(bench: Path) -> int:
	"""A killed set-up leaves its pip running on, writing where the next one writes: end it. Returns how many were ended.

	To be called by who holds the bench's lock: then nothing with this mark belongs to a living set-up.
	"""
	mark, ended = f"{MARK}={bench}".encode(), 0
	for folder in Path("/proc").glob("[0-9]*"):
		with contextlib.suppress(OSError):
			if mark in (folder / "environ").read_bytes().split(b"\0"):
				os.kill(int(folder.name), signal.SIGKILL)
				ended += 1
	return ended


def run_logged(
	command: Sequence[str | Path],
	*,
	doing: str,
	log: Path,
	progress: Progress,
	env: Mapping[str, str],
	cwd: Path | None = None,
	outlive: bool = False,
	explain_failure: Callable[[str, str, str], Trouble] = explain,
) -> str:
	"""Run a program to its end with its output in the log; a failure becomes one clear line. Returns the output.

	`outlive`: for programs that must not be cut off in the middle when this one is killed (apt).
	"""
	log.parent.mkdir(parents=True, exist_ok=True)
	with log.open("ab") as sink:
		sink.write(f"\n--- {doing}\n".encode())
		sink.flush()
		start = sink.tell()
		process = subprocess.Popen(
			[str(part) for part in command],
			stdout=sink,
			stderr=subprocess.STDOUT,
			stdin=subprocess.DEVNULL,
			env=dict(env) if outlive else {**env, MARK: str(log.parent.parent)},
			cwd=cwd,
			start_new_session=outlive,
		)
		try:
			while True:
				try:
					code = process.wait(0.5)
					break
				except subprocess.TimeoutExpired:
					progress.tick(_last_line(log))
		except BaseException:
			if not outlive:
				process.kill()
			process.wait()
			raise
	with log.open("rb") as written:
		written.seek(start)
		output = written.read().decode("utf-8", "replace")
	if code:
		raise explain_failure(output, doing, str(log))
	return output


def _last_line(log: Path) -> str:
	with log.open("rb") as written:
		written.seek(max(0, log.stat().st_size - 400))
		lines = written.read().decode("utf-8", "replace").replace("\r", "\n").split("\n")
	return next((line.strip()[:60] for line in reversed(lines) if line.strip()), "")
