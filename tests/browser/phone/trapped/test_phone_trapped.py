"""My outage tasks while people are in elevators: everything is drawn, they come first, and they ring."""

import json
import re

import frappe
import pytest

from ..hand import PAGE, PHONE, fresh, own_post, task_of, touch, unfold
from .cars import (
	ago,
	build_house,  # noqa: F401 (the fixture `house` calls it)
	card_of,
	check,
	chips,
	given,
	heard,
	rows,
	three_with_people,
)

# what the page has to play a tone with, counted
SPIES = """
	window.shaken = 0;
	window.tones = 0;
	Object.defineProperty(navigator, 'vibrate', { value: () => { window.shaken += 1; return true; } });
	const create = AudioContext.prototype.createOscillator;
	AudioContext.prototype.createOscillator = function () { window.tones += 1; return create.call(this); };
"""


# ---------------------------------------------------------------- nothing is lost


@pytest.mark.parametrize("what", ["ten life tasks", "people in three elevators", "none"])
def test_what_is_drawn_adds_up_to_what_the_api_gave(phone, house, call, request, what):
	if what != "none":
		incident = request.getfixturevalue("declared")
	if what == "people in three elevators":
		three_with_people(house, call, incident)
		call(
			"electrician",
			"complete",
			task=check(incident, house["elevators"][0]).name,
			outcome="empty",
			evidence_later=True,
		)
	page = phone("electrician")
	data = given(page)
	life = [task for task in data["tasks"] if task["priority"] == 0]
	assert len(life) == {"ten life tasks": 12, "people in three elevators": 19}.get(what, 0)
	drawn = rows(page, "task")
	assert sorted(drawn) == sorted(task["name"] for task in data["tasks"])
	assert len(set(drawn)) == len(drawn)
	# without a touch: those of now, those of next, and all of life
	seen = [name for name in drawn if card_of(page, name).is_visible()]
	assert {task["name"] for task in life} <= set(seen)
	assert [name for name in drawn if name in {task["name"] for task in life}] == [task["name"] for task in life]
	for kind, list_of in (("owed", "owed"), ("said", "said")):
		assert rows(page, kind) == [row["name"] for row in data[list_of]]
	assert rows(page, "outage") == list(data["incidents"])
	numbers = page.locator("main > section:last-of-type a.call")
	assert (numbers.count() or 0) == len(data["phones"]) or not data["phones"]
	for task in data["tasks"]:
		card = card_of(page, task["name"])
		possible = task.get("waiting") or task.get("completes_with") or task.get("read_back") or task.get("held")
		for _word, text, *_more in (
			[] if possible else [*task["asks"].get("outcomes", []), *task["asks"].get("checks", [])]
		):
			assert card.get_by_text(text, exact=True).count() == 1, (task["name"], text)
	if data["elevators"]:
		assert sorted(chips(page)) == sorted(label for _name, label, _where in data["elevators"][incident])
		assert chips(page) == [f"Elevator {number}" for number in range(1, 13)]
	else:
		assert not page.locator(".bar button").is_visible()


@pytest.mark.parametrize("priority", ["nothing", -1, 7, 1.5, "0", None])
def test_a_priority_that_the_page_does_not_know_hides_no_card(phone, declared, priority):
	page = phone("electrician")
	page.add_init_script(
		"""const real = window.fetch; window.fetch = async (...asked) => {
		const answer = await real(...asked);
		if (!String(asked[0]).includes('get_my_tasks')) return answer;
		const body = await answer.json();
		for (const task of body.message.tasks || []) PRIORITY === 'nothing' ? delete task.priority : (task.priority = PRIORITY);
		return new Response(JSON.stringify(body), { status: 200 }); };""".replace("PRIORITY", json.dumps(priority))
	)
	page.evaluate("localStorage.removeItem('outage:list:' + document.documentElement.dataset.user)")
	page.reload()
	fresh(page)
	names = sorted(task["name"] for task in given(page)["tasks"])
	assert sorted(rows(page, "task")) == names
	if priority in ("nothing", -1, "0", None):
		assert all(card_of(page, name).is_visible() for name in names), "what does not say how urgent it is, is life"


def test_a_mistake_in_the_page_s_own_groups_hides_no_card(phone, declared, call, troubles):
	troubles.allow("not drawn")
	page = phone("electrician")
	names = sorted(rows(page, "task"))
	page.evaluate(
		"""() => { const card = window.OutagePhone.card;
		window.OutagePhone.card = (task, place, ...more) => {
			const drawn = card(task, place, ...more);
			if (place === 'later') drawn.removeAttribute('data-row');
			return drawn; }; }"""
	)
	call("operator", "set_etr", incident=declared, etr="2099-01-01 00:00:00")
	heard(page)
	page.get_by_role("heading", name="More", exact=True).wait_for()
	assert sorted(rows(page, "task")) == names


# ---------------------------------------------------------------- people first


def test_people_stand_first_with_how_many_since_when_and_what_is_known_of_the_car(phone, house, call, declared):
	three_with_people(house, call, declared)
	page = phone("electrician")
	first = page.locator(".card.now")
	assert first.locator(".inside").inner_text() == "Elevator 6 | 3 inside | 31 min"
	assert first.locator(".facts li").all_inner_texts() == ["Children", "Heat", "Car at: 11", "Not locked off yet"]
	assert "Step 1: lock it off" in first.inner_text()
	for text in ("Elevator number: A-0406", "Key: control room, board 2", "Brake lever left of the motor."):
		assert first.get_by_text(text).is_visible()
	assert first.locator(".car a.call").get_attribute("href") == "tel:0100"
	second = page.locator(".card.next").first
	assert "Step 2: free them" in second.inner_text()
	assert second.get_by_text("First: Before the rescue").is_visible()
	assert second.get_by_role("button", name="Released").count() == 0
	heads = list(dict.fromkeys(page.locator(".inside").all_inner_texts()))
	assert heads[:3] == [
		"Elevator 6 | 3 inside | 31 min",
		"Elevator 3 | 2 inside | 12 min",
		"Elevator 9 | people inside, not counted | 12 min",
	]
	assert [re.sub(r"\d+ min", "", head) for head in heads[3:]] == [
		"Elevator 11 | perhaps people inside | ",
		"Elevator 12 | perhaps people inside | ",
	]
	size = first.locator(".inside").evaluate("it => parseFloat(getComputedStyle(it).fontSize)")
	assert size >= 22
	page.evaluate(
		"() => { const heard = Number(localStorage['outage:clock']); localStorage['outage:clock'] = heard + 60000; }"
	)
	page.wait_for_function("document.querySelector('.now .inside').textContent === 'Elevator 6 | 3 inside | 32 min'")


def test_in_chinese(phone, house, call, chinese, request, screenshot):
	frappe.db.set_value("Property Asset", house["elevators"][2], "asset_name", "3号梯")
	frappe.db.commit()
	try:
		declared = request.getfixturevalue("declared")
		call(
			"operator",
			"report_trapped",
			incident=declared,
			elevator=house["elevators"][2],
			people=2,
			occurred_at=ago(12),
		)
		page = phone("electrician")
		assert page.locator(".now .inside").inner_text() == "3号梯｜困2人｜已12分钟"
		assert "第一步：断电上锁" in page.locator(".now").inner_text()
		screenshot(page, "phone-people-zh")
		touch(
			page.locator(f'[data-row="task {check(declared, house["elevators"][2]).name}"]').get_by_role(
				"button", name="有人被困"
			)
		)
		page.locator(".outbox .sent").wait_for()
		assert "检查电梯内是否有被困人员：有人被困（3号梯） — 已发送" in page.locator(".outbox .trapped").inner_text()
		assert re.findall("[A-Za-z]{4,}", page.locator(".bar").inner_text()) == []
	finally:
		frappe.db.set_value("Property Asset", house["elevators"][2], "asset_name", "Elevator 3")
		frappe.db.commit()


def test_without_javascript_people_stand_first(as_user, house, call, declared):
	three_with_people(house, call, declared)
	page = as_user("electrician", **PHONE, java_script_enabled=False)
	page.goto(PAGE)
	first = page.locator(".card").first
	assert first.locator(".inside").inner_text() == "Elevator 6 | 3 inside | 31 min"
	for text in ("Children", "Not locked off yet", "Elevator number: A-0406", "Brake lever"):
		assert text in first.inner_text()
	assert first.locator("a.call").first.get_attribute("href") == "tel:0100"
	assert "First: Before the rescue" in page.locator(".card").nth(1).inner_text()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_with_people_inside_it_fits_and_is_reachable_for_everybody(phone, house, call, declared, accessible, scheme):
	three_with_people(house, call, declared)
	page = phone("electrician", color_scheme=scheme)
	touch(page.locator(".bar button"))
	accessible(page, "dialog")
	touch(page.get_by_role("button", name="Close without sending"))
	unfold(page)
	assert page.evaluate("document.documentElement.scrollWidth") == 360
	small = page.evaluate(
		"""() => [...document.querySelectorAll('button, main a.call, summary, label.tick, label.photo')]
		.filter(it => it.offsetParent && it.getBoundingClientRect().height < 48).map(it => it.outerHTML)"""
	)
	assert small == []
	accessible(page)


# ---------------------------------------------------------------- alarm


def alarms(page) -> int:
	return int(page.get_attribute("body", "data-alarms"))


def hears(page) -> None:
	"""Count what the page plays, and how often it shakes the phone."""
	page.add_init_script(SPIES)
	page.reload()
	fresh(page)


def test_people_inside_ring_until_somebody_takes_it(phone, house, call, declared):
	page = phone("electrician")
	hears(page)
	assert alarms(page) == 1, "twelve elevators to check, all of them new"
	assert page.evaluate("window.tones") == 0, "nobody has touched the page yet"
	assert "Touch the screen once" in page.locator("#alarm").inner_text()
	touch(page.locator(".now").get_by_role("button", name="Mine"))
	page.locator(".outbox .sent").wait_for()
	fresh(page)
	assert alarms(page) == 0, "who takes one has seen the others"
	assert page.locator("#alarm").is_hidden()
	call("operator", "report_trapped", incident=declared, elevator=house["elevators"][3], people=2)
	heard(page)
	page.wait_for_function("document.body.dataset.alarms === '1'")
	assert "Nobody has taken it: Elevator 4 | 2 inside" in page.locator("#alarm").inner_text()
	page.wait_for_function("window.tones >= 8 && window.shaken >= 2")  # it rings again and again
	touch(page.locator(".now").get_by_role("button", name="Mine"))
	page.wait_for_function("document.body.dataset.alarms === '0'")
	rung = page.get_attribute("body", "data-rung")
	page.wait_for_timeout(4500)
	assert page.get_attribute("body", "data-rung") == rung
	heard(page)
	assert alarms(page) == 0


def test_the_first_touch_moves_nothing_away_from_under_the_finger(phone, house, declared):
	"""It also lets the page ring, which makes the words at the foot fewer: the list stays where it is until the finger is up."""
	page = phone("electrician")
	page.wait_for_selector("#alarm:has-text('Touch the screen once')")
	fold = page.locator(f"details[id='hand:{declared}']")
	fold.scroll_into_view_if_needed()
	page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
	where = fold.locator("summary").bounding_box()
	page.mouse.move(where["x"] + 40, where["y"] + where["height"] / 2)
	page.mouse.down()
	page.wait_for_timeout(300)
	assert fold.locator("summary").bounding_box() == where
	page.mouse.up()
	page.wait_for_selector(f"details[id='hand:{declared}'][open]")
	page.wait_for_selector("#alarm:not(:has-text('Touch the screen once'))")


def test_what_a_colleague_takes_rings_no_more(phone, house, call, declared):
	elevator = house["elevators"][3]
	call("operator", "report_trapped", incident=declared, elevator=elevator, people=2)
	page = phone("electrician")
	assert "Elevator 4" in page.locator("#alarm").inner_text()
	call("engineer", "acknowledge", task=task_of(declared, "lock_off_elevator", subject=elevator).name)
	heard(page)
	page.wait_for_function("!document.getElementById('alarm').textContent.includes('Elevator 4')")


def test_the_sound_can_be_switched_off_and_stays_off(phone, house, call, declared):
	page = phone("electrician")
	hears(page)
	switch = page.locator("#sound")
	assert (switch.inner_text(), switch.get_attribute("aria-pressed")) == ("Sound is on", "true")
	touch(switch)
	page.reload()
	fresh(page)
	assert (switch.inner_text(), switch.get_attribute("aria-pressed")) == ("Sound is off", "false")
	touch(page.locator("h1"))
	page.wait_for_function("window.shaken >= 1")
	assert page.evaluate("window.tones") == 0
	touch(switch)
	page.wait_for_function("window.tones >= 4")


def test_planned_work_of_another_day_rings_for_nobody(phone, planned, troubles):
	page = phone("electrician")
	assert any(task["priority"] == 0 for task in given(page)["tasks"])
	assert alarms(page) == 0


# ---------------------------------------------------------------- on post


def test_a_guard_on_post_is_not_pushed(phone, declared):
	page = phone("guard1")
	post = own_post(declared, "guard1")
	names = sorted(rows(page, "task"))
	unfold(page)
	touch(card_of(page, post).get_by_role("button", name="On post"))
	page.get_by_text("on post since").wait_for()
	fresh(page)
	page.reload()
	fresh(page)
	assert page.get_by_role("heading", name="Next", exact=True).count() == 0
	seen = [name for name in names if card_of(page, name).is_visible()]
	assert seen == [post.name]
	assert sorted(rows(page, "task")) == names
