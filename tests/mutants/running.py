"""How a change is tried: in a forked child, by the unit tests that run its place, the fastest first, until one fails.

A function's code is exchanged in a process that has collected all tests already. What runs at the import is tried in a process that
imports everything with the change in it.
"""

import contextlib
import functools
import gc
import importlib.abc
import importlib.util
import os
import pickle
import re
import resource
import signal
import sys
import time
import types
from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate
from pathlib import Path

import coverage
import pytest
import yaml
from _pytest.main import pytest_runtestloop
from hypothesis import Phase, settings

from tests.mutants.drawing import ROOT, RULES, Mutant, importers, statement

SURVIVED = (0, 5)  # pytest: all well, or no test chosen
NOT_TRIED = 70  # the change could not be made in the running program
PACKAGE = "outage_response.domain"
# So many seconds of tests, the fastest first, and no more: what they do not notice has survived
PATIENCE = 8.0
Lines = dict[str, dict[int, list[str]]]


class Watching:
	"""The tests run once unchanged: which test runs which line, and how long it takes."""

	def __init__(self, measured: coverage.Coverage) -> None:
		self.measured, self.seconds = measured, {}

	@pytest.hookimpl(wrapper=True)
	def pytest_runtest_protocol(self, item):
		self.measured.switch_context(item.nodeid)
		begun = time.process_time()
		result = yield
		self.seconds[item.nodeid] = time.process_time() - begun
		self.measured.switch_context("")
		return result


class Chosen:
	"""What fails is not made smaller; of what is collected only these tests are run, in this order."""

	def __init__(self, tests: list[str]) -> None:
		self.tests = tests

	def pytest_configure(self) -> None:
		settings.register_profile("mutants", settings.get_profile("rules"), phases=(Phase.explicit, Phase.generate))
		settings.load_profile("mutants")

	def pytest_collection_finish(self, session) -> None:
		by_name = {item.nodeid: item for item in session.items}
		session.items[:] = [by_name[test] for test in self.tests if test in by_name]


class Exchanging(Chosen):
	"""All tests are collected once; each child exchanges one function and runs those that run it."""

	def __init__(self, mutants: list[Mutant], choose: Callable[[Mutant], list[str]], each: Callable) -> None:
		self.mutants, self.choose, self.each = mutants, choose, each

	def pytest_collection_finish(self, session) -> None:
		pass

	def pytest_runtestloop(self, session) -> bool:
		collected = list(session.items)

		def in_child(mutant: Mutant, tests: list[str]) -> int:
			exchange(mutant)
			session.items = collected
			self.tests = tests
			Chosen.pytest_collection_finish(self, session)
			with contextlib.suppress(session.Failed, session.Interrupted):
				pytest_runtestloop(session)
			return 1 if session.testsfailed else 0

		gc.freeze()
		self.each(self.mutants, self.choose, in_child)
		session.items.clear()
		return True


class Changed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
	"""Imports the changed module in place of the one on the disk."""

	def __init__(self, mutant: Mutant) -> None:
		self.mutant = mutant

	def find_spec(self, name, path=None, target=None):
		return importlib.util.spec_from_loader(name, self) if name == f"{PACKAGE}.{self.mutant.module}" else None

	def get_filename(self, name: str) -> str:
		return str(RULES / f"{self.mutant.module}.py")

	def get_data(self, path: str) -> bytes:
		return self.mutant.code.encode()


def exchange(mutant: Mutant) -> None:
	"""The function of the running program gets the changed code; what was kept of earlier answers is forgotten."""
	code = compile(mutant.code, str(RULES / f"{mutant.module}.py"), "exec")
	found: object = sys.modules[f"{PACKAGE}.{mutant.module}"]
	for name in mutant.function.split("."):
		code = next(one for one in code.co_consts if isinstance(one, types.CodeType) and one.co_name == name)
		found = vars(found)[name]
	for name in ("__func__", "fget", "func", "__wrapped__"):
		found = getattr(found, name, None) or found
	found.__code__ = code
	for one in gc.get_objects():
		if isinstance(one, functools._lru_cache_wrapper):
			one.cache_clear()


def pytest_main(arguments: Iterable[str], plugin: object) -> int:
	"""Quietly, in this process."""
	common = ("-x", "-q", "--no-header", "--tb=no", "--assert=plain", "-p", "no:cacheprovider")
	return pytest.main([*common, *arguments], plugins=[plugin])


def in_a_child(work: Callable[[], object]) -> object:
	"""What it returns; this process itself imports no rule."""
	end, begin = os.pipe()
	child = os.fork()
	if not child:
		silence()
		answer = pickle.dumps(work())
		with os.fdopen(begin, "wb") as out:
			out.write(answer)
		os._exit(0)
	os.close(begin)
	with os.fdopen(end, "rb") as source:
		answer = source.read()
	os.waitpid(child, 0)
	return pickle.loads(answer)


def silence() -> None:
	"""Whatever pytest says goes nowhere."""
	nowhere = os.open(os.devnull, os.O_WRONLY)
	os.dup2(nowhere, 1)


def measure() -> tuple[int, dict[str, float], Lines]:
	"""pytest's exit code; seconds of each test; module -> line -> tests that run it."""
	measured = coverage.Coverage(data_file=None, source=[str(RULES)], messages=False)
	watching = Watching(measured)
	measured.start()
	code = pytest_main(["tests/unit"], watching)
	measured.stop()
	data = measured.get_data()
	return (
		int(code),
		watching.seconds,
		{Path(file).stem: data.contexts_by_lineno(file) for file in data.measured_files()},
	)


class Trials:
	"""Tries changes by so many processes at once."""

	def __init__(self, processes: int, seconds: dict[str, float], lines: Lines) -> None:
		self.processes, self.seconds, self.lines = processes, seconds, lines
		self.results: dict[Mutant, int] = {}

	def all(self, mutants: list[Mutant]) -> dict[Mutant, int]:
		"""Exit codes of pytest, or of the signal that ended it."""
		yaml.SafeLoader = yaml.CSafeLoader  # the shipped plans are read by most tests
		of_functions = [mutant for mutant in mutants if mutant.function]
		self.results = in_a_child(lambda: self.exchanged(of_functions))
		again = [mutant for mutant in mutants if self.results.get(mutant, NOT_TRIED) == NOT_TRIED]
		print(f"{len(self.results)} tried in functions; {len(again)} are tried from the import on.", flush=True)
		self.each(again, self.of_module, self.imported)
		return self.results

	def exchanged(self, mutants: list[Mutant]) -> dict[Mutant, int]:
		pytest_main(["tests/unit"], Exchanging(mutants, self.of_statement, self.each))
		return self.results

	def imported(self, mutant: Mutant, tests: list[str]) -> int:
		sys.meta_path.insert(0, Changed(mutant))
		return int(pytest_main(sorted({test.partition("::")[0] for test in tests}), Chosen(tests))) if tests else 0

	def of_statement(self, mutant: Mutant) -> list[str]:
		"""Tests that run the place, then those of its module, in which something kept may hide that they do."""
		lines = statement(mutant.source, mutant.line)[0]
		first = self.in_order({test for line in lines for test in self.lines.get(mutant.module, {}).get(line, ())})
		others = [test for test in self.of_module(mutant) if test not in set(first)]
		return [*self.within(PATIENCE, first), *self.within(PATIENCE, others)]

	def of_module(self, mutant: Mutant) -> list[str]:
		"""Tests that run anything of the module (one of words: of those that import it), and all of files that name it, or look at
		every module; its own file's first."""
		modules = {mutant.module} if self.runs(mutant.module) else importers(mutant.module)
		tests = {test for module in modules for test in self.runs(module)}
		named = re.compile(rf"\b{mutant.module}\b|outage_response/domain")
		files = [
			file for file in (ROOT / "tests/unit").glob("test_*.py") if named.search(file.read_text(encoding="utf-8"))
		]
		names = {str(file.relative_to(ROOT)) for file in files}
		found = self.in_order(
			tests | {test for test in self.seconds if test.partition("::")[0] in names}, mutant.module
		)
		return self.within(2 * PATIENCE, found)

	def within(self, seconds: float, tests: list[str]) -> list[str]:
		"""As many of them as take no longer than this together; at least one."""
		ends = list(accumulate(self.seconds[test] for test in tests))
		return tests[: max(1, bisect_right(ends, seconds))]

	def runs(self, module: str) -> set[str]:
		"""The tests that run anything of it after the import."""
		return {test for found in self.lines.get(module, {}).values() for test in found if test}

	def in_order(self, tests: set[str], module: str = "") -> list[str]:
		own = f"tests/unit/test_{module}.py"
		known = [test for test in tests if test in self.seconds]
		return sorted(known, key=lambda test: (not test.startswith(own), self.seconds[test]))

	def each(self, mutants: list[Mutant], choose: Callable, in_child: Callable[[Mutant, list[str]], int]) -> None:
		"""Fork for each, as many at once as are allowed."""
		waiting, running = list(mutants), {}
		while waiting or running:
			while waiting and len(running) < self.processes:
				mutant = waiting.pop()
				running[self.fork(mutant, choose(mutant), in_child)] = mutant
			child, status = os.wait()
			mutant = running.pop(child)
			self.results[mutant] = os.waitstatus_to_exitcode(status)
			if self.results[mutant] in SURVIVED:
				print(f"survived: {mutant.module}.py:{mutant.line} {mutant.change[1]}", file=sys.stderr, flush=True)

	def fork(self, mutant: Mutant, tests: list[str], in_child: Callable[[Mutant, list[str]], int]) -> int:
		child = os.fork()
		if child:
			return child
		code = NOT_TRIED
		try:
			silence()
			allowed = int(10 + 3 * sum(self.seconds[test] for test in tests))
			resource.setrlimit(resource.RLIMIT_CPU, (allowed, allowed + 1))
			resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
			signal.alarm(allowed * 10)  # what sleeps uses no processor
			code = in_child(mutant, tests)
		finally:
			os._exit(code)
