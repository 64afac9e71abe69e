"""The deliveries of notices on their way: handed to Frappe's mail queue, to the SMS gateway, or to the phone list.

A mail is a row of Frappe's Email Queue, written when it could leave at once and in the same transaction as the mark on its
delivery, so a worker that dies loses nothing and sends nothing twice. Between a server's "accepted" and the record of it, by mail or SMS, nobody can know:
such a delivery is not sent again, and a person phones.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import get_datetime, get_url, now_datetime

from outage_response import bulk, listing, locks, space
from outage_response.compat import is_retriable
from outage_response.domain import notice_rules as rules
from outage_response.domain.waiting_limits import SENDER_IS_DEAD_AFTER
from outage_response.integrations import messages

from ..facts.language import in_language
from ..site import same_site
from . import resident_links, server_patience
from .issuing import numbers
from .wording import telephone

# Where the link of a mail leads until it leaves: nothing that opens without a login lies in a table
LOGIN = "/outages?mail"
BATCH = 50
MOST_AT_ONCE = 5000


@dataclass(frozen=True)
class SmsOutcome:
	"""What came of asking the gateway. `state`: Sent, Failed (certainly not sent), or still Sending: nobody can know."""

	state: str
	error: str = ""
	number: str = ""
	text: str = ""

	@property
	def is_unknown(self) -> bool:
		return self.state == rules.SENDING


def hand_over_mails(seconds: float | None = None) -> int:
	"""Put the next mails into Frappe's queue: one, and others for at most so long. The first is not counted, since a worker's
	job that writes a mail reads the code for it first. The rows are locked, so that two workers never take the same. Answers
	how many."""
	rows = _waiting(rules.EMAIL, locked=True)
	if not rows:
		return 0
	addresses = _addresses(rows, "email_id")
	failed: dict[str, str] = {}
	tried: list[frappe._dict] = []
	until: float | None = None
	for row in rows:
		if seconds is not None and tried:
			until = until or time.monotonic() + seconds
			if time.monotonic() >= until:
				break
		tried.append(row)
		frappe.db.savepoint("one_mail")
		try:
			to = addresses.get(row.contact)
			if not to:
				raise ValueError(_("the contact has no e-mail address any more"))
			messages.queue_mail(row.name, to, row.subject, _html(row))
		except Exception as error:
			if is_retriable(error) or space.is_full(error):
				raise
			frappe.db.rollback(save_point="one_mail")
			failed[row.name] = f"{type(error).__name__}: {error}"[:500]
	frappe.clear_messages()
	queued = messages.queued_mails([row.name for row in tried])
	for row in tried:
		if row.name in queued:
			_set(row.name, email_queue=queued[row.name])
		else:
			_fail(row, failed.get(row.name) or _("Frappe's queue did not take the mail (unsubscribed?)"))
	return len(tried)


def oldest() -> timedelta:
	"""Older than this, a message of an outage does not help any more."""
	return timedelta(minutes=numbers().resident_message_minutes)


def settle_too_old(now: datetime | None = None) -> int:
	"""What could not be sent for too long, because the site stood still, is not sent any more: supply is back by then, or another
	word is true. Announcements of planned work are sent until it begins; whoever a person must confirm is phoned. Answers how
	many were settled."""
	now, age = now or now_datetime(), oldest()
	table, incident = frappe.qb.DocType("Notice Delivery"), frappe.qb.DocType("Outage Incident")
	still_ahead = table.kind.isin((rules.PLANNED, rules.CANCELLED)) & (incident.planned_start > now)
	rows = (
		frappe.qb.from_(table)
		.join(incident)
		.on(incident.name == table.incident)
		.select(table.name, table.must_confirm, table.email_queue)
		.where(table.state == rules.QUEUED)
		.where(table.channel.isin((rules.EMAIL, rules.SMS)))
		.where(table.creation < now - age)
		.where(incident.planned_start.isnull() | still_ahead.negate())
		.orderby(table.creation)
		.limit(MOST_AT_ONCE)
	).run(as_dict=True)
	stopped = messages.stop_mails([row.email_queue for row in rows if row.email_queue], _("Too old to help"))
	old = [row for row in rows if not row.email_queue or row.email_queue in stopped]
	error = _("Not sent: older than {0} minutes when the site could send again.").format(int(age.total_seconds() // 60))
	for must_confirm, values in (
		(False, {"state": rules.SUPERSEDED}),
		(True, {"state": rules.FAILED, "phone_list": 1}),
	):
		names = [row.name for row in old if bool(row.must_confirm) is must_confirm]
		bulk.update("Notice Delivery", names, {**values, "error": error, "modified": now})
	return len(old)


def follow_mails() -> int:
	"""What has become of the mails: sent, to be tried again, or a line on the phone list. Answers how many changed."""
	table, queue = frappe.qb.DocType("Notice Delivery"), frappe.qb.DocType("Email Queue")
	recipient = frappe.qb.DocType("Email Queue Recipient")
	rows = (
		frappe.qb.from_(table)
		.join(queue)
		.on(queue.name == table.email_queue)
		.join(recipient)
		.on(recipient.parent == queue.name)
		.select(
			table.name,
			table.notice,
			table.contact,
			table.creation,
			table.tries,
			table.must_confirm,
			queue.name.as_("mail"),
			queue.status,
			queue.modified,
			queue.error,
			recipient.status.as_("recipient_status"),
		)
		.where(table.state == rules.QUEUED)
		.where(table.channel == rules.EMAIL)
		.orderby(table.creation)
		.limit(2000)
	).run(as_dict=True)
	now, changed = now_datetime(), 0
	wait = timedelta(minutes=numbers().mail_patience_minutes)
	sent = [row.name for row in rows if "Sent" in (row.status, row.recipient_status)]
	if sent:
		values = {"state": rules.SENT, "sent_at": now, "modified": now}
		bulk.update("Notice Delivery", sent, values, still=table.state == rules.QUEUED)
	for row in rows:
		if "Sent" in (row.status, row.recipient_status):
			continue
		age = now - get_datetime(row.creation)
		if row.status == "Sending":
			if now - get_datetime(row.modified) > SENDER_IS_DEAD_AFTER:
				_unknown_to_phone(row.name)
				changed += 1
		elif age > wait:
			# taken out of the queue first: a mail that leaves later would be the second word of the same
			if messages.stop_mails([row.mail], _("Given up: phoned instead")):
				error = _last_line(row.error) or _("The mail did not leave.")
				if not _by_sms_instead(row.name, error):
					_to_phone(row.name, error)
				changed += 1
		elif row.status == "Error":
			frappe.db.set_value("Email Queue", row.mail, {"status": "Not Sent", "retry": 0}, update_modified=False)
			changed += 1
	return len(sent) + changed + _give_up_unqueued(now - wait)


def _give_up_unqueued(since: datetime) -> int:
	"""Deliveries whose mail could not even be put into the queue for so long: an SMS, or a line on the phone list."""
	table = frappe.qb.DocType("Notice Delivery")
	names = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.state == rules.QUEUED)
		.where(table.channel == rules.EMAIL)
		.where(table.email_queue.isnull() | (table.email_queue == ""))
		.where(table.creation < since)
		.orderby(table.creation)
		.limit(2000)
	).run(pluck=True)
	rows = locks.rows("Notice Delivery", names, ("name", "state", "email_queue"), wait=False)
	given_up = [row.name for row in rows if row.state == rules.QUEUED and not row.email_queue]
	error = _("The mail did not leave.")
	for name in given_up:
		if not _by_sms_instead(name, error):
			_to_phone(name, error)
	return len(given_up)


def waiting_sms() -> list[str]:
	"""The next SMS to be sent."""
	return [row.name for row in _waiting(rules.SMS, locked=False)]


def claim_sms(name: str) -> bool:
	"""Mark one SMS as being sent; False when somebody else has it. The caller commits before the gateway is asked."""
	row = locks.row("Notice Delivery", name)
	if not row or row.state != rules.QUEUED:
		return False
	_set(name, state=rules.SENDING)
	return True


def ask_gateway(name: str) -> SmsOutcome | None:
	"""Ask the gateway once to send an SMS that was claimed; None when it is not to be sent. Nothing is written here: what
	came of it is `note_sms`'s, whose transaction may run again without a second message. Raises nothing after the asking."""
	rows = _rows(frappe.qb.DocType("Notice Delivery").name == name)
	row = rows[0] if rows else None
	if not row or row.state != rules.SENDING:
		return None
	number, text = _addresses(rows, "mobile_no").get(row.contact), _plain(row)
	if not number:
		return SmsOutcome(rules.FAILED, _("the contact has no mobile number any more"))
	try:
		messages.sms(number, text)
	except messages.NotSent as error:
		return SmsOutcome(rules.FAILED, str(error)[:500])
	except Exception as error:  # a worker's time that is up, too
		return SmsOutcome(rules.SENDING, f"{_unknown()} ({type(error).__name__})"[:500])
	return SmsOutcome(rules.SENT, number=number, text=text)


def note_sms(name: str, outcome: SmsOutcome) -> None:
	"""Write what came of an SMS. What certainly did not leave is tried again; what nobody can know is phoned."""
	rows = _rows(frappe.qb.DocType("Notice Delivery").name == name)
	if outcome.state == rules.SENT:
		_set(name, state=rules.SENT, sent_at=now_datetime(), tries=(rows[0].tries or 0) + 1)
	elif outcome.state == rules.FAILED:
		_fail(rows[0], outcome.error)
	else:
		_unknown_to_phone(name, outcome.error)


def bury_the_dead() -> int:
	"""SMS that a worker was sending when it died: nobody knows, so a person phones. And SMS whose turn never came, because
	the gateway takes too long over each."""
	table = frappe.qb.DocType("Notice Delivery")
	names = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.state == rules.SENDING)
		.where(table.modified < now_datetime() - SENDER_IS_DEAD_AFTER)
	).run(pluck=True)
	wait = timedelta(minutes=numbers().mail_patience_minutes)
	late = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.state == rules.QUEUED)
		.where(table.channel == rules.SMS)
		.where(table.modified < now_datetime() - wait)
	).run(pluck=True)
	states = {row.name: row.state for row in locks.rows("Notice Delivery", [*names, *late], ("name", "state"))}
	names = [name for name in names if states.get(name) == rules.SENDING]
	late = [name for name in late if states.get(name) == rules.QUEUED]
	for name in names:
		_unknown_to_phone(name)
	for name in late:
		_to_phone(name, _("The SMS did not leave."))
	return len(names) + len(late)


# ---------------------------------------------------------------- rows and words


def _waiting(channel: str, *, locked: bool) -> list[frappe._dict]:
	"""The next deliveries to leave; `locked`: without those that another worker is at."""
	if same_site.is_muted() or (channel == rules.EMAIL and not _may_leave()):
		return []
	table = frappe.qb.DocType("Notice Delivery")
	names = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.state == rules.QUEUED)
		.where(table.channel == channel)
		.where(table.email_queue.isnull() | (table.email_queue == ""))
		.where(table.next_attempt_at.isnull() | (table.next_attempt_at <= now_datetime()))
		.orderby(table.priority)
		.orderby(table.creation)
		.orderby(table.name)
		.limit(BATCH)
	).run(pluck=True)
	if locked:
		rows = locks.rows("Notice Delivery", names, ("name", "state", "email_queue"), wait=False)
		names = [row.name for row in rows if row.state == rules.QUEUED and not row.email_queue]
	return _rows(table.name.isin(names)) if names else []


def _may_leave() -> bool:
	"""Could a mail leave now? Until then the delivery is the row, and no mail of it lies in a queue that others can search."""
	return not messages.is_suspended() and messages.account() not in server_patience.left_alone(server_patience.MAIL)


def _rows(criterion) -> list[frappe._dict]:
	table, notice = frappe.qb.DocType("Notice Delivery"), frappe.qb.DocType("Outage Notice")
	return (
		frappe.qb.from_(table)
		.join(notice)
		.on(notice.name == table.notice)
		.select(
			table.name,
			table.notice,
			table.contact,
			table.state,
			table.tries,
			table.link_key,
			notice.property,
			notice.mode,
			notice.language,
			notice.subject,
			notice.message,
			notice.kind,
		)
		.where(criterion)
		.orderby(table.priority)
		.orderby(table.creation)
		.orderby(table.name)
	).run(as_dict=True)


def _addresses(rows: list[frappe._dict], field: str) -> dict[str, str]:
	contacts = list({row.contact for row in rows})
	return dict(listing.get_all("Contact", filters={"name": ("in", contacts)}, fields=["name", field], as_list=True))


def _url(row: Mapping) -> str:
	return get_url(f"/outages/link/{resident_links.of_delivery(row)}")


def link_of(name: str) -> str:
	"""The link of a delivery, made now; "" where there is none to be had."""
	row = frappe.db.get_value("Notice Delivery", name, ["name", "contact", "link_key"], as_dict=True)
	return _url(row) if row and row.contact and row.link_key else ""


def _html(row: Mapping) -> str:
	text = frappe.utils.escape_html(row["message"]).replace("\n", "<br>")
	with in_language(row["language"]):
		label = _("See how it goes on, tell us that you are still without power, or ask for a call")
	return f'<p>{text}</p><p><a href="{get_url(LOGIN)}">{label}</a></p>'


def _plain(row: Mapping) -> str:
	"""For an SMS: what happened, whom to ask, who says so and when; and where the rest is, if there is more."""
	said, more = rules.short(row["message"])
	with in_language(row["language"]):
		phone = telephone(row["property"])
		ask = "" if phone in said else _("Questions, or somebody needs help: {0}").format(phone)
		link = _("In full: {0}").format(_url(row)) if more else _url(row)
	return " ".join(filter(None, (f"{row['subject']}.", said, ask, link)))


def _set(name: str, **values) -> None:
	table = frappe.qb.DocType("Notice Delivery")
	query = frappe.qb.update(table).set(table.modified, now_datetime()).where(table.name == name)
	for field, value in values.items():
		query = query.set(table[field], value)
	query.run()


def _fail(row: Mapping, error: str) -> None:
	tries = (row["tries"] or 0) + 1
	state, phone, again = rules.after_failure(row["mode"], tries, now_datetime())
	if state == rules.FAILED and _by_sms_instead(row["name"], error):
		return
	values = {"state": state, "tries": tries, "error": error, "next_attempt_at": again}
	if phone:
		values["phone_list"] = 1
	_set(row["name"], **values)


def _by_sms_instead(name: str, error: str) -> bool:
	"""A mail that certainly did not leave goes as an SMS, where there is a number and a gateway; False where not.

	Whoever a person must confirm stays on the phone list meanwhile.
	"""
	row = frappe.db.get_value("Notice Delivery", name, ["channel", "contact"], as_dict=True)
	if (
		row.channel != rules.EMAIL
		or not messages.sms_is_on()
		or not frappe.db.get_value("Contact", row.contact, "mobile_no")
	):
		return False
	_set(
		name,
		channel=rules.SMS,
		state=rules.QUEUED,
		tries=0,
		next_attempt_at=None,
		email_queue=None,
		error=error[:500],
	)
	return True


def _unknown() -> str:
	return _("It is not known whether the message left: the worker that sent it ended. Phone.")


def nobody_knows(name: str) -> None:
	"""A mail was handed to its server, which did not say that it took it."""
	row = locks.row("Notice Delivery", name)
	if row and row.state == rules.QUEUED:
		_unknown_to_phone(name, _("The mail server did not say whether it took the mail. Phone."))


def _unknown_to_phone(name: str, error: str = "") -> None:
	"""Nobody can know whether it arrived, so it is no message any more: the delivery becomes a line on the phone list, one
	thing and not two, which says that the message may have come. An answer to the message ends it, like any other line."""
	_to_phone(name, error or _unknown())
	_set(name, email_queue=None)
	table = frappe.qb.DocType("Notice Delivery")
	(
		frappe.qb.update(table)
		.set(table.channel, rules.PHONE)
		.set(table.state, rules.QUEUED)
		.where(table.name == name)
		.where(table.phone_list == 1)
	).run()


def _last_line(text: str | None) -> str:
	"""Of a traceback the line that says what it was."""
	lines = (text or "").strip().splitlines()
	return lines[-1] if lines else ""


def _to_phone(name: str, error: str) -> None:
	"""Given up by its channel: told by telephone where each household is told, else only counted as failed."""
	mode = frappe.db.get_value("Outage Notice", frappe.db.get_value("Notice Delivery", name, "notice"), "mode")
	values: dict = {"state": rules.FAILED, "error": error[:500]}
	if mode == "Individual":
		values["phone_list"] = 1
	_set(name, **values)
