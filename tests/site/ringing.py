"""For tests that ring: one channel works, a gateway of the test's own, and the test is scheduler and worker."""

from typing import ClassVar
from unittest.mock import patch

import frappe
import yaml
from frappe.utils import now_datetime

from outage_response import jobs
from outage_response.api import staff
from outage_response.flows.paging import page_rows
from outage_response.integrations import messages
from outage_response.setup import seed

from .base import Clock
from .gateway import Gateway
from .live import LiveTest, stand_still
from .world import make_roster, make_tower, user

CHANNEL = "Test Gateway"
BODY = (
	'{"to": {{ phone | tojson }}, "text": {{ text | tojson }}, "key": {{ key | tojson }}, "link": {{ link | tojson }}}'
)
PHONES = {"operator": "13900000001", "engineer": "13900000002", "electrician": "13900000003", "manager": "13900000009"}


class RingingTest(LiveTest):
	"""One channel rings: a gateway of the test's own. The site's scheduler and workers stay out of it."""

	settings: ClassVar[dict] = {}

	@classmethod
	def build_world(cls):
		world = make_tower(cls.property_name, floors=2)
		make_roster(cls.property_name)
		return world

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		stand_still(cls.addClassCleanup)
		enabled = channels_of_the_site()
		table = frappe.qb.DocType("Paging Channel")
		frappe.qb.update(table).set(table.enabled, 0).where(table.name.isin(enabled)).run()
		cls.addClassCleanup(cls._channels_back, enabled)
		for name, number in PHONES.items():
			frappe.db.set_value("User", user(name), "mobile_no", number)
		frappe.db.commit()
		frappe.clear_cache()

	@classmethod
	def _channels_back(cls, enabled):
		frappe.db.rollback()
		table = frappe.qb.DocType("Paging Channel")
		frappe.qb.update(table).set(table.enabled, 1).where(table.name.isin(enabled)).run()
		frappe.db.delete("Paging Channel", {"name": CHANNEL})
		frappe.db.set_single_value("Outage Response Settings", "inside_addresses", None)
		frappe.db.commit()
		frappe.clear_cache()

	def setUp(self):
		super().setUp()
		for module, asks in ((page_rows, "_enqueue"), (messages, "ask_for_sending")):  # no worker: the test sends
			quiet = patch.object(module, asks, lambda: None)
			quiet.start()
			self.addCleanup(quiet.stop)
		self.gateway = Gateway()
		self.addCleanup(self.gateway.close)
		self.gateway.allow(commit=True)
		frappe.db.delete("Paging Channel", {"name": CHANNEL})
		self.channel = frappe.get_doc(
			{
				"doctype": "Paging Channel",
				"channel_name": CHANNEL,
				"kind": "HTTP",
				"enabled": 1,
				"language": "en",  # whatever this site speaks
				"url": self.gateway.url,
				"headers": '{"Content-Type": "application/json", "Idempotency-Key": "{{ key }}"}',
				"body": BODY,
				"accepted_field": "code",
				"accepted_value": "0",
				"id_field": "id",
				"timeout_seconds": 1,
				"inbound_signature": "HMAC-SHA256",
				"inbound_secret": "sesame",
				**self.settings,
			}
		).insert()
		frappe.db.commit()
		self.clock = Clock(now_datetime())
		self.clock.start()
		self.addCleanup(self.clock.stop)
		self.addCleanup(frappe.set_user, "Administrator")

	# ---------------------------------------------------------------- doing

	def declare(self, **arguments) -> str:
		frappe.set_user(user("operator"))
		answer = staff.declare(self.property, [self.room], **arguments)
		frappe.db.commit()
		frappe.set_user("Administrator")
		return answer["incident"]

	def verb(self, who: str, name: str, **arguments) -> dict:
		frappe.set_user(user(who))
		try:
			answer = getattr(staff, name)(**arguments)
			frappe.db.commit()
			return answer
		finally:
			frappe.set_user("Administrator")

	def minute(self, minutes: float = 1) -> None:
		"""Time passes, and the scheduler comes round."""
		self.clock.move(minutes)
		jobs.ring()
		frappe.set_user("Administrator")

	def send(self) -> None:
		jobs.send_pages()

	def pages(self, incident: str, **filters) -> list:
		return self.rows("Outage Page", ["*"], incident=incident, **filters)

	def page_of(self, incident: str, who: str):
		rows = [row for row in self.pages(incident) if row.user == user(who)]
		return max(rows, key=lambda row: row.creation)

	def status(self, task: str) -> str:
		frappe.db.rollback()
		return frappe.db.get_value("Outage Task", task, "status")

	def settle_all_but(self, incident: str, step: str) -> str:
		"""One step rings, the others are quiet. Its name."""
		table = frappe.qb.DocType("Outage Task")
		frappe.qb.update(table).set(table.ring_at, None).set(table.status, "Done").where(
			table.incident == incident
		).where(table.step_key != step).run()
		frappe.db.commit()
		return self.rows("Outage Task", incident=incident, step_key=step)[0].name


def channels_of_the_site() -> list[str]:
	"""Names of the channels that ring when no test runs. Where none does, a run was killed: those that ring on a new site."""
	enabled = frappe.get_all("Paging Channel", {"enabled": 1, "name": ("!=", CHANNEL)}, pluck="name")
	shipped = yaml.safe_load(seed.PAGING.read_text(encoding="utf-8"))["channels"]
	return enabled or [row["channel_name"] for row in shipped if row.get("enabled")]
