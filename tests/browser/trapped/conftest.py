"""The command centre, and no elevator with people in it between two tests."""

import frappe
import pytest


@pytest.fixture(autouse=True)
def nobody_is_inside(house):
	"""What was reported without an outage ends with each test too."""
	yield
	frappe.db.rollback()
	for doctype in ("Elevator Entrapment", "Trouble Call"):
		frappe.db.delete(doctype, {"property": house["property"]})
	frappe.db.commit()


@pytest.fixture
def centre(as_user, desk, live):
	def go(who: str, **options):
		page = as_user(who, **options)
		desk(page, "/app/outage-command-centre")
		page.wait_for_selector(".occ[data-incidents]")
		page.wait_for_selector(".ocs-incoming:visible")
		live(page, "doctype:Outage Incident")
		return page

	return go
