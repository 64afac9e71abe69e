"""Every string that a person reads has its line in translations/zh.csv."""

import ast
import csv
import json
import re
import unittest
from collections.abc import Iterator
from pathlib import Path

import frappe
from babel.messages.extract import extract_python
from frappe.translate import get_translations_from_apps

import outage_response
from outage_response.domain import entrapment_rules
from outage_response.flows.tasks import task_verbs
from outage_response.setup import board, custom_fields, seed

APP = Path(outage_response.__file__).resolve().parent
TRANSLATIONS = APP / "translations" / "zh.csv"


def translated() -> dict[str, str]:
	with TRANSLATIONS.open(encoding="utf-8", newline="") as file:
		return {row[0]: row[1] for row in csv.reader(file) if len(row) > 1}


def in_python() -> Iterator[tuple[str, str]]:
	"""(text, where) of each literal given to `_()`, or marked by `_lt()` in a table."""
	for path in sorted(APP.rglob("*.py")):
		if "tests" in path.relative_to(APP).parts:
			continue
		for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
			if (
				isinstance(node, ast.Call)
				and isinstance(node.func, ast.Name)
				and node.func.id in ("_", "_lt")
				and node.args
			):
				text = node.args[0]
				if isinstance(text, ast.Constant) and isinstance(text.value, str):
					yield text.value, f"{path.relative_to(APP)}:{node.lineno}"


# __("…") and _("…") of scripts, pages, print formats and e-mail templates; what the builder made is left out
IN_MARKUP = re.compile(r"""\b__?\(\s*(?P<quote>["'`])(?P<text>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)""", re.DOTALL)
MARKUP = (".js", ".html", ".vue")
MADE = ("dist", "node_modules")


def in_markup() -> Iterator[tuple[str, str]]:
	"""(text, where) of each literal given to `__()` in scripts, and to `_()` in templates."""
	for path in sorted(APP.rglob("*")):
		if path.suffix not in MARKUP or set(MADE) & set(path.relative_to(APP).parts):
			continue
		for found in IN_MARKUP.finditer(path.read_text(encoding="utf-8")):
			yield found["text"].replace('\\"', '"').replace("\\'", "'"), str(path.relative_to(APP))


def in_templates() -> Iterator[tuple[str, str]]:
	"""What the pages of residents say: each text given to `_()` in a template, and the words that flows give them."""
	from outage_response.flows.notices import wording
	from outage_response.flows.residents import page_templates, portal_verbs

	for path in sorted((APP / "templates").rglob("*.html")):
		for text in re.findall(r'_\("([^"]+)"\)', path.read_text(encoding="utf-8")):
			yield text, path.name
	for texts in (wording.PLAIN_CAUSES, page_templates.DONE):
		for text in texts.values():
			yield text, "pages"
	for text in filter(None, portal_verbs.PARTS):
		yield text, "pages"


def in_timeline() -> Iterator[tuple[str, str]]:
	from outage_response.flows.verb.timeline import TEXTS

	for kind, text in TEXTS.items():
		yield text, f"timeline {kind}"


def in_doctypes() -> Iterator[tuple[str, str]]:
	"""Names, labels, descriptions and options of our doctypes."""
	for path in sorted((APP / "outage_response" / "doctype").glob("*/*.json")):
		doc = json.loads(path.read_text(encoding="utf-8"))
		yield doc["name"], path.name
		for field in doc["fields"]:
			for key in ("label", "description"):
				if field.get(key):
					yield field[key], f"{path.name} {field.get('fieldname')} {key}"
			if field["fieldtype"] == "Select":
				for option in filter(None, (field.get("options") or "").split("\n")):
					yield option, f"{path.name} {field['fieldname']} option"


def in_desk() -> Iterator[tuple[str, str]]:
	"""Names and labels of the workspace, its cards, charts and links, of reports, pages and print formats, of the board."""
	yield board.NAME, "board"
	for kind in ("workspace", "number_card", "dashboard_chart", "report", "print_format", "page"):
		for path in sorted((APP / "outage_response" / kind).glob("*/*.json")):
			doc = json.loads(path.read_text(encoding="utf-8"))
			yield doc.get("label") or doc.get("title") or doc.get("chart_name") or doc["name"], path.name
			for table in ("shortcuts", "links"):
				for row in doc.get(table) or ():
					yield row["label"], f"{path.name} {table}"
			for block in json.loads(doc.get("content") or "[]") if kind == "workspace" else ():
				if block["type"] == "header":
					yield re.sub("<[^>]+>", "", block["data"]["text"]), f"{path.name} header"


class Translations(unittest.TestCase):
	def missing(self, found: Iterator[tuple[str, str]]) -> list[str]:
		known = translated()
		return sorted({f"{text!r} ({where})" for text, where in found if not known.get(text)})

	def test_every_string_of_the_code_has_its_line(self):
		self.assertEqual([], self.missing(in_python()))

	def test_every_string_of_scripts_and_templates_has_its_line(self):
		found = list(in_markup())
		self.assertGreater(len(found), 100, "the search finds nothing any more")
		self.assertEqual([], self.missing(found))

	def test_every_text_of_the_pages_has_its_line(self):
		self.assertEqual([], self.missing(in_templates()))

	def test_frappes_extractor_finds_what_stands_in_tables(self):
		"""It asks babel for these names of functions, from 15.55 on."""
		from outage_response.flows.notices import wording
		from outage_response.flows.residents import page_templates, portal_verbs

		found = set()
		for path in APP.rglob("*.py"):
			with path.open("rb") as file:
				for _line, _name, said, _comments in extract_python(file, ["_", "_lt"], (), {}):
					found.add(said[0] if isinstance(said, tuple) else said)
		tables = {*seed.DEPARTMENT_NAMES.values(), *entrapment_rules.CONDITIONS, *task_verbs.WAYS, board.NAME}
		tables |= {*wording.PLAIN_CAUSES.values(), *page_templates.DONE.values(), *filter(None, portal_verbs.PARTS)}
		self.assertEqual([], sorted((tables | {text for text, _where in in_timeline()}) - found))

	def test_every_sentence_of_the_timeline_has_its_line(self):
		self.assertEqual([], self.missing(in_timeline()))

	def test_every_word_of_our_doctypes_has_its_line(self):
		self.assertEqual([], self.missing(in_doctypes()))

	def test_every_name_in_the_desk_has_its_line(self):
		self.assertEqual([], self.missing(in_desk()))

	def test_a_translation_keeps_the_placeholders(self):
		for text, translation in translated().items():
			with self.subTest(text=text):
				self.assertEqual(
					sorted(re.findall(r"{\w*}", text)), sorted(re.findall(r"{\w*}", translation)), translation
				)

	def test_a_third_column_names_a_doctype(self):
		"""A comma that is not quoted would cut the sentence, and hold it for a context that nobody asks for."""
		with TRANSLATIONS.open(encoding="utf-8", newline="") as file:
			rows = [row for row in csv.reader(file) if len(row) > 2]
		known = {*frappe.get_all("DocType", pluck="name"), *custom_fields.CUSTOM_FIELDS}  # with the platforms' tickets
		self.assertEqual([], [row for row in rows if len(row) > 3 or row[2] not in known])

	def test_what_tickets_show_of_their_outage_is_in_words(self):
		"""Frappe asks for the options of a Select with its doctype, and may know the word with another meaning. *Closed* is a state of the
		platforms' own tickets too, and stays their word."""
		self.assertEqual(
			set(frappe.get_meta("Outage Incident").get_options("status").split("\n")), {*custom_fields.STATES}
		)
		with TRANSLATIONS.open(encoding="utf-8", newline="") as file:
			known = {(row[0], row[2]): row[1] for row in csv.reader(file) if len(row) > 2}
		for doctype in ("Issue", "HD Ticket"):
			for word in ({*custom_fields.STATES} - {"Closed"}) | {"I", "II", "III"}:
				self.assertTrue(known.get((word, doctype)), (word, doctype))
			self.assertNotIn(("Closed", doctype), known)

	def test_no_line_stands_twice(self):
		with TRANSLATIONS.open(encoding="utf-8", newline="") as file:
			rows = [row for row in csv.reader(file) if row]
		keys = [(row[0], row[2] if len(row) > 2 else "") for row in rows]
		self.assertEqual([], sorted({key for key in keys if keys.count(key) > 1}))

	def test_a_word_of_one_doctype_is_said_without_its_doctype_too(self):
		"""Frappe asks for the label of a field with its doctype in some versions of 15 only."""
		with TRANSLATIONS.open(encoding="utf-8", newline="") as file:
			rows = [row for row in csv.reader(file) if row]
		plain = {row[0] for row in rows if len(row) == 2} | set(get_translations_from_apps("zh", ["frappe"]))
		self.assertEqual([], sorted({row[0] for row in rows} - plain))
