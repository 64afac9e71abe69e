"""What goes wrong meanwhile: caches vanish, the clock steps, master data is renamed and edited, the minute's jobs overlap."""

import os
import random
import time
from collections.abc import Callable
from typing import Any

import frappe
import redis

from tests.site.world import user

from .actor import Log, Night, SteppedClock, connected

HOURS = 3600.0
# how far the site's clock is put, and for how many seconds it stays there
STEPS = (-2 * HOURS, 2 * HOURS, -1 * HOURS, 15 * 60.0)
HELD_SECONDS = (2, 8)
EVERY = {"caches": 5.0, "clock": 15.0, "edit": 1.5, "minute": 6.0}


def make(night: Night, rough: bool) -> None:
	"""Until the night is over. `rough`: Redis's caches are emptied whole, not only this site's."""
	dice, log = random.Random(f"{night.seed}-trouble"), Log(night.folder, f"trouble-{os.getpid()}")
	clock = SteppedClock(night)
	clock.start()
	due = {kind: time.monotonic() + seconds * dice.random() for kind, seconds in EVERY.items()}
	acts: dict[str, Callable[[], Any]] = {
		"caches": lambda: empty_caches(rough),
		"clock": lambda: step_clock(night, dice),
		"edit": lambda: edit(dice, night.properties),
		"minute": minute,
	}
	while not night.over.value:
		for kind, act in acts.items():
			if time.monotonic() < due[kind]:
				continue
			due[kind] = time.monotonic() + EVERY[kind] * (0.5 + dice.random())
			_carry_out(night, log, kind, act)
		time.sleep(0.1)
	night.ahead.value = 0.0


def _carry_out(night: Night, log: Log, kind: str, act: Callable[[], Any]) -> None:
	try:
		with connected(night.site):
			done = act()
			frappe.db.commit()
		log.write(event="trouble", kind=kind, done=done)
	except Exception as error:
		# Frappe's own saving and renaming does not try again after a deadlock: whoever edits does
		again = isinstance(error, frappe.QueryDeadlockError | frappe.QueryTimeoutError)
		log.write(
			event="refused" if again or getattr(error, "http_status_code", 500) < 500 else "broken",
			who="Administrator",
			method=f"trouble.{kind}",
			error=type(error).__name__,
			text=str(error)[:300],
			trace=frappe.get_traceback()[-3000:],
		)


def empty_caches(rough: bool) -> str:
	"""What Redis remembers is gone."""
	if not rough:
		frappe.clear_cache()
		return "emptied"
	try:
		frappe.cache.flushall()
	except redis.exceptions.ConnectionError:
		return "away"  # killed a moment ago, and not up again yet
	return "emptied"


def step_clock(night: Night, dice: random.Random) -> float:
	"""Somebody sets the site's clock; after some seconds it is right again, which is a step too."""
	ahead = dice.choice(STEPS)
	night.ahead.value = ahead
	until = time.monotonic() + dice.uniform(*HELD_SECONDS)
	while time.monotonic() < until and not night.over.value:
		time.sleep(0.1)
	night.ahead.value = 0.0
	return ahead


def minute() -> str:
	"""The minute's jobs, here as well as in the bench's own worker: they overlap."""
	from outage_response import jobs

	jobs.every_minute()
	return "run"


def edit(dice: random.Random, properties: list[str]) -> str:
	"""Somebody edits master data of a property, whether an outage runs there or not."""
	place = dice.choice(properties)
	kind = dice.choice((_rename, _move_unit, _move_switch, _delete, _change_asset, _add_unit, _disable, _resident))
	return f"{kind.__name__}: {kind(dice, place)}"


def _any(dice: random.Random, doctype: str, **filters: Any) -> str:
	names = frappe.get_all(doctype, filters, pluck="name", order_by="name")
	return dice.choice(names) if names else ""


def _rename(dice: random.Random, place: str) -> str:
	doctype = dice.choice(("Power Node", "Property Asset", "Property Unit", "Contact", "Response Department"))
	filters = {
		"Contact": {"name": ("like", f"{place}%")},
		"Response Department": {},
	}.get(doctype, {"property": place})
	name = _any(dice, doctype, **filters)
	if name:
		frappe.rename_doc(doctype, name, f"{name}~" if not name.endswith("~") else name.rstrip("~"), force=False)
	return f"{doctype} {name}"


def _move_unit(dice: random.Random, place: str) -> str:
	unit = frappe.get_doc("Property Unit", _any(dice, "Property Unit", property=place))
	unit.power_node = _any(dice, "Power Node", property=place, node_type="Shaft Switch")
	unit.save()
	return unit.name


def _move_switch(dice: random.Random, place: str) -> str:
	node = frappe.get_doc("Power Node", _any(dice, "Power Node", property=place, node_type="Shaft Switch"))
	node.parent_power_node = _any(dice, "Power Node", property=place, node_type="Shaft")
	node.save()
	return node.name


def _delete(dice: random.Random, place: str) -> str:
	doctype = dice.choice(("Power Node", "Property Asset", "Property Unit"))
	if not frappe.db.count("Outage Incident", {"property": place, "status": ("not in", ("Closed", "Cancelled"))}):
		return "left alone: at rest it may be deleted, and the property would be empty after a while"
	name = _any(dice, doctype, property=place)
	frappe.delete_doc(doctype, name)
	return f"{doctype} {name}"


def _change_asset(dice: random.Random, place: str) -> str:
	asset = frappe.get_doc("Property Asset", _any(dice, "Property Asset", property=place))
	if dice.random() < 0.5 and not frappe.db.count(
		"Outage Incident", {"property": place, "status": ("not in", ("Closed", "Cancelled"))}
	):
		return "left alone: at rest its type may change, and no elevator would be left"
	asset.asset_type = dice.choice(("Elevator", "Critical Room", "Guarded Area", "Generator"))
	asset.save()
	return asset.name


def _add_unit(dice: random.Random, place: str) -> str:
	doc = frappe.get_doc(
		{
			"doctype": "Property Unit",
			"property": place,
			"unit_no": f"new {dice.randint(1, 10**6)}",
			"floor": dice.randint(1, 3),
			"power_node": _any(dice, "Power Node", property=place, node_type="Shaft Switch"),
		}
	)
	return doc.insert().name


def _disable(dice: random.Random, place: str) -> str:
	"""A guard's login is taken away, or given back."""
	who = user("guard2")
	enabled = frappe.db.get_value("User", who, "enabled")
	doc = frappe.get_doc("User", who)
	doc.enabled = int(not enabled)
	doc.save()
	return f"{who}: {doc.enabled}"


def _resident(dice: random.Random, place: str) -> str:
	"""Somebody moves out of a home, another moves in."""
	unit = frappe.get_doc("Property Unit", _any(dice, "Property Unit", property=place))
	contact = _any(dice, "Contact", name=("like", f"{place}%"))
	unit.set("residents", [])
	unit.append("residents", {"contact": contact, "is_primary": 1})
	unit.save()
	return unit.name
