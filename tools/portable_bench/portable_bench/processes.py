"""Long-running programs of the bench: started apart from the caller, known by pid file, stopped by their own pid."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from portable_bench.place import Place, digest
from portable_bench.trouble import Trouble

# State of a socket in /proc/net/tcp
LISTEN = "0A"

# The shell writes its own number and becomes the program: there is no moment in which it runs without a pid file.
LAUNCH = 'echo $$ > "$0.new" && mv "$0.new" "$0" && exec "$@"'


def _mark(place: Place, name: str) -> dict[str, str]:
	"""Set in the environment of each program we start, so that a pid file left from before a reboot never makes us end a stranger."""
	return place.app.variables(BENCH_PROCESS=f"{place.bench}:{name}")


def pid_file(place: Place, name: str) -> Path:
	"""Where the number of this program is kept."""
	return place.pids / f"{name}.pid"


def running_pid(place: Place, name: str) -> int | None:
	"""Number of the running program; None if it does not run or the number now belongs to somebody else."""
	try:
		pid = int(pid_file(place, name).read_text(encoding="utf-8"))
		state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
		environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
	except (OSError, ValueError):
		return None
	if state == "Z" or not {f"{key}={value}".encode() for key, value in _mark(place, name).items()} <= set(environ):
		return None
	return pid


def listens(place: Place, name: str, port: int) -> bool:
	"""Whether this very program listens on the port: somebody else's server answers as well, under the same names."""
	pid = running_pid(place, name)
	return pid is not None and bool(_listening(port) & _open_files(pid))


def _listening(port: int) -> set[str]:
	"""Sockets that wait for callers on a port, named as an open file is: `socket:[inode]`."""
	found = set()
	for table in ("tcp", "tcp6"):
		with contextlib.suppress(OSError):
			for line in Path(f"/proc/net/{table}").read_text(encoding="utf-8").splitlines()[1:]:
				fields = line.split()
				if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
					found.add(f"socket:[{fields[9]}]")
	return found


def _open_files(pid: int) -> set[str]:
	found = set()
	with contextlib.suppress(OSError):
		for file in Path(f"/proc/{pid}/fd").iterdir():
			with contextlib.suppress(OSError):  # closed meanwhile
				found.add(os.readlink(file))
	return found


def start(
	place: Place,
	name: str,
	command: Sequence[str | Path],
	*,
	cwd: Path | None = None,
	env: dict[str, str] | None = None,
) -> None:
	"""Start in the background, output appended to logs/<name>.process.log; nothing happens if it runs already."""
	if running_pid(place, name):
		return
	place.pids.mkdir(parents=True, exist_ok=True)
	place.logs.mkdir(parents=True, exist_ok=True)
	environment = (env or place.environment()) | _mark(place, name)
	with (place.logs / f"{name}.process.log").open("ab") as log:
		subprocess.Popen(
			["/bin/sh", "-c", LAUNCH, str(pid_file(place, name)), *[str(part) for part in command]],
			stdin=subprocess.DEVNULL,
			stdout=log,
			stderr=subprocess.STDOUT,
			cwd=cwd or place.bench,
			env=environment,
			start_new_session=True,
		)


def wait_until(place: Place, name: str, ready: Callable[[], bool], seconds: float, way_out: str) -> None:
	"""Wait for a program that was just started; if it ends or never answers, say so with the end of its log."""
	end = time.monotonic() + seconds
	seen = False
	while time.monotonic() < end:
		if ready():
			return
		alive = running_pid(place, name) is not None
		if seen and not alive:
			break
		seen = seen or alive
		time.sleep(0.1)
	raise Trouble(f"{name} did not start ({last_words(place, name)}).", way_out)


def last_words(place: Place, name: str) -> str:
	"""Last line of its log."""
	try:
		lines = (place.logs / f"{name}.process.log").read_text(encoding="utf-8", errors="replace").splitlines()
	except OSError:
		lines = []
	return next((line.strip()[:160] for line in reversed(lines) if line.strip()), "its log is empty")


def stop(place: Place, name: str, patience: float = 10) -> bool:
	"""Ask it to end, wait, then make it end. Returns whether it was running."""
	pid = running_pid(place, name)
	if pid:
		with contextlib.suppress(ProcessLookupError):  # it may end by itself at any moment
			os.kill(pid, signal.SIGTERM)
		end = time.monotonic() + patience
		while running_pid(place, name) and time.monotonic() < end:
			time.sleep(0.05)
		if running_pid(place, name):
			# Each program leads a process group of its own, so its children go with it.
			with contextlib.suppress(ProcessLookupError):
				os.killpg(pid, signal.SIGKILL)
			while running_pid(place, name):
				time.sleep(0.05)
	pid_file(place, name).unlink(missing_ok=True)
	return pid is not None


def ensure(
	place: Place,
	name: str,
	command: Sequence[str | Path],
	*,
	key: str = "",
	cwd: Path | None = None,
	env: dict[str, str] | None = None,
) -> bool:
	"""Have it running with exactly this command and key (its configuration, the code it has read). Returns whether it was (re)started."""
	wanted = digest(*[str(part) for part in command], key)
	note = place.pids / f"{name}.key"
	try:
		current = note.read_text(encoding="utf-8")
	except FileNotFoundError:
		current = ""
	if running_pid(place, name):
		if current == wanted:
			return False
		stop(place, name)
	note.parent.mkdir(parents=True, exist_ok=True)
	note.write_text(wanted, encoding="utf-8")
	start(place, name, command, cwd=cwd, env=env)
	return True
