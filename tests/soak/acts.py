"""What somebody might do next: a verb with arguments that are mostly right, chosen from what the record says."""

import json
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import frappe
from frappe.utils import now_datetime

from outage_response.domain import authority
from outage_response.flows.facts import plan_steps, power_and_assets
from outage_response.flows.incident import supply_return
from tests.site.another_process import attribute
from tests.site.world import ROLES, user

STAFF = "outage_response.api.staff."
RESIDENTS = "tests.soak.residents."
ANSWERS = ("back", "still_out", "still_out", "call_me", "rate")
OPEN = ("Open", "Acknowledged", "In Progress", "On Post")
WAITING = ("Pending", "No Answer", "Unreached")
TASK_FIELDS = (
	"name",
	"status",
	"department",
	"assigned_role",
	"held_until",
	"started_by",
	"subject_type",
	"subject_label",
)
RECORD_FIELDS = ("name", "people", "claim")
CAUSES = ("Overload", "Equipment Fault", "External Grid")
ATTEMPTS = ("Reached", "Reached", "Reached", "No Answer", "Still Out", "Refused")
DANGERS = ("smoke", "water", "crowd")
# a phone that had no network tells of what happened up to so many minutes ago, one that runs fast of what is to come
LATEST, FAST = 180, 8


@dataclass
class Act:
	"""Somebody (a name of `world.ROLES`) does something: a dotted method and its arguments."""

	who: str
	method: str
	arguments: dict[str, Any] = field(default_factory=dict)

	@property
	def verb(self) -> str:
		"""The method's own name."""
		return self.method.rpartition(".")[2]

	@property
	def is_verb(self) -> bool:
		"""Does it take the time and the word by which a repeated request is known?"""
		return "request_id" in attribute(self.method).__annotations__

	def as_dict(self) -> dict[str, Any]:
		return {"who": self.who, "method": self.method, "arguments": self.arguments}


class Chooser:
	"""Chooses acts at some properties. `dice` is the process's own."""

	def __init__(self, dice: random.Random, properties: Sequence[str]):
		self.dice, self.properties = dice, properties
		self.ways: list[tuple[int, Callable[[str], Act | None]]] = [
			(34, self._on_a_task),
			(12, self._onwards),
			(30, self._to_the_end),
			(10, self._callback),
			(6, self._elevator),
			(5, self._call),
			(4, self._about),
			(3, self._notice),
			(2, self._care),
			(2, self._hand_over),
			(6, self._resident),
			(3, self._phone_list),
		]

	def next(self) -> Act | None:
		"""Something to do; None where there is nothing of the kind that the dice chose."""
		place = self.dice.choice(self.properties)
		if not self._incidents(place) and self.dice.random() < 0.7:
			return self._declare(place)
		weights, ways = zip(*self.ways, strict=True)
		act = self.dice.choices(ways, weights)[0](place)
		if act and act.is_verb:
			self._when(act)
		return act

	# ---------------------------------------------------------------- who, when

	def _someone(self, *names: str) -> str:
		"""One of those who may; now and then anybody, who is then refused."""
		return self.dice.choice(list(ROLES) if self.dice.random() < 0.05 else names)

	def _when(self, act: Act) -> None:
		"""Most acts happen now; some are told late by a phone, some are typed."""
		if "occurred_at" not in attribute(act.method).__annotations__:
			return
		chance, now = self.dice.random(), now_datetime().replace(microsecond=0)
		if chance < 0.10:
			late = now - timedelta(minutes=self.dice.randint(1, LATEST))
			act.arguments["occurred_at"] = f"phone:{late}"
		elif chance < 0.14:
			act.arguments["occurred_at"] = f"phone:{now + timedelta(minutes=self.dice.randint(1, FAST))}"
		elif chance < 0.18:
			act.arguments["occurred_at"] = str(now - timedelta(minutes=self.dice.randint(0, 5)))

	# ---------------------------------------------------------------- what there is

	def _incidents(self, place: str, *states: str) -> list[str]:
		wanted = states or ("Scheduled", "Reported", "Active", "Restored", "Stood Down")
		return frappe.get_all("Outage Incident", {"property": place, "status": ("in", wanted)}, pluck="name")

	def _incident(self, place: str, *states: str) -> str | None:
		found = self._incidents(place, *states)
		return self.dice.choice(found) if found else None

	def _one(self, doctype: str, fields: Sequence[str] = ("name",), **filters: Any) -> Any:
		rows = frappe.get_all(doctype, filters=filters, fields=list(fields), limit=200, order_by="name")
		return self.dice.choice(rows) if rows else None

	def _nodes(self, place: str) -> list[str]:
		"""Mostly one floor's switch or a shaft, now and then everything."""
		kind = self.dice.choice(("Shaft Switch", "Shaft Switch", "Shaft", "Distribution Room", "Feeder"))
		found = self._one("Power Node", property=place, node_type=kind)
		return [found.name] if found else []

	def _dark(self, incident: str, limit: int = 1) -> list[str]:
		filters = {"parent": incident, "back_at": ("is", "not set")}
		return frappe.get_all("Outage Affected Node", filters, pluck="power_node", limit=limit)

	# ---------------------------------------------------------------- the acts

	def _staff(self, verb: str, *who: str, **arguments: Any) -> Act:
		return Act(self._someone(*who), STAFF + verb, arguments)

	def _declare(self, place: str) -> Act:
		arguments: dict[str, Any] = {"property": place, "nodes": self._nodes(place)}
		arguments["level"] = self.dice.choice(("I", "II", "II", "III"))
		if arguments["level"] == "III":
			begins = now_datetime().replace(microsecond=0) + timedelta(minutes=self.dice.randint(1, 60))
			arguments |= {
				"planned_by": "Property",
				"description": "The panel is tested",
				"planned_start": str(begins),
				"planned_end": str(begins + timedelta(hours=2)),
			}
		return self._staff("declare", "operator", "engineer", "guard1", **arguments)

	def _onwards(self, place: str) -> Act | None:
		"""The commands that bring an outage to its end."""
		verb = self.dice.choice(
			(
				"confirm",
				"confirm",
				"start",
				"reclassify",
				"extend_scope",
				"set_etr",
				"permit_energise",
				"supply_back",
				"supply_back",
				"supply_back",
				"stand_down",
				"stand_down",
				"file_report",
				"close",
				"close",
				"cancel",
				"declare",
			)
		)
		if verb == "declare":
			return self._declare(place)
		states = {
			"start": ("Scheduled",),
			"confirm": ("Reported",),
			"permit_energise": ("Reported", "Active"),
			"supply_back": ("Reported", "Active"),
			"stand_down": ("Active", "Restored"),
			"file_report": ("Stood Down",),
			"close": ("Stood Down",),
		}.get(verb, ("Scheduled", "Reported", "Active"))
		incident = self._incident(place, *states)
		if not incident or (verb == "cancel" and self.dice.random() < 0.8):
			return None
		more: dict[str, Any] = {}
		if verb == "confirm":
			more = {"cause_type": self.dice.choice(CAUSES), "cause": "heard on the phone"}
		elif verb == "reclassify":
			more = {"level": self.dice.choice(("I", "II")), "reason": "heard otherwise"}
		elif verb == "extend_scope":
			more = {"nodes": self._nodes(place)}
		elif verb == "set_etr":
			more = {"etr": str(now_datetime() + timedelta(minutes=self.dice.randint(10, 300)))}
		elif verb == "permit_energise":
			more = {"nodes": self.dice.choice((None, self._dark(incident)))}
		elif verb == "supply_back":
			more = {"nodes": self.dice.choice((None, None, self._nodes(place)))}
		elif verb in ("stand_down", "close", "start"):
			more = {"override_reason": self.dice.choice((None, "seen by myself"))}
		elif verb == "file_report":
			more = {"cause": "a cable", "actions": "mended"}
		elif verb == "cancel":
			more = {"reason": "a false alarm"}
		return self._command(verb, incident, **more)

	def _command(self, verb: str, incident: str, **more: Any) -> Act:
		return self._staff(verb, *_able(authority.VERB_ROLES[verb]), incident=incident, **more)

	def _to_the_end(self, place: str) -> Act | None:
		"""What one of the two oldest outages waits for, done by those who may: by chance alone none would be closed in a night."""
		incidents = sorted(self._incidents(place))
		if not incidents:
			return None
		name = self.dice.choice(incidents[:2])
		status = frappe.db.get_value("Outage Incident", name, "status")
		waiting = {"incident": name, "status": ("in", OPEN)}
		task = self._one("Outage Task", TASK_FIELDS, **waiting, life_safety=1)
		record = self._one("Elevator Entrapment", RECORD_FIELDS, incident=name, status=("in", ("Possible", "Trapped")))
		if record and (not task or self.dice.random() < 0.5):
			return self._freed(record)
		if status == "Reported":
			return self._command("confirm", name, cause_type=self.dice.choice(CAUSES), cause="heard on the phone")
		gates = {"Scheduled": ("start",), "Active": ("energise",), "Restored": ("stand_down",)}.get(status, ("close",))
		task = task or self._one("Outage Task", TASK_FIELDS, **waiting, gate=("in", gates))
		if status == "Active" and not task and (closed_by := self._closed_by(name)):
			task = self._one("Outage Task", TASK_FIELDS, name=("in", closed_by))  # of an outage that shares its places
		if task and self.dice.random() < 0.9:
			return self._task_act(task, "complete")
		if status == "Scheduled":
			return self._command("start", name)
		if status == "Active":
			ready = not task and self.dice.random() < 0.7
			return self._command("permit_energise" if ready else "supply_back", name)
		if status == "Restored":
			return self._command("stand_down", name, override_reason="seen by myself")
		if not frappe.db.exists("Outage Report", {"incident": name}):
			return self._command("file_report", name, cause="a cable", actions="mended")
		callback = self._one("Outage Callback", incident=name, status=("in", WAITING))
		if callback and self.dice.random() < 0.8:
			return self._staff("log_attempt", "service", callback=callback.name, outcome="Reached", note="by phone")
		return self._staff("close", "manager", incident=name, override_reason="seen by myself")

	def _closed_by(self, incident: str) -> list[str]:
		doc = frappe.get_doc("Outage Incident", incident)
		around = power_and_assets.read(doc.property)
		return [row.name for row in supply_return.blocking_energise(doc, self._dark(incident, limit=0), around)]

	def _freed(self, record: Any) -> Act:
		"""Whoever stands at the open door says so, and somebody else reads it back."""
		if record.claim:
			return self._staff("read_back_empty", "operator", "engineer", entrapment=record.name)
		outcome = self.dice.choice(("released_by_contractor", "released_otherwise", "nobody_inside"))
		said = {"outcome": outcome, "who": "the guard at the door", "how": "door_open", "people": record.people or 1}
		return self._staff("report_empty", "operator", "guard1", "manager", entrapment=record.name, **said)

	def _on_a_task(self, place: str) -> Act | None:
		names = self._incidents(place)
		if not names:
			return None
		filters: dict[str, Any] = {"incident": ("in", names), "status": ("in", OPEN)}
		if (chance := self.dice.random()) < 0.1:
			filters["status"] = "Done"
			filters |= {"outcome": ("is", "set")} if chance < 0.05 else {}
		task = self._one("Outage Task", TASK_FIELDS, **filters)
		if not task:
			return None
		verbs = {
			"Open": (
				"acknowledge",
				"acknowledge",
				"arrive",
				"arrive",
				"complete",
				"complete",
				"skip",
				"reassign",
				"withdraw",
			),
			"Acknowledged": (
				"arrive",
				"arrive",
				"complete",
				"complete",
				"complete",
				"no_answer",
				"take_danger",
				"reassign",
			),
			"In Progress": ("complete", "complete", "complete", "read_back", "no_answer", "withdraw"),
			"On Post": ("relieve", "move", "withdraw", "arrive"),
			"Done": ("add_evidence", "correct_outcome"),
		}[task.status]
		return self._task_act(task, self.dice.choice(verbs))

	def _task_act(self, task: Any, verb: str) -> Act | None:
		role = task.assigned_role or frappe.get_cached_value("Response Department", task.department, "role")
		able = _able([role]) or ["operator"]
		more: dict[str, Any] = {}
		if verb == "complete":
			more = self._completing(task.name)
			checks = {"parent": task.name, "kind": "Confirmation", "result": "Confirmed"}
			if frappe.db.exists("Outage Task Check", checks):
				verb, able, more = "read_back", ["operator"], {}
			elif task.subject_type == "Property Asset" and self.dice.random() < 0.3:
				verb, able = "complete_for", ["operator"]
				said = {"who": "the guard", "how": "door_open", "read_back": True, "elevator_no": task.subject_label}
				more = {"outcome": more.get("outcome"), **said}
		elif verb == "skip":
			more, able = {"reason": "not needed here"}, [*able, "manager"]
		elif verb in ("reassign", "relieve"):
			more, able = {"user": user(self.dice.choice(able))}, [*able, "operator"]
		elif verb == "move":
			posts = {"incident": frappe.db.get_value("Outage Task", task.name, "incident"), "status": ("in", OPEN)}
			other = self._one("Outage Task", **posts, name=("!=", task.name))
			if not other:
				return None
			more = {"to": other.name}
			able = [task.started_by.partition("@")[0]] if task.started_by else able
		elif verb == "withdraw":
			more = {"danger": self.dice.choice(DANGERS)}
			if self.dice.random() < 0.5:  # else too many of them: nothing would ever end
				return None
		elif verb == "add_evidence":
			more = {"evidence": "written afterwards"}
		elif verb == "correct_outcome":
			step = plan_steps.step_of(frappe.get_doc("Outage Task", task.name))
			if not step.outcomes:
				return None
			more, able = {"outcome": self.dice.choice(list(step.outcomes)), "how": "door_open"}, [*able, "operator"]
		elif verb == "take_danger":
			able = ["operator"]
		elif verb == "read_back":
			able = ["operator", "electrician", "engineer"]
		return self._staff(verb, *able, task=task.name, **more)

	def _completing(self, task: str) -> dict[str, Any]:
		doc = frappe.get_doc("Outage Task", task)
		step = plan_steps.step_of(doc)
		more: dict[str, Any] = {}
		if step.outcomes:
			more["outcome"] = self.dice.choice(list(step.outcomes))
		if step.checks:
			more["checks"] = list(step.checks)
		if doc.subject_type == "Property Asset":
			more["people"] = self.dice.choice((None, 1, 2))
		if step.evidence != "none":
			more["evidence_later"] = True
			if step.evidence != "photo" and self.dice.random() < 0.7:
				more |= {"evidence": "done as written", "evidence_later": False}
		return more

	def _callback(self, place: str) -> Act | None:
		waiting = {"property": place, "status": ("in", WAITING)}
		row = self._one("Outage Callback", ("name", "status"), **waiting)
		if not row:
			return None
		if row.status == "Unreached" or self.dice.random() < 0.15:
			return self._staff("give_up_callback", "service", "operator", callback=row.name, reason="moved away")
		outcome = self.dice.choice(("No Answer", *ATTEMPTS) if row.status == "Pending" else ("No Answer", "Reached"))
		return self._staff("log_attempt", "service", "operator", callback=row.name, outcome=outcome, note="by phone")

	def _elevator(self, place: str) -> Act | None:
		record = self._one(
			"Elevator Entrapment", ("name", "people"), property=place, status=("in", ("Possible", "Trapped"))
		)
		car = self._one("Property Asset", property=place, asset_type="Elevator")
		incident = self._incident(place, "Reported", "Active", "Restored")
		if not car:
			return None
		if record and self.dice.random() < 0.75:
			verb = self.dice.choice(("note_entrapment", "report_empty", "report_empty", "read_back_empty"))
			more: dict[str, Any] = {}
			if verb == "note_entrapment":
				more = {"people": self.dice.randint(1, 4), "talked": True}
			elif verb == "report_empty":
				more = {
					"outcome": self.dice.choice(("released_by_contractor", "released_otherwise", "nobody_inside")),
					"who": "the guard at the door",
					"how": "door_open",
					"people": record.people or 1,
				}
			return self._staff(verb, "operator", "guard1", "engineer", entrapment=record.name, **more)
		if not incident or self.dice.random() < 0.5:
			return None
		return self._staff(
			"report_trapped", "guard1", "operator", incident=incident, elevator=car.name, people=self.dice.randint(1, 3)
		)

	def _call(self, place: str) -> Act | None:
		if self.dice.random() < 0.3:
			call = self._one("Trouble Call", property=place, danger=1)
			return self._staff("take_call", "operator", call=call.name) if call else None
		unit = self._one("Property Unit", property=place)
		words = self.dice.choice(("No power", "It is dark", "停电了", "there is smoke"))
		danger = self.dice.random() < 0.1
		return self._staff(
			"record_call", "operator", "service", property=place, unit=unit and unit.name, words=words, danger=danger
		)

	def _about(self, place: str) -> Act | None:
		"""The screens, which only read."""
		incident = self._incident(place)
		methods = (
			("outage_response.api.phone.get_my_tasks", {}),
			("outage_response.api.command.centre", {}),
			("outage_response.api.staff.get_callback_queue", {}),
			("outage_response.api.staff.get_timeline", {"incident": incident}),
			("outage_response.api.staff.get_figures", {"incident": incident}),
		)
		method, arguments = self.dice.choice(methods if incident else methods[:3])
		return Act(self._someone("operator", "guard1", "manager"), method, dict(arguments))

	def _notice(self, place: str) -> Act | None:
		incident = self._incident(place, "Reported", "Active", "Restored")
		kind = self.dice.choice(("First Word", "Cause", "ETR", "Restored", "Follow-up"))
		return incident and self._staff("send_notice", "service", "operator", incident=incident, kind=kind)

	def _care(self, place: str) -> Act | None:
		resident = self._one("Unit Resident", ("parent", "contact"), parent=("like", f"{place}%"))
		incident = self._incident(place, "Reported", "Active")
		if incident and self.dice.random() < 0.5:
			return self._staff("read_care_needs", "operator", "service", incident=incident)
		return resident and self._staff(
			"set_care_need",
			"service",
			unit=resident.parent,
			contact=resident.contact,
			what="Oxygen",
			equipment_minutes=60,
		)

	def _hand_over(self, place: str) -> Act | None:
		incident = self._incident(place, "Reported", "Active")
		if not incident:
			return None
		arguments = {"incident": incident, "note": "all is quiet"}
		return Act(self._someone("guard1", "engineer"), "outage_response.api.paging.hand_over", arguments)

	def _resident(self, place: str) -> Act | None:
		home = self._one("Unit Resident", ("parent", "contact"), parent=("like", f"{place}%"))
		if not home:
			return None
		if self.dice.random() < 0.3:
			arguments = {"contact": home.contact, "unit": home.parent, "danger": self.dice.random() < 0.1}
			return Act("resident", RESIDENTS + "report", arguments)
		incident = self._incident(place, "Reported", "Active", "Restored", "Stood Down", "Closed")
		said = self.dice.choice(ANSWERS)
		arguments = {"contact": home.contact, "incident": incident, "said": said}
		return incident and Act("resident", RESIDENTS + "answer", arguments)

	def _phone_list(self, place: str) -> Act | None:
		"""Customer service phones those whom no message reaches."""
		line = self._one("Notice Delivery", property=place, phone_list=1)
		if not line:
			return None
		if self.dice.random() < 0.4:
			arguments = {"doctype": "Notice Delivery", "name": line.name}
			return Act(self._someone("service"), "outage_response.api.calls.claim_call", arguments)
		outcome = self.dice.choice(("Reached", "Reached", "No Answer", "Wrong Number"))
		arguments = {"delivery": line.name, "outcome": outcome}
		return Act(self._someone("service", "operator"), "outage_response.api.calls.log_told", arguments)


def _able(roles: Collection[str]) -> list[str]:
	return [who for who, its in ROLES.items() if its in roles]


def alike(first: Any, second: Any) -> bool:
	"""Are two answers the same, as a client reads them?"""
	return json.loads(json.dumps(first, default=str)) == json.loads(json.dumps(second, default=str))
