"""One process of the soak: does one act after the other, each with a connection, user and transaction of its own, as a web
worker does, and writes down what it asked and what it was answered."""

import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from typing import Any

import frappe
import frappe.utils

from outage_response.flows.facts import site_time
from tests.site.another_process import attribute
from tests.site.base import Clock
from tests.site.world import user

from .acts import Act, Chooser

# how often an answered request is sent again by the same process; how often another process sends it at the same time
AGAIN, TWIN = 0.06, 0.06
REFUSED = 500  # what answers with less is a refusal in words


@dataclass
class Night:
	"""What the processes of one soak share. Nothing here has a lock that a killed process could keep.

	ahead  by how many seconds the site's clock is ahead
	over   not 0: everybody finishes what they are at
	"""

	site: str
	folder: Path
	properties: list[str]
	seed: int
	ahead: Any
	over: Any

	@classmethod
	def begin(cls, site: str, folder: Path, properties: list[str], seed: int) -> "Night":
		return cls(site, folder, properties, seed, RawValue("d", 0.0), RawValue("b", 0))


class SteppedClock(Clock):
	"""The site's clock, which somebody puts forward and back while everybody works: what it shows, and what it holds UTC to be."""

	def __init__(self, night: Night):
		self.true = frappe.utils.now_datetime
		super().__init__(datetime.now())
		self.night, self.true_utc = night, site_time.utc_now

	def read(self) -> datetime:
		return self.true() + timedelta(seconds=self.night.ahead.value)

	def utc(self) -> datetime:
		return self.true_utc() + timedelta(seconds=self.night.ahead.value)


@contextmanager
def connected(site: str, who: str = "Administrator") -> Iterator[None]:
	"""A fresh connection and transaction for one request."""
	frappe.init(site=site, sites_path=".", force=True)
	try:
		frappe.connect()
		frappe.set_user(who if "@" in who or who == "Administrator" else user(who))
		yield
	finally:
		frappe.destroy()


class Log:
	"""A process's own file: one line before each act and one after it."""

	def __init__(self, folder: Path, name: str):
		self.out = (folder / f"{name}.jsonl").open("a", encoding="utf-8")

	def write(self, **words: Any) -> None:
		self.out.write(json.dumps(words, default=str, ensure_ascii=False) + "\n")
		self.out.flush()


def read_logs(folder: Path) -> list[dict[str, Any]]:
	"""All lines of all processes; a killed one's last line may be cut off."""
	found = []
	for path in sorted(folder.glob("*.jsonl")):
		for line in path.read_text(encoding="utf-8").splitlines():
			try:
				found.append({**json.loads(line), "process": path.stem})
			except ValueError:
				continue
	return found


def perform(act: Act, log: Log, *, why: str = "") -> dict[str, Any] | None:
	"""Carry one act out in the connection that is open. Answers what it answered; None where it was refused or broke."""
	log.write(event="begun", why=why, **act.as_dict())
	began = time.monotonic()
	said: dict[str, Any] = {}
	try:
		answer = attribute(act.method)(**act.arguments)
		frappe.db.commit()
		said = {"event": "answered", "answer": answer}
		return answer
	except Exception as error:
		status = getattr(error, "http_status_code", 500)
		said = {
			"event": "refused" if status < REFUSED else "broken",
			"error": type(error).__name__,
			"text": str(error)[:500],
		}
		if status >= REFUSED:
			said["trace"] = frappe.get_traceback()[-3000:]
		_give_up_transaction()
		return None
	finally:
		log.write(seconds=round(time.monotonic() - began, 2), why=why, **act.as_dict(), **said)


def _give_up_transaction() -> None:
	try:
		frappe.db.rollback()
	except Exception:  # the database is away: so is the transaction
		return


def work(night: Night, number: int, unfinished: dict[str, Any] | None = None) -> None:
	"""Act until the night is over. `unfinished`: what the process was killed at whose place this one takes; sent again first."""
	dice = random.Random(f"{night.seed}-{number}-{os.getpid() if unfinished else 0}")
	log, chooser = Log(night.folder, f"actor-{number}-{os.getpid()}"), Chooser(dice, night.properties)
	clock = SteppedClock(night)
	clock.start()
	made = 0
	if unfinished:
		act = Act(**{key: unfinished[key] for key in ("who", "method", "arguments")})
		with connected(night.site, act.who):
			perform(act, log, why="killed")
	while not night.over.value:
		act, why = _of_another(night, number), "twin"
		try:
			if not act:
				why = ""
				with connected(night.site):
					act = chooser.next()
			if not act:
				continue
			if not why and act.is_verb:
				made += 1
				act.arguments["request_id"] = f"soak-{night.seed}-{number}-{os.getpid()}-{made}"
				if dice.random() < TWIN:
					_offer(night, number, act)
			with connected(night.site, act.who):
				answer = perform(act, log, why=why)
			if answer is not None and "request_id" in act.arguments and dice.random() < AGAIN:
				with connected(night.site, act.who):
					perform(act, log, why="again")
		except Exception as error:  # choosing what to do reads, too: with the database away it fails, and is no verb
			log.write(
				event="lost", error=type(error).__name__, text=str(error)[:300], trace=frappe.get_traceback()[-1500:]
			)
			time.sleep(0.2)


def _offer(night: Night, number: int, act: Act) -> None:
	"""The same request for another process to send at the same time: what a phone does that gave up waiting."""
	path = night.folder / f"twin-{number}-{act.arguments['request_id']}.json"
	path.with_suffix(".new").write_text(json.dumps(act.as_dict(), default=str))
	path.with_suffix(".new").rename(path)


def _of_another(night: Night, number: int) -> Act | None:
	for path in night.folder.glob("twin-*.json"):
		if path.name.startswith(f"twin-{number}-"):
			continue
		mine = path.with_suffix(f".taken-{number}")
		try:
			path.rename(mine)
		except OSError:  # somebody else has it
			continue
		return Act(**json.loads(mine.read_text()))
	return None
