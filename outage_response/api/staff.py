"""The verbs for the staff. Every one is a POST; what it may be called by stands in `domain/authority.py`, what it does where it is made.

`occurred_at` is when it happened (site time, default now); `request_id` a client's own unique word for this request:
sent again, it gets the first answer.
"""

from typing import Any

from outage_response.flows.callbacks import attempts
from outage_response.flows.elevators import correction, entrapment_verbs, trapped_reports
from outage_response.flows.incident import (
	affected_area,
	cause_and_level,
	declaring,
	ending,
	expected_restoration,
	incident_report,
	switching,
)
from outage_response.flows.notices import notice_verbs
from outage_response.flows.residents import who_depends_on_power
from outage_response.flows.tasks import completion, leaving_for_danger, reassignment, task_verbs
from outage_response.flows.trouble import proposals, telephone_calls
from outage_response.flows.verb import timeline
from outage_response.permissions import require_read

from .endpoints import endpoint
from .reached import reading

# ---------------------------------------------------------------- incident
declare = endpoint(declaring.declare, but=("parent_incident",))
confirm = endpoint(cause_and_level.confirm)
start = endpoint(switching.start)
reclassify = endpoint(cause_and_level.reclassify)
extend_scope = endpoint(affected_area.extend_scope)
take_over_changes = endpoint(affected_area.take_over_changes)
set_etr = endpoint(expected_restoration.set_etr)
permit_energise = endpoint(switching.permit_energise)
supply_back = endpoint(switching.supply_back)
stand_down = endpoint(ending.stand_down)
close = endpoint(ending.close)
cancel = endpoint(ending.cancel)
file_report = endpoint(incident_report.file_report)

# ---------------------------------------------------------------- people in elevators
report_trapped = endpoint(trapped_reports.report_trapped)
note_entrapment = endpoint(entrapment_verbs.note_entrapment)
report_empty = endpoint(entrapment_verbs.report_empty)
read_back_empty = endpoint(entrapment_verbs.read_back_empty)

# ---------------------------------------------------------------- what people report
record_call = endpoint(telephone_calls.record_call)
take_call = endpoint(telephone_calls.take_call)
declare_proposal = endpoint(proposals.declare_proposal)
dismiss_proposal = endpoint(proposals.dismiss_proposal)

# ---------------------------------------------------------------- task
acknowledge = endpoint(task_verbs.acknowledge, but=("how",))
arrive = endpoint(task_verbs.arrive)
complete = endpoint(completion.complete)
complete_for = endpoint(completion.complete_for)
correct_outcome = endpoint(correction.correct_outcome)
take_danger = endpoint(leaving_for_danger.take_danger)
no_answer = endpoint(task_verbs.no_answer)
read_back = endpoint(completion.read_back)
add_evidence = endpoint(task_verbs.add_evidence)
skip = endpoint(task_verbs.skip)
reassign = endpoint(reassignment.reassign)
relieve = endpoint(reassignment.relieve)
move = endpoint(reassignment.move)
withdraw = endpoint(leaving_for_danger.withdraw)

# ---------------------------------------------------------------- callbacks, care and notices
log_attempt = endpoint(attempts.log_attempt)
give_up_callback = endpoint(attempts.give_up_callback)
read_care_needs = endpoint(who_depends_on_power.read_care_needs)
set_care_need = endpoint(who_depends_on_power.set_care_need)
send_notice = endpoint(notice_verbs.send_notice)
prove_posting = endpoint(notice_verbs.prove_posting)

# ---------------------------------------------------------------- reading


@reading
def get_timeline(incident: str) -> list[dict[str, Any]]:
	"""The incident's timeline in the reader's language."""
	require_read("Outage Incident", incident)
	return timeline.entries(incident)


@reading
def get_figures(incident: str) -> dict[str, Any]:
	"""Counts of one incident."""
	require_read("Outage Incident", incident)
	return incident_report.figures(incident)


@reading
def get_callback_queue(incident: str | None = None) -> list[dict[str, Any]]:
	"""Callbacks to make now, most urgent first, of those the reader may see."""
	return attempts.queue(incident)
