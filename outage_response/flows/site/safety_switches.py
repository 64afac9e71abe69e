"""Fields that decide whether an outage is noticed, rung and answered. A change of one is kept as a Version (who, before, after),
and told to the control room, the general managers and those who answer for the site: a switch that was turned off in silence is found
out in the night in which it was needed."""

from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_fullname, now_datetime

from outage_response.domain.authority import ADMINISTRATOR, CONTROL_ROOM, GENERAL_MANAGER
from outage_response.integrations import notifications

from ..facts.language import in_clauses, in_language
from ..facts.reachable_people import holders

SWITCHES = {
	"Outage Response Settings": (
		"ring_people",
		"ring_ahead_minutes",
		"inside_addresses",
		"read_tickets",
		"danger_words",
		"no_danger_words",
		"fire_number",
		"ambulance_number",
		"elevator_hotline",
		"first_entrapment_warning",
		"second_entrapment_warning",
		"emergency_number",
		"automatic_notices",
		"callback_danger_percent",
		"callback_care_percent",
	),
	"Paging Channel": ("enabled", "kind", "audience", "url", "headers", "body", "timeout_seconds", "tries"),
	"Escalation Rule": ("enabled", "department", "priority", "rounds", "start_minutes", "steps"),
	"Response Department": ("role", "duty", "is_external", "phone", "lead", "coverage"),
	"Outage Level": ("plan", "kind"),
	"Outage Plan": ("steps", "outcomes"),
}
# What may hold a key of a gateway: that it changed is told, not what it says
SECRETIVE = {"url", "headers", "body"}
# Only an administrator may open these; the others are sent to the Settings
CLOSED = {"Paging Channel"}
TOLD = (CONTROL_ROOM, GENERAL_MANAGER, ADMINISTRATOR)
NOTHING = "–"
LONGEST = 200


def on_change(doc: Document, _event: str | None = None) -> None:
	"""A record with switches was saved."""
	if _silent():
		return
	before = doc.get_doc_before_save()
	if doc.doctype == "Outage Plan" and frappe.db.get_value("Outage Level", doc.level, "plan") != doc.name:
		return  # nothing goes by it yet; putting it in force is a change of the level
	fields = [
		field for field in SWITCHES[doc.doctype] if _plain(doc, field) != (_plain(before, field) if before else [])
	]
	if before is None:
		fields = [field for field in fields if doc.get(field)]
	if fields:
		_tell(doc, fields, before)


def on_delete(doc: Document, _event: str | None = None) -> None:
	"""A record with switches is deleted."""
	if not _silent():
		_tell(doc, (), doc)


def _silent() -> bool:
	"""What an installation or an update brings is nobody's change; those who keep the site are told by its patches."""
	flags = frappe.flags
	return bool(flags.in_install or flags.in_uninstall or flags.in_migrate or flags.in_patch)


def _tell(doc: Document, fields: Any, before: Document | None) -> None:
	users = holders(TOLD)
	said = {}
	for language in set(users.values()):
		with in_language(language):
			said[language] = _words(doc, fields, before)
	settings = doc.doctype in CLOSED or not fields
	doctype, name = ("Outage Response Settings", "Outage Response Settings") if settings else (doc.doctype, doc.name)
	subjects = {user: said[language] for user, language in users.items()}
	notifications.write(subjects, doctype, name, now_datetime(), "Alert")


def _words(doc: Document, fields: Any, before: Document | None) -> str:
	record = _(doc.doctype) if doc.meta.issingle else f"{_(doc.doctype)} {_(doc.get_title() or doc.name)}"
	who = get_fullname(frappe.session.user)
	if not fields:
		return _("{who} has deleted {record}.").format(who=who, record=record)
	changes = in_clauses(
		_("{0}: {1} → {2}").format(
			_(doc.meta.get_label(field), context=doc.doctype),
			_said(before, field) if before else NOTHING,
			_said(doc, field),
		)
		for field in fields
	)
	return _("{who} has changed {record}. {changes}").format(who=who, record=record, changes=changes)


def _plain(doc: Document, field: str) -> Any:
	"""A value that can be compared; a table as what its rows say."""
	value = doc.get(field)
	if isinstance(value, list):
		names = [df.fieldname for df in frappe.get_meta(doc.meta.get_field(field).options).fields]
		return [[str(row.get(name) or "") for name in names] for row in value]
	return [str(value or "") if str(value or "") != "0" else ""]


def _said(doc: Document, field: str) -> str:
	df, value = doc.meta.get_field(field), doc.get(field)
	if field in SECRETIVE:
		return "•••" if value else NOTHING
	if isinstance(value, list):
		if doc.doctype == "Outage Plan":
			return str(len(value))
		shown = [one.fieldname for one in frappe.get_meta(df.options).fields if one.in_list_view]
		return (
			" / ".join(" ".join(_(str(row.get(name))) for name in shown if row.get(name)) for row in value) or NOTHING
		)
	if df.fieldtype == "Check":
		return _("Yes") if value else _("No")
	return _(str(value))[:LONGEST] if value not in (None, "") else NOTHING
