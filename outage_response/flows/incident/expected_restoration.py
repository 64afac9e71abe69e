"""When supply is expected back: said, changed, or taken back."""

from datetime import datetime
from typing import Any

from frappe.utils import get_datetime

from outage_response import bulk
from outage_response.domain import planned_times

from ..facts import plan_steps
from ..notices import automatic_notices
from ..tasks import tasks_on_record
from ..verb.changes import save
from ..verb.engine import Act, incident_verb
from ..verb.times import as_time
from . import overruled


@incident_verb
def set_etr(act: Act, etr: str | datetime | None = None) -> dict[str, Any]:
	"""When supply is expected back; none: nobody can say any more."""
	before = get_datetime(act.incident.etr) if act.incident.etr else None
	write_etr(act, etr)
	save(act.incident)
	automatic_notices.on_etr(act, before)
	return {"etr": str(act.incident.etr or "")}


def write_etr(act: Act, etr: str | datetime | None) -> None:
	moment = as_time(etr, "ETR")
	planned_times.require_etr(moment, act.now)
	act.incident.etr = moment
	waiting = [
		task.name
		for task in tasks_on_record.load(act.incident.name)
		if task.is_open and task.plan and plan_steps.step_of(task).due_at_etr
	]
	bulk.update("Outage Task", waiting, {"due_at": moment})
	if moment:
		said = moment.strftime("%Y-%m-%d %H:%M")
		overruled.say(act, "etr_set", etr=said)
		act.record("etr_set", {"etr": said})
	else:
		act.record("etr_cleared")
