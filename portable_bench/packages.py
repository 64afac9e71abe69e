"""Python packages: one environment for the bench, one for the `bench` command, one for the tools."""

import os
import subprocess
from pathlib import Path

from portable_bench.place import APP, Place, find_program
from portable_bench.shell import run_logged
from portable_bench.steps import Progress
from portable_bench.system import install_packages, refuse_install

# For drawing PDFs; the framework runs without them, so their absence stops nothing.
PDF_LIBRARIES = ["libpango-1.0-0", "libpangoft2-1.0-0"]


def make_env(place: Place, folder: Path, python: str, progress: Progress, doing: str) -> None:
	"""An empty virtual environment; a half-made one is thrown away."""
	run_logged(
		[python, "-m", "venv", "--clear", folder],
		doing=doing,
		log=place.setup_log,
		progress=progress,
		env=place.environment(),
	)


def pip(place: Place, folder: Path, arguments: list[str | Path], progress: Progress, doing: str) -> None:
	"""pip install in an environment, pinned also for what pip builds on the way."""
	constraints = str(place.requirements / "framework-constraints.txt")
	run_logged(
		# Not compiled ahead: most of what comes along is never imported.
		[
			*(folder / "bin" / "python", "-m", "pip", "install", "--no-input", "--no-compile", "--progress-bar", "off"),
			*arguments,
		],
		doing=doing,
		log=place.setup_log,
		progress=progress,
		# Old sdists are built with the pinned setuptools: pip hands these files to its build environments.
		env=place.environment(PIP_CONSTRAINT=constraints, PIP_BUILD_CONSTRAINT=constraints)
		if folder == place.env
		else place.environment(),
	)


def make_tools(place: Place, python: str, progress: Progress) -> None:
	"""Linter, test runner, mail sink."""
	doing = "installing the tools"
	make_env(place, place.tools, python, progress, doing)
	pip(place, place.tools, ["-r", place.requirements / "tools.txt"], progress, doing)


def make_bench_command(place: Place, python: str, progress: Progress) -> None:
	"""The ordinary `bench` command."""
	doing = "installing the bench command"
	make_env(place, place.bench_env, python, progress, doing)
	pip(place, place.bench_env, ["-r", place.requirements / "bench-cli.txt"], progress, doing)


def make_bench_env(place: Place, python: str, progress: Progress) -> None:
	"""The bench's own environment: the framework and all it needs, and what the tests on a site need."""
	doing = "installing the framework's Python packages"
	make_env(place, place.env, python, progress, doing)
	pip(place, place.env, ["setuptools", "wheel", "flit_core"], progress, doing)
	pip(place, place.env, ["-r", place.requirements / "site-tests.txt", "-e", place.apps / "frappe"], progress, doing)
	_provide_pdf_libraries(place, progress)


def add_drill_packages(place: Place, progress: Progress) -> None:
	"""What the drill needs beside the framework."""
	if place.drill_requirements.exists():
		pip(place, place.env, ["-r", place.drill_requirements], progress, "installing the drill's packages")


def add_browser_packages(place: Place, progress: Progress) -> None:
	"""What the tests in a browser need beside the framework."""
	pip(place, place.env, ["-r", place.requirements / "browser-tests.txt"], progress, "installing Playwright")


def link_app(place: Place, progress: Progress) -> None:
	"""This checkout as an app of the bench: a link in apps/ and an editable install."""
	place.apps.mkdir(parents=True, exist_ok=True)
	link = place.apps / APP
	link.unlink(missing_ok=True)
	link.symlink_to(place.root)
	pip(
		place,
		place.env,
		["--no-deps", "--no-build-isolation", "-e", link],
		progress,
		"installing the app into the bench",
	)


def app_is_linked(place: Place) -> bool:
	"""Whether the link and the editable install are still there."""
	return (place.apps / APP / "setup.py").exists() and any(
		place.env.glob(f"lib/python*/site-packages/{APP}-*.dist-info")
	)


def _provide_pdf_libraries(place: Place, progress: Progress) -> None:
	import_it = [str(place.env_python), "-c", "import weasyprint"]
	if subprocess.run(import_it, capture_output=True, env=place.environment()).returncode == 0:
		return
	if refuse_install(PDF_LIBRARIES, os.geteuid(), find_program("apt-get")):
		progress.say(f"Note: PDFs cannot be drawn without {' and '.join(PDF_LIBRARIES)}; everything else works.")
		return
	install_packages(place, PDF_LIBRARIES, progress)
