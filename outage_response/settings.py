"""Outage Response Settings as the code reads them (`domain/settings.py`); what the site notes there by itself is no setting."""

from dataclasses import fields
from datetime import time

import frappe
from frappe.utils import get_time

from outage_response.domain.settings import Settings, value_of


def read() -> Settings:
	"""What is set on this site, from the cached document."""
	doc = frappe.get_cached_doc("Outage Response Settings")
	stored = {one.name: doc.get(one.name) for one in fields(Settings)}
	for one in fields(Settings):
		if isinstance(one.default, time) and stored[one.name]:
			stored[one.name] = get_time(stored[one.name])
	return Settings(**{one.name: value_of(one.name, stored[one.name], one.default) for one in fields(Settings)})
