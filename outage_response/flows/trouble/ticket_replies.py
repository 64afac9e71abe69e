"""Answers to the authors of linked tickets: rows first, written with the verb; a job sends them, a sweep finds the rest.

One answer with what is known, one at restoration, one with the callback; changes of the expected time only for those who
asked for every update. Never in a drill.
"""

from collections.abc import Iterable
from datetime import timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import format_datetime, now_datetime

from outage_response import bulk, integrations, listing, locks, queues, settings
from outage_response.compat import is_retriable
from outage_response.domain.plan_expansion import dedupe_key
from outage_response.domain.states import CallbackOutcome, IncidentStatus, ReplyKind, ReplyStatus
from outage_response.domain.waiting_limits import SENDER_IS_DEAD_AFTER
from outage_response.integrations import messages

from ..facts import outage_levels
from ..facts.language import in_language, in_sentences
from ..notices import audience
from ..site import same_site

JOB = "outage_response.jobs.send_ticket_replies"
AT_ONCE = 200
MAX_TRIES = 5
# Minutes to wait after the first, second ... try that failed
WAITS = (1, 5, 15, 60)


def queue(incident: Document, kind: str, calls: Iterable[frappe._dict], outcome: str = "") -> int:
	"""Write one answer per linked ticket that has not had it yet. Returns how many.

	outcome  of a callback; of "Known", "Still Out" for a home that its people say is still dark; of "Restored", when it was
	"""
	calls = [call for call in calls if call.ticket]
	if incident.is_drill or not settings.read().reply_to_tickets or not calls:
		return 0
	once = str(incident.etr) if kind == ReplyKind.ETR else outcome
	keys = {dedupe_key(incident.name, f"{kind} {once}", call.ticket_type, call.ticket): call for call in calls}
	for known in listing.get_all("Outage Ticket Reply", filters={"dedupe_key": ("in", list(keys))}, pluck="dedupe_key"):
		del keys[known]
	if not keys:
		return 0
	languages, otherwise = audience.languages_of(call.contact for call in keys.values()), audience.site_language()
	reads = {key: languages.get(call.contact, otherwise) for key, call in keys.items()}
	said = {}
	for language in set(reads.values()):
		with in_language(language):
			said[language] = text(incident, kind, outcome)
	bulk.insert(
		"Outage Ticket Reply",
		[
			{
				"ticket_type": call.ticket_type,
				"ticket": call.ticket,
				"incident": incident.name,
				"property": incident.property,
				"kind": kind,
				"status": ReplyStatus.QUEUED,
				"message": said[reads[key]],
				"dedupe_key": key,
			}
			for key, call in keys.items()
		],
	)
	frappe.db.after_commit.add(_ask_for_a_job)
	return len(keys)


def _ask_for_a_job() -> None:
	queues.ask_for_a_slice(JOB)


def text(incident: Document, kind: str, outcome: str = "") -> str:
	"""What a resident reads: what is known of the outage, in plain words; nothing about anybody else."""
	etr = format_datetime(incident.etr, "yyyy-MM-dd HH:mm") if incident.etr else ""
	if kind == ReplyKind.KNOWN and outcome:
		return _("Supply has come back in your area. We know that you report it is still out, and will call you.")
	if kind == ReplyKind.KNOWN:
		if incident.status == IncidentStatus.SCHEDULED or outage_levels.is_planned(incident.level):
			parts = [
				_("This is the planned outage from {0} to {1}.").format(
					format_datetime(incident.planned_start, "yyyy-MM-dd HH:mm"),
					format_datetime(incident.planned_end, "yyyy-MM-dd HH:mm"),
				)
			]
		else:
			parts = [_("We know of the power outage in your area; our people are at work on it.")]
			parts.append(
				_("Supply is expected back about {0}.").format(etr)
				if etr
				else _("We do not know yet when supply will be back; this page shows it as soon as we do.")
			)
			parts.append(
				_("If anybody is in danger or depends on a medical device, phone the emergency number and us.")
			)
			parts.append(_("Answer UPDATES to be told of every new time."))
		return in_sentences(parts)
	if kind == ReplyKind.ETR:
		return (
			_("The expected time has changed: supply is expected back about {0}.").format(etr)
			if etr
			else _("The expected time no longer holds; we will tell you as soon as there is a new one.")
		)
	if kind == ReplyKind.RESTORED:
		return _(
			"Supply is back in your area. We will call you; if you are still without power, answer: still no power."
		)
	answers: dict[str, str] = {
		CallbackOutcome.REACHED: _(
			"Thank you for speaking with us. This ticket is closed as far as the outage is concerned."
		),
		CallbackOutcome.STILL_OUT: _(
			"You told us that you are still without power. Our people are on it; this ticket stays open."
		),
		CallbackOutcome.NO_ANSWER: _("We tried to call you about the outage and will try again."),
		CallbackOutcome.REFUSED: _("You did not wish to be called about the outage. Write here if you need anything."),
	}
	return answers[outcome]


def queued(limit: int = AT_ONCE) -> list[str]:
	"""Names of answers to send now, those tried least first. What failed waits longer each time; what belongs to a
	platform that is switched off waits until it is on again."""
	desks = [desk.DOCTYPE for desk in integrations.desks()]
	if not desks or same_site.is_muted():
		return []
	table, now = frappe.qb.DocType("Outage Ticket Reply"), now_datetime()
	due = table.tries.isnull() | (table.tries == 0)
	for tries, minutes in enumerate(WAITS, start=1):
		due |= (table.tries == tries) & (table.modified <= now - timedelta(minutes=minutes))
	return (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.status == ReplyStatus.QUEUED)
		.where(table.ticket_type.isin(desks))
		.where(due)
		.orderby(table.tries)
		.orderby(table.creation)
		.orderby(table.name)
		.limit(limit)
	).run(pluck=True)


def send(name: str) -> None:
	"""Send one answer. The row is locked while it is sent, so that two workers never send the same."""
	row = locks.row("Outage Ticket Reply", name)
	if not row or row.status != ReplyStatus.QUEUED:
		return
	desk = integrations.desk_of(row.ticket_type)
	if not desk:
		return
	frappe.db.savepoint("send_reply")
	try:
		with integrations.as_system():
			mail = desk.reply(row.ticket, row.message, row.property)
		values = {"status": ReplyStatus.SENT, "sent_at": now_datetime(), "email_queue": mail, "error": None}
	except Exception as error:
		if is_retriable(error):
			raise
		frappe.db.rollback(save_point="send_reply")
		frappe.clear_messages()
		values = {
			"status": ReplyStatus.FAILED if (row.tries or 0) + 1 >= MAX_TRIES else ReplyStatus.QUEUED,
			"error": f"{type(error).__name__}: {error}"[:500],
		}
	bulk.update("Outage Ticket Reply", [name], {**values, "tries": (row.tries or 0) + 1, "modified": now_datetime()})


def follow_mails() -> int:
	"""What has become of the mails of answers that stand on their tickets: gone, or the answer has Failed: its author does not
	know. Answers how many have come to an end."""
	reply, queue = frappe.qb.DocType("Outage Ticket Reply"), frappe.qb.DocType("Email Queue")
	now = now_datetime()
	died = (queue.status == "Sending") & (queue.modified < now - SENDER_IS_DEAD_AFTER)
	rows = (
		frappe.qb.from_(reply)
		.left_join(queue)
		.on(queue.name == reply.email_queue)
		.select(reply.name, reply.email_queue, queue.status)
		.where(reply.email_queue > "")
		.where(reply.status == ReplyStatus.SENT)
		.where(queue.name.isnull() | queue.status.isin(("Sent", "Error")) | died)
		.limit(AT_ONCE)
	).run(as_dict=True)
	unknown = _("The mail server did not say whether it took the mail.")
	messages.stop_mails([row.email_queue for row in rows if row.status == "Sending"], unknown, ("Sending",))
	for statuses, values in (
		(("Sent", None), {"email_queue": None}),
		(("Error",), {"status": ReplyStatus.FAILED, "error": _("The mail did not leave."), "modified": now}),
		(("Sending",), {"status": ReplyStatus.FAILED, "error": unknown, "modified": now}),
	):
		bulk.update("Outage Ticket Reply", [row.name for row in rows if row.status in statuses], values)
	return len(rows)
