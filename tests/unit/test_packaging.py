"""Whoever installs the app from a built package gets every file of it."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import outage_response

ROOT = Path(__file__).resolve().parents[2]
APP = "outage_response"
OF_PACKAGING = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "license.txt")


def files_of_the_repository() -> set[str]:
	listed = subprocess.run(["git", "ls-files", "-z", APP], cwd=ROOT, capture_output=True, text=True)
	if listed.returncode:
		pytest.skip("no repository here to compare with")
	return {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, Path]:
	"""The wheel and the source archive, built from a copy of the repository's files with what is installed here."""
	copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("out")
	for name in {*files_of_the_repository(), *OF_PACKAGING}:
		target = copy / name
		target.parent.mkdir(parents=True, exist_ok=True)
		target.write_bytes((ROOT / name).read_bytes())
	for kind in ("sdist", "wheel"):
		code = f"import sys; from setuptools import build_meta; build_meta.build_{kind}(sys.argv[1])"
		done = subprocess.run([sys.executable, "-c", code, out], cwd=copy, capture_output=True, text=True, timeout=120)
		assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
	(wheel,), (archive,) = out.glob("*.whl"), out.glob("*.tar.gz")
	return wheel, archive


def test_the_wheel_brings_every_file_of_the_app_and_nothing_else(built):
	with zipfile.ZipFile(built[0]) as wheel:
		inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
	assert inside == files_of_the_repository()


def test_the_roles_come_along(built):
	with zipfile.ZipFile(built[0]) as wheel:
		assert b"Outage Control Room" in wheel.read(f"{APP}/fixtures/role.json")


def test_the_source_archive_brings_every_file_too(built):
	with tarfile.open(built[1]) as archive:
		inside = {name.partition("/")[2] for name in archive.getnames()}
	assert files_of_the_repository() - inside == set()


def test_the_package_says_what_it_is(built):
	with zipfile.ZipFile(built[0]) as wheel:
		(about,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
		said = wheel.read(about).decode()
	for line in (f"Version: {outage_response.__version__}", "Requires-Python: >=3.10", "License-Expression: MIT"):
		assert f"\n{line}\n" in said
	assert "\nRequires-Dist:" not in said
