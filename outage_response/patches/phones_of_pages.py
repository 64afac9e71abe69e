"""Pages are found by the number that answers: filled in for those that may still be answered."""

from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from outage_response.domain import phone_numbers
from outage_response.flows.paging.page_answers import LIVES_HOURS


def execute() -> None:
	since = now_datetime() - timedelta(hours=LIVES_HOURS)
	filters = {"creation": (">", since), "phone": ("is", "set")}
	by_number: dict[str, list[str]] = {}
	for name, number in frappe.get_all("Outage Page", filters=filters, fields=["name", "phone"], as_list=True):
		by_number.setdefault(number, []).append(name)
	page = frappe.qb.DocType("Outage Page")
	for number, names in by_number.items():
		frappe.qb.update(page).set(page.phone_key, phone_numbers.key(number)).where(page.name.isin(names)).run()
