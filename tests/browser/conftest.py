"""Chromium in front of the site. `make test` says with OUTAGE_URL where it is served, with OUTAGE_CHROMIUM which browser,
with OUTAGE_AXE where axe-core lies. What a test may use is described in docs/testing.md.
"""

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.site.conftest import site, speaks_english  # noqa: F401 (fixtures; the import connects this process to the site)

PASSWORD = "browser-tests-only"
WANT_PICTURES = bool(os.environ.get("OUTAGE_PICTURES"))
# What a reader of the pictures sees: the invented people of the house, and its name unless the module gives one (PLACE)
PEOPLE = {
	"operator": "Nadia Lark",
	"engineer": "Otto Finch",
	"electrician": "Ida Swift",
	"service": "Mia Starling",
	"guard1": "Tom Rook",
	"guard2": "Eva Heron",
	"manager": "Leo Kestrel",
}
PLACE = "Jade Tower"
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "images"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
FAILED = pytest.StashKey[bool]()
PATIENCE = 60_000  # ms; a busy machine is slow, not broken


def on_desk(path: str = "") -> re.Pattern:
	"""Addresses that begin with this path of Desk, with or without a host: `on_desk("outage-incident/")`. Desk stands at /app
	in Frappe 15, and at /desk in 16, which leads there from /app."""
	return re.compile(rf"^(https?://[^/]+)?/(app|desk)\b/?{re.escape(path)}")


def pytest_collection_modifyitems(config, items) -> None:
	"""When pictures are wanted: the tests that make one, no others."""
	if not WANT_PICTURES:
		return
	here = str(Path(__file__).parent)
	left_out = [item for item in items if str(item.path).startswith(here) and "screenshot" not in item.fixturenames]
	config.hook.pytest_deselected(items=left_out)
	items[:] = [item for item in items if item not in left_out]


def _needed(name: str) -> str:
	value = os.environ.get(name)
	if not value:
		raise pytest.UsageError(f"tests/browser need {name}; run them with: make test ARGS=tests/browser")
	return value


@pytest.fixture(scope="session")
def address() -> str:
	"""Where the site is served."""
	return _needed("OUTAGE_URL").rstrip("/")


@pytest.fixture(scope="session")
def chromium() -> Iterator:
	"""One browser for all tests; each page gets a context (cookies, storage) of its own."""
	from playwright.sync_api import expect, sync_playwright

	expect.set_options(timeout=PATIENCE)
	with sync_playwright() as playwright:
		browser = playwright.chromium.launch(executable_path=_needed("OUTAGE_CHROMIUM"), args=list(ARGUMENTS))
		yield browser
		browser.close()


@pytest.fixture(scope="module")
def house(request, site) -> Iterator[dict]:  # noqa: F811
	"""A committed property with people on duty, for one module: what world.make_tower returns.

	A module that wants another one has `build_house(name) -> dict`. All that happened there is deleted at the end.
	"""
	import frappe

	from tests.site import live, world

	name = f"Browser {request.module.__name__.rpartition('.')[2]}"
	if WANT_PICTURES:
		name = getattr(request.module, "PLACE", PLACE)
		ours = {"allow": "Managed Property", "for_value": name, "user": ("like", f"%{world.user('')}")}
		if frappe.db.exists("Managed Property", name) and not frappe.db.exists("User Permission", ours):
			raise pytest.UsageError(f"{name} is a property of this site: make the pictures on another one")

	def sweep() -> None:
		frappe.db.rollback()
		frappe.set_user("Administrator")
		for found in frappe.get_all("Managed Property", {"name": ("like", f"{name}%")}, pluck="name"):
			live.sweep_incidents(found)
			live.sweep(found)
		live.sweep_people()

	def tower(name: str) -> dict:
		built = world.make_tower(name)
		world.make_roster(name)
		return built

	sweep()
	request.addfinalizer(sweep)  # also when building it fails half-way
	built = getattr(request.module, "build_house", tower)(name)
	for who, full_name in PEOPLE.items():
		frappe.db.set_value("User", world.user(who), {"first_name": full_name.split()[0], "full_name": full_name})
	frappe.db.commit()
	live.forget([world.user(who) for who in PEOPLE])
	yield built


@pytest.fixture(autouse=True)
def no_incidents(house) -> Iterator[None]:
	"""Each test begins and ends without incidents at the house."""
	from tests.site import live

	yield
	live.sweep_incidents(house["property"])


@pytest.fixture(scope="module")
def web(house, address):
	"""The API as the people of the house: `web.call("operator@…", "declare", …)`; tests use `call`."""
	import frappe
	from frappe.utils.password import set_encrypted_password, update_password

	from tests.site import world

	from .web import Web

	secrets = {}
	for key in (*world.ROLES, "resident"):
		user = world.user(key)
		if not frappe.db.exists("User", user):
			continue
		secrets[user] = f"{frappe.generate_hash(length=15)}:{frappe.generate_hash(length=15)}"
		api_key, api_secret = secrets[user].split(":")
		frappe.db.set_value("User", user, {"api_key": api_key, "simultaneous_sessions": 9}, update_modified=False)
		set_encrypted_password("User", user, api_secret, "api_secret")
		update_password(user, PASSWORD)
	frappe.db.commit()
	return Web(address, secrets)


@pytest.fixture
def call(web) -> Callable:
	"""`call("operator", "declare", property=…, nodes=[…])`: a verb through the API, in the server's own process."""
	from tests.site import world

	return lambda who, verb, **arguments: web.call(world.user(who), verb, **arguments)


@pytest.fixture
def declared(house, call) -> str:
	"""A running incident of level II at the house."""
	return call("operator", "declare", property=house["property"], nodes=[house["room"]], level="II")["incident"]


@pytest.fixture
def planned(house, call) -> str:
	"""Planned work at the house, the day after tomorrow from nine to twelve."""
	from frappe.utils import add_days, nowdate

	day = add_days(nowdate(), 2)
	times = {"planned_start": f"{day} 09:00:00", "planned_end": f"{day} 12:00:00"}
	about = {"property": house["property"], "nodes": [house["room"]]}
	return call("engineer", "declare", **about, level="III", planned_by="Property", reason="upkeep", **times)[
		"incident"
	]


@pytest.fixture(scope="module")
def _sessions() -> dict:
	return {}


class Troubles:
	"""What a browser complains of: script errors, console errors, answers of 400 and above."""

	def __init__(self):
		self.found: list[str] = []
		self.allowed: list[re.Pattern] = []

	def watch(self, page) -> None:
		def console(message) -> None:
			asked = message.location.get("url") or ""
			# A browser asks for it by itself where a page names no picture, as Frappe's print views do; a site may have none
			if message.type == "error" and not asked.endswith("/favicon.ico"):
				self.found.append(f"{page.url}: console: {message.text} ({asked})")

		page.on("console", console)
		page.on("pageerror", lambda error: self.found.append(f"{page.url}: script: {error}"))

	def allow(self, pattern: str) -> None:
		"""From now on, complaints with this in them are expected: a refusal, a network that is cut."""
		self.allowed.append(re.compile(pattern))

	def unexpected(self) -> list[str]:
		"""All others."""
		return [text for text in self.found if not any(pattern.search(text) for pattern in self.allowed)]


@pytest.fixture
def troubles() -> Iterator[Troubles]:
	"""Fails the test at its end if a page complained: `troubles.allow("417")` before a refusal that is wanted."""
	kept = Troubles()
	yield kept
	assert kept.unexpected() == []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
	"""Lets `as_user` know that a test has failed while its pages are still open."""
	report = (yield).get_result()
	if report.when == "call" and report.failed:
		item.stash[FAILED] = True


def _keep_pictures(request, contexts) -> None:
	folder = os.environ.get("OUTAGE_FAILURES")
	if not folder or FAILED not in request.node.stash:
		return
	Path(folder).mkdir(parents=True, exist_ok=True)
	for number, page in enumerate(page for context in contexts for page in context.pages):
		name = re.sub(r"[^\w.-]+", "_", request.node.name)
		with contextlib.suppress(Exception):  # a page that has crashed has no picture
			page.screenshot(path=Path(folder) / f"{name}-{number}.png")


@pytest.fixture(scope="session")
def contexts(chromium, address) -> "Contexts":
	"""Of all tests."""
	return Contexts(chromium, address)


class Contexts:
	"""Contexts of the browser. Those with the usual options are used again, emptied: they keep what cannot differ, Desk's
	scripts, read and compiled, which cost most of the time that a page of Desk takes to open."""

	def __init__(self, chromium, address: str):
		self.chromium = chromium
		self.address = address
		self.idle: dict[str | None, list] = {}

	def take(self, who: str | None, options: dict):
		"""A context without cookies, storage or pages."""
		if not options and self.idle.get(who):
			return self.idle[who].pop()
		usual = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
		context = self.chromium.new_context(base_url=self.address, **usual | options)
		context.set_default_timeout(PATIENCE)
		return context

	def give_back(self, who: str | None, options: dict, context) -> None:
		"""Ends the context, or empties it for the next who takes it.

		One of nobody is never used again: somebody may have logged in there, and an answer that is still on its way would log
		in the next. For the same reason all pages are closed before anything is emptied.
		"""
		if options or who is None or not context.pages:
			context.close()
			return
		context.set_offline(False)
		context.unroute_all()
		for page in context.pages:
			page.close()
		context.clear_cookies()
		context.clear_permissions()
		blank = context.new_page()
		parts = "local_storage,indexeddb,cache_storage,service_workers"
		emptied = {"origin": self.address, "storageTypes": parts}
		context.new_cdp_session(blank).send("Storage.clearDataForOrigin", emptied)
		blank.close()
		self.idle.setdefault(who, []).append(context)


@pytest.fixture
def as_user(request, contexts, house, web, troubles, _sessions) -> Iterator[Callable]:
	"""`as_user("operator")`: a page of a logged-in person of the house; `as_user("guard1", viewport={"width": 360, …})`.

	None is nobody (Guest). Options are those of Playwright's `new_context`; `bypass_csp=False` for a test of what our policy
	lets a page do.
	"""
	from tests.site import world

	taken = []

	def open_page(who: str | None, **options):
		options.setdefault("bypass_csp", True)  # what a test asks of a page is a script
		context = contexts.take(who, options)
		taken.append((who, options, context))
		if who:
			user = who if who == "Administrator" else world.user(who)
			if user not in _sessions:
				_sessions[user] = web.login(user, PASSWORD)
			context.add_cookies(_sessions[user])
		page = context.new_page()
		troubles.watch(page)
		return page

	yield open_page
	_keep_pictures(request, [context for _who, _options, context in taken])
	for who, options, context in taken:
		contexts.give_back(who, options, context)


@pytest.fixture
def desk() -> Callable:
	"""`desk(page, "/app/outage-incident")`: open a page of Desk and wait until it has loaded what it shows."""

	def go(page, path: str) -> None:
		page.goto(path)
		page.wait_for_function("window.frappe && frappe.boot && (frappe.router?.current_route || []).length")
		settled(page)

	def settled(page) -> None:
		"""Until no request of the page is under way."""
		page.wait_for_function("!(frappe.request.ajax_count > 0)")

	go.settled = settled
	return go


@pytest.fixture
def live() -> Callable:
	"""`live(page)`: wait until the page hears the realtime server; `live(page, "doctype:Outage Incident")`: and what is said
	in that room, into which it is let after the site was asked."""
	import frappe

	def wait(page, room: str | None = None) -> None:
		page.wait_for_function("frappe.realtime.socket && frappe.realtime.socket.connected")
		if not room:
			return
		page.evaluate("() => frappe.realtime.socket.on('is_heard', room => { window.is_heard = room.name; })")
		deadline = time.monotonic() + PATIENCE / 1000
		while page.evaluate("window.is_heard") != room:
			assert time.monotonic() < deadline, f"{page.url} is not let into {room}"
			frappe.publish_realtime("is_heard", {"name": room}, room=room)
			page.wait_for_timeout(50)

	return wait


@pytest.fixture
def screenshot() -> Callable:
	"""`screenshot(page, "command-centre")` writes docs/images/command-centre.png if OUTAGE_PICTURES is set; else nothing."""

	def take(page, name: str, **options) -> None:
		if WANT_PICTURES:
			PICTURES.mkdir(exist_ok=True)
			page.screenshot(path=PICTURES / f"{name}.png", **options)

	return take


@pytest.fixture
def accessible() -> Callable:
	"""`accessible(page, ".outage-command")`: axe-core finds nothing serious in this part of the page."""
	script = Path(_needed("OUTAGE_AXE"))

	def check(page, part: str = "body") -> None:
		if not page.evaluate("!!window.axe"):
			page.add_script_tag(content=script.read_text(encoding="utf-8"))
		found = page.evaluate(
			"part => axe.run(part, {resultTypes: ['violations']}).then(result => result.violations)", part
		)
		grave = [
			f"{item['impact']} {item['id']}: {item['help']}: {node['html'][:160]}"
			for item in found
			if item["impact"] in ("serious", "critical")
			for node in item["nodes"]
		]
		assert not grave, "\n".join(grave)

	return check
