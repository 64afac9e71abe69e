"""A house with twelve elevators, and what the phone's page and the site say of those inside."""

from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from tests.site import world

from ..hand import fresh, task_of, touch

EMPTY, TRAPPED, AFTER_ALL = "Empty", "Trapped", "People are inside after all"
CHECKS = ["main_switch_locked_off", "two_people_if_wound_by_hand", "landing_doors_closed_and_locked"]


def build_house(name: str) -> dict:
	"""A tower with ten elevators, and a second building with two on the same supply."""
	tower = world.make_tower(name)
	switch = world.make_node(name, "Switch Z", "Shaft Switch", tower["shafts"][0])
	world.make_unit(name, "1Z", switch, 1, "Z", [])
	for number in range(3, 13):
		building = "T" if number < 11 else "Z"
		firm = {"contractor_name": "Up and Down Ltd", "contractor_phone": "0100"}
		tower["elevators"].append(world.make_asset(name, f"Elevator {number}", "Elevator", building=building, **firm))
	for elevator in tower["elevators"]:
		number = frappe.db.get_value("Property Asset", elevator, "asset_name").split()[1]
		about = {
			"plate_no": f"A-04{number:0>2}",
			"key_place": "control room, board 2",
			"rescue_instructions": "Two people. Brake lever left of the motor.\nWind towards floor 1.",
		}
		frappe.db.set_value("Property Asset", elevator, about)
	world.make_roster(name)
	return tower


def ago(minutes: int) -> str:
	return str(now_datetime() - timedelta(minutes=minutes))


def three_with_people(house, call, incident: str) -> None:
	"""Three people for half an hour, two for 12 minutes, one uncounted; and perhaps somebody in the other building."""
	first, second, third = (house["elevators"][number] for number in (8, 2, 5))
	call("operator", "report_trapped", incident=incident, elevator=first, occurred_at=ago(12))
	call("operator", "report_trapped", incident=incident, elevator=second, people=2, occurred_at=ago(12))
	about = {"people": 3, "floor": "11", "conditions": ["children", "heat"], "occurred_at": ago(31)}
	call("operator", "report_trapped", incident=incident, elevator=third, **about)
	call("operator", "report_trapped", incident=incident, building="Z")


def card_of(page, task):
	"""The card of one task, wherever it stands."""
	name = task if isinstance(task, str) else task.name
	return page.locator(f'[data-row="task {name}"]')


def heard(page) -> None:
	"""Ask the server now, and wait for its answer to be drawn."""
	with page.expect_response("**/outage_response.api.phone.get_my_tasks*"):
		page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
	fresh(page)


def given(page) -> dict:
	"""What the API gives the person of this page."""
	return page.evaluate(
		"async () => (await (await fetch('/api/method/outage_response.api.phone.get_my_tasks')).json()).message"
	)


def rows(page, kind: str) -> list[str]:
	"""The names of what is drawn of one kind, in order."""
	return page.evaluate(
		"kind => [...document.querySelectorAll(`[data-row^='${kind} ']`)].map(it => it.dataset.row.slice(kind.length + 1))",
		kind,
	)


def chips(page) -> list[str]:
	"""The elevators to choose from when people are trapped."""
	touch(page.locator(".bar button"))
	names = page.locator("dialog .chip:not(.unsure)").all_inner_texts()
	touch(page.get_by_role("button", name="Close without sending"))
	return names


def entrapment(incident: str, elevator: str):
	"""The newest record of people in an elevator."""
	frappe.db.rollback()
	found = {"incident": incident, "elevator": elevator}
	name = frappe.get_all("Elevator Entrapment", found, pluck="name", order_by="creation desc")[0]
	return frappe.get_doc("Elevator Entrapment", name)


def check(incident: str, elevator: str):
	return task_of(incident, "check_elevator", subject=elevator)
