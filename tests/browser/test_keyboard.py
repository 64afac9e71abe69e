"""Without a mouse: every verb's dialog opens, is read by axe-core, leads to its button by Tab and goes by Escape."""

import frappe

from .conftest import on_desk
from .form import DIALOG, tab_to

PHONE = {"viewport": {"width": 360, "height": 740}}


def verbs_of(page, part: str) -> list[str]:
	"""Every kind of button in this part that is shown."""
	return page.eval_on_selector_all(
		f"{part} button[data-verb]", "all => [...new Set(all.filter(it => it.offsetParent).map(it => it.dataset.verb))]"
	)


def goes_through(page, accessible, button: str) -> None:
	"""By keys alone: to the dialog, through it, and away."""
	page.locator(button).first.focus()
	page.keyboard.press("Enter")
	page.wait_for_selector(f"{DIALOG} .modal-footer .btn-primary")
	accessible(page, f"{DIALOG} .modal-content")
	tab_to(page, f"{DIALOG} .modal-footer .btn-primary")
	page.keyboard.press("Escape")
	page.wait_for_selector(DIALOG, state="hidden")
	page.wait_for_selector(".modal-backdrop", state="detached")


def test_every_verb_of_an_incident_and_every_tab(as_user, desk, declared, call, accessible):
	call("operator", "confirm", incident=declared, cause_type="Overload")
	seen = set()
	for who in ("operator", "engineer"):
		page = as_user(who)
		desk(page, f"/app/outage-incident/{declared}")
		page.wait_for_selector(".outage-verbs")
		found = set(verbs_of(page, ".outage-verbs"))
		assert len(found) > 3
		for verb in sorted(found - seen):
			goes_through(page, accessible, f".outage-verbs [data-verb={verb}]")
		seen |= found - {"record_call"}  # engineers cannot look for units
	for tab in page.locator(".form-tabs .nav-link:visible").all()[:-1]:  # the last has Frappe's own fields
		tab.focus()
		page.keyboard.press("Enter")
		desk.settled(page)
		accessible(page, ".tab-pane.active")


def test_a_step_is_done_by_keys_from_its_row(as_user, desk, declared, accessible):
	page = as_user("engineer")
	desk(page, f"/app/outage-incident/{declared}")
	row = ".outage-table tr:has([data-verb=complete])"
	page.wait_for_selector(row)
	more = page.locator(f"{row} >> nth=0 >> summary")
	if more.count():
		more.focus()
		page.keyboard.press("Enter")
	found = verbs_of(page, f"{row} >> nth=0 >>")
	assert "complete" in found
	for verb in [verb for verb in found if verb not in ("acknowledge", "arrive")]:  # these ask nothing
		goes_through(page, accessible, f"{row} >> nth=0 >> [data-verb={verb}]")


def test_declared_and_opened_from_the_command_centre(as_user, desk, house, accessible):
	page = as_user("operator")
	desk(page, "/app/outage-command-centre")
	page.wait_for_selector(".occ-calm")
	tab_to(page, ".page-actions .primary-action")
	page.keyboard.press("Enter")
	page.wait_for_selector(f"{DIALOG} .modal-footer .btn-primary")
	accessible(page, f"{DIALOG} .modal-content")
	tab_to(page, f"{DIALOG} [data-fieldname=seen] input, {DIALOG} input[data-fieldname=seen]")
	page.keyboard.type("All dark")
	tab_to(page, f"{DIALOG} .modal-footer .btn-primary")
	page.keyboard.press("Enter")
	card = f".occ-card[aria-label='{house['property']}']"
	page.wait_for_selector(card)
	page.wait_for_selector(".modal-backdrop", state="detached")
	tab_to(page, f"{card} .occ-known summary")
	page.keyboard.press("Enter")
	page.wait_for_selector(f"{card} .occ-known[open] table")
	tab_to(page, f"{card} footer a[data-key^=open]")
	page.keyboard.press("Enter")
	page.wait_for_url(on_desk("outage-incident/"))
	frappe.db.rollback()
	assert frappe.db.count("Outage Incident", {"property": house["property"]}) == 1


def test_the_phone_page_by_keys(as_user, declared):
	page = as_user("guard1", **PHONE)
	page.goto("/my-outage-tasks")
	tab_to(page, "main .now button.main, main .now button")
	page.keyboard.press("Enter")
	page.locator(".outbox .sent").wait_for()
	page.get_by_text("on post since").wait_for()
	tab_to(page, "main .now summary.danger, main .now details:last-of-type summary")
	page.keyboard.press("Enter")
	tab_to(page, "main .now details[open] button")
	page.keyboard.press("Enter")
	page.locator(".outbox .sent", has_text="danger").wait_for()
	frappe.db.rollback()
	assert frappe.db.count("Timeline Entry", {"incident": declared, "kind": "task_withdrawn"}) == 1
