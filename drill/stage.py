"""What the scenes are told with: time passes, somebody does something through the API, and the account says so."""

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from . import account
from .client import Person, Refused, Server
from .server import FORMAT

OPEN = ["Open", "Acknowledged", "In Progress", "On Post"]
TASK_FIELDS = ["name", "step_key", "title", "subject_label", "status", "due_at", "priority", "_assign", "held_until"]
NOW_SHOWN = 3
STEP_CLOCKS = (("first_ring", "first_rung_at"), ("acknowledged", "acknowledged_at"), ("on_scene", "on_scene_at"))


class Surprise(Exception):
	"""The app did something else than the drill's story says: the drill ends, since its figures would mean nothing."""


class Stage:
	"""One outage being played. `incident` is the one that steps are looked for in."""

	def __init__(self, server: Server, crew: dict[str, Person]):
		self.server, self.crew = server, crew
		self.incident = ""
		self.incidents: dict[str, str] = {}
		self.expected_minutes: dict[str, int] = {}
		self.names = {person.user: person.staff.name for person in crew.values()}

	# ------------------------------------------------------------ time

	def scene(self, text: str, day: str, clock: str) -> None:
		"""A new scene on `day`, at `clock`."""
		self.server.move_to(datetime.strptime(f"{day} {clock}", FORMAT))
		account.scene(text, self.server.now)

	def at(self, clock: str) -> None:
		"""Later the same day."""
		hours, minutes, seconds = map(int, clock.split(":"))
		self.server.move_to(self.server.now.replace(hour=hours, minute=minutes, second=seconds))

	@property
	def now(self) -> str:
		return self.server.now.strftime(FORMAT)

	def today(self, clock: str) -> str:
		"""A moment of this day as the API takes it."""
		return f"{self.server.now:%Y-%m-%d} {clock}"

	# ------------------------------------------------------------ telling

	def say(self, who: Person | str, text: str) -> None:
		"""A line of the account, with nothing behind it in the app (people talk, walk, look)."""
		account.line(self.server.now, who if isinstance(who, str) else who.label, text)

	def now_needed(self, who: Person) -> None:
		"""What `who` has in hand: how much is open, how much of it late, and what comes first."""
		rows = self.mine(who)
		late = [row for row in rows if self._is_late(row)]
		first = "; ".join(self._in_words(row) for row in rows[:NOW_SHOWN])
		account.aside(f"[{who.staff.name}'s list: {len(rows)} open, {len(late)} late. First: {first or 'nothing'}]")

	def all_open(self, who: Person) -> None:
		"""The control room's view of the whole outage."""
		rows = [row for row in self._tasks(who) if row["status"] != "On Post"]
		late = [row for row in rows if self._is_late(row)]
		posts = self._count(who, "On Post")
		account.aside(
			f"[The whole outage: {len(rows)} steps open, {len(late)} late; {posts} posts held. "
			f"First: {'; '.join(self._in_words(row) for row in rows[:NOW_SHOWN]) or 'nothing'}]"
		)

	def _in_words(self, row: dict) -> str:
		due = datetime.fromisoformat(row["due_at"]) if row["due_at"] else None
		if row["status"] == "On Post":
			return f"hold the post {row['subject_label']} until stand-down".replace("  ", " ")
		when = "" if not due else f", late since {due:%H:%M}" if self._is_late(row) else f", by {due:%H:%M}"
		where = f" ({row['subject_label']})" if row["subject_label"] else ""
		return f"{self.short(row['title'])}{where}{when}"

	@staticmethod
	def short(title: str) -> str:
		"""A step's title up to its first explanation."""
		return re.split(r"[;:(]", title)[0].strip()

	def _is_late(self, row: dict) -> bool:
		if row["status"] == "On Post":
			return False
		return bool(row["due_at"]) and datetime.fromisoformat(row["due_at"]) < self.server.now

	def sleeps(self, *people: Person) -> None:
		"""Their telephones ring and nobody picks up."""
		self.server.asleep |= {person.staff.phone for person in people}

	def wakes(self, who: Person) -> None:
		self.server.asleep.discard(who.staff.phone)

	def tell_rings(self) -> None:
		"""Whom the exchange rang since the account last told."""
		zone, names = (
			ZoneInfo(self.server.zone),
			{person.staff.phone: person.staff.name for person in self.crew.values()},
		)
		told: dict[tuple[str, bool], list[str]] = {}
		for call in self.server.rung:
			moment = f"{datetime.fromtimestamp(call['at'], zone):%H:%M}"
			people = told.setdefault((moment, call["taken"]), [])
			if (name := names.get(call["to"], call["to"])) not in people:
				people.append(name)
		self.server.rung = []
		for (moment, taken), people in sorted(told.items()):
			account.aside(
				f"{moment} the exchange rings {', '.join(people)}: {'taken, 1 pressed' if taken else 'no answer'}"
			)

	def tell_step(self, who: Person, step: str, subject: str = "") -> None:
		"""One step from its first ring to somebody on the spot, as the panel of the command centre has it."""
		path = "/api/method/outage_response.api.paging.get_who_knows"
		rows = self.server.send("GET", path, who.token, params={"incident": self.incident})["message"]["tasks"]
		task = self.task(who, step, subject)
		row = next(row for row in rows if row["task"] == task)
		clocks = [f"{key.replace('_', ' ')} {row[field][11:16]}" for key, field in STEP_CLOCKS if row[field]]
		who_has_it = self.names.get(row["acknowledged_by"], "nobody")
		rung = "rung once" if row["rings"] == 1 else f"rung {row['rings']} times"
		account.aside(f"[{self.short(row['title'])}: {', '.join(clocks)}; {rung}; {who_has_it} has it]")

	# ------------------------------------------------------------ reading

	def _tasks(self, who: Person, **filters) -> list[dict]:
		wanted = {"incident": self.incident, "status": ["in", OPEN], **filters}
		return who.list("Outage Task", TASK_FIELDS, "priority asc, due_at asc, step_key asc, subject asc", **wanted)

	def _count(self, who: Person, status: str) -> int:
		return len(self._tasks(who, status=status))

	def mine(self, who: Person) -> list[dict]:
		"""Open steps assigned to `who`, the most urgent first."""
		return self._tasks(who, _assign=["like", f'%"{who.user}"%'])

	def task(self, who: Person, step: str, subject: str = "") -> str:
		"""The open step that `who` finds on their list or the department's."""
		rows = self._tasks(who, step_key=step, **({"subject_label": subject} if subject else {}))
		if len(rows) != 1:
			raise Surprise(f"{self.now}: {who.staff.name} finds {len(rows)} open steps {step} {subject}".rstrip())
		return rows[0]["name"]

	def subjects(self, who: Person, step: str) -> list[str]:
		"""What an open step is to be done for."""
		return [row["subject_label"] for row in self._tasks(who, step_key=step)]

	def facts(self, who: Person) -> dict:
		"""What the filed report has compiled from the record."""
		return json.loads(who.list("Outage Report", ["facts"], incident=self.incident)[0]["facts"])

	# ------------------------------------------------------------ acting

	def use(self, who: Person, verb: str, text: str, **arguments) -> dict:
		"""A verb of the incident, now; what the app warns of is told too."""
		if verb not in ("declare", "record_call"):
			arguments.setdefault("incident", self.incident)
		arguments.setdefault("occurred_at", self.now)
		answer = who.post(verb, **arguments)
		if text:
			self.say(who, text)
		for warning in answer.get("warnings", ()):
			account.aside(f"The app: {warning}")
		return answer

	def declare(self, who: Person, key: str, text: str, **arguments) -> dict:
		"""Declare an outage; from here on steps are looked for in it."""
		answer = self.use(who, "declare", text, **arguments)
		self.follow(key, answer["incident"])
		return answer

	def follow(self, key: str, incident: str) -> None:
		"""From here on the story is about this incident."""
		self.incident = self.incidents[key] = incident

	def on_task(self, who: Person, verb: str, step: str, text: str = "", subject: str = "", **arguments) -> dict:
		"""A verb of a step, now."""
		arguments.setdefault("occurred_at", self.now)
		answer = who.post(verb, task=self.task(who, step, subject), **arguments)
		if text:
			self.say(who, text)
		for warning in answer.get("warnings", ()):
			account.aside(f"The app: {warning}")
		return answer

	def done(self, who: Person, step: str, text: str = "", subject: str = "", **arguments) -> dict:
		"""The step is done; unless said otherwise the line of the account is also the evidence."""
		if text and not {"evidence", "evidence_later"} & set(arguments):
			arguments["evidence"] = text
		return self.on_task(who, "complete", step, text, subject, **arguments)

	def correct(self, who: Person, step: str, text: str, subject: str, **arguments) -> dict:
		"""What was said of a step that is done turns out otherwise."""
		(row,) = self._tasks(who, step_key=step, subject_label=subject, status="Done")
		answer = who.post("correct_outcome", task=row["name"], occurred_at=self.now, **arguments)
		self.say(who, text)
		for warning in answer.get("warnings", ()):
			account.aside(f"The app: {warning}")
		return answer

	def on_post(self, who: Person, step: str, text: str, subject: str = "", **arguments) -> dict:
		"""Somebody is where they should be."""
		return self.on_task(who, "arrive", step, text, subject, **arguments)

	def refused(self, who: Person, verb: str, text: str, *, step: str = "", subject: str = "", **arguments) -> None:
		"""Somebody tries, and reads why it cannot be."""
		try:
			if step:
				self.on_task(who, verb, step, "", subject, **arguments)
			else:
				self.use(who, verb, "", **arguments)
		except Refused as refusal:
			self.say(who, text)
			account.refusal(refusal.words, refusal.items)
		else:
			raise Surprise(f"{self.now}: {verb} by {who.staff.name} was not refused")

	# ------------------------------------------------------------ callbacks

	def unit_of(self, who: Person) -> dict[str, str]:
		"""callback -> the first unit number, for those that are due now and that `who` sees, the most urgent first.

		Equally urgent ones come by unit: their names are random, and the figures must not be.
		"""
		queue = who.ask("get_callback_queue", incident=self.incident)
		if not queue:
			return {}
		rows = who.list(
			"Property Unit",
			["unit_no", "`tabUnit Resident`.contact as contact"],
			"unit_no asc",
			property=queue[0]["property"],
		)
		of: dict[str, str] = {}
		for row in rows:
			of.setdefault(row["contact"], row["unit_no"])
		order = list(dict.fromkeys(row["reason"] for row in queue))
		queue.sort(key=lambda row: (order.index(row["reason"]), row["next_attempt_at"], of[row["contact"]]))
		return {row["name"]: of[row["contact"]] for row in queue}

	def call_back(
		self, callers: Iterable[Person], answers: dict[str, str], *, seconds: int = 40, until: str = "", limit: int = 0
	) -> dict[str, list[str]]:
		"""Work through the queue, calls one after the other; `answers` by unit, everybody else is reached.

		Answers outcome -> units. Time moves on by `seconds` with each call; calling ends at `until`, after `limit` calls, or when a
		home turns out to be dark still: that one comes first.
		"""
		callers = list(callers)
		heard: dict[str, list[str]] = {}
		end = datetime.strptime(self.today(until), FORMAT) if until else None
		for index, (callback, unit) in enumerate(self.unit_of(callers[0]).items()):
			moment = self.server.now + timedelta(seconds=seconds)
			if (end and moment > end) or (limit and index == limit):
				break
			self.server.move_to(moment)
			outcome = answers.get(unit, "Reached")
			satisfaction = (4, 5, 5, 3, 4)[index % 5] if outcome == "Reached" else None
			callers[index % len(callers)].post(
				"log_attempt", callback=callback, outcome=outcome, satisfaction=satisfaction, occurred_at=self.now
			)
			heard.setdefault(outcome, []).append(unit)
			if outcome == "Still Out":
				break
		return heard
