"""`docs`: the pages of docs/ as a site, by MkDocs, in .bench/docs-site."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping

from portable_bench import packages, system
from portable_bench.place import REQUIREMENTS, Place, digest, digest_files
from portable_bench.steps import Progress, Stamps, Step, run_steps
from portable_bench.up import alone


def build(place: Place, progress: Progress) -> int:
	"""Build the site; a link that leads nowhere fails. Returns the exit code."""
	python = system.python_for_tools()
	lists = [place.locked(name) for name in ("building", "docs")]
	step = Step(
		"docs_packages",
		"what builds the manual",
		lambda: digest(str(place.bench), python, digest_files(REQUIREMENTS, lists)),
		lambda: packages.make_docs_env(place, python, progress),
		place.docs_python.exists,
	)
	with alone(place, progress):
		run_steps([step], Stamps(place.stamps), progress)
		gather(place)
	command = [str(place.docs_python), "-m", "mkdocs", "build", "--clean"]
	# Material's advertisement of a successor says nothing of this build
	environment = place.environment(NO_MKDOCS_2_WARNING="1")
	code = subprocess.run(command, cwd=place.root, env=environment).returncode
	if not code:
		progress.say(f"The manual: {place.bench / 'docs-site' / 'index.html'}")
	return code


def gather(place: Place) -> None:
	"""All pages in one folder, with links as they are there."""
	target, pages = place.bench / "manual", place.app.pages
	shutil.rmtree(target, ignore_errors=True)
	shutil.copytree(place.root / "docs", target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
	for page in target.glob("*.md"):
		page.write_text(turned(page.read_text(encoding="utf-8"), f"docs/{page.name}", pages), encoding="utf-8")
	for name, page in pages.items():
		text = (place.root / name).read_text(encoding="utf-8")
		(target / page).write_text(turned(text, name, pages), encoding="utf-8")
	(target / "images").mkdir(exist_ok=True)
	shutil.copyfile(place.root / place.app.logo.svg, target / "images" / "logo.svg")


def turned(markdown: str, name: str, pages: Mapping[str, str]) -> str:
	"""The text of the file `name` with links as they are on the site, whose head leads from one language to the other."""

	def on_the_site(link: re.Match[str]) -> str:
		file = os.path.normpath(os.path.join(os.path.dirname(name), link[1]))
		return f"]({pages.get(file) or file.removeprefix('docs/')}{link[2]}"

	markdown = re.sub(r"^中文\uff1a.*\n", "", markdown, flags=re.MULTILINE)
	return re.sub(r"\]\(([^):#]+)([)#])", on_the_site, markdown)
