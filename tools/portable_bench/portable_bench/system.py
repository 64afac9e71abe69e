"""What the machine itself must have: a Python, room on the disk, MariaDB and Redis. Only what is missing is installed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from portable_bench.place import Place, find_program
from portable_bench.shell import run_logged
from portable_bench.steps import Progress
from portable_bench.trouble import Trouble

ROOM = 3 * 1024**3
INTERRUPTED = "dpkg was interrupted"  # apt says so where an install was cut off earlier, and does nothing
VENV = "python3-venv"  # of whichever Python the system has
POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = "#!/bin/sh\n# Written by portable_bench while it installs packages, so that none starts a service; removed afterwards.\nexit 101\n"


def check_room(free: int) -> None:
	"""Refuse to begin what cannot end: a whole set-up takes about 2 GB."""
	if free < ROOM:
		raise Trouble(
			f"Only {free / 1024**3:.1f} GB are free here, the set-up needs {ROOM / 1024**3:.0f} GB.",
			"free some space, or move the checkout to a larger disk.",
		)


def check_path(root: Path) -> None:
	"""The framework and the scripts of Python environments break on paths with spaces and the like."""
	if not re.fullmatch(r"[\w./@+-]+", str(root), re.ASCII):
		raise Trouble(
			f"The path of this checkout has characters the framework cannot bear: {root}.",
			"move the checkout to a path of letters, digits, dots, dashes and underscores.",
			code=2,
		)


def free_space(folder: Path) -> int:
	"""Bytes free on the disk that holds this folder."""
	return shutil.disk_usage(folder).free


def choose_python() -> str:
	"""The framework's pins install on 3.11 only, so a newer Python looks for a 3.11 beside it."""
	if sys.version_info[:2] == (3, 11):
		return sys.executable
	found = find_program("python3.11")
	if not found:
		raise Trouble(
			f"The framework needs Python 3.11, this is {sys.version_info[0]}.{sys.version_info[1]}.",
			"install python3.11 (Debian 12 has it) and run the same command again.",
		)
	return found


def python_for_tools() -> str:
	"""Linter and test runner want no certain Python; the framework's, where it is there, so that they are installed once."""
	try:
		return choose_python()
	except Trouble:
		return sys.executable


def missing_packages(python: str) -> list[str]:
	"""Debian packages for what is not there yet."""
	missing = []
	if not (
		find_program("mariadbd", "mysqld")
		and find_program("mariadb-install-db", "mysql_install_db")
		and find_program("mysql")
	):
		missing.append("mariadb-server")
	if not find_program("redis-server"):
		missing.append("redis-server")
	if subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True).returncode:
		missing.append("python3.11-venv" if python != sys.executable or sys.version_info[:2] == (3, 11) else VENV)
	return missing


def refuse_install(missing: list[str], uid: int, apt: str | None) -> Trouble | None:
	"""Why these packages cannot be installed from here, if they cannot."""
	names = " ".join(missing)
	if not apt:
		return Trouble(
			f"Not installed: {names}, and this system has no apt-get.",
			"install MariaDB 10.6 or newer, Redis 6 or newer and Python 3.11 with its venv by your system's own means.",
		)
	if uid != 0:
		return Trouble(
			f"Not installed: {names}, and only root may install.",
			f"run once as root: apt-get install --no-install-recommends {names}",
		)
	return None


def install_packages(place: Place, missing: list[str], progress: Progress) -> None:
	"""apt-get install, without starting or enabling any service that comes along."""
	apt = find_program("apt-get")
	trouble = refuse_install(missing, os.geteuid(), apt)
	if trouble:
		raise trouble
	env = place.environment(DEBIAN_FRONTEND="noninteractive", LC_ALL="C")  # what it says is read
	common = {"log": place.setup_log, "progress": progress, "env": env, "outlive": True}
	lock = ["-o", "DPkg::Lock::Timeout=300"]
	doing = f"installing {' '.join(missing)}"
	install = [apt, *lock, "install", "-y", "-q", "--no-install-recommends", *missing]
	with _NoServices():
		run_logged([apt, *lock, "update", "-q"], doing="reading the package lists", **common)
		try:
			run_logged(install, doing=doing, **common)
		except Trouble as trouble:
			if INTERRUPTED not in trouble.what:
				raise
			# dpkg, unlike apt, waits for nobody who holds its lock: so it comes after apt, which has waited
			run_logged(["dpkg", "--configure", "-a"], doing=doing, **common)
			run_logged(install, doing=doing, **common)
	_disable_services(missing)


def forget_policy() -> None:
	"""Take away what a killed installation left behind; somebody else's policy stays."""
	try:
		if POLICY.read_text(encoding="utf-8", errors="replace") == POLICY_TEXT:
			POLICY.unlink()
	except OSError:
		pass


class _NoServices:
	"""While packages are installed, Debian's own switch says that no service may be started."""

	def __enter__(self) -> None:
		if not POLICY.exists():
			POLICY.write_text(POLICY_TEXT, encoding="utf-8")
			POLICY.chmod(0o755)

	def __exit__(self, *_: object) -> None:
		forget_policy()


def _disable_services(installed: list[str]) -> None:
	# Freshly installed by us and wanted by nobody else: they must not start at the next boot either.
	units = {"mariadb-server": "mariadb", "redis-server": "redis-server"}
	names = [units[name] for name in installed if name in units]
	systemctl = find_program("systemctl")
	if names and systemctl:
		subprocess.run([systemctl, "disable", *names], capture_output=True)
