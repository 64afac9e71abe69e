"""What Settings say of notices: their numbers, and whether any goes out by itself."""

from dataclasses import fields

from outage_response import settings
from outage_response.domain import notice_rules as rules


def numbers() -> rules.Numbers:
	"""The numbers of Settings."""
	known = settings.read()
	return rules.Numbers(**{one.name: getattr(known, one.name) for one in fields(rules.Numbers)})


def by_themselves() -> bool:
	"""Do notices go out without anybody asking?"""
	return settings.read().automatic_notices
