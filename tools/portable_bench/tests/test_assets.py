"""Bundles: the builder itself on a small app, and when it is asked to build."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from portable_bench import assets, bench
from portable_bench.place import NODE, Place, here
from portable_bench.ports import usual
from portable_bench.trouble import Trouble

SOURCES = {
	"public/js/night.bundle.js": """
		import "./row.html";
		import "./plain.css";
		import Lamp from "./Lamp.vue";
		import { word } from "small/public/js/word";
		window.night = [Lamp, word, process.env.NODE_ENV];
	""",
	"public/js/word.js": 'export const word = "said by another file";',
	"public/js/row.html": "<b class='row'>`{{ name }}` \\\\ \\' ${x}</b>",
	"public/js/plain.css": ".plain { color: red; }",
	"public/js/Lamp.vue": """
		<script setup>import { ref } from "vue"; const lit = ref(true);</script>
		<template><p class="lamp">{{ lit }}</p></template>
		<style lang="scss" scoped>@import "~night-kit/kit.css"; .lamp { b { margin-left: 3px; } }</style>
	""",
	"public/scss/night.bundle.scss": """
		@import "~night-kit/colours";
		.night { color: $night; padding-left: 7px; background: url("/assets/small/images/x.png"); }
	""",
}


def real_bench() -> Place:
	try:
		return here()
	except Trouble:
		pytest.skip("no app, so no bench")


@pytest.fixture
def small(place):
	"""A bench with one app, `small`; its npm packages are those of the real bench and one of its own."""
	packages = real_bench().node_modules
	if not (packages / "esbuild").exists():
		pytest.skip("the npm packages are not installed: make setup")
	for name, text in SOURCES.items():
		file = place.apps / "small" / "small" / name
		file.parent.mkdir(parents=True, exist_ok=True)
		file.write_text(text, encoding="utf-8")
	modules = place.node_modules
	modules.mkdir(parents=True)
	for package in packages.iterdir():
		(modules / package.name).symlink_to(package)
	kit = modules / "night-kit"
	kit.mkdir()
	(kit / "_colours.scss").write_text("$night: #012345;", encoding="utf-8")
	(kit / "kit.css").write_text(".from-kit { top: 0; }", encoding="utf-8")
	(place.sites / "assets").mkdir(parents=True)
	(place.sites / "assets" / "small").symlink_to(place.apps / "small" / "small" / "public")
	(place.sites / "apps.txt").write_text("small\n", encoding="utf-8")
	return place


def build(place: Place, *options: str) -> subprocess.CompletedProcess:
	node = real_bench().node
	environment = os.environ | {
		"FRAPPE_BENCH_ROOT": str(place.bench),
		"NODE_PATH": f"{place.node_modules}",
	}
	return subprocess.run([node, NODE / "build.js", *options], env=environment, capture_output=True, text=True)


def built(place: Place, name: str, of: str = "assets.json") -> str:
	entered = json.loads((place.sites / "assets" / of).read_text(encoding="utf-8"))
	return Path(f"{place.sites}{entered[name]}").read_text(encoding="utf-8")


class TestBuilder:
	def test_scripts_with_all_that_frappe_lets_them_import(self, small):
		done = build(small)
		assert done.returncode == 0, done.stderr
		script = built(small, "night.bundle.js")
		assert "said by another file" in script
		assert r"""frappe.templates["row"] = "<b class='row'>`{{ name }}` \\\\ ' ${x}</b>";""" in script
		# Styles come with the script: no page loads a stylesheet beside it.
		for style in (".plain {", ".from-kit {", "margin-left: 3px"):
			assert style in script
		scope = script.partition('__scopeId = "')[2].partition('"')[0]
		assert scope.startswith("data-v-") and f".lamp b[{scope}]" in script
		assert '"development"' in script and "process.env" not in script

	def test_styles_and_their_mirror_image(self, small):
		assert build(small).returncode == 0
		style, mirrored = built(small, "night.bundle.css"), built(small, "rtl_night.bundle.css", "assets-rtl.json")
		assert "color: #012345" in style and "padding-left: 7px" in style
		assert "padding-right: 7px" in mirrored and "padding-left" not in mirrored
		assert "/assets/small/images/x.png" in style

	def test_changed_source_replaces_what_was_built(self, small):
		assert build(small).returncode == 0
		(small.apps / "small/small/public/js/word.js").write_text('export const word = "said anew";', encoding="utf-8")
		assert build(small, "--apps", "small", "--production").returncode == 0
		assert "said anew" in built(small, "night.bundle.js")
		scripts = [path.name for path in (small.apps / "small/small/public/dist/js").iterdir()]
		assert len(scripts) == 1, scripts

	def test_some_files_only(self, small):
		assert build(small, "--files", "small/night.bundle.scss").returncode == 0
		entered = json.loads((small.sites / "assets/assets.json").read_text(encoding="utf-8"))
		assert list(entered) == ["night.bundle.css"]

	def test_a_mistake_is_told_with_its_place_and_leaves_the_old_build(self, small):
		assert build(small).returncode == 0
		(small.apps / "small/small/public/js/word.js").write_text("export const = 3;", encoding="utf-8")
		done = build(small)
		assert done.returncode == 1 and "word.js:1:13" in done.stderr
		assert "said by another file" in built(small, "night.bundle.js")


class TestWhenToBuild:
	@pytest.fixture
	def place(self, place):
		public = place.root / "lamp_care" / "public"
		(public / "js").mkdir(parents=True)
		(public / "js" / "a.bundle.js").write_text("1", encoding="utf-8")
		place.apps.mkdir(parents=True)
		(place.apps / "lamp_care").symlink_to(place.root)
		bench.write_files(place, usual(place.app))
		return place

	def test_sources_of_a_bundle_change_the_key(self, place):
		before = assets.app_sources(place)
		public = place.root / "lamp_care" / "public"
		(public / "dist" / "js").mkdir(parents=True)
		(public / "dist" / "js" / "a.bundle.ABCDEFGH.js").write_text("built", encoding="utf-8")
		assert assets.app_sources(place) == before
		(public / "js" / "part.js").write_text("2", encoding="utf-8")
		assert assets.app_sources(place) != before

	def test_a_bundle_that_is_not_entered_or_gone_is_not_built(self, place):
		assert not assets.is_built(place, "lamp_care")
		entered = {"a.bundle.js": "/assets/lamp_care/dist/js/a.bundle.ABCDEFGH.js"}
		bench.write_json(place.sites / "assets" / "assets.json", entered)
		assert not assets.is_built(place, "lamp_care")
		dist = place.root / "lamp_care" / "public" / "dist" / "js"
		dist.mkdir(parents=True)
		(dist / "a.bundle.ABCDEFGH.js").touch()
		assert assets.is_built(place, "lamp_care")


def test_every_npm_package_is_pinned():
	wanted = json.loads((NODE / "package.json").read_text(encoding="utf-8"))["dependencies"]
	locked = json.loads((NODE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
	assert locked[""]["dependencies"] == wanted
	assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in wanted.items())
	assert all(entry.get("integrity") for name, entry in locked.items() if name)


@pytest.mark.parametrize(("said", "good"), [("v18.19.1", True), ("v20.20.2", True), ("v16.1.0", False), ("", False)])
def test_an_old_node_is_not_used(tmp_path, monkeypatch, said, good):
	for name in ("node", "npm"):
		program = tmp_path / name
		program.write_text(f"#!/bin/sh\necho {said}\n", encoding="utf-8")
		program.chmod(0o755)
	monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.path.dirname(shutil.which('sh'))}")
	assert bool(assets.system_node()) is good
