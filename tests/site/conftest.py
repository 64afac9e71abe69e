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
	frappe.flags.in_test = True
	frappe.connect()
	if "outage_response" not in frappe.get_installed_apps():
		raise pytest.UsageError(
			f"The site {site} has no outage_response: bench --site {site} install-app outage_response"
		)


_connect()


def _uses_platforms(item) -> bool:
	return getattr(getattr(item.module, "setUpModule", None), "__name__", "") == "bring"


def pytest_collection_modifyitems(items) -> None:
	"""Modules that need the platforms' doctypes follow each other, so that these are made once."""
	items.sort(key=_uses_platforms)


def pytest_runtest_teardown(item, nextitem) -> None:
	from . import platforms

	platforms.staying = nextitem is not None and _uses_platforms(item) and _uses_platforms(nextitem)


@pytest.fixture(scope="session", autouse=True)
def site():
	"""The connection that all tests share, closed at the end."""
	import frappe

	yield frappe.local.site
	frappe.destroy()


@pytest.fixture(scope="module", autouse=True)
def worlds():
	"""Classes of one module share a world that they build alike; it ends with the module."""
	from . import base

	base.worlds_are_shared = True
	yield
	base.end_world()
