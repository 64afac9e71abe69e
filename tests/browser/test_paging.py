"""Being woken up, in browsers: the link in a message, handing over on the phone, who knows, and the forms behind it."""

from datetime import timedelta

import frappe
import pytest
from frappe.utils import now_datetime

from outage_response.flows.paging import answer_links
from tests.site import world

from .conftest import PEOPLE

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def page_of(incident: str, who: str) -> str:
	"""The first page that rang somebody."""
	frappe.db.rollback()
	return frappe.get_all(
		"Outage Page", {"incident": incident, "user": world.user(who)}, pluck="name", order_by="creation", limit=1
	)[0]


def answer_of(page: str) -> str | None:
	frappe.db.rollback()
	return frappe.db.get_value("Outage Page", page, "answer")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_link_is_looked_at_and_answered(as_user, declared, accessible, screenshot, scheme):
	"""Opening it says nothing; one touch does."""
	rung = page_of(declared, "engineer")
	page = as_user(None, color_scheme=scheme, **PHONE)
	page.goto(f"/outage-page/{answer_links.of(rung)}")
	page.wait_for_selector("button.yes")
	assert answer_of(rung) is None
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	accessible(page, "main")
	screenshot(page, f"outage-page-{scheme}")
	page.click("button.yes")
	page.wait_for_selector("text=Noted. Nobody else is rung for it.")
	assert answer_of(rung) == "Yes"
	page.reload()
	page.wait_for_selector("text=yours")


def test_a_link_that_nobody_gave_out(as_user, declared, troubles):
	troubles.allow("404")
	page = as_user(None, **PHONE, bypass_csp=False)
	for address in ("/outage-page/a.b", "/outage-page?t=a.b"):
		assert page.goto(address).status == 404
		page.wait_for_selector("text=This link is not valid any more")
		assert not page.locator("button").count()


def test_handed_over_on_the_phone(as_user, declared, accessible):
	page = as_user("electrician", **PHONE)
	page.goto("/my-outage-tasks")
	hand = page.locator(f"details[id='hand:{declared}']")
	hand.locator("summary").click()
	button = hand.locator("button")
	button.click()
	hand.locator("[role=alert]:has-text('where things stand')").wait_for()
	accessible(page, "main")
	hand.locator("textarea").fill("feeder is dead, supplier knows")
	button.click()
	page.wait_for_selector(".outbox .sent:has-text('handed over')")
	frappe.db.rollback()
	assert frappe.db.exists("Timeline Entry", {"incident": declared, "kind": "task_handed_over"})
	mine = {
		"incident": declared,
		"held_until": ("is", "not set"),
		"status": ("in", ("Open", "Acknowledged", "In Progress")),
		"_assign": ("like", f"%{world.user('electrician')}%"),
	}
	assert not frappe.get_all("Outage Task", mine)


def test_who_knows(as_user, desk, declared, call, accessible, screenshot):
	"""On the incident's form and in the command centre."""
	step = frappe.get_all("Outage Task", {"incident": declared, "step_key": "call_engineering"}, pluck="name")[0]
	call("operator", "acknowledge", task=step)
	page = as_user("operator")
	desk(page, f"/app/outage-incident/{declared}")
	page.click(".outage-known summary")
	row = page.locator(".outage-known tbody tr").filter(has_text=PEOPLE["operator"])
	row.first.wait_for()
	accessible(page, ".outage-known")
	screenshot(page, "who-knows")
	desk(page, "/app/outage-command-centre")
	page.click(".occ-known summary")
	page.wait_for_selector(".occ-known tbody tr")
	assert "answered" in page.inner_text(".occ-known summary")
	accessible(page, ".occ-known")
	screenshot(page, "who-knows-centre")
	page.click(".occ-known summary")
	page.wait_for_selector(".occ-known:not([open])", state="attached")


def test_the_roster_as_a_calendar(as_user, desk, house, screenshot):
	page = as_user("operator")
	desk(page, "/app/duty-shift/view/calendar/default")
	page.wait_for_selector(f".fc-event:has-text('{house['property']}')")
	screenshot(page, "roster")


def test_the_next_shift_is_rung_from_the_list(as_user, desk, house, screenshot):
	world.make_shift(house["property"], "security", "guard1", now_datetime() + timedelta(hours=12))
	frappe.db.commit()
	page = as_user("operator")
	desk(page, "/app/paging-test")
	page.click("button:has-text('Ring the Next Shift')")
	dialog = page.locator(".modal.show")
	field = dialog.locator("input[data-fieldname=property]")
	field.fill(house["property"])
	field.press("Tab")
	page.wait_for_function("name => window.cur_dialog?.get_value('property') === name", arg=house["property"])
	dialog.locator("button.btn-primary:visible").click()
	page.wait_for_selector(f".form-dashboard-section td:has-text('{PEOPLE['guard1']}')")
	screenshot(page, "paging-test")
