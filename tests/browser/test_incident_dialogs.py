"""The dialogs of an incident that the three departments' own night does not open, at a community that is told by public notice."""

import frappe

from tests.site import world

from .conftest import on_desk
from .form import DIALOG, Form

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes.fromhex(
	"0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082".replace(
		" ", ""
	)
)


PLACE = "Plum Gardens"


def build_house(name: str) -> dict:
	built = world.make_community(name)
	world.make_roster(name)
	return built


def test_scope_time_and_level_are_changed_from_the_form(as_user, desk, call, house):
	first, second = house["panels"][:2]
	incident = call("operator", "declare", property=house["property"], nodes=[first], level="II")["incident"]
	form = Form(as_user("operator"), desk, incident)
	page = form.page

	form.open("set_etr")
	page.click(f"{DIALOG} [data-etr='60']")
	form.done()
	page.wait_for_selector(".outage-facts >> text=Expected back")

	form.open("extend_scope")
	form.fill(find="Panel 2")
	boxes = page.locator(f"{DIALOG} .unit-checkbox:visible")
	assert boxes.all_inner_texts() == ["Room 1 / Panel 2"]
	boxes.locator("input").check()
	form.done()
	page.wait_for_selector(".outage-facts >> text=of 8")

	form.do("reclassify", level="I", reason="the street is dark too")
	page.wait_for_selector(".outage-level:has-text('Level I:')")
	frappe.db.rollback()
	doc = frappe.get_doc("Outage Incident", incident)
	assert (doc.level, {row.power_node for row in doc.affected_nodes}) == ("I", {first, second})
	assert doc.etr


def test_units_floor_by_floor(as_user, desk, call, house, accessible, screenshot):
	incident = call("operator", "declare", property=house["property"], nodes=[house["room"]], level="II")["incident"]
	call("operator", "supply_back", incident=incident, nodes=[house["panels"][0]])
	form = Form(as_user("service"), desk, incident)
	page = form.page
	page.click(".form-tabs >> text=Affected")
	page.click("text=Units, floor by floor: 8 of 12 still out")
	page.wait_for_selector("[data-fold=units] caption:has-text('Building 3')")
	assert page.locator("[data-fold=units] tr:has-text('still out')").count() == 8
	link = page.locator("[data-fold=units] a", has_text="1-1")
	assert on_desk("property-unit/").match(link.get_attribute("href"))
	page.evaluate("document.querySelector('[data-fold=units]').scrollIntoView({block: 'end'})")
	screenshot(page, "incident-units")
	accessible(page, "[data-fieldname=affected_html]")
	call("operator", "supply_back", incident=incident)  # it follows, unfolded as it is
	page.wait_for_selector("text=Units, floor by floor: 0 of 12 still out")
	page.wait_for_selector("[data-fold=units] tr:has-text('still out')", state="detached")


def test_what_came_back_by_itself_says_so_in_each_readers_language(as_user, desk, call, house):
	incident = call("operator", "declare", property=house["property"], nodes=[house["room"]], level="II")["incident"]
	form = Form(as_user("operator"), desk, incident)
	form.page.evaluate("frappe._messages['by itself'] = 'von selbst'")
	form.do("supply_back", by_itself=True)
	form.page.click(".form-tabs >> text=Affected")
	form.page.wait_for_selector("[data-fieldname=affected_html] >> text=von selbst")
	frappe.db.rollback()
	sources = frappe.get_all("Outage Affected Node", {"parent": incident}, pluck="back_source")
	assert sources == ["by itself"]


def test_a_notice_is_read_sent_and_proved(as_user, desk, call, house, accessible, screenshot):
	incident = call("operator", "declare", property=house["property"], nodes=[house["room"]], level="II")["incident"]
	form = Form(as_user("service"), desk, incident)
	page = form.page
	assert page.locator("[data-verb=prove_posting]").count() == 0, "nothing hangs yet"
	form.open("send_notice")
	form.fill(kind="First Word")
	notice = page.wait_for_selector(f"{DIALOG} .outage-notice")
	assert house["property"] in notice.inner_text()
	screenshot(page, "incident-notice")
	accessible(page, f"{DIALOG} .outage-preview")
	form.done()
	page.wait_for_selector(".outage-verbs [data-verb=prove_posting]")

	form.open("prove_posting")
	page.click(f"{DIALOG} [data-fieldname=photo] button:has-text('Attach')")
	page.locator(".file-uploader input[type=file]").first.set_input_files(
		{"name": "posted.png", "mimeType": "image/png", "buffer": PICTURE}
	)
	page.click(".modal.show .btn-modal-primary:has-text('Upload')")
	page.wait_for_selector(f"{DIALOG} [data-fieldname=photo] .attached-file")
	form.done()
	page.click(".form-tabs >> text=Residents")
	page.wait_for_selector("[data-fieldname=residents_html] a:has-text('Photo')")


def test_what_is_open_stands_by_area(as_user, desk, call, house, screenshot):
	incident = call("operator", "declare", property=house["property"], nodes=[house["room"]], level="II")["incident"]
	call("engineer", "confirm", incident=incident, cause_type="Overload")
	call("engineer", "supply_back", incident=incident)
	form = Form(as_user("manager"), desk, incident)
	form.open("stand_down")
	screenshot(form.page, "incident-stand-down")
	areas = form.page.locator(f"{DIALOG} .outage-areas > li > strong").all_inner_texts()
	assert {"Building 1", "Building 2", "Building 3"} <= set(areas)
	lift = form.page.locator(f"{DIALOG} .outage-areas > li", has_text="Building 2").inner_text()
	assert "Elevator 2" in lift
	assert "Elevator 3" not in lift


def test_planned_work_begins_from_its_form(as_user, desk, call, house, troubles):
	troubles.allow("417")
	now = frappe.utils.now_datetime()
	incident = call(
		"operator",
		"declare",
		property=house["property"],
		nodes=[house["panels"][0]],
		level="III",
		planned_by="Property",
		reason="the switchgear is maintained",
		planned_start=str(frappe.utils.add_to_date(now, minutes=10))[:19],
		planned_end=str(frappe.utils.add_to_date(now, hours=2))[:19],
	)["incident"]
	form = Form(as_user("engineer"), desk, incident)
	form.open("start")
	form.send()
	assert "Not possible" in form.refusal()
	frappe.db.rollback()
	steps = {
		row.step_key: row.name for row in frappe.get_all("Outage Task", {"incident": incident}, ["name", "step_key"])
	}
	for who, step in (
		("engineer", "clear_elevators"),
		("engineer", "stop_equipment"),
		("engineer", "warn_control_room"),
		("operator", "shut_security_equipment"),
	):
		call(who, "complete", task=steps[step], evidence="as written")
	form.do("start")
	form.state("Active")


def test_the_power_tree_leads_to_what_hangs_on_a_node(as_user, desk, house):
	page = as_user("service")
	desk(page, "/app/power-node/view/tree")
	page.click(".tree-link:has-text('Room 1')")
	page.click(".tree-link:has-text('Panel 2')")
	page.click(".tree-link:has-text('Panel 2') + .tree-node-toolbar button:has-text('Units')")
	page.wait_for_selector(".list-row >> text=2-1")
	assert page.locator(".list-row:has-text('3-1')").count() == 0


def test_who_depends_on_power_is_entered_on_the_unit(as_user, desk, house, troubles):
	troubles.allow(
		"activeElement.select"
	)  # Frappe marks a number a moment after it has the focus, wherever that is by then
	unit = house["units"][5]
	page = as_user("service")
	desk(page, f"/app/property-unit/{unit}")
	page.click("button:has-text('Somebody depends on power'):visible")
	form = Form.of(page)
	form.fill(what="oxygen concentrator", equipment_minutes="45")
	form.done()
	frappe.db.rollback()
	rows = frappe.get_all("Care Need", {"unit": unit}, ["contact", "what", "equipment_minutes", "name"])
	assert [(row.contact, row.what, row.equipment_minutes) for row in rows] == [
		(house["contacts"][5], "oxygen concentrator", 45)
	]


def test_a_home_that_is_entered_while_it_is_dark_is_taken_over(as_user, desk, call, house):
	"""Last: the home stays at the house."""
	incident = call("operator", "declare", property=house["property"], nodes=[house["panels"][0]], level="II")[
		"incident"
	]
	world.make_unit(house["property"], "99", house["panels"][0], 1, "")
	frappe.db.commit()
	form = Form(as_user("operator"), desk, incident)
	form.do("take_over_changes")
	form.page.wait_for_selector(".outage-verbs [data-verb=take_over_changes]", state="detached")
	frappe.db.rollback()
	assert frappe.db.exists("Timeline Entry", {"incident": incident, "kind": "changes_taken_over"})
