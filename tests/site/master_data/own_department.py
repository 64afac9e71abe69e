"""A department of the company's own, cleaning, with a role that the company made, and a level with its steps."""

import frappe

from outage_response.domain.step_definitions import Step
from outage_response.flows.facts import plan_steps

ROLE = "Cleaning People"
MOPPING = Step(
	key="mop_the_lobby",
	title_en="Dry the lobby",
	title_zh="清理大堂积水",
	phase="Protect",
	per="once",
	department="cleaning",
	anchor="reported",
	minutes=10,
	priority=0,
	evidence="note",
)


def make_role(name: str = ROLE, **fields) -> str:
	return frappe.get_doc({"doctype": "Role", "role_name": name, "desk_access": 1, **fields}).insert().name


def make_department(key: str = "cleaning", role: str | None = ROLE, **fields) -> str:
	values = {"department_key": key, "department_name": "Cleaning", "role": role, "coverage": "Always", **fields}
	return frappe.get_doc({"doctype": "Response Department", **values}).insert().name


def add_step(level: str, step: Step) -> None:
	"""To the plan that new outages of the level run with."""
	plan = frappe.get_doc("Outage Plan", frappe.db.get_value("Outage Level", level, "plan"))
	plan.append("steps", plan_steps.to_row(step))
	plan.save()


def make_level(level: str, *steps: Step) -> None:
	"""A level of the company's own, with a plan of these steps."""
	frappe.get_doc({"doctype": "Outage Level", "level": level, "title": f"Level {level}"}).insert()
	plan = frappe.new_doc("Outage Plan")
	plan.update({"level": level, "version": 1, "enabled": 1})
	for step in steps:
		plan.append("steps", plan_steps.to_row(step))
	plan.insert()
	frappe.db.set_value("Outage Level", level, "plan", plan.name)
