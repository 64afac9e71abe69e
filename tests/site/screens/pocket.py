"""A guard with a phone, and the pictures that it takes."""

import io
from unittest.mock import patch

import frappe
from PIL import Image
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from outage_response.api import phone as api

from .. import world as build
from ..base import SiteTest


def jpeg() -> bytes:
	"""A small real picture."""
	content = io.BytesIO()
	Image.new("RGB", (40, 30), "navy").save(content, "JPEG")
	return content.getvalue()


JPEG = jpeg()


class PhoneTest(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_tower("Phone Tower")
		build.make_roster(world["property"], cls.now)
		frappe.db.set_value("Managed Property", world["property"], "supplier_hotline", "95598")
		frappe.db.set_value("Response Department", "control_room", "phone", "0100")
		return world

	def setUp(self):
		super().setUp()
		self.incident = self.declare()

	def read(self, who: str, **arguments) -> dict:
		with self.as_user(who):
			return api.get_my_tasks(**arguments)

	def shown(self, who: str, step_key: str) -> dict:
		"""A task on somebody's phone."""
		names = {row.name for row in self.tasks(self.incident, step_key=step_key)}
		return next(task for task in self.read(who)["tasks"] if task["name"] in names)

	def send_photo(self, who: str, task: str, request_id: str = "request-1-photo", content: bytes = JPEG) -> dict:
		"""As a form with a file."""
		asked = Request(EnvironBuilder(method="POST", data={"file": (io.BytesIO(content), "photo.jpg")}).get_environ())
		with patch.object(frappe.local, "request", asked, create=True), self.as_user(who), self.request():
			return api.add_photo(task, request_id)
