"""An outage run from its form by the people of three departments, each in a browser of their own."""

import csv
import re
from pathlib import Path

import frappe
import pytest

import outage_response
from outage_response.flows.facts.plan_steps import procedure
from tests.site import world

from .form import DIALOG, Form, tab_to

APP = Path(outage_response.__file__).resolve().parent


def finish_rest(call, incident: str) -> None:
	"""Complete every step that can be completed now, through the API; what waits for another one comes in a later round."""
	from outage_response.flows.facts import plan_steps
	from tests.browser.web import Refused
	from tests.site.world import ROLES

	for _round in range(6):
		frappe.db.rollback()
		rows = frappe.get_all(
			"Outage Task",
			{
				"incident": incident,
				"status": ("in", ("Open", "Acknowledged", "In Progress")),
				"held_until": ("in", ("", None)),
			},
			["name", "plan", "step_key", "assigned_role", "completes_with"],
		)
		for row in rows:
			step = plan_steps.step_of(row)
			who = next((name for name, role in ROLES.items() if role == row.assigned_role), "operator")
			if row.completes_with in ("callbacks", "report"):
				continue
			try:
				answer = call(
					who,
					"complete",
					task=row.name,
					outcome=next(iter(step.outcomes), None),
					checks=list(step.checks),
					evidence="done as written" if step.evidence not in ("none", "photo") else None,
					photo="/files/notice.png" if step.evidence == "photo" else None,
				)
				if answer["waiting_for"] == "read_back":
					call("operator", "read_back", task=row.name)
			except Refused as refusal:
				# what a notice completes, the site's own worker does meanwhile
				assert "come first" in str(refusal) or "the task is Done" in str(refusal), refusal


def test_three_departments_run_an_outage(as_user, desk, call, house, declared, troubles, accessible, screenshot):
	troubles.allow("417|EXPECTATION FAILED|Traceback")  # the refusals below are wanted
	engineer = Form(as_user("engineer"), desk, declared)
	operator = Form(as_user("operator"), desk, declared)
	assert engineer.page.locator("[data-verb=permit_energise]").count() == 0, "the control room alone permits"
	engineer.do("confirm", cause_type="Equipment Fault", cause="a joint burned through")
	engineer.state("Active")
	operator.state("Active")  # nobody reloaded this one

	operator.open("permit_energise")
	operator.send()
	assert "Find the cause" in operator.refusal()

	engineer.finish("Find the cause", evidence="told the control room")
	engineer.finish("Isolate the faulty section", evidence="both ends open")
	for _elevator in house["elevators"]:
		engineer.finish("Check the elevator", outcome="empty", evidence="doors opened, nobody")
	engineer.finish("Organise the repair", evidence="two people, one joint")
	engineer.finish(
		"Repair finished",
		check_people_clear=True,
		check_earths_removed=True,
		check_elevator_rescue_finished_or_isolated=True,
		evidence="told the control room",
	)
	operator.page.click("[data-verb=read_back]")
	operator.done()
	operator.page.wait_for_selector(".modal-backdrop", state="detached")  # it fades
	operator.page.evaluate("scrollTo(0, 0)")
	operator.page.evaluate("document.querySelector('#alert-container')?.replaceChildren()")  # they cover the steps
	screenshot(operator.page, "incident-form")
	accessible(operator.page, ".outage-head")
	accessible(operator.page, "[data-fieldname=tasks_html]")
	operator.do("permit_energise")
	engineer.do("supply_back", source="the duty electrician")
	operator.state("Restored")

	operator.open("stand_down")
	operator.send()
	assert "Not possible" in operator.refusal()
	finish_rest(call, declared)
	manager = Form(as_user("manager"), desk, declared)
	manager.do("stand_down")
	operator.state("Stood Down")

	finish_rest(call, declared)
	log_callbacks(call, declared)
	engineer.do("file_report", cause="a burned joint", actions="joint replaced, load split")
	finish_rest(call, declared)
	manager.do("close")
	operator.state("Closed")
	operator.page.click(".form-tabs >> text=Timeline")
	operator.page.wait_for_selector(".outage-timeline .kind-closed")


def log_callbacks(call, incident: str) -> None:
	frappe.db.rollback()
	for name in frappe.get_all("Outage Callback", {"incident": incident, "status": "Pending"}, pluck="name"):
		call("service", "log_attempt", callback=name, outcome="Reached")


def test_what_is_typed_stays_when_another_person_acts(as_user, desk, call, live, declared):
	form = Form(as_user("operator"), desk, declared)
	live(form.page, f"doc:Outage Incident/{declared}")
	form.open("cancel")
	form.fill(reason="somebody pressed the wrong")
	call("engineer", "confirm", incident=declared, cause_type="Overload")
	form.state("Active")
	field = form.page.locator(f"{DIALOG} .frappe-control[data-fieldname=reason] textarea")
	assert field.input_value() == "somebody pressed the wrong"


def test_a_key_or_a_click_beside_the_dialog_throws_nothing_away(as_user, desk, declared):
	form = Form(as_user("operator"), desk, declared)
	page = form.page
	form.open("cancel")
	field = page.locator(f"{DIALOG} .frappe-control[data-fieldname=reason] textarea")
	field.press_sequentially("a false alarm")
	page.keyboard.press("Escape")
	page.wait_for_selector(f"{DIALOG} .outage-refusal >> text=Not saved yet")
	page.mouse.click(3, 400)
	page.evaluate("document.activeElement.blur()")
	page.keyboard.press("Escape")
	assert field.input_value() == "a false alarm"
	assert page.locator(f"{DIALOG}.show").count() == 1
	field.fill("")
	page.keyboard.press("Escape")
	page.wait_for_selector(DIALOG, state="hidden")
	form.open("cancel")
	field.press_sequentially("a false alarm")
	page.click(f"{DIALOG} .btn-modal-close")
	page.wait_for_selector(DIALOG, state="hidden")


def test_at_the_width_of_a_phone_each_value_says_what_it_is(as_user, desk, declared, call, accessible):
	call("operator", "supply_back", incident=declared)
	form = Form(as_user("operator", viewport={"width": 360, "height": 740}), desk, declared)
	page = form.page
	for tab in ("Tasks", "Affected", "Residents"):
		page.click(f".form-tabs >> text={tab}")
		table = page.locator(".tab-pane.active .outage-table").first
		table.wait_for()
		assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), tab
		heads = table.evaluate(
			"""table => [...table.querySelectorAll('tbody tr:first-child td:not(:empty)')]
				.filter(td => getComputedStyle(td, '::before').content.replaceAll('"', '') !== td.dataset.head + ': ')
				.map(td => td.dataset.head)"""
		)
		assert heads == [], tab
	accessible(page, ".tab-pane.active")


@pytest.mark.parametrize("doctype", ["Outage Task", "Property Unit"])
def test_a_form_without_its_buttons_says_why(as_user, desk, house, declared, troubles, doctype):
	troubles.allow("ERR_FAILED")
	page = as_user("service")
	name, wanted = house["units"][0], "Somebody depends on power"
	if doctype == "Outage Task":
		name, wanted = frappe.db.get_value(doctype, {"incident": declared, "step_key": "first_word"}), "Mine"
	page.route("**/outage_response.api.screens.*", lambda route: route.abort())
	desk(page, f"/app/{frappe.scrub(doctype).replace('_', '-')}/{name}")
	again = page.locator(".form-message button:has-text('Try again')")
	again.wait_for()
	assert "No answer from the server" in page.inner_text(".form-message")
	page.unroute("**/outage_response.api.screens.*")
	again.click()
	page.wait_for_selector(f"button:has-text('{wanted}'):visible")
	assert page.locator(".form-message:visible").count() == 0


def test_with_the_guards_asleep_the_control_room_says_who_stands_on_a_post(as_user, desk, house, declared):
	guards = {"property": house["property"], "department": "security"}
	frappe.db.set_value("Duty Shift", guards, "is_absent", 1)
	frappe.db.commit()
	try:
		form = Form(as_user("operator"), desk, declared)
		page = form.page
		post = frappe.db.get_value("Outage Task", {"incident": declared, "step_key": "guard_area"})
		page.click(f"[data-verb=arrive][data-task='{post}']")
		form.fill(user=world.user("guard1"))
		form.done()
		page.wait_for_selector(f"[data-verb=arrive][data-task='{post}']", state="detached")
	finally:
		frappe.db.set_value("Duty Shift", guards, "is_absent", 0)
		frappe.db.commit()
	assert frappe.db.get_value("Outage Task", post, ["status", "started_by"]) == ("On Post", world.user("guard1"))


def test_shifts_are_swapped_by_the_sites_clock(as_user, desk, house):
	page = as_user("manager")
	shift = frappe.db.get_value("Duty Shift", {"property": house["property"], "department": "security"})
	desk(page, f"/app/duty-shift/{shift}")
	page.evaluate("frappe.boot.time_zone = {system: 'Asia/Shanghai', user: 'Pacific/Honolulu'}")
	page.click("button:has-text('Swap Shifts'):visible")
	page.wait_for_function("window.cur_dialog?.fields_dict.other")  # set when the dialog has come in, not before
	asked = page.evaluate(
		"[cur_dialog.fields_dict.other.df.get_query().filters.ends_at[1], outage_response.site_time()]"
	)
	assert asked[0][:13] == page.evaluate("frappe.datetime.system_datetime()")[:13], asked


def test_an_expected_time_is_not_taken_back_by_an_empty_field(as_user, desk, declared):
	form = Form(as_user("operator"), desk, declared)
	form.do("set_etr", etr="2099-01-01 04:30:00")
	form.open("set_etr")
	form.fill(etr="")
	form.send()
	assert "enter a time" in form.refusal()


def test_a_stale_form_says_so(as_user, desk, declared, troubles):
	form = Form(as_user("operator"), desk, declared)
	troubles.allow("ERR_INTERNET_DISCONNECTED|socket.io|Failed to load resource|WebSocket")
	form.page.context.set_offline(True)
	form.page.evaluate("cur_frm.outage_view.read()")
	form.page.wait_for_selector(".outage-heard.outage-lost >> text=Connection lost")


def test_planned_work_is_not_dragged_in_the_calendar(as_user, desk, house, planned):
	page = as_user("operator")
	desk(page, "/app/outage-incident/view/calendar")
	event = page.locator(f".fc-event:has-text('{house['property']}')").first
	event.wait_for()
	assert "fc-draggable" not in event.get_attribute("class")


def test_a_verb_by_keyboard_alone(as_user, desk, declared):
	page = as_user("operator")
	Form(page, desk, declared)
	page.focus(".outage-verbs [data-verb=reclassify]")
	page.keyboard.press("Enter")
	page.wait_for_selector(f"{DIALOG} .btn-primary")
	tab_to(page, "select[data-fieldname=level]")
	page.keyboard.press("ArrowDown")
	tab_to(page, "textarea[data-fieldname=reason]")
	page.keyboard.type("the whole street is dark")
	tab_to(page, ".modal-footer .btn-primary")
	page.keyboard.press("Enter")
	page.wait_for_selector(DIALOG, state="hidden")
	page.wait_for_selector(".outage-level:has-text('Level I:')")


@pytest.mark.parametrize(
	"path", ["outage-response", "outage-task", "power-node/view/tree", "outage-incident/view/calendar"]
)
def test_pages_open_without_complaint(as_user, desk, declared, path):
	page = as_user("operator")
	desk(page, f"/app/{path}")
	page.locator(".page-title, .title-text, .workspace-title").filter(visible=True).first.wait_for()


IN_CHINESE = {
	"outage-incident/{incident}": ".outage-verbs .btn",
	"outage-command-centre": ".occ-card",
	"outage-call-sheet/{incident}": ".ocs-call",
	"outage-run-card/{incident}": ".orc-line",
	"outage-task": ".list-row .list-subject a",
	"response-department": ".list-row .list-subject a",
	"outage-task/view/kanban/Outage Tasks by State": ".kanban-card",
	"power-node/view/tree": ".tree-node",
	"outage-response": ".shortcut-widget-box",
}


def english_of_ours() -> list[re.Pattern]:
	"""What a reader of Chinese should not meet: keys of the translations, titles of steps."""
	with (APP / "translations" / "zh.csv").open(encoding="utf-8", newline="") as file:
		texts = [row[0] for row in csv.reader(file) if len(row) > 1 and row[0] != row[1]]
	texts += [step["en"] for step in procedure()["steps"]]
	# a placeholder may be anything; what is hardly more than placeholders says nothing
	patterns = (re.sub(r"\\{\w*\\}", ".+", re.escape(text)) for text in texts if re.search("[A-Za-z]{3}", text))
	return [re.compile(pattern) for pattern in patterns if re.search("[A-Za-z]{3}", pattern.replace(".+", ""))]


def test_the_desk_in_chinese(as_user, desk, house, declared):
	frappe.db.set_value("User", world.user("electrician"), "language", "zh")
	frappe.db.commit()
	frappe.clear_cache(user=world.user("electrician"))
	ours, page, met = english_of_ours(), as_user("electrician"), set()
	names = {
		"Feeder",
		"Distribution Room",
		"Lobby",
		"Generator",
		"Main Entrance",
		house["property"],
	}  # data of the house

	def look() -> None:
		# Frappe 16 heads its sidebar with the app's title as hooks.py has it
		page.evaluate("document.querySelectorAll('.header-subtitle').forEach(title => title.remove())")
		lines = {line.strip() for line in page.inner_text("body").splitlines()} - names
		met.update((path, line) for line in lines if any(pattern.fullmatch(line) for pattern in ours))

	for path, shown in IN_CHINESE.items():
		desk(page, f"/app/{path.format(incident=declared)}")
		assert page.evaluate("frappe.boot.lang") == "zh"
		page.wait_for_selector(shown)
		desk.settled(page)
		look()
		for tab in page.locator(".form-tabs .nav-link:visible").all():
			tab.click()
			look()
	assert not met, sorted(met)


def test_a_state_reads_alike_in_every_place(as_user, desk, declared):
	"""The form's field, which is only read, the list and the outage's page have the doctype's own word, not that of anything open."""
	frappe.db.set_value("User", world.user("electrician"), "language", "zh")
	frappe.db.commit()
	frappe.clear_cache(user=world.user("electrician"))
	page = as_user("electrician")
	name = frappe.get_all("Outage Task", {"incident": declared, "status": "Open"}, pluck="name", limit=1)[0]
	desk(page, f"/app/outage-task/{name}")
	page.wait_for_selector("[data-fieldname=status] .control-value:visible")
	assert page.inner_text("[data-fieldname=status] .control-value") == "待接收"
	desk(page, f"/app/outage-task?name={name}")
	page.wait_for_selector(".list-row .indicator-pill:visible")
	assert page.locator(".list-row .indicator-pill:visible").first.inner_text() == "待接收"
	desk(page, f"/app/outage-incident/{declared}")
	page.wait_for_selector(".outage-verbs .btn")
	pills = page.locator(".indicator-pill:visible").all_inner_texts()
	assert "待接收" in pills and "未处理" not in pills


def test_a_board_is_for_looking(as_user, desk, declared):
	page = as_user("engineer")
	desk(page, "/app/outage-task/view/kanban/Outage Tasks by State")
	page.wait_for_selector(".kanban-card")
	assert not page.evaluate("frappe.model.can_write('Outage Task')")
