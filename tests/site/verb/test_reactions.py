"""What happened is followed: by the one table of the app, and after it by functions of other apps."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from unittest.mock import patch

import frappe

from outage_response import jobs
from outage_response.flows import reactions
from outage_response.flows.verb import events

from .. import world as build
from ..base import SiteTest

HEARD: list[str] = []


def hear(event) -> dict:
	"""A function of another app. What it answers changes no answer of ours."""
	HEARD.append(type(event).__name__)
	return {"incident": "another one"}


def refuse(event) -> None:
	"""One that fails."""
	frappe.throw("Another app cannot follow")


class Reactions(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Reactions Tower", floors=1)
		build.make_roster(world["property"], cls.now)
		return world

	@contextlib.contextmanager
	def following(self, *functions: Callable) -> Iterator[None]:
		"""With these functions in the hook, as if an installed app had them."""
		real = frappe.get_hooks

		def hooks(hook=None, *args, **kwargs):
			if hook == "outage_happened":
				return [f"{jobs.__name__}.{function.__name__}" for function in functions]
			return real(hook, *args, **kwargs)

		with contextlib.ExitStack() as patches:
			for function in functions:
				patches.enter_context(patch.object(jobs, function.__name__, function, create=True))
			patches.enter_context(patch.object(frappe, "get_hooks", hooks))
			yield

	def incidents(self) -> int:
		return frappe.db.count("Outage Incident", {"property": self.property})

	def test_every_event_has_who_follows(self):
		kinds = {
			kind
			for kind in vars(events).values()
			if dataclasses.is_dataclass(kind) and kind.__module__ == events.__name__
		}
		self.assertEqual(set(reactions.FOLLOWS), kinds)
		self.assertTrue(all(reactions.FOLLOWS.values()))

	def test_people_are_rung_whatever_the_hooks_say(self):
		"""A cache may hold the hooks of an older version."""
		with self.following():
			incident = self.declare(nodes=[self.room])
		self.assertTrue(frappe.db.count("Outage Page", {"incident": incident}))

	def test_another_app_follows_after_ours(self):
		HEARD.clear()
		with self.following(hear):
			incident = self.declare(nodes=[self.room])
		self.assertIn("StepsMayRing", HEARD)
		self.assertIn("Changed", HEARD)
		self.assertEqual(frappe.db.get_value("Outage Incident", incident, "property"), self.property)

	def test_what_another_app_raises_refuses_the_act(self):
		before = self.incidents()
		with self.following(refuse), self.refused("Another app cannot follow"):
			self.declare(nodes=[self.room])
		self.assertEqual(self.incidents(), before)
