"""A mail account or a gateway that fails is left alone for a while, so that others' messages go on; `domain/waiting_limits.py`
says how long. Afterwards one message tries."""

import json
from datetime import datetime

import frappe
from frappe.utils import get_datetime as _at
from frappe.utils import now_datetime

from outage_response.domain import waiting_limits as rules

MAIL, SMS = "mail", "sms"
SETTINGS, FIELD = "Outage Response Settings", "left_alone"


def left_alone(what: str) -> list[str]:
	"""Which accounts of `MAIL` are left alone now ("": the one that stands in no record), or gateways of `SMS` ("")."""
	now = now_datetime()
	return [name for name, (_times, until) in _read().get(what, {}).items() if rules.is_left_alone(_at(until), now)]


def to_be_said() -> list[tuple[str, str, datetime]]:
	"""(`MAIL` or `SMS`, account, when it is asked again) of those for which messages wait."""
	now = now_datetime()
	return [
		(what, name, _at(until))
		for what, failing in _read().items()
		for name, (times, until) in failing.items()
		if rules.is_to_be_said(times, _at(until), now)
	]


def answered(what: str, name: str = "") -> None:
	"""It took a message, or refused it: it is there."""
	known = _read()
	if known.get(what, {}).pop(name, None):
		_write(known)


def failed(what: str, name: str = "", *, waited: bool = True) -> None:
	"""No answer in time; or, not `waited`, none was to be had: nobody there, or the login was refused."""
	known = _read()
	times = known.get(what, {}).get(name, [0])[0] + 1
	until = rules.asked_again(times, waited, now_datetime())
	known.setdefault(what, {})[name] = [times, str(until)]
	_write(known)


def _read() -> dict[str, dict[str, list]]:
	"""what -> name -> [how often in a row, when it is asked again]"""
	return json.loads(frappe.db.get_single_value(SETTINGS, FIELD, cache=False) or "{}")


def _write(known: dict) -> None:
	frappe.db.set_single_value(SETTINGS, FIELD, json.dumps(known), update_modified=False)
