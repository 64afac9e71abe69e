"""Sends pages: take some, write the letters, post them, note how it ended; each of these in a transaction of its own.

	Queued -> Sending -> Accepted | Failed | Unknown          Queued -> Not Needed (settled before it was sent)

A page that is taken belongs to one sender: no second one sends it. What a killed sender leaves is sent again where the
channel knows a repeated message; elsewhere nobody can say whether it rang, so it is Unknown and the next level rings.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_url, now_datetime

from outage_response import bulk, compat, listing, locks
from outage_response.domain.escalation import Person
from outage_response.domain.lifecycle import LIVE
from outage_response.domain.states import ChannelKind, PageStatus, TaskStatus
from outage_response.integrations import channels
from outage_response.integrations.channels import Letter, Outcome, Request
from outage_response.integrations.channels.post import ends_within

from ..facts import people_in_elevators
from ..facts.language import title_of
from ..site import same_site
from . import answer_links
from .enabled_channels import working

AT_ONCE = 96
OF_A_CHANNEL = 32
# Besides the waiting: letters before, notes after
SENDER_WORKS_SECONDS = 4
AGAIN_AFTER_SECONDS = 30
NAMED = 3
# Where the link of a mail leads until it leaves
LOGIN = "/my-outage-tasks?mail"
FIELDS = (
	"name",
	"incident",
	"test",
	"property",
	"is_drill",
	"user",
	"contact",
	"person_name",
	"phone",
	"channel",
	"tries",
	"priority",
)


def taken_for() -> timedelta:
	"""How long a page may be in a sender's hands; then the sender was killed. Twice as long as all of its pages, which go out
	side by side, can be waited for."""
	longest = frappe.get_all(
		"Paging Channel", filters={"enabled": 1}, fields=[compat.over_rows("MAX", "timeout_seconds", "seconds")]
	)
	return timedelta(seconds=2 * ends_within(longest[0].seconds or 0) + SENDER_WORKS_SECONDS)


def take(here: bool, limit: int = AT_ONCE) -> list[str]:
	"""Take some pages that are to be sent now, the most urgent first, and not all of one channel: a gateway that hangs keeps
	no other one waiting. None of a site that is another one than it was. The caller commits: then they are ours alone.

	here  those of channels that end on this site, else those that go out
	"""
	if same_site.is_muted():
		return []
	page, now = frappe.qb.DocType("Outage Page"), now_datetime()
	kinds = frappe.get_all("Paging Channel", fields=["name", "kind"])
	ends_here = listing.one_of(page.channel, [row.name for row in kinds if not channels.goes_out(row.kind)])
	rows = (
		frappe.qb.from_(page)
		.select(page.name, page.channel)
		.where(page.status == PageStatus.QUEUED)
		# a clock that was turned back leaves pages in the future
		.where((page.send_after <= now) | (page.send_after > now + timedelta(minutes=2)))
		.where(ends_here if here else ends_here.negate())
		.orderby(page.priority)
		.orderby(page.send_after)
		.orderby(page.name)
		.limit(10 * limit)
	).run()
	taken: Counter = Counter()
	names: list[str] = []
	for name, channel in rows:
		if taken[channel] < OF_A_CHANNEL and len(names) < limit:
			taken[channel] += 1
			names.append(name)
	if not names:
		return []
	mark = frappe.generate_hash(length=16)
	mine = {"status": PageStatus.SENDING, "claimed_by": mark, "claimed_at": now, "tries": page.tries + 1}
	bulk.update("Outage Page", names, mine, still=page.status == PageStatus.QUEUED)
	return (
		frappe.qb.from_(page)
		.select(page.name)
		.where(page.claimed_by == mark)
		.orderby(page.priority)
		.orderby(page.send_after)
		.orderby(page.name)
		.run(pluck=True)
	)


def give_up_lost() -> list[tuple[str, str]]:
	"""Pages that a killed sender had taken: again, or Unknown. Answers (incident, page) of those that nobody can vouch for."""
	page, now = frappe.qb.DocType("Outage Page"), now_datetime()
	patience = taken_for()
	early, late = now - patience, now + patience
	lost = (
		frappe.qb.from_(page)
		.select(page.name, page.channel, page.incident, page.tries)
		.where(page.status == PageStatus.SENDING)
		.where((page.claimed_at < early) | (page.claimed_at > late))
		.orderby(page.name)
	).run(as_dict=True)
	unknown = []
	for row in lost:
		channel = frappe.get_cached_doc("Paging Channel", row.channel)
		again = channels.repeats_safely(channel) and row.tries < (channel.tries or 1)
		done = (
			frappe.qb.update(page)
			.set(page.status, PageStatus.QUEUED if again else PageStatus.UNKNOWN)
			.set(page.error, _("The sender ended before it could say what became of this."))
			.where(page.name == row.name)
			.where(page.status == PageStatus.SENDING)
		)
		done.run()
		if not again and row.incident:
			unknown.append((row.incident, row.name))
	return unknown


def letters(names: Sequence[str]) -> list[tuple[str, Letter, Request | None, Outcome | None]]:
	"""What each page says now: (page, letter, its request if it goes out, or how it ended already).

	A page whose steps are all settled, or whose outage is over, is not needed any more and left out.
	"""
	rows = listing.get_all("Outage Page", filters={"name": ("in", list(names))}, fields=list(FIELDS))
	about = {row.name: row for row in rows}
	tasks = _open_tasks(list(names))
	wanted = needed([(row.name, row.incident) for row in rows], tasks)
	people = _addresses(rows)
	there = working()
	found, settled = [], []
	for name in names:
		row = about[name]
		if name not in wanted:
			settled.append(name)
			continue
		channel = there.get(row.channel)
		person = people.get(row.user) or Person("", name=row.person_name or "", phone=row.phone or "")
		letter = _letter(row, person, tasks[name], channel)
		request, outcome = _prepare(channel, letter)
		found.append((name, letter, request, outcome))
	bulk.update("Outage Page", settled, {"status": PageStatus.NOT_NEEDED})
	return found


def needed(rows: Sequence[tuple[str, str | None]], tasks: Mapping[str, Sequence] | None = None) -> set[str]:
	"""Of (page, incident): pages for which somebody is still to be rung. A page without an incident is a test call's."""
	tasks = _open_tasks([page for page, _incident in rows]) if tasks is None else tasks
	states = dict(
		listing.get_all(
			"Outage Incident",
			filters={"name": ("in", list({incident for _page, incident in rows if incident}))},
			fields=["name", "status"],
			as_list=True,
		)
	)
	return {page for page, incident in rows if not incident or (states.get(incident) in LIVE and tasks.get(page))}


def _prepare(channel: Document | None, letter: Letter) -> tuple[Request | None, Outcome | None]:
	if not channel:
		return None, Outcome(PageStatus.FAILED, _("The channel is switched off or not set up."))
	driver = channels.driver(channel.kind)
	if not channels.goes_out(channel.kind):
		return None, None
	try:
		return driver.request(channel, letter), None
	except Exception as error:
		if compat.is_retriable(error):
			raise
		frappe.clear_messages()
		ours = isinstance(error, frappe.ValidationError)  # others' words may carry a secret
		return None, Outcome(PageStatus.FAILED, str(error)[:300] if ours else type(error).__name__)


def _open_tasks(names: Sequence[str]) -> dict[str, list[frappe._dict]]:
	"""page -> its steps that still ring, the most urgent first."""
	page, row, task = (frappe.qb.DocType(name) for name in ("Outage Page", "Outage Page Task", "Outage Task"))
	begins = (task.status == TaskStatus.ACKNOWLEDGED) & (task.ring_times > 0) & (page.creation >= task.acknowledged_at)
	rows = (
		frappe.qb.from_(row)
		.join(task)
		.on(row.task == task.name)
		.join(page)
		.on(row.parent == page.name)
		.select(
			row.parent,
			task.name,
			task.incident,
			task.title,
			task.title_zh,
			task.subject_type,
			task.subject,
			task.subject_label,
			task.priority,
		)
		.where(row.parent.isin(list(names)))
		.where((task.status == TaskStatus.OPEN) | begins)
		.orderby(task.priority)
		.orderby(task.due_at)
		.orderby(task.name)
	).run(as_dict=True)
	incidents, now = {one.incident for one in rows}, now_datetime()
	inside = people_in_elevators.open_of(incidents)
	found = defaultdict(list)
	for one in people_in_elevators.people_first(rows, incidents, now):
		one.entrapment = inside.get((one.incident, one.subject)) if one.subject_type == "Property Asset" else None
		found[one.parent].append(one)
	return found


def _addresses(rows: Sequence[frappe._dict]) -> dict[str, Person]:
	"""user -> address and language, with the number that the page was written for."""
	users = listing.get_all(
		"User",
		filters={"name": ("in", list({row.user for row in rows if row.user}))},
		fields=["name", "full_name", "email", "language"],
	)
	return {
		user.name: Person(
			f"user:{user.name}", user=user.name, name=user.full_name, email=user.email, language=user.language or ""
		)
		for user in users
	}


def _letter(row: frappe._dict, person: Person, tasks: Sequence[frappe._dict], channel: Document | None) -> Letter:
	language = (channel.language if channel else "") or person.language or _site_language()
	before, frappe.local.lang = frappe.local.lang, language
	try:
		text = _test_text(row) if row.test else _text(row, tasks, in_group=not row.person_name)
	finally:
		frappe.local.lang = before
	return Letter(
		key=row.name,
		text=text,
		link=_link(row, channel),
		user=row.user or "",
		name=person.name,
		phone=row.phone or "",
		email=person.email,
		property=row.property or "",
		incident=row.incident or "",
		urgent=bool(tasks) and tasks[0].priority == 0,
		drill=bool(row.is_drill),
	)


def _link(row: frappe._dict, channel: Document | None) -> str:
	"""The link of one person; what is written into a table has one that asks for a login, until it leaves."""
	if not row.person_name:
		return get_url("/app/outage-incident")
	return get_url(LOGIN) if channel and channel.kind == ChannelKind.EMAIL else link_of(row.name)


def link_of(page: str) -> str:
	"""The link by which whoever a page is for answers it, made now."""
	return get_url(f"/outage-page/{answer_links.of(page)}")


def _site_language() -> str:
	return frappe.db.get_single_value("System Settings", "language") or "en"


def _text(row: frappe._dict, tasks: Sequence[frappe._dict], *, in_group: bool) -> str:
	"""The most urgent steps by name, the rest by number; nothing about residents.

	A group reads no number of a home: with the step's title it says that somebody there depends on power.
	"""
	named = []
	for task in tasks[:NAMED]:
		where = "" if in_group and task.subject_type == "Property Unit" else task.subject_label
		if task.entrapment:
			named.append(f"{people_in_elevators.in_words(task.entrapment, now_datetime())}: {title_of(task)}")
		else:
			named.append(f"{title_of(task)} ({where})" if where else title_of(task))
	text = f"{row.property}: {'; '.join(named)}"
	if len(tasks) > NAMED:
		text = _("{0} and {1} more").format(text, len(tasks) - NAMED)
	return f"{_('DRILL')}: {text}" if row.is_drill else text


def _test_text(row: frappe._dict) -> str:
	return _("TEST of the outage paging at {0}. No outage. Please answer that you hear us.").format(row.property)


def note(name: str, letter: Letter, outcome: Outcome | None) -> tuple[str, str]:
	"""Write down how a page ended; one that ends on this site is written here, in the same transaction.

	Answers (incident, status). The caller commits.
	"""
	page, now = frappe.qb.DocType("Outage Page"), now_datetime()
	row = locks.known_row("Outage Page", name)
	channel = frappe.get_cached_doc("Paging Channel", row.channel)
	if row.status != PageStatus.SENDING:
		return row.incident or "", row.status
	outcome = outcome or _write(channel, letter)
	status = _status(outcome.status, row.tries, channel)
	query = (
		frappe.qb.update(page)
		.set(page.status, status)
		.set(page.message, letter.text)
		.set(page.error, outcome.error or None)
		.set(page.modified, now)
		.where(page.name == name)
		.where(page.status == PageStatus.SENDING)
	)
	if status == PageStatus.QUEUED:
		query = query.set(page.send_after, now + timedelta(seconds=AGAIN_AFTER_SECONDS))
	if status == PageStatus.ACCEPTED:
		query = query.set(page.sent_at, now).set(page.gateway_id, outcome.gateway_id or None)
	query.run()
	return row.incident or "", status


def _write(channel: Document, letter: Letter) -> Outcome:
	frappe.db.savepoint("write_letter")
	try:
		channels.driver(channel.kind).write(channel, letter)
		return Outcome(PageStatus.ACCEPTED)
	except Exception as error:
		if compat.is_retriable(error):
			raise
		frappe.db.rollback(save_point="write_letter")
		frappe.clear_messages()
		return Outcome("Again", f"{type(error).__name__}: {error}"[:300])


def _status(outcome: str, tries: int, channel: Document) -> str:
	if outcome == "Again" or (outcome == PageStatus.UNKNOWN and channel.idempotent):
		if tries < (channel.tries or 1):
			return PageStatus.QUEUED
		return PageStatus.FAILED if outcome == "Again" else PageStatus.UNKNOWN
	return outcome


def steps_of(pages: Sequence[str]) -> list[str]:
	"""Steps that these pages ring for."""
	return listing.get_all(
		"Outage Page Task",
		filters={"parent": ("in", list(pages)), "parenttype": "Outage Page"},
		pluck="task",
		distinct=True,
	)
