"""Everything that a workspace, and the desktop of Frappe 16, leads to is there for whom it is shown to."""

import json

import frappe
from frappe.utils import cint

from .shipped import APP, HAS_DESKTOP, PEOPLE, DeskTest, leads_to, shipped


class Workspaces(DeskTest):
	def test_what_it_shows_is_what_it_has(self):
		for record in shipped("Workspace"):
			has = {
				"card": [row["label"] for row in record["links"] if row["type"] == "Card Break"],
				"shortcut": [row["label"] for row in record["shortcuts"]],
				"chart": [row["chart_name"] for row in record["charts"]],
				"number_card": [row["number_card_name"] for row in record["number_cards"]],
			}
			blocks = json.loads(record["content"])
			self.assertLessEqual({block["type"] for block in blocks}, {*has, "spacer", "header"})
			for kind, names in has.items():
				with self.about(record["name"], kind):
					shown = [block["data"][f"{kind}_name"] for block in blocks if block["type"] == kind]
					self.assertEqual(sorted(shown), sorted(names))
			cards = [row for row in record["links"] if row["type"] == "Card Break"]
			self.assertEqual(sum(row["link_count"] for row in cards), len(record["links"]) - len(cards))

	def test_everything_it_leads_to_is_there(self):
		for record in shipped("Workspace"):
			for kind, name in leads_to(record):
				with self.about(record["name"], name):
					self.assertTrue(frappe.db.exists(kind, name))
			for row in record["shortcuts"]:
				with self.about(record["name"], row["label"]):
					self.assertTrue(self.has_view(row))

	def has_view(self, shortcut: dict) -> bool:
		"""Can what the shortcut leads to be shown as it says?"""
		view, doctype = shortcut.get("doc_view"), shortcut["link_to"]
		if view == "Kanban":
			board = frappe.db.get_value("Kanban Board", shortcut["kanban_board"], "reference_doctype")
			return board == doctype
		if view in ("Calendar", "Tree"):
			self.ask("operator", "frappe.desk.form.load.getdoctype", doctype=doctype)
			(meta,) = [doc for doc in json.loads(frappe.as_json(frappe.local.response.docs)) if doc["name"] == doctype]
			return bool(meta[f"__{view.lower()}_js"])
		return view in (None, "", "List")

	def test_everybody_whom_it_is_for_opens_what_it_shows_them(self):
		for record in shipped("Workspace"):
			seen = set()
			for role in self.roles(record):
				who = PEOPLE[role]
				with self.about(record["name"], role):
					page = self.page(who, record["name"])
					links = [(row["link_type"], row["link_to"]) for card in page["cards"] for row in card["links"]]
					links += [(row["type"], row["link_to"]) for row in page["shortcuts"]]
					self.assertTrue(links)
					seen |= {*links, *(("Dashboard Chart", row["chart_name"]) for row in page["charts"])}
					seen |= {("Number Card", row["number_card_name"]) for row in page["number_cards"]}
				for kind, name in sorted(set(links)):
					with self.about(record["name"], role, name):
						self.open(who, kind, name)
			self.assertEqual(set(leads_to(record)) - seen, set(), "shown to nobody whom the workspace is for")


class Desktop(DeskTest):
	"""The sidebar and the icon of Frappe 16: what they name is there in every version, and is seen where there is a desktop."""

	def test_everything_a_sidebar_leads_to_is_there(self):
		for record in shipped("Workspace Sidebar"):
			links = [row for row in record["items"] if row["type"] == "Link"]
			self.assertTrue(links)
			for row in links:
				with self.about(record["name"], row["label"]):
					self.assertTrue(frappe.db.exists(row["link_type"], row["link_to"]))

	def test_an_icon_leads_to_a_page_and_has_a_picture(self):
		for record in shipped("Desktop Icon"):
			with self.about(record["name"]):
				route = record["link"].removeprefix("/desk/")
				self.assertTrue(frappe.db.exists("Page", route), record["link"])
				picture = record["logo_url"].removeprefix("/assets/outage_response/")
				self.assertTrue((APP / "public" / picture).is_file(), record["logo_url"])

	def test_a_workspace_has_its_sidebar(self):
		"""And nothing that the one has is missing in the other."""
		for record in shipped("Workspace"):
			(sidebar,) = [one for one in shipped("Workspace Sidebar") if one["title"] == record["title"]]
			theirs = {(row.get("link_type"), row.get("link_to")) for row in sidebar["items"]}
			ours = {(kind, name) for kind, name in leads_to(record) if kind in ("DocType", "Page", "Report")}
			self.assertEqual(ours - theirs, set())

	def test_everybody_sees_the_icon_and_opens_what_the_sidebar_shows_them(self):
		if not HAS_DESKTOP:
			self.assertFalse(frappe.db.exists("DocType", "Workspace Sidebar Item"))
			return
		seen = set()
		for role, who in PEOPLE.items():
			boot = self.boot(who)
			with self.about(role):
				icons = {icon["name"] for icon in boot.desktop_icons if not cint(icon["hidden"])}
				if role != "System Manager":
					self.assertLessEqual({one["name"] for one in shipped("Desktop Icon")}, icons)
			for record in shipped("Workspace Sidebar"):
				items = boot.workspace_sidebar_item[record["title"].lower()]["items"]
				links = {(row["link_type"], row["link_to"]) for row in items if row["type"] == "Link"}
				seen |= {(record["name"], *link) for link in links}
				for kind, name in sorted(links):
					with self.about(record["name"], role, name):
						self.open(who, kind, name)
		every = {
			(record["name"], row["link_type"], row["link_to"])
			for record in shipped("Workspace Sidebar")
			for row in record["items"]
			if row["type"] == "Link"
		}
		self.assertEqual(every - seen, set(), "shown to nobody")

	def boot(self, who: str) -> frappe._dict:
		"""What the page Desk is sent with, made anew."""
		from frappe.boot import get_bootinfo

		with self.as_user(who), self.browser("GET", "/desk"):
			return get_bootinfo()
