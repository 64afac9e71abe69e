"""People in elevators: freed by radio, corrected, and the call sheet."""

import frappe
from playwright.sync_api import expect

from tests.site import world

from ..form import DIALOG, Form
from .cars import (
	LIVE,
	PHONE,
	build_house,  # noqa: F401 (the fixture `house` calls it)
	check_of,
	inside,
	record,
	refused,
)

# ---------------------------------------------------------------- by radio, and corrected


def row_verb(form: Form, task: str, verb: str) -> None:
	form.page.click(f"[data-verb={verb}][data-task='{task}']")
	form.page.wait_for_selector(f"{DIALOG} [data-choice]")


def choose(page, words: str) -> None:
	page.locator(f"{DIALOG} [data-choice]", has_text=words).first.click()


def test_an_empty_car_by_radio_needs_its_proof(as_user, desk, house, declared, troubles):
	troubles.allow("417|EXPECTATION FAILED")
	check = check_of(declared, house, 3)
	form = Form(as_user("operator", **PHONE), desk, declared)
	form.page.evaluate("frappe.show_alert('rung for something else', 60)")
	row_verb(form, check, "complete_for")
	height = "selector => Number(getComputedStyle(document.querySelector(selector)).zIndex)"
	rung, behind = (form.page.evaluate(height, one) for one in ("#alert-container", ".modal-backdrop"))
	assert rung < behind, "who is rung meanwhile sees it beside the dialog, not over its buttons"
	refused(form, "Choose what they said")
	choose(form.page, "Empty")
	refused(form, "Who Looked")
	form.fill(user=world.user("engineer"))
	refused(form, "Elevator Number")
	form.fill(elevator_no="4", how="door_open")
	refused(form, "Elevator Number", "4")
	form.fill(elevator_no="A-0417")
	refused(form, "Read Back")
	form.fill(read_back=True)
	form.done()
	frappe.db.rollback()
	done = frappe.get_doc("Outage Task", check)
	assert (done.status, done.outcome, done.recorded_by) == ("Done", "empty", world.user("operator"))


def test_people_by_radio_at_once(as_user, desk, house, declared):
	check = check_of(declared, house, 3)
	form = Form(as_user("operator"), desk, declared)
	row_verb(form, check, "complete_for")
	form.fill(people="2")
	choose(form.page, "Trapped")
	form.page.wait_for_selector(DIALOG, state="hidden")
	inside(form.page, "Elevator 3").locator("text=Elevator 3 | 2 inside").wait_for()


def test_a_rescue_is_written_down_by_radio_from_the_band(centre, house, declared, call, troubles):
	troubles.allow("417|EXPECTATION FAILED")
	call("operator", "report_trapped", incident=declared, elevator=house["elevators"][2], people=2)
	page = centre("operator")

	def open_radio() -> Form:
		inside(page, "Elevator 3").locator("[data-trapped=complete_for]").click()
		page.wait_for_selector(f"{DIALOG} [data-choice]")
		return Form.of(page)

	form = open_radio()
	choose(page, "main switch of this elevator off")
	form.fill(user=world.user("engineer"))
	refused(form, "Elevator Number")  # heard as another one, supply would be let onto these people
	form.fill(elevator_no="3", read_back=True)
	form.done()
	inside(page, "Elevator 3").locator("text=✓ locked off").wait_for()
	form = open_radio()
	assert page.locator(f"{DIALOG} input[data-fieldname=people]").input_value() == "2"
	choose(page, "Released")
	form.fill(user=world.user("engineer"), evidence="wound down", elevator_no="3", read_back=True)
	refused(form, "Checks")
	for check in ("main_switch_locked_off", "two_people_if_wound_by_hand", "landing_doors_closed_and_locked"):
		form.fill(**{f"check_{check}": True})
	form.done()
	inside(page, "Elevator 3").wait_for(state="detached")
	assert (record(house, 3).status, record(house, 3).released) == ("Released", 2)


def test_the_end_of_a_rescue_counts_who_is_out(as_user, desk, house, declared, call, troubles):
	troubles.allow("417|EXPECTATION FAILED")
	call("operator", "report_trapped", incident=declared, elevator=house["elevators"][2], people=2)
	call("electrician", "complete", task=check_of(declared, house, 3, "lock_off_elevator"))
	release = check_of(declared, house, 3, "release_trapped")
	form = Form(as_user("electrician"), desk, declared)
	form.page.click(f"[data-verb=complete][data-task='{release}']")
	form.page.wait_for_selector(f"{DIALOG} .btn-primary")
	assert form.page.locator(f"{DIALOG} input[data-fieldname=people]").input_value() == "2"
	checks = ("main_switch_locked_off", "two_people_if_wound_by_hand", "landing_doors_closed_and_locked")
	form.fill(outcome="released", evidence="wound down", people="1", **{f"check_{check}": True for check in checks})
	refused(form, "2 were counted inside")
	form.fill(people="2")
	form.done()
	assert record(house, 3).released == 2


def test_the_check_that_finds_people_takes_their_number(as_user, desk, house, declared):
	check = check_of(declared, house, 3)
	form = Form(as_user("electrician"), desk, declared)
	form.page.click(f"[data-verb=complete][data-task='{check}']")
	form.page.wait_for_selector(f"{DIALOG} .btn-primary")
	assert not form.page.locator(f"{DIALOG} input[data-fieldname=people]").is_visible()
	form.fill(outcome="trapped")
	form.fill(people="4", evidence="voices")
	form.done()
	inside(form.page, "Elevator 3").locator("text=4 inside").wait_for()


def open_ended(form: Form, task: str) -> None:
	"""The ended steps are folded."""
	summary = form.page.locator("details[data-fold=ended] > summary")
	summary.wait_for()
	if form.page.locator("details[data-fold=ended][open]").count() == 0:
		summary.click()
	form.page.wait_for_selector(f"[data-verb=correct_outcome][data-task='{task}']")


def test_empty_was_wrong_people_are_inside(as_user, desk, house, declared, call):
	check = check_of(declared, house, 3)
	call("electrician", "complete", task=check, outcome="empty", evidence="looked")
	form = Form(as_user("guard1"), desk, declared)
	open_ended(form, check)
	row_verb(form, check, "correct_outcome")
	choose(form.page, "Trapped")
	form.page.wait_for_selector(DIALOG, state="hidden")
	inside(form.page, "Elevator 3").locator("text=people inside, not counted").wait_for()


def test_nobody_inside_after_all_is_read_back_by_a_second_person(
	as_user, centre, desk, house, declared, call, troubles
):
	troubles.allow("417|EXPECTATION FAILED")
	check = check_of(declared, house, 3)
	call("electrician", "complete", task=check, outcome="trapped", evidence="a voice", people=1)
	form = Form(as_user("electrician"), desk, declared)
	open_ended(form, check)
	row_verb(form, check, "correct_outcome")
	choose(form.page, "Empty")
	refused(form, "Who Looked")
	form.fill(who="Ida")
	form.done()
	said = inside(form.page, "Elevator 3").locator(".outage-claim")
	said.wait_for()
	assert "Ida says: nobody is inside any more." in said.inner_text()
	assert "Somebody else must read it back" in said.inner_text()
	assert inside(form.page, "Elevator 3").locator("[data-trapped=read_back_empty]").count() == 0
	operator = centre("operator")
	row = inside(operator, "Elevator 3")
	row.locator("[data-trapped=read_back_empty]").click()
	reader = Form.of(operator)
	assert "Ida says" in operator.inner_text(DIALOG)
	reader.done()
	row.wait_for(state="detached")
	inside(form.page, "Elevator 3").wait_for(state="detached", timeout=LIVE)
	assert record(house, 3).status == "Nobody Inside"


# ---------------------------------------------------------------- the call sheet, and declaring


def test_the_rescue_services_are_called_from_the_sheet(as_user, desk, house, declared, call):
	call("operator", "report_trapped", incident=declared, elevator=house["elevators"][2])
	page = as_user("operator")
	desk(page, f"/app/outage-call-sheet/{declared}")
	first = page.locator(".ocs-call").first
	first.wait_for()
	assert "Elevator 3" in first.inner_text()
	numbers = first.locator("a[href^='tel:']").evaluate_all("all => all.map(one => one.getAttribute('href'))")
	assert numbers[:2] == ["tel:119", "tel:120"]
	assert first.locator("button[data-do=outcome]").count() == 2
	page.evaluate("addEventListener('click', one => one.target.closest('a[href^=\"tel:\"]') && one.preventDefault())")
	first.locator("a[href='tel:119']").click()
	page.locator(".ocs-dialled").wait_for()
	page.locator("[data-outcome=services_called]").first.click()
	page.wait_for_selector(".outage-inside >> text=119 / 120 called")
	frappe.db.rollback()
	done = frappe.get_doc("Outage Task", check_of(declared, house, 3, "call_rescue_service"))
	assert (done.outcome, "119" in done.evidence) == ("services_called", True)


def test_a_place_that_was_typed_and_not_chosen_is_no_whole_property(centre, house, call, troubles):
	troubles.allow("417|EXPECTATION FAILED")
	page = centre("operator")
	page.click("button:has-text('Declare an Outage'):visible")
	form = Form.of(page)
	page.wait_for_function(f"window.cur_dialog?.get_value('property') === '{house['property']}'")
	where = page.locator(f"{DIALOG} input[data-fieldname=where]")
	where.press_sequentially("Room 9")
	where.press("Tab")
	expect(where).to_have_value("")  # Frappe has looked for it by then
	refused(form, "Room 9", "was not chosen from the list")
	assert where.input_value() == "Room 9"
	frappe.db.rollback()
	assert not frappe.db.exists("Outage Incident", {"property": house["property"]})
	where.fill("")
	page.keyboard.press("Tab")
	part = call("operator", "declare", property=house["property"], nodes=[house["shafts"][0]])["incident"]
	refused(form, f"already running as {part}")
	assert page.locator(f"{DIALOG} button", has_text="Declare All the Same").is_visible()
	page.click(f"{DIALOG} button:has-text('Extend {part}')")
	page.wait_for_selector(DIALOG, state="hidden")
	page.wait_for_selector(".occ-card")
	frappe.db.rollback()
	assert frappe.db.exists("Outage Affected Node", {"parent": part, "power_node": house["feeder"]})
