"""What everybody may read of a property's outages, without a login: areas, state and expected time."""

from collections.abc import Sequence

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response import listing
from outage_response.domain.lifecycle import LIVE, RUNNING
from outage_response.domain.states import IncidentStatus

from ..facts.language import listed
from ..facts.outage_in_words import clock_time, expected_back
from ..notices.wording import cause_of


def status_of(property_name: str) -> dict | None:
	"""{property, rows, planned, phone} of a property with a public page: areas, state and expected time, nothing about
	persons. None where there is no such page."""
	doc = (
		frappe.get_cached_doc("Managed Property", property_name)
		if frappe.db.get_value("Managed Property", property_name, "public_status_page")
		else None
	)
	if not doc:
		return None
	names = frappe.get_all(
		"Outage Incident",
		filters={
			"property": property_name,
			"is_drill": 0,
			"status": ("in", LIVE),
			"parent_incident": ("is", "not set"),
		},
		pluck="name",
		order_by="reported_at desc",
	)
	rows = [_area(frappe.get_doc("Outage Incident", name)) for name in names]
	return {"property": property_name, "rows": [row for row in rows if row], "phone": doc.get("service_phone") or ""}


def _area(incident: Document) -> dict | None:
	"""One line of the public page. An outage of single homes is not on it: it would point at a household."""
	whole = [row for row in incident.affected_nodes if not row.unit]
	if not whole:
		return None
	labels = dict(
		listing.get_all(
			"Power Node",
			filters={"name": ("in", [row.power_node for row in whole])},
			fields=["name", "node_name"],
			as_list=True,
		)
	)
	out = [row for row in whole if not row.back_at] if incident.status in RUNNING else []
	etr = expected_back(incident)
	return {
		"area": listed(dict.fromkeys(labels.get(row.power_node, "") for row in (out or whole))),
		"state": _state(incident, out),
		"out": bool(out),
		"cause": cause_of(incident),
		"etr": clock_time(etr) if out and etr else "",
		"etr_passed": bool(out and etr and etr < now_datetime()),
	}


def _state(incident: Document, out: Sequence[Document]) -> str:
	"""Where an outage stands; `out`: its lines that are without supply."""
	if incident.status == IncidentStatus.SCHEDULED:
		return _("Planned from {0} to {1}").format(clock_time(incident.planned_start), clock_time(incident.planned_end))
	if out:
		return _("No power since {0}").format(clock_time(min(row.out_since for row in out if row.out_since)))
	return _("Power is back since {0}").format(clock_time(incident.restored_at))
