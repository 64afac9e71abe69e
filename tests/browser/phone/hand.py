"""What a hand does on the phone's page, and what the site has of it afterwards."""

import re
import time

import frappe
import pytest

from tests.site import world

PAGE = "/my-outage-tasks"
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
THUMB = 44  # px
CUT = "ERR_INTERNET_DISCONNECTED|Failed to fetch"


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
