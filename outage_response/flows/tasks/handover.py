"""The shift ends: what one has in hand goes to those who come, in one touch, with a note."""

from dataclasses import replace

import frappe
from frappe import _

from outage_response.domain.errors import RuleError
from outage_response.domain.states import TaskStatus
from outage_response.domain.who_gets_a_task import Assignment, Department, assign

from ..facts import plan_steps
from ..facts.reachable_people import People
from ..verb import bells
from ..verb.engine import Act, incident_verb, keeps_late
from . import assignment, tasks_at_once
from .reassignment import require_able

HANDED = (TaskStatus.OPEN, TaskStatus.ACKNOWLEDGED, TaskStatus.IN_PROGRESS)
# of a step that goes to somebody else
FIELDS = (
	"name",
	"title",
	"title_zh",
	"subject_label",
	"status",
	"priority",
	"gate",
	"life_safety",
	"plan",
	"step_key",
	"due_at",
	"department",
	"assigned_role",
	"phone",
	"held_until",
	"acknowledged_by",
)


@incident_verb
def hand_over(act: Act, note: str, user: str | None = None) -> dict:
	"""Give every open step of mine to `user`, or to the department's people who are on duty now or next.

	The steps are nobody's until somebody says "mine": they ring from the beginning. A held post is not handed over here: the
	guard is relieved on the spot. Answers {"handed_over", "posts_kept"}.
	"""
	if not (note or "").strip():
		raise RuleError(_("Note: say in a word where things stand; it is all the next one has."))
	mine = _of(act, frappe.session.user)
	posts = [row for row in mine if row.held_until]
	steps = [row for row in mine if not row.held_until]
	if not steps:
		raise RuleError(_("Nothing to hand over: you have no open step here. Posts are relieved one by one."))
	people = People(act.incident.property, act.now)
	given = [(row, _given_to(act, people, row, user)) for row in steps]
	tasks_at_once.pass_on(act, given)
	for row in steps:
		about = {"title": row.title, "title_zh": row.title_zh, "subject": row.subject_label or ""}
		act.record("task_handed_over", {**about, "note": note.strip()[:500]}, task=row.name)
	takers = sorted({taker for _row, who in given for taker in who.users})
	text = _("Handed over to you: {0} steps. {1}").format(len(steps), note.strip()[:200])
	bells.tell(act.incident, dict.fromkeys(takers, text), act.now)
	return {"handed_over": len(steps), "posts_kept": len(posts)}


@keeps_late("hand_over")
def keep_late(act: Act, note: str | None = None, user: str | None = None) -> None:
	"""What somebody wrote down for the next one stays with an outage that has ended since."""
	act.record("late_act", {"said_kind": "task_handed_over", "note": (note or "").strip()[:500]})


def _of(act: Act, user: str) -> list:
	"""Open steps that are assigned to somebody, or that they have taken."""
	rows = frappe.get_all(
		"Outage Task",
		filters={"incident": act.incident.name, "status": ("in", (*HANDED, TaskStatus.ON_POST))},
		fields=[*FIELDS, "started_by", "_assign"],
		order_by="priority asc, due_at asc, name asc",
	)
	return [row for row in rows if (row.started_by or row.acknowledged_by or user) == user and _has(row, user)]


def _has(row, user: str) -> bool:
	return user in (row.acknowledged_by, row.started_by) or user in frappe.parse_json(row._assign or "[]")


def _given_to(act: Act, people: People, row, user: str | None) -> Assignment:
	if user:
		return Assignment(require_able(act, user, row), (user,), row.phone or "")
	return taker(act, people, row, frappe.session.user)


def taker(act: Act, people: People, row, me: str) -> Assignment:
	"""Who gets a step of `me`: others of the department on duty, its next shift, else whom a new step would go to.

	Life safety does not wait for the next shift while others are on duty; what permits switching on does.
	"""
	department, others = act.departments[row.department], act.roster.without(me)
	certified = assignment.certified_for(plan_steps.step_of(row)) if row.plan else None
	if certified is not None:
		found = assign(department, others, certified=certified)
		return replace(found, phone=row.phone or "") if found.users else _stays(row, department, me)
	urgent = bool(row.life_safety) and row.gate != "energise" and bool(others.on_duty)
	if users := _colleagues(people, row.department, me, can_wait=not urgent):
		return Assignment(department.role, users, row.phone or "")
	found = assign(department, others, life_safety=urgent)
	if not found.users:
		return _stays(row, department, me)
	return replace(found, phone=found.phone or row.phone or "")


def _colleagues(people: People, department: str, me: str, *, can_wait: bool) -> tuple[str, ...]:
	"""Others of the department who are on duty; where there are none, and a step can wait, those of its next shift."""
	here = (person.user for person in people.on_duty if person.department == department)
	coming = (person.user for person in people.next_shift.get(department, ()))
	now, next_ones = (tuple(user for user in users if user and user != me) for users in (here, coming))
	return now or (next_ones if can_wait else ())


def _stays(row, department: Department, me: str) -> Assignment:
	return Assignment(row.assigned_role or department.role, (me,), row.phone or "")
