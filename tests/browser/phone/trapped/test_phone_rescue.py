"""Each act of a rescue on a phone, also offline: outcomes, what was said wrongly, somebody bangs on a door."""

import io
import re

import frappe
from frappe.utils import now_datetime

from outage_response.flows.tasks import reassignment
from tests.site import world

from ..hand import CUT, PHONE, entries, fresh, row, task_of, touch, worker_ready
from .cars import (
	AFTER_ALL,
	CHECKS,
	EMPTY,
	TRAPPED,
	build_house,  # noqa: F401 (the fixture `house` calls it)
	card_of,
	check,
	entrapment,
	given,
	rows,
)

# ---------------------------------------------------------------- outcomes


def test_trapped_and_empty_are_never_neighbours_of_equal_look(phone, declared):
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


def test_one_touch_says_trapped_and_a_count_is_not_asked_for(phone, house, declared):
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


def test_trapped_with_two_then_locked_off_then_freed(phone, house, declared):
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


def test_another_number_than_counted_ends_no_rescue_without_a_reason(phone, house, call, declared):
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


def test_nobody_is_freed_uncounted(phone, house, call, declared):
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


def test_people_inside_do_not_wait_for_a_photo(phone, house, declared, troubles):
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


def test_a_rescue_without_network_is_sent_as_it_was(phone, house, declared, troubles):
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


def test_empty_was_wrong_and_one_touch_says_so(phone, house, declared):
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


def test_a_guard_corrects_what_they_said_without_network(phone, house, declared, troubles):
	"""The check had fallen to Security; both are sent in order, with their times."""
	troubles.allow(CUT)
	task = check(declared, house["elevators"][1])
	frappe.db.set_value("Outage Task", task.name, "assigned_role", "Outage Security")
	frappe.db.commit()
	frappe.set_user(world.user("operator"))
	reassignment.reassign(task.name, world.user("guard1"))
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


def test_it_is_not_offered_where_it_cannot_be_said(phone, house, call, declared):
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


def test_a_guard_says_people_are_trapped(phone, house, declared):
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


def test_a_guard_does_not_know_which_elevator_and_has_no_network(phone, house, declared, troubles):
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


def test_a_building_without_a_name_can_be_said_too(phone, declared, troubles):
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
