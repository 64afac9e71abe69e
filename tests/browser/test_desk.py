"""Desk itself, as the portable bench or `bench build` has built it: logging in, the app's lists, realtime."""

import frappe
import pytest

from tests.site import world
from tests.site.live import forget

from .conftest import PASSWORD, on_desk

LISTEN = "() => { window.heard = []; frappe.realtime.on('outage_changed', said => heard.push(said.incident)); }"


def test_login_page_leads_into_desk(as_user):
	page = as_user(None)
	page.goto("/login")
	page.fill("#login_email", world.user("operator"))
	page.fill("#login_password", PASSWORD)
	page.click(".btn-login")
	page.wait_for_url(on_desk())
	page.wait_for_function("window.frappe && frappe.session && frappe.session.user")
	assert page.evaluate("frappe.session.user") == world.user("operator")


def test_wrong_password_stays_outside(as_user, troubles):
	troubles.allow("40[13]|AuthenticationError")
	page = as_user(None)
	page.goto("/login")
	page.fill("#login_email", world.user("operator"))
	page.fill("#login_password", "not it")
	page.click(".btn-login")
	page.wait_for_selector("text=Invalid Login")
	page.goto("/app/outage-incident")
	assert page.evaluate("!window.frappe || !frappe.session || frappe.session.user === 'Guest'")


@pytest.mark.parametrize("who", ["operator", "engineer", "guard1", "service", "manager"])
def test_everybody_on_shift_sees_the_list_of_incidents(as_user, desk, declared, who):
	page = as_user(who)
	desk(page, "/app/outage-incident/view/list")
	page.wait_for_selector(f'[data-name="{declared}"]')


def test_a_verb_reaches_who_has_the_incident_open(as_user, desk, live, declared, call):
	page = as_user("engineer")
	desk(page, f"/app/outage-incident/{declared}")
	live(page, f"doc:Outage Incident/{declared}")
	page.evaluate(LISTEN)
	call("operator", "set_etr", incident=declared, etr="2099-01-01 00:00:00")
	page.wait_for_function("name => heard.includes(name)", arg=declared)


@pytest.mark.parametrize("who", ["resident", None])
def test_who_may_not_read_an_incident_hears_nothing_of_it(as_user, desk, live, declared, call, who):
	page = as_user(who)
	page.goto("/login" if who is None else "/me")
	page.evaluate("frappe.realtime.connect()")
	live(page)
	page.evaluate(
		"""name => { window.heard = []; const { socket } = frappe.realtime;
		for (const event of ["outage_changed", "pong"]) socket.on(event, () => heard.push(event));
		socket.emit("doc_subscribe", "Outage Incident", name);
		socket.emit("doctype_subscribe", "Outage Incident"); }""",
		declared,
	)
	# The site is asked about somebody else afterwards, who is let into both rooms: until then it has said no to the first
	other = as_user("operator")
	desk(other, f"/app/outage-incident/{declared}")
	live(other, f"doc:Outage Incident/{declared}")
	other.evaluate("frappe.realtime.socket.emit('doctype_subscribe', 'Outage Incident')")
	live(other, "doctype:Outage Incident")
	other.evaluate(LISTEN)
	call("operator", "set_etr", incident=declared, etr="2099-01-01 00:00:00")
	other.wait_for_function("name => heard.filter(one => one === name).length === 2", arg=declared)
	page.evaluate("frappe.realtime.socket.emit('ping')")
	page.wait_for_function("heard.includes('pong')")
	assert set(page.evaluate("heard")) == {"pong"}  # Helpdesk answers a ping, too


@pytest.fixture
def manager_speaks(house):
	"""`manager_speaks("zh")`, until the test ends."""
	manager = world.user("manager")
	before = frappe.db.get_value("User", manager, "language")

	def speak(language: str | None) -> None:
		frappe.db.set_value("User", manager, "language", language)
		frappe.db.commit()
		forget([manager])

	yield speak
	speak(before)


def open_rename(page) -> None:
	"""Desk's dialog for a name and a title. It opens from the title; where that leads back to the list, as in Frappe 16, from
	a pen in the form's sidebar, which a phone shows from the menu."""
	page.wait_for_selector(".form-sidebar", state="attached")
	pen = page.locator(".form-sidebar .form-title-text button")
	if not pen.count():
		page.locator(".page-title .title-text:visible").click()
		return
	if page.evaluate("frappe.is_mobile()"):
		page.locator(".menu-more-button:visible").click()
		page.locator(".dropdown-item:visible", has_text=page.evaluate("__('Toggle Sidebar')")).click()
	pen.click()


@pytest.mark.parametrize(("language", "width"), [("en", 1366), ("zh", 360)])
def test_what_an_outage_goes_by_is_not_changed_under_it(
	as_user, desk, house, declared, troubles, manager_speaks, language, width
):
	"""By the form and by its title, as a manager: told which outage it is, and what to do instead."""
	troubles.allow("417|Traceback")  # Desk writes both to its console
	manager_speaks(language)
	shaft = house["shafts"][0]
	button = {"en": "More is dark", "zh": "扩大停电范围"}[language]
	page = as_user("manager", viewport={"width": width, "height": 760})
	desk(page, f"/app/power-node/{shaft}")
	page.wait_for_function("window.cur_frm && !cur_frm.is_new()")
	page.locator("[data-fieldname=node_type] select:visible").select_option("Panel")
	page.locator(".page-actions .primary-action:visible").click()
	told = page.locator(".msgprint:visible").first
	told.wait_for()
	assert declared in told.inner_text() and button in told.inner_text()
	desk(page, f"/app/power-node/{shaft}")
	page.reload()
	page.wait_for_function("window.cur_frm && !cur_frm.is_new()")
	open_rename(page)
	dialog = page.locator(".modal.show").filter(has=page.locator("[data-fieldname=name] input")).first
	dialog.locator("[data-fieldname=name] input").fill(f"{shaft} New")
	dialog.locator(".modal-footer .btn-primary, .modal-header .btn-primary").first.click()
	page.locator(f".msgprint:visible:has-text('{declared}')").first.wait_for()
	frappe.db.rollback()
	assert frappe.db.get_value("Power Node", shaft, "node_type") == "Shaft"
