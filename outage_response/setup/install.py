"""After install: the data that the app brings. Doctypes and roles come by Frappe itself (sync, fixtures)."""

from . import board, clock, core_indexes, custom_fields, form_scripts, search, ticket_views
from .seed import seed


def after_install() -> None:
	"""Departments, levels and plans; fields and form scripts on the platforms that are here."""
	seed()
	core_indexes.create()
	board.create()
	custom_fields.create()
	form_scripts.create()
	ticket_views.create()
	clock.warn()
	search.create()


def after_app_install(app: str) -> None:
	"""A platform was installed after us: give its tickets their fields and form scripts."""
	if app != "outage_response":
		custom_fields.create()
		form_scripts.create()
		ticket_views.create()
