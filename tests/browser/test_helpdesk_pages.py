"""The app's scripts on Helpdesk's pages, as 1.14.0 and as 1.28.1 bind what they answer: agents, residents, lists; in Chinese.

What stands for Helpdesk is described in helpdesk.py. Everything behind it is real: the scripts as the site hands them out, the
server that they call, and the realtime server that tells of outages.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import frappe
import frappe.share
import pytest
from frappe.utils import now_datetime
from frappe.utils.password import update_password
from playwright.sync_api import expect

from outage_response import jobs
from outage_response.setup import form_scripts
from tests.site import live as sweeping
from tests.site import platforms, world

from .conftest import PASSWORD, PATIENCE
from .helpdesk import Helpdesk

VERSIONS = ("1.14.0", "1.28.1")
BETWEEN = "1.22.0"  # from 1.18 to 1.26 the page for phones binds what a script answers twice
NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1366, "height": 768}
POWER = "家里没电了"
NOT_POWER = "显示屏上有奇怪的标志"
AMBER, GREEN = "rgb(217, 119, 6)", "rgb(22, 163, 74)"
AT_HOME, KNOWN, ATTACH = "#outage-response-at-home", "#outage-response-known", "#outage-response-attach"
SUPPLIER = "致电供电局服务热线,了解原因及预计恢复时间"
TOLD = "中控室已知悉"
TELL, DECLARE_IT, ATTACH_IT = "告知中控室…", "启动停电事件…", "关联到停电事件…"
RESIDENTS = {0: "here", 3: "next_door"}  # `here` lives in the first building, `next_door` in the second
READERS = ("agent", "operator", "service")
KNOWN_API = "outage_response.api.portal.known"
ANSWERED = """method => performance.getEntriesByType("resource")
	.some((one) => one.name.endsWith(`/${method}`) && one.responseEnd)"""


def build_house(name: str) -> dict:
	"""A community of two buildings, and another property with one; residents with a login; an agent without an outage role."""
	from tests.site.portal_pages import give_login

	built = world.make_community(name, buildings=2, units_each=3)
	world.make_roster(name)
	for index, contact in enumerate(built["contacts"]):
		if index in RESIDENTS:
			update_password(give_login(contact, world.user(RESIDENTS[index])), PASSWORD)
		else:
			platforms.give_address(contact)
	elsewhere = world.make_community(f"{name} Two", buildings=1, units_each=1)
	platforms.give_address(elsewhere["contacts"][0])
	built["contacts"] += elsewhere["contacts"]
	update_password(world.make_user(world.user("agent"), "Agent"), PASSWORD)
	frappe.db.set_value("User", {"name": ("like", f"%{world.user('')}")}, "language", "zh", update_modified=False)
	return built


@pytest.fixture(scope="module")
def tokens() -> dict[str, str]:
	"""Of the sessions of the house's people."""
	return {}


@pytest.fixture(scope="module", params=VERSIONS)
def helpdesk(request, house, web, address, tokens) -> Iterator[Helpdesk]:
	"""Helpdesk of a version, with the app's form scripts on it; its authors are not answered by mail."""
	settings = frappe.get_single("Outage Response Settings")
	before = {field: settings.get(field) for field in ("use_helpdesk", "read_tickets", "reply_to_tickets")}
	platforms.bring_these(f"helpdesk-{request.param}")
	platforms.set_settings(use_helpdesk=1, read_tickets=1, reply_to_tickets=0)
	form_scripts.create()
	frappe.db.commit()
	yield Helpdesk(request.param, address, tokens)
	frappe.db.rollback()
	platforms.set_settings(**before)
	frappe.db.commit()
	platforms.take_away()


@pytest.fixture
def write(helpdesk, house) -> Iterator[Callable]:
	"""`write(0)`: the resident of that unit has written a ticket, which the staff and its author may read; its name."""
	made = []

	def one(index: int, subject: str = POWER) -> str:
		name = str(platforms.make_ticket("HD Ticket", subject, contact=house["contacts"][index]).name)
		made.append(name)
		for who in (*READERS, *filter(None, [RESIDENTS.get(index)])):
			flags = {"ignore_share_permission": True}
			frappe.share.add_docshare("HD Ticket", name, user=world.user(who), flags=flags)
		frappe.db.commit()
		jobs.sweep_tickets()  # what the site does every minute
		return name

	yield one
	frappe.db.rollback()
	sweeping.wait_for_workers()  # one may be reading them
	frappe.db.delete("DocShare", {"share_doctype": "HD Ticket", "share_name": ("in", made)})
	frappe.db.delete("Notification Log", {"document_type": "HD Ticket", "document_name": ("in", made)})
	frappe.db.delete("Communication", {"reference_doctype": "HD Ticket", "reference_name": ("in", made)})
	frappe.db.delete("Trouble Call", {"ticket_type": "HD Ticket", "ticket": ("in", made)})
	frappe.db.delete("HD Ticket", {"name": ("in", made)})
	frappe.db.commit()


@pytest.fixture
def visit(helpdesk, as_user) -> Callable:
	"""`visit("agent", f"/helpdesk/tickets/{name}")`: the page in front of this person; with `clock` its time can be moved."""

	def go(who: str, path: str, *, pages: Helpdesk = helpdesk, clock: bool = False, **options) -> "Shown":
		page = as_user(who, **options)
		if clock:
			page.clock.install()
		pages.open(page, path, world.user(who), is_resident=who in RESIDENTS.values())
		page.evaluate("window.is_the_same = true")
		return Shown(page, pages)

	return go


class Shown:
	"""A page of Helpdesk, as a person reads it: by words, not by names of icons."""

	def __init__(self, page, pages: Helpdesk):
		self.page = page
		self.pages = pages
		self.buttons = page.locator(".actions > button")
		self.dialogs = page.get_by_role("dialog")

	def words(self) -> list[str]:
		"""Of the buttons on top."""
		return self.buttons.all_inner_texts()

	def menu(self) -> list[str]:
		"""What the menus offer."""
		return self.page.locator(".actions [role=menuitem]").all_text_contents()

	def press(self, words: str) -> None:
		self.buttons.filter(has_text=words).click()

	def choose(self, words: str) -> None:
		"""From a menu."""
		self.page.locator(".actions [aria-haspopup=menu]").click()
		self.page.locator(".actions [role=menuitem]").filter(has_text=words).click()

	def dialog(self, title: str):
		"""The one that is open: whoever pressed once has opened one."""
		expect(self.dialogs.get_by_role("heading", name=title, exact=True)).to_be_visible()
		expect(self.dialogs).to_have_count(1)
		return self.dialogs

	def answer(self, words: str) -> None:
		"""Press this button of the dialog."""
		self.dialogs.locator("button", has_text=words).click()

	def says(self, words: str, kind: str = "success") -> None:
		expect(self.page.locator(f"#toasts [data-type={kind}]", has_text=words)).to_be_visible()

	def follows(self, words: str) -> None:
		"""A button with these words comes without the page having been opened anew."""
		expect(self.buttons.filter(has_text=words)).to_be_visible()
		assert self.page.evaluate("window.is_the_same")


def rows(doctype: str, filters: dict, fields: list) -> list:
	"""What is committed now."""
	frappe.db.rollback()
	return frappe.get_all(doctype, filters=filters, fields=fields)


def call_of(ticket: str) -> dict:
	(found,) = rows(
		"Trouble Call", {"ticket": ticket}, ["name", "incident", "proposal", "told_by", "wants_updates", "property"]
	)
	return found


def soon(wanted: Callable[[], bool], what: str) -> None:
	"""Until a worker has done it."""
	deadline = time.monotonic() + PATIENCE / 1000
	while not wanted():
		assert time.monotonic() < deadline, what
		time.sleep(0.1)


def in_a_while() -> datetime:
	return now_datetime().replace(microsecond=0, second=0) + timedelta(minutes=90)


def short(moment: datetime) -> str:
	"""As a button says it."""
	return moment.strftime("%H:%M" if moment.date() == now_datetime().date() else "%m-%d %H:%M")


@pytest.fixture
def dark(house, call) -> str:
	"""The first building is without power, at level I; nobody knows for how long."""
	return call("operator", "declare", property=house["property"], nodes=[house["panels"][0]], level="I")["incident"]


# ---------------------------------------------------------------- what stands for Helpdesk

CARELESS = """async function setupForm({ $dialog }) {
	const open = () => $dialog({ title: "opened" });
	return { actions: [{ label: "words", icon: "zap", onClick: open }, { label: "more words", onClick: open }] };
}"""


def test_a_careless_script_fails_as_it_does_there(helpdesk, write, visit):
	"""The page is as strict as Helpdesk: with `icon` a button has no words since 1.18, and a page that binds twice opens twice."""
	is_old = helpdesk.version == "1.14.0"
	shown = visit("agent", f"/helpdesk/tickets/{write(0)}")
	for kind, opened in (("agent", 1), ("customer", 1 if is_old else 2), ("new", 1 if is_old else 2)):
		shown.page.evaluate(
			"([kind, script]) => { host.kind = kind; return host.run([script], host.given({})).then(host.show); }",
			[kind, CARELESS],
		)
		assert shown.words() == ["words" if is_old else "", "more words"]
		shown.press("more words")
		expect(shown.dialogs.first).to_be_visible()
		expect(shown.dialogs).to_have_count(opened)
		for _one in range(opened):
			shown.dialogs.last.locator("button").click()


# ---------------------------------------------------------------- agents


def test_an_agent_tells_the_control_room_and_reads_that_it_knows(helpdesk, house, write, visit):
	ticket = write(0, NOT_POWER)
	shown = visit("agent", f"/helpdesk/tickets/{ticket}")
	assert (shown.words(), shown.menu()) == ([], [TELL])
	shown.choose(TELL)
	assert "1-1" in shown.dialog("告知中控室").inner_text()
	shown.answer("告知中控室")
	shown.says("已告知中控室")
	shown.follows(TOLD)
	assert (shown.words(), shown.menu()) == ([TOLD], [])
	told = call_of(ticket)
	assert told.told_by == world.user("agent")
	(proposal,) = rows("Outage Proposal", {"name": told.proposal}, ["status", "property"])
	assert (proposal.status, proposal.property) == ("Open", house["property"])
	shown.press(TOLD)
	assert "中控室已知悉:Panel 1 有 1 人报修" in shown.dialog(TOLD).inner_text()


def test_an_agent_tells_it_from_a_phone_whose_page_hears_no_news(helpdesk, address, tokens, write, visit):
	for version in [helpdesk.version] if helpdesk.version == "1.14.0" else [BETWEEN, helpdesk.version]:
		ticket = write(1, NOT_POWER)
		pages = Helpdesk(version, address, tokens)
		shown = visit("agent", f"/helpdesk/tickets/{ticket}", pages=pages, viewport=NARROW)
		shown.choose(TELL)
		shown.dialog("告知中控室")
		shown.answer("告知中控室")
		shown.says("已告知中控室")
		shown.page.wait_for_function("!window.is_the_same")  # the page opens itself anew
		pages.settled(shown.page)
		assert call_of(ticket).told_by == world.user("agent")
		if version == "1.28.1":
			assert (shown.words(), shown.menu()) == ([], [TOLD])
			shown.choose(TOLD)
		else:
			assert (shown.words(), shown.menu()) == ([TOLD], [])
			shown.press(TOLD)
		shown.dialog(TOLD)


def test_steps_calls_and_the_headline(helpdesk, dark, write, visit, call):
	back = in_a_while()
	ticket = write(0)
	call("operator", "set_etr", incident=dark, etr=str(back))
	shown = visit("operator", f"/helpdesk/tickets/{ticket}")
	headline = f"I 级停电:已报告,预计 {short(back)} 恢复"
	steps = int(shown.words()[1].removeprefix("待办步骤："))
	assert shown.words() == [headline, f"待办步骤：{steps}"]
	shown.press("待办步骤：")
	shown.dialog("本次停电的未完成步骤")
	shown.answer(SUPPLIER)
	one = shown.dialog(SUPPLIER)
	one.locator("textarea").fill("95598：<变压器>故障")
	shown.answer("步骤完成")
	shown.says("步骤完成")
	shown.follows(f"待办步骤：{steps - 1}")
	(step,) = rows(
		"Outage Task", {"incident": dark, "step_key": "call_supplier"}, ["status", "completed_by", "evidence"]
	)
	assert (step.status, step.completed_by, step.evidence) == ("Done", world.user("operator"), "95598：<变压器>故障")
	shown.press(headline)
	said = shown.dialog("停电").inner_text()
	assert "已致电" in said and "供电局：已联系上" in said, said


def test_the_page_follows_what_the_control_room_does(helpdesk, house, write, visit, call):
	"""Also from the moment when it is declared, and to what is then due: the callback, by which the ticket ends."""
	ticket, back = write(0), in_a_while()
	shown = visit("service", f"/helpdesk/tickets/{ticket}")
	assert (shown.words(), shown.menu()) == ([], [DECLARE_IT, ATTACH_IT])
	shown.pages.hears_of_outages(shown.page)
	about = {"property": house["property"], "nodes": [house["panels"][0]], "level": "II"}
	incident = call("operator", "declare", **about)["incident"]
	shown.follows("II 级停电:已报告,恢复时间未知")
	call("operator", "set_etr", incident=incident, etr=str(back))
	shown.follows(f"II 级停电:已报告,预计 {short(back)} 恢复")
	assert shown.menu() == ["查看停电事件", ATTACH_IT]
	call("operator", "supply_back", incident=incident, source="工程部")
	shown.follows("登记回访…")
	shown.press("登记回访…")
	one = shown.dialog("登记回访")
	expect(one.get_by_label("工单只涉及此次停电：予以解决")).to_be_checked()
	one.locator("textarea").fill("来电了，谢谢")
	shown.answer("已联系上")
	shown.says("已登记:已联系上")
	expect(shown.buttons.filter(has_text="登记回访…")).to_have_count(0)
	(made,) = rows("Outage Callback", {"incident": incident, "contact": house["contacts"][0]}, ["name", "status"])
	(attempt,) = rows("Outage Callback Attempt", {"parent": made.name}, ["outcome", "note", "attempted_by"])
	assert (made.status, attempt.outcome, attempt.note) == ("Reached", "Reached", "来电了，谢谢")
	assert attempt.attempted_by == world.user("service")
	soon(lambda: rows("HD Ticket", {"name": ticket}, ["status"])[0].status == "Resolved", "the ticket is not resolved")


def test_a_ticket_is_attached_by_hand(helpdesk, dark, write, visit):
	ticket = write(3, NOT_POWER)
	shown = visit("service", f"/helpdesk/tickets/{ticket}")
	shown.choose(ATTACH_IT)
	expect(shown.dialog("关联到停电事件").locator("option")).to_have_count(1)
	shown.answer("关联到此停电事件")
	shown.says(f"工单已关联到 {dark}")
	shown.follows("I 级停电:已报告,恢复时间未知")
	assert call_of(ticket).incident == dark


def test_what_is_refused_is_said_in_words(helpdesk, house, write, visit, call, troubles):
	"""Two are about to declare the same outage; the dialog of the second stays, with what was chosen."""
	shown = visit("service", f"/helpdesk/tickets/{write(0)}")
	shown.choose(DECLARE_IT)
	shown.dialog("启动停电事件")
	declared = call("operator", "declare", property=house["property"], nodes=[house["panels"][0]], level="II")[
		"incident"
	]
	troubles.allow("417")
	shown.answer("启动停电事件")
	shown.says(f"此次停电已登记为 {declared}", "error")
	shown.dialog("启动停电事件")
	assert [row.name for row in rows("Outage Incident", {"property": house["property"]}, ["name"])] == [declared]


# ---------------------------------------------------------------- residents


def test_a_resident_reads_what_is_known_and_asks_for_every_new_time(helpdesk, dark, write, visit, call):
	back = in_a_while()
	ticket = write(0)
	call("operator", "set_etr", incident=dark, etr=str(back))
	shown = visit("here", f"/helpdesk/my-tickets/{ticket}", viewport=NARROW)
	assert shown.words() == [f"供电:预计 {short(back)} 恢复"]
	shown.press("供电:")
	assert f"预计 {back:%Y-%m-%d %H:%M} 左右恢复供电" in shown.dialog("您家的停电情况").inner_text()
	assert not call_of(ticket).wants_updates
	shown.answer("每次时间变动都通知我")
	shown.says("每次时间变动都会在此通知您")
	assert call_of(ticket).wants_updates == 1
	shown.press("供电:")
	shown.dialog("您家的停电情况")
	shown.answer("仅在恢复供电时通知我")
	shown.says("恢复供电时会在此通知您")
	assert call_of(ticket).wants_updates == 0


def test_before_writing_one_reads_what_is_known(helpdesk, dark, visit):
	for who, path in (("here", "/helpdesk/my-tickets/new"), ("agent", "/helpdesk/tickets/new")):
		shown = visit(who, path)
		told = shown.page.locator(KNOWN)
		expect(told).to_contain_text({"here": "我们已知道您家停电", "agent": "I 级停电:已报告"}[who])
		assert shown.page.evaluate("id => document.querySelector(id).parentElement.matches('.max-w-4xl')", KNOWN)
		assert told.bounding_box()["y"] < shown.page.locator(".max-w-4xl input").bounding_box()["y"]
		expect(shown.dialogs).to_have_count(0)
		assert shown.words() == (["我家的供电情况"] if who == "here" else [])
		if who == "here":
			shown.press("我家的供电情况")
			shown.page.wait_for_url("**/outages")


def test_whose_home_has_supply_reads_nothing_of_it(helpdesk, dark, visit):
	for path in ("/helpdesk/my-tickets/new", "/helpdesk/my-tickets"):
		page = visit("next_door", path).page
		page.wait_for_function(ANSWERED, arg=KNOWN_API)
		assert page.evaluate("method => host.given({}).call(method)", KNOWN_API) == []
		assert not page.locator(f"{KNOWN}, {AT_HOME}").count()


def test_on_top_of_their_tickets_a_resident_reads_it(helpdesk, dark, write, visit, call, accessible):
	ticket, pages = write(0), {}
	for viewport in (NARROW, WIDE):
		page = pages[viewport["width"]] = visit("here", "/helpdesk/my-tickets", clock=True, viewport=viewport).page
		told = page.locator(AT_HOME)
		expect(told).to_contain_text("我们已知道您家停电 (1-1)")
		expect(told.get_by_role("link")).to_have_css("border-left-color", AMBER)
		box, row = told.bounding_box(), page.locator(f"a[href$='/{ticket}']").bounding_box()
		header = page.locator(".bar").bounding_box()
		assert header["y"] + header["height"] <= box["y"] and box["y"] + box["height"] <= row["y"]
		assert box["x"] >= 0 and box["x"] + box["width"] <= viewport["width"]
		assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
		accessible(page, AT_HOME)
	call("operator", "supply_back", incident=dark, source="工程部")
	for page in pages.values():
		page.clock.fast_forward(61_000)  # it asks once a minute
		told = page.locator(AT_HOME)
		expect(told).to_contain_text("恢复供电")
		expect(told.get_by_role("link")).to_have_css("border-left-color", GREEN)
		told.get_by_role("link").click()
		page.wait_for_url("**/outages")


# ---------------------------------------------------------------- many tickets


def tick(page, *tickets: str) -> None:
	for ticket in tickets:
		page.locator(f"a[href$='/tickets/{ticket}'] input").click()


def test_those_who_may_attach_many_tickets(helpdesk, dark, write, visit, troubles):
	here, elsewhere = [write(index, NOT_POWER) for index in (3, 4, 5)], write(6, NOT_POWER)
	page = visit("service", "/helpdesk/tickets").page
	tick(page, *here, elsewhere)
	page.locator(ATTACH).filter(has_text="关联到停电事件（4）…").click()
	dialog = page.locator("dialog")
	expect(dialog.get_by_role("heading")).to_have_text("将 4 张工单关联到停电事件")
	troubles.allow("417")
	dialog.get_by_role("button", name="关联到此停电事件").click()
	expect(dialog.get_by_role("alert")).to_contain_text("停电事件：以下工单的住户不属于该停电所在的物业项目：")
	expect(dialog.get_by_role("alert")).to_contain_text(elsewhere)
	assert not rows("Trouble Call", {"incident": dark}, ["name"])
	dialog.get_by_role("button", name="关闭").click()
	tick(page, elsewhere)
	page.locator(ATTACH).filter(has_text="关联到停电事件（3）…").click()
	dialog.get_by_role("button", name="关联到此停电事件").click()
	expect(dialog.get_by_role("alert")).to_contain_text(f"已将 3 张工单关联到 {dark}。")
	assert sorted(row.ticket for row in rows("Trouble Call", {"incident": dark}, ["ticket"])) == sorted(here)
	dialog.get_by_role("button", name="关闭").click()
	page.wait_for_function("!window.is_the_same")  # the list is read anew


def test_who_may_attach_none_is_offered_nothing(helpdesk, dark, write, visit):
	ticket = write(3, NOT_POWER)
	page = visit("agent", "/helpdesk/tickets", clock=True).page
	with page.expect_response("**/outage_response.api.agent.may_attach") as answer:
		tick(page, ticket)
	assert answer.value.json()["message"] is False
	page.clock.run_for(2000)  # it looks every second
	assert not page.locator(ATTACH).count()
