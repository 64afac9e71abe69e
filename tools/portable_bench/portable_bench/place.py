"""Where everything lies: the checkout and the bench under it."""

import getpass
import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from portable_bench import app as its_app
from portable_bench.app import App

PACKAGE = Path(__file__).resolve().parent
# From here the bench's Pythons import `portable_bench.inside`
HOME = PACKAGE.parent
REQUIREMENTS = PACKAGE / "requirements"
# The builder, the realtime server, and the list of npm packages
NODE = PACKAGE / "node"


@dataclass(frozen=True)
class Place:
	"""Paths of one checkout and its bench, and what is known of the app there. Nothing is created here."""

	root: Path
	app: App

	@property
	def bench(self) -> Path:
		return self.root / ".bench"

	@property
	def env(self) -> Path:
		return self.bench / "env"

	@property
	def env_python(self) -> Path:
		return self.env / "bin" / "python"

	@property
	def tools(self) -> Path:
		return self.bench / "tools-env"

	@property
	def tools_python(self) -> Path:
		return self.tools / "bin" / "python"

	@property
	def docs_env(self) -> Path:
		return self.bench / "docs-env"

	@property
	def docs_python(self) -> Path:
		return self.docs_env / "bin" / "python"

	@property
	def node(self) -> Path:
		return self.bench / "node" / "bin" / "node"

	@property
	def node_modules(self) -> Path:
		return self.bench / "node" / "node_modules"

	@property
	def bench_env(self) -> Path:
		return self.bench / "bench-env"

	@property
	def bench_command(self) -> Path:
		return self.bench_env / "bin" / "bench"

	@property
	def apps(self) -> Path:
		return self.bench / "apps"

	@property
	def sites(self) -> Path:
		return self.bench / "sites"

	@property
	def logs(self) -> Path:
		return self.bench / "logs"

	@property
	def setup_log(self) -> Path:
		return self.logs / "setup.log"

	@property
	def config(self) -> Path:
		return self.bench / "config"

	@property
	def pids(self) -> Path:
		return self.config / "pids"

	@property
	def stamps(self) -> Path:
		return self.config / "stamps"

	@property
	def services(self) -> Path:
		return self.bench / "services"

	@property
	def dumps(self) -> Path:
		return self.services / "dumps"

	@property
	def downloads(self) -> Path:
		return self.bench / "downloads"

	@property
	def mail(self) -> Path:
		return self.bench / "mail"

	def wanted(self, name: str) -> Path:
		"""A list of packages as people write it; `demo` is the app's own."""
		return self.root / self.app.demo.requirements if name == "demo" else REQUIREMENTS / f"{name}.txt"

	def locked(self, name: str) -> Path:
		"""The same with the hashes of their files: see lock.py."""
		return self.root / self.app.demo.locked if name == "demo" else REQUIREMENTS / "locked" / f"{name}.txt"

	def environment(self, **extra: str) -> dict[str, str]:
		"""Environment of everything that runs in this bench."""
		env = environment_for(self.env, **extra)
		# Last: a machine's own programs win. `bench build` calls yarn, and yarn calls node.
		more = [str(self.node.parent), str(self.node_modules / ".bin")]
		return env | {"PATH": os.pathsep.join([env["PATH"], *more])}

	def environment_inside(self, **extra: str) -> dict[str, str]:
		"""The same for the programs in inside/."""
		return self.environment(PYTHONPATH=str(HOME), **extra)


def environment_for(env_folder: Path, **extra: str) -> dict[str, str]:
	"""Environment of what runs with a bench's Python: nothing of the caller's own Python or site leaks in.

	What Python has compiled is kept, whatever the caller's environment says, and not in the checkout: without that every
	process compiles Frappe anew, some seconds each.
	"""
	env = {
		key: value
		for key, value in os.environ.items()
		if not key.startswith("FRAPPE_")
		and key not in ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
		and key not in ("CI", "MAKEFLAGS", "MFLAGS", "BENCH", "SITE")
	}
	env["PATH"] = os.pathsep.join([str(env_folder / "bin"), env.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
	env |= {"PYTHONUNBUFFERED": "1", "GIT_PYTHON_REFRESH": "quiet", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
	env["PYTHONPYCACHEPREFIX"] = str(env_folder / "bytecode")
	return env | extra


def here() -> Place:
	"""The app's checkout."""
	root = its_app.find()
	return Place(root, its_app.read(root))


def find_program(*names: str) -> str | None:
	"""First of these programs that exists, also where only root's PATH looks."""
	path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
	return next((found for name in names if (found := shutil.which(name, path=path))), None)


def user_name() -> str:
	"""Who runs this; in a container perhaps a number that has no name."""
	try:
		return getpass.getuser()
	except (KeyError, OSError):
		return str(os.getuid())


def digest(*parts: str | bytes) -> str:
	"""Short hash of some texts, each kept apart from the next."""
	total = hashlib.sha256()
	for part in parts:
		data = part.encode() if isinstance(part, str) else part
		total.update(b"%d:" % len(data))
		total.update(data)
	return total.hexdigest()[:16]


def digest_files(base: Path, files: Iterable[Path]) -> str:
	"""Hash of names and contents, independent of where the checkout lies."""
	parts: list[str | bytes] = []
	for file in sorted(set(files)):
		try:
			content = file.read_bytes()
		except FileNotFoundError:  # moved away by an editor while we look
			continue
		parts += [file.relative_to(base).as_posix(), content]
	return digest(*parts)


def inside(name: str, *arguments: str | Path) -> list[str | Path]:
	"""Words after a bench's Python for one of the programs in inside/; their environment is `environment_inside`."""
	return ["-m", f"portable_bench.inside.{name}", *arguments]


def code_inside(name: str) -> bytes:
	"""What such a program says."""
	return (PACKAGE / "inside" / f"{name}.py").read_bytes()


def _app_files(place: Place) -> list[Path]:
	found = []
	for top in place.app.code:
		for folder, subfolders, names in os.walk(place.root / top):
			subfolders[:] = [name for name in subfolders if name not in ("__pycache__", "node_modules", "public")]
			found += [Path(folder, name) for name in names if not name.endswith((".pyc", ".swp", "~"))]
	return [file for file in found if file.is_file()]


def code_key(place: Place) -> str:
	"""Changes with any file of the app: servers restart, dumps of a site with the app are made anew."""
	return digest_files(place.root, _app_files(place))


def schema_key(place: Place) -> str:
	"""Changes with the files `migrate` looks at: schema, data, hooks, patches, set-up code; not with every line of code."""

	def matters(file: Path) -> bool:
		parts = file.relative_to(place.root).parts
		return (
			file.suffix in (".json", ".yaml", ".yml", ".txt")
			or file.name == "hooks.py"
			or bool(set(place.app.schema) & set(parts[:-1]))
		)

	return digest_files(place.root, filter(matters, _app_files(place)))
