"""My outage tasks on a phone of 360 px: how it looks, whom it lets in, two people on one phone."""

import time
from datetime import timedelta

import frappe
import pytest
from frappe.utils import now_datetime

from tests.site import world

from .hand import CUT, PAGE, PHONE, THUMB, fresh, own_post, reveal, row, stand, task_of, touch, unfold, worker_ready

HEAVIEST = 100_000  # bytes, uncompressed
SHIFT = 12 * 3600  # s


# ---------------------------------------------------------------- looks


def test_the_page_is_small_and_needs_nothing_else(phone, declared):
	page = phone("guard1")
	loaded = page.evaluate(
		"""() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
		.map(it => [new URL(it.name).pathname, it.decodedBodySize])"""
	)
	# what a browser fetches for tab and home screen, when it likes
	beside = ("worker", "/images/outage_response", "/phone/manifest")
	files = {
		path: size for path, size in loaded if not path.startswith("/api/") and not any(name in path for name in beside)
	}
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


# ---------------------------------------------------------------- network


def test_a_login_that_ended_keeps_what_was_done(phone, declared, web, troubles):
	from ..conftest import PASSWORD

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
	page.wait_for_load_state("networkidle")  # a request that is under way would write the session as it was
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
	from ..conftest import PASSWORD

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
	from ..conftest import PASSWORD

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

	from ..conftest import PASSWORD

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
