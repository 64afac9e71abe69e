"""My outage tasks while people are in elevators: everything is drawn, they come first, and each act of a rescue, also offline."""

import io
import json
import re
from datetime import timedelta

import frappe
import pytest
from frappe.utils import now_datetime

from outage_response.flows.tasks import task_verbs as flow
from tests.site import world

from .test_phone import (
	CUT,
	PAGE,
	PHONE,
	entries,
	fresh,
	own_post,
	phone,  # noqa: F401 (a fixture)
	row,
	task_of,
	touch,
	unfold,
	worker_ready,
)

EMPTY, TRAPPED, AFTER_ALL = "Empty", "Trapped", "People are inside after all"
CHECKS = ["main_switch_locked_off", "two_people_if_wound_by_hand", "landing_doors_closed_and_locked"]
# what the page has to play a tone with, counted
SPIES = """
	window.shaken = 0;
	window.tones = 0;
	Object.defineProperty(navigator, 'vibrate', { value: () => { window.shaken += 1; return true; } });
	const create = AudioContext.prototype.createOscillator;
	AudioContext.prototype.createOscillator = function () { window.tones += 1; return create.call(this); };
"""


def build_house(name: str) -> dict:
	"""A tower with ten elevators, and a second building with two on the same supply."""
	tower = world.make_tower(name)
	switch = world.make_node(name, "Switch Z", "Shaft Switch", tower["shafts"][0])
	world.make_unit(name, "1Z", switch, 1, "Z", [])
	for number in range(3, 13):
		building = "T" if number < 11 else "Z"
		firm = {"contractor_name": "Up and Down Ltd", "contractor_phone": "0100"}
		tower["elevators"].append(world.make_asset(name, f"Elevator {number}", "Elevator", building=building, **firm))
	for elevator in tower["elevators"]:
		number = frappe.db.get_value("Property Asset", elevator, "asset_name").split()[1]
		about = {
			"plate_no": f"A-04{number:0>2}",
			"key_place": "control room, board 2",
			"rescue_instructions": "Two people. Brake lever left of the motor.\nWind towards floor 1.",
		}
		frappe.db.set_value("Property Asset", elevator, about)
	world.make_roster(name)
	return tower


@pytest.fixture
def chinese(house):
	"""The electrician and the guards read Chinese."""
	people = [world.user(who) for who in ("electrician", "guard1", "guard2")]

	def speak(language: str) -> None:
		for user in people:
			frappe.db.set_value("User", user, "language", language)
		frappe.db.commit()
		for user in people:
			frappe.clear_cache(user=user)

	speak("zh")
	yield
	speak("en")


def ago(minutes: int) -> str:
	return str(now_datetime() - timedelta(minutes=minutes))


@pytest.fixture
def declared(house, call) -> str:
	"""A running incident of level II at the house, since forty minutes."""
	about = {"property": house["property"], "nodes": [house["room"]], "level": "II"}
	return call("operator", "declare", **about, occurred_at=ago(40))["incident"]


def three_with_people(house, call, incident: str) -> None:
	"""Three people for half an hour, two for 12 minutes, one uncounted; and perhaps somebody in the other building."""
	first, second, third = (house["elevators"][number] for number in (8, 2, 5))
	call("operator", "report_trapped", incident=incident, elevator=first, occurred_at=ago(12))
	call("operator", "report_trapped", incident=incident, elevator=second, people=2, occurred_at=ago(12))
	about = {"people": 3, "floor": "11", "conditions": ["children", "heat"], "occurred_at": ago(31)}
	call("operator", "report_trapped", incident=incident, elevator=third, **about)
	call("operator", "report_trapped", incident=incident, building="Z")


def card_of(page, task):
	"""The card of one task, wherever it stands."""
	name = task if isinstance(task, str) else task.name
	return page.locator(f'[data-row="task {name}"]')


def heard(page) -> None:
	"""Ask the server now, and wait for its answer to be drawn."""
	with page.expect_response("**/outage_response.api.phone.get_my_tasks*"):
		page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
	fresh(page)


def given(page) -> dict:
	"""What the API gives the person of this page."""
	return page.evaluate(
		"async () => (await (await fetch('/api/method/outage_response.api.phone.get_my_tasks')).json()).message"
	)


def rows(page, kind: str) -> list[str]:
	"""The names of what is drawn of one kind, in order."""
	return page.evaluate(
		"kind => [...document.querySelectorAll(`[data-row^='${kind} ']`)].map(it => it.dataset.row.slice(kind.length + 1))",
		kind,
	)


def chips(page) -> list[str]:
	"""The elevators to choose from when people are trapped."""
	touch(page.locator(".bar button"))
	names = page.locator("dialog .chip:not(.unsure)").all_inner_texts()
	touch(page.get_by_role("button", name="Close without sending"))
	return names


def entrapment(incident: str, elevator: str):
	"""The newest record of people in an elevator."""
	frappe.db.rollback()
	found = {"incident": incident, "elevator": elevator}
	name = frappe.get_all("Elevator Entrapment", found, pluck="name", order_by="creation desc")[0]
	return frappe.get_doc("Elevator Entrapment", name)


def check(incident: str, elevator: str):
	return task_of(incident, "check_elevator", subject=elevator)


# ---------------------------------------------------------------- nothing is lost


@pytest.mark.parametrize("what", ["ten life tasks", "people in three elevators", "none"])
def test_what_is_drawn_adds_up_to_what_the_api_gave(phone, house, call, request, what):  # noqa: F811
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
def test_a_priority_that_the_page_does_not_know_hides_no_card(phone, declared, priority):  # noqa: F811
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


def test_a_mistake_in_the_page_s_own_groups_hides_no_card(phone, declared, call, troubles):  # noqa: F811
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


def test_people_stand_first_with_how_many_since_when_and_what_is_known_of_the_car(phone, house, call, declared):  # noqa: F811
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


def test_in_chinese(phone, house, call, chinese, request, screenshot):  # noqa: F811
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
def test_with_people_inside_it_fits_and_is_reachable_for_everybody(phone, house, call, declared, accessible, scheme):  # noqa: F811
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


# ---------------------------------------------------------------- outcomes


def test_trapped_and_empty_are_never_neighbours_of_equal_look(phone, declared):  # noqa: F811
	page = phone("electrician")
	card = page.locator(".card.now")
	trapped, empty = (card.get_by_role("button", name=name, exact=True) for name in (TRAPPED, EMPTY))
	looks = [
		it.evaluate("it => [getComputedStyle(it).backgroundColor, getComputedStyle(it).color]")
		for it in (trapped, empty)
	]
	assert looks[0][0] != looks[1][0]
	assert looks[1][0] == "rgba(0, 0, 0, 0)", "an outline"
	assert trapped.locator(".mark").inner_text() == "!"
	assert empty.locator(".mark").count() == 0
	one, other = trapped.bounding_box(), empty.bounding_box()
	assert one["width"] > 280
	assert other["width"] < one["width"] / 1.5
	assert one["height"] >= 48
	assert other["height"] >= 48
	assert other["y"] - (one["y"] + one["height"]) > 100, "another place of the card"


def test_one_touch_says_trapped_and_a_count_is_not_asked_for(phone, house, declared):  # noqa: F811
	page = phone("electrician")
	touch(page.locator(".now").get_by_role("button", name=TRAPPED, exact=True))
	page.locator(".outbox .sent").wait_for()
	line = page.locator(".outbox .trapped")
	assert re.fullmatch(r"\d\d:\d\d Check the elevator: Trapped \(Elevator 1\) — sent", line.inner_text())
	red, plain = line.locator(".said"), page.locator(".outages li")
	colours = [it.evaluate("it => getComputedStyle(it).color") for it in (red, plain.first)]
	assert colours[0] != colours[1]
	record = entrapment(declared, house["elevators"][0])
	assert (record.status, record.people) == ("Trapped", 0)


def test_trapped_with_two_then_locked_off_then_freed(phone, house, declared):  # noqa: F811
	elevator = house["elevators"][0]
	page = phone("electrician")
	card = page.locator(".card.now")
	for _time in range(3):
		touch(card.get_by_role("button", name="One more"))
	touch(card.get_by_role("button", name="One less"))
	assert card.locator("output").inner_text() == "2"
	page.reload()  # a number outlives the page
	fresh(page)
	assert card.locator("output").inner_text() == "2"
	touch(card.get_by_role("button", name=TRAPPED, exact=True))
	page.locator(".outbox .sent", has_text="Check the elevator: Trapped, people: 2 (Elevator 1)").wait_for()
	page.locator(".now .inside", has_text="Elevator 1 | 2 inside").wait_for()
	assert entrapment(declared, elevator).people == 2
	release = task_of(declared, "release_trapped", subject=elevator)
	assert card_of(page, release).get_by_text("First: Before the rescue").is_visible()
	touch(page.locator(".now").get_by_role("button", name="Locked off and tagged"))
	page.locator(".outbox .sent", has_text="Before the rescue").wait_for()
	card = card_of(page, release)
	card.locator(".facts .good", has_text="Locked off").wait_for()
	assert card.locator("output").inner_text() == "2", "as counted"
	touch(card.get_by_role("button", name="Released", exact=True))
	card.get_by_text("Tick each check first.").wait_for()
	for text in card.locator("label.tick").all():
		text.locator("input").check()
	touch(card.get_by_role("button", name="Released", exact=True))
	page.locator(
		".outbox .sent", has_text="Free the people by this elevator's rescue instructions: Released"
	).wait_for()
	record = entrapment(declared, elevator)
	assert (record.status, record.released, record.how_ended) == ("Released", 2, "released")
	assert {row.item for row in row("Outage Task", release.name).checks} == set(CHECKS)


def test_another_number_than_counted_ends_no_rescue_without_a_reason(phone, house, call, declared):  # noqa: F811
	elevator = house["elevators"][0]
	call("operator", "report_trapped", incident=declared, elevator=elevator, people=3)
	call("electrician", "complete", task=task_of(declared, "lock_off_elevator", subject=elevator).name)
	page = phone("electrician")
	card = card_of(page, task_of(declared, "release_trapped", subject=elevator))
	for text in card.locator("label.tick").all():
		text.locator("input").check()
	assert not card.get_by_label("Why the numbers differ").is_visible()
	touch(card.get_by_role("button", name="One less"))
	card.get_by_text("3 were counted, 2 are out: look into the car once more.").wait_for()
	touch(card.get_by_role("button", name="Released", exact=True))
	card.get_by_text("Say in words why the numbers differ.").wait_for()
	assert page.locator(".outbox").count() == 0
	card.get_by_label("Why the numbers differ").fill("a bag was counted as a child")
	touch(card.get_by_role("button", name="Released", exact=True))
	page.locator(".outbox .sent", has_text="Released").wait_for()
	record = entrapment(declared, elevator)
	assert (record.status, record.people, record.released) == ("Released", 2, 2)
	release = task_of(declared, "release_trapped", subject=elevator)
	assert release.evidence == "a bag was counted as a child"


def test_nobody_is_freed_uncounted(phone, house, call, declared):  # noqa: F811
	elevator = house["elevators"][0]
	call("operator", "report_trapped", incident=declared, elevator=elevator)
	call("electrician", "complete", task=task_of(declared, "lock_off_elevator", subject=elevator).name)
	page = phone("electrician")
	card = card_of(page, task_of(declared, "release_trapped", subject=elevator))
	for text in card.locator("label.tick").all():
		text.locator("input").check()
	touch(card.get_by_role("button", name="Released by contractor", exact=True))
	card.get_by_text("Count those who are out first.").wait_for()
	touch(card.get_by_role("button", name="One more"))
	touch(card.get_by_role("button", name="Released by contractor", exact=True))
	page.locator(".outbox .sent", has_text="Released by contractor").wait_for()
	assert entrapment(declared, elevator).released == 1


def test_people_inside_do_not_wait_for_a_photo(phone, house, declared, troubles):  # noqa: F811
	from PIL import Image

	troubles.allow("ERR_ABORTED|ERR_FAILED|Failed to fetch")
	picture = io.BytesIO()
	Image.new("RGB", (80, 60), "navy").save(picture, "PNG")
	page = phone("electrician")
	held = []
	page.route("**/api/method/outage_response.api.phone.add_photo", lambda route: held.append(route))
	page.locator(".now input[type=file]").set_input_files(
		{"name": "car.png", "mimeType": "image/png", "buffer": picture.getvalue()}
	)
	page.get_by_text("Photo taken").wait_for()
	with page.expect_request("**/outage_response.api.phone.add_photo"):
		touch(page.locator(".now").get_by_role("button", name=TRAPPED, exact=True))
	page.locator(".outbox .sent", has_text=TRAPPED).wait_for()
	assert entrapment(declared, house["elevators"][0]).status == "Trapped"
	assert page.locator(".outbox .waiting", has_text="added later").count() == 1
	held[-1].continue_()
	page.locator(".outbox .sent", has_text="added later").wait_for()
	done = check(declared, house["elevators"][0])
	files = frappe.get_all("File", {"attached_to_name": done.name}, ["name", "file_url"])
	assert [file.file_url for file in files] == [done.photo]
	frappe.delete_doc("File", files[0].name, ignore_permissions=True)
	frappe.db.commit()


def test_a_rescue_without_network_is_sent_as_it_was(phone, house, declared, troubles):  # noqa: F811
	troubles.allow(CUT)
	page = phone("electrician")
	worker_ready(page)
	page.context.set_offline(True)
	card = page.locator(".card.now")
	touch(card.get_by_role("button", name="One more"))
	touch(card.get_by_role("button", name=TRAPPED, exact=True))
	page.get_by_text("waiting for network: 1").wait_for()
	page.reload()
	line = page.locator(".outbox .trapped", has_text="Check the elevator: Trapped, people: 1 (Elevator 1)")
	line.filter(has_text=re.compile("waiting for network$")).wait_for()
	page.context.set_offline(False)
	page.locator(".outbox .sent").wait_for()
	assert entrapment(declared, house["elevators"][0]).people == 1


# ---------------------------------------------------------------- said wrongly


def test_empty_was_wrong_and_one_touch_says_so(phone, house, declared):  # noqa: F811
	page = phone("electrician")
	touch(page.locator(".now").get_by_role("button", name=EMPTY, exact=True))
	page.locator(".outbox .sent", has_text="Check the elevator: Empty (Elevator 1)").wait_for()
	fresh(page)
	row_said = page.locator(".said-rows li")
	assert "Check the elevator: Empty (Elevator 1)" in row_said.inner_text()
	touch(row_said.get_by_role("button", name=AFTER_ALL))
	page.locator(".outbox .sent.trapped", has_text=f"Check the elevator: {AFTER_ALL} (Elevator 1)").wait_for()
	assert entrapment(declared, house["elevators"][0]).status == "Trapped"
	assert len(entries(declared, "outcome_corrected")) == 1
	page.locator(".said-rows li", has_text="Check the elevator: Trapped").wait_for()
	assert page.locator(".said-rows button").count() == 0


def test_a_guard_corrects_what_they_said_without_network(phone, house, declared, troubles):  # noqa: F811
	"""The check had fallen to Security; both are sent in order, with their times."""
	troubles.allow(CUT)
	task = check(declared, house["elevators"][1])
	frappe.db.set_value("Outage Task", task.name, "assigned_role", "Outage Security")
	frappe.db.commit()
	frappe.set_user(world.user("operator"))
	flow.reassign(task.name, world.user("guard1"))
	frappe.db.commit()
	frappe.set_user("Administrator")
	page = phone("guard1")
	worker_ready(page)
	page.context.set_offline(True)
	card = card_of(page, task)
	card.locator("summary", has_text="What I did").click() if not card.get_attribute("class").count("now") else None
	touch(card.get_by_role("button", name=EMPTY, exact=True))
	page.get_by_text("waiting for network: 1").wait_for()
	touch(page.locator(".said-rows").get_by_role("button", name=AFTER_ALL))
	page.get_by_text("waiting for network: 2").wait_for()
	assert page.locator(".said-rows button").count() == 0
	page.context.set_offline(False)
	page.locator(".outbox .sent.trapped").wait_for()
	fresh(page)
	assert page.locator(".outbox .sent").count() == 2
	done = row("Outage Task", task.name)
	assert (done.outcome, done.completed_by) == ("trapped", world.user("guard1"))
	assert entrapment(declared, house["elevators"][1]).status == "Trapped"


def test_it_is_not_offered_where_it_cannot_be_said(phone, house, call, declared):  # noqa: F811
	call(
		"electrician",
		"complete",
		task=check(declared, house["elevators"][0]).name,
		outcome="trapped",
		evidence_later=True,
	)
	page = phone("electrician")
	(said,) = given(page)["said"]
	assert not said.get("trapped")
	assert rows(page, "said") == [said["name"]]
	assert page.locator(".said-rows button").count() == 0


# ---------------------------------------------------------------- somebody bangs on a door


def test_a_guard_says_people_are_trapped(phone, house, declared):  # noqa: F811
	page = phone("guard1")
	button = page.locator(".bar").get_by_role("button", name="People trapped")
	assert button.is_visible()
	box = button.bounding_box()
	assert box["y"] + box["height"] <= PHONE["viewport"]["height"], "without scrolling"
	touch(button)
	page.locator("dialog").get_by_role("button", name="One more").dblclick()  # two fast touches are two people
	touch(page.locator("dialog").get_by_role("button", name="Elevator 10", exact=True))
	page.locator(".outbox .sent.trapped", has_text="Elevator 10: People trapped, people: 2").wait_for()
	assert page.locator("dialog").count() == 0
	record = entrapment(declared, house["elevators"][9])
	assert (record.status, record.people) == ("Trapped", 2)


def test_a_guard_does_not_know_which_elevator_and_has_no_network(phone, house, declared, troubles):  # noqa: F811
	troubles.allow(CUT)
	page = phone("guard1")
	worker_ready(page)
	page.context.set_offline(True)
	page.reload()
	said_at = now_datetime()
	touch(page.locator(".bar button"))
	touch(page.get_by_role("button", name="Not sure which: Z"))
	page.locator(".outbox .waiting.trapped", has_text="Not sure which: Z").wait_for()
	touch(page.locator(".bar button"))
	touch(page.get_by_role("button", name="Elevator 2", exact=True))
	page.get_by_text("waiting for network: 2").wait_for()
	page.context.set_offline(False)
	page.locator(".outbox .sent.trapped", has_text="Elevator 2: People trapped").wait_for()
	fresh(page)
	assert page.locator(".outbox .sent").count() == 2
	assert [entrapment(declared, house["elevators"][number]).status for number in (1, 10, 11)] == [
		"Trapped",
		"Possible",
		"Possible",
	]
	assert abs((entrapment(declared, house["elevators"][1]).since - said_at).total_seconds()) < 5


def test_a_building_without_a_name_can_be_said_too(phone, declared, troubles):  # noqa: F811
	troubles.allow("417")  # here the buildings have names
	page = phone("guard1")
	page.evaluate(
		"""() => { const data = window.OutagePhone.data;
		for (const rows of Object.values(data.elevators)) for (const row of rows) row[2] = ''; }"""
	)
	touch(page.locator(".bar button"))
	with page.expect_request("**/outage_response.api.staff.report_trapped") as asked:
		touch(page.locator("dialog .unsure"))
	assert asked.value.post_data_json["building"] == ""


# ---------------------------------------------------------------- alarm


def alarms(page) -> int:
	return int(page.get_attribute("body", "data-alarms"))


def hears(page) -> None:
	"""Count what the page plays, and how often it shakes the phone."""
	page.add_init_script(SPIES)
	page.reload()
	fresh(page)


def test_people_inside_ring_until_somebody_takes_it(phone, house, call, declared):  # noqa: F811
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


def test_the_first_touch_moves_nothing_away_from_under_the_finger(phone, house, declared):  # noqa: F811
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


def test_what_a_colleague_takes_rings_no_more(phone, house, call, declared):  # noqa: F811
	elevator = house["elevators"][3]
	call("operator", "report_trapped", incident=declared, elevator=elevator, people=2)
	page = phone("electrician")
	assert "Elevator 4" in page.locator("#alarm").inner_text()
	call("engineer", "acknowledge", task=task_of(declared, "lock_off_elevator", subject=elevator).name)
	heard(page)
	page.wait_for_function("!document.getElementById('alarm').textContent.includes('Elevator 4')")


def test_the_sound_can_be_switched_off_and_stays_off(phone, house, call, declared):  # noqa: F811
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


def test_planned_work_of_another_day_rings_for_nobody(phone, planned, troubles):  # noqa: F811
	page = phone("electrician")
	assert any(task["priority"] == 0 for task in given(page)["tasks"])
	assert alarms(page) == 0


# ---------------------------------------------------------------- on post


def test_a_guard_on_post_is_not_pushed(phone, declared):  # noqa: F811
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
