"""Who is called back after an outage, and why: households, whoever called in about them, and people from elsewhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import frappe
from frappe.model.document import Document

from outage_response.domain import callback_rules, phone_numbers, power_topology
from outage_response.integrations import contacts

from ..facts import affected_homes, nested_outages, power_and_assets

# Before the digits of a caller who is no contact, in place of one's name
NUMBER = "tel:"


@dataclass
class Said:
	"""What the calls about one incident say: by whom, and about which units."""

	callers: dict[str, bool] = field(default_factory=dict)  # key -> did they speak of danger
	places: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))  # key -> (node, unit)
	numbers: dict[str, str] = field(default_factory=dict)  # key of a caller who is no contact -> their number
	danger_units: set[str] = field(default_factory=set)
	nameless_units: set[str] = field(default_factory=set)  # somebody called, and nobody knows who


@dataclass(frozen=True)
class Callee:
	"""One person to be called back: about which units, and for which of `callback_rules.REASONS`.

	The key is the contact; of a caller who is none, NUMBER and `phone_numbers.caller_key` of their `phone`.
	"""

	key: str
	units: tuple[str, ...]
	reason: str
	phone: str = ""

	@property
	def contact(self) -> str:
		return "" if self.key.startswith(NUMBER) else self.key

	@property
	def number(self) -> str:
		"""The digits that the caller is known by."""
		return self.key.removeprefix(NUMBER) if self.key.startswith(NUMBER) else ""


def back(incident: Document, around: power_and_assets.Surroundings) -> dict[str, Callee]:
	"""key -> Callee, for people all of whose affected units have supply again, also by outages over the same places.

	A household is called once, through its primary contact; whoever called in about it is called too. Somebody from
	elsewhere (a visitor in the elevator, a daughter at work) is called when the places they named are back; where they
	named none, when supply is back everywhere. So is a number that nobody's contact has, unless the household of the unit
	they named is called.
	"""
	rows = affected_homes.residents(incident, around)
	said = _said(incident, {row.unit for row in rows if row.contact})
	units_of = _units_of(rows, said)
	node_of = {row.unit: row.power_node for row in rows}
	still_out = _StillOut(around.tree, nested_outages.all_dark_rows(incident))
	ready = {
		contact: units
		for contact, units in units_of.items()
		if not any(still_out.at(node_of[unit], unit) for unit in units)
	}
	for contact in said.callers:
		if contact not in units_of and not still_out.for_caller(said.places[contact]):
			ready[contact] = sorted({unit for _node, unit in said.places[contact] if unit in node_of})
	why = _reasons(incident, ready, said)
	return {key: Callee(key, tuple(units), why[key], said.numbers.get(key, "")) for key, units in ready.items()}


class _StillOut:
	"""Which places are without supply; each is asked of the tree once."""

	def __init__(self, tree: power_topology.PowerTree, dark: Sequence[power_topology.Dark]):
		self._tree, self._dark = tree, dark
		self._singled_out = {row.unit for row in dark if row.unit}
		self._known: dict[tuple[str, str], bool] = {}

	def at(self, node: str, unit: str) -> bool:
		key = (node, unit if unit in self._singled_out else "")
		if key not in self._known:
			self._known[key] = power_topology.is_out(self._tree.path(node), unit, self._dark)
		return self._known[key]

	def for_caller(self, places: Set[tuple[str, str]]) -> bool:
		"""For somebody from elsewhere: at any of the places that they named, else anywhere."""
		if places:
			return any(self.at(*place) for place in places)
		return any(not row.back_at for row in self._dark)


def of_answer(incident: Document, contact: str, units: Sequence[str]) -> Callee:
	"""Somebody who answers for these units, whether or not they would have been called."""
	return Callee(contact, tuple(units), _reasons(incident, {contact: units}, _said(incident))[contact])


def units_without_contact(incident: Document, around: power_and_assets.Surroundings) -> int:
	"""How many affected units have nobody who could be called."""
	rows = affected_homes.residents(incident, around)
	return len({row.unit for row in rows} - {row.unit for row in rows if row.contact})


def _units_of(rows: Sequence[frappe._dict], said: Said) -> dict[str, list[str]]:
	first: dict[str, str] = {}
	units_of: dict[str, list[str]] = defaultdict(list)
	for row in rows:
		if row.contact and (first.setdefault(row.unit, row.contact) == row.contact or row.contact in said.callers):
			units_of[row.contact].append(row.unit)
	return {
		contact: list(dict.fromkeys(units)) for contact, units in units_of.items()
	}  # two contacts may have been merged


def _said(incident: Document, called_units: Set[str] = frozenset()) -> Said:
	"""`called_units`: those whose household is called, so that whoever named one needs no call of their own."""
	said, rows = Said(), _calls(incident.name)
	who = _who(rows)
	for row in rows:
		danger = bool(row.danger or row.elevator)
		number = phone_numbers.caller_key(row.phone)
		key = row.contact or who.get(number, "")
		if danger and row.unit:
			said.danger_units.add(row.unit)
		if not key and row.unit:
			said.nameless_units.add(row.unit)
		if not key and number and row.unit not in called_units:
			key = NUMBER + number
			said.numbers[key] = row.phone
		if key:
			said.callers[key] = said.callers.get(key, False) or danger
			if row.power_node:
				said.places[key].add((row.power_node, row.unit or ""))
	return said


def _calls(incident: str) -> list[frappe._dict]:
	fields = ["contact", "phone", "unit", "power_node", "danger", "elevator"]
	return frappe.get_all("Trouble Call", filters={"incident": incident}, fields=fields, order_by="said_at asc")


def who_called(incident: str) -> dict[str, str]:
	"""The last digits of a number that somebody called from about an incident -> the contact whose it is."""
	return _who(_calls(incident))


def keys_of(incident: str, rows: Sequence[Mapping]) -> list[str]:
	"""Of each of these calls (with contact and phone) the key of whom one calls back; "" where it says neither."""
	who = who_called(incident) if any(not row["contact"] for row in rows) else {}
	keys = []
	for row in rows:
		number = phone_numbers.caller_key(row["phone"])
		keys.append(row["contact"] or who.get(number) or (NUMBER + number if number else ""))
	return keys


def _who(rows: Sequence[Mapping]) -> dict[str, str]:
	"""By what a call says of itself, else by the numbers of contacts; one that several share is nobody's."""
	known = {phone_numbers.caller_key(row["phone"]): row["contact"] for row in rows if row["contact"] and row["phone"]}
	open_numbers = {row["phone"] for row in rows if row["phone"] and not row["contact"]}
	for number, people in contacts.of_numbers(open_numbers).items():
		if len(people) == 1:
			known.setdefault(phone_numbers.caller_key(number), people[0])
	known.pop("", None)
	return known


def _reasons(incident: Document, units_of: Mapping[str, Sequence[str]], said: Said) -> dict[str, str]:
	"""contact -> why they are called, by what they said themselves and by what is known of their units: who answers for a
	household need not be the one who depends on power, nor the one who called."""
	care, unit = frappe.qb.DocType("Care Need"), frappe.qb.DocType("Property Unit")
	needs = (
		frappe.qb.from_(care)
		.join(unit)
		.on(care.unit == unit.name)
		.select(care.unit, care.contact)
		.where(unit.property == incident.property)
		.run()
	)
	units_in_care, people_in_care = {need[0] for need in needs}, {need[1] for need in needs}
	return {
		contact: callback_rules.reason(
			danger=said.callers.get(contact, False) or not said.danger_units.isdisjoint(units),
			care=contact in people_in_care or not units_in_care.isdisjoint(units),
			reported=contact in said.callers or not said.nameless_units.isdisjoint(units),
		)
		for contact, units in units_of.items()
	}
