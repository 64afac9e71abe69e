"""People in elevators in browsers: reported in two touches, seen first on every screen, freed by radio, corrected; and the line
for whoever calls."""

import frappe
import pytest

from tests.site import world

from .form import DIALOG, Form

LIVE = 25_000  # ms; a page that is told nothing asks by itself after 30 s
FAST = 300  # ms between two alarms, in place of ten seconds
PHONE = {"viewport": {"width": 360, "height": 740}}
CARS = 10


def build_house(name: str) -> dict:
	built = world.make_tower(name)
	world.make_roster(name)
	about = {"contractor_name": "Up and Down Ltd", "contractor_phone": "0100", "building": "T"}
	built["elevators"] += [
		world.make_asset(name, f"Elevator {number}", "Elevator", **about) for number in range(3, CARS + 1)
	]
	frappe.db.set_value(
		"Property Asset",
		built["elevators"][2],
		{"plate_no": "A-0417", "key_place": "Guard house", "rescue_instructions": "Brake first, then the wheel"},
	)
	return built


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


def inside(page, elevator: str):
	"""The line of an elevator in the band."""
	return page.locator(".outage-inside:visible", has=page.locator(f"[data-car='{elevator}']"))


def chip(page, elevator: str):
	return page.locator(f"{DIALOG} [data-choice]", has_text=elevator).first


def record(house, number: int, **filters):
	frappe.db.rollback()
	name = frappe.db.get_value(
		"Elevator Entrapment", {"elevator": house["elevators"][number - 1], **filters}, order_by="creation desc"
	)
	return frappe.get_doc("Elevator Entrapment", name) if name else None


def check_of(incident: str, house, number: int, step: str = "check_elevator") -> str:
	frappe.db.rollback()
	return frappe.db.get_value(
		"Outage Task", {"incident": incident, "step_key": step, "subject": house["elevators"][number - 1]}
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


# ---------------------------------------------------------------- the band


def test_what_is_drawn_adds_up(as_user, centre, desk, house, declared, call, screenshot):
	page = centre("operator")
	assert page.locator(".outage-trapped").count() == 0, "nobody is inside: no band"
	life = page.locator(".occ-life")
	assert f"Elevators looked into: 0 of {CARS}" in life.inner_text()
	chips = [text.strip() for text in life.locator(".occ-check").all_inner_texts()]
	assert chips == [f"Elevator {number}" for number in range(1, CARS + 1)], "in counting order, one chip each"
	call("electrician", "complete", task=check_of(declared, house, 10), outcome="empty", evidence="looked")
	page.wait_for_selector(f".occ-life >> text=Elevators looked into: 1 of {CARS}", timeout=LIVE)
	assert life.locator(".occ-check").count() == CARS - 1

	for number, people in ((1, 1), (4, None), (7, 3)):
		about = {"incident": declared, "elevator": house["elevators"][number - 1]}
		call("operator", "report_trapped", **about, people=people, words=f"call {number}")
	sheet, form = as_user("operator"), as_user("operator")
	desk(sheet, f"/app/outage-call-sheet/{declared}")
	desk(form, f"/app/outage-incident/{declared}")
	for screen in (page, sheet, form):
		screen.wait_for_selector(".outage-trapped[data-rows='3']:visible", timeout=LIVE)
		given = screen.evaluate(
			"outage_response.read('command.centre').then(data => data.trapped.map(one => one.label))"
		)
		drawn = screen.locator(".outage-inside:visible [data-inside]").evaluate_all(
			"all => all.map(one => one.dataset.car)"
		)
		assert drawn == given == ["Elevator 7", "Elevator 1", "Elevator 4"]
		assert "people counted: 4 · elevators not counted: 1" in screen.inner_text(".outage-trapped h3")
	screenshot(page, "command-centre-people")
	shown = page.evaluate("cur_page.page.centre.data.incidents[0].life.length")
	page.evaluate("cur_page.page.centre.load()")
	page.wait_for_function(
		"""() => { const {life} = cur_page.page.centre.data.incidents[0];
		return document.querySelectorAll('.occ-life .occ-check, .occ-life > ul > li:not(:has(.occ-checks))').length === life.length }"""
	)
	assert shown >= CARS - 1


def test_the_line_says_what_is_known_and_takes_what_is_new(centre, house, declared, call):
	call("operator", "report_trapped", incident=declared, elevator=house["elevators"][2], words="help")
	page = centre("operator")
	row = inside(page, "Elevator 3")
	for words in ("help", "Rescue: nobody yet", "not locked off", "maintenance not called", "not talked to"):
		assert words in row.inner_text(), words
	assert row.locator("a[href='tel:0100']").count() == 1
	row.locator("summary").click()
	assert "Brake first, then the wheel" in row.inner_text()
	row.locator("[data-trapped=talked]").click()
	row.locator("li:has-text('talked to ')").filter(has_not_text="not talked to").wait_for()
	row.locator("[data-trapped=note_entrapment]").click()
	form = Form.of(page)
	form.fill(people="3", floor="11", condition_children=True)
	form.done()
	inside(page, "Elevator 3").locator("text=Elevator 3 | 3 inside").wait_for()
	for words in ("Children", "car at: 11"):
		assert words in inside(page, "Elevator 3").inner_text(), words
	call("electrician", "acknowledge", task=check_of(declared, house, 3, "release_trapped"))
	inside(page, "Elevator 3").locator("text=Rescue: Ida Swift").wait_for(timeout=LIVE)
	page.evaluate("outage_response.set_now(outage_response.site_time(7))")
	inside(page, "Elevator 3").locator("text=no talk for 7 min").wait_for()
	inside(page, "Elevator 3").locator("text=3 inside | 7 min").wait_for()


def test_who_has_the_rescue_is_written_down_from_the_line(centre, house, declared, call):
	call("operator", "report_trapped", incident=declared, elevator=house["elevators"][2])
	page = centre("operator")
	inside(page, "Elevator 3").locator("[data-trapped=acknowledge_for]").click()
	form = Form.of(page)
	form.fill(user=world.user("electrician"))
	form.done()
	inside(page, "Elevator 3").locator("text=Rescue: Ida Swift").wait_for()


# ---------------------------------------------------------------- the alarm


def beeps(page) -> int:
	return int(page.get_attribute(".occ", "data-beeps") or 0)


def sounds_on(page, sounds: bool) -> None:
	before = beeps(page)
	if sounds:
		page.wait_for_function(f"Number(document.querySelector('.occ').dataset.beeps || 0) > {before + 1}")
		return
	page.evaluate("cur_page.page.centre.tick()")
	page.wait_for_timeout(4 * FAST)  # that nothing happens is seen only by waiting
	page.evaluate("cur_page.page.centre.tick()")
	assert beeps(page) == before


def test_a_danger_sounds_until_somebody_takes_it(centre, house, declared, call):
	page, manager = centre("operator"), centre("manager")
	page.evaluate(f"cur_page.page.centre.alarm_every = {FAST}")
	sounds_on(page, False)
	call("service", "record_call", property=house["property"], unit=house["units"][0], danger=1, words="it hums")
	call("guard1", "withdraw", task=guards_post(declared), danger="water")
	page.wait_for_selector(".occ-danger >> text=it hums", timeout=LIVE)
	page.wait_for_selector(".occ-danger >> text=water", timeout=LIVE)
	sounds_on(page, True)
	page.click(".occ-danger:has-text('water') button:has-text('I see to it')")
	page.wait_for_selector(".occ-danger.occ-taken >> text=water")
	sounds_on(page, True)
	order = page.locator(".occ-danger").all_inner_texts()
	assert ["it hums" in order[0], "water" in order[1]] == [True, True], "what is taken stands below"
	page.click("button:has-text('Sound is on'):visible")
	sounds_on(page, False)
	page.click("button:has-text('Sound is off'):visible")
	sounds_on(page, True)
	manager.wait_for_selector(".occ-danger.occ-taken >> text=water", timeout=LIVE)
	manager.click(".occ-danger:has-text('it hums') button:has-text('I see to it')")
	page.wait_for_selector(".occ-danger.occ-taken >> text=it hums", timeout=LIVE)
	sounds_on(page, False)


def guards_post(incident: str) -> str:
	frappe.db.rollback()
	return frappe.db.get_value("Outage Task", {"incident": incident, "step_key": "guard_area"})


def test_people_inside_sound_until_somebody_takes_the_rescue(centre, house, declared, call):
	call("operator", "report_trapped", incident=declared, elevator=house["elevators"][2])
	page = centre("operator")
	page.evaluate(f"cur_page.page.centre.alarm_every = {FAST}")
	sounds_on(page, True)
	call("electrician", "acknowledge", task=check_of(declared, house, 3, "release_trapped"))
	page.wait_for_selector(".outage-inside:not(.is-untaken)", timeout=LIVE)
	sounds_on(page, False)


def test_without_an_outage_they_are_taken_with_their_call(centre, house, call):
	about = {"property": house["property"], "elevator": house["elevators"][2]}
	call("guard1", "record_call", **about, trapped=1)
	page = centre("operator")
	page.evaluate(f"cur_page.page.centre.alarm_every = {FAST}")
	sounds_on(page, True)
	inside(page, "Elevator 3").locator("[data-trapped=take_call]").click()
	inside(page, "Elevator 3").locator("text=Rescue: Nadia Lark").wait_for()
	sounds_on(page, False)


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


# ---------------------------------------------------------------- by radio, and corrected


def row_verb(form: Form, task: str, verb: str) -> None:
	form.page.click(f"[data-verb={verb}][data-task='{task}']")
	form.page.wait_for_selector(f"{DIALOG} [data-choice]")


def choose(page, words: str) -> None:
	page.locator(f"{DIALOG} [data-choice]", has_text=words).first.click()


def refused(form: Form, *words: str) -> None:
	form.send()
	box = form.page.locator(f"{DIALOG} .outage-refusal:visible")
	for word in words:
		box.filter(has_text=word).wait_for()


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
	desk_settles(page)
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


def desk_settles(page) -> None:
	page.wait_for_function("!(frappe.request.ajax_count > 0)")
