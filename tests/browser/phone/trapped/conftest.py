"""An outage of forty minutes, and people who read Chinese."""

import frappe
import pytest

from tests.site import world

from .cars import ago


@pytest.fixture
def chinese(house):
	"""The electrician and the guards read Chinese."""
	people = [world.user(who) for who in ("electrician", "guard1", "guard2")]

	def speak(language: str) -> None:
		for user in people:
			frappe.db.set_value("User", user, "language", language)
		frappe.db.commit()
		for user in people:
			frappe.clear_cache(user=user)

	speak("zh")
	yield
	speak("en")


@pytest.fixture
def declared(house, call) -> str:
	"""A running incident of level II at the house, since forty minutes."""
	about = {"property": house["property"], "nodes": [house["room"]], "level": "II"}
	return call("operator", "declare", **about, occurred_at=ago(40))["incident"]
