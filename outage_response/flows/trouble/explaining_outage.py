"""Which outage explains a call: the same answer for a telephone call, a portal report and a ticket, read from the site."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import settings
from outage_response.domain import which_outage_explains as rules
from outage_response.domain.lifecycle import RUNNING
from outage_response.domain.power_topology import Dark, PowerTree
from outage_response.domain.states import IncidentStatus

from ..facts import power_and_assets
from ..facts.homes_of_people import paths_of


def candidates(property_name: str) -> list[rules.Candidate]:
	"""The outages of a property that may explain a call. Never a drill: a real call during one is a real call."""
	other, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	rows = (
		frappe.qb.from_(other)
		.join(node)
		.on(node.parent == other.name)
		.select(
			other.name,
			other.status,
			other.planned_start,
			other.planned_end,
			node.power_node,
			node.unit,
			node.out_since,
			node.back_at,
		)
		.where(other.property == property_name)
		.where(other.is_drill == 0)
		.where(
			other.status.isin((IncidentStatus.SCHEDULED, *RUNNING, IncidentStatus.RESTORED, IncidentStatus.STOOD_DOWN))
		)
		.orderby(other.name)
		.orderby(node.idx)
	).run(as_dict=True)
	dark: dict[tuple[str, bool], list[Dark]] = defaultdict(list)
	for row in rows:
		planned = row.status == IncidentStatus.SCHEDULED
		since, until = (row.planned_start, row.planned_end) if planned else (row.out_since, row.back_at)
		if since:
			found = Dark(row.power_node, get_datetime(since), get_datetime(until) if until else None, row.unit or "")
			dark[row.name, planned].append(found)
	return [rules.Candidate(name, found, planned) for (name, planned), found in dark.items()]


def still_out_minutes() -> int:
	"""For how long after its return an outage explains a call that says that it is still dark."""
	known = settings.read()
	return max(known.still_out_hours * 60, known.call_window_minutes)


def explain(
	tree: PowerTree,
	power_node: str | None,
	unit: str | None,
	said_at: datetime | None,
	known: Iterable[rules.Candidate],
) -> rules.Explanation | None:
	"""What explains one call (`said_at` None: of now); None also where nobody knows where it is."""
	if power_node not in tree.parents:
		return None
	return rules.explained_by(tree.path(power_node), unit or "", get_datetime(said_at), known, still_out_minutes())


def standings(incident: Document, calls: Sequence[frappe._dict]) -> dict[str, rules.Standing]:
	"""name of a call -> how its home stands in this incident. A home that is not of its area stands as the whole incident."""
	rows = power_and_assets.dark_rows(incident)
	paths = paths_of([call.power_node for call in calls if call.power_node])
	return {
		call.name: rules.standing(paths.get(call.power_node, ()), call.unit or "", rows) or _as_a_whole(incident)
		for call in calls
	}


def _as_a_whole(incident: Document) -> rules.Standing:
	since = get_datetime(incident.reported_at)
	if incident.status == IncidentStatus.SCHEDULED:
		return rules.Standing(rules.PLANNED, since, None, 0)
	if incident.status in RUNNING:
		return rules.Standing(rules.RUNNING, since, None, 0)
	return rules.Standing(rules.RESTORED, since, get_datetime(incident.restored_at or incident.modified), 0)


def is_still_out(stands: rules.Standing, call: frappe._dict) -> bool:
	"""Its home is back, and its people said afterwards that it is not."""
	return stands.kind == rules.RESTORED and get_datetime(call.said_at) > stands.back_at
