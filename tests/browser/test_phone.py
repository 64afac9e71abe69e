"""My outage tasks on a phone of 360 px: acting, without network for a while, two people on one phone."""

import io
import json
import re
import time
from datetime import timedelta

import frappe
import pytest
from frappe.utils import get_datetime, now_datetime

from tests.site import world

PAGE = "/my-outage-tasks"
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
HEAVIEST = 100_000  # bytes, uncompressed
THUMB = 44  # px
SHIFT = 12 * 3600  # s
CUT = "ERR_INTERNET_DISCONNECTED|Failed to fetch"


@pytest.fixture
def phone(as_user):
	"""`phone("guard1")`: the page on somebody's phone, with what the server knows."""

	def open_page(who: str, **options):
		page = as_user(who, **PHONE | options)
		page.goto(PAGE)
		fresh(page)
		return page

	return open_page


def fresh(page) -> None:
	"""Until the page has heard from the server."""
	page.locator("#status").filter(has_text=re.compile("^(up to date|已更新)$")).wait_for()


def unfold(page) -> None:
	"""Open whatever is folded."""
	page.evaluate("document.querySelectorAll('details').forEach(fold => (fold.open = true))")


last_touch = 0.0  # when


def touch(button) -> None:
	"""What people touch one after the other: within 400 ms, another button that came to be under the finger is not touched."""
	global last_touch
	button.page.wait_for_timeout(max(0.0, last_touch + 0.45 - time.monotonic()) * 1000)
	button.click()
	last_touch = time.monotonic()


def row(doctype: str, name: str):
	"""A record as it is committed now."""
	frappe.db.rollback()
	return frappe.get_doc(doctype, name)


def task_of(incident: str, step_key: str, **filters):
	"""The first task of a step."""
	frappe.db.rollback()
	names = frappe.get_all(
		"Outage Task", {"incident": incident, "step_key": step_key, **filters}, pluck="name", order_by="subject_label"
	)
	return frappe.get_doc("Outage Task", names[0])


def entries(incident: str, kind: str) -> list:
	"""The timeline's entries of one kind."""
	frappe.db.rollback()
	return frappe.get_all("Timeline Entry", {"incident": incident, "kind": kind}, ["occurred_at", "recorded_at"])


def own_post(incident: str, who: str):
	"""The post that is given to one guard alone."""
	frappe.db.rollback()
	return next(
		frappe.get_doc("Outage Task", post.name)
		for post in frappe.get_all(
			"Outage Task", {"incident": incident, "held_until": "stand_down"}, ["name", "_assign"]
		)
		if frappe.parse_json(post._assign or "[]") == [world.user(who)]
	)


def reveal(card):
	"""A card with the folds around it open, and the one in which it says what was done.

	The page draws itself again when news arrives, so a card that was replaced in the meantime is looked for again.
	"""
	for _try in range(20):
		if card.evaluate(
			"""card => { if (!card.isConnected) return false;
			for (let it = card.parentElement.closest('details'); it; it = it.parentElement.closest('details'))
			it.open = true;
			for (const it of card.querySelectorAll('details[id^="act:"]')) it.open = true;
			return true; }"""
		):
			return card
	raise AssertionError("the card is replaced each time before its folds can be opened")


def stand(page, post) -> None:
	"""On post, wherever the card of that post is folded."""
	card = reveal(page.locator(f'[data-row="task {post.name}"]'))
	touch(card.get_by_role("button", name="On post", exact=True))


def worker_ready(page) -> None:
	"""Until the page can be opened without network by whom it shows."""
	if not page.evaluate("isSecureContext"):
		pytest.skip("a page is kept for offline only at an address that browsers trust (https, localhost)")
	page.evaluate(
		"""async () => { await navigator.serviceWorker.ready;
		const mine = `data-user="${document.documentElement.dataset.user}"`;
		const kept = async () => (await (await caches.match('/my-outage-tasks'))?.text()) || '';
		while (!(await kept()).includes(mine)) await new Promise(later => setTimeout(later, 50)); }"""
	)


# ---------------------------------------------------------------- looks


def test_the_page_is_small_and_needs_nothing_else(phone, declared):
	page = phone("guard1")
	loaded = page.evaluate(
		"""() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
		.map(it => [new URL(it.name).pathname, it.decodedBodySize])"""
	)
	files = {path: size for path, size in loaded if not path.startswith("/api/") and "worker" not in path}
	assert len(files) == 6, files
	assert all(files.values()), files
	assert sum(files.values()) < HEAVIEST, files


@pytest.mark.parametrize(("who", "scheme"), [("guard1", "dark"), ("electrician", "light"), ("manager", "light")])
def test_it_fits_and_is_reachable_for_everybody(phone, declared, accessible, who, scheme):
	page = phone(who, color_scheme=scheme)
	unfold(page)
	assert page.evaluate("document.documentElement.scrollWidth") == 360
	small = page.evaluate(
		f"""() => [...document.querySelectorAll('main button, main a, summary, select, label.tick, label.photo')]
		.filter(it => it.offsetParent && it.getBoundingClientRect().height < {THUMB}).map(it => it.outerHTML)"""
	)
	assert small == []
	accessible(page)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_in_the_persons_language(phone, declared, screenshot, language):
	for who in ("guard1", "electrician"):
		frappe.db.set_value("User", world.user(who), "language", language)
	frappe.db.commit()
	frappe.clear_cache(user=world.user("guard1"))
	frappe.clear_cache(user=world.user("electrician"))
	try:
		guard, electrician = phone("guard1", color_scheme="dark"), phone("electrician", color_scheme="light")
		now = "Now" if language == "en" else "现在"
		assert guard.locator(".label").first.inner_text() == now
		assert electrician.get_attribute("html", "lang") == language
		screenshot(guard, f"phone-guard-night-{language}")
		screenshot(electrician, f"phone-electrician-day-{language}")
		late = "one => { one.classList.add('late'); const { color, borderStyle } = getComputedStyle(one); return [color, borderStyle] }"
		alarm = electrician.locator(".now .tag").first.evaluate("one => getComputedStyle(one).color")
		assert electrician.locator(".now .clock").first.evaluate(late) == [alarm, "none"]
		touch(guard.locator(".now summary").last)
		touch(guard.locator(".now button.alarm").first)
		guard.locator(".outbox .sent").wait_for()
		frappe.db.rollback()
		left = frappe.get_all("Timeline Entry", {"incident": declared, "kind": "task_withdrawn"}, pluck="data")
		assert [frappe.parse_json(data)["danger"] for data in left] == ["Smoke or fire"]  # whoever reads it
	finally:
		for who in ("guard1", "electrician"):
			frappe.db.set_value("User", world.user(who), "language", "en")
		frappe.db.commit()
		frappe.clear_cache(user=world.user("guard1"))
		frappe.clear_cache(user=world.user("electrician"))


def test_without_javascript_the_list_is_there(as_user, declared):
	page = as_user("electrician", **PHONE, java_script_enabled=False)
	page.goto(PAGE)
	assert page.locator(".card").count() == 7
	assert "Elevator 1" in page.locator(".card").first.inner_text()


def test_guests_log_in_first_and_residents_get_nothing(as_user, declared, troubles):
	troubles.allow("403")
	guest = as_user(None, **PHONE)
	guest.goto(PAGE)
	assert "/login?redirect-to=/my-outage-tasks" in guest.url
	resident = as_user("resident", **PHONE)
	assert resident.goto(PAGE).status == 403
	assert declared not in resident.content()


# ---------------------------------------------------------------- acts


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


# ---------------------------------------------------------------- network


def test_what_was_done_without_network_is_sent_once_in_order_with_its_time(phone, declared, troubles, screenshot):
	troubles.allow(CUT)
	page = phone("guard1", color_scheme="dark")
	worker_ready(page)
	sent = []
	page.on(
		"request",
		lambda asked: asked.method == "POST" and sent.append((asked.url.rpartition(".")[2], asked.post_data_json)),
	)
	post, patrol = own_post(declared, "guard1"), task_of(declared, "patrol_area")
	page.context.set_offline(True)
	before = now_datetime()
	stand(page, post)
	page.get_by_text("waiting for network: 1").wait_for()
	arrived = now_datetime()
	page.reload()  # the browser was closed and opened again, still without network
	page.get_by_text("waiting for network: 1").wait_for()
	page.get_by_text("on post since").wait_for()
	card = reveal(page.locator(".card", has_text="Patrol"))
	touch(card.locator("summary", has_text="Add a note"))
	card.get_by_label("Note").fill("stairs clear")
	page.reload()
	page.get_by_text("on post since").wait_for()
	reveal(card)
	touch(card.locator("summary", has_text="Add a note"))
	assert card.get_by_label("Note").input_value() == "stairs clear"
	begun = now_datetime()
	touch(card.get_by_role("button", name="Done"))
	page.get_by_text("waiting for network: 2").wait_for()
	done = now_datetime()
	screenshot(page, "phone-without-network")
	page.wait_for_timeout(2500)
	assert row("Outage Task", post.name).status == "Open"
	sent_at = now_datetime()
	page.context.set_offline(False)
	fresh(page)
	assert page.locator(".outbox .sent").count() == 2
	assert [verb for verb, _body in sent if verb in ("arrive", "complete")][-2:] == ["arrive", "complete"]
	post, patrol = row("Outage Task", post.name), row("Outage Task", patrol.name)
	assert (post.status, patrol.status, patrol.evidence) == ("On Post", "Done", "stairs clear")
	apart = timedelta(seconds=2)  # the phone's clock is put right by an answer that took a while
	for happened, earliest, latest in ((post.started_at, before, arrived), (patrol.completed_at, begun, done)):
		assert earliest - apart < get_datetime(happened) < latest + apart
	assert get_datetime(patrol.completed_at) < sent_at
	for kind in ("task_on_post", "task_done"):
		assert len(entries(declared, kind)) == 1
	assert entries(declared, "clock_fast") == []


def test_an_answer_that_got_lost_is_asked_for_again_and_nothing_happens_twice(phone, declared):
	page = phone("guard1")
	worker_ready(page)
	page.evaluate(
		"""() => { const real = window.fetch; window.fetch = async (...asked) => {
		const answer = await real(...asked);
		if (!String(asked[0]).includes('arrive') || window.lost) return answer;
		window.lost = true; throw new TypeError('Failed to fetch'); }; }"""
	)
	stand(page, own_post(declared, "guard1"))
	page.wait_for_function("window.lost")
	assert len(entries(declared, "task_on_post")) == 1
	page.locator(".outbox .waiting").wait_for()
	page.evaluate("window.dispatchEvent(new Event('online'))")
	page.locator(".outbox .sent").wait_for()
	assert len(entries(declared, "task_on_post")) == 1


def test_a_slow_photo_holds_up_its_own_task_alone(phone, declared, troubles):
	from PIL import Image

	troubles.allow("ERR_ABORTED|ERR_FAILED|Failed to fetch")
	picture = io.BytesIO()
	Image.new("RGB", (80, 60), "navy").save(picture, "PNG")
	page = phone("electrician")
	elevator, post = task_of(declared, "check_elevator"), task_of(declared, "check_backup_power")
	under_way = []
	page.route("**/api/method/outage_response.api.phone.add_photo", lambda route: under_way.append(route))
	page.locator(".now input[type=file]").set_input_files(
		{"name": "car.png", "mimeType": "image/png", "buffer": picture.getvalue()}
	)
	page.get_by_text("Photo taken").wait_for()
	with page.expect_request("**/outage_response.api.phone.add_photo"):
		touch(page.locator(".now").get_by_role("button", name="Empty", exact=True))
	unfold(page)
	card = page.locator(".card", has=page.locator(f'[id="what:{post.name}"]'))
	touch(card.get_by_role("button", name="I am there"))
	page.locator(".outbox .sent", has_text="there").wait_for()
	assert row("Outage Task", post.name).status == "In Progress"
	unfold(page)
	with page.expect_request("**/outage_response.api.phone.add_photo"):  # the photo made way, and begins anew
		touch(card.get_by_role("button", name="Smoke or fire"))
	page.locator(".outbox .sent", has_text="danger").wait_for()
	assert len(entries(declared, "task_withdrawn")) == 1
	assert page.locator(".outbox .waiting", has_text="Empty").count() == 1
	under_way[-1].continue_()
	page.locator(".outbox .sent", has_text="Empty").wait_for()
	done = row("Outage Task", elevator.name)
	assert done.status == "Done"
	files = frappe.get_all("File", {"attached_to_name": elevator.name}, ["name", "file_url"])
	assert [file.file_url for file in files] == [done.photo]
	frappe.delete_doc("File", files[0].name, ignore_permissions=True)
	frappe.db.commit()


def test_what_the_server_cannot_take_now_holds_up_its_own_task_alone(phone, declared, troubles):
	"""Whatever is not the app's own refusal, however often: a database that restarts for minutes, a proxy's page."""
	troubles.allow("500|404|503")
	page = phone("guard1")
	post, patrol = own_post(declared, "guard1"), task_of(declared, "patrol_area")
	arrive, asked = "**/api/method/outage_response.api.staff.arrive", []
	proxy = {"status": 404, "content_type": "text/html", "body": "<h1>Not Found</h1>"}
	answers = [proxy, {"status": 500, "json": {"exc_type": "ProgrammingError"}}]
	page.route(arrive, lambda route: (asked.append(1), route.fulfill(**answers[len(asked) % 2])))
	stand(page, post)
	for tries in range(1, 7):
		for _wait in range(200):
			if len(asked) >= tries:
				break
			page.wait_for_timeout(20)
		page.evaluate("window.dispatchEvent(new Event('online'))")
	page.locator(".outbox .waiting", has_text="Say it by radio or phone as well").wait_for()
	assert page.locator(".outbox .refused").count() == 0
	answers[:] = 2 * [{"status": 503, "headers": {"Retry-After": "5"}, "json": {"exc_type": "NotNow"}}]
	page.evaluate("window.dispatchEvent(new Event('online'))")
	page.get_by_text("waiting for the server: 1").wait_for()
	answers[:] = 2 * [proxy]
	unfold(page)
	touch(page.locator(".card", has_text="Patrol").get_by_role("button", name="Done", exact=True))
	page.locator(".outbox .sent", has_text="done").wait_for()
	assert row("Outage Task", patrol.name).status == "Done"
	assert row("Outage Task", post.name).status == "Open"
	page.unroute("**/api/method/outage_response.api.staff.arrive")
	page.evaluate("window.dispatchEvent(new Event('online'))")
	page.locator(".outbox .sent", has_text="there").wait_for()
	assert row("Outage Task", post.name).status == "On Post"


def leave_without_network(page, post) -> None:
	"""A guard's patrol is done, they are on post, and leave it for danger; nothing is sent yet."""
	page.context.set_offline(True)
	patrol = reveal(page.locator(".card", has_text="Patrol"))
	touch(patrol.get_by_role("button", name="Done", exact=True))
	page.get_by_text("waiting for network: 1").wait_for()
	stand(page, post)
	page.get_by_text("waiting for network: 2").wait_for()
	touch(page.locator(".now summary", has_text="Danger"))
	touch(page.locator(".now").get_by_role("button", name="Water"))
	page.get_by_text("waiting for network: 3").wait_for()


def test_danger_goes_before_all_else_with_what_was_done_on_the_spot(phone, declared, troubles):
	troubles.allow(CUT)
	page = phone("guard1")
	worker_ready(page)
	post, sent = own_post(declared, "guard1"), []
	page.on("request", lambda asked: asked.method == "POST" and sent.append(asked.url.rpartition(".")[2]))
	leave_without_network(page, post)
	sent.clear()
	page.context.set_offline(False)
	fresh(page)
	assert sent == ["arrive", "withdraw", "complete"]
	assert row("Outage Task", post.name).status == "Open"
	assert len(entries(declared, "task_on_post")) == len(entries(declared, "task_withdrawn")) == 1


def test_nothing_puts_a_guard_back_on_a_spot_that_they_left_for_danger(phone, declared, troubles):
	troubles.allow(f"{CUT}|ERR_FAILED")
	page = phone("guard1")
	worker_ready(page)
	post = own_post(declared, "guard1")
	page.route("**/api/method/outage_response.api.staff.arrive", lambda route: route.abort())
	leave_without_network(page, post)
	page.context.set_offline(False)
	page.locator(".outbox .sent", has_text="danger").wait_for()
	page.unroute("**/api/method/outage_response.api.staff.arrive")
	page.evaluate("window.dispatchEvent(new Event('online'))")
	page.locator(".outbox .sent", has_text="done").wait_for()
	page.locator(".outbox .sent", has_text="kept as a late note").wait_for()
	assert len(entries(declared, "late_act")) == 1
	assert row("Outage Task", post.name).status == "Open"


def test_a_page_of_somebody_else_s_is_no_answer(phone, declared, troubles):
	"""Hotspots, login proxies and maintenance pages answer everything with status 200."""
	page = phone("guard1")
	worker_ready(page)
	post = own_post(declared, "guard1")
	page.route(
		"**/api/method/outage_response.api.**",
		lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Welcome to our Wi-Fi</h1>"),
	)
	stand(page, post)
	page.get_by_text("waiting for network: 1").wait_for()
	page.unroute("**/api/method/outage_response.api.**")
	page.route(
		"**/api/method/outage_response.api.staff.arrive",
		lambda route: route.fulfill(status=200, content_type="application/json", body='{"message": "log in first"}'),
	)
	with page.expect_response("**/outage_response.api.staff.arrive"):
		page.evaluate("window.dispatchEvent(new Event('online'))")
	page.get_by_text("waiting for network: 1").wait_for()
	assert page.locator(".outbox .sent").count() == 0
	page.unroute("**/api/method/outage_response.api.staff.arrive")
	page.evaluate("window.dispatchEvent(new Event('online'))")
	page.locator(".outbox .sent").wait_for()
	assert row("Outage Task", post.name).status == "On Post"


def test_what_is_refused_stays_with_the_reason_and_a_way_out(phone, declared, call, troubles):
	troubles.allow(f"{CUT}|417")
	page = phone("electrician")
	worker_ready(page)
	task = task_of(declared, "check_elevator")
	page.context.set_offline(True)
	call("engineer", "complete", task=task.name, outcome="empty", evidence="looked myself")
	page.locator(".now").get_by_label("Note").fill(
		"nobody inside"
	)  # after it: what happened before would be kept as a note
	touch(page.locator(".now").get_by_role("button", name="Empty", exact=True))
	page.get_by_text("waiting for network: 1").wait_for()
	page.context.set_offline(False)
	refused = page.locator(".outbox .refused")
	refused.wait_for()
	assert "Status: the task is Done" in refused.inner_text()
	assert page.inner_text("#status") == "refused, see the reason below: 1"
	with page.expect_response("**/outage_response.api.staff.complete"):
		touch(refused.get_by_role("button", name="Try again"))
	touch(refused.get_by_role("button", name="Take back"))
	refused.wait_for(state="detached")
	assert row("Outage Task", task.name).evidence == "looked myself"


def test_a_checklist_that_is_taken_back_is_as_it_was(phone, declared, call, troubles):
	troubles.allow("417")
	call("operator", "supply_back", incident=declared, source="by itself")
	task = task_of(declared, "check_shaft", status="Open")
	item = next(check for check in task.checks if check.kind == "Item")
	page = phone("electrician")
	unfold(page)
	card = page.locator(".card", has=page.locator(f'[id="what:{task.name}"]'))
	card.get_by_label(item.item_label, exact=True).check()
	card.get_by_label(f"What is wrong: {item.item_label}").fill("trips again")
	no = {"exc_type": "ValidationError", "_server_messages": json.dumps([json.dumps({"message": "Checks: no"})])}
	page.route("**/api/method/outage_response.api.staff.complete", lambda route: route.fulfill(status=417, json=no))
	touch(card.get_by_role("button", name="Send: the rest is normal"))
	page.locator(".outbox .refused").wait_for()
	touch(page.get_by_role("button", name="Take back"))
	card.get_by_label(f"What is wrong: {item.item_label}").wait_for()
	assert card.get_by_label(item.item_label, exact=True).is_checked()
	assert card.get_by_label(f"What is wrong: {item.item_label}").input_value() == "trips again"


def test_a_login_that_ended_keeps_what_was_done(phone, declared, web, troubles):
	from .conftest import PASSWORD

	troubles.allow("403")
	page = phone("guard1")
	worker_ready(page)  # nothing of the page is under way any more
	post = own_post(declared, "guard1")
	ended = [{**cookie, "value": "0" * 56} for cookie in page.context.cookies() if cookie["name"] == "sid"]
	page.context.add_cookies(ended)
	stand(page, post)
	link = page.get_by_role("link", name="Log in")
	link.wait_for()
	assert link.get_attribute("href") == "/login?redirect-to=/my-outage-tasks"
	page.get_by_text("Kept on this phone: 1").wait_for()
	assert row("Outage Task", post.name).status == "Open"
	page.context.add_cookies(web.login(world.user("guard1"), PASSWORD))
	page.goto(PAGE)
	page.locator(".outbox .sent").wait_for()
	assert row("Outage Task", post.name).status == "On Post"


def test_the_login_lasts_for_a_shift_and_each_look_prolongs_it(phone, declared):
	"""With Frappe's own settings, as a set-up site has them."""
	from frappe.sessions import get_expiry_in_seconds

	assert get_expiry_in_seconds() >= SHIFT
	page = phone("guard1")
	(sid,) = (cookie for cookie in page.context.cookies() if cookie["name"] == "sid")
	assert sid["expires"] - time.time() >= SHIFT
	frappe.db.rollback()
	session = frappe.qb.DocType("Sessions")
	earlier = now_datetime() - timedelta(hours=1)
	frappe.qb.update(session).set(session.lastupdate, earlier).where(session.sid == sid["value"]).run()
	frappe.db.commit()
	frappe.cache.hdel("session", sid["value"])  # 16 keeps there when it last wrote
	frappe.cache.hdel("last_db_session_update", sid["value"])  # when Frappe last wrote it: at most every ten minutes
	with page.expect_response("**/outage_response.api.phone.get_my_tasks*"):
		page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
	fresh(page)
	frappe.db.rollback()
	looked = frappe.qb.from_(session).select(session.lastupdate).where(session.sid == sid["value"]).run()[0][0]
	assert looked - earlier > timedelta(minutes=59)


def leave_behind(page) -> None:
	"""A note that was begun at two steps, a photo that was taken, and an act that has been sent."""
	page.evaluate(
		"""async () => {
			const phone = OutagePhone;
			phone.drafts.set("a-step:note", "what I saw");
			phone.drafts.set("another-step:note", "what I saw");
			await phone.photos.set("a-step", new Blob(["taken"]));
			const act = { user: phone.user, id: "s", what: "w", where: "w", verb: "arrive", task: "w", at: "2026-01-01 00:00:00" };
			await phone.outbox.add({ ...act, state: "sent", sent: Date.now(), args: {} });
		}"""
	)


def left_behind(page) -> dict:
	"""What the browser keeps of everybody's: drafts, photos, acts; without what there is none of."""
	return page.evaluate(
		"""async () => {
			const opening = indexedDB.open("outage-phone", 1);
			await new Promise((done) => (opening.onsuccess = done));
			const all = (name) =>
				new Promise((done) => {
					const asked = opening.result.transaction(name).objectStore(name).getAll();
					asked.onsuccess = () => done(asked.result);
				});
			const acts = await all("outbox");
			const photos = [...(await all("photos")), ...acts.filter(({ photo }) => photo)];
			opening.result.close();
			const drafts = Object.keys(localStorage).filter((key) => key.startsWith("outage:drafts:"));
			const found = { drafts: drafts.length, photos: photos.length, acts: acts.length };
			return Object.fromEntries(Object.entries(found).filter(([, count]) => count));
		}"""
	)


def test_two_people_on_one_phone(phone, declared, web, troubles):
	from .conftest import PASSWORD

	troubles.allow(CUT)
	page = phone("guard1")
	worker_ready(page)
	mine, other = own_post(declared, "guard1"), own_post(declared, "guard2")
	page.context.set_offline(True)
	stand(page, mine)
	page.get_by_text("waiting for network: 1").wait_for()
	leave_behind(page)
	page.context.clear_cookies()
	page.context.add_cookies(web.login(world.user("guard2"), PASSWORD))
	page.context.set_offline(False)  # the page notices who it is now, and loads anew
	page.get_by_text(other.subject_label, exact=True).first.wait_for()
	page.get_by_text("An act of another person waits").wait_for()
	assert left_behind(page) == {"acts": 1}
	worker_ready(page)
	assert page.get_by_text(mine.subject_label, exact=True).count() == 0
	kept = page.evaluate(
		"async () => JSON.stringify(localStorage) + await (await caches.match('/my-outage-tasks'))?.text()"
	)
	assert f"list:{world.user('guard1')}" not in kept
	assert mine.name not in kept
	assert row("Outage Task", mine.name).status == "Open"
	page.context.clear_cookies()
	page.context.add_cookies(web.login(world.user("guard1"), PASSWORD))
	page.evaluate("window.dispatchEvent(new Event('online'))")
	page.locator(".outbox .sent").wait_for()
	done = row("Outage Task", mine.name)
	assert (done.status, done.started_by) == ("On Post", world.user("guard1"))


def test_logging_out_leaves_nothing_to_be_seen(as_user, declared, web):
	from .conftest import PASSWORD

	page = as_user(None, **PHONE, bypass_csp=False)  # the page does all this under its own policy
	page.context.add_cookies(web.login(world.user("guard1"), PASSWORD))  # a login of this test's own
	page.goto(PAGE)
	fresh(page)
	worker_ready(page)
	leave_behind(page)
	# at the end of a shift, all but what is about a task that is still theirs
	left = page.evaluate(
		"""async () => {
			const phone = OutagePhone;
			await phone.forget_shift("2000-01-01 06:00:00", new Set(["a-step"]));
			return [phone.drafts.get("a-step:note"), phone.drafts.get("another-step:note"), (await phone.outbox.mine()).length];
		}"""
	)
	assert left == ["what I saw", "", 0]
	page.evaluate(
		"""() => OutagePhone.outbox.add({ user: OutagePhone.user, id: "w", state: "refused", args: { photo: "/sent" },
			photo: new Blob(["sent"]), what: "w", where: "w", verb: "complete", task: "w", at: "2026-01-01 00:00:00" })"""
	)
	touch(page.get_by_role("button", name="Log out"))
	page.wait_for_url("**/login?redirect-to=/my-outage-tasks")
	kept = page.evaluate("async () => JSON.stringify(localStorage) + (await caches.keys()).join()")
	assert declared not in kept
	assert "outage-phone" not in kept
	assert left_behind(page) == {"acts": 1}
	page.goto(PAGE)
	assert "/login" in page.url


@pytest.fixture
def cleaner(house, web):
	"""Somebody of a department that the company made itself, with a level IV whose plan has a step for it."""
	from frappe.utils.password import update_password

	from tests.site import live
	from tests.site.master_data.own_department import MOPPING, ROLE, make_department, make_level, make_role

	from .conftest import PASSWORD

	def sweep() -> None:
		frappe.db.rollback()
		live.sweep_incidents(house["property"])
		frappe.db.delete("Duty Shift", {"user": user})
		frappe.db.delete("Has Role", {"role": ROLE})
		frappe.db.set_value("Outage Level", "IV", "plan", None)
		plans = frappe.get_all("Outage Plan", {"level": "IV"}, pluck="name")
		for doctype, names in (
			("Outage Plan", plans),
			("Outage Level", ["IV"]),
			("Response Department", ["cleaning"]),
			("Role", [ROLE]),
		):
			for name in names:
				if frappe.db.exists(doctype, name):
					frappe.delete_doc(doctype, name, force=True)
		frappe.db.commit()

	user = world.user("cleaner")
	sweep()
	make_role()
	world.make_user(user, ROLE)
	world.permit(user, house["property"])
	make_department()
	world.make_shift(house["property"], "cleaning", "cleaner")
	make_level("IV", MOPPING)
	update_password(user, PASSWORD)
	frappe.db.commit()
	yield "cleaner"
	sweep()


def test_a_department_of_the_company_s_own_works_its_step(phone, house, call, cleaner):
	name = call("operator", "declare", property=house["property"], nodes=[house["room"]], level="IV")["incident"]
	step = task_of(name, "mop_the_lobby")
	page = phone(cleaner)
	card = page.locator(f'[data-row="task {step.name}"]')
	touch(reveal(card).get_by_role("button", name="Mine", exact=True))
	with page.expect_response("**/outage_response.api.staff.complete"):
		touch(reveal(card).get_by_role("button", name="Done", exact=True))
	page.get_by_text("Nothing for you now").wait_for()
	assert row("Outage Task", step.name).status == "Done"
