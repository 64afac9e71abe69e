"""Notices to residents are issued: rows first, in the verb's own transaction; a job sends them (`deliveries`).

Never in a drill. One delivery for each contact and update, whatever runs twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import frappe
from frappe.model.document import Document
from frappe.utils import get_datetime

from outage_response import bulk, listing, settings
from outage_response.domain import notice_rules as rules
from outage_response.domain.plan_expansion import dedupe_key
from outage_response.domain.states import DeliveryState, NoticeKind, NoticeMode
from outage_response.integrations import messages

from ..facts import nested_outages
from ..verb.engine import Act
from . import audience
from .planned_windows import windows_of_the_day
from .wording import words


def issued(incident: str) -> dict[str, datetime]:
	"""kind -> when a notice of this kind was last issued."""
	rows = frappe.get_all(
		"Outage Notice", filters={"incident": incident}, fields=["kind", "issued_at"], order_by="issued_at asc"
	)
	return {row.kind: get_datetime(row.issued_at) for row in rows}


def issue(act: Act, kind: str, once: str = "", *, message: str = "", instead_of: datetime | None = None) -> int:
	"""Write one notice for each language, and one delivery for each contact who has none of this update yet.

	Answers how many people. The same `kind` and `once` again tells only those who are new.

	message     in place of the template's
	instead_of  when the notice was issued that this one replaces
	"""
	incident = act.incident
	if incident.is_drill:
		return 0
	mode = notice_mode(incident)
	rows = residents_for(act, kind)
	# a public notice of the end goes out when the last unit has supply; until then only messages do
	public = mode == NoticeMode.PUBLIC and (kind != NoticeKind.RESTORED or bool(incident.restored_at))
	groups = _by_loss(act, kind, rows) or {"": []}
	last = max(groups)
	return sum(
		_issue(
			act,
			kind,
			f"{once} {again}".strip(),
			people,
			mode,
			public=public and again == last,
			message=message,
			instead_of=instead_of,
		)
		for again, people in sorted(groups.items())
	)


def _issue(
	act: Act,
	kind: str,
	once: str,
	people: Sequence[rules.Recipient],
	mode: str,
	*,
	public: bool,
	message: str,
	instead_of: datetime | None,
) -> int:
	incident = act.incident
	keys = {person.contact: _key(incident, kind, once, person.contact) for person in people}
	known = set(
		listing.get_all("Notice Delivery", filters={"dedupe_key": ("in", list(keys.values()))}, pluck="dedupe_key")
	)
	people = [person for person in people if keys[person.contact] not in known]
	if kind == NoticeKind.FIRST_WORD:
		told = nested_outages.told_by_others(incident.name, kind, [person.contact for person in people])
		people = [person for person in people if person.contact not in told]
	languages = {person.language for person in people} | ({audience.site_language()} if public else set())
	if not languages:
		return 0
	notices = {
		language: _notice(act, kind, once, mode, language, *notice_words(act, kind, language, message, instead_of))
		for language in sorted(languages)
	}
	count = _deliver(act, kind, mode, notices, people, keys)
	if count or public:
		act.record("notice_issued", {"kind": kind, "mode": mode, "people": count})
		frappe.db.after_commit.add(ask_for_a_job)
	return count


def _key(incident: Document, kind: str, once: str, contact: str) -> str:
	return dedupe_key(incident.name, f"{kind} {once}".strip(), "Contact", contact)


def notice_mode(incident: Document) -> str:
	doc = frappe.get_cached_doc("Managed Property", incident.property)
	return rules.mode_of(doc.property_type, doc.get("notice_mode") or "")


def residents_for(act: Act, kind: str) -> list[dict]:
	"""Residents whom a notice of this kind is for: of a running outage those who are dark, of its end those who are not."""
	rows = audience.of_incident(act.incident, act.around)
	if kind in rules.ABOUT_THE_TIME:
		rows, _back = audience.out_of_supply(act.incident, act.around, rows)
	elif kind == NoticeKind.RESTORED:
		_out, rows = audience.out_of_supply(act.incident, act.around, rows)
	return rows


def _by_loss(act: Act, kind: str, rows: Sequence[dict]) -> dict[str, list[rules.Recipient]]:
	"""Word of the loss of each time -> whom it is for. That supply went, and that it is back, is said each time it happens
	to somebody: the first time the word is empty."""
	if kind not in (NoticeKind.FIRST_WORD, NoticeKind.RESTORED):
		return {"": audience.recipients(rows)}
	times = audience.times_out(act.incident, act.around, rows)
	groups: dict[str, list[rules.Recipient]] = defaultdict(list)
	for person in audience.recipients(rows):
		time = times[person.contact]
		groups[f"time {time}" if time > 1 else ""].append(person)
	return dict(groups)


def notice_words(
	act: Act, kind: str, language: str, message: str = "", instead_of: datetime | None = None
) -> tuple[str, str]:
	windows = windows_of_the_day(act.incident) if kind in (NoticeKind.PLANNED, NoticeKind.CANCELLED) else ()
	return words(act.incident, kind, language, act.around, windows, own=message, instead_of=instead_of)


def _notice(act: Act, kind: str, once: str, mode: str, language: str, subject: str, text: str) -> str:
	"""The notice of this update in one language: the one that is there, or a new one; its name.

	Who is told later than others, because more turned out to be dark, reads of that too.
	"""
	incident = act.incident
	key = dedupe_key(incident.name, f"{kind} {once}".strip(), mode, language)
	found = frappe.db.get_value("Outage Notice", {"dedupe_key": key}, ["name", "message"], as_dict=True)
	if found and rules.without_date(found.message) != rules.without_date(text):
		key = dedupe_key(incident.name, f"{kind} {once}".strip(), mode, f"{language} {rules.without_date(text)}")
		found = frappe.db.get_value("Outage Notice", {"dedupe_key": key}, ["name"], as_dict=True)
	if found:
		return found.name
	notice = {
		"incident": incident.name,
		"property": incident.property,
		"kind": kind,
		"mode": mode,
		"language": language,
		"issued_at": act.now,
		"subject": subject,
		"message": text,
		"dedupe_key": key,
	}
	return str(bulk.insert("Outage Notice", [notice], act.now)[0])


def _deliver(
	act: Act, kind: str, mode: str, notices: dict[str, str], people: Sequence[rules.Recipient], keys: dict[str, str]
) -> int:
	incident = act.incident
	rows = []
	for person, way in ways_to(people, mode):
		rows.append(
			{
				"notice": notices[person.language],
				"incident": incident.name,
				"property": incident.property,
				"kind": kind,
				"contact": person.contact,
				"unit": person.unit,
				"floor": person.floor,
				"channel": way.channel,
				"state": way.state,
				"phone_list": int(way.phone_list),
				"must_confirm": int(way.must_confirm),
				"priority": 1 if way.must_confirm else 3,
				"link_key": frappe.generate_hash(length=20),
				"dedupe_key": keys[person.contact],
			}
		)
	if rows:
		_supersede(incident.name, kind, [row["contact"] for row in rows], act.now)
		bulk.insert("Notice Delivery", rows, act.now)
	return len(rows)


def ways_to(people: Sequence[rules.Recipient], mode: str) -> list[tuple[rules.Recipient, rules.Way]]:
	"""How each person is told; those for whom the public notice is all are left out."""
	mail, sms = messages.mail_is_on(), messages.sms_is_on()
	beside_public = settings.read().message_communities
	found = [(person, rules.way_to(person, mode, mail=mail, sms=sms, beside_public=beside_public)) for person in people]
	return [(person, way) for person, way in found if way]


def _supersede(incident: str, kind: str, contacts: Sequence[str], now: datetime) -> None:
	"""What has not left yet says what is no longer so: one telephone call tells all of it."""
	if kind not in (*rules.ABOUT_THE_TIME, NoticeKind.RESTORED, NoticeKind.CANCELLED, NoticeKind.PLANNED):
		return
	table = frappe.qb.DocType("Notice Delivery")
	# whoever is told that supply went was told before, if at all, that it was back the last time
	end = (NoticeKind.RESTORED,) if kind == NoticeKind.FIRST_WORD else ()
	older = (
		(table.incident == incident)
		& table.kind.isin((*rules.ABOUT_THE_TIME, NoticeKind.PLANNED, *end))
		& table.contact.isin(list(contacts))
	)
	waiting = table.state.isin((DeliveryState.QUEUED, DeliveryState.NO_ADDRESS, DeliveryState.FAILED))
	unhanded = table.email_queue.isnull() | (table.email_queue == "")
	superseded = {"state": DeliveryState.SUPERSEDED, "phone_list": 0, "modified": now}
	bulk.change("Notice Delivery", older & waiting & unhanded, superseded)
	bulk.change("Notice Delivery", older & (table.phone_list == 1), {"phone_list": 0})


def ask_for_a_job() -> None:
	"""Send soon; when there is no queue, the minute's sweep does."""
	messages.ask_for_sending()
