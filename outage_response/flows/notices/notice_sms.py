"""Notices by SMS: claimed, handed to the gateway once, and what came of it; what nobody can know is phoned."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import now_datetime

from outage_response import locks
from outage_response.domain import notice_rules as rules
from outage_response.domain.states import DeliveryChannel, DeliveryState
from outage_response.domain.waiting_limits import SENDER_IS_DEAD_AFTER
from outage_response.integrations import messages

from ..facts.language import in_language
from .deliveries import (
	addresses_of,
	delivery_rows,
	link_url,
	note_failure,
	set_delivery,
	to_phone,
	unknown_in_words,
	unknown_to_phone,
	waiting,
)
from .notice_settings import numbers
from .wording import telephone


@dataclass(frozen=True)
class SmsOutcome:
	"""What came of asking the gateway. `state`: Sent, Failed (certainly not sent), or still Sending: nobody can know."""

	state: str
	error: str = ""
	number: str = ""
	text: str = ""

	@property
	def is_unknown(self) -> bool:
		return self.state == DeliveryState.SENDING


def waiting_sms() -> list[str]:
	"""The next SMS to be sent."""
	return [row.name for row in waiting(DeliveryChannel.SMS, locked=False)]


def claim_sms(name: str) -> bool:
	"""Mark one SMS as being sent; False when somebody else has it. The caller commits before the gateway is asked."""
	row = locks.row("Notice Delivery", name)
	if not row or row.state != DeliveryState.QUEUED:
		return False
	set_delivery(name, state=DeliveryState.SENDING)
	return True


def ask_gateway(name: str) -> SmsOutcome | None:
	"""Ask the gateway once to send an SMS that was claimed; None when it is not to be sent. Nothing is written here: what
	came of it is `note_sms`'s, whose transaction may run again without a second message. Raises nothing after the asking."""
	rows = delivery_rows(frappe.qb.DocType("Notice Delivery").name == name)
	row = rows[0] if rows else None
	if not row or row.state != DeliveryState.SENDING:
		return None
	number, text = addresses_of(rows, "mobile_no").get(row.contact), _plain(row)
	if not number:
		return SmsOutcome(DeliveryState.FAILED, _("the contact has no mobile number any more"))
	try:
		messages.sms(number, text)
	except messages.NotSent as error:
		return SmsOutcome(DeliveryState.FAILED, str(error)[:500])
	except Exception as error:  # a worker's time that is up, too
		return SmsOutcome(DeliveryState.SENDING, f"{unknown_in_words()} ({type(error).__name__})"[:500])
	return SmsOutcome(DeliveryState.SENT, number=number, text=text)


def note_sms(name: str, outcome: SmsOutcome) -> None:
	"""Write what came of an SMS. What certainly did not leave is tried again; what nobody can know is phoned."""
	rows = delivery_rows(frappe.qb.DocType("Notice Delivery").name == name)
	if outcome.state == DeliveryState.SENT:
		set_delivery(name, state=DeliveryState.SENT, sent_at=now_datetime(), tries=(rows[0].tries or 0) + 1)
	elif outcome.state == DeliveryState.FAILED:
		note_failure(rows[0], outcome.error)
	else:
		unknown_to_phone(name, outcome.error)


def bury_the_dead() -> int:
	"""SMS that a worker was sending when it died: nobody knows, so a person phones. And SMS whose turn never came, because
	the gateway takes too long over each."""
	table = frappe.qb.DocType("Notice Delivery")
	names = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.state == DeliveryState.SENDING)
		.where(table.modified < now_datetime() - SENDER_IS_DEAD_AFTER)
	).run(pluck=True)
	wait = timedelta(minutes=numbers().mail_patience_minutes)
	late = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.state == DeliveryState.QUEUED)
		.where(table.channel == DeliveryChannel.SMS)
		.where(table.modified < now_datetime() - wait)
	).run(pluck=True)
	states = {row.name: row.state for row in locks.rows("Notice Delivery", [*names, *late], ("name", "state"))}
	names = [name for name in names if states.get(name) == DeliveryState.SENDING]
	late = [name for name in late if states.get(name) == DeliveryState.QUEUED]
	for name in names:
		unknown_to_phone(name)
	for name in late:
		to_phone(name, _("The SMS did not leave."))
	return len(names) + len(late)


def _plain(row: Mapping) -> str:
	"""For an SMS: what happened, whom to ask, who says so and when; and where the rest is, if there is more."""
	said, more = rules.short(row["message"])
	with in_language(row["language"]):
		phone = telephone(row["property"])
		ask = "" if phone in said else _("Questions, or somebody needs help: {0}").format(phone)
		link = _("In full: {0}").format(link_url(row)) if more else link_url(row)
	return " ".join(one for one in (f"{row['subject']}.", said, ask, link) if one)
