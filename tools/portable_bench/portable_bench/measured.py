"""Which lines and branches of the app the tests run: measured while they run, where `COVERAGE` is set. Of which packages, the app's
`pyproject.toml` says ([tool.coverage.run])."""

import json
import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

from portable_bench.place import Place
from portable_bench.steps import Progress

# Started by whoever runs pytest; what that starts begins by itself where coverage is installed in the bench
START = "import coverage; coverage.process_startup();"


def wanted() -> bool:
	return bool(os.environ.get("COVERAGE"))


def folder(place: Place) -> Path:
	return place.bench / "coverage"


def environment(place: Place) -> dict[str, str]:
	"""What tells a Python to measure, and all that it starts; empty if nothing is measured."""
	if not wanted():
		return {}
	return {
		"COVERAGE_PROCESS_START": str(place.root / "pyproject.toml"),
		"COVERAGE_FILE": str(folder(place) / "data"),
	}


def begin(place: Place) -> None:
	"""What was measured before is thrown away."""
	shutil.rmtree(folder(place), ignore_errors=True)
	folder(place).mkdir(parents=True)


def report(place: Place, progress: Progress) -> None:
	"""All runs together: a table by room is printed, and what nothing runs is written into a file."""
	found = folder(place) / "coverage.json"
	for words in (["combine", "-q"], ["json", "-q", "-o", str(found)]):
		command = [str(place.tools_python), "-m", "coverage", *words]
		where = {"COVERAGE_FILE": str(folder(place) / "data")}
		if subprocess.run(command, cwd=place.root, env={**os.environ, **where}).returncode:
			progress.say("Nothing was measured.")
			return
	files = json.loads(found.read_text(encoding="utf-8"))["files"]
	listed = folder(place) / "not-run.txt"
	listed.write_text(not_run(files), encoding="utf-8")
	progress.say("Run by the tests without a site and on the site:")
	print(f"{table(files)}\nWhat nothing runs: {listed}", flush=True)


def table(files: dict[str, dict]) -> str:
	"""Lines and branches by room."""
	names = ("num_statements", "missing_lines", "num_branches", "missing_branches")
	sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(names, 0))
	for path, file in sorted(files.items()):
		for row in (room_of(path), "all"):
			for name in names:
				sums[row][name] += file["summary"][name]
	out = [f"{'room':24}{'lines':>8}{'not run':>9}{'branches':>10}{'not run':>9}{'run':>9}"]
	for room in sorted(sums, key=lambda room: (room == "all", room)):
		lines, no_lines, branches, no_branches = sums[room].values()
		share = 1 - (no_lines + no_branches) / max(lines + branches, 1)
		out.append(f"{room:24}{lines:8}{no_lines:9}{branches:10}{no_branches:9}{share:9.1%}")
	return "\n".join(out)


def room_of(path: str) -> str:
	"""The folder of the app that a file lies in, without the app's own."""
	return "/".join(Path(path).parts[1:-1]) or "."


def not_run(files: dict[str, dict]) -> str:
	"""path:line of what nothing runs, and path:line -> line of a branch that nothing takes."""
	out = []
	for path, file in sorted(files.items()):
		lines = set(file["missing_lines"])
		out += [f"{path}:{line}" for line in sorted(lines)]
		for start, end in sorted(file["missing_branches"]):
			if start not in lines and end not in lines:
				out.append(f"{path}:{start} -> {end if end > 0 else 'the end'}")
	return "\n".join(out) + "\n"
