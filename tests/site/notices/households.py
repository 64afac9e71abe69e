"""A tower whose residents have addresses, and what they were told."""

import frappe

from outage_response.flows.notices import automatic_notices

from .. import world as build
from ..base import SiteTest


def address(contact: str, email: str) -> None:
	doc = frappe.get_doc("Contact", contact)
	doc.append("email_ids", {"email_id": email, "is_primary": 1})
	doc.save(ignore_permissions=True)


class NoticeTest(SiteTest):
	"""A tower of eight homes: half of the residents have an e-mail address, the others a telephone."""

	now = build.NIGHT.replace(hour=14)

	@classmethod
	def build_world(cls):
		world = build.make_tower("Notice Tower", floors=4)
		build.make_roster(world["property"], cls.now)
		for index, contact in enumerate(world["contacts"][:4]):
			address(contact, f"resident{index}@notice.example.com")
		frappe.db.set_value("Managed Property", world["property"], "service_phone", "0100 555 000")
		return world

	def rows(self, incident: str, **filters) -> list:
		return frappe.get_all(
			"Notice Delivery", {"incident": incident, **filters}, ["*"], order_by="creation asc, name asc"
		)

	def tick(self, incident: str) -> int:
		with self.request():
			return automatic_notices.tick(incident)
