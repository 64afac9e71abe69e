"""My outage tasks on a phone: on post, done, a reading, a photo, a choice that outlives what others do."""

import io

import frappe
import pytest

from tests.site import world

from .hand import CUT, entries, fresh, own_post, row, stand, task_of, touch, unfold, worker_ready


def test_a_guard_is_on_post_moved_and_leaves_for_danger(phone, declared):
	page = phone("guard1")
	post = own_post(declared, "guard1")
	stand(page, post)
	page.get_by_text("on post since").wait_for()
	fresh(page)
	assert row("Outage Task", post.name).status == "On Post"
	touch(page.locator(".now summary", has_text="Moved"))
	goal = page.locator(".now select").last.input_value()
	touch(page.get_by_role("button", name="Moved on command"))
	page.locator(".outbox .sent", has_text="moved").wait_for()
	fresh(page)
	assert row("Outage Task", post.name).status == "Open"
	assert row("Outage Task", goal).started_by == world.user("guard1")
	touch(page.locator(".now summary", has_text="Danger"))
	touch(page.get_by_role("button", name="Smoke or fire"))
	page.locator(".outbox .sent", has_text="danger").wait_for()
	assert row("Outage Task", goal).status == "Open"
	assert len(entries(declared, "task_withdrawn")) == 1


def test_a_guard_is_relieved(phone, declared):
	page = phone("guard1")
	post = own_post(declared, "guard1")
	stand(page, post)
	touch(page.locator(".now summary", has_text="Relieved"))
	page.locator(".now select").first.select_option(world.user("guard2"))
	touch(page.get_by_role("button", name="Relieved", exact=True))
	page.locator(".outbox .sent", has_text="relieved").wait_for()
	assert row("Outage Task", post.name).started_by == world.user("guard2")


def test_one_touch_is_enough_and_the_note_follows(phone, declared):
	page = phone("electrician")
	task = task_of(declared, "check_elevator")
	touch(page.locator(".now").get_by_role("button", name="Empty", exact=True))
	page.locator(".outbox .sent").wait_for()
	done = row("Outage Task", task.name)
	assert (done.status, done.outcome, done.evidence_pending) == ("Done", "empty", 1)
	owed = page.locator(".card", has_text="shows as added later")
	owed.get_by_label("Note").fill("car at floor 3, doors open")
	touch(owed.get_by_role("button", name="Add", exact=True))
	page.locator(".outbox .sent", has_text="added later").wait_for()
	done = row("Outage Task", task.name)
	assert (done.evidence, done.evidence_pending) == ("car at floor 3, doors open", 0)
	assert len(entries(declared, "task_evidence")) == 1


def test_a_reading_cannot_wait(phone, declared):
	page = phone("electrician")
	unfold(page)
	card = page.locator(".card", has_text="Telephone Room")
	touch(card.get_by_role("button", name="Switched over"))
	card.get_by_text("Give the reading").wait_for()
	card.get_by_label("Reading").fill("40 minutes")
	touch(card.get_by_role("button", name="Switched over"))
	page.locator(".outbox .sent").wait_for()
	assert task_of(declared, "check_backup_power").evidence == "40 minutes"


def test_all_normal_except(phone, declared, call):
	call("operator", "supply_back", incident=declared, source="by itself")
	task = task_of(declared, "check_shaft", status="Open")
	item = next(check for check in task.checks if check.kind == "Item")
	page = phone("electrician")
	unfold(page)
	card = page.locator(".card", has=page.locator(f'[id="what:{task.name}"]'))
	card.get_by_label(item.item_label, exact=True).check()
	card.get_by_label(f"What is wrong: {item.item_label}").fill("trips again")
	touch(card.get_by_role("button", name="Send: the rest is normal"))
	page.locator(".outbox .sent").wait_for()
	checks = {check.item: (check.result, check.note) for check in row("Outage Task", task.name).checks}
	assert checks.pop(item.item) == ("Defect", "trips again")
	assert {result for result, _note in checks.values()} == {"Normal"}


def test_a_photo_is_made_small_and_goes_with_the_step(phone, declared, site):
	from PIL import Image

	picture = io.BytesIO()
	Image.effect_noise((2400, 1800), 90).convert("RGB").save(picture, "PNG")
	assert len(picture.getvalue()) > 1_000_000
	page = phone("electrician")
	task = task_of(declared, "check_elevator")
	page.locator(".now input[type=file]").set_input_files(
		{"name": "car.png", "mimeType": "image/png", "buffer": picture.getvalue()}
	)
	page.get_by_text("Photo taken").wait_for()
	page.reload()  # the phone ran out of memory while the camera was open
	page.get_by_text("Photo taken").wait_for()
	touch(page.locator(".now").get_by_role("button", name="Empty", exact=True))
	page.locator(".outbox .sent").wait_for()
	done = row("Outage Task", task.name)
	files = frappe.get_all("File", {"attached_to_name": task.name}, pluck="name")
	kept = frappe.get_doc("File", files[0])
	try:
		assert len(files) == 1
		assert done.photo == kept.file_url
		assert kept.is_private
		assert 1000 < kept.file_size < 400_000
	finally:
		kept.delete(ignore_permissions=True)
		frappe.db.commit()


def test_nothing_to_do_after_the_stand_down(phone, declared, call):
	page = phone("guard1")
	page.get_by_text("Not stood down yet").wait_for()
	call("manager", "reclassify", incident=declared, level="I", reason="the street is dark")
	call("electrician", "complete", task=task_of(declared, "isolate_incoming").name, evidence_later=True)
	call("operator", "supply_back", incident=declared, source="by itself")
	for name in frappe.get_all("Outage Task", {"incident": declared, "held_until": "stand_down"}, pluck="name"):
		call("guard1", "arrive", task=name)
	for task in frappe.get_all("Outage Task", {"incident": declared, "step_key": "check_elevator"}, pluck="name"):
		call("engineer", "complete", task=task, outcome="empty", evidence="looked")

	def finish_security() -> None:
		frappe.db.rollback()
		found = {"incident": declared, "department": "security", "status": ("in", ("Open", "On Post"))}
		for task in frappe.get_all("Outage Task", found, ["name", "held_until"]):
			if not task.held_until:
				call("guard1", "complete", task=task.name, evidence_later=True)

	finish_security()
	call("manager", "stand_down", incident=declared, override_reason="all at home")
	finish_security()  # what is checked when the guards have left
	page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
	page.get_by_role("heading", name="Nothing for you now").wait_for()
	page.get_by_text("Stood down at").wait_for()


def test_planned_work_of_another_day_is_not_for_now(phone, house, planned, call):
	page = phone("guard1")
	page.get_by_role("heading", name="Nothing for you now").wait_for()
	assert not page.locator(".card").first.is_visible()
	touch(page.get_by_text("Planned Work"))
	page.locator(".card").first.wait_for(state="visible")
	assert planned in page.locator("details .card").first.inner_text()
	call("operator", "declare", property=house["property"], nodes=[house["room"]], level="II")
	page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
	page.locator(".card.now").wait_for()
	assert planned not in page.locator(".card.now").inner_text()


def test_a_double_tap_is_one_touch(phone, declared):
	page = phone("electrician")
	first = task_of(declared, "check_elevator")
	page.locator(".now").get_by_role("button", name="Empty", exact=True).dblclick()
	page.locator(".outbox .sent").first.wait_for()
	fresh(page)
	assert page.locator(".outbox li").count() == 1
	owed = page.locator(".card", has_text="shows as added later")
	owed.get_by_label("Note").fill("car at floor 3")
	owed.get_by_role("button", name="Add", exact=True).evaluate(
		"button => { button.click(); button.click(); }"  # as by key
	)
	page.locator(".outbox .sent", has_text="added later").wait_for()
	fresh(page)
	assert page.locator(".outbox li").count() == 2
	assert row("Outage Task", first.name).evidence == "car at floor 3"
	done = {"incident": declared, "step_key": "check_elevator", "status": "Done"}
	assert frappe.db.count("Outage Task", done) == 1


def test_a_phone_that_is_full_says_so_and_sends(phone, declared, troubles):
	troubles.allow(CUT)
	page = phone("guard1")
	worker_ready(page)
	post = own_post(declared, "guard1")
	page.evaluate(
		"""() => { IDBObjectStore.prototype.add = IDBObjectStore.prototype.put = () => {
		throw new DOMException('full', 'QuotaExceededError'); }; }"""
	)
	page.context.set_offline(True)
	stand(page, post)
	page.get_by_text("This phone cannot store it").wait_for()
	page.context.set_offline(False)
	page.locator(".outbox .sent").wait_for()
	assert row("Outage Task", post.name).status == "On Post"
	assert len(entries(declared, "task_on_post")) == 1


@pytest.fixture
def third_guard(house):
	"""Somebody else on duty with security, so that there is a choice."""
	shift = world.make_shift(house["property"], "security", "service")
	frappe.db.commit()
	yield
	frappe.db.rollback()
	frappe.delete_doc("Duty Shift", shift, force=True)
	frappe.db.commit()


def test_a_choice_outlives_what_others_do(phone, third_guard, declared, call):
	page = phone("guard1")
	stand(page, own_post(declared, "guard1"))
	page.locator(".outbox .sent").wait_for()
	fresh(page)
	touch(page.locator(".now summary", has_text="Relieved"))
	choice = page.locator(".now select").first
	last = choice.locator("option").last.get_attribute("value")
	assert choice.input_value() != last
	choice.select_option(last)
	page.evaluate("document.querySelector('main .now').dataset.old = '1'")
	call("operator", "set_etr", incident=declared, etr="2099-01-01 00:00:00")
	page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
	page.wait_for_selector("main .now:not([data-old])")
	assert choice.input_value() == last


@pytest.mark.parametrize("what", ["pinyin", "list"])
def test_what_others_do_interrupts_nobody_who_types_chinese_or_chooses(phone, declared, call, what):
	page = phone("guard1")
	unfold(page)
	field = page.locator(".card", has_text="Patrol").get_by_label("Note")
	if what == "pinyin":
		keyboard = page.context.new_cdp_session(page)
		field.focus()
		keyboard.send("Input.imeSetComposition", {"text": "lou", "selectionStart": 3, "selectionEnd": 3})
	else:
		stand(page, own_post(declared, "guard1"))
		page.locator(".outbox .sent").wait_for()
		fresh(page)
		unfold(page)
		page.locator(".now select").first.focus()
	page.evaluate("document.querySelector('main .now').dataset.old = '1'")
	call("operator", "set_etr", incident=declared, etr="2099-01-01 00:00:00")
	with page.expect_response("**/outage_response.api.phone.get_my_tasks*"):
		page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
	page.wait_for_timeout(500)
	assert page.locator("main .now[data-old]").count() == 1
	if what == "pinyin":
		keyboard.send("Input.insertText", {"text": "楼道正常"})
	else:
		page.evaluate("document.activeElement.blur()")
	page.wait_for_selector("main .now:not([data-old])")
	if what == "pinyin":
		assert field.input_value() == "楼道正常"
		assert page.evaluate("document.activeElement.id") == field.get_attribute("id")
