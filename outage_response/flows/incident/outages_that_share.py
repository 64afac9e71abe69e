"""What runs at the same places by several outages is done once: they share it, and what ends in one is asked for in the others."""

from outage_response.domain import lifecycle

from ..callbacks import open_callbacks
from ..facts import nested_outages
from ..notices import automatic_notices
from ..tasks import task_set
from ..verb.changes import touch
from ..verb.engine import Act, finish
from ..verb.locking import lock_incident


def share_with_running(act: Act) -> None:
	"""What makes the same places dark by another running outage is worked on and called back once."""
	incident = act.incident
	if incident.status not in lifecycle.RUNNING:
		return
	nodes = [row.power_node for row in incident.affected_nodes if not row.back_at and not row.unit]
	running = nested_outages.running_at(incident.property, int(incident.is_drill or 0), incident.name) if nodes else []
	share(act, nested_outages.overlapping(nodes, running, act.around))


def settle_others(act: Act, *, tell: bool = False) -> None:
	"""What ended here may be asked for there: the outages that share with this one take what is now theirs."""
	for name in nested_outages.names(act.incident.name):
		other = lock_incident(name)
		if other.status in lifecycle.ENDED:
			continue
		its = Act("share", act.at, act.now, incident=other)
		task_set.sync(its)
		open_callbacks.open_ready(its, its.around)
		if tell:
			automatic_notices.on_supply_back(its)
		finish(its, {})


def share(act: Act, others: list[str]) -> None:
	"""What is under way at the same places by these outages is this one's too; their people who wait to be called back wait for it."""
	if new := nested_outages.note(act.incident.name, others, act.now):
		act.warn("shares", {"incidents": new})
		for name in new:
			other = Act("share", act.at, act.now, incident=lock_incident(name))
			open_callbacks.hold(other)
			other.record("shares", {"incidents": [act.incident.name]})
			touch(other.incident)
