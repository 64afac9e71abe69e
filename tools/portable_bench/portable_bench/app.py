"""What the tool knows of the app that it serves: what stands in `bench.toml` in the app's checkout (see the README), and nothing else."""

import dataclasses
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portable_bench.trouble import Trouble

FILE = "bench.toml"
# Names the app's checkout where it is not the one that this tool lies in
ASKED = "PORTABLE_BENCH_APP"


@dataclass(frozen=True)
class Logo:
	"""The app's own picture, twice; it stands where the framework shows a company's."""

	svg: str
	png: str


@dataclass(frozen=True)
class Sites:
	"""Names of the sites that the bench makes by itself, and what holds for every site."""

	main: str
	demo: str
	browser: str
	country: str
	time_zone: str
	language: str = "en"
	mail_from: str = "bench@example.com"
	# A function of the app for each site that was just made, and its arguments as JSON
	call: str = ""
	arguments: str = "{}"


@dataclass(frozen=True)
class Screen:
	"""A page worth opening after the demo."""

	who: str
	path: str
	what: str


@dataclass(frozen=True)
class Demo:
	"""The package in the checkout that `demo` runs, and what it needs beside the framework."""

	name: str
	requirements: str
	locked: str
	modules: tuple[str, ...]
	when_served: Mapping[str, str] = field(default_factory=dict)
	screens: tuple[Screen, ...] = ()


@dataclass(frozen=True)
class Tests:
	"""Folders of the three kinds of tests, and the one file that makes a site of its own."""

	unit: tuple[str, ...]
	site: str
	browser: str
	own_site: str = ""
	handed_on: tuple[str, ...] = ()

	@property
	def kinds(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
		"""Without a site, on a site, in a browser."""
		return self.unit, (self.site,), (self.browser,)

	@property
	def folders(self) -> tuple[str, ...]:
		return tuple(folder for kind in self.kinds for folder in kind)


@dataclass(frozen=True)
class Command:
	"""A command of the app's own: a module that the bench's Python runs, or some tests on the main site."""

	help: str
	module: str = ""
	tests: tuple[str, ...] = ()
	# The module is run by the Python of the tools, and needs no bench
	by_tools: bool = False
	# Further words, where the bench is this tool's own
	on_own_bench: tuple[str, ...] = ()
	environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class App:
	"""All that is particular to the app."""

	name: str
	# Of the names in the environment that its tests and its demo are told
	prefix: str
	logo: Logo
	sites: Sites
	demo: Demo
	tests: Tests
	# Folders whose change starts servers anew and makes sites anew; in them those that `migrate` looks at whole
	code: tuple[str, ...]
	schema: tuple[str, ...] = ()
	# Packages and modules that a worker has read before it begins
	worker_loads: tuple[str, ...] = ()
	# Queues with a worker of their own, and how long a job may take there, in seconds
	queues: Mapping[str, int] = field(default_factory=dict)
	# What lies outside docs/ and belongs to its site: file of the checkout -> page
	pages: Mapping[str, str] = field(default_factory=dict)
	commands: Mapping[str, Command] = field(default_factory=dict)

	def variable(self, name: str) -> str:
		"""How the environment calls it."""
		return f"{self.prefix}_{name}"

	def variables(self, **values: object) -> dict[str, str]:
		"""For the environment of the app's tests and demo."""
		return {self.variable(name): str(value) for name, value in values.items()}

	@property
	def own_sites(self) -> tuple[str, str, str]:
		return self.sites.main, self.sites.demo, self.sites.browser

	@property
	def demo_web(self) -> str:
		"""The program that serves the demo's site, and its port."""
		return f"{self.demo.name}_web"


def find(environ: Mapping[str, str] = os.environ) -> Path:
	"""The app's checkout: the one that is named, the one that this tool lies in, or the one that the current folder lies in."""
	asked = environ.get(ASKED)
	if asked:
		return Path(asked).expanduser().resolve()
	for start in (Path(__file__).resolve().parent, Path.cwd()):
		for folder in (start, *start.parents):
			if (folder / FILE).is_file():
				return folder
	raise Trouble(
		f"There is no {FILE} here, nor in a folder above.",
		f"go to the app's checkout, or name it: {ASKED}=/path",
		code=2,
	)


def read(root: Path) -> App:
	"""Raises Trouble where the file is not there, or says what nobody understands."""
	try:
		said = tomllib.loads((root / FILE).read_text(encoding="utf-8"))
		said["logo"] = _made(Logo, said.get("logo", {}), "logo")
		said["sites"] = _made(Sites, said.get("sites", {}), "sites")
		demo = said.get("demo", {})
		demo["screens"] = [_made(Screen, screen, "demo.screens") for screen in demo.get("screens", [])]
		said["demo"] = _made(Demo, demo, "demo")
		said["tests"] = _made(Tests, said.get("tests", {}), "tests")
		commands = said.get("commands", {})
		said["commands"] = {name: _made(Command, one, f"commands.{name}") for name, one in commands.items()}
		json.loads(said["sites"].arguments)
		return _made(App, said, "the file")
	except FileNotFoundError:
		raise Trouble(f"There is no {FILE} in {root}.", "name the app's checkout.", code=2) from None
	except (ValueError, AttributeError) as error:
		raise Trouble(
			f"{root / FILE} cannot be read ({error}).", "mend it; the README of the tool explains it.", code=2
		) from None


def _made(kind: type, said: Mapping[str, Any], where: str) -> Any:
	fields = {one.name: one for one in dataclasses.fields(kind)}
	unknown = [name for name in said if name not in fields]
	missing = [
		name
		for name, one in fields.items()
		if name not in said and one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
	]
	if unknown or missing:
		raise ValueError(
			f"{where}: " + ", ".join([*(f"no {name}" for name in missing), *(f"what is {name}?" for name in unknown)])
		)
	return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in said.items()})
