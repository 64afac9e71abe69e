"""The words of notices: the template that fits best, filled in, in the reader's language; nothing about anybody."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import format_datetime, get_datetime, now_datetime

from outage_response.domain import notices as rules

from .known import expected_back
from .surroundings import Surroundings

WORDS = (
	"property",
	"area",
	"since",
	"cause",
	"etr",
	"etr_passed",
	"planned_start",
	"planned_end",
	"restored",
	"phone",
	"emergency",
)
# Causes as residents read them
PLAIN_CAUSES = {
	"Overload": "more power was drawn than the installation can carry",
	"Equipment Fault": "a piece of our electrical equipment failed",
	"Human Error": "a mistake during work on the installation",
	"External Grid": "the supply from the city grid failed",
	"Planned Work": "planned work on the installation",
	"Unknown": "still being looked for",
}


@contextmanager
def in_language(language: str) -> Iterator[None]:
	"""Speak the reader's language, whatever the operator's is."""
	before, frappe.local.lang = frappe.local.lang, language
	try:
		yield
	finally:
		frappe.local.lang = before


def words(incident: Document, kind: str, language: str, around: Surroundings | None = None) -> tuple[str, str]:
	"""(subject, message) of a notice, from the template that fits best; nothing about anybody."""
	templates = frappe.get_all(
		"Outage Notice Template",
		filters={"kind": kind},
		fields=["kind", "level", "language", "subject", "message"],
	)
	template = rules.best_template(templates, kind, incident.level, language)
	with in_language(language):
		values = _values(incident, around)
		if not template:
			return _(kind), rules.fill("{property}: {area}\n{etr}\n{phone}", values)
		return rules.fill(template["subject"], values)[:140], rules.fill(template["message"], values)


def _values(incident: Document, around: Surroundings | None) -> dict[str, str]:
	def moment(value) -> str:
		return format_datetime(value, "yyyy-MM-dd HH:mm") if value else ""

	nodes = list(dict.fromkeys(row.power_node for row in incident.affected_nodes))
	labels = [around.label(node) if around else node for node in nodes]
	since = [get_datetime(row.out_since) for row in incident.affected_nodes if row.out_since]
	etr = expected_back(incident)
	passed = bool(etr) and etr <= now_datetime()
	property_doc = frappe.get_cached_doc("Managed Property", incident.property)
	settings = frappe.get_cached_doc("Outage Response Settings")
	return {
		"property": incident.property,
		"area": ", ".join(labels[:8]) + (f" (+{len(labels) - 8})" if len(labels) > 8 else ""),
		"since": moment(min(since) if since else incident.reported_at),
		"cause": _(PLAIN_CAUSES[incident.cause_type]) if incident.cause_type in PLAIN_CAUSES else "",
		"etr": _("not known yet") if not etr or passed else moment(etr),
		"etr_passed": moment(etr),
		"planned_start": moment(incident.planned_start),
		"planned_end": moment(incident.planned_end),
		"restored": moment(incident.restored_at),
		"phone": property_doc.get("service_phone") or "",
		"emergency": settings.get("emergency_number") or "120 / 119 / 110",
	}
