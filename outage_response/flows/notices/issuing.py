"""Notices to residents: rows first, in the verb's own transaction; a job sends them (flows/notices/deliveries.py).

Never in a drill. One delivery for each contact and update, whatever runs twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import bulk, listing, permissions
from outage_response.domain import notice_rules as rules
from outage_response.domain.errors import RuleError
from outage_response.domain.lifecycle import LIVE, OPEN, RUNNING
from outage_response.domain.plan_expansion import dedupe_key
from outage_response.integrations import messages

from ..facts import nested_outages, outage_levels, plan_steps
from ..facts.outage_in_words import expected_back
from ..tasks import completion, photos, tasks_on_record
from ..verb.changes import touch
from ..verb.engine import Act, incident_verb
from ..verb.locking import lock_incident
from ..verb.refusals import translated
from . import audience
from .wording import words


def numbers() -> rules.Numbers:
	"""The numbers of Settings."""
	settings = frappe.get_cached_doc("Outage Response Settings")
	default = rules.Numbers()

	def number(field: str) -> int:
		value = settings.get(field)
		return getattr(default, field) if value in (None, "") else int(value)

	return rules.Numbers(**{field: number(field) for field in rules.Numbers.__dataclass_fields__})


def by_themselves() -> bool:
	"""Do notices go out without anybody asking?"""
	value = frappe.get_cached_doc("Outage Response Settings").get("automatic_notices")
	return value is None or bool(int(value))


# ---------------------------------------------------------------- on the verbs


def on_declared(act: Act) -> None:
	"""Planned work is announced with its declaration; too late for its deadline is said."""
	incident = act.incident
	if incident.status != "Scheduled" or incident.is_drill:
		return
	start = get_datetime(incident.planned_start)
	steps = plan_steps.steps_of_plan(incident.plan)
	if days := rules.announced_too_late(steps, incident.planned_by, start, act.now):
		act.warn("announced_late", {"days": days})
	if by_themselves():
		_announce(act)


def _announce(act: Act) -> None:
	"""A notice of its own, or, where other work on the same day makes the same homes dark, one that names both times."""
	incident = act.incident
	if not incident.announced_with:
		issue(act, rules.PLANNED)
		return
	first = lock_incident(incident.announced_with)  # the property is locked: nobody else declares there
	other = Act("send_notice", act.at, act.now, incident=first)
	rows = frappe.get_all("Outage Notice", {"incident": first.name, "kind": rules.PLANNED}, ["*"], order_by="issued_at")
	if not rows:
		issue(act, rules.PLANNED)
		return
	if _have_left(rows):
		issue(other, rules.PLANNED, f"again {act.now}", instead_of=rows[-1].issued_at)
	else:
		for row in rows:
			subject, text = _words(other, rules.PLANNED, row.language)
			bulk.update("Outage Notice", [row.name], {"subject": subject, "message": text, "modified": act.now})
	act.record("notice_shared", {"incident": first.name})
	touch(first)


def _have_left(notices: Sequence[frappe._dict]) -> bool:
	"""Does anybody know of these notices by now?"""
	if any(row.posted_at for row in notices):
		return True
	names = ("in", [row.name for row in notices])
	known = {"notice": names, "state": ("in", (rules.SENDING, rules.SENT, rules.SEEN))}
	return bool(
		frappe.db.exists("Notice Delivery", known)
		or frappe.db.exists("Notice Delivery", {"notice": names, "email_queue": ("is", "set")})
	)


def windows_of_the_day(incident: Document) -> list[Document]:
	"""Planned work that has not begun and makes the same nodes dark on the same day, by its start; the incident is among it as
	long as it is itself still planned."""
	if not incident.planned_start:
		return []
	table, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	day = get_datetime(incident.planned_start).replace(hour=0, minute=0, second=0, microsecond=0)
	rows = (
		frappe.qb.from_(table)
		.join(node)
		.on(node.parent == table.name)
		.select(table.name, table.planned_start, table.planned_end, table.announced_with, node.power_node)
		.where(table.property == incident.property)
		.where(table.status == "Scheduled")
		.where(table.is_drill == int(incident.is_drill or 0))
		.where(table.planned_start >= day)
		.where(table.planned_start < day + timedelta(days=1))
		.orderby(table.planned_start)
		.orderby(table.creation)
	).run(as_dict=True)
	places = defaultdict(set)
	for row in rows:
		places[row.name].add(row.power_node)
	own = {row.power_node for row in incident.affected_nodes}
	return list({row.name: row for row in rows if places[row.name] == own}.values())


def on_confirmed(act: Act) -> None:
	"""The cause, and what is expected."""
	if by_themselves():
		issue(act, rules.CAUSE, _once(act, rules.CAUSE))


def on_etr(act: Act, before: datetime | None) -> None:
	"""Another expected time than residents were told."""
	etr = get_datetime(act.incident.etr) if act.incident.etr else None
	if by_themselves() and etr != before and act.incident.status != "Scheduled":
		issue(act, rules.ETR, _once(act, rules.ETR))


def _once(act: Act, kind: str) -> str:
	"""What makes an update of this kind another one than the last."""
	incident = act.incident
	if kind == rules.CAUSE:
		return f"{incident.cause_type} {incident.cause} {incident.etr}"
	return f"{get_datetime(incident.etr) if incident.etr else None} {act.now}" if kind == rules.ETR else ""


def on_extended(act: Act) -> None:
	"""Those who are newly affected hear what the others were told."""
	told = issued(act.incident.name)
	planned = rules.PLANNED if rules.PLANNED in told else ""
	kind = planned if act.incident.status == "Scheduled" else rules.for_those_who_join(told)
	if by_themselves() and kind:
		issue(act, kind, _once(act, kind))


def on_supply_back(act: Act) -> None:
	"""To everybody whose last unit has supply again."""
	if by_themselves():
		issue(act, rules.RESTORED)


def on_ended(act: Act, kind: str) -> None:
	"""Cancelled or closed: to those who were told of the outage."""
	told = issued(act.incident.name) or (act.incident.announced_with and issued(act.incident.announced_with))
	if by_themselves() and told:
		issue(act, kind)


@incident_verb
def send_notice(act: Act, kind: str, message: str | None = None) -> dict:
	"""Customer service sends a notice now: the template's words, or `message` in their own. Answers {"people"}.

	Raises ValidationError for a kind that does not fit, and in a drill.
	"""
	rules.require_kind(kind, act.incident.status)
	if act.incident.is_drill:
		raise RuleError(_("Kind: nothing is sent to residents in a drill."))
	# what went out before is not in the way of somebody who wants it said again; the first is as if it went by itself
	once = f"by hand {act.now}" if kind in issued(act.incident.name) else ""
	return {"people": issue(act, kind, once, message=(message or "").strip())}


def preview(incident_name: str, kind: str) -> dict:
	"""How a notice would read if it went out now: {"public", "people", "by_phone", "texts": [{"language", "subject",
	"message"}]}; writes nothing. Raises as `send_notice`.

	people    how many are told one by one; by_phone: how many of them somebody has to phone
	"""
	with translated():
		permissions.require_verb("send_notice")
		incident = frappe.get_doc("Outage Incident", incident_name)
		rules.require_kind(kind, incident.status)
		now = now_datetime()
		act = Act("send_notice", now, now, incident=incident)
		mode, people = _mode(incident), audience.recipients(_rows(act, kind))
		ways = _ways(people, mode)
		languages = {person.language for person in people} | ({audience.site_language()} if mode == "Public" else set())
		texts = [(language, *_words(act, kind, language)) for language in sorted(languages)]
		return {
			"public": mode == "Public",
			"people": len(ways),
			"by_phone": sum(way.phone_list for _person, way in ways),
			"texts": [
				{"language": language, "subject": subject, "message": message} for language, subject, message in texts
			],
		}


@incident_verb
def prove_posting(act: Act, notice: str, photo: str) -> dict:
	"""The public notice hangs where people see it: the photo proves it, and completes the step that asked for it."""
	doc = frappe.get_doc("Outage Notice", notice) if frappe.db.exists("Outage Notice", str(notice)) else None
	if not doc or doc.incident != act.incident.name or doc.mode != "Public":
		raise RuleError(_("Notice: not a public notice of this outage. Choose one of its notices."))
	address = photos.named(photo)
	if not address:
		raise RuleError(_("Photo: attach the picture first."))
	doc.flags.by_verb = True
	doc.update({"photo": address, "posted_at": act.at, "posted_by": frappe.session.user})
	doc.save(ignore_permissions=True)
	act.record("notice_posted", {"kind": doc.kind})
	complete_steps(act, photo=doc.photo)
	return {"notice": doc.name}


# ---------------------------------------------------------------- issuing


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
	mode = _mode(incident)
	rows = _rows(act, kind)
	# a public notice of the end goes out when the last unit has supply; until then only messages do
	public = mode == "Public" and (kind != rules.RESTORED or bool(incident.restored_at))
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
	if kind == rules.FIRST_WORD:
		told = nested_outages.told_by_others(incident.name, kind, [person.contact for person in people])
		people = [person for person in people if person.contact not in told]
	languages = {person.language for person in people} | ({audience.site_language()} if public else set())
	if not languages:
		return 0
	notices = {
		language: _notice(act, kind, once, mode, language, *_words(act, kind, language, message, instead_of))
		for language in sorted(languages)
	}
	count = _deliver(act, kind, mode, notices, people, keys)
	if count or public:
		act.record("notice_issued", {"kind": kind, "mode": mode, "people": count})
		frappe.db.after_commit.add(ask_for_a_job)
	return count


def _key(incident: Document, kind: str, once: str, contact: str) -> str:
	return dedupe_key(incident.name, f"{kind} {once}".strip(), "Contact", contact)


def _mode(incident: Document) -> str:
	doc = frappe.get_cached_doc("Managed Property", incident.property)
	return rules.mode_of(doc.property_type, doc.get("notice_mode") or "")


def _rows(act: Act, kind: str) -> list[dict]:
	"""Residents whom a notice of this kind is for: of a running outage those who are dark, of its end those who are not."""
	rows = audience.of_incident(act.incident, act.around)
	if kind in rules.ABOUT_THE_TIME:
		rows, _back = audience.out_of_supply(act.incident, act.around, rows)
	elif kind == rules.RESTORED:
		_out, rows = audience.out_of_supply(act.incident, act.around, rows)
	return rows


def _by_loss(act: Act, kind: str, rows: Sequence[dict]) -> dict[str, list[rules.Recipient]]:
	"""Word of the loss of each time -> whom it is for. That supply went, and that it is back, is said each time it happens
	to somebody: the first time the word is empty."""
	if kind not in (rules.FIRST_WORD, rules.RESTORED):
		return {"": audience.recipients(rows)}
	times = audience.times_out(act.incident, act.around, rows)
	groups: dict[str, list[rules.Recipient]] = defaultdict(list)
	for person in audience.recipients(rows):
		time = times[person.contact]
		groups[f"time {time}" if time > 1 else ""].append(person)
	return dict(groups)


def _words(
	act: Act, kind: str, language: str, message: str = "", instead_of: datetime | None = None
) -> tuple[str, str]:
	windows = windows_of_the_day(act.incident) if kind in (rules.PLANNED, rules.CANCELLED) else ()
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
	for person, way in _ways(people, mode):
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


def _ways(people: Sequence[rules.Recipient], mode: str) -> list[tuple[rules.Recipient, rules.Way]]:
	"""How each person is told; those for whom the public notice is all are left out."""
	mail, sms = messages.mail_is_on(), messages.sms_is_on()
	beside = frappe.get_cached_doc("Outage Response Settings").get("message_communities")
	beside_public = beside is None or bool(int(beside))
	found = [(person, rules.way_to(person, mode, mail=mail, sms=sms, beside_public=beside_public)) for person in people]
	return [(person, way) for person, way in found if way]


def _supersede(incident: str, kind: str, contacts: Sequence[str], now: datetime) -> None:
	"""What has not left yet says what is no longer so: one telephone call tells all of it."""
	if kind not in (*rules.ABOUT_THE_TIME, rules.RESTORED, rules.CANCELLED, rules.PLANNED):
		return
	table = frappe.qb.DocType("Notice Delivery")
	# whoever is told that supply went was told before, if at all, that it was back the last time
	end = (rules.RESTORED,) if kind == rules.FIRST_WORD else ()
	older = (
		(table.incident == incident)
		& table.kind.isin((*rules.ABOUT_THE_TIME, rules.PLANNED, *end))
		& table.contact.isin(list(contacts))
	)
	waiting = table.state.isin((rules.QUEUED, rules.NO_ADDRESS, rules.FAILED))
	unhanded = table.email_queue.isnull() | (table.email_queue == "")
	superseded = {"state": rules.SUPERSEDED, "phone_list": 0, "modified": now}
	bulk.change("Notice Delivery", older & waiting & unhanded, superseded)
	bulk.change("Notice Delivery", older & (table.phone_list == 1), {"phone_list": 0})


# ---------------------------------------------------------------- clock and steps


def waiting_for_the_clock() -> list[str]:
	"""Incidents that a notice may be due for, or whose step a notice may complete by now."""
	running = frappe.get_all(
		"Outage Incident",
		filters={"status": ("in", RUNNING), "is_drill": 0},
		pluck="name",
	)
	task, incident = frappe.qb.DocType("Outage Task"), frappe.qb.DocType("Outage Incident")
	steps = (
		frappe.qb.from_(task)
		.join(incident)
		.on(incident.name == task.incident)
		.select(task.incident)
		.distinct()
		.where(task.completes_with == "notices")
		.where(task.status.isin(OPEN))
		.where(incident.status.isin(LIVE))
	).run(pluck=True)
	return sorted({*running, *steps})


def tick(name: str) -> int:
	"""What goes out by itself at this minute; steps that are done by now. Answers how many people are told."""
	if not _anything_to_do(name):
		return 0
	incident = lock_incident(name)
	now = now_datetime()
	act = Act("send_notice", now, now, incident=incident)
	told = 0
	for kind in _due(incident, now):
		once = f"{expected_back(incident)}" if kind == rules.ETR_PASSING else ""
		told += issue(act, kind, once)
	complete_steps(act)
	touch(incident)
	return told


def _anything_to_do(name: str) -> bool:
	"""Asked before the lock: a minute in which nothing happens holds up no verb."""
	incident = frappe.get_doc("Outage Incident", name)
	return bool(_due(incident, now_datetime()) or _steps_done(name))


def _due(incident: Document, now: datetime) -> list[str]:
	if not by_themselves() or incident.is_drill:
		return []
	known = issued(incident.name)
	due = rules.due_by_itself(
		incident.status,
		get_datetime(incident.reported_at) if incident.reported_at else None,
		expected_back(incident),
		known,
		now,
		numbers(),
		planned=outage_levels.is_planned(incident.level),
	)
	if rules.ETR_PASSING in due and _said_of_this_etr(incident):
		due.remove(rules.ETR_PASSING)
	return due


def _said_of_this_etr(incident: Document) -> bool:
	"""A word before the expected time passes goes out once for each expected time."""
	key = f"{rules.ETR_PASSING} {expected_back(incident)}"
	keys = [
		dedupe_key(incident.name, key, mode, language) for mode in ("Public", "Individual") for language in ("en", "zh")
	]
	return bool(frappe.db.exists("Outage Notice", {"dedupe_key": ("in", keys)}))


def _steps_done(incident: str) -> list[str]:
	"""Open steps of which residents have been told by now."""
	rows = [
		row
		for row in tasks_on_record.load(incident)
		if row.is_open and plan_steps.step_of(row).completes_with == "notices"
	]
	if not rows:
		return []
	its = [incident, *filter(None, [frappe.db.get_value("Outage Incident", incident, "announced_with")])]
	notices = listing.get_all(
		"Outage Notice", filters={"incident": ("in", its)}, fields=["name", "kind", "mode", "posted_at"]
	)
	deliveries = defaultdict(list)
	for row in listing.get_all(
		"Notice Delivery",
		filters={"incident": ("in", its), "notice": ("in", [notice.name for notice in notices])},
		fields=["notice", "state", "phone_list", "tries"],
	):
		deliveries[row.notice].append(row)
	return [
		row.name
		for row in rows
		if rules.step_is_done(rules.STEP_OF_ANCHOR.get(plan_steps.step_of(row).anchor, ()), notices, deliveries)
	]


def complete_steps(act: Act, *, photo: str = "") -> int:
	"""Finish the steps that notices have done. Returns how many."""
	done = _steps_done(act.incident.name)
	return completion.complete_by_flow(act, "notices", done, photo=photo) if done else 0


def ask_for_a_job() -> None:
	"""Send soon; when there is no queue, the minute's sweep does."""
	messages.ask_for_sending()
