"""What `bench.toml` tells the portable bench of this app is true, and the tool can be called from anywhere."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomllib

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "portable_bench"
SAID = tomllib.loads((ROOT / "bench.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


def call(*words: str, cwd: Path) -> subprocess.CompletedProcess:
	clean = {key: value for key, value in os.environ.items() if key not in ("BENCH", "SITE", "PORTABLE_BENCH_APP")}
	return subprocess.run([sys.executable, str(TOOL), *words], cwd=cwd, env=clean, capture_output=True, text=True)


def test_the_tool_reads_it_from_any_folder(tmp_path):
	for folder in (ROOT, TOOL, tmp_path):
		done = call("--help", cwd=folder)
		assert done.returncode == 0, done.stderr
		assert all(f"\n    {name} " in done.stdout for name in (*SAID["commands"], "demo", "test", "up"))


def test_the_sites_are_not_thrown_away_by_name(tmp_path):
	for name in ("main", "demo", "browser"):
		done = call("drop-site", SAID["sites"][name], cwd=tmp_path)
		assert done.returncode == 2 and "has its own command" in done.stderr


@pytest.mark.parametrize(
	"path",
	[
		*SAID["code"],
		*SAID["tests"]["unit"],
		*(SAID["tests"][kind] for kind in ("site", "browser", "own_site")),
		*(name.replace(".", "/") for name in SAID["worker_loads"]),
		f"{SAID['demo']['name']}/__main__.py",
		SAID["demo"]["requirements"],
		SAID["demo"]["locked"],
		*(one["tests"][0] for one in SAID["commands"].values() if "tests" in one),
		*(one["module"].replace(".", "/") for one in SAID["commands"].values() if "module" in one),
	],
)
def test_what_it_names_is_there(path):
	assert (ROOT / path).exists() or (ROOT / f"{path}.py").exists()


def test_what_a_new_site_is_told_can_be_told():
	module, _, name = SAID["sites"]["call"].rpartition(".")
	tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
	(function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
	assert function.args.kwarg or set(json.loads(SAID["sites"]["arguments"])) <= {one.arg for one in function.args.args}


def test_the_demos_packages_are_known_by_their_hashes():
	wanted = (ROOT / SAID["demo"]["requirements"]).read_text(encoding="utf-8")
	locked = (ROOT / SAID["demo"]["locked"]).read_text(encoding="utf-8").replace("\\\n", " ")
	assert set(PIN.findall(wanted)) <= set(PIN.findall(locked))
	lines = [line for line in locked.splitlines() if line.strip()]
	assert [line for line in lines if not re.fullmatch(r"\S+==\S+( ; [^-]+?)?( +--hash=sha256:\w{64})+ *", line)] == []


def test_the_formatter_of_pre_commit_is_the_benchs():
	packages = json.loads((TOOL / "portable_bench/node/package.json").read_text(encoding="utf-8"))["dependencies"]
	assert f'"prettier@{packages["prettier"]}"' in (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
