"""What can be set, and what holds where nothing is written: here, and only here."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from .callback_rules import Policy
from .notice_rules import Numbers

_CALLBACKS, _NOTICES = Policy(), Numbers()


@dataclass(frozen=True)
class Settings:
	"""One field for each of the form, by its name there; minutes, hours, days and percents are whole numbers."""

	fast_clock_minutes: int = 10
	callback_danger_percent: int = _CALLBACKS.danger_percent
	callback_care_percent: int = _CALLBACKS.care_percent
	callback_reported_percent: int = _CALLBACKS.reported_percent
	callback_sample_percent: int = _CALLBACKS.sample_percent
	callback_max_attempts: int = _CALLBACKS.max_attempts
	callback_retry_minutes: int = _CALLBACKS.retry_minutes
	calling_from: time = _CALLBACKS.calling_from
	calling_to: time = _CALLBACKS.calling_to
	read_tickets: bool = True
	use_helpdesk: bool = True
	use_erpnext: bool = True
	use_crm: bool = True
	reply_to_tickets: bool = True
	proposal_threshold: int = 3
	call_window_minutes: int = 60
	still_out_hours: int = 24
	old_ticket_hours: int = 6
	ticket_types: str = ""
	outage_words: str = ""
	not_outage_words: str = ""
	danger_words: str = ""
	no_danger_words: str = ""
	ring_people: bool = True
	ring_ahead_minutes: int = 30
	inside_addresses: str = ""
	fire_number: str = "119"
	ambulance_number: str = "120"
	elevator_hotline: str = ""  # a town has one or none: emptied, it is not offered
	first_entrapment_warning: int = 60
	second_entrapment_warning: int = 90
	automatic_notices: bool = True
	message_communities: bool = True
	first_word_minutes: int = _NOTICES.first_word_minutes
	in_writing_minutes: int = _NOTICES.in_writing_minutes
	etr_warning_minutes: int = _NOTICES.etr_warning_minutes
	emergency_number: str = "120 / 119 / 110"
	mail_patience_minutes: int = _NOTICES.mail_patience_minutes
	resident_message_minutes: int = _NOTICES.resident_message_minutes
	link_days: int = 14
	claim_minutes: int = 10


# Of these 0 is an answer; elsewhere it stands for what holds where nothing is written
MAY_BE_ZERO = frozenset(
	{
		"fast_clock_minutes",
		"callback_danger_percent",
		"callback_care_percent",
		"callback_reported_percent",
		"callback_sample_percent",
		"ring_ahead_minutes",
		"etr_warning_minutes",
	}
)


def value_of(name: str, stored: Any, otherwise: Any) -> Any:
	"""A setting as the code reads it; `otherwise`: what holds where nothing is written."""
	if stored in (None, ""):
		return otherwise
	if isinstance(otherwise, bool):
		return bool(int(stored))
	if isinstance(otherwise, int):
		return int(stored) or (0 if name in MAY_BE_ZERO else otherwise)
	return stored if isinstance(otherwise, time) else str(stored)
