"""What everybody sees of us through Frappe's own doors: every function of the framework that a client may call, by everybody for
whom our rows are not.

Two questions are asked of each answer. A marker stands in every text of our rows, one for each doctype: does it come out? And with
those rows deleted, is the answer the same? Else it told something by a number, an order or an error.

`make matrix` asks every function about every doctype; `make test` asks every function about one doctype of each kind of permission,
and the functions that most screens use about all.
"""

import copy
import inspect
import json
import os
import re
import sys
from unittest.mock import patch

import frappe
from frappe.automation.doctype.auto_repeat import auto_repeat
from werkzeug.wrappers import Response

from ..base import as_in_use, forget_caches
from .framework_calls import CALLS, OF_EVERY_DOCTYPE
from .framework_functions import NONE_OF_OURS, READS, WRITES, whitelisted
from .framework_rows import DENIED, ELSEWHERE, OUTSIDE, RowsOfOurs
from .people import AccessTest

# One of each kind of permission: nobody's, verb-owned and everybody's of the staff, of some roles, edited, of a parent, the company's,
# the administrator's, settings; and what Frappe keeps that tells of us
KINDS = (
	"Care Need",
	"Outage Task",
	"Trouble Call",
	"Property Unit",
	"Unit Resident",
	"Outage Plan",
	"Paging Channel",
	"Outage Response Settings",
	"Contact",
)
FULL = bool(os.environ.get("OUTAGE_FULL_MATRIX"))
# Answers otherwise where there is no document of that name, and says nothing else of it
TELL_OF_A_NAME = {
	"client.get_doc_permissions",
	"client.has_permission",
	"client.validate_link",
	"contacts.doctype.contact.contact.address_query",
	"desk.form.linked_with.get",
	"realtime.can_subscribe_doc",
	"share.get_users",
	"utils.print_format.download_multi_pdf",
}
# what is another one in each answer: a time taken, the name of a job, of an error
PASSING = re.compile(r'"execution_time": [0-9.]+|"task_id": "[^"]+"|.__frappe_exc_id.: .[0-9a-f]+.')
FAILED = re.compile(r"\w+(Error|Exception): ")
# what the site of the tests has nothing for: an import's file, places on a map, a workflow, a web form, a printer's raw format;
# one that looks in the wrong folder, and one that 15 cannot answer itself
NOT_HERE = {
	# from 16 on it takes the record that says what repeats, and asks whether its reader may read the document
	*(
		["automation.doctype.auto_repeat.auto_repeat.generate_message_preview"]
		if "name" in inspect.signature(auto_repeat.generate_message_preview).parameters
		else []
	),
	"core.doctype.data_import.data_import.download_errored_template",
	"core.doctype.data_import.data_import.download_import_log",
	"desk.reportview.get_filter_dashboard_data",
	"geo.utils.get_coords",
	"model.workflow.can_cancel_document",
	"model.workflow.get_common_transition_actions",
	"model.workflow.get_transitions",
	"utils.file_manager.download_file",
	"utils.weasyprint.download_pdf",
	"website.doctype.web_form.web_form.get_form_data",
	"website.doctype.web_form.web_form.get_link_options",
	"www.printview.get_rendered_raw_commands",
}
# Frappe's older name for one; before 15 its own hook comes first. Who calls it must know the names of files, which are random
PAST = {"frappe.core.doctype.file.file.zip_files"}
MARK = re.compile(r"Zq(\d\d)Q")


class Doors(RowsOfOurs):
	def all_calls(self, targets, everywhere):
		"""(function, arguments, doctype), each once."""
		found = {}
		for target in targets:
			for name, calls in CALLS.items():
				if f"frappe.{name}" not in self.known:
					continue
				if not everywhere and target.doctype not in KINDS:
					calls = OF_EVERY_DOCTYPE.get(name, ())
				for call in calls:
					found.setdefault((name, json.dumps(call(target), sort_keys=True)), target.doctype)
		return [(name, json.loads(arguments), doctype) for (name, arguments), doctype in found.items()]

	def answer(self, name: str, arguments: dict) -> str | None:
		"""What a request gives back, as text; None: denied. What it says on refusing counts, too: `said`."""
		frappe.local.response = frappe._dict(docs=[])
		frappe.local.form_dict = frappe._dict(copy.deepcopy(arguments), cmd=f"frappe.{name}")
		frappe.local.message_log = []
		self.printed = []
		frappe.db.savepoint("asked")
		try:
			result = frappe.handler.execute_cmd(f"frappe.{name}")
			if name == "desk.listview.get_group_by_count":
				result.sort(key=str)  # those of equal count come in any order
			if isinstance(result, Response):
				result = result.get_data(as_text=True)
			text = self.said = f"{frappe.as_json(result)} {frappe.as_json(frappe.local.response)} {self.printed}"
		except DENIED as error:
			text, self.said = None, f"{error} {frappe.local.message_log}"
		except Exception as error:
			text = self.said = (
				f"{type(error).__name__}: {error} {frappe.as_json(frappe.local.response)} {frappe.local.message_log}"
			)
		frappe.db.rollback(save_point="asked")
		return text and PASSING.sub("", text)

	def as_it_is(self, html: str, options: object = None, output: object = None) -> object:
		"""In place of a PDF, in which no marker would be found."""
		self.printed.append(html)
		return output or b""

	def ask_all(self, asked) -> dict:
		"""(person, call) -> what each is answered, for all that come of `asked`; what shows a marker goes into `wrong`."""
		found = {}
		for who, calls in asked:
			self.be(who)
			for call in calls:
				name, arguments, _doctype = self.calls[call]
				found[who, call] = self.answer(name, arguments)
				for one in {self.marked[int(number)] for number in MARK.findall(self.said)}:
					if not self.visible(one, who):
						self.note(f"{name} shows {one}", who, call, self.said)
		frappe.set_user("Administrator")
		return found

	def remove(self, doctypes) -> None:
		"""Take away what is about the property, or all where nothing says so."""
		for doctype in doctypes:
			table = frappe.qb.DocType(doctype)
			if frappe.get_meta(doctype).issingle:
				frappe.db.delete("Singles", {"doctype": doctype})
				continue
			condition = self.rows(doctype, self.world)
			query = frappe.qb.from_(table).delete()
			(query if condition is None else query.where(condition)).run()
		forget_caches()

	def test_nobody_reads_what_is_not_theirs(self):
		self.known = {f"frappe.{name}" for name in whitelisted()}
		self.calls = self.all_calls([self.target(doctype) for doctype in self.marked], FULL)
		self.wrong: dict[str, tuple[dict, str]] = {}
		everything = range(len(self.calls))
		with (
			patch.object(frappe.local.db, "commit", lambda: None),
			patch("frappe.utils.pdf.get_pdf", self.as_it_is),
			# what is printed by a job (from 15 on) is what `download_multi_pdf` prints at once
			patch.object(frappe, "enqueue", lambda *_method, **_arguments: None),
			as_in_use(),  # there, some of Frappe's checks are left out
		):
			before = self.ask_all((who, everything) for who in (*ELSEWHERE, *OUTSIDE))
			# who was refused learned nothing
			again = {who: [call for call in everything if before[who, call] is not None] for who, _call in before}
			of_property = [one for one in self.marked if self.rows(one, self.world) is not None or one in self.kept]
			self.remove(sorted(of_property, key=lambda one: not frappe.get_meta(one).istable))
			after = self.ask_all((who, again[who]) for who in ELSEWHERE)
			self.remove([one for one in self.marked if one not in of_property])
			after |= self.ask_all((who, again[who]) for who in OUTSIDE)
		for (who, call), answered in after.items():
			name, _arguments, doctype = self.calls[call]
			if name in TELL_OF_A_NAME:
				continue  # what it shows was looked at
			if answered != before[who, call] and not self.visible(doctype, who):
				self.note(f"{name} tells of {doctype}", who, call, f"{before[who, call]} / without: {answered}")
		print(
			f"{len({name for name, _arguments, _doctype in self.calls})} functions, {len(ELSEWHERE) + len(OUTSIDE)} people,"
			f" {len({doctype for _name, _arguments, doctype in self.calls})} doctypes: {len(before)} requests,"
			f" {len(after)} again without the rows"
		)
		if self.wrong:
			self.fail("\n".join([f"{what}: {' '.join(whom)}: {seen}" for what, (whom, seen) in self.wrong.items()]))

	def test_the_calls_lead_somewhere(self):
		"""Else the test above would pass on a typing error: each is answered to somebody who may ask it."""
		self.known = {f"frappe.{name}" for name in whitelisted()}
		self.calls = self.all_calls([self.target(doctype) for doctype in KINDS], False)
		self.wrong = {}
		self.be("Administrator")
		failed: dict[str, str] = {}
		answered = set()
		with patch.object(frappe.local.db, "commit", lambda: None), patch("frappe.utils.pdf.get_pdf", self.as_it_is):
			for name, arguments, _doctype in self.calls:
				if name not in answered:
					text = self.answer(name, arguments)
					if text is not None and not FAILED.match(text):
						answered.add(name)
					failed[name] = self.said[:160]
		left = {name: said for name, said in failed.items() if name not in answered}
		self.assertEqual(set(left) - NOT_HERE, set(), left)

	def note(self, what: str, who: str, call: int, seen: str) -> None:
		"""One line for all people, with one of the answers."""
		_name, arguments, _doctype = self.calls[call]
		self.wrong.setdefault(what, ({}, f"{arguments} {' '.join(seen.split())[:400]}"))[0][who] = None


class Registry(AccessTest):
	"""Layer one."""

	build_world = classmethod(lambda cls: {})

	def test_every_function_has_been_looked_at(self):
		known = READS | WRITES | NONE_OF_OURS
		self.assertEqual(len(known), len(READS) + len(WRITES) + len(NONE_OF_OURS), "one stands in two lists")
		self.assertFalse(sorted(whitelisted() - known), "new in this Frappe: look what each does, then name it")

	def test_every_reading_function_has_a_call(self):
		self.assertEqual(sorted(CALLS), sorted(READS))

	@staticmethod
	def here(path: str) -> object | None:
		"""What this Frappe has at the path."""
		module, _dot, name = path.rpartition(".")
		try:
			return getattr(frappe.get_module(module), name, None)
		except ImportError:
			return None

	def test_what_is_replaced_has_no_other_name(self):
		"""Frappe replaces a function by its path, so another path to it would lead past."""
		replaced = frappe.get_hooks("override_whitelisted_methods")
		mine = {path for path, to in replaced.items() if to[-1].startswith("outage_response.")} - PAST
		# at the same path another version may have a module, which no client calls
		known = {id(here) for path in mine if callable(here := self.here(path))}
		self.assertEqual({path for path, to in replaced.items() if to[0] in mine} - PAST, set())
		others = [
			f"{module.__name__}.{name}"
			for module in list(sys.modules.values())
			if getattr(module, "__name__", "").startswith("frappe")
			for name, value in list(vars(module).items())
			if id(value) in known and f"{module.__name__}.{name}" not in replaced
		]
		self.assertEqual(others, [])
