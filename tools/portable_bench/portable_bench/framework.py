"""The framework itself. Frappe is not on the package index under its own name (the `frappe` there is an empty placeholder);
`criscostack` is its development snapshot of August 2023 with names replaced. Here the names are put back.
"""

import contextlib
import hashlib
import os
import re
import shutil
import zipfile
from pathlib import Path, PurePosixPath

from portable_bench.place import Place
from portable_bench.shell import run_logged
from portable_bench.steps import Progress
from portable_bench.trouble import Trouble

DISTRIBUTION = "criscostack"
VERSION = "1.0.0"
SHA256 = "dc58aaf29c59b7666edc953596e5b31f77d7286b2ed6b14c6a205b217c210349"

# Longest first: the short name is the beginning of both others.
NAMES = (
	("criscostack", "frappe"),
	("Criscostack", "Frappe"),
	("CRISCOSTACK", "FRAPPE"),
	("criscoerp", "erpnext"),
	("Criscoerp", "ERPNext"),
	("CRISCOERP", "ERPNEXT"),
	("crisco", "frappe"),
	("Crisco", "Frappe"),
	("CRISCO", "FRAPPE"),
)

PYPROJECT = """\
[build-system]
requires = ["flit_core>=3.4,<4"]
build-backend = "flit_core.buildapi"

[project]
name = "frappe"
authors = [{{ name = "Frappe Technologies Pvt Ltd" }}]
description = "Metadata driven, full-stack low code web framework"
requires-python = ">=3.10"
license = {{ text = "MIT" }}
dynamic = ["version"]
dependencies = [
{dependencies}
]
"""


def put_names_back(text: str) -> str:
	"""The snapshot's names -> the framework's own."""
	for theirs, own in NAMES:
		text = text.replace(theirs, own)
	return text


def path_in_framework(name: str) -> PurePosixPath | None:
	"""Where a file of the wheel belongs, None for what is not part of the framework (the wheel's own metadata)."""
	path = PurePosixPath(name)
	if path.is_absolute() or ".." in path.parts or path.parts[:1] != (DISTRIBUTION,):
		return None
	own = put_names_back(name)
	if own.endswith("utils/brik_helper.py"):
		own = own.replace("brik_helper", "bench_helper")
	return PurePosixPath(own)


def pyproject(metadata: str) -> str:
	"""Packaging file for the unpacked framework, with the requirements the wheel states."""
	wanted = re.findall(r"^Requires-Dist: (.+)$", metadata, re.MULTILINE)
	return PYPROJECT.format(dependencies="\n".join(f'\t"{item.strip()}",' for item in wanted))


def check_sha256(file: Path, expected: str = SHA256) -> None:
	"""Another file than the known one is thrown away: its code would run here as this user."""
	found = hashlib.sha256(file.read_bytes()).hexdigest()
	if found != expected:
		file.unlink()
		raise Trouble(
			f"{file.name} is not the known file (sha256 {found[:12]}..., expected {expected[:12]}...); it was deleted.",
			"run the same command again; if it comes back, ask whoever runs your package mirror, and do not use the file.",
		)


def unpack(wheel: Path, target: Path) -> int:
	"""Unpack with the names put back. The folder appears whole or not at all. Returns the number of files."""
	new = target.with_name(target.name + ".new")
	shutil.rmtree(new, ignore_errors=True)
	count = 0
	with zipfile.ZipFile(wheel) as archive:
		for info in archive.infolist():
			path = path_in_framework(info.filename)
			if path is None or info.is_dir():
				continue
			data = archive.read(info)
			with contextlib.suppress(UnicodeDecodeError):  # fonts and pictures carry no names
				data = put_names_back(data.decode("utf-8")).encode("utf-8")
			file = new / path
			file.parent.mkdir(parents=True, exist_ok=True)
			file.write_bytes(data)
			count += 1
		metadata = archive.read(f"{DISTRIBUTION}-{VERSION}.dist-info/METADATA").decode("utf-8")
	(new / "pyproject.toml").write_text(pyproject(metadata), encoding="utf-8")
	shutil.rmtree(target, ignore_errors=True)
	os.replace(new, target)
	return count


def fetch_framework(place: Place, progress: Progress) -> None:
	"""Download (unless it lies there already), check, unpack."""
	wheel = place.downloads / f"{DISTRIBUTION}-{VERSION}-py3-none-any.whl"
	if not wheel.exists():
		place.downloads.mkdir(parents=True, exist_ok=True)
		run_logged(
			[
				*(place.tools_python, "-m", "pip", "download", "--no-deps", "--no-input", "--progress-bar", "off"),
				*("--dest", place.downloads, f"{DISTRIBUTION}=={VERSION}"),
			],
			doing="downloading the framework",
			log=place.setup_log,
			progress=progress,
			env=place.environment(),
		)
	check_sha256(wheel)
	unpack(wheel, place.apps / "frappe")
