"""Tree, homes and assets of a property while one of its outages runs: what decides who is dark and which steps there are stays
as it is until that outage is closed. What turns out to be dark as well comes in by a verb, with an entry on the timeline.
"""

from collections.abc import Callable, Mapping, Sequence

import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain.lifecycle import ENDED

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


def before_rename(doc: Document, _event: str, _old: str, _new: str, merge: bool = False) -> None:
	"""The same for another name: permits, checklists and links that were sent say the old one."""
	refuse_while_one_runs(doc, _property_of(doc), _("Rename"))


def after_rename(doc: Document, _event: str, old: str, new: str, merge: bool = False) -> None:
	"""Work that is planned for another day goes by the new name. Frappe has changed its links; checklists are texts."""
	task, check = frappe.qb.DocType("Outage Task"), frappe.qb.DocType("Outage Task Check")
	planned = (
		frappe.qb.from_(task)
		.select(task.name)
		.where(task.property == (new if doc.doctype == "Managed Property" else doc.property))
		.where(task.incident_ended == 0)
	)
	changed = frappe.qb.update(check).set(check.item, new).where(check.item == old).where(check.kind == "Item")
	changed.where(check.parent.isin(planned)).run()


def _property_of(doc: Document) -> str:
	return doc.name if doc.doctype == "Managed Property" else doc.property


def refuse_while_one_runs(doc: Document, property_name: str, what: str) -> None:
	"""Raises with the number of the outage. `what` is changed: the label of a field, or of what is done to the record."""
	where = {"property": property_name, "status": ("not in", (*ENDED, "Scheduled"))}
	incident = frappe.db.get_value("Outage Incident", where, "name")
	if incident:
		frappe.throw(
			_(
				"{0}: not while outage {1} runs, whose steps and homes go by {2} {3}. Do it when that outage is closed; what turns out to be dark as well is added there with the button More is dark."
			).format(what, incident, _(doc.doctype), frappe.bold(doc.name))
		)
