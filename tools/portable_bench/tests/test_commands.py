"""The commands: what is run where, what a given bench must be, and what is written into the bench's files."""

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from portable_bench import app as its_app
from portable_bench import bench, checks, demo, existing, processes, sites, up
from portable_bench.inside import worker
from portable_bench.place import HOME, Place
from portable_bench.ports import usual
from portable_bench.steps import Progress
from portable_bench.trouble import Trouble

EXAMPLE = Path(__file__).resolve().parent / "example"
APP = its_app.read(EXAMPLE)
USUAL = usual(APP)
HERE = Place(EXAMPLE, APP)
UNIT = list(APP.tests.unit)


@pytest.mark.parametrize(
	("given", "unit", "site", "browser"),
	[
		([], UNIT, ["tests/site"], ["tests/browser"]),
		(["-k", "wick"], [*UNIT, "-k", "wick"], ["tests/site", "-k", "wick"], ["tests/browser", "-k", "wick"]),
		(["tests/unit/test_wick.py", "-x"], ["tests/unit/test_wick.py", "-x"], [], []),
		(["parts/shade/tests/test_a.py"], ["parts/shade/tests/test_a.py"], [], []),
		(["tests/site"], [], ["tests/site"], []),
		(["tests/browser/test_a.py", "-x"], [], [], ["tests/browser/test_a.py", "-x"]),
		(["tests"], UNIT, ["tests/site"], ["tests/browser"]),
		(["tests/unit", "tests/site/test_a.py::A"], ["tests/unit"], ["tests/site/test_a.py::A"], []),
	],
)
def test_which_tests_run_where(given, unit, site, browser):
	assert checks.planned(APP.tests, given) == (unit, site, browser)


@pytest.mark.parametrize(
	"name", ["tests/unti", "tests/units", "tests/test_wick.py", "tests/__init__.py", "parts/shade"]
)
def test_what_belongs_to_no_kind_of_tests_is_told(name):
	with pytest.raises(Trouble, match="belongs to no kind") as caught:
		checks.planned(APP.tests, ["tests/site", name])
	assert caught.value.code == 2


def test_a_named_test_that_is_not_there_is_told(place):
	(place.root / "tests/unit").mkdir(parents=True)
	(place.root / "tests/unit/test_wick.py").touch()
	for name in ("tests/unit/test_wcik.py", "tests/site/test_wcik.py::A", "parts/shade/tests/wcik"):
		with pytest.raises(Trouble, match=r"There is no (tests|parts)/.*wcik") as caught:
			checks.test(place, None, ["tests/unit/test_wick.py", name, "-x"], Progress(io.StringIO()))
		assert caught.value.code == 2


class TestCommandsOfTheApp:
	"""What is run for them, on this bench and on one that is given."""

	@pytest.fixture
	def called(self, monkeypatch):
		calls = []
		monkeypatch.setattr(checks, "_call", lambda *call: calls.append(call) or 0)
		monkeypatch.setattr(checks, "up", lambda *_: USUAL)
		monkeypatch.setattr(checks, "ensure_tools", lambda *_: None)
		monkeypatch.setattr(checks, "pytest_command", lambda *_: ["-m", "pytest"])
		return calls

	def test_on_this_bench(self, place, called):
		checks.of_the_app(place, APP.commands["long"], None, ["--minutes", "3"], Progress(io.StringIO()))
		((command, folder, environment),) = called
		assert command == [str(place.env_python), "-m", "tests.long", "--minutes", "3", "--rough"]
		assert folder == place.root and environment["PYTHONPATH"] == str(place.root)
		assert environment["LAMP_SITE"] == "lamp.localhost" and environment["LAMP_BENCH"] == str(place.bench)
		assert environment["LAMP_BENCH_COMMAND"] == f"{sys.executable} {HOME}"

	def test_by_the_tools_without_a_bench(self, place, called):
		own = replace(APP.commands["long"], by_tools=True)
		checks.of_the_app(place, own, None, ["--seed", "7"], Progress(io.StringIO()))
		((command, folder, _environment),) = called
		assert command == [str(place.tools_python), "-m", "tests.long", "--seed", "7"]
		assert folder == place.root

	def test_on_a_bench_that_is_given(self, place, called, tmp_path):
		target = existing.Target(tmp_path / "theirs", "a.localhost")
		for name in ("long", "doors"):
			checks.of_the_app(place, APP.commands[name], target, ["-x"], Progress(io.StringIO()))
		(long, _, first), (doors, _, second) = called
		python = str(target.python)
		assert long == [python, "-m", "tests.long", "-x"]
		assert doors == [python, "-m", "pytest", "tests/site/test_doors.py", "-s", "-x"]
		assert "LAMP_BENCH_COMMAND" not in first and second["LAMP_ALL_DOORS"] == "1" and "PATH" in second


def test_verdict():
	assert checks.verdict({"a": 0, "b": 1}, narrowed=False) == ["b"]
	assert checks.verdict({"a": 5}, narrowed=False) == ["a"]
	assert checks.verdict({"a": 5}, narrowed=True) == []


@pytest.mark.parametrize(("value", "wanted"), [("0", False), ("no", False), ("1", True), ("", True)])
def test_serving(value, wanted):
	assert demo.wants_serving({"SERVE": value}) is wanted
	assert demo.wants_serving({})


@pytest.fixture
def some_bench(tmp_path):
	for name in ("env/bin", "sites/a.localhost", "apps/lamp_care"):
		(tmp_path / name).mkdir(parents=True)
	(tmp_path / "env/bin/python").touch()
	(tmp_path / "sites/common_site_config.json").write_text('{"webserver_port": 8123}', encoding="utf-8")
	(tmp_path / "sites/a.localhost/site_config.json").write_text('{"allow_tests": true}', encoding="utf-8")
	return tmp_path


class TestExistingBench:
	def test_none_given(self):
		assert existing.existing_target(HERE, None, None) is None
		assert existing.existing_target(HERE, "", "") is None

	def test_good(self, some_bench):
		target = existing.existing_target(HERE, str(some_bench), "a.localhost")
		assert target and target.url == "http://a.localhost:8123"

	@pytest.mark.parametrize(("path", "site"), [("/x", None), (None, "a.localhost")])
	def test_one_without_the_other(self, path, site):
		with pytest.raises(Trouble, match="without") as caught:
			existing.existing_target(HERE, path, site)
		assert caught.value.code == 2

	def test_not_a_bench(self, tmp_path):
		with pytest.raises(Trouble, match="is not a bench"):
			existing.existing_target(HERE, str(tmp_path), "a.localhost")

	def test_no_such_site(self, some_bench):
		with pytest.raises(Trouble, match="has no site"):
			existing.existing_target(HERE, str(some_bench), "b.localhost")

	def test_without_the_app(self, some_bench):
		(some_bench / "apps/lamp_care").rmdir()
		with pytest.raises(Trouble, match="has no app"):
			existing.existing_target(HERE, str(some_bench), "a.localhost")

	def test_site_that_does_not_allow_tests(self, some_bench):
		(some_bench / "sites/a.localhost/site_config.json").write_text("{}", encoding="utf-8")
		with pytest.raises(Trouble, match="does not allow tests"):
			existing.existing_target(HERE, str(some_bench), "a.localhost")

	def test_other_code_is_told(self, some_bench):
		target = existing.existing_target(HERE, str(some_bench), "a.localhost")
		assert "not this checkout" in existing.other_code(target, HERE)
		(some_bench / "apps/lamp_care").rmdir()
		(some_bench / "apps/lamp_care").symlink_to(EXAMPLE)
		assert existing.other_code(target, HERE) is None


class TestFiles:
	@pytest.fixture
	def place(self, place):
		(place.apps / "frappe/frappe/public").mkdir(parents=True)
		return place

	def test_written_once(self, place):
		assert bench.write_files(place, USUAL) is True
		assert bench.write_files(place, USUAL) is False
		config = json.loads((place.sites / "common_site_config.json").read_text(encoding="utf-8"))
		assert config["socketio_port"] and config["frappe_user"] and config["mail_port"] == USUAL["mail"]
		assert (place.sites / "apps.txt").read_text(encoding="utf-8") == "frappe\nlamp_care\n"
		for name in ("assets.json", "assets-rtl.json"):
			assert json.loads((place.sites / "assets" / name).read_text(encoding="utf-8"))
		assert (place.sites / "assets" / "frappe").is_dir()

	def test_what_others_wrote_stays(self, place):
		bench.write_files(place, USUAL)
		config = place.sites / "common_site_config.json"
		bench.write_json(config, bench.read_json(config) | {"server_script_enabled": 1})
		(place.sites / "apps.txt").write_text("frappe\nlamp_care\ncrm", encoding="utf-8")
		(place.sites / "assets/assets.json").write_text('{"a.js": "/assets/a.js"}', encoding="utf-8")
		bench.write_files(place, USUAL | {"web": 8010})
		assert bench.read_json(config)["server_script_enabled"] == 1
		assert bench.read_json(config)["webserver_port"] == 8010
		assert (place.sites / "apps.txt").read_text(encoding="utf-8") == "frappe\nlamp_care\ncrm\n"
		assert bench.read_json(place.sites / "assets/assets.json") == {"a.js": "/assets/a.js"}


class TestSites:
	@pytest.mark.parametrize("name", ["show.localhost", "uninstall-2.localhost"])
	def test_names(self, name):
		assert sites.check_name(name) == name

	@pytest.mark.parametrize("name", ["", "../x.y", "a b.c", "A.localhost", "localhost", "x'; DROP.y", "-a.b"])
	def test_no_names(self, name):
		with pytest.raises(Trouble):
			sites.check_name(name)

	def test_address(self):
		assert sites.address(APP, "lamp.localhost", USUAL) == f"http://lamp.localhost:{USUAL['web']}"
		assert sites.address(APP, "show.localhost", USUAL) == f"http://127.0.0.1:{USUAL['show_web']}"


SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Pong(BaseHTTPRequestHandler):
	def do_GET(self):
		self.send_response(200)
		self.end_headers()

HTTPServer.allow_reuse_address = False
HTTPServer(("127.0.0.1", int(sys.argv[1])), Pong).serve_forever()
"""


def free_port() -> int:
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


@contextlib.contextmanager
def another_server():
	"""The server of another checkout, which answers as ours would."""
	port = free_port()
	other = subprocess.Popen([sys.executable, "-c", SERVER, str(port)])
	try:
		end = time.monotonic() + 10
		while socket.socket().connect_ex(("127.0.0.1", port)):
			assert time.monotonic() < end
			time.sleep(0.02)
		yield port
	finally:
		other.kill()
		other.wait()


class TestProcesses:
	def test_started_known_and_stopped_by_its_own_pid(self, tmp_path, place):
		assert processes.ensure(place, "sleeper", ["sleep", "60"], cwd=tmp_path)
		processes.wait_until(place, "sleeper", lambda: bool(processes.running_pid(place, "sleeper")), 5, "")
		assert not processes.ensure(place, "sleeper", ["sleep", "60"], cwd=tmp_path)
		first = processes.running_pid(place, "sleeper")
		assert processes.ensure(place, "sleeper", ["sleep", "61"], cwd=tmp_path)
		processes.wait_until(place, "sleeper", lambda: bool(processes.running_pid(place, "sleeper")), 5, "")
		assert processes.running_pid(place, "sleeper") != first
		assert processes.stop(place, "sleeper")
		assert not processes.stop(place, "sleeper")

	def test_a_stranger_with_the_noted_pid_is_left_alone(self, tmp_path, place):
		place.pids.mkdir(parents=True)
		stranger = subprocess.Popen(["sleep", "60"])
		try:
			processes.pid_file(place, "web").write_text(str(stranger.pid), encoding="utf-8")
			assert processes.running_pid(place, "web") is None
			assert not processes.stop(place, "web")
			assert stranger.poll() is None
		finally:
			stranger.kill()
			stranger.wait()

	def test_one_that_ends_while_it_is_being_stopped(self, monkeypatch, tmp_path, place):
		gone = subprocess.Popen(["true"])
		gone.wait()
		asked = iter([gone.pid, None, None])
		monkeypatch.setattr(processes, "running_pid", lambda *_: next(asked))
		assert processes.stop(place, "web")

	def test_ready_is_who_was_started_here_and_not_who_else_answers(self, tmp_path, place):
		(place.sites / "a.localhost").mkdir(parents=True)
		serve = [sys.executable, "-c", SERVER]
		with another_server() as port:
			# as a server whose port somebody else's has: it tries, and ends
			processes.start(place, "web", [*serve, str(port)], cwd=tmp_path)
			with pytest.raises(Trouble, match="Address already in use"):
				up.wait_for_web(place, "web", port, "a.localhost")
			free = free_port()
			processes.start(place, "web", [*serve, str(free)], cwd=tmp_path)
			try:
				up.wait_for_web(place, "web", free, "a.localhost")
				assert processes.listens(place, "web", free) and not processes.listens(place, "web", port)
			finally:
				processes.stop(place, "web")

	def test_one_that_ends_at_once_is_told_with_its_last_words(self, tmp_path, place):
		processes.start(place, "web", ["/bin/sh", "-c", "echo address already in use; sleep 0.3; exit 1"], cwd=tmp_path)
		with pytest.raises(Trouble, match="address already in use"):
			processes.wait_until(place, "web", lambda: False, 5, "look")


@pytest.mark.parametrize("words", [["x", "--load", "a,b", "urgent"], ["x", "urgent", "--load", "a,b"]])
def test_a_worker_is_told_its_queue_and_what_to_read(words):
	options = worker.told(words)
	assert (options.sites, options.queue, options.load) == ("x", "urgent", "a,b")
	assert worker.told(["x", "--load", "a"]).queue is None


class TestCommandLine:
	def call(self, *words: str, **env: str) -> subprocess.CompletedProcess:
		clean = {key: value for key, value in os.environ.items() if key not in ("BENCH", "SITE")}
		clean[its_app.ASKED] = str(EXAMPLE)
		return subprocess.run(
			[sys.executable, "-m", "portable_bench", *words], cwd=HOME, env=clean | env, capture_output=True, text=True
		)

	def test_bench_without_site_is_one_line(self):
		done = self.call("demo", BENCH="/nowhere")
		assert done.returncode == 2
		assert "BENCH was given without SITE" in done.stderr and "Way out:" in done.stderr
		assert len(done.stderr.strip().splitlines()) == 1

	def test_bench_that_is_none(self, tmp_path):
		done = self.call("test", "--bench", str(tmp_path), "--site", "a.localhost")
		assert done.returncode == 2 and "is not a bench" in done.stderr and "Traceback" not in done.stderr

	def test_main_site_is_not_thrown_away_by_name(self):
		done = self.call("drop-site", "lamp.localhost")
		assert done.returncode == 2 and "has its own command" in done.stderr


def test_clean_leaves_a_folder_it_did_not_make(tmp_path, place):
	(tmp_path / ".bench").mkdir()
	(tmp_path / ".bench" / "mine").touch()
	with pytest.raises(Trouble, match="was not made by"):
		up.clean(place, Progress())
	assert (tmp_path / ".bench" / "mine").exists()


def test_clean_goes_on_with_what_a_cut_off_one_left(tmp_path, place):
	left = tmp_path / ".bench-removed-4711"
	for is_there in (False, True):
		(left / "sites").mkdir(parents=True)
		if is_there:
			place.bench.mkdir()
		up.clean(place, Progress(io.StringIO()))
		assert list(tmp_path.iterdir()) == []


def test_a_set_up_removes_what_a_cut_off_clean_left(tmp_path, place):
	(tmp_path / ".bench-removed-4711").mkdir()
	with up.alone(place, Progress(io.StringIO())):
		assert [path.name for path in tmp_path.iterdir()] == [".bench"]


def test_nobody_else_looks_into_the_bench(tmp_path, place):
	place.bench.mkdir(mode=0o755)
	for _already in range(2):
		with up.alone(place, Progress(io.StringIO())):
			assert place.bench.stat().st_mode & 0o777 == 0o700


@contextlib.contextmanager
def held(folder: Path, words: str = "time.sleep(60)"):
	"""Another process that holds the lock of the bench there, and then does this."""
	hold = (
		"import os, sys, time; sys.path.insert(0, sys.argv[2]); from pathlib import Path; from portable_bench import app;"
		"from portable_bench.place import Place; from portable_bench.steps import Progress; from portable_bench.up import alone\n"
		f"with alone(Place(Path(sys.argv[1]), app.read(Path(sys.argv[3]))), Progress()):\n\tprint('held', flush=True); {words}"
	)
	command = [sys.executable, "-c", hold, str(folder), str(HOME), str(EXAMPLE)]
	first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
	try:
		assert first.stdout.readline() == "held\n"
		yield first
	finally:
		first.kill()
		first.wait()


def test_a_set_up_that_waited_for_clean_begins_anew(tmp_path, place):
	aside = "time.sleep(0.5); os.rename(sys.argv[1] + '/.bench', sys.argv[1] + '/aside')"
	with held(tmp_path, aside), up.alone(place, Progress(io.StringIO())):
		assert (tmp_path / "aside").exists()
		assert (place.bench / "README").exists() and (place.bench / ".lock").exists()


def test_a_second_set_up_waits_for_the_first(tmp_path, place):
	with held(tmp_path) as first:
		began = time.monotonic()
		subprocess.Popen(["/bin/sh", "-c", f"sleep 0.5; kill -{signal.SIGKILL.value} {first.pid}"])
		# A killed one leaves no lock behind.
		with up.alone(place, Progress()):
			assert time.monotonic() - began > 0.3


class TestBeside:
	"""Runs that share nothing go on at the same time."""

	def run(self, name: str, code: str) -> checks.Run:
		return checks.Run(name, f"{name}:", [sys.executable, "-c", code], HOME)

	def test_both_are_told_and_each_counts(self, tmp_path, capfd):
		wait = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"
		here = [self.run("here", f"import sys; sys.argv.append({str(tmp_path / 'met')!r})\n{wait}")]
		first = self.run("first", f"open({str(tmp_path / 'met')!r}, 'w'); print('seen to the end')")
		beside = [first, self.run("second", "raise SystemExit(3)")]
		codes = checks.run_beside(here, beside, tmp_path / "logs", Progress())
		assert codes == {"here": 0, "first": 0, "second": 3}
		told = capfd.readouterr().out
		assert told.index("here:") < told.index("first:") < told.index("seen to the end") < told.index("second:")

	def test_nothing_goes_on_when_it_is_broken_off(self, tmp_path, monkeypatch):
		def broken_off(*_):
			while not (tmp_path / "began").exists():
				time.sleep(0.01)
			raise KeyboardInterrupt

		monkeypatch.setattr(checks, "_call", broken_off)
		slow = self.run("slow", f"import time; open({str(tmp_path / 'began')!r}, 'w'); time.sleep(60)")
		began = time.monotonic()
		with pytest.raises(KeyboardInterrupt):
			checks.run_beside([self.run("here", "")], [slow, slow], tmp_path, Progress(io.StringIO()))
		assert time.monotonic() - began < 30


class TestInABrowser:
	"""Where tests/browser cannot run, one loud line says so; nothing fails but in CI."""

	def told(self, monkeypatch, place, **env) -> tuple[dict, str]:
		monkeypatch.delenv("LAMP_URL", raising=False)
		for name, value in env.items():
			monkeypatch.setenv(name, value)
		out = io.StringIO()
		target = existing.Target(place.root / "theirs", "a.localhost", "http://a.localhost:8000")
		return checks.browser_environment(place, target, Progress(out)), out.getvalue()

	def test_nobody_serves_somebodys_bench(self, monkeypatch, place):
		monkeypatch.setattr(checks, "served", lambda url: False)
		needed, said = self.told(monkeypatch, place)
		assert not needed and "SKIPPED" in said and "http://a.localhost:8000" in said and "LAMP_URL" in said

	def test_a_bench_that_is_served_needs_no_address(self, monkeypatch, place):
		monkeypatch.setattr(checks, "find_program", lambda *names: "/usr/bin/chromium")
		monkeypatch.setattr(checks, "served", lambda url: True)
		needed, _said = self.told(monkeypatch, place)
		assert needed["LAMP_URL"] == "http://a.localhost:8000"

	@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
	def test_skipped_counts_as_failed_where_nobody_reads_the_line(self, monkeypatch, place, capsys, ci, code):
		for name in ("ensure_tools", "_lint"):
			monkeypatch.setattr(checks, name, lambda *_: {})
		(place.root / "tests/browser").mkdir(parents=True)
		monkeypatch.setattr(checks, "served", lambda url: False)
		monkeypatch.setenv("CI", ci)
		target = existing.Target(place.root, "a.localhost", "http://a.localhost:8000")
		assert checks.test(place, target, ["tests/browser"], Progress(io.StringIO())) == code
		assert ("in a browser, which were skipped" in capsys.readouterr().err) is bool(code)

	def test_served(self):
		with socket.create_server(("127.0.0.1", 0)) as server:
			port = server.getsockname()[1]
			assert checks.served(f"http://a.localhost:{port}") and checks.served(f"http://127.0.0.1:{port}")
		assert not checks.served(f"http://a.localhost:{port}")

	def test_no_chromium_and_no_way_to_install_it(self, monkeypatch, place):
		monkeypatch.setattr(checks, "find_program", lambda *names: None)
		monkeypatch.setattr(checks, "served", lambda url: True)
		needed, said = self.told(monkeypatch, place, LAMP_URL="http://a.localhost:8000")
		assert not needed and "SKIPPED" in said and "apt-get install chromium" in said

	def test_all_there(self, monkeypatch, place):
		monkeypatch.setattr(checks, "find_program", lambda *names: "/usr/bin/chromium")
		monkeypatch.setattr(checks, "served", lambda url: True)
		needed, said = self.told(monkeypatch, place, LAMP_URL="http://a.localhost:8000")
		assert needed["LAMP_URL"] == "http://a.localhost:8000" and not said
		assert needed["LAMP_AXE"] == str(place.node_modules / "axe-core/axe.min.js")
