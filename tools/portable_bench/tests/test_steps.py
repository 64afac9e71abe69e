"""The set-up's own machinery: steps that resume, ports, keys, and the one line an error becomes."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portable_bench import app as its_app
from portable_bench import place as places
from portable_bench import ports, system
from portable_bench.place import HOME, Place, code_key, digest, schema_key
from portable_bench.steps import Progress, Stamps, Step, run_steps
from portable_bench.trouble import Trouble, explain

EXAMPLE = Path(__file__).resolve().parent / "example"
APP = its_app.read(EXAMPLE)
USUAL = ports.usual(APP)


class Killed(BaseException):
	"""Stands for a set-up that was cut off."""


def steps_that_note(done: list[str], keys: dict[str, str], fail_at: str = "", gone: tuple[str, ...] = ()) -> list[Step]:
	def make(name: str) -> Step:
		def work() -> None:
			if name == fail_at:
				raise Killed
			done.append(name)

		return Step(name, name, lambda: keys[name], work, lambda: name not in gone or name in done)

	return [make(name) for name in keys]


def run(steps: list[Step], folder: Path) -> int:
	return run_steps(steps, Stamps(folder), Progress(io.StringIO(), len(steps)))


class TestSteps:
	def test_second_run_does_nothing(self, tmp_path):
		done: list[str] = []
		keys = {"a": "1", "b": "1"}
		assert run(steps_that_note(done, keys), tmp_path) == 2
		assert run(steps_that_note(done, keys), tmp_path) == 0
		assert done == ["a", "b"]

	def test_resumes_at_the_step_that_was_cut_off(self, tmp_path):
		done: list[str] = []
		keys = {"a": "1", "b": "1", "c": "1"}
		with pytest.raises(Killed):
			run(steps_that_note(done, keys, fail_at="b"), tmp_path)
		run(steps_that_note(done, keys), tmp_path)
		assert done == ["a", "b", "c"]

	def test_changed_inputs_run_only_their_step_again(self, tmp_path):
		done: list[str] = []
		run(steps_that_note(done, {"a": "1", "b": "1"}), tmp_path)
		run(steps_that_note(done, {"a": "1", "b": "2"}), tmp_path)
		assert done == ["a", "b", "b"]

	def test_a_step_cut_off_while_running_again_is_not_taken_for_done(self, tmp_path):
		done: list[str] = []
		run(steps_that_note(done, {"a": "1"}), tmp_path)
		with pytest.raises(Killed):
			run(steps_that_note(done, {"a": "2"}, fail_at="a"), tmp_path)
		# Back to the old inputs: the half-done work must not count as theirs.
		run(steps_that_note(done, {"a": "1"}), tmp_path)
		assert done == ["a", "a"]

	def test_result_that_was_removed_is_made_again(self, tmp_path):
		done: list[str] = []
		run(steps_that_note(done, {"a": "1"}), tmp_path)
		done.clear()
		run(steps_that_note(done, {"a": "1"}, gone=("a",)), tmp_path)
		assert done == ["a"]

	def test_each_step_says_its_time(self, tmp_path):
		out = io.StringIO()
		run_steps(steps_that_note([], {"a": "1"}), Stamps(tmp_path), Progress(out, 3))
		assert "[1/3] a: done in 0.0 s" in out.getvalue()


class TestPorts:
	def test_usual_ones_if_free(self):
		assert ports.choose(APP, {}, {}, set(), lambda port: True) == USUAL

	def test_next_one_if_taken(self):
		chosen = ports.choose(APP, {}, {}, set(), lambda port: port not in (8000, 8001))
		assert chosen["web"] == 8002

	def test_kept_one_stays_while_our_own_server_holds_it(self):
		chosen = ports.choose(APP, {"web": 8005}, {}, {"web"}, lambda port: port != 8005)
		assert chosen["web"] == 8005

	def test_kept_one_taken_by_a_stranger_moves(self):
		chosen = ports.choose(APP, {"web": 8005}, {}, set(), lambda port: port != 8005)
		assert chosen["web"] == 8006

	def test_never_twice_the_same(self):
		chosen = ports.choose(APP, {"web": 9000, "mail": 9000}, {"show_web": 9001}, set(), lambda port: True)
		assert len(set(chosen.values())) == len(USUAL)

	def test_asked_for_and_taken_is_refused_with_the_way_out(self):
		with pytest.raises(Trouble) as caught:
			ports.choose(APP, {}, {"web": 8000}, set(), lambda port: port != 8000)
		assert "Port 8000" in caught.value.line() and "LAMP_PORT_WEB" in caught.value.line()

	def test_asked_for_nonsense(self):
		with pytest.raises(Trouble) as caught:
			ports.asked_ports(APP, {"LAMP_PORT_WEB": "99999"})
		assert caught.value.code == 2

	def test_damaged_file_means_none_chosen(self, tmp_path):
		file = tmp_path / "ports.json"
		assert ports.read_ports(file) == {}
		file.write_text("{", encoding="utf-8")
		assert ports.read_ports(file) == {}
		ports.write_ports(file, {"web": 8001})
		assert ports.read_ports(file) == {"web": 8001}

	def test_another_checkouts_ports_are_taken_before_it_starts_anything(self, tmp_path):
		registry, first, second = tmp_path / "registry", tmp_path / "a/ports.json", tmp_path / "b/ports.json"
		with ports.one_at_a_time(first, registry) as others:
			assert others == set()
			ports.write_ports(first, ports.choose(APP, {}, {}, set(), lambda port: True, others))
		with ports.one_at_a_time(second, registry) as others:
			chosen = ports.choose(APP, {}, {}, set(), lambda port: True, others)
			ports.write_ports(second, chosen)
		assert not set(chosen.values()) & set(USUAL.values())
		with ports.one_at_a_time(first, registry) as others:
			assert others == set(chosen.values())
			with pytest.raises(Trouble, match="or checkout"):
				ports.choose(APP, {}, {"web": chosen["web"]}, set(), lambda port: True, others)
		second.unlink()
		with ports.one_at_a_time(first, registry) as others:
			assert others == set()

	def test_two_checkouts_choose_one_after_the_other(self, tmp_path):
		registry = tmp_path / "registry"
		code = (
			"import pathlib, sys, time\nfrom portable_bench import app, ports\nAPP = app.read(pathlib.Path(sys.argv[3]))\n"
			"file = pathlib.Path(sys.argv[1]) / 'ports.json'\n"
			"with ports.one_at_a_time(file, pathlib.Path(sys.argv[2])) as others:\n"
			"\tchosen = ports.choose(APP, {}, {}, set(), lambda port: True, others)\n"
			"\ttime.sleep(0.3)\n\tports.write_ports(file, chosen)\n"
		)
		both = [
			subprocess.Popen([sys.executable, "-c", code, str(tmp_path / name), str(registry), str(EXAMPLE)], cwd=HOME)
			for name in "ab"
		]
		assert [one.wait(20) for one in both] == [0, 0]
		mine, theirs = (set(ports.read_ports(tmp_path / name / "ports.json").values()) for name in "ab")
		assert mine and theirs and not mine & theirs

	def test_a_listening_port_is_not_free(self):
		import socket

		with socket.socket() as server:
			server.bind(("127.0.0.1", 0))
			server.listen()
			port = server.getsockname()[1]
			assert not ports.is_free(port)


class TestKeys:
	@pytest.fixture
	def kept(self, place):
		for name in ("lamp_care/hooks.py", "lamp_care/rules/wick.py", "lamp_care/m/d.json", "roles/role.json"):
			file = place.root / name
			file.parent.mkdir(parents=True, exist_ok=True)
			file.write_text("x", encoding="utf-8")
		return place

	@pytest.mark.parametrize(
		"name", ["lamp_care/m/d.json", "lamp_care/hooks.py", "lamp_care/setup/seed.py", "roles/role.json"]
	)
	def test_schema_changes_with_what_migrate_looks_at(self, kept, name):
		before = schema_key(kept)
		(kept.root / name).parent.mkdir(exist_ok=True)
		(kept.root / name).write_text("y", encoding="utf-8")
		assert schema_key(kept) != before

	def test_a_line_of_code_restarts_but_does_not_migrate(self, kept):
		schema, code = schema_key(kept), code_key(kept)
		(kept.root / "lamp_care/rules/wick.py").write_text("y", encoding="utf-8")
		assert schema_key(kept) == schema
		assert code_key(kept) != code

	def test_compiled_files_and_other_folders_count_for_nothing(self, kept):
		before = code_key(kept)
		for name in ("lamp_care/__pycache__/hooks.cpython-311.pyc", "tests/unit/test_wick.py"):
			(kept.root / name).parent.mkdir(parents=True)
			(kept.root / name).write_bytes(b"x")
		assert code_key(kept) == before

	def test_a_checkout_that_was_moved_has_the_same_keys(self, kept, tmp_path_factory):
		there = tmp_path_factory.mktemp("moved") / "checkout"
		before = code_key(kept), schema_key(kept)
		kept.root.rename(there)
		assert (code_key(Place(there, kept.app)), schema_key(Place(there, kept.app))) == before

	def test_parts_do_not_run_together(self):
		assert digest("ab", "c") != digest("a", "bc")


class TestTrouble:
	@pytest.mark.parametrize(
		("output", "expected"),
		[
			("WARNING: Retrying ... Temporary failure in name resolution", "package index does not answer"),
			("NewConnectionError: Failed to establish a new connection", "package index does not answer"),
			("OSError: [Errno 28] No space left on device", "disk is full"),
			("E: Could not get lock /var/lib/dpkg/lock-frontend", "apt's lock"),
			("dpkg: error: dpkg frontend lock was locked by another process with pid 7", "apt's lock"),
			("E: dpkg was interrupted, you must manually run 'dpkg --configure -a'", system.INTERRUPTED),
			("ERROR: something else\n", "something else"),
			("ERROR: Cannot install x\nERROR: for help visit a page\nbye\n", "Cannot install x"),
			("npm error code ECONNREFUSED\nnpm error errno ECONNREFUSED", "package index does not answer"),
			("npm error code EINTEGRITY\nnpm error sha512-x integrity checksum failed\n", "EINTEGRITY"),
			("error: public/js/a.bundle.js:3: No such thing\n  more", "a.bundle.js:3: No such thing"),
			("", "no output"),
			(
				"ModuleNotFoundError: No module named 'cffi'\nERROR: Failed building wheel for cairocffi",
				"(ERROR: Failed building wheel for cairocffi)",
			),
		],
	)
	def test_output_of_a_failed_program_becomes_one_line(self, output, expected):
		line = explain(output, "installing the tools", "the log").line()
		assert expected in line and "Way out:" in line and "\n" not in line

	def test_no_room(self):
		with pytest.raises(Trouble, match="GB are free"):
			system.check_room(1024**3)
		system.check_room(4 * 1024**3)

	def test_not_root(self):
		trouble = system.refuse_install(["mariadb-server"], uid=1000, apt="/usr/bin/apt-get")
		assert trouble and "apt-get install --no-install-recommends mariadb-server" in trouble.line()
		assert system.refuse_install(["mariadb-server"], uid=0, apt="/usr/bin/apt-get") is None
		assert system.refuse_install(["mariadb-server"], uid=0, apt=None)

	@pytest.mark.parametrize(
		("first_answer", "expected"),
		[
			("", ["apt-get update", "apt-get install"]),
			(
				f"E: {system.INTERRUPTED}, you must",
				["apt-get update", "apt-get install", "dpkg --configure", "apt-get install"],
			),
		],
	)
	def test_what_was_cut_off_is_put_right_once_apt_has_waited(
		self, monkeypatch, tmp_path, place, first_answer, expected
	):
		called, answers = [], ["", first_answer, "", ""]

		def run_logged(command, *, doing, **_options):
			verb = "install" if "install" in command else command[-2]
			called.append(f"{command[0]} {verb}")
			if answer := answers[len(called) - 1]:
				raise explain(answer, doing, "the log")

		for name, value in (
			("run_logged", run_logged),
			("refuse_install", lambda *_: None),
			("find_program", lambda *names: names[0] if names[0] == "apt-get" else None),
			("POLICY", tmp_path / "policy-rc.d"),
		):
			monkeypatch.setattr(system, name, value)
		system.install_packages(place, ["chromium"], Progress(io.StringIO()))
		assert called == expected

	def test_path_the_framework_cannot_bear(self):
		system.check_path(Path("/home/me/lamp-care_1.0"))
		with pytest.raises(Trouble) as caught:
			system.check_path(Path("/home/me/my projects/lamp"))
		assert caught.value.code == 2

	def test_newer_python_without_3_11_beside_it(self, monkeypatch):
		monkeypatch.setattr(system.sys, "version_info", (3, 13, 0))
		monkeypatch.setattr(system, "find_program", lambda *names: None)
		with pytest.raises(Trouble, match=r"needs Python 3\.11"):
			system.choose_python()
		assert system.python_for_tools() == system.sys.executable


def test_somebody_without_a_name_is_called_by_number(monkeypatch):
	def nobody():
		raise KeyError("getpwuid(): uid not found: 4711")

	monkeypatch.setattr(places.getpass, "getuser", nobody)
	assert places.user_name() == str(os.getuid())


def test_environment_keeps_the_callers_python_out(monkeypatch, place):
	leaks = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "FRAPPE_SITE", "BENCH", "CI")
	for name in leaks:
		monkeypatch.setenv(name, "x")
	env = place.environment(EXTRA="y")
	assert not set(leaks) & set(env)
	assert env["EXTRA"] == "y" and env["PATH"].startswith(str(place.root))
	assert place.environment_inside()["PYTHONPATH"] == str(HOME)
