"""The control room's screens in browsers: command centre, call sheet, run card."""

import re

import frappe
import pytest
from frappe.utils import add_days, nowdate

from tests.site import world

from .conftest import on_desk
from .form import DIALOG, Form

PHONE = {"viewport": {"width": 360, "height": 740}}


def build_house(name: str) -> dict:
	built = world.make_tower(name)
	world.make_roster(name)
	for index, who in enumerate(world.ROLES):
		frappe.db.set_value("User", world.user(who), "mobile_no", f"000 7000 {index:02d}")
	frappe.db.set_value("Managed Property", name, "supplier_hotline", "95598")
	frappe.db.set_value("Property Asset", built["critical_room"], "backup_minutes", 120)
	return built


@pytest.fixture
def centre(as_user, desk, live):
	"""`centre("operator")`: a page with the command centre, hearing the realtime server."""

	def go(who: str, **options):
		page = as_user(who, **options)
		desk(page, "/app/outage-command-centre")
		page.wait_for_selector(".occ[data-incidents]")
		live(page, "doctype:Outage Incident")
		return page

	return go


def card(house) -> str:
	return f'.occ-card[aria-label="{house["property"]}"]'


LIVE = 25_000  # ms; a page that is told nothing asks by itself after 30 s


def not_wider_than_the_screen(page) -> None:
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_declared_in_one_browser_seen_in_another_without_reload(centre, house, call, screenshot, accessible):
	control, manager = centre("operator"), centre("manager")
	control.click("button:has-text('Declare an Outage')")
	dialog = control.locator(".modal.show")
	dialog.locator("input[data-fieldname=seen]").wait_for()
	assert dialog.locator("input[data-fieldname]:visible").count() == 3
	dialog.locator("input[data-fieldname=seen]").fill("The street around is dark too")
	assert dialog.locator("input[data-fieldname=property]").input_value() == house["property"]
	dialog.locator("button.btn-primary:visible").press("Enter")
	control.wait_for_selector(".desk-alert.green")  # that it was done is not said in an error's colour
	control.wait_for_selector(card(house))
	manager.wait_for_selector(card(house), timeout=LIVE)
	assert manager.inner_text(f"{card(house)} .occ-level") == "I"
	assert int(manager.get_attribute(".occ", "data-beeps")) >= 1
	(name,) = frappe.get_all("Outage Incident", {"property": house["property"]}, pluck="name") or [None]
	call("operator", "set_etr", incident=name, etr="2099-01-01 04:30:00")
	manager.wait_for_selector(f"{card(house)} >> text=04:30", timeout=LIVE)
	call("guard1", "record_call", property=house["property"], unit=house["units"][0], words="smoke in the corridor")
	manager.wait_for_selector(".occ-danger >> text=smoke in the corridor", timeout=LIVE)
	screenshot(manager, "command-centre")
	accessible(manager, ".occ")


def test_on_a_phone_and_in_the_dark(centre, house, declared, screenshot, accessible):
	page = centre("operator", **PHONE)
	page.wait_for_selector(card(house))
	not_wider_than_the_screen(page)
	accessible(page, ".occ")
	page.evaluate("document.documentElement.setAttribute('data-theme', 'dark')")
	accessible(page, ".occ")
	screenshot(page, "command-centre-phone")


def test_planned_work_in_two_parts_is_declared_from_the_dialog(centre, house, troubles, screenshot):
	"""By the engineer, at the width of a phone. The same work once more is said first, and is declared all the same."""
	troubles.allow("417")
	page = centre("engineer", **PHONE)
	day = add_days(nowdate(), 3)
	typed = {
		"planned_by": "Property",
		"reason": "Cleaning the switchgear",
		"planned_start": f"{day} 09:00:00",
		"planned_end": f"{day} 11:00:00",
		"planned_start_2": f"{day} 14:00:00",
		"planned_end_2": f"{day} 16:00:00",
	}

	def declare() -> Form:
		page.click(".page-actions .primary-action:visible")
		form = Form.of(page)
		page.wait_for_function(f"window.cur_dialog?.get_value('property') === '{house['property']}'")
		form.fill(level="III")
		for field, value in typed.items():
			form.fill(**{field: value})
			page.keyboard.press("Tab")
			page.wait_for_function("field => cur_dialog.get_value(field)", arg=field)
			page.wait_for_timeout(100)  # Frappe looks once more at what depends on it
		not_wider_than_the_screen(page)
		return form

	def planned() -> list:
		frappe.db.rollback()
		fields = ["name", "status", "planned_by", "planned_start", "planned_end", "planned_reason", "announced_with"]
		return frappe.get_all(
			"Outage Incident", {"property": house["property"]}, fields, order_by="planned_start, creation"
		)

	form = declare()
	screenshot(page, "declare-planned")
	form.done()
	morning, afternoon = planned()
	for row, suffix in ((morning, ""), (afternoon, "_2")):
		times = (str(row.planned_start), str(row.planned_end))
		assert times == (typed[f"planned_start{suffix}"], typed[f"planned_end{suffix}"])
		assert (row.status, row.planned_by, row.planned_reason) == ("Scheduled", "Property", typed["reason"])
	assert (morning.announced_with, afternoon.announced_with) == (None, morning.name)
	notice = frappe.get_all("Outage Notice", {"incident": morning.name}, pluck="message")[0]
	assert all(hour in notice for hour in ("09:00", "11:00", "14:00", "16:00", typed["reason"]))

	declare().send()
	page.wait_for_selector(f"{DIALOG} .outage-refusal >> text={morning.name} is planned")
	page.click(f"{DIALOG} .outage-refusal button:has-text('Declare All the Same')")
	page.wait_for_selector(DIALOG, state="hidden")
	assert len(planned()) == 4


def test_a_lost_connection_is_seen_and_ends(centre, declared, house, troubles):
	page = centre("operator")
	page.wait_for_selector(card(house))
	troubles.allow("ERR_INTERNET_DISCONNECTED|socket.io|Failed to load resource|WebSocket")
	page.context.set_offline(True)
	page.evaluate("cur_page.page.centre.load()")
	page.wait_for_selector(".occ-heard.outage-lost >> text=Connection lost")
	assert page.is_visible(card(house))
	page.context.set_offline(False)
	page.evaluate("cur_page.page.centre.load()")
	page.wait_for_selector(".occ-heard:not(.outage-lost)")


def test_an_old_answer_that_comes_late_is_not_shown(centre, house, call):
	page = centre("operator")
	before = page.evaluate("outage_response.read('command.centre')")
	held = []

	def hold_the_first(route) -> None:
		if held:
			return route.continue_()
		held.append(route)

	page.route("**/*.command.centre*", hold_the_first)
	with page.expect_request("**/*.command.centre*"):
		page.evaluate("void cur_page.page.centre.load()")
	call("operator", "declare", property=house["property"], nodes=[house["room"]], level="II")
	page.wait_for_selector(card(house))
	beeps = page.get_attribute(".occ", "data-beeps")
	with page.expect_response("**/*.command.centre*"):
		held[0].fulfill(json={"message": before})
	page.evaluate("new Promise(requestAnimationFrame)")
	assert page.is_visible(card(house))
	assert page.get_attribute(".occ", "data-beeps") == beeps


def test_links_are_written_as_this_desk_writes_them(centre, house, declared):
	page = centre("operator")
	page.wait_for_selector(card(house))
	page.evaluate("() => { frappe.router.make_url = parts => '/desk/' + parts.join('/'); }")  # Frappe 16
	page.evaluate("cur_page.page.centre.load()")
	page.wait_for_selector(f"{card(house)} footer a[href='/desk/outage-incident/{declared}']")
	assert page.locator(".occ a[href^='/app/']").count() == 0


@pytest.fixture
def sheet(as_user, desk, declared):
	def go(who: str, **options):
		page = as_user(who, **options)
		desk(page, f"/app/outage-call-sheet/{declared}")
		page.wait_for_selector(".ocs-call")
		return page

	return go


def test_the_only_outage_needs_no_choice(as_user, desk, declared):
	page = as_user("operator")
	desk(page, "/app/outage-call-sheet")
	page.wait_for_url(on_desk(f"outage-call-sheet/{declared}"))
	page.wait_for_selector(".ocs-call")


def row(page, callee: str):
	return page.locator(".ocs-call", has=page.locator(f".ocs-who > b:text-is('{callee}')")).first


def test_the_calls_are_made_by_keyboard_alone(sheet, declared, screenshot, accessible):
	page = sheet("operator")
	accessible(page, ".ocs")
	assert row(page, "Engineering").locator("a[href^='tel:']").first.get_attribute("href") == "tel:000700002"
	before = int(page.get_attribute(".ocs", "data-open"))
	row(page, "Security").locator("button:has-text('No answer')").focus()
	page.keyboard.press("Enter")
	row(page, "Security").locator("text=no answer: 1").wait_for()
	screenshot(page, "call-sheet")
	row(page, "Engineering").locator("button:has-text('Answered')").focus()
	page.keyboard.press("Enter")
	page.wait_for_selector(f".ocs[data-open='{before - 1}']")
	frappe.db.rollback()
	done = frappe.get_all(
		"Outage Task", {"incident": declared, "step_key": "call_engineering"}, ["status", "evidence"]
	)[0]
	assert (done.status, "answered, coming" in done.evidence) == ("Done", True)


def test_the_answer_is_of_the_number_that_was_touched(sheet, declared):
	page = sheet("operator")
	numbers = row(page, "Security").locator("a[href^='tel:']")
	assert numbers.count() > 1
	last = numbers.last.inner_text()
	page.evaluate("addEventListener('click', one => one.target.closest('a[href^=\"tel:\"]') && one.preventDefault())")
	numbers.last.click()
	row(page, "Security").locator(".ocs-dialled").wait_for()
	before = int(page.get_attribute(".ocs", "data-open"))
	row(page, "Security").locator("button:has-text('Answered')").click()
	page.wait_for_selector(f".ocs[data-open='{before - 1}']")
	frappe.db.rollback()
	evidence = frappe.get_all(
		"Outage Task", {"incident": declared, "status": "Done"}, pluck="evidence", order_by="completed_at desc"
	)[0]
	assert last in evidence, evidence


def test_a_residents_call_is_kept_in_one_line(sheet, house, declared):
	page = sheet("operator")
	unit = page.locator(".ocs-unit input")
	unit.press_sequentially("2")
	page.wait_for_function("document.querySelector('.ocs-units option[value=\"2A\"]')")
	unit.fill("2A")
	page.keyboard.press("Tab")
	page.locator(".ocs-words").fill("there is smoke here")
	page.locator(".ocs-words").press("Enter")
	page.wait_for_selector(".ocs-kept.ocs-alarm >> text=DANGER")
	frappe.db.rollback()
	found = frappe.get_all("Trouble Call", {"incident": declared}, ["unit", "danger", "words"])
	assert [(one.danger, one.words) for one in found] == [(1, "there is smoke here")]
	assert found[0].unit == house["units"][1]


def test_without_network_a_call_is_not_kept_and_not_lost(sheet, declared, troubles):
	troubles.allow("ERR_INTERNET_DISCONNECTED|socket.io|Failed to load resource|WebSocket")
	page = sheet("operator")
	words = page.locator(".ocs-words")
	page.locator(".ocs-unit input").fill("1A")
	words.press("Enter")
	page.wait_for_selector(".ocs-kept >> text=1A: Kept.")
	page.context.set_offline(True)
	page.locator(".ocs-unit input").fill("2A")
	words.fill("smoke on the stairs")
	words.press("Enter")
	page.wait_for_selector(".ocs-kept >> text=Not kept.")
	assert "1A" not in page.inner_text(".ocs-kept")
	assert words.input_value() == "smoke on the stairs"
	page.context.set_offline(False)
	words.press("Enter")
	page.wait_for_selector(".ocs-kept.ocs-alarm >> text=2A: DANGER")
	assert words.input_value() == ""
	frappe.db.rollback()
	assert frappe.db.count("Trouble Call", {"incident": declared}) == 2


def test_what_is_typed_for_the_next_caller_stays(sheet, declared, troubles):
	troubles.allow("ERR_FAILED")
	page = sheet("operator")
	unit, words = page.locator(".ocs-unit input"), page.locator(".ocs-words")
	held = []
	page.route("**/*.staff.record_call", lambda route: held.append(route))
	unit.fill("2A")
	words.fill("the first caller")
	with page.expect_request("**/*.staff.record_call"):
		words.press("Enter")
	assert unit.input_value() == ""
	words.fill("the second caller")
	held[0].abort()
	first = page.locator(".ocs-not-kept li", has_text="2A · the first caller")
	first.wait_for()
	assert words.input_value() == "the second caller"
	page.unroute("**/*.staff.record_call")
	first.locator("button").click()
	page.wait_for_selector(".ocs-kept >> text=2A: Kept.")
	first.wait_for(state="detached")
	assert words.input_value() == "the second caller"
	unit.fill("99Z")
	words.press("Enter")
	page.wait_for_selector(".ocs-kept >> text=There is no unit 99Z here")
	assert (unit.input_value(), words.input_value()) == ("99Z", "the second caller")


def test_the_call_sheet_on_a_phone(sheet, screenshot):
	page = sheet("operator", **PHONE)
	not_wider_than_the_screen(page)
	small = page.evaluate(
		"""[...document.querySelectorAll('.ocs-buttons .btn')].filter(one => one.getBoundingClientRect().height < 44).length"""
	)
	assert small == 0
	screenshot(page, "call-sheet-phone", full_page=True)


def test_what_stood_on_paper_is_entered_line_by_line(as_user, desk, house, declared, troubles, accessible, screenshot):
	troubles.allow("417")  # one line is refused
	page = as_user("operator")
	desk(page, f"/app/outage-run-card/{declared}")
	page.wait_for_selector(".orc-line")
	accessible(page, ".orc")
	now = str(frappe.db.get_value("Outage Incident", declared, "reported_at"))[11:16]
	call_engineering = page.locator(".orc-line", has_text="Phone the distribution-room crew")
	call_engineering.locator(".orc-time").fill(now)
	call_engineering.locator(".orc-time").press("Enter")  # the line is not typed to its end
	call_engineering.locator(".orc-who").fill("Ida")
	cause = page.locator(".orc-line", has_text="Cause known")
	cause.locator(".orc-time").fill(now)  # without a cause: refused
	page.click("text=Enter all lines with a time")
	page.wait_for_selector("text=Accepted: 1, refused: 1")
	assert call_engineering.locator(".orc-time").is_disabled()
	frappe.db.rollback()
	assert (
		frappe.db.get_value("Outage Task", {"incident": declared, "step_key": "call_engineering"}, "evidence") == "Ida"
	)
	assert "Cause Type" in cause.locator(".orc-result").inner_text()
	screenshot(page, "run-card-entry")
	cause.locator(".orc-outcome").select_option("External Grid")
	cause.locator(".orc-level").select_option("I")
	page.click("text=Supply came back node by node")
	shaft = page.locator(".orc-line", has_text="Supply is back: Shaft A")
	shaft.locator(".orc-time").fill(now)
	page.click("text=Enter all lines with a time")
	page.wait_for_selector("text=Accepted: 2, refused: 0")
	frappe.db.rollback()
	doc = frappe.get_doc("Outage Incident", declared)
	back = [one.power_node for one in doc.affected_nodes if one.back_at]
	assert (doc.level, doc.status, back) == ("I", "Active", [house["shafts"][0]])


def test_the_run_card_is_two_pages(as_user, house, screenshot, troubles):
	troubles.allow("reading 'classList'")  # Frappe's own page looks for the footer of a letterhead
	page = as_user("operator")
	page.goto(
		f"/printview?doctype=Managed%20Property&name={house['property']}&format=Outage%20Run%20Card&no_letterhead=1"
	)
	page.wait_for_selector(".run-card")
	pdf = page.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "8mm"))
	assert re.findall(rb"/Count (\d+)", pdf) == [b"2"]
	screenshot(page, "run-card", full_page=True)


def test_another_site_says_so_in_red_and_one_button_ends_it(centre, as_user, call, house):
	"""A restored backup, on the centre of a phone's width and on a guard's phone page."""

	def make(**known) -> None:
		frappe.db.rollback()
		for field, value in known.items():
			frappe.db.set_single_value("Outage Site", field, value, update_modified=False)
		frappe.db.commit()

	page = centre("operator", **PHONE)
	own = frappe.db.get_single_value("Outage Site", "database_name", cache=False)
	try:
		make(database_name="_the_real_one")
		call("operator", "declare", property=house["property"], nodes=[house["room"]], level="II")
		page.evaluate("cur_page.page.centre.load()")
		frame = page.locator(".outage-alarm")
		frame.wait_for()
		assert "its database was _the_real_one" in frame.inner_text()
		assert "000 7000" in frame.inner_text()  # whom to phone by hand
		not_wider_than_the_screen(page)
		guard = as_user("guard1", **PHONE)
		guard.goto("/my-outage-tasks")
		guard.locator(".silence a[href^='tel:']").first.wait_for()
		guard.get_by_role("button", name="This is the site: ring and mail again").click()
		guard.locator("#confirm-site").wait_for(state="detached")
		page.evaluate("cur_page.page.centre.load()")
		page.locator("[data-confirm-site]").wait_for(state="detached")
	finally:
		make(database_name=own, muted_since=None)
	frappe.db.rollback()
	assert frappe.db.get_single_value("Outage Site", "confirmed_by", cache=False) == world.user("guard1")
