"""The words of notices: the template that fits best, filled in, in the reader's language; nothing about anybody."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import format_datetime, get_datetime, now_datetime

from outage_response import settings
from outage_response.domain import notice_rules as rules
from outage_response.domain.errors import _lt
from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.states import CauseType, Duty, NoticeKind
from outage_response.domain.who_gets_a_task import of_duty

from ..facts import extent_in_words, who_is_on_duty
from ..facts.language import in_language, listed
from ..facts.outage_in_words import expected_back
from ..facts.power_and_assets import Surroundings

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
	"issuer",
	"issued",
)
# Causes as residents read them
PLAIN_CAUSES: Mapping[str, str] = {
	CauseType.OVERLOAD: _lt("more power was drawn than the installation can carry"),
	CauseType.EQUIPMENT_FAULT: _lt("a piece of our electrical equipment failed"),
	CauseType.HUMAN_ERROR: _lt("a mistake during work on the installation"),
	CauseType.EXTERNAL_GRID: _lt("the supply from the city grid failed"),
	CauseType.PLANNED_WORK: _lt("planned work on the installation"),
	CauseType.UNKNOWN: _lt("still being looked for"),
}


def words(
	incident: Document,
	kind: str,
	language: str,
	around: Surroundings,
	windows: Sequence[Document] = (),
	*,
	own: str = "",
	instead_of: datetime | None = None,
) -> tuple[str, str]:
	"""(subject, message) of a notice, from the template that fits best; nothing about anybody.

	Whatever the template, or somebody's `own` words, leave out of reason, telephone, issuer and date stands in the end.

	windows     the planned outages that one notice names
	instead_of  when the notice was issued that this one replaces
	"""
	templates = frappe.get_all(
		"Outage Notice Template",
		filters={"kind": kind},
		fields=["kind", "level", "language", "subject", "message"],
	)
	template = rules.best_template(templates, kind, incident.level, language)
	with in_language(language):
		values = _values(incident, kind, around)
		times = [
			{"planned_start": _moment(one.planned_start), "planned_end": _moment(one.planned_end)} for one in windows
		]
		subject = rules.fill(template["subject"], {**values, **(times[0] if times else {})}) if template else _(kind)
		text = own or rules.fill(
			template["message"] if template else "{property}: {area}\n{etr}\n{phone}", values, times
		)
		used = set() if own or not template else set(rules.WORD.findall(template["message"]))
		closing = [
			_("This notice replaces that of {0}.").format(_moment(instead_of)) if instead_of else "",
			_("Cause: {0}.").format(values["cause"]) if values["cause"] and "cause" not in used else "",
			_("Questions, or somebody needs help: {0}").format(values["phone"]) if values["phone"] not in text else "",
			*_cancelled(incident, kind, windows),
			values["issuer"],
			values["issued"],
		]
		return rules.subject_line(subject), rules.signed(text, closing)


def _cancelled(incident: Document, kind: str, remain: Sequence[Document]) -> list[str]:
	"""Of planned work that does not take place: which, and what of the same day still does."""
	if kind != NoticeKind.CANCELLED or not incident.planned_start:
		return []
	return [
		_("Cancelled: {0} to {1}.").format(_moment(incident.planned_start), _moment(incident.planned_end)),
		*(
			_("Still planned: {0} to {1}.").format(_moment(one.planned_start), _moment(one.planned_end))
			for one in remain
		),
	]


def telephone(property_name: str) -> str:
	"""Whom residents of a property ask: its service telephone, else customer service, else the control room."""
	known = who_is_on_duty.departments().values()
	numbers = [department.phone for department in (*of_duty(known, Duty.RESIDENTS), *of_duty(known, Duty.CONTROL_ROOM))]
	own = frappe.get_cached_doc("Managed Property", property_name).get("service_phone")
	return own or next((one for one in numbers if one), "")


def issuer(property_name: str) -> str:
	"""Who issues the notices of a property."""
	company = frappe.get_cached_doc("Managed Property", property_name).get("management_company")
	return company or _("Property management of {0}").format(property_name)


def cause_of(incident: Document, kind: str = "") -> str:
	"""Why supply is away, in words for residents. The reason of planned work is said as it was given; what people wrote of a fault is
	for the company. Not yet known is said as well, as long as the outage runs."""
	if kind == NoticeKind.CANCELLED:
		return ""
	if incident.planned_reason and incident.cause_type in ("", None, CauseType.PLANNED_WORK):
		return incident.planned_reason.strip().rstrip(".。")
	if incident.cause_type in PLAIN_CAUSES:
		return _(PLAIN_CAUSES[incident.cause_type])
	return _(PLAIN_CAUSES[CauseType.UNKNOWN]) if incident.status in RUNNING else ""


def _moment(value) -> str:
	return format_datetime(value, "yyyy-MM-dd HH:mm") if value else ""


def _values(incident: Document, kind: str, around: Surroundings) -> dict[str, str]:
	since = [get_datetime(row.out_since) for row in incident.affected_nodes if row.out_since]
	etr = expected_back(incident)
	passed = bool(etr) and etr <= now_datetime()
	return {
		"property": incident.property,
		"area": listed(extent_in_words.of_incident(incident, around, still=kind in rules.ABOUT_THE_TIME)),
		"since": _moment(min(since) if since else incident.reported_at),
		"cause": cause_of(incident, kind),
		"etr": _("not known yet") if not etr or passed else _moment(etr),
		"etr_passed": _moment(etr),
		"planned_start": _moment(incident.planned_start),
		"planned_end": _moment(incident.planned_end),
		"restored": _moment(incident.restored_at),
		"phone": telephone(incident.property),
		"emergency": settings.read().emergency_number,
		"issuer": issuer(incident.property),
		"issued": _moment(now_datetime()),
	}
