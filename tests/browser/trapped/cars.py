"""A house with ten elevators, and what the screens and the site say of those inside."""

import frappe

from tests.site import world

from ..form import DIALOG, Form

LIVE = 25_000  # ms; a page that is told nothing asks by itself after 30 s
PHONE = {"viewport": {"width": 360, "height": 740}}
CARS = 10


def build_house(name: str) -> dict:
	built = world.make_tower(name)
	world.make_roster(name)
	about = {"contractor_name": "Up and Down Ltd", "contractor_phone": "0100", "building": "T"}
	built["elevators"] += [
		world.make_asset(name, f"Elevator {number}", "Elevator", **about) for number in range(3, CARS + 1)
	]
	frappe.db.set_value(
		"Property Asset",
		built["elevators"][2],
		{"plate_no": "A-0417", "key_place": "Guard house", "rescue_instructions": "Brake first, then the wheel"},
	)
	return built


def inside(page, elevator: str):
	"""The line of an elevator in the band."""
	return page.locator(".outage-inside:visible", has=page.locator(f"[data-car='{elevator}']"))


def chip(page, elevator: str):
	return page.locator(f"{DIALOG} [data-choice]", has_text=elevator).first


def record(house, number: int, **filters):
	frappe.db.rollback()
	name = frappe.db.get_value(
		"Elevator Entrapment", {"elevator": house["elevators"][number - 1], **filters}, order_by="creation desc"
	)
	return frappe.get_doc("Elevator Entrapment", name) if name else None


def check_of(incident: str, house, number: int, step: str = "check_elevator") -> str:
	frappe.db.rollback()
	return frappe.db.get_value(
		"Outage Task", {"incident": incident, "step_key": step, "subject": house["elevators"][number - 1]}
	)


def refused(form: Form, *words: str) -> None:
	form.send()
	box = form.page.locator(f"{DIALOG} .outage-refusal:visible")
	for word in words:
		box.filter(has_text=word).wait_for()
