"""People in elevators in browsers: reported in two touches, and the line for whoever calls."""

import frappe
import pytest

from ..form import DIALOG, Form
from .cars import (
	CARS,
	PHONE,
	build_house,  # noqa: F401 (the fixture `house` calls it)
	chip,
	inside,
	record,
)

# ---------------------------------------------------------------- reported in two touches


def test_two_touches_with_an_outage(centre, house, declared, accessible):
	page = centre("operator")
	page.click(".occ-people")
	chip(page, "Elevator 3").click()
	inside(page, "Elevator 3").wait_for()
	assert "Elevator 3 | people inside, not counted | 0 min" in inside(page, "Elevator 3").inner_text()
	found = record(house, 3)
	assert (found.incident, found.status) == (declared, "Trapped")
	page.wait_for_selector(f"#alert-container >> text=the rescue steps of {declared} are given out")
	accessible(page, ".occ")


def test_two_touches_without_an_outage(centre, house):
	page = centre("guard1", **PHONE)
	page.click(".occ-people")
	chip(page, "Elevator 1").wait_for()
	labels = page.locator(f"{DIALOG} [data-choice]").all_inner_texts()
	assert labels == [*(f"Elevator {number}" for number in range(1, CARS + 1)), "Not known which: Building T"]
	page.fill(f"{DIALOG} input[data-fieldname=people]", "2")
	chip(page, "Elevator 2").click()
	row = inside(page, "Elevator 2")
	row.wait_for()
	assert "Elevator 2 | 2 inside | 0 min" in row.inner_text()
	assert "no outage is declared" in row.inner_text()
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	found = record(house, 2)
	assert (found.incident, found.people) == (None, 2)


def test_where_nobody_knows_in_which_elevator(centre, house):
	page = centre("operator")
	page.click(".occ-people")
	chip(page, "Not known which").click()
	inside(page, "Elevator 10").wait_for()
	assert page.get_attribute(".outage-trapped", "data-rows") == str(CARS)
	assert "perhaps people inside" in inside(page, "Elevator 10").inner_text()


def test_without_network_the_report_is_not_lost(centre, house, troubles):
	troubles.allow("ERR_INTERNET_DISCONNECTED|socket.io|Failed to load resource|WebSocket")
	page = centre("operator")
	page.context.set_offline(True)
	page.click(".occ-people")  # what was read before serves
	page.fill(f"{DIALOG} input[data-fieldname=people]", "2")
	chip(page, "Elevator 3").click()
	page.wait_for_selector(f"{DIALOG} .outage-refusal >> text=No answer from the server")
	page.context.set_offline(False)
	chip(page, "Elevator 3").click()
	page.wait_for_selector(DIALOG, state="hidden")
	assert record(house, 3).people == 2


def test_an_outage_is_declared_from_the_line_or_the_rescue_ends_there(centre, house, call, troubles):
	troubles.allow("417")  # it was not seen in the open car
	for number in (1, 2):
		call(
			"guard1",
			"record_call",
			property=house["property"],
			trapped=1,
			elevator=house["elevators"][number - 1],
			people=2,
			words=f"we are two in {number}",
		)
	page = centre("operator")
	row = inside(page, "Elevator 1")
	assert "we are two in 1" in row.inner_text()
	row.locator("[data-trapped=report_empty]").click()
	form = Form.of(page)
	form.send()
	page.wait_for_selector(".modal.show >> text=Missing Values Required")
	page.locator(".modal.show:has-text('Missing Values Required') .btn-modal-close").click()
	page.locator(f"{DIALOG} [data-choice=released_by_contractor]").click()
	form.fill(who="the fitter")
	form.send()
	page.wait_for_selector(f"{DIALOG} .outage-refusal >> text=How Seen")
	page.locator(f"{DIALOG} input[data-fieldname=open]").check()
	form.done()
	row.wait_for(state="detached")
	assert record(house, 1).how_ended == "released_by_contractor"
	inside(page, "Elevator 2").locator("[data-trapped=declare]").click()
	form = Form.of(page)
	page.wait_for_function(f"window.cur_dialog?.get_value('property') === '{house['property']}'")
	form.done()
	page.wait_for_selector(".outage-inside a[href*='outage-incident']")
	assert record(house, 2).incident


# ---------------------------------------------------------------- the line for whoever calls


@pytest.mark.parametrize("path", ["outage-command-centre", "outage-call-sheet"])
def test_a_call_is_kept_while_nothing_runs(as_user, desk, house, path, accessible):
	page = as_user("operator")
	desk(page, f"/app/{path}")
	line = page.locator(".ocs-incoming:visible")
	line.wait_for()
	page.wait_for_function(
		"!document.querySelector('.ocs-incoming').hidden && cur_page.page.querySelector('.ocs-property').value"
	)
	accessible(page, ".ocs-incoming")
	line.locator(".ocs-unit input").fill("2A")
	line.locator(".ocs-words").fill("all dark here")
	line.locator(".ocs-words").press("Enter")
	line.locator(".ocs-kept >> text=2A: Kept. No outage explains it yet.").wait_for()
	frappe.db.rollback()
	found = frappe.get_all("Trouble Call", {"property": house["property"]}, ["unit", "words", "danger"])
	assert [(one.unit, one.words, one.danger) for one in found] == [(house["units"][1], "all dark here", 0)]


@pytest.mark.parametrize("path", ["outage-command-centre", "outage-call-sheet/{incident}"])
def test_the_danger_switch_where_no_word_says_it(as_user, desk, house, declared, path):
	page = as_user("operator")
	desk(page, f"/app/{path.format(incident=declared)}")
	line = page.locator(".ocs-incoming:visible")
	line.wait_for()
	page.wait_for_function("cur_page.page.querySelector('.ocs-property').value")
	words = "grandmother breathes so strangely"
	line.locator(".ocs-words").fill(words)
	line.locator(".ocs-words").press("Enter")
	line.locator(".ocs-kept:not(.ocs-alarm) >> text=Kept.").wait_for()
	line.locator(".ocs-switch:has(.ocs-danger)").click()
	line.locator(".ocs-words").fill(words)
	line.locator(".ocs-words").press("Enter")
	line.locator(".ocs-kept.ocs-alarm >> text=DANGER, the control room is rung").wait_for()
	assert not line.locator(".ocs-danger").is_checked(), "the next caller is not in danger for that"
	frappe.db.rollback()
	assert frappe.get_all("Trouble Call", {"property": house["property"]}, pluck="danger", order_by="creation") == [
		0,
		1,
	]


def test_people_trapped_in_the_line(centre, house, declared):
	page = centre("service")
	page.locator(".ocs-words").fill("电梯里困了两个人，快来救人")
	page.locator(".ocs-switch:has(.ocs-inside)").click()
	page.locator(".ocs-words").press("Enter")
	page.wait_for_selector(".ocs-kept >> text=Choose the elevator")
	assert page.locator(".ocs-words").input_value(), "what is typed stays"
	page.select_option(".ocs-elevator", label="Elevator 3")
	page.fill(".ocs-people", "2")
	page.locator(".ocs-words").press("Enter")
	page.wait_for_selector(f".ocs-kept.ocs-alarm >> text=the rescue steps of {declared} are given out")
	inside(page, "Elevator 3").locator("text=Elevator 3 | 2 inside").wait_for()
	assert "电梯里困了两个人" in inside(page, "Elevator 3").inner_text()
	assert record(house, 3).people == 2


def test_the_number_proposes_a_home_and_the_operator_decides(centre, house):
	page = centre("operator")
	number = frappe.db.get_value("Contact", house["contacts"][1], "mobile_no")
	page.fill(".ocs-phone", f"+86 {number}")
	ask = page.locator(".ocs-home >> text=This number belongs to 2A. Is it them?")
	ask.wait_for()
	assert page.locator(".ocs-unit input").input_value() == "", "nothing is filled in by itself"
	page.fill(".ocs-phone", "139 0000 9999")
	ask.wait_for(state="detached")
	page.fill(".ocs-phone", number)
	page.click(".ocs-home button:has-text('Yes, it is them')")
	assert page.locator(".ocs-unit input").input_value() == "2A"
	page.locator(".ocs-words").press("Enter")
	page.wait_for_selector(".ocs-kept >> text=2A: Kept.")


def test_at_the_centre_too_a_call_without_network_is_not_lost(centre, house, troubles):
	troubles.allow("ERR_INTERNET_DISCONNECTED|socket.io|Failed to load resource|WebSocket")
	page = centre("operator")
	page.context.set_offline(True)
	page.locator(".ocs-switch:has(.ocs-inside)").click()
	page.select_option(".ocs-elevator", label="Elevator 3")
	page.fill(".ocs-people", "2")
	page.fill(".ocs-words", "somebody knocks")
	page.locator(".ocs-words").press("Enter")
	page.wait_for_selector(".ocs-kept >> text=Not kept.")
	assert page.locator(".ocs-inside").is_checked()
	assert page.locator(".ocs-people").input_value() == "2"
	page.context.set_offline(False)
	page.locator(".ocs-words").press("Enter")
	page.wait_for_selector(".ocs-kept.ocs-alarm >> text=Elevator 3")
	assert record(house, 3).people == 2
	assert page.locator(".ocs-words").input_value() == ""
