"""Who may what, asked from outside: REST and methods through Frappe's web application."""

import concurrent.futures
import json
import time

import frappe
from frappe.utils.password import set_encrypted_password

from outage_response.flows.residents import who_depends_on_power

from .. import world as build
from ..live import LiveTest, end_processes
from ..world import user
from .people import OUTSIDE, PEOPLE, SECRET, make_strangers

tearDownModule = end_processes


class OverHttp(LiveTest):
	"""The same from outside, through Frappe's web application: REST and methods, each person with a token."""

	@classmethod
	def build_world(cls) -> dict:
		world = super().build_world()
		make_strangers(cls.property_name, cls.property_name)
		frappe.db.delete("User Permission", {"user": user("foreigner")})
		build.permit(user("foreigner"), build.make_property(f"{cls.property_name} B"))
		for who in PEOPLE[1:]:
			frappe.db.set_value("User", user(who), "api_key", f"key-{who}")
			set_encrypted_password("User", user(who), f"secret-{who}", "api_secret")
		return world

	def web(self, who: str, method: str, path: str, **data) -> tuple[int, dict]:
		"""One request in a thread of its own, since Frappe ends its connection with each."""
		site = frappe.local.site

		def request():
			from frappe.app import application
			from werkzeug.test import Client

			headers = {"X-Frappe-Site-Name": site, "Accept": "application/json"}
			if who != "Guest":
				headers["Authorization"] = f"token key-{who}:secret-{who}"
			body = {"query_string": data} if method == "GET" else {"json": data}
			response = Client(application).open(path, method=method, headers=headers, base_url=f"http://{site}", **body)
			text = response.get_data(as_text=True)
			try:
				return response.status_code, json.loads(text)
			except ValueError:
				return response.status_code, {"text": text}

		for _attempt in range(10):
			with concurrent.futures.ThreadPoolExecutor(1) as thread:
				status, answer = thread.submit(request).result()
			# Deleting does not wait for a row that the site's own minute clock holds just now
			if answer.get("exc_type") != "QueryTimeoutError":
				break
			time.sleep(0.5)
		return status, answer

	def test_a_verb_is_posted(self):
		name = self.declare()
		method = "/api/method/outage_response.api.staff.set_etr"
		wanted = {"incident": name, "etr": "2099-01-01 06:00:00"}
		for verb in ("GET", "PUT", "DELETE"):
			self.assertEqual(self.web("operator", verb, method, **wanted)[0], 403, verb)
		for who in ("Guest", "resident", "guard1", "foreigner", "admin"):
			self.assertIn(self.web(who, "POST", method, **wanted)[0], (401, 403), who)
		frappe.db.rollback()
		self.assertIsNone(frappe.db.get_value("Outage Incident", name, "etr"))
		status, answer = self.web("operator", "POST", method, **wanted)
		self.assertEqual((status, answer["message"]["etr"]), (200, "2099-01-01 06:00:00"))
		self.assertEqual(self.web("operator", "GET", method.replace("set_etr", "get_timeline"), incident=name)[0], 200)

	def test_rest_reads_and_does_not_write(self):
		name = self.declare()
		of = f"/api/resource/Outage Incident/{name}"
		for who, status in {"Guest": 403, "resident": 403, "foreigner": 403, "guard1": 200, "admin": 200}.items():
			self.assertEqual(self.web(who, "GET", of)[0], status, who)
		for who in PEOPLE:
			self.assertIn(self.web(who, "PUT", of, status="Closed")[0], (401, 403), who)
			self.assertIn(self.web(who, "DELETE", of)[0], (401, 403), who)
		frappe.db.rollback()
		self.assertEqual(frappe.db.get_value("Outage Incident", name, "status"), "Reported")

	def test_lists_over_rest(self):
		name = self.declare()
		for who in PEOPLE:
			status, answer = self.web(who, "GET", "/api/resource/Outage Incident", limit_page_length="0")
			if who in (*OUTSIDE, "keeper"):  # who answers for the site sees no outages by it
				self.assertIn(status, (401, 403), who)
				continue
			self.assertEqual(status, 200, who)
			self.assertIs(name in [row["name"] for row in answer["data"]], who != "foreigner", who)

	def test_an_incident_over_rest_is_declared(self):
		"""Whatever road it comes in by, it has the tasks of its level."""
		new = {"property": self.property, "level": "II", "affected_nodes": [{"power_node": self.room}]}
		for who in (*OUTSIDE, "foreigner"):
			self.assertIn(self.web(who, "POST", "/api/resource/Outage Incident", **new)[0], (401, 403), who)
		self.assertEqual(self.incidents(), [])
		status, answer = self.web("guard1", "POST", "/api/resource/Outage Incident", **new)
		self.assertEqual(status, 200, answer)
		self.assertEqual(self.incidents(), [answer["data"]["name"]])
		self.assert_whole(answer["data"]["name"])

	def test_care_needs_over_rest(self):
		frappe.set_user("Administrator")
		who_depends_on_power.set_care_need(self.units[0], self.contacts[0], SECRET, 30)
		frappe.db.commit()
		(name,) = frappe.get_all("Care Need", {"property": self.property}, pluck="name")
		for who in PEOPLE:
			for path in ("/api/resource/Care Need", f"/api/resource/Care Need/{name}"):
				status, answer = self.web(who, "GET", path)
				self.assertIn(status, (401, 403), f"{who} {path}")
				self.assertNotIn(SECRET, json.dumps(answer))
