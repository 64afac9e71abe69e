"""Tree, homes and assets of a property while one of its outages runs: what decides who is dark and which steps there are stays
as it is until that outage is closed. What turns out to be dark as well comes in by a verb, with an entry on the timeline.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response import bulk, listing, locks
from outage_response.domain.lifecycle import BEGUN
from outage_response.domain.states import CheckKind

from ..facts import affected_homes, power_and_assets
from ..verb import timeline
from ..verb.changes import announce
from ..verb.locking import lock_property

# What decides where supply comes from, which building a check is about, and whom a step phones
DECIDES: Mapping[str, Sequence[str]] = {
	"Power Node": ("property", "parent_power_node", "node_type", "building"),
	"Property Unit": ("property", "power_node", "building"),
	"Property Asset": (
		"property",
		"asset_type",
		"power_node",
		"building",
		"contractor_name",
		"department",
		"survives_outage",
	),
	"Property Building": ("property", "building_name", "stands_apart"),
	"Managed Property": ("property_type", "households"),
}
# What two records of one thing do not differ in
ALIKE: Mapping[str, Sequence[str]] = {
	"Power Node": ("property", "node_type"),
	"Property Unit": ("property",),
	"Property Asset": ("property", "asset_type"),
}
# What may be put right all the same, since it only adds steps: field -> may it go from the one value to the other?
ONLY_ADDS: Mapping[str, Callable[[str, str], bool]] = {
	"contractor_name": lambda before, _after: not before,
	"survives_outage": lambda _before, after: after != "Yes",
}


def before_change(doc: Document, _event: str | None = None) -> None:
	"""Raises while an outage of the property runs, naming the field and the outage. What is new may be added."""
	before = doc.get_doc_before_save()
	if before is None:
		return
	for field in DECIDES[doc.doctype]:
		values = before.get(field) or "", doc.get(field) or ""
		if values[0] != values[1] and not (field in ONLY_ADDS and ONLY_ADDS[field](*values)):
			refuse_while_one_runs(doc, _property_of(before), _(doc.meta.get_label(field)))


def before_delete(doc: Document, _event: str | None = None) -> None:
	"""The same for what is deleted."""
	refuse_while_one_runs(doc, doc.property, _("Delete"))


def before_rename(doc: Document, _event: str, old: str, new: str, merge: bool = False) -> None:
	"""The same for another name: permits, checklists and links that were sent say the old one. Two records of one thing may be
	merged where they are of one property and kind; what hangs on the one that goes is not lost with it."""
	refuse_while_one_runs(doc, _property_of(doc), _("Rename"))
	if merge and frappe.db.exists(doc.doctype, new):
		_merge(doc, frappe.get_doc(doc.doctype, new))


def _merge(doc: Document, kept: Document) -> None:
	if doc.doctype == "Managed Property":
		refuse_while_one_runs(kept, kept.name, _("Rename"))
	for field in ALIKE.get(doc.doctype, ()):
		if (doc.get(field) or "") != (kept.get(field) or ""):
			frappe.throw(
				_(
					"{0}: {1} and {2} differ in it, so they are not one and the same. Correct one of them before they are merged."
				).format(_(doc.meta.get_label(field)), frappe.bold(doc.name), frappe.bold(kept.name))
			)
	if doc.doctype == "Property Unit":
		_join_homes(doc, kept)


def _join_homes(doc: Document, kept: Document) -> None:
	"""Who lives there, what they need, and the callbacks about it, each once."""
	here = {row.contact for row in kept.residents}
	for row in doc.residents:
		if row.contact not in here:
			kept.append(
				"residents", {**row.as_dict(no_default_fields=True), "is_primary": int(row.is_primary and not here)}
			)
	kept.save(ignore_permissions=True)
	needs = frappe.get_all("Care Need", {"unit": kept.name}, pluck="contact")
	for name in (
		listing.get_all("Care Need", {"unit": doc.name, "contact": ("in", needs)}, pluck="name") if needs else ()
	):
		frappe.delete_doc("Care Need", name, ignore_permissions=True, force=True)
	callbacks = frappe.get_all("Outage Callback Unit", {"unit": kept.name}, pluck="parent")
	if callbacks:
		frappe.db.delete("Outage Callback Unit", {"unit": doc.name, "parent": ("in", callbacks)})


def after_user_rename(_doc: Document, _event: str, old: str, new: str, merge: bool = False) -> None:
	"""Frappe changes its links. Whose steps are rung stands in a text beside the ToDo: it follows, or nobody would be rung."""
	task = frappe.qb.DocType("Outage Task")
	rows = (
		frappe.qb.from_(task).select(task.name, task._assign).where(task._assign.like(f'%"{old}"%')).run(as_dict=True)
	)
	for users, names in _by_users(rows, old, new).items():
		bulk.update("Outage Task", names, {"_assign": frappe.as_json(list(users), indent=None)})


def _by_users(rows: Sequence[Mapping], old: str, new: str) -> dict[tuple[str, ...], list[str]]:
	alike: dict[tuple[str, ...], list[str]] = {}
	for row in rows:
		users = dict.fromkeys(new if user == old else user for user in frappe.parse_json(row["_assign"]))
		alike.setdefault(tuple(users), []).append(row["name"])
	return alike


def after_rename(doc: Document, _event: str, old: str, new: str, merge: bool = False) -> None:
	"""Work that is planned for another day goes by the new name. Frappe has changed its links; checklists are texts."""
	task, check = frappe.qb.DocType("Outage Task"), frappe.qb.DocType("Outage Task Check")
	planned = (
		frappe.qb.from_(task)
		.select(task.name)
		.where(task.property == (new if doc.doctype == "Managed Property" else doc.property))
		.where(task.incident_ended == 0)
	)
	changed = frappe.qb.update(check).set(check.item, new).where(check.item == old).where(check.kind == CheckKind.ITEM)
	changed.where(check.parent.isin(planned)).run()


def note_change(doc: Document, _event: str | None = None) -> None:
	"""When a unit or a node was saved: where that concerns an outage that runs, a warning on its timeline. A unit that is new, and
	other residents, count there when somebody takes them over; a node below a dark one is dark."""
	what = _what_changed(doc)
	names = what and running_at(doc.property)
	if not names:
		return
	around, now = power_and_assets.read(doc.property), now_datetime()
	for name in names:
		incident = frappe.get_doc("Outage Incident", name)
		dark = around.tree.under(row.power_node for row in incident.affected_nodes if not row.unit)
		if doc.doctype == "Power Node":
			if doc.parent_power_node in dark:
				timeline.record(incident, "node_added", {"subject": doc.node_name}, now, now)
		elif doc.power_node in dark or frappe.db.exists(affected_homes.DOCTYPE, {"incident": name, "unit": doc.name}):
			if not _said_just_now(name, what, now):
				timeline.record(incident, "records_changed", {"what": what, "subject": doc.unit_no}, now, now)
		else:
			continue
		announce(name)


def _what_changed(doc: Document) -> str:
	before = doc.get_doc_before_save()
	if before is None:
		return doc.doctype
	if doc.doctype == "Property Unit" and affected_homes.people(before.residents) != affected_homes.people(
		doc.residents
	):
		return "Residents"
	return ""


def _said_just_now(incident: str, what: str, now: datetime) -> bool:
	"""Of many rows of a file one entry is enough; whoever takes them over is told of each."""
	last = frappe.get_all(
		"Timeline Entry",
		filters={
			"incident": incident,
			"kind": ("in", ("records_changed", "changes_taken_over")),
			"occurred_at": (">", now - timedelta(minutes=10)),
		},
		fields=["kind", "data"],
		order_by="creation desc",
		limit=1,
	)
	return bool(last) and last[0].kind == "records_changed" and frappe.parse_json(last[0].data).get("what") == what


def running_at(property_name: str) -> list[str]:
	"""Outages of a property that have begun and whose file is not closed. None is declared until this transaction ends, and one
	that was declared a moment ago is seen: the property's lock, then a locking read of these rows alone."""
	lock_property(property_name)
	table = frappe.qb.DocType("Outage Incident")
	names = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.property == property_name)
		.where(table.status.isin(BEGUN))
		.run(pluck=True)
	)
	return [row.name for row in locks.rows("Outage Incident", names, ("name", "status")) if row.status in BEGUN]


def _property_of(doc: Document) -> str:
	return doc.name if doc.doctype == "Managed Property" else doc.property


def refuse_while_one_runs(doc: Document, property_name: str, what: str) -> None:
	"""Raises with the number of the outage. `what` is changed: the label of a field, or of what is done to the record."""
	running = running_at(property_name)
	if running:
		frappe.throw(
			_(
				"{0}: not while outage {1} runs, whose steps and homes go by {2} {3}. Do it when that outage is closed; what turns out to be dark as well is added there with the button More is dark."
			).format(what, running[0], _(doc.doctype), frappe.bold(doc.name))
		)
