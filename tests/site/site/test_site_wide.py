"""What holds for all properties is written by who answers for the site, and not in silence; what protects people is taken out of a
plan by two."""

import json

import frappe

from outage_response.api import looking, master_data
from outage_response.api import plans as api
from outage_response.flows.facts import plan_steps
from outage_response.flows.residents import who_depends_on_power
from outage_response.integrations.channels import http
from outage_response.integrations.channels.post import post
from outage_response.patches import inside_addresses, losses_of_plans, outage_administrators

from .. import world as build
from ..base import SiteTest, set_settings
from ..gateway import Gateway
from ..paging.channels import channel_letter, make_channel
from ..world import user

LEVEL = "II"


class SiteWide(SiteTest):
	@classmethod
	def build_world(cls):
		world = build.make_community("Wide Community", buildings=1, units_each=1)
		build.make_roster(world["property"], cls.now)
		for name in ("keeper", "second"):
			build.make_user(user(name), "Outage Administrator")
		build.make_user(user("admin"), "System Manager")
		build.make_user(user("free"), "Outage General Manager")
		return world

	def setUp(self):
		super().setUp()
		frappe.db.delete("Notification Log")

	def bells(self) -> dict[str, list[str]]:
		found: dict[str, list[str]] = {}
		for row in frappe.get_all("Notification Log", fields=["for_user", "subject"]):
			found.setdefault(row.for_user.partition("@")[0], []).append(row.subject)
		return found

	def versions(self, doctype: str, name: str) -> list:
		rows = frappe.get_all("Version", {"ref_doctype": doctype, "docname": name}, ["owner", "data"])
		return [(row.owner, json.loads(row.data)["changed"]) for row in rows]

	def save(self, who: str, doctype: str, name: str, **values):
		with self.as_user(who):
			doc = frappe.get_doc(doctype, name)
			doc.update(values)
			return doc.save(ignore_version=False)  # in a test Frappe keeps none by itself


class Switches(SiteWide):
	def test_a_manager_of_one_property_changes_nothing_for_all(self):
		template = frappe.get_all("Outage Notice Template", limit=1, pluck="name")[0]
		rule = frappe.get_all("Escalation Rule", limit=1, pluck="name")[0]
		for doctype, name, values in (
			("Outage Response Settings", "Outage Response Settings", {"ring_people": 0}),
			("Outage Plan", plan_steps.current_plan(LEVEL), {"steps": []}),
			("Outage Level", LEVEL, {"plan": None}),
			("Response Department", "engineering", {"role": "Outage Security"}),
			("Escalation Rule", rule, {"enabled": 0}),
			("Paging Channel", "Bell", {"enabled": 0}),
			("Outage Notice Template", template, {"message": "nothing"}),
		):
			for who in ("manager", "free", "service"):
				with self.subTest(doctype=doctype, who=who), self.assertRaises(frappe.PermissionError):
					self.save(who, doctype, name, **values)

	def test_what_is_theirs_they_write(self):
		for doctype, name in (("Managed Property", self.property), ("Power Node", self.room)):
			self.save("manager", doctype, name)
		with self.as_user("manager"):
			frappe.get_doc({"doctype": "Elevator Rescue Certificate", "user": user("guard1")}).insert()
			other = build.make_user(user("elsewhere"), "Outage Engineering")
			with self.refused("works for none of your properties", error=frappe.PermissionError):
				frappe.get_doc({"doctype": "Elevator Rescue Certificate", "user": other}).insert()
		with self.as_user("admin"):
			frappe.get_doc({"doctype": "Elevator Rescue Certificate", "user": other}).insert()
		with self.as_user("manager"), self.refused("works for none of your", error=frappe.PermissionError):
			frappe.delete_doc("Elevator Rescue Certificate", other)

	def test_a_switch_is_not_turned_off_in_silence(self):
		self.save("keeper", "Outage Response Settings", "Outage Response Settings", ring_people=0)
		told = self.bells()
		self.assertLessEqual({"operator", "manager", "keeper", "second"}, told.keys())
		self.assertNotIn("guard1", told)
		self.assertIn("Keeper has changed Outage Response Settings", told["manager"][0])
		self.assertIn("Ring until Somebody Answers: Yes → No", told["operator"][0])
		(owner, changed), *_older = self.versions("Outage Response Settings", "Outage Response Settings")
		self.assertEqual(owner, user("keeper"))
		self.assertIn(["ring_people", 1, 0], changed)
		for doctype, name, values, words in (
			(
				"Escalation Rule",
				frappe.get_all("Escalation Rule", limit=1, pluck="name")[0],
				{"enabled": 0},
				"Enabled: Yes → No",
			),
			("Paging Channel", "Bell", {"enabled": 0}, "Enabled: Yes → No"),
			("Response Department", "customer_service", {"phone": "0100"}, "Phone: – → 0100"),
		):
			frappe.db.delete("Notification Log")
			self.save("keeper", doctype, name, **values)
			self.assertIn(words, self.bells()["operator"][0])
			self.assertEqual(self.versions(doctype, name)[0][0], user("keeper"))
		frappe.db.delete("Notification Log")
		self.save("keeper", "Outage Response Settings", "Outage Response Settings", link_days=3)
		self.assertEqual(self.bells(), {})

	def test_forms_that_people_edit_keep_their_history(self):
		silent = [
			name
			for name in frappe.get_all("DocType", {"module": "Outage Response", "istable": 0}, pluck="name")
			if any(right.write for right in frappe.get_meta(name).permissions)
			and not frappe.get_meta(name).track_changes
		]
		self.assertEqual(silent, [])

	def test_roles_that_departments_are_offered(self):
		with self.as_user("keeper"), self.request():
			offered = {row[0] for row in master_data.get_roles_of_departments(page_len=500)}
		self.assertLessEqual({"Outage Engineering", "Outage Security"}, offered)
		self.assertFalse(
			offered & {"System Manager", "Outage Administrator", "Outage Department", "Website Manager", "All"}
		)
		with self.refused("brings rights of its own"):
			self.save("admin", "Response Department", "security_reserve", is_external=0, role="System Manager")

	def test_nobody_forges_a_look_at_residents_data(self):
		for who in ("guard1", "resident", "admin"):
			with self.as_user(who):
				for method in who_depends_on_power.LOOKS:
					with self.assertRaises(frappe.PermissionError):
						looking.make_access_log(doctype="Contact", method=f" {method.upper()}")
		with self.as_user("guard1"):
			for about in ({"doctype": "Care Need"}, {"doctype": "Property Unit", "document": self.units[0]}):
				with self.assertRaises(frappe.PermissionError):
					looking.make_access_log(**about, method="Print")
			looking.make_access_log(doctype="Outage Task", method="Print", file_type="PDF")
		self.assertEqual(frappe.get_all("Access Log", {"user": user("guard1")}, pluck="export_from"), ["Outage Task"])

	def test_an_update_leaves_the_settings_with_those_who_were_bound_to_none(self):
		outage_administrators.execute()
		roles = {who: set(frappe.get_roles(user(who))) for who in ("free", "manager", "operator")}
		self.assertIn("Outage Administrator", roles["free"])
		self.assertNotIn("Outage Administrator", roles["manager"] | roles["operator"])
		(said,) = self.bells()["admin"]
		self.assertRegex(said, "bound to no property: .*Free")
		self.assertRegex(said, "no longer write them: .*Manager")
		self.save("free", "Outage Response Settings", "Outage Response Settings", link_days=3)


class TwoPeople(SiteWide):
	"""A plan loses a step of life safety."""

	def setUp(self):
		super().setUp()
		self.plan = plan_steps.current_plan(LEVEL)
		named = {
			key
			for step in plan_steps.steps_of_plan(self.plan)
			for key in (*step.after, *(a for o in step.outcomes.values() for a in o.adds))
		}
		self.gone = next(
			step
			for step in plan_steps.steps_of_plan(self.plan)
			if step.life_safety and step.key not in named and not step.outcomes.get("trapped")
		)

	def without(self, who: str, plan: str) -> frappe.model.document.Document:
		with self.as_user(who):
			doc = frappe.get_doc("Outage Plan", plan)
			doc.steps = [row for row in doc.steps if row.step_key != self.gone.key]
			doc.outcomes = [row for row in doc.outcomes if row.step != self.gone.key]
			return doc.save()

	def put(self, who: str, plan: str) -> dict:
		with self.as_user(who), self.request():
			return api.put_plan_in_force(plan=plan)

	def newest(self) -> str:
		return frappe.get_all("Outage Plan", {"level": LEVEL}, pluck="name", order_by="version desc")[0]

	def test_it_waits_for_the_second_and_each_declaration_says_it(self):
		self.without("keeper", self.plan)
		new = self.newest()
		self.assertNotEqual(new, self.plan)
		self.assertEqual(plan_steps.current_plan(LEVEL), self.plan)
		self.assertIn(self.gone.key, {step.key for step in plan_steps.steps_of_plan(self.plan)})
		self.assertNotIn(
			"leaves out", " ".join(self.do("operator", "declare", self.property, [self.room], LEVEL)["warnings"])
		)
		with self.refused("A second person", error=frappe.PermissionError):
			self.put("keeper", new)
		with self.as_user("second"), self.request():  # is read before it is decided
			said = api.get_plan_losses(plan=new)
		self.assertEqual(said, {"leaves_out": [self.gone.title], "second_person": True})
		with self.refused("A second person"):
			self.save("second", "Outage Level", LEVEL, plan=new)
		with self.refused("keeps its plan"):
			self.save("second", "Outage Level", LEVEL, plan=None)
		with self.as_user("keeper"):  # nor by saying that somebody else wrote it
			doc = frappe.get_doc("Outage Plan", new)
			doc.update({"written_by": user("second"), "confirmed_by": user("second"), "leaves_out": "[]"})
			doc.save()
		with self.refused("A second person", error=frappe.PermissionError):
			self.put("keeper", new)
		with self.assertRaises(frappe.PermissionError):
			self.put("manager", new)
		self.assertEqual(self.put("second", new), {"plan": new, "leaves_out": [self.gone.title]})
		self.assertEqual(plan_steps.current_plan(LEVEL), new)
		row = frappe.db.get_value("Outage Plan", new, ["enabled", "written_by", "confirmed_by"])
		self.assertEqual(row, (1, user("keeper"), user("second")))
		self.assertIn(f"Plan: {self.plan} → {new}", self.bells()["operator"][-1])
		build.make_property("Wide Two", "Residential Community", 1)
		node = build.make_node("Wide Two", "Room", "Distribution Room")
		build.make_people("Wide Two")
		answer = self.do("operator", "declare", "Wide Two", [node], LEVEL)
		self.assertIn(f"the plan {new} leaves out", " ".join(answer["warnings"]))
		self.assertIn(self.gone.title, " ".join(answer["warnings"]))

	def test_what_adds_is_one_persons_and_ends_the_warning(self):
		self.without("keeper", self.plan)
		weak = self.newest()
		self.put("second", weak)
		self.put("keeper", self.plan)
		self.assertEqual((plan_steps.current_plan(LEVEL), plan_steps.left_out(self.plan)), (self.plan, []))

	def test_what_was_lost_before_the_update_is_said_from_then_on(self):
		self.without("keeper", self.plan)
		new = self.newest()
		frappe.db.set_value("Outage Level", LEVEL, "plan", new)
		losses_of_plans.execute()
		self.assertEqual([loss["key"] for loss in plan_steps.left_out(new)], [self.gone.key])


class Addresses(SiteWide):
	"""Channels that would ask the machine itself, its network, a metadata service."""

	def tearDown(self):
		frappe.clear_document_cache("Outage Response Settings", "Outage Response Settings")
		super().tearDown()

	def test_only_what_is_written_down_and_never_metadata(self):
		gateway = Gateway()
		self.addCleanup(gateway.close)
		for url, why in (
			("http://169.254.169.254/latest", "never asked"),
			("http://[::ffff:a9fe:a9fe]/", "never asked"),
			(gateway.url, "in the house"),
			("http://10.1.2.3/", "in the house"),
			("http://localhost:1/", "in the house"),
		):
			with self.subTest(url=url), self.refused(why):
				make_channel("Test Inside", url=url)
		gateway.allow()
		channel = make_channel("Test Inside", url=gateway.url)
		self.assertEqual(post(http.request(channel, channel_letter())).status, "Accepted")
		gateway.mood = "redirects"
		self.assertEqual(post(http.request(channel, channel_letter())).status, "Failed")
		self.assertEqual(len(gateway.asked), 2)
		# stored before, or a name that means another machine now: looked at when it is sent
		self.save("keeper", "Outage Response Settings", "Outage Response Settings", inside_addresses="")
		outcome = post(http.request(channel, channel_letter()))
		self.assertEqual((outcome.status, len(gateway.asked)), ("Failed", 2))
		self.assertIn("in the house", outcome.error)
		with self.refused("Addresses in the House"):
			self.save("keeper", "Outage Response Settings", "Outage Response Settings", inside_addresses="http://x")

	def test_the_list_is_read_by_administrators_only(self):
		right = {"permlevel": 1, "parent": "Outage Response Settings", "read": 1}
		self.assertEqual(
			set(frappe.get_all("DocPerm", right, pluck="role")), {"System Manager", "Outage Administrator"}
		)

	def test_an_update_writes_down_what_is_in_use(self):
		frappe.db.delete("Paging Channel", {"kind": ("in", ("HTTP", "SMS"))})
		set_settings(inside_addresses="")
		for name, url in (
			("Test Here", "http://127.0.0.1:8099/call"),
			("Test Keys", "http://169.254.169.254/keys"),
			("Test Out", "http://93.184.216.34/call"),
		):
			channel = make_channel(name, url="http://93.184.216.34/")
			frappe.db.set_value("Paging Channel", channel.name, "url", url)
		channel = make_channel("Test Loop", url="http://93.184.216.34/")
		frappe.db.set_value("Paging Channel", channel.name, "body", "{% for one in range(9) %}x{% endfor %}")
		frappe.clear_cache(doctype="Paging Channel")
		frappe.db.delete("Notification Log")
		inside_addresses.execute()
		self.assertEqual(frappe.db.get_single_value("Outage Response Settings", "inside_addresses"), "127.0.0.1:8099")
		(said,) = self.bells()["keeper"]
		for word in ("127.0.0.1:8099", "Test Keys", "Test Loop"):
			self.assertIn(word, said)
		self.assertNotIn("Test Out", said)

	def test_templates_without_end_are_refused(self):
		for body in (
			"{{ range(999999999) | list }}",
			"{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
			"{{ 'x' * 999999999 }}",
			"{{ 9 ** 9 ** 9 }}",
			"{{ '%999999999d' % 1 }}",
			"{{ 'x'.ljust(999999999) }}",
			"{{ 'x' | center(999999999) }}",
			"{% set a = text ~ text %}{{ a }}",
			"{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
			"{{ lipsum(n=9999) }}",
			"{{ text" + " | replace('e', 'eeeeeeeeee')" * 12 + " }}",
			"{{ text" + ".replace('e', 'eeeeeeeeee')" * 12 + " }}",
		):
			with self.subTest(body=body[:40]), self.refused("a template cannot be filled in"):
				make_channel("Test Endless", url="http://93.184.216.34/", body=body)
		words = (
			"{{ (text[:20] ~ '!') | upper | replace('A', 'B') | tojson }}{% if urgent %}{{ name.strip() }}{% endif %}"
		)
		make_channel("Test Words", url="http://93.184.216.34/", body=words)
