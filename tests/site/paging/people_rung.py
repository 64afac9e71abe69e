"""A tower with people on duty who are rung."""

import frappe

from ..base import SiteTest
from ..world import make_roster, make_tower


class PagingTest(SiteTest):
	@classmethod
	def build_world(cls):
		world = make_tower("Paging Tower")
		make_roster(world["property"], cls.now, service=False)
		return world

	def pages(self, incident, **filters):
		return frappe.get_all("Outage Page", {"incident": incident, **filters}, ["*"], order_by="creation, name")
