"""What Settings say of notices: their numbers, and whether any goes out by itself."""

import frappe

from outage_response.domain import notice_rules as rules


def numbers() -> rules.Numbers:
	"""The numbers of Settings."""
	settings = frappe.get_cached_doc("Outage Response Settings")
	default = rules.Numbers()

	def number(field: str) -> int:
		value = settings.get(field)
		return getattr(default, field) if value in (None, "") else int(value)

	return rules.Numbers(**{field: number(field) for field in rules.Numbers.__dataclass_fields__})


def by_themselves() -> bool:
	"""Do notices go out without anybody asking?"""
	value = frappe.get_cached_doc("Outage Response Settings").get("automatic_notices")
	return value is None or bool(int(value))
