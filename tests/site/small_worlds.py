"""Small worlds that tests of several rooms stand on: a tower at night, a community by day."""

from collections import Counter

import frappe
from frappe.utils import get_datetime

from outage_response.domain.plan_expansion import expand
from outage_response.flows.facts import plan_steps, power_and_assets, step_context
from outage_response.flows.tasks import tasks_on_record

from . import world as build
from .base import SiteTest


class TowerTest(SiteTest):
	"""A tower of two floors, at night, with its roster."""

	@classmethod
	def build_world(cls):
		world = build.make_tower("Small Tower", floors=2)
		build.make_roster(world["property"], cls.now)
		return world

	def planned(self) -> str:
		name = self.declare("III")
		self.clock.now = get_datetime(self.field("Outage Incident", name, "planned_start"))
		build.make_roster(self.property, self.clock.now)
		return name

	def status(self, name: str) -> str:
		return self.field("Outage Incident", name, "status")

	def wanted_keys(self, incident: str) -> Counter:
		"""What plan and context ask for, worked out anew."""
		doc = frappe.get_doc("Outage Incident", incident)
		context = step_context.context(doc, tasks_on_record.load(incident), power_and_assets.read(doc.property))
		return Counter(spec.key for spec in expand(plan_steps.steps_of_plan(doc.plan), context))

	def active_keys(self, incident: str) -> Counter:
		return Counter(row.key for row in tasks_on_record.load(incident) if row.status != "Cancelled")


class CommunityTest(SiteTest):
	"""By day, a community in which one person has a flat in each building."""

	now = build.NIGHT.replace(hour=10)

	@classmethod
	def build_world(cls):
		world = build.make_community("Callback Community", buildings=2, units_each=2)
		build.make_roster(world["property"], cls.now)
		# one person with a flat in each building, one flat with nobody
		world["landlord"] = world["contacts"][0]
		unit = frappe.get_doc("Property Unit", world["units"][2])
		unit.residents = []
		unit.append("residents", {"contact": world["landlord"], "is_primary": 1})
		unit.save()
		return world

	def callbacks(self, incident: str, **filters) -> list:
		return frappe.get_all("Outage Callback", {"incident": incident, **filters}, ["*"], order_by="contact")
