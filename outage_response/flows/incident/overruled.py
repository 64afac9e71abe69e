"""Two people judge the same outage at once: whoever comes second hears of the first, and the first of the second."""

import frappe
from frappe import _
from frappe.utils import get_datetime

from ..verb import bells, timeline
from ..verb.engine import Act

# a judgement of yesterday is not overruled but corrected; a time or a level is judged anew as the night goes on
WITHIN_MINUTES = {"confirmed": 60, "reclassified": 10, "etr_set": 5}


def say(act: Act, kind: str, **judged: str) -> None:
	"""Before an entry of `kind` is written: somebody else's of just before that says otherwise is named in the answer and on
	the timeline, and they are told that theirs does not stand any more.

	judged  the fields in which the two would differ
	"""
	first = timeline.last_entry(act.incident.name, kind)
	if not first or first.actor == frappe.session.user:
		return
	minutes = int((act.now - get_datetime(first.recorded_at)).total_seconds() // 60)
	said = {field: first.data.get(field) or "" for field in judged}
	if said == judged or minutes >= WITHIN_MINUTES[kind]:
		return
	act.record("overruled", {"minutes": minutes, "said_kind": kind, **said})
	name = frappe.utils.get_fullname(first.actor)
	text = timeline.render(kind, said)
	act.warnings.append(
		_("{0} minutes ago {1} said otherwise: {2} What you say stands now. Speak with each other.").format(
			minutes, name, text
		)
	)
	me = frappe.utils.get_fullname(frappe.session.user)
	told = _("{0} says otherwise: {1} What you said does not stand any more.").format(me, timeline.render(kind, judged))
	bells.tell(act.incident, {first.actor: told}, act.now)
