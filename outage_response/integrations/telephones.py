"""Telephone numbers in what people write, by the `phonenumbers` that Frappe brings: the rules of the site's country."""

import re
import unicodedata

import frappe
import phonenumbers

from outage_response.domain import phone_numbers, triage_matching

# What phonenumbers does not know for an extension
_EXTENSION = re.compile("转|轉|分机|分機|内线|內線")


def numbers_in(text: str) -> tuple[str, ...]:
	"""The telephone numbers of a text, as they stand there: not its dates, homes, order and meter numbers."""
	plain = unicodedata.normalize("NFKC", (text or "")[: triage_matching.LONGEST])
	known = _EXTENSION.sub(" ext ", plain)
	found = [
		match.raw_string
		for match in phonenumbers.PhoneNumberMatcher(known, _country())
		if not phone_numbers.is_another_number(known[: match.start])
	]
	said = phone_numbers.said_to_be_telephones(known)
	return tuple({phone_numbers.identity(number): number for number in (*said, *found)}.values())


def _country() -> str:
	"""The two letters of the site's country; like the emergency numbers, China's where a site names none."""
	country = frappe.db.get_single_value("System Settings", "country")
	code = country and frappe.db.get_value("Country", country, "code", cache=True)
	return (code or "cn").upper()
