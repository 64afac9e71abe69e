"""Entry points of the scheduler and of background jobs. Each piece has a transaction of its own, so that one that fails
stops no other; what fails is tried again by the next minute's sweep."""

import time
from collections.abc import Callable

import frappe
from frappe.utils import now_datetime

from . import queues
from .compat import is_retriable
from .flows import (
	clockwork,
	deliveries,
	entrapment,
	followups,
	households,
	notice,
	page_mails,
	pages,
	proposals,
	ringing,
	rosters,
	sending,
	shift_end,
	site_muting,
	sweeping,
	telephony,
	ticket_replies,
	tickets,
)
from .integrations import messages
from .integrations.channels.post import post_all

PLACE_JOB = "outage_response.jobs.place_calls"
ROUNDS = 100
TRIES = 3
# The sweep begins no further round of sending after this; with a gateway that hangs it ends within its minute all the same
SWEEP_SENDS_SECONDS = 10


def before_job() -> None:
	"""Before each job of the site, Frappe's own included: is it still the site that it was? See `flows/site_muting.py`."""
	_alone("Outage site", site_muting.look)


def every_minute() -> None:
	"""The minute clock: repeating steps, tickets and logged calls that no job took, answers that no job sent."""
	running = clockwork.ticking_incidents()
	for name in running:
		_alone(f"Outage clock: {name}", clockwork.tick, name)
	for name in _alone("Outage elevators: people inside for long", entrapment.to_warn) or ():
		_alone(f"Outage elevators: {name}", entrapment.warn, name)
	ring(awake=ringing.is_waiting())
	for name in notice.waiting_for_the_clock():
		_alone(f"Outage notices: {name}", notice.tick, name)
	sweep_tickets()
	offer_calls()
	send_ticket_replies()
	resolve_tickets()
	send_notices()
	make_households()


def every_day() -> None:
	"""Rosters for the weeks to come, and a word to those who make them where something is missing."""
	frappe.set_user("Administrator")
	for name in _alone("Outage rosters", rosters.fill_all) or ():
		_alone(f"Outage roster: {name}", rosters.fill, name)
	for name in _alone("Outage rosters: properties", rosters.properties_with_rosters) or ():
		_alone(f"Outage roster: {name}", rosters.remind, name)


def ring(*, awake: bool = True) -> None:
	"""Ring whom it is time to ring, and send what no worker took."""
	frappe.set_user("Administrator")
	if awake:
		_alone("Outage paging: a site at work", ringing.note_activity, now_datetime())
	for name in _alone("Outage shifts: what was left behind", shift_end.due) or ():
		_alone(f"Outage shifts: {name}", shift_end.release, name)
	late = _alone("Outage paging: last sweep", sweeping.since_last) or 0
	for name in _alone("Outage paging: what is due", sweeping.due) or ():
		_alone(f"Outage paging: {name}", sweeping.sweep, name, late)
	for incident, page in _alone("Outage paging: lost pages", sending.give_up_lost) or ():
		_alone(f"Outage paging: {incident}", sweeping.hurry, incident, [page])
	_alone("Outage paging: mails", page_mails.follow)
	if not send_pages(SWEEP_SENDS_SECONDS):
		_alone("Outage paging: the rest", pages.ask_for_a_job)


def send_pages(seconds: float | None = None) -> bool:
	"""Send pages until none is left that is to be sent now, or the time is over. Several of these may run: each page is taken
	by one. Answers whether all are sent."""
	frappe.set_user("Administrator")
	began = time.monotonic()
	for _round in range(ROUNDS):
		if seconds and time.monotonic() - began > seconds:
			return False
		names = _alone("Outage paging: pages", sending.take)
		if not names:
			return True
		letters = _alone("Outage paging: letters", sending.letters, names) or []
		outgoing = [letter for letter in letters if letter[2]]
		outcomes = dict(
			zip([letter[0] for letter in outgoing], post_all([letter[2] for letter in outgoing]), strict=True)
		)
		lost: dict[str, list[str]] = {}
		for name, letter, _request, outcome in letters:
			ended = _alone(f"Outage page: {name}", sending.note, name, letter, outcomes.get(name) or outcome)
			if ended and ended[0] and ended[1] in ("Failed", "Unknown"):
				lost.setdefault(ended[0], []).append(name)
		for incident, some in lost.items():
			_alone(f"Outage paging: {incident}", sweeping.hurry, incident, some)
	return False


def read_tickets() -> None:
	"""Read new tickets page by page; a job for each property places the calls they become. Runs as the site, whoever
	wrote the ticket."""
	_read_tickets(_ask_to_place)


def sweep_tickets() -> None:
	"""The same without jobs: what no job took, and what waits for others."""
	_read_tickets(_place_once)


def _read_tickets(place: Callable[[str], None]) -> None:
	frappe.set_user("Administrator")
	for _round in range(ROUNDS):
		names = _alone("Outage tickets: answers", followups.unread)
		for name, doctype in names or ():
			_alone(f"Outage tickets: {name}", followups.read, name, doctype)
		if not names:
			break
	cursor = None
	for _round in range(ROUNDS):
		cursor = _alone("Outage tickets: reading", tickets.read_unread, cursor)
		for property_name in _alone("Outage tickets: properties", proposals.properties_with_waiting_calls) or ():
			place(property_name)
		if not cursor:
			return


def _ask_to_place(property_name: str) -> None:
	"""A property whose lock is held keeps no other one waiting."""
	job = f"outage_response.place_calls:{property_name}"
	if not queues.ask(PLACE_JOB, job_id=job, deduplicate=True, property_name=property_name):
		_place_once(property_name)


def _place_once(property_name: str) -> dict | None:
	return _alone(f"Outage tickets: {property_name}", proposals.place_calls, property_name)


def place_calls(property_name: str) -> None:
	"""The job of one property: place its calls, and those that come meanwhile."""
	frappe.set_user("Administrator")
	for _round in range(ROUNDS):
		done = _place_once(property_name)
		if not done or not (done["linked"] or done["proposed"]):
			return


def send_ticket_replies() -> None:
	"""Send the queued answers to tickets, each by itself."""
	frappe.set_user("Administrator")
	for _round in range(ROUNDS):
		names = _alone("Outage replies", ticket_replies.queued)
		for name in names or ():
			_alone(f"Outage reply: {name}", ticket_replies.send, name)
		if not names:
			return


def resolve_tickets() -> None:
	"""Resolve the tickets of those who were reached, each by itself."""
	frappe.set_user("Administrator")
	for name in _alone("Outage tickets: to be resolved", tickets.to_resolve) or ():
		_alone(f"Outage tickets: {name}", tickets.resolve, name)


def send_notices() -> None:
	"""Send what is queued: mails through Frappe's queue, SMS one by one; see what has become of those on their way."""
	frappe.set_user("Administrator")
	_alone("Outage notices: too old", deliveries.settle_too_old)
	handed = 0
	for _round in range(ROUNDS):
		count = _alone("Outage notices: mail", deliveries.hand_over_mails)
		handed += count or 0
		if not count:
			break
	for _round in range(ROUNDS):
		if not _send_some_sms():
			break
	_alone("Outage notices: dead workers", deliveries.bury_the_dead)
	if _alone("Outage notices: what became of the mails", deliveries.follow_mails) or handed:
		_alone("Outage notices: the mail queue", messages.wake_the_mail_queue)


def _send_some_sms() -> bool:
	"""Send the next SMS: each is claimed, asked for and written down by itself, so that only what cannot send twice is run
	again. Answers whether it is worth going on: a gateway that does not answer is asked again in the next minute, for
	the minute's other work must not wait for it."""
	mine = False
	for name in _alone("Outage notices: SMS", deliveries.waiting_sms) or ():
		if not _alone(f"Outage notice: {name}", deliveries.claim_sms, name):
			continue
		mine = True
		frappe.db.rollback()
		outcome = deliveries.ask_gateway(name)
		if outcome:
			_alone(f"Outage notice: {name}", deliveries.note_sms, name, outcome)
			if outcome.number:
				_alone("Outage notices: SMS Log", messages.log_sms, outcome.number, outcome.text)
			if outcome.is_unknown:
				return False
	return mine


def offer_calls() -> None:
	"""Offer calls that telephony logged to the callbacks they may be attempts of."""
	frappe.set_user("Administrator")
	_alone("Outage callbacks: calls logged by telephony", telephony.offer_calls)


def make_households() -> None:
	"""Households of units that wrote tickets become customers. One that fails is left alone for an hour."""
	frappe.set_user("Administrator")
	for ticket_doctype, unit in _alone("Outage households", households.missing) or ():
		key = f"outage_household_failed:{ticket_doctype}:{unit}"
		if (
			not frappe.cache.get_value(key, expires=True)
			and _alone(f"Outage household: {unit}", households.make, ticket_doctype, unit) is None
		):
			frappe.cache.set_value(key, 1, expires_in_sec=3600)
	_alone("Outage households: tickets", households.show_on_tickets)


def _alone(title: str, function: Callable, *args):
	"""Run one piece in its own transaction; its result, or None when it failed. A deadlock's victim is run again."""
	for left in reversed(range(TRIES)):
		frappe.db.rollback()
		try:
			result = function(*args)
			frappe.db.commit()
			return result
		except Exception as error:
			frappe.db.rollback()
			if is_retriable(error):
				if left:
					continue
				return None
			frappe.log_error(title=title[:140])
			frappe.db.commit()
			return None
