"""Entry points of the scheduler and of background jobs. Each piece has a transaction of its own, so that one that fails
stops no other; what fails is tried again by the next minute's sweep.

Ringing has jobs to itself, and no bulk. Bulk runs in slices of about a second, each a job of its own at the back of a line
that ringing does not stand in (`queues.py`).
"""

import time
from collections.abc import Callable, Iterable, Sequence

import frappe
from frappe.utils import now_datetime

from outage_response import error_log, locks, queues, space
from outage_response.compat import is_retriable
from outage_response.domain.states import PageStatus
from outage_response.integrations import mail_server, messages
from outage_response.integrations.channels.post import post_all

from .flows.callbacks import households, telephony
from .flows.elevators import long_inside
from .flows.facts import site_time, who_was_rung
from .flows.incident import clock_put_back
from .flows.notices import automatic_notices, deliveries, notice_mails, notice_sms, server_patience
from .flows.paging import (
	disabled_logins,
	mail_queue,
	page_mails,
	page_rows,
	page_sending,
	restored_backup,
	ringing,
	sweep,
)
from .flows.roster import shifts
from .flows.site import same_site
from .flows.tasks import recurring_steps, shift_end
from .flows.trouble import proposals, ticket_intake, ticket_messages, ticket_replies, tickets_follow

PLACE_JOB = "outage_response.jobs.place_calls"
RING_JOB = sweep.JOB
REPLY_JOB = ticket_replies.JOB
ROUNDS = 100
TRIES = 3
# The sweep begins no further round of sending after this; with a gateway that hangs it ends within its minute all the same
SWEEP_SENDS_SECONDS = 10
# So long a slice of bulk begins something new: with the start of its job, whoever waits for the worker waits for about a second
SLICE_SECONDS = 0.6


def before_job() -> None:
	"""Before each job of the site, Frappe's own included: is it still the site that it was? See `flows/paging/restored_backup.py`. Other
	apps' jobs come after it: nothing of the connection is changed for them."""
	try:
		restored_backup.look()
		frappe.db.commit()
	except Exception as error:
		frappe.db.rollback()
		if not is_retriable(error):
			error_log.add("Outage site", error)


def ring_every_minute() -> None:
	"""The minute's ringing: people inside elevators, steps whose time has come, pages that no worker took."""
	frappe.set_user("Administrator")
	for name, *back in _alone("Outage clock", site_time.look) or ():
		_alone(f"Outage clock: {name}", clock_put_back.follow, name, *back)
	for name in _alone("Outage elevators: people inside for long", long_inside.to_warn) or ():
		_alone(f"Outage elevators: {name}", long_inside.warn, name)
	ring(awake=who_was_rung.is_waiting())


def after_any_job(method: str = "") -> None:
	"""After each job of the site, whoever asked for it: is the minute's ringing late?"""
	if method != RING_JOB:
		sweep.bring_forward()


def every_minute() -> None:
	"""The minute clock of everything that is neither ringing nor bulk mail: repeating steps, notices whose time has come,
	tickets and logged calls that no job took."""
	running = recurring_steps.ticking_incidents()
	for name in running:
		_alone(f"Outage clock: {name}", recurring_steps.tick, name)
	for name in automatic_notices.waiting_for_the_clock():
		_alone(f"Outage notices: {name}", automatic_notices.tick, name)
	sweep_tickets()
	offer_calls()
	resolve_tickets()
	make_households()


def bulk_every_minute() -> None:
	"""What has become of messages on their way; and what bulk no job took is asked for in slices, or all done here where no
	queue answers. On a site that is another one than it was all stays as it is."""
	frappe.set_user("Administrator")
	if _alone("Outage site", same_site.is_muted):
		return
	for what, look in (
		("too old", deliveries.settle_too_old),
		("mails", notice_mails.follow_mails),
		("dead workers", notice_sms.bury_the_dead),
		("old mails", mail_queue.give_up_old),
		("mails of answers", ticket_replies.follow_mails),
	):
		_alone(f"Outage notices: {what}", look)
	# by turns: a job that a dead worker has in hand keeps its own turn's place until Redis forgets it
	turn = now_datetime().minute % 2
	for method in (messages.JOB, REPLY_JOB):
		if not queues.ask_for_a_slice(method, turn):
			frappe.get_attr(method)(turn=None)


def every_day() -> None:
	"""Rosters for the weeks to come, and a word to those who make them where something is missing."""
	frappe.set_user("Administrator")
	for name in _alone("Outage rosters", shifts.fill_all) or ():
		_alone(f"Outage roster: {name}", shifts.fill, name)
	for name in _alone("Outage rosters: properties", shifts.properties_with_rosters) or ():
		_alone(f"Outage roster: {name}", shifts.remind, name)


def ring(*, awake: bool = True) -> None:
	"""Ring whom it is time to ring, and send what no worker took."""
	frappe.set_user("Administrator")
	if awake:
		_alone("Outage paging: a site at work", ringing.note_activity, now_datetime())
	for name in _alone("Outage shifts: what was left behind", shift_end.due) or ():
		_alone(f"Outage shifts: {name}", shift_end.release, name)
	for name in _alone("Outage shifts: whose login has ended", disabled_logins.due) or ():
		_alone(f"Outage shifts: {name}", disabled_logins.release, name)
	if _alone("Outage site", same_site.is_muted):
		return  # the ladder stands where it stood
	late = _alone("Outage paging: last sweep", sweep.since_last) or 0
	for name in _alone("Outage paging: what is due", sweep.due) or ():
		_alone(f"Outage paging: {name}", sweep.sweep, name, late)
	_hurry(_alone("Outage paging: lost pages", page_sending.give_up_lost))
	_hurry(_alone("Outage paging: mails", page_mails.follow))
	if not send_pages(SWEEP_SENDS_SECONDS):
		_alone("Outage paging: the rest", page_rows.ask_for_a_job)


def _hurry(lost: Iterable[tuple[str, str]] | None) -> None:
	"""(incident, page) of pages that reached nobody: whoever is next is rung now."""
	by_incident: dict[str, list[str]] = {}
	for incident, page in lost or ():
		by_incident.setdefault(incident, []).append(page)
	for incident, some in by_incident.items():
		_alone(f"Outage paging: {incident}", sweep.hurry, incident, some)


def send_pages(seconds: float | None = None) -> bool:
	"""Send pages until none is left that is to be sent now, or the time is over. Several of these may run: each page is taken
	by one. Answers whether all are sent.

	What ends on this site (bells, mails) is taken and written by itself: it does not wait for a gateway, nor is it lost with
	a sender that is killed while it waits for one.
	"""
	frappe.set_user("Administrator")
	began = time.monotonic()
	for _round in range(ROUNDS):
		if seconds and time.monotonic() - began > seconds:
			return False
		if not any([_send_some_pages(here=True), _send_some_pages(here=False)]):
			return True
	return False


def _send_some_pages(*, here: bool) -> bool:
	"""Answers whether there were any. `here`: of channels that end on this site."""
	names = _alone("Outage paging: pages", page_sending.take, here)
	if not names:
		return False
	letters = _alone("Outage paging: letters", page_sending.letters, names) or []
	outgoing = [letter for letter in letters if letter[2]]
	answers = post_all([letter[2] for letter in outgoing]) if outgoing else []
	outcomes = dict(zip([letter[0] for letter in outgoing], answers, strict=True))
	lost = []
	for name, letter, _request, outcome in letters:
		ended = _alone(f"Outage page: {name}", page_sending.note, name, letter, outcomes.get(name) or outcome)
		if ended and ended[0] and ended[1] in (PageStatus.FAILED, PageStatus.UNKNOWN):
			lost.append((ended[0], name))
	_hurry(lost)
	return True


def read_tickets() -> None:
	"""Read new tickets page by page; a job for each property places the calls they become. Runs as the site, whoever
	wrote the ticket."""
	_read_tickets(_ask_to_place)


def sweep_tickets() -> None:
	"""The same without jobs: what no job took, and what waits for others."""
	_read_tickets(_place_once)


def _read_tickets(place: Callable[[str], object]) -> None:
	frappe.set_user("Administrator")
	for _round in range(ROUNDS):
		names = _alone("Outage tickets: answers", ticket_messages.unread)
		for name, doctype in names or ():
			said = _alone(f"Outage tickets: {name}", ticket_messages.understood, name, doctype)
			if said:
				_alone(f"Outage tickets: {name}", ticket_messages.act, said)
		if not names:
			break
	cursor = None
	for _round in range(ROUNDS):
		cursor = _alone("Outage tickets: reading", ticket_intake.read_unread, cursor)
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


def send_ticket_replies(turn: int | None = None) -> None:
	"""Send the queued answers to tickets, each by itself; see `_slices`."""
	_slices(REPLY_JOB, _some_replies, turn)


def _some_replies(until: float) -> bool:
	if space.is_short():
		return False
	names = _alone("Outage replies", ticket_replies.queued) or ()
	for count, name in enumerate(names):
		if count and time.monotonic() > until:
			return True
		_alone(f"Outage reply: {name}", ticket_replies.send, name)
	return len(names) >= ticket_replies.AT_ONCE


def resolve_tickets() -> None:
	"""Resolve the tickets of those who were reached, each by itself."""
	frappe.set_user("Administrator")
	for name in _alone("Outage tickets: to be resolved", tickets_follow.to_resolve) or ():
		_alone(f"Outage tickets: {name}", tickets_follow.resolve, name)


def send_mails(turn: int | None = None) -> None:
	"""Send what is queued: mails of ours that wait for the mail server (staff's first), deliveries to be handed to Frappe's
	queue, SMS; see `_slices`."""
	_slices(messages.JOB, _some_mails, turn)


def _slices(method: str, work: Callable[[float], bool], turn: int | None) -> None:
	"""One slice of bulk, and a job at the back of the line for the next one if `work` says that it is worth it. Two turns
	take each other's place, for a job that runs cannot be queued again under its own name. Without a turn, or where no queue
	answers, all is done here."""
	frappe.set_user("Administrator")
	for _round in range(ROUNDS * 100):
		if not work(time.monotonic() + SLICE_SECONDS):
			return
		if turn is not None and queues.ask_for_a_slice(method, 1 - turn):
			return


def _some_mails(until: float) -> bool:
	"""Answers whether more can be done at once."""
	sent = _send_some_mails(until)
	handed = texted = 0
	if time.monotonic() < until and not space.is_short():
		handed = _alone("Outage notices: mail", notice_mails.hand_over_mails, until - time.monotonic()) or 0
	if time.monotonic() < until:
		texted = _send_some_sms(until)
	return bool(sent or handed or texted)


def _send_some_mails(until: float) -> bool:
	"""Send mails until the time is over, at least one. Answers whether it is worth going on. Mails of an account that fails wait
	until it is asked again; those of others go on."""
	names = _alone("Outage mails: waiting", mail_queue.waiting)
	if not names:
		return False
	frappe.db.rollback()
	with mail_server.Sender(mail_queue.fill) as sender:
		for name in names:
			outcome = sender.send(name)
			if outcome == mail_server.LEFT:
				continue
			unreached = _alone("Outage mails: how it ended", mail_queue.note, name, outcome, sender.account)
			if unreached is None:
				return False
			_hurry(unreached)
			if time.monotonic() > until:
				break
	return True


def _send_some_sms(until: float | None = None) -> bool:
	"""Send the next SMS: each is claimed, asked for and written down by itself, so that only what cannot send twice is run
	again. Answers whether it is worth going on: a gateway that does not answer is asked again in the next minute, and after
	the second time in some minutes; whoever asks waits."""
	if _alone("Outage notices: SMS", server_patience.left_alone, server_patience.SMS):
		return False
	mine = False
	for name in _alone("Outage notices: SMS", notice_sms.waiting_sms) or ():
		if until and mine and time.monotonic() > until:
			return True
		if not _alone(f"Outage notice: {name}", notice_sms.claim_sms, name):
			continue
		mine = True
		frappe.db.rollback()
		outcome = notice_sms.ask_gateway(name)
		if outcome:
			_alone(f"Outage notice: {name}", notice_sms.note_sms, name, outcome)
			if outcome.number:
				_alone("Outage notices: SMS Log", messages.log_sms, outcome.number, outcome.text)
			if outcome.is_unknown:
				_alone("Outage notices: SMS", server_patience.failed, server_patience.SMS)
				return False
			_alone("Outage notices: SMS", server_patience.answered, server_patience.SMS)
	return mine


def offer_calls() -> None:
	"""Offer calls that telephony logged to the callbacks they may be attempts of."""
	frappe.set_user("Administrator")
	_alone("Outage callbacks: calls logged by telephony", telephony.offer_calls)


def make_households() -> None:
	"""Households of units that wrote tickets become customers. One that fails is left alone for an hour."""
	frappe.set_user("Administrator")
	if space.is_short():
		return
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
	held: Sequence[tuple[str, str | int]] = ()
	for left in reversed(range(TRIES)):
		try:
			locks.new_transaction(held)
			result = function(*args)
			frappe.db.commit()
			return result
		except Exception as error:
			held = locks.held()
			frappe.db.rollback()
			if is_retriable(error):
				if left:
					continue
				return None
			error_log.add(title, error)
			return None
