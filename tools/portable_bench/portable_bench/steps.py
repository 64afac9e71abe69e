"""Steps of the set-up: each says what it does and how long it took, and leaves a stamp so that the next run resumes."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


def _always() -> bool:
	return True


@dataclass(frozen=True)
class Step:
	"""`key` names the inputs: another key than the stamped one runs the step again. `present` looks whether the result is still there."""

	name: str
	title: str
	key: Callable[[], str]
	work: Callable[[], None]
	present: Callable[[], bool] = _always


class Stamps:
	"""What has been done, one small file per step."""

	def __init__(self, folder: Path):
		self.folder = folder

	def read(self, name: str) -> str | None:
		"""Key of the last finished run, None if the step never finished."""
		try:
			return (self.folder / name).read_text(encoding="utf-8").strip() or None
		except FileNotFoundError:
			return None

	def write(self, name: str, key: str) -> None:
		"""Note that the step is done; in one move, so that an interrupt leaves the old state or the new one."""
		self.folder.mkdir(parents=True, exist_ok=True)
		new = self.folder / f".{name}.new"
		new.write_text(key + "\n", encoding="utf-8")
		os.replace(new, self.folder / name)

	def forget(self, name: str) -> None:
		"""Drop the note before the step's work begins."""
		(self.folder / name).unlink(missing_ok=True)


class Progress:
	"""Progress lines; on a terminal the running one counts the seconds."""

	def __init__(self, out: TextIO | None = None, total: int = 0):
		self.out = out or sys.stdout
		self.total = total
		self.title = ""
		self.started = 0.0
		self.live = self.out.isatty()

	def say(self, text: str) -> None:
		"""One line."""
		self._wipe()
		print(text, file=self.out, flush=True)

	def begin(self, number: int, title: str) -> None:
		"""A step starts."""
		self.title = f"[{number}/{self.total}] {title}" if self.total else title
		self.started = time.monotonic()
		if not self.live:
			print(f"{self.title} ...", file=self.out, flush=True)

	def tick(self, detail: str = "") -> None:
		"""Show that the step is alive."""
		if self.live and self.title:
			seconds = time.monotonic() - self.started
			text = f"{self.title} ... {seconds:.0f} s  {detail}"
			self.out.write("\r\033[K" + text[:110])
			self.out.flush()

	def end(self) -> None:
		"""The step is done."""
		seconds = time.monotonic() - self.started
		self._wipe()
		print(f"{self.title}: done in {seconds:.1f} s", file=self.out, flush=True)
		self.title = ""

	def _wipe(self) -> None:
		if self.live:
			self.out.write("\r\033[K")


def run_steps(steps: Iterable[Step], stamps: Stamps, progress: Progress, first: int = 1) -> int:
	"""Run what is missing or whose inputs changed, in order. Returns how many ran."""
	ran = 0
	for number, step in enumerate(steps, first):
		if stamps.read(step.name) == step.key() and step.present():
			continue
		stamps.forget(step.name)
		progress.begin(number, step.title)
		step.work()
		# The key is asked again: a step may itself bring what it depends on into being.
		stamps.write(step.name, step.key())
		progress.end()
		ran += 1
	return ran
