"""Packages lent for one run to a bench that lacks them: they lie in this checkout, nothing is installed there."""

import subprocess
from pathlib import Path

from portable_bench import packages
from portable_bench.existing import Target
from portable_bench.place import Place, digest, environment_for
from portable_bench.steps import Progress, Stamps
from portable_bench.up import alone


def lend(place: Place, target: Target, modules: list[str], wanted: str, progress: Progress) -> Path | None:
	"""Folder with what the locked list `wanted` names, made for that bench's Python; None if it has these modules itself."""
	probe = subprocess.run(
		[target.python, "-c", f"import {', '.join(modules)}"],
		capture_output=True,
		env=environment_for(target.bench / "env"),
		cwd=target.bench,
	)
	if probe.returncode == 0:
		return None
	version = subprocess.run(
		[target.python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
		capture_output=True,
		text=True,
		check=True,
	).stdout.strip()
	key = digest(version, place.locked(wanted).read_bytes())
	folder = place.bench / "lent" / key
	stamps = Stamps(place.stamps)
	if stamps.read(f"lent-{key}") is None or not folder.exists():
		with alone(place, progress):
			packages.pip(
				place,
				place.tools,
				[
					*("--target", folder, "--upgrade", "--only-binary", ":all:"),
					*("--python-version", version, *packages.known(place, wanted)),
				],
				progress,
				f"fetching {', '.join(modules)} for that bench",
			)
		stamps.write(f"lent-{key}", key)
	return folder
