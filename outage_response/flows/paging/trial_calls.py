"""Tests before the night: everybody of the next shift is rung, and it shows who answered; one channel is tried by itself."""

from collections.abc import Sequence
from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_url, now_datetime, time_diff_in_seconds

from outage_response import bulk, permissions
from outage_response.domain.errors import RuleError
from outage_response.domain.escalation import Person
from outage_response.domain.plan_expansion import dedupe_key
from outage_response.domain.states import RungPerson
from outage_response.domain.who_gets_a_task import OnDuty
from outage_response.integrations import channels as drivers
from outage_response.integrations.channels.post import post_all

from ..facts.reachable_people import People
from ..site import same_site
from ..verb.refusals import translated
from . import enabled_channels, page_rows


def test_call(property: str, department: str | None = None) -> dict:
	"""Ring everybody of the next shift (within a day), else those on duty now, by every channel that reaches them.

	Answers {"test", "people", "unreachable"}: the Paging Test, how many were rung, names of those whom nothing reaches but
	the bell of an open screen.
	"""
	with translated():
		permissions.require_verb("test_call")
		_require_sound()
		permissions.require_property(property)
		now = now_datetime()
		people = People(property, now)
		shift = _require_shift(people, department)
		working = enabled_channels.working()
		wanted = enabled_channels.chosen((), working)
		test = frappe.get_doc(
			{
				"doctype": "Paging Test",
				"property": property,
				"department": department,
				"shift_at": now,
				"called_at": now,
				"called_by": frappe.session.user,
			}
		)
		test.flags.by_verb = test.flags.ignore_permissions = True
		test.insert()
		calls, unreachable = _calls(people, shift, wanted)
		rows = [
			_row(test, person, one.department, channel.name, now)
			for one, person, channels in calls
			for channel in channels
		]
		test.update({"people": len(calls), "unreachable": "\n".join(unreachable)})
		test.save()
		if rows:
			bulk.insert("Outage Page", rows, now)
			page_rows.ask_for_a_job()
		return {"test": test.name, "people": len(calls), "unreachable": unreachable}


def _require_shift(people: People, department: str | None) -> list[OnDuty]:
	"""The next shift, else those on duty now; of one department where it is named. Raises RuleError where nobody is."""
	shift = [one for some in people.next_shift.values() for one in some] or people.on_duty
	if department:
		shift = [one for one in shift if one.department == department]
	if not shift:
		raise RuleError(_("Nobody is on a shift here within a day: enter the roster first."))
	return shift


def _calls(
	people: People, shift: Sequence[OnDuty], wanted: list[Document]
) -> tuple[list[tuple[OnDuty, Person, list[Document]]], list[str]]:
	"""Who is rung by which channels, each person once; and the names of those whom nothing reaches that goes out."""
	calls: dict[str, tuple[OnDuty, Person, list[Document]]] = {}
	unreachable: dict[str, None] = {}
	for one in shift:
		person = people.person(one)
		reaching = enabled_channels.reaching(person, wanted) if person else []
		if not any(enabled_channels.goes_out(channel) for channel in reaching):
			unreachable[(person.name if person else "") or one.user or one.contact] = None
		if person and reaching:
			calls.setdefault(person.key, (one, person, reaching))
	return list(calls.values()), list(unreachable)


def _row(test, person: Person, department: str, channel: str, now: datetime) -> dict:
	return {
		"test": test.name,
		"priority": 3,
		"is_drill": 0,
		"dedupe_key": dedupe_key(test.name, person.key, channel, ""),
		**page_rows.addressed(test.property, department, RungPerson.NEXT_SHIFT, person, channel, now),
	}


def test_channel(channel: str, phone: str | None = None) -> dict:
	"""Send one message by one channel and see what the gateway says; `phone` for a channel that rings persons. It need not be
	enabled. For whoever sets channels up.

	Answers {"status", "error", "gateway_id"} as an Outage Page has them. Nothing is written down.
	"""
	with translated():
		doc = frappe.get_doc("Paging Channel", channel)
		doc.check_permission("write")
		_require_sound()
		if not drivers.goes_out(doc.kind):
			raise RuleError(_("Channel: bell and mail are tried by a test call of a shift."))
		if not drivers.driver(doc.kind).is_on(doc):
			raise RuleError(_("Channel: it has no address yet. Enter it first."))
		if not enabled_channels.is_group(doc) and not (phone or "").strip():
			raise RuleError(_("Phone: which number is to be rung? Enter one."))
		letter = drivers.Letter(
			key=frappe.generate_hash(length=10),
			text=_("TEST of the outage paging at {0}. No outage. Please answer that you hear us.").format(get_url()),
			link=get_url(),
			name=frappe.session.user,
			phone=(phone or "").strip(),
		)
		(outcome,) = post_all([drivers.driver(doc.kind).request(doc, letter)])
		return {"status": outcome.status, "error": outcome.error, "gateway_id": outcome.gateway_id}


def _require_sound() -> None:
	if same_site.is_muted():
		raise RuleError(
			_(
				"This site is silent, because it is another one than it was. Confirm first that it is the site: command centre."
			)
		)


def result(test: str) -> dict:
	"""Who answered: `people` (name, department, channels with their state, answered_after in seconds or None), `unreachable`.

	The caller has checked the right to read the test.
	"""
	doc = frappe.db.get_value("Paging Test", test, ["property", "called_at", "unreachable"], as_dict=True)
	rows = frappe.get_all(
		"Outage Page",
		filters={"test": test},
		fields=["person", "person_name", "department", "channel", "status", "answer", "answered_at", "error"],
		order_by="person_name asc, channel asc",
	)
	found: dict[str, dict] = {}
	for row in rows:
		one = found.setdefault(
			row.person,
			{"name": row.person_name, "department": row.department, "channels": [], "answered_after": None},
		)
		one["channels"].append({"channel": row.channel, "status": row.status, "error": row.error or ""})
		if row.answer:
			after = max(0, int(time_diff_in_seconds(row.answered_at, doc.called_at)))
			one["answered_after"] = min(after, one["answered_after"]) if one["answered_after"] is not None else after
	people = sorted(found.values(), key=lambda one: (one["answered_after"] is not None, one["name"]))
	return {
		"property": doc.property,
		"people": people,
		"answered": sum(one["answered_after"] is not None for one in people),
		"unreachable": [name for name in (doc.unreachable or "").split("\n") if name],
	}
