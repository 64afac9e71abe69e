"""pytest on a site: `OUTAGE_BENCH` and `OUTAGE_SITE` say which; without them nothing is skipped, the run stops."""

import os
from pathlib import Path

import pytest


def _connect() -> None:
	bench, site = os.environ.get("OUTAGE_BENCH"), os.environ.get("OUTAGE_SITE")
	if not bench or not site:
		raise pytest.UsageError(
			"tests/site need a site: set OUTAGE_BENCH (folder of the bench) and OUTAGE_SITE (its site), or run `make test`."
		)
	sites = Path(bench).resolve() / "sites"
	if not (sites / site / "site_config.json").exists():
		raise pytest.UsageError(f"OUTAGE_SITE: {sites} has no site {site}.")
	try:
		import frappe
	except ImportError as error:
		raise pytest.UsageError(f"Run pytest with the bench's own Python ({bench}/env/bin/python): {error}.") from error
	os.chdir(sites)
	frappe.init(site=site, sites_path=".")
	if not frappe.conf.allow_tests:
		raise pytest.UsageError(
			f"The site {site} does not allow tests: bench --site {site} set-config allow_tests true"
		)
	frappe.flags.in_test = frappe.in_test = True  # the second for 16
	frappe.connect()
	if "outage_response" not in frappe.get_installed_apps():
		raise pytest.UsageError(
			f"The site {site} has no outage_response: bench --site {site} install-app outage_response"
		)


_connect()


BRINGS = ("", "bring", "bring_newest")


def _platforms_of(item) -> int:
	"""Which platforms a test's module works with: none, the older versions, the newest."""
	by = getattr(getattr(item.module, "setUpModule", None), "__name__", "")
	return BRINGS.index(by) if by in BRINGS else 0


def pytest_collection_modifyitems(items) -> None:
	"""Modules that need the same versions of the platforms follow each other, so that their doctypes are made once."""
	items.sort(key=_platforms_of)


def pytest_runtest_teardown(item, nextitem) -> None:
	from . import platforms

	here = _platforms_of(item)
	platforms.staying = nextitem is not None and bool(here) and here == _platforms_of(nextitem)


@pytest.fixture(scope="session", autouse=True)
def site():
	"""The connection that all tests share, closed at the end."""
	import frappe

	yield frappe.local.site
	frappe.destroy()


@pytest.fixture(scope="session", autouse=True)
def speaks_english(site):
	"""The tests read English unless they say otherwise: that is the site's language while they run, and its own again afterwards."""
	import frappe

	def speak(language: str) -> None:
		frappe.db.rollback()
		frappe.db.set_single_value("System Settings", "language", language, update_modified=False)
		frappe.db.set_default("lang", language)
		frappe.db.commit()
		frappe.clear_cache()
		if hasattr(frappe.local, "system_settings"):
			del frappe.local.system_settings  # what Frappe 15 remembers as long as a connection lasts

	before = frappe.db.get_single_value("System Settings", "language", cache=False) or "en"
	speak("en")
	yield
	frappe.set_user("Administrator")
	speak(before)


@pytest.fixture(scope="session", autouse=True)
def platforms_rest(site):
	"""Whatever the site has beside the framework rests, unless a test switches it on; at the end it is as it was."""
	import frappe

	from . import platforms

	fields = sorted(set(platforms.SWITCHES.values()))
	before = {field: frappe.db.get_single_value("Outage Response Settings", field, cache=False) for field in fields}

	def switch(values: dict) -> None:
		frappe.db.rollback()
		for field, value in values.items():
			frappe.db.set_single_value("Outage Response Settings", field, value, update_modified=False)
		frappe.db.commit()
		frappe.clear_document_cache("Outage Response Settings", "Outage Response Settings")

	switch(dict.fromkeys(fields, 0))
	yield
	frappe.set_user("Administrator")
	switch(before)


@pytest.fixture(scope="module", autouse=True)
def worlds():
	"""Classes of one module share a world that they build alike; it ends with the module."""
	from . import base

	base.worlds_are_shared = True
	yield
	base.end_world()
