"""Channels whose gateway is one of the tests' own."""

import frappe

from outage_response.flows.paging import ringing

from ..world import user
from .people_rung import PagingTest

BODY = '{"to": {{ phone | tojson }}, "text": {{ text | tojson }}}'
NUMBER = "13900000001"


def make_channel(name: str, **values):
	return frappe.get_doc(
		{
			"doctype": "Paging Channel",
			"channel_name": name,
			"kind": "HTTP",
			"enabled": 1,
			"url": "https://gateway.example.com/calls",
			"body": BODY,
			"timeout_seconds": 1,
			**values,
		}
	).insert()


class DoorTest(PagingTest):
	def only(self, *names: str) -> None:
		"""No other channel works."""
		table = frappe.qb.DocType("Paging Channel")
		frappe.qb.update(table).set(table.enabled, 0).where(table.name.notin(names or ("",))).run()
		for name in frappe.get_all("Paging Channel", pluck="name"):
			frappe.clear_document_cache("Paging Channel", name)

	def rung(self) -> tuple[str, str]:
		"""An outage in which one step rings, the others are done."""
		frappe.db.set_value("User", user("operator"), "mobile_no", NUMBER)
		name = self.declare()
		step = self.task(name, "call_engineering").name
		task = frappe.qb.DocType("Outage Task")
		frappe.qb.update(task).set(task.ring_at, None).set(task.status, "Done").where(task.incident == name).where(
			task.name != step
		).run()
		return name, step

	def again(self, incident: str, step: str) -> None:
		"""The step is due to ring."""
		frappe.db.set_value("Outage Task", step, {"ring_at": self.clock.now, "ring_level": 0, "ring_times": 0})
		ringing.advance(frappe.get_doc("Outage Incident", incident), self.clock.now)

	def mine(self, incident: str, who: str = "operator", **filters) -> list:
		return self.pages(incident, user=user(who), **filters)

	def mark(self, rows: list, **values) -> None:
		frappe.db.set_value("Outage Page", {"name": ("in", [row.name for row in rows])}, values)


def channel_letter():
	from outage_response.integrations.channels import Letter

	return Letter(key="k", text="dark", link="https://example.com/outage-page?t=token", phone=NUMBER)
