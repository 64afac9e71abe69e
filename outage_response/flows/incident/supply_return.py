"""What switching on touches, and what the return of supply says of each affected node."""

from collections.abc import Iterable, Sequence
from typing import Any

from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response.domain import gates
from outage_response.domain.lifecycle import TaskRow
from outage_response.domain.states import Duty, OutageKind

from ..facts import nested_outages, outage_levels, people_in_elevators, power_and_assets
from ..facts.affected_nodes import labels
from ..facts.language import listed
from ..tasks import shared_tasks, task_words
from ..verb import bells
from ..verb.engine import Act


def blocking_energise(
	incident: Document, switched: Iterable[str], around: power_and_assets.Surroundings
) -> list[TaskRow]:
	"""What keeps the nodes from being switched on, whose return makes live what they feed and what feeds them."""
	return gates.blocking(
		"energise",
		shared_tasks.load_switched(incident, around),
		_fed_through(switched, around),
		tree=around.tree.parents,
		locked_off=people_in_elevators.locked_off(incident.name, *nested_outages.names(incident.name)),
	)


def _fed_through(nodes: Iterable[str], around: power_and_assets.Surroundings) -> set[str]:
	"""Everything that would be live: the nodes, what they feed, and what feeds them."""
	nodes = list(nodes)
	return around.tree.under(nodes) | {above for node in nodes for above in around.tree.path(node)}


def write_rows(incident: Document, rows: Sequence[Any], source: str | None) -> None:
	existing: dict[tuple, list[Document]] = {}
	for row in incident.affected_nodes:
		existing.setdefault((row.power_node, row.unit or "", get_datetime(row.out_since)), []).append(row)
	for dark in rows:
		alike = existing.get((dark.node, dark.unit, dark.out_since))
		if alike:
			row = alike.pop(0)
		else:
			row = incident.append("affected_nodes", {"power_node": dark.node, "out_since": dark.out_since})
		if dark.back_at and not row.back_at:
			row.back_at, row.back_source = dark.back_at, (source or "")[:140]


def warn_of_open_steps(act: Act, returned: Sequence[Document], around: power_and_assets.Surroundings) -> None:
	"""Supply that returns while steps are open is told; while people are in a car, it is rung, before all else. In an outage
	of the grid too: it comes back by itself, and nobody was asked for permission."""
	_warn_of_people_inside(act)
	still_open = blocking_energise(act.incident, [row.power_node for row in returned], around)
	if still_open:
		act.warn("back_with_open_steps", task_words.titles(still_open))
	if outage_levels.kind_of(act.incident.level) == OutageKind.EXTERNAL:
		return
	unpermitted = [row for row in returned if not _permitted(row, act.incident, around)]
	if unpermitted:
		act.warn("back_without_permission", {"nodes": labels(unpermitted, around)})


def _warn_of_people_inside(act: Act) -> None:
	cars = {subject.name for subject in act.elevators_affected}
	inside = [row for row in people_in_elevators.open_at(act.incident, cars) if not row.locked_off_at]
	rows = people_in_elevators.sort(inside, act.now)
	if not rows:
		return
	act.warn("back_with_people_inside", {"subject": [row.elevator_label for row in rows]})
	people = listed(people_in_elevators.in_words(row, act.now) for row in rows)
	text = _("DANGER: supply came back, and the car may move: {0}").format(people)
	bells.tell_those_for(act, (Duty.CONTROL_ROOM, Duty.REPAIRS), text)


def _permitted(row: Document, incident: Document, around: power_and_assets.Surroundings) -> bool:
	"""Was there a permission for this node, or for each of the parts by which it came back?"""
	parts = [
		other
		for other in incident.affected_nodes
		if other is not row
		and row.power_node in around.tree.path(other.power_node)[1:]
		and not (other.back_at and get_datetime(other.back_at) <= get_datetime(row.out_since))  # of an earlier loss
	]
	return bool(row.energise_permitted_at or (parts and all(part.energise_permitted_at for part in parts)))
