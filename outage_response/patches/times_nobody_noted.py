"""A save of the settings wrote the year 1 where the site had not noted a time yet, and whoever reads it gets no time of it."""

import frappe

SETTINGS = "Outage Response Settings"


def execute() -> None:
	singles = frappe.qb.DocType("Singles")
	nobodys = (singles.doctype == SETTINGS) & singles.value.like("0001-01-01%")
	frappe.qb.update(singles).set(singles.value, None).where(nobodys).run()
	frappe.clear_document_cache(SETTINGS, SETTINGS)
