"""My outage tasks on a phone without network for a while: kept, sent once, in order, with its time; refused, and a way out."""

import io
import json
from datetime import timedelta

import frappe
from frappe.utils import get_datetime, now_datetime

from .hand import CUT, entries, fresh, own_post, reveal, row, stand, task_of, touch, unfold, worker_ready


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
