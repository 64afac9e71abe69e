"""What stands of a resident in Frappe's own tables and in files, beside our records of them: found, and erased.

Bells, mails, versions, deleted documents, error logs, comments and imported files hold copies of what somebody wrote or is
reached at. They are found by what they are about, and by the texts themselves where they are kept as plain text.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import frappe
from frappe.query_builder.functions import Locate
from frappe.utils.xlsxutils import read_xlsx_file_from_attached_file
from pypika.terms import Criterion, Field

from outage_response import bulk, error_log, listing, permissions
from outage_response.domain.states import CallbackOutcome
from outage_response.integrations import desk_for, installed, messages

from ..trouble import ticket_deletion

# Shorter words are everybody's, and stand in many others: letters, Chinese. Of a longer text its beginning finds it.
SHORTEST, SHORTEST_NAME, LONGEST = (8, 4), (6, 3), 80
OUTCOMES = (CallbackOutcome.NO_ANSWER, CallbackOutcome.STILL_OUT)
# Deleted records of the platforms, in which callbacks were kept
OF_CALLBACKS = ("Communication", "CRM Call Log", "FCRM Note", "Call Log", "HD Ticket Comment", "Comment", "Email Queue")


@dataclass(frozen=True)
class Person:
	"""Whose traces: `texts` is what they wrote and are reached at; the rest names our records about them."""

	contact: str
	addresses: tuple[str, ...]
	texts: tuple[str, ...]
	homes: tuple[str, ...]
	kept: Mapping[str, Sequence[str]]
	tickets: tuple[tuple[str, str], ...]


def of(contact: str, homes: Iterable[str], kept: Mapping[str, Sequence[str]]) -> Person:
	"""Read before anything is erased. `kept`: doctype -> names of our rows about the contact."""
	person = frappe.get_doc("Contact", contact)
	addresses = [row.email_id for row in person.get("email_ids") or ()]
	numbers = [row.phone for row in person.get("phone_nos") or ()]
	own = [contact, person.get("full_name"), *addresses, *numbers, person.mobile_no, person.phone, person.email_id]
	calls = _rows("Trouble Call", kept, ("words", "phone", "ticket_type", "ticket"))
	return Person(
		contact=contact,
		addresses=tuple(one for one in {*addresses, person.email_id} if one),
		texts=tuple(
			{line for text in own if (line := _telling(text, SHORTEST_NAME))}
			| {line for text in _said(kept, calls) if (line := _telling(text, SHORTEST))}
		),
		homes=tuple(homes),
		kept=kept,
		tickets=tuple({(row.ticket_type, str(row.ticket)) for row in calls if row.ticket}),
	)


def _said(kept: Mapping[str, Sequence[str]], calls: Sequence[frappe._dict]) -> list[str | None]:
	"""What stands in our rows in their words, and the numbers that they called from."""
	callbacks = _rows("Outage Callback", kept, ("phone", "outcome"))
	return [
		*(row.words for row in calls),
		*(row.phone for row in (*calls, *callbacks)),
		*(row.outcome for row in callbacks if row.outcome),
		*(row.what for row in _rows("Care Need", kept, ("what",))),
		*(row.note for row in _rows("Notice Delivery", kept, ("note",))),
		*listing.get_all("Outage Callback Attempt", {"parent": ("in", kept["Outage Callback"])}, pluck="note"),
	]


def _rows(doctype: str, kept: Mapping[str, Sequence[str]], fields: Sequence[str]) -> list:
	return listing.get_all(doctype, {"name": ("in", kept[doctype])}, fields=list(fields))


def _telling(text: str | None, shortest: tuple[int, int]) -> str:
	"""The beginning of the first line that is long enough to be one person's, and no word of ours (an outcome); else ""."""
	lines = (line.strip()[:LONGEST] for line in (text or "").splitlines())
	return next((line for line in lines if len(line) >= shortest[not line.isascii()] and line not in OUTCOMES), "")


def erase(person: Person) -> None:
	"""Everything but our own records, which the caller erases, and the contact itself with its tickets: those are the platform's."""
	_bells(person)
	_mails(person)
	_answers_on_tickets(person)
	_pages(person)
	_steps_at_home(person)
	_comments(person)
	_versions_and_deleted(person)
	_errors(person)
	_looks(person)
	_imports(person)


# ---------------------------------------------------------------- finding texts


def _ways(text: str) -> set[str]:
	"""How a text stands in a column: plain, in HTML, and in JSON."""
	html = frappe.utils.escape_html(text)
	return {text, html, json.dumps(text)[1:-1], json.dumps(html)[1:-1]}


def _holds(person: Person, *fields: Field, by_name: bool = False) -> Criterion:
	"""Does one of the fields hold one of the person's texts? `by_name`: or the contact, whole, as JSON gives it."""
	ways = {way for text in person.texts for way in _ways(text)} | (_whole(person.contact) if by_name else set())
	if not ways:
		return listing.NEVER  # somebody of whom nothing but a short name is known
	return Criterion.any([Locate(way, field) > 0 for way in sorted(ways) for field in fields])


def _whole(name: str) -> set[str]:
	return {f'"{name}"', json.dumps(name)}


def _names(doctype: str, *criteria: Criterion) -> list:
	table = frappe.qb.DocType(doctype)
	return frappe.qb.from_(table).select(table.name).where(Criterion.all(criteria)).run(pluck=True)


def _delete(doctype: str, names: Sequence) -> None:
	if names:
		table = frappe.qb.DocType(doctype)
		frappe.qb.from_(table).delete().where(table.name.isin(list(names))).run()
		frappe.db.delete("__global_search", {"doctype": doctype, "name": ("in", [str(name) for name in names])})


def _ours() -> list[str]:
	return frappe.get_all("DocType", filters={"module": permissions.MODULE}, pluck="name")


# ---------------------------------------------------------------- where


def _bells(person: Person) -> None:
	"""Bells about their calls; and of an outage or a ticket those that repeat their words."""
	table, calls = frappe.qb.DocType("Notification Log"), person.kept["Trouble Call"]
	about = table.document_type.isin([*_ours(), *{doctype for doctype, _name in person.tickets}])
	said = _names("Notification Log", about, _holds(person, table.subject, table.email_content))
	theirs = _names(
		"Notification Log", table.document_type == "Trouble Call", listing.one_of(table.document_name, calls)
	)
	_delete("Notification Log", [*said, *theirs])


def _mails(person: Person) -> None:
	"""What we wrote to them, and what of it still stands in Frappe's queue: found by what it is about and by its address, since
	a mail is coded."""
	queue, to = frappe.qb.DocType("Email Queue"), frappe.qb.DocType("Email Queue Recipient")
	deliveries, ours = person.kept["Notice Delivery"], _ours()
	about = (queue.reference_doctype == messages.REFERENCE) & listing.one_of(queue.reference_name, deliveries)
	for doctype, name in person.tickets:
		about |= (
			(queue.reference_doctype == doctype) & (queue.reference_name == name) & (queue.send_after == messages.HELD)
		)
	names = set(_names("Email Queue", about))
	if person.addresses:
		query = frappe.qb.from_(queue).join(to).on(to.parent == queue.name).select(queue.name)
		query = query.where(queue.reference_doctype.isin(ours))
		names |= set(query.where(to.recipient.isin(list(person.addresses))).run(pluck=True))
	if names:
		frappe.db.delete("Email Queue Recipient", {"parent": ("in", list(names))})
		_delete("Email Queue", list(names))


def _answers_on_tickets(person: Person) -> None:
	"""What the app answered and noted on their tickets; the conversation itself is the helpdesk's."""
	for doctype, name in person.tickets:
		said = frappe.get_all("Outage Ticket Reply", {"ticket_type": doctype, "ticket": name}, ["name", "message"])
		texts = [frappe.utils.escape_html(row.message) for row in said if row.message]
		answers = listing.get_all(
			"Communication",
			{
				"reference_doctype": doctype,
				"reference_name": name,
				"sent_or_received": "Sent",
				"content": ("in", texts),
			},
			pluck="name",
		)
		if answers:
			frappe.db.delete("Communication Link", {"parent": ("in", answers)})
		_delete("Communication", answers)
		_delete("Outage Ticket Reply", [row.name for row in said])
		if desk_for(doctype) and installed(doctype):
			ticket_deletion.delete_notes(doctype, name)


def _pages(person: Person) -> None:
	"""Pages that rang them, and what those said that rang others for their home."""
	page, row, task = (frappe.qb.DocType(name) for name in ("Outage Page", "Outage Page Task", "Outage Task"))
	gone = {
		"contact": None,
		"person": "",
		"person_name": "",
		"phone": "",
		"phone_key": None,
		"gateway_id": None,
		"message": "",
		"error": "",
	}
	bulk.change("Outage Page", page.contact == person.contact, gone)
	at_home = (
		frappe.qb.from_(row)
		.join(task)
		.on(task.name == row.task)
		.select(row.parent)
		.distinct()
		.where(task.subject_type == "Property Unit")
		.where(listing.one_of(task.subject, person.homes))
	).run(pluck=True)
	said = _names("Outage Page", _holds(person, page.message, page.error))
	bulk.update("Outage Page", [*at_home, *said], {"message": "", "error": ""})


def _steps_at_home(person: Person) -> None:
	"""What somebody wrote or photographed who was sent to their home; that they went, and when, stays."""
	task = frappe.qb.DocType("Outage Task")
	names = _names("Outage Task", task.subject_type == "Property Unit", listing.one_of(task.subject, person.homes))
	bulk.update("Outage Task", names, {"evidence": "", "reason": "", "photo": None})
	check = frappe.qb.DocType("Outage Task Check")
	bulk.change("Outage Task Check", listing.one_of(check.parent, names), {"note": ""})
	for file in listing.get_all(
		"File", {"attached_to_doctype": "Outage Task", "attached_to_name": ("in", names)}, pluck="name"
	):
		frappe.delete_doc("File", file, force=True, ignore_permissions=True, delete_permanently=True)


def _comments(person: Person) -> None:
	"""What the staff wrote of them on a record of ours; a record keeps a copy of its comments."""
	table = frappe.qb.DocType("Comment")
	holds = _holds(person, table.content, table.subject)
	found = (
		frappe.qb.from_(table)
		.select(table.name, table.reference_doctype, table.reference_name)
		.where(table.reference_doctype.isin(_ours()) & holds)
	).run(as_dict=True)
	names = [row.name for row in found]
	for doctype, record in {(row.reference_doctype, row.reference_name) for row in found}:
		copies = frappe.parse_json(frappe.db.get_value(doctype, record, "_comments") or "[]")
		left = [one for one in copies if one.get("name") not in names]
		bulk.update(doctype, [record], {"_comments": frappe.as_json(left, indent=None)})
	_delete("Comment", names)


def _versions_and_deleted(person: Person) -> None:
	"""Former states of our records, and records of ours and of callbacks that somebody deleted."""
	version, deleted, ours = frappe.qb.DocType("Version"), frappe.qb.DocType("Deleted Document"), _ours()
	before = _holds(person, version.data, by_name=True)
	_delete("Version", _names("Version", version.ref_doctype.isin(ours), before))
	of_ours = deleted.deleted_doctype.isin(ours) & _holds(person, deleted.data, by_name=True)
	of_callbacks = deleted.deleted_doctype.isin(OF_CALLBACKS) & _holds(person, deleted.data)
	_delete("Deleted Document", _names("Deleted Document", of_ours | of_callbacks))


def _errors(person: Person) -> None:
	"""An error of ours keeps what was being done; one that waits for Frappe's scheduler to be written, too."""
	table = frappe.qb.DocType("Error Log")
	ours = (Locate("outage", table.error) > 0) | (Locate("outage", table.method) > 0)
	_delete("Error Log", _names("Error Log", ours, _holds(person, table.error, table.method)))
	error_log.drop({way for text in person.texts for way in _ways(text)})


def _looks(person: Person) -> None:
	"""That somebody looked stays in the Access Log; the printed list itself, and what they searched by, does not."""
	table = frappe.qb.DocType("Access Log")
	names = _names("Access Log", _holds(person, table.page, table.filters, by_name=True))
	bulk.update("Access Log", names, {"page": "", "filters": ""})


def _imports(person: Person) -> None:
	"""Files from which our records were imported, and what Data Import logged of them: the records are on the site, the file
	is a second copy of everybody in it."""
	done = listing.get_all("Data Import", {"reference_doctype": ("in", _ours())}, fields=["name", "import_file"])
	log = frappe.qb.DocType("Data Import Log")
	logged = listing.one_of(log.data_import, [row.name for row in done])
	_delete("Data Import Log", _names("Data Import Log", logged, _holds(person, log.messages, log.exception)))
	for row in listing.get_all(
		"File",
		{"attached_to_doctype": "Data Import", "attached_to_name": ("in", [one.name for one in done])},
		fields=["name", "attached_to_name"],
	):
		if _stands_in(person, frappe.get_doc("File", row.name)):
			frappe.delete_doc("File", row.name, force=True, ignore_permissions=True, delete_permanently=True)
			bulk.update("Data Import", [row.attached_to_name], {"import_file": None, "template_warnings": None})


def _stands_in(person: Person, file) -> bool:
	"""Is the person in an imported file? One that cannot be read is taken for one that names them."""
	try:
		content = file.get_content()
	except OSError:
		return False  # it is not there any more
	try:
		if file.file_name.endswith(".xlsx"):
			rows = read_xlsx_file_from_attached_file(fcontent=content)
			text = "\n".join(str(cell) for row in rows for cell in row if cell is not None)
		else:
			text = content if isinstance(content, str) else content.decode("utf-8", errors="replace")
	except Exception:
		return True
	return any(one in text for one in (person.contact, *person.texts))
