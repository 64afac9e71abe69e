"""What Frappe shows for us beside lists and forms, by everybody: reports, Desk pages, prints, number cards, attachments, www.

Each is found by the test itself; one without a row fails.
"""

import json
from pathlib import Path

import frappe
from frappe.website.path_resolver import PathResolver
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

import outage_response

from .doctypes import DOCTYPES, MODULE, our_doctypes
from .people import PEOPLE, STAFF, AccessTest

OFFICE = frozenset({"operator", "manager", "admin"})
EVERY_ROLE = STAFF | {"admin"}
# what holds only the rows that the reader may see opens for people of another property too
ELSEWHERE = frozenset({"foreigner", "everywhere"})
REPORTS = {
	"Outages by Month": EVERY_ROLE | ELSEWHERE,
	"Response Times": OFFICE | ELSEWHERE,
	"Roster Gaps": OFFICE | ELSEWHERE,
}
DESK_PAGES = dict.fromkeys(("outage-call-sheet", "outage-command-centre", "outage-run-card"), EVERY_ROLE | ELSEWHERE)
# Of PEOPLE, one of each kind: where what is asked is another's rule, which test_endpoints.py and test_doctypes.py ask of everybody
EACH_KIND = ("Guest", "resident", "guard1", "service", "operator", "foreigner")
# print format -> the doctype whose readers may print it
PRINTS = {
	"Outage Incident Report": "Outage Report",
	"Outage Notice Poster": "Outage Notice",
	"Outage Run Card": "Managed Property",
	"Planned Outage Notice": "Outage Incident",
}
# number card -> whose readers it counts for; those with a method of ours are endpoints and have their row there
CARDS = {
	"Callbacks to Make": "Outage Callback",
	"Proposals to Judge": "Outage Proposal",
	"Running Outages": "Outage Incident",
}
# page under www -> who is shown it
WWW = {"my-outage-tasks": STAFF | ELSEWHERE}


def reads(doctype: str) -> frozenset:
	"""Who may read the sample of a doctype."""
	found = {who for who, letters in DOCTYPES[doctype].items() if "R" in letters}
	return frozenset(found | ({"everywhere"} if "operator" in found else set()))


class Screens(AccessTest):
	def ours(self, doctype: str, **filters) -> list[str]:
		return frappe.get_all(doctype, filters={"module": MODULE, **filters}, pluck="name", order_by="name")

	def assert_table(self, table: dict, asked, people: tuple[str, ...] = PEOPLE) -> None:
		"""`asked(name, who)` is answered by exactly those of the table."""
		wrong = []
		for name, allowed in table.items():
			for who in people:
				if (may := asked(name, who)) is not (who in allowed):
					wrong.append(f"{name}: {who} {'may' if may else 'may not'}")
		self.assertFalse(wrong)

	def test_reports(self):
		self.assertEqual(self.ours("Report"), sorted(REPORTS))
		self.assert_table(
			REPORTS,
			lambda name, who: self.may(who, "frappe.desk.query_report.run", report_name=name, filters="{}"),
		)

	def test_desk_pages(self):
		self.assertEqual(self.ours("Page"), sorted(DESK_PAGES))

		def opens(name: str, who: str) -> bool:
			frappe.local.response = frappe._dict(docs=[])  # the page is answered there
			return self.may(who, "frappe.desk.desk_page.getpage", "GET", name=name)

		self.assert_table(DESK_PAGES, opens)

	def test_print_formats(self):
		self.assertEqual(self.ours("Print Format"), sorted(PRINTS))
		self.assert_table(
			{name: reads(doctype) for name, doctype in PRINTS.items()},
			lambda name, who: self.may(
				who,
				"frappe.www.printview.get_html_and_style",
				"GET",
				doc=PRINTS[name],
				name=self.samples[PRINTS[name]],
				print_format=name,
			),
			EACH_KIND,
		)

	def test_number_cards(self):
		cards = self.ours("Number Card", type="Document Type")
		self.assertEqual(cards, sorted(CARDS))
		docs = {name: frappe.get_doc("Number Card", name).as_json() for name in cards}

		def counts(name: str, who: str) -> bool:
			try:
				command = "frappe.desk.doctype.number_card.number_card.get_result"
				return bool(self.ask(who, command, doc=docs[name], filters=json.dumps([])))
			except frappe.PermissionError:
				return False

		self.assert_table({name: reads(doctype) for name, doctype in CARDS.items()}, counts)
		for name in self.ours("Number Card", type="Custom"):
			self.assertTrue(frappe.db.get_value("Number Card", name, "method").startswith("outage_response.api."), name)

	def test_attachments_follow_what_they_hang_on(self):
		for doctype in our_doctypes(istable=0):
			file = frappe.get_doc(
				{
					"doctype": "File",
					"file_name": "photo.txt",
					"file_url": "/private/files/photo.txt",
					"is_private": 1,
					"attached_to_doctype": doctype,
					"attached_to_name": self.samples[doctype],
				}
			)
			file.db_insert()
			doc = frappe.get_doc(doctype, self.samples[doctype])
			for who in EACH_KIND:
				frappe.set_user(self.person(who))
				try:
					may = bool(file.is_downloadable())
				finally:
					frappe.set_user("Administrator")
				wanted = frappe.has_permission(doctype, "read", doc=doc, user=self.person(who))
				self.assertIs(may, wanted, f"{doctype}: {who}")

	def test_pages_under_www(self):
		folder = Path(outage_response.__file__).parent / "www"
		found = {path.stem for path in folder.rglob("*") if path.suffix in (".html", ".md", ".xml", ".txt")}
		found |= {path.stem.replace("_", "-") for path in folder.rglob("*.py") if path.stem != "__init__"}
		self.assertEqual(sorted(found), sorted(WWW))

		def shown(path: str, who: str) -> bool:
			frappe.set_user(self.person(who))
			frappe.local.request = Request(EnvironBuilder(path=f"/{path}").get_environ())
			try:
				with self.request():
					return PathResolver(path).resolve()[1].render().status_code == 200
			except (frappe.Redirect, frappe.PermissionError):
				return False
			finally:
				frappe.set_user("Administrator")
				frappe.local.request, frappe.local.response = None, frappe._dict()
				frappe.local.flags.redirect_location = None
				frappe.clear_messages()

		self.assert_table(WWW, shown, (*EACH_KIND, "admin"))
