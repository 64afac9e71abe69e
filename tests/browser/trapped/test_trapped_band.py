"""People in elevators stand first on every screen, and sound until somebody takes them."""

import frappe

from tests.site import world

from ..form import Form
from .cars import (
	CARS,
	LIVE,
	build_house,  # noqa: F401 (the fixture `house` calls it)
	check_of,
	inside,
)

FAST = 300  # ms between two alarms, in place of ten seconds


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
