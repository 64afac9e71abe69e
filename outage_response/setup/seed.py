"""Departments, levels, the three plans and the wording of notices: made when missing, never written over (after install and every migrate).

A plan that the app changes later reaches a site by `flows/plans/newer_plans.py`.
"""

from pathlib import Path

import frappe
import yaml

from outage_response.compat import fill_times
from outage_response.domain.errors import _lt
from outage_response.domain.states import Coverage, OutageKind
from outage_response.flows.facts import plan_steps
from outage_response.flows.plans import newer_plans

PAGING = Path(__file__).with_name("paging.yaml")
# Of which departments somebody is to be on duty; the others are not asked for
COVERAGE = {
	"control_room": Coverage.ALWAYS,
	"engineering": Coverage.ALWAYS,
	"security": Coverage.ALWAYS,
	"customer_service": Coverage.WORKING_TIME,
}
NOTICES = Path(__file__).with_name("notices.yaml")

DEPARTMENT_NAMES = {
	"control_room": _lt("Control Room"),
	"engineering": _lt("Engineering"),
	"customer_service": _lt("Customer Service"),
	"security": _lt("Security"),
	"general_manager": _lt("General Manager"),
	"elevator_contractor": _lt("Elevator Contractor"),
	"security_reserve": _lt("Security Reserve"),
	"power_supplier": _lt("Power Supplier"),
}

LEVELS = {
	"I": (
		OutageKind.EXTERNAL,
		_lt("Level I: sudden external outage"),
		_lt("The supply from the grid fails without warning: a line of the power supplier is damaged or switched off."),
		"#c0392b",
	),
	"II": (
		OutageKind.INTERNAL,
		_lt("Level II: internal unplanned outage"),
		_lt("Overload, a fault or a mistake within the property's own installation."),
		"#d68910",
	),
	"III": (
		OutageKind.PLANNED,
		_lt("Level III: planned outage"),
		_lt("The power supplier or the property switches off to a plan, for maintenance and inspection."),
		"#2471a3",
	),
}


def seed() -> None:
	"""Create what is missing; what users have edited stays."""
	data = plan_steps.procedure()
	for key, row in data["departments"].items():
		_create(
			"Response Department",
			key,
			{
				"department_key": key,
				"department_name": DEPARTMENT_NAMES[key],
				"role": row.get("role"),
				"is_external": int(row.get("external", False)),
				"duty": row.get("duty"),
			},
		)
	for level, (kind, title, definition, colour) in LEVELS.items():
		about = {"level": level, "kind": kind, "title": title, "definition": definition, "colour": colour}
		_create("Outage Level", level, about)
		if not frappe.db.exists("Outage Plan", {"level": level}):
			plan = frappe.new_doc("Outage Plan")
			plan.update({"level": level, "version": 1, "enabled": 1})
			steps = newer_plans.steps_of(level)
			plan_steps.fill(plan, steps)
			plan.insert(ignore_permissions=True)
			frappe.db.set_value("Outage Level", level, "plan", plan.name)
			newer_plans.remember(level, steps)
	_paging()
	_notice_templates()
	_settings()


def _paging() -> None:
	"""Ways to ring people, and who is rung after whom: once, at the first installation; what is deleted stays deleted."""
	data = yaml.safe_load(PAGING.read_text(encoding="utf-8"))
	if not frappe.db.count("Paging Channel"):
		for row in data["channels"]:
			_create("Paging Channel", row["channel_name"], row)
			# Frappe gives new records the site's language; empty, each person is rung in their own
			frappe.db.set_value("Paging Channel", row["channel_name"], "language", row.get("language"))
		for key, coverage in COVERAGE.items():
			frappe.db.set_value("Response Department", key, "coverage", coverage)
		for field in ("ring_people", "ring_ahead_minutes"):  # a Single that is there already gets no defaults by itself
			default = frappe.get_meta("Outage Response Settings").get_field(field).default
			frappe.db.set_single_value("Outage Response Settings", field, default)
	if not frappe.db.count("Escalation Rule"):
		for row in data["rules"]:
			_create("Escalation Rule", row["rule_name"], row)


def _notice_templates() -> None:
	data = yaml.safe_load(NOTICES.read_text(encoding="utf-8"))
	for row in data["templates"]:
		for language in ("en", "zh"):
			subject, message = row[language]
			if row.get("advice"):
				message = f"{message}\n\n{data['advice'][language]}"
			values = {"kind": row["kind"], "level": row["level"], "language": language}
			if frappe.db.exists("Language", language):
				name = "{kind}-{level}-{language}".format(**values)
				_create("Outage Notice Template", name, {**values, "subject": subject, "message": message})


def _create(doctype: str, name: str, values: dict) -> None:
	if not frappe.db.exists(doctype, name):
		frappe.get_doc({"doctype": doctype, **values}).insert(ignore_permissions=True)


def _settings() -> None:
	"""Store the defaults once, so that what the screen shows is what holds; later ones of fields that are new."""
	settings = frappe.get_doc("Outage Response Settings")
	stored = set(frappe.db.get_singles_dict(settings.doctype))
	new = [df for df in settings.meta.fields if df.default and df.fieldname not in stored]
	first = fill_times(settings)
	if not first and not new:
		return
	for df in settings.meta.fields:
		if df.default and (df in new or (first and settings.get(df.fieldname) in (None, "", 0))):
			settings.set(df.fieldname, frappe.utils.cast(df.fieldtype, df.default))
	settings.save(ignore_permissions=True)
