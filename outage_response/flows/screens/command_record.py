"""What is on record about the running incidents, and what of it needs a look: a fixed number of queries for all of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.query_builder.functions import Count
from frappe.utils import get_datetime

from outage_response import listing
from outage_response.domain import callback_rules, command_centre_rules
from outage_response.domain import entrapment_rules as rescues
from outage_response.domain.lifecycle import BEGUN, OPEN, is_late
from outage_response.domain.power_topology import Dark, PowerTree, units_out
from outage_response.domain.states import AssetType, IncidentStatus, TaskStatus
from outage_response.domain.step_definitions import BACKUP_FAILED, CARED_FOR, TRAPPED

from ..facts import affected_homes, people_in_elevators, plan_steps
from ..facts.language import listed, title_of

DARK = (IncidentStatus.REPORTED, IncidentStatus.ACTIVE)


class Record:
	"""What is on record about the incidents shown, read once for all of them."""

	def __init__(self, incidents: Sequence[frappe._dict], now: datetime):
		self.now = now
		self.names = [row.name for row in incidents]
		self.properties = sorted({row.property for row in incidents})
		self.of = {row.name: row for row in incidents}
		self.levels = {
			row.name: row for row in frappe.get_all("Outage Level", fields=["name", "title", "colour"], order_by="name")
		}
		self.departments = dict(frappe.get_all("Response Department", fields=["name", "department_name"], as_list=True))
		self.dark = self._dark()
		self.nodes, self.trees = self._places()
		self.counts = affected_homes.of_incidents(self.names)
		self.rooms = self._rooms()
		self.tasks = self._tasks()
		self.rescues = people_in_elevators.ranks(self.names, now)  # people in elevators come first
		self.care = self._care()
		self.told, self.named_at_once, self.left = self._timeline()
		self.callbacks = self._callbacks()
		self.people = self._people()

	# ---------------------------------------------------------------- reading

	def _dark(self) -> dict[str, list[Dark]]:
		found = defaultdict(list)
		for row in listing.get_all(
			"Outage Affected Node",
			filters={"parent": ("in", self.names), "parenttype": "Outage Incident"},
			fields=["parent", "power_node", "unit", "out_since", "back_at"],
			order_by="idx",
		):
			if row.out_since:
				back = get_datetime(row.back_at) if row.back_at else None
				found[row.parent].append(Dark(row.power_node, get_datetime(row.out_since), back, row.unit or ""))
		return found

	def _places(self) -> tuple[dict[str, str], dict[str, PowerTree]]:
		nodes = listing.get_all(
			"Power Node",
			filters={"property": ("in", self.properties)},
			fields=["name", "node_name", "parent_power_node", "property"],
		)
		trees = {
			name: PowerTree({row.name: row.parent_power_node for row in nodes if row.property == name})
			for name in self.properties
		}
		return {row.name: row.node_name for row in nodes}, trees

	def _rooms(self) -> dict[str, frappe._dict]:
		return {
			row.name: row
			for row in listing.get_all(
				"Property Asset",
				filters={"property": ("in", self.properties), "asset_type": AssetType.CRITICAL_ROOM},
				fields=["name", "asset_name", "backup_minutes"],
			)
		}

	def _tasks(self) -> dict[str, list[frappe._dict]]:
		"""Steps that are open, and those that say how long a battery lasts."""
		task = frappe.qb.DocType("Outage Task")
		rows = (
			frappe.qb.from_(task)
			.select(
				task.name,
				task.incident,
				task.plan,
				task.step_key,
				task.title,
				task.title_zh,
				task.subject_type,
				task.subject,
				task.subject_label,
				task.status,
				task.department,
				task.priority,
				task.due_at,
				task.creation,
				task.completed_at,
				task.life_safety,
				task.optional,
				task.held_until,
				task.outcome,
				task.evidence,
				task.phone,
				task.round,
				task["_assign"],
			)
			.where(listing.one_of(task.incident, self.names))
			.where(
				task.status.isin(OPEN)
				| ((task.status == TaskStatus.DONE) & task.subject_type.isin(("Property Asset", "Property Unit")))
			)
			.orderby(task.priority)
			.orderby(task.due_at)
			.orderby(task.name)
		).run(as_dict=True)
		found = defaultdict(list)
		for row in rows:
			row.open = row.status in OPEN
			waits = row.open and row.status != TaskStatus.ON_POST
			row.overdue = waits and is_late(row.due_at, None, self.now, optional=bool(row.optional))
			row.users = frappe.parse_json(row["_assign"] or "[]") if row.open else []
			row.is_check = bool(row.plan) and plan_steps.step_of(row).means(TRAPPED)
			found[row.incident].append(row)
		return found

	def _care(self) -> dict[str, int]:
		"""unit -> the fewest minutes that somebody's equipment there lasts; no names, no needs."""
		units = {row.subject for rows in self.tasks.values() for row in rows if row.subject_type == "Property Unit"}
		found: dict[str, int] = {}
		for row in listing.get_all(
			"Care Need", filters={"unit": ("in", sorted(units))}, fields=["unit", "equipment_minutes"]
		):
			known = [minutes for minutes in (found.get(row.unit), row.equipment_minutes) if minutes]
			found[row.unit] = min(known, default=0)
		return found

	def _timeline(self) -> tuple[dict[str, list[str]], set[str], list[frappe._dict]]:
		"""Of each incident what was said of its expected time, those declared with one, and who left a spot for danger."""
		told: dict[str, list[str]] = defaultdict(list)
		named_at_once, left = set(), []
		for row in listing.get_all(
			"Timeline Entry",
			filters={
				"incident": ("in", self.names),
				"kind": ("in", ("declared", "etr_set", "etr_cleared", "task_withdrawn", "danger_taken")),
			},
			fields=["incident", "kind", "task", "occurred_at", "data"],
			order_by="occurred_at desc",
		):
			if row.kind in ("task_withdrawn", "danger_taken"):
				left.append(row)
				continue
			told[row.incident].append(row.kind)
			if row.kind == "declared" and frappe.parse_json(row.data or "{}").get("etr"):
				named_at_once.add(row.incident)
		return told, named_at_once, left

	def _callbacks(self) -> dict[str, int]:
		row = frappe.qb.DocType("Outage Callback")
		return dict(
			frappe.qb.from_(row)
			.select(row.incident, Count("*"))
			.where(listing.one_of(row.incident, self.names))
			.where(row.status.isin(callback_rules.WAITING))
			.groupby(row.incident)
			.run()
		)

	def _people(self) -> dict[str, frappe._dict]:
		users = {user for rows in self.tasks.values() for row in rows for user in row.users}
		return {
			row.name: row
			for row in listing.get_all(
				"User", filters={"name": ("in", sorted(users))}, fields=["name", "full_name", "mobile_no"]
			)
		}

	# ---------------------------------------------------------------- telling

	def incident(self, row: frappe._dict) -> dict[str, Any]:
		open_rows = [one for one in self.tasks[row.name] if one.open]
		return {
			"order": (BEGUN.index(row.status) >= 2, bool(row.is_drill), row.level, str(row.reported_at)),
			**self._named(row),
			**self._supply(row),
			"life": [self._step(one) for one in self._in_order(row.name, open_rows) if one.life_safety],
			"checks": self._checks(self.tasks[row.name]),
			"posts": sum(1 for one in open_rows if one.held_until),
			"bare": [self._step(one) for one in open_rows if one.held_until and one.status != TaskStatus.ON_POST],
			"overdue": self._overdue(open_rows),
			"silent": self._silent(open_rows),
			"open": len(open_rows),
			"callbacks": self.callbacks.get(row.name, 0),
		}

	def _named(self, row: frappe._dict) -> dict[str, Any]:
		level = self.levels.get(row.level)
		return {
			"name": row.name,
			"property": row.property,
			"level": row.level,
			"level_title": _(level.title) if level else row.level,
			"colour": level.colour if level else "",
			"status": row.status,
			"status_label": _(row.status, context="Outage Incident"),
			"is_drill": bool(row.is_drill),
			"headline": row.cause or _(row.cause_type or "") or row.description or "",
			"reported_at": str(row.reported_at or ""),
		}

	def _supply(self, row: frappe._dict) -> dict[str, Any]:
		"""What is dark since when, until when, and what in it lasts how long."""
		out = [one for one in self.dark[row.name] if one.back_at is None]
		since = min((one.out_since for one in out), default=None)
		dark_since = since if row.status in DARK else None
		return {
			"dark": row.status in DARK,
			"since": str(since or row.reported_at or ""),
			"where": sorted({self.nodes.get(one.node, one.node) for one in out}),
			"until": "" if dark_since else str(row.restored_at or ""),
			"units": row.affected_units or 0,
			"units_out": self._units_out(row) if dark_since else 0,
			"battery": self._battery(self.tasks[row.name], dark_since) if dark_since else None,
			"care": self._equipment(self.tasks[row.name], dark_since) if dark_since else None,
			**self._expected(row, is_dark=dark_since is not None),
		}

	def _units_out(self, row: frappe._dict) -> int:
		return units_out(self.trees[row.property], self.counts.get(row.name, {}), self.dark[row.name])

	def _expected(self, row: frappe._dict, *, is_dark: bool) -> dict[str, Any]:
		"""When supply is expected back, whether that has passed, and how often it was said anew."""
		moves = command_centre_rules.etr_moves(self.told[row.name], from_the_start=row.name in self.named_at_once)
		return {
			"etr": str(row.etr or "") if is_dark else "",
			"etr_overdue": bool(is_dark and row.etr and get_datetime(row.etr) < self.now),
			"etr_moves": moves,
		}

	def _in_order(self, incident: str, rows: Iterable[frappe._dict]) -> list[frappe._dict]:
		"""People in elevators first; where nothing else sets steps apart, Elevator 2 before Elevator 10."""
		last = len(self.rescues)
		return sorted(
			rows,
			key=lambda row: (
				self.rescues.get((incident, row.subject), last),
				row.priority,
				row.due_at or datetime.max,
				rescues.natural(row.subject_label),
			),
		)

	@staticmethod
	def _checks(rows: Iterable[frappe._dict]) -> dict[str, int]:
		"""How many elevators are to be looked into, and how many of them were; one that is looked into again is not done."""
		open_of: dict[str, bool] = {}
		for row in rows:
			if row.is_check:
				open_of[row.subject] = open_of.get(row.subject, False) or row.open
		return {"of": len(open_of), "done": sum(1 for is_open in open_of.values() if not is_open)}

	def _step(self, row: frappe._dict) -> dict[str, Any]:
		return {
			"task": row.name,
			"title": title_of(row),
			"check": row.is_check,
			"subject": row.subject_label or "",
			"status": _(row.status, context="Outage Task"),
			"due_at": str(row.due_at or ""),
			"overdue": row.overdue,
			"who": listed(self._name(user) for user in row.users) or self._department(row.department),
		}

	def _name(self, user: str) -> str:
		return self.people[user].full_name if user in self.people else user

	def _department(self, key: str) -> str:
		return _(self.departments.get(key) or key)

	def _battery(self, rows: Iterable[frappe._dict], since: datetime) -> dict | None:
		"""The critical room whose backup ends first; `until` is empty while nobody knows of any room how long it lasts."""
		latest = {row.subject: row for row in rows if row.subject in self.rooms and not row.life_safety}
		found = []
		for subject, row in latest.items():
			room = self.rooms[subject]
			done = row.status == TaskStatus.DONE
			until = command_centre_rules.lasts_until(
				room.backup_minutes or 0,
				since,
				row.evidence if done else "",
				get_datetime(row.completed_at) if done and row.completed_at else None,
				failed=done and _means(row, BACKUP_FAILED),
			)
			if until:
				found.append({"label": room.asset_name, "until": str(until), "read": done})
		unknown = {"label": _("rooms: {0}").format(len(latest)), "until": "", "read": False} if latest else None
		return min(found, key=lambda one: one["until"], default=unknown)

	def _equipment(self, rows: Iterable[frappe._dict], since: datetime) -> dict | None:
		"""How many homes depend on power, and when the first equipment there ends; whose it is stays untold."""
		latest: dict[str, frappe._dict] = {}
		for row in rows:
			known = latest.get(row.subject)
			if row.subject_type == "Property Unit" and (known is None or row.round > known.round):
				latest[row.subject] = row
		waiting = [unit for unit, row in latest.items() if not _means(row, CARED_FOR)]
		if not waiting:
			return None
		minutes = [self.care[unit] for unit in waiting if self.care.get(unit)]
		return {"count": len(waiting), "until": str(since + timedelta(minutes=min(minutes))) if minutes else ""}

	def _overdue(self, rows: Iterable[frappe._dict]) -> list[dict]:
		found: dict[str, list[frappe._dict]] = defaultdict(list)
		for row in rows:
			if row.overdue:
				found[row.department].append(row)
		return [
			{
				"department": self._department(key),
				"key": key,
				"count": len(late),
				"first": self._step(late[0]),
				"since": str(min(row.due_at for row in late)),
			}
			for key, late in sorted(found.items(), key=lambda item: (item[1][0].priority, -len(item[1])))
		]

	def _silent(self, rows: Iterable[frappe._dict]) -> list[dict]:
		"""People who were given steps and have acknowledged none of them; the longest silent first."""
		given: dict[str, list[frappe._dict]] = defaultdict(list)
		answered = set()
		for row in rows:
			for user in row.users:
				given[user].append(row)
				if row.status != TaskStatus.OPEN:
					answered.add(user)
		return sorted(
			(
				{
					"name": self._name(user),
					"phone": (self.people.get(user) or {}).get("mobile_no") or "",
					"count": len(steps),
					"since": str(min(row.creation for row in steps)),
				}
				for user, steps in given.items()
				if user not in answered
			),
			key=lambda one: (one["since"], one["name"]),
		)


def _means(row: frappe._dict, meaning: str) -> bool:
	"""Did a step end by an outcome of this meaning?"""
	return bool(row.plan and row.outcome) and plan_steps.step_of(row).meaning(row.outcome) == meaning


def titles(doctype: str, field: str, rows: Iterable[Mapping], link: str) -> dict[str, str]:
	"""What people call the documents that `rows` link to: name -> title."""
	names = sorted({row[link] for row in rows if row[link]})
	return dict(listing.get_all(doctype, filters={"name": ("in", names)}, fields=["name", field], as_list=True))
