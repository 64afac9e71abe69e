"""`lock` writes requirements/locked and the demo's list anew, after a pin has changed: every package with all it needs, each by
version and by the sha256 of its files, for any system and any Python from 3.11 on. Needs a bench that is set up, for its uv."""

import subprocess
from pathlib import Path

from portable_bench.place import Place
from portable_bench.trouble import Trouble

# What the framework's old packages are built with, where no wheel fits
BUILDING = ("setuptools", "wheel", "flit_core")
# name -> goes into the bench's own environment, beside the framework's pins
BESIDE_FRAMEWORK = {
	"site-tests": True,
	"browser-tests": True,
	"demo": True,
	"tools": False,
	"bench-cli": False,
	"node": False,
	"docs": False,
}


def lock(place: Place) -> None:
	"""Ask the package index once for each list."""
	if not place.bench_command.exists():
		raise Trouble("The bench command is not installed, whose uv writes the lists.", "install it: make setup")
	pins = place.wanted("framework-constraints")
	lines = pins.read_text(encoding="utf-8").splitlines()
	building = "\n".join(line for line in lines if line.partition("==")[0] in BUILDING)
	_compile(place, "building", "-", "--no-deps", given=building)
	_compile(place, "framework", pins, "--no-deps")
	for name, beside in BESIDE_FRAMEWORK.items():
		_compile(place, name, place.wanted(name), *(("-c", pins) if beside else ()))


def _compile(place: Place, name: str, source: Path | str, *options: Path | str, given: str | None = None) -> None:
	target = place.locked(name)
	target.parent.mkdir(exist_ok=True)
	common = (
		"--universal",
		"--python-version",
		"3.11",
		"--generate-hashes",
		"--allow-unsafe",
		"--no-annotate",
		"--no-header",
	)
	command = [place.bench_env / "bin" / "uv", "pip", "compile", "-q", *common, *options, source, "-o", target]
	target.unlink(missing_ok=True)  # what stands there would else be kept
	subprocess.run(command, input=given, text=True, check=True, stdout=subprocess.DEVNULL)
