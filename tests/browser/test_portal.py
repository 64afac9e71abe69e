"""Residents' pages in a browser without JavaScript, at the width of an old phone: who sees what, and what they answer."""

import frappe
import pytest
from frappe.utils import now_datetime
from frappe.utils.password import update_password
from playwright.sync_api import expect

from tests.site import world

from .conftest import PASSWORD

OLD_PHONE = {"viewport": {"width": 360, "height": 720}, "java_script_enabled": False}
CHECKED = {"viewport": {"width": 360, "height": 720}, "bypass_csp": True}  # axe is a script
HEAVIEST = 60_000
PLACE = "Maple Court"  # in pictures
RESIDENTS = ("Ada Alder", "Bo Hazel", "Cleo Rowan", "Dara Larch")


def build_house(name: str) -> dict:
	"""A community of two buildings: `here` lives in the first, `next_door` in the second, and customer service answers."""
	from tests.site.portal_pages import give_login

	built = world.make_community(name, buildings=2, units_each=2)
	world.make_roster(name)
	frappe.db.set_value(
		"Managed Property", name, {"public_status_page": 1, "service_phone": "0100 555 000"}, update_modified=False
	)
	for contact, full_name in zip(built["contacts"], RESIDENTS, strict=True):
		frappe.db.set_value("Contact", contact, {"first_name": full_name, "full_name": full_name})
	for who, index in (("here", 0), ("next_door", 2)):
		update_password(give_login(built["contacts"][index], world.user(who)), PASSWORD)
	return built


@pytest.fixture
def dark(house, call) -> str:
	"""The first building is without power."""
	return call("operator", "declare", property=house["property"], nodes=[house["panels"][0]], level="II")["incident"]


def rows(doctype: str, filters: dict, fields: list) -> list:
	frappe.db.rollback()
	return frappe.get_all(doctype, filters=filters, fields=fields)


def link_of(incident: str, contact: str) -> str:
	"""What stands in the message to this contact."""
	from outage_response.flows.notices import resident_links

	(row,) = rows(
		"Notice Delivery",
		{"incident": incident, "contact": contact, "kind": "Restored"},
		["name", "contact", "link_key"],
	)
	return f"/outages/link/{resident_links.of_delivery(row)}"


def test_who_sees_the_outage(house, dark, as_user, troubles, accessible, screenshot):
	page = as_user("here", **CHECKED)
	answer = page.goto("/outages")
	assert len(answer.body()) < HEAVIEST
	expect(page.get_by_text("Power is out at your home")).to_be_visible()
	accessible(page)
	screenshot(page, "residents-outages")
	page.get_by_role("link", name="Power is out at your home").click()
	expect(page.get_by_role("button", name="Still no power")).to_be_visible()
	accessible(page)
	screenshot(page, "residents-outage", full_page=True)
	neighbour = as_user("next_door", **OLD_PHONE)
	neighbour.goto("/outages")
	expect(neighbour.get_by_text("We know of no outage at your home now")).to_be_visible()
	assert not neighbour.get_by_text("Power is out").count()
	screenshot(neighbour, "residents-neighbour")
	troubles.allow("403")
	assert neighbour.goto(f"/outages/{dark}").status == 403
	guest = as_user(None, **CHECKED)
	guest.goto(f"/outages/{dark}")
	assert "/login" in guest.url
	screenshot(guest, "residents-guest")


def test_reporting_and_danger(house, as_user, screenshot):
	page = as_user("here", **OLD_PHONE)
	page.goto("/outages/report")
	page.get_by_label("No", exact=True).check()
	page.get_by_role("button", name="Send").click()
	expect(page.get_by_role("status").get_by_text("Your report is with the control room")).to_be_visible()
	page.goto("/outages/report")
	page.get_by_label("Yes").check()
	page.get_by_label("Anything we should know").fill("my father's oxygen")
	screenshot(page, "residents-report", full_page=True)
	page.get_by_role("button", name="Send").click()
	expect(page.get_by_role("alert").get_by_text("120 / 119 / 110")).to_be_visible()
	said = rows("Trouble Call", {"property": house["property"]}, ["danger", "unit"])
	assert sorted(row.danger for row in said) == [0, 1]


def test_a_link_answers_without_a_login(house, dark, call, as_user, accessible, screenshot):
	call("operator", "supply_back", incident=dark, source="Engineering")
	path = link_of(dark, house["contacts"][0])
	page = as_user(None, **CHECKED)
	page.goto(path)
	accessible(page)
	status = {"incident": dark, "contact": house["contacts"][0]}
	assert rows("Outage Callback", status, ["status"])[0].status == "Pending"  # opening it answered nothing
	page.get_by_label("4").check()
	screenshot(page, "residents-link", full_page=True)
	page.get_by_role("button", name="Power is back").click()
	expect(page.get_by_text("We have noted that your power is back")).to_be_visible()
	(found,) = rows("Outage Callback", status, ["status", "satisfaction", "name"])
	assert (found.status, found.satisfaction) == ("Reached", 4)
	assert rows("Outage Callback Attempt", {"parent": found.name}, ["crm_record"])[0].crm_record


def test_a_link_is_made_void_by_somebody_who_is_logged_in(house, dark, call, as_user, troubles):
	call("operator", "supply_back", incident=dark, source="Engineering")
	page = as_user("next_door", **OLD_PHONE)
	page.goto(link_of(dark, house["contacts"][0]))
	troubles.allow("403")
	page.get_by_role("button", name="This link came to the wrong person").click()
	expect(page.get_by_role("alert")).to_contain_text("not valid")


def test_still_out_opens_what_follows(house, dark, call, as_user, screenshot):
	call("operator", "supply_back", incident=dark, source="Engineering")
	page = as_user("here", **OLD_PHONE)
	page.goto(f"/outages/{dark}")
	page.get_by_role("button", name="Still no power").click()
	expect(page.get_by_text("you are still without power; our people know")).to_be_visible()
	screenshot(page, "residents-still-out", full_page=True)
	(nested,) = rows("Outage Incident", {"parent_incident": dark}, ["status"])
	assert nested.status == "Reported"
	page.goto("/outages")
	expect(page.get_by_text("Power is out at your home")).to_be_visible()


def test_everybody_s_page_at_night(house, dark, as_user, accessible, screenshot):
	page = as_user(None, color_scheme="dark", **CHECKED)
	answer = page.goto(f"/outage-status/{house['property']}")
	assert len(answer.body()) < HEAVIEST
	expect(page.get_by_text("Panel 1")).to_be_visible()
	assert not page.get_by_text("1-1").count()
	accessible(page)
	screenshot(page, "residents-status-night")


def test_the_calls_of_customer_service(house, dark, call, as_user, desk, accessible, screenshot):
	call("operator", "supply_back", incident=dark, source="Engineering")
	table = frappe.qb.DocType("Outage Callback")  # at any hour of the test
	frappe.qb.update(table).set(table.reason, "Life safety").set(table.next_attempt_at, now_datetime()).where(
		table.incident == dark
	).run()
	frappe.db.commit()
	page = as_user("service", **CHECKED)
	page.goto("/outage-calls")
	page.get_by_role("button", name="Take the next call").click()
	expect(page.get_by_text("What to say")).to_be_visible()
	accessible(page)
	screenshot(page, "calls-to-residents", full_page=True)
	here = page.url
	page.get_by_label("Note").press_sequentially("rings, says the neighbour")
	page.get_by_label("Note").press("Enter")  # a line of the note, and no answer to the call
	page.get_by_label("Satisfaction").press("Enter")
	page.get_by_label("Satisfaction").press("Escape")
	page.wait_for_timeout(300)
	assert page.url == here
	assert "Reached" not in [row.status for row in rows("Outage Callback", {"incident": dark}, ["status"])]
	page.get_by_label("Satisfaction").select_option("4")
	page.get_by_role("button", name="Reached").click()
	expect(page.get_by_text("Noted. Next call.")).to_be_visible()
	reached = rows("Outage Callback", {"incident": dark, "status": "Reached"}, ["satisfaction", "outcome"])
	assert [(row.satisfaction, row.outcome) for row in reached] == [(4, "rings, says the neighbour")]
	desk(page, "/app/outage-callback")  # whoever calls may not read the address book
	page.wait_for_selector(".list-row-container .list-subject")
