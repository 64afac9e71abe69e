"""Python packages: one environment for the bench, one for the `bench` command, one for the tools."""

import os
import shutil
import subprocess
from pathlib import Path

from portable_bench.place import Place, find_program
from portable_bench.shell import run_logged
from portable_bench.steps import Progress
from portable_bench.system import install_packages, refuse_install

# For drawing PDFs; the framework runs without them, so their absence stops nothing.
PDF_LIBRARIES = ["libpango-1.0-0", "libpangoft2-1.0-0"]


def make_env(place: Place, folder: Path, python: str, progress: Progress, doing: str) -> None:
	"""An empty virtual environment; a half-made one is thrown away. An older one is moved aside first: programs that still run
	from it write into it while it is deleted."""
	aside = folder.with_name(f"{folder.name}.old")
	shutil.rmtree(aside, ignore_errors=True)
	if folder.exists():
		folder.rename(aside)
		shutil.rmtree(aside, ignore_errors=True)
	run_logged(
		[python, "-m", "venv", "--clear", folder],
		doing=doing,
		log=place.setup_log,
		progress=progress,
		env=place.environment(),
	)


def pip(place: Place, folder: Path, arguments: list[str | Path], progress: Progress, doing: str) -> None:
	"""pip install in an environment."""
	run_logged(
		# Not compiled ahead: most of what comes along is never imported.
		[
			*(folder / "bin" / "python", "-m", "pip", "install", "--no-input", "--no-compile", "--progress-bar", "off"),
			*arguments,
		],
		doing=doing,
		log=place.setup_log,
		progress=progress,
		env=place.environment(),
	)


def known(place: Place, *names: str) -> list[str | Path]:
	"""Arguments of `pip`: these lists and nothing beside them, each file only if it is the one that was locked."""
	return ["--require-hashes", *(part for name in names for part in ("-r", place.locked(name)))]


def make_tools(place: Place, python: str, progress: Progress) -> None:
	"""Linter, test runner, mail sink."""
	doing = "installing the tools"
	make_env(place, place.tools, python, progress, doing)
	pip(place, place.tools, known(place, "tools"), progress, doing)


def make_bench_command(place: Place, python: str, progress: Progress) -> None:
	"""The ordinary `bench` command."""
	doing = "installing the bench command"
	make_env(place, place.bench_env, python, progress, doing)
	pip(place, place.bench_env, known(place, "bench-cli"), progress, doing)


def make_docs_env(place: Place, python: str, progress: Progress) -> None:
	"""What builds the manual. One package of it comes as source alone and is built with what was installed before."""
	doing = "installing what builds the manual"
	make_env(place, place.docs_env, python, progress, doing)
	pip(place, place.docs_env, known(place, "building"), progress, doing)
	pip(place, place.docs_env, ["--no-build-isolation", *known(place, "docs")], progress, doing)


def make_bench_env(place: Place, python: str, progress: Progress) -> None:
	"""The bench's own environment: the framework and all it needs, and what the tests on a site need."""
	doing = "installing the framework's Python packages"
	make_env(place, place.env, python, progress, doing)
	pip(place, place.env, known(place, "building"), progress, doing)
	# Old sdists are built with what was just installed, and nothing is fetched for that
	alone = ["--no-deps", "--no-build-isolation"]
	pip(place, place.env, [*alone, *known(place, "framework", "site-tests")], progress, doing)
	pip(place, place.env, [*alone, "-e", place.apps / "frappe"], progress, doing)
	_provide_pdf_libraries(place, progress)


def add_demo_packages(place: Place, progress: Progress) -> None:
	"""What the demo needs beside the framework."""
	pip(place, place.env, known(place, "demo"), progress, f"installing the {place.app.demo.name}'s packages")


def add_browser_packages(place: Place, progress: Progress) -> None:
	"""What the tests in a browser need beside the framework."""
	pip(place, place.env, known(place, "browser-tests"), progress, "installing Playwright")


def link_app(place: Place, progress: Progress) -> None:
	"""This checkout as an app of the bench: a link in apps/ and an editable install."""
	place.apps.mkdir(parents=True, exist_ok=True)
	link = place.apps / place.app.name
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
	return (place.apps / place.app.name / "setup.py").exists() and any(
		place.env.glob(f"lib/python*/site-packages/{place.app.name}-*.dist-info")
	)


def _provide_pdf_libraries(place: Place, progress: Progress) -> None:
	import_it = [str(place.env_python), "-c", "import weasyprint"]
	if subprocess.run(import_it, capture_output=True, env=place.environment()).returncode == 0:
		return
	if refuse_install(PDF_LIBRARIES, os.geteuid(), find_program("apt-get")):
		progress.say(f"Note: PDFs cannot be drawn without {' and '.join(PDF_LIBRARIES)}; everything else works.")
		return
	install_packages(place, PDF_LIBRARIES, progress)
