"""Whoever is in danger leaves their step: it is open again for others, and the control room is alarmed."""

import frappe

from outage_response.domain.who_gets_a_task import Assignment

from ..facts import plan_steps
from ..verb.engine import Act, task_verb
from . import assignment
from .danger_told import keep_danger, named_danger, others_there, tell_of_danger
from .late_acts import task_fact
from .reassignment import give_again, release
from .task_words import note_on_timeline


@task_fact
def withdraw(act: Act, danger: str) -> None:
	"""A guard or engineer leaves for danger: always allowed, and alarms the control room. The step is open again, for the
	others on duty, who are told of the danger too. Where somebody else is at it, they stay, and are told first."""
	said, task, me = named_danger(danger), act.task, frappe.session.user
	at_it = task.started_by or task.acknowledged_by
	if others := others_there(task):
		note_on_timeline(act, "task_withdrawn" if not at_it else "danger_told", danger=said)
		tell_of_danger(act, said, others)
		if at_it:
			keep_danger(act, said)
		return
	chosen = _others_than(act, at_it or me)
	give_again(act, task, chosen)
	task.update({"assigned_role": chosen.role, "phone": chosen.phone or task.phone})
	release(act)
	note_on_timeline(act, "task_withdrawn", danger=said)
	tell_of_danger(act, said, chosen.users)


@task_verb
def take_danger(act: Act) -> None:
	"""Somebody in the control room has taken the danger that a colleague left for: the alarm ends, the step stays open."""
	note_on_timeline(act, "danger_taken")


def _others_than(act: Act, user: str) -> Assignment:
	"""Who gets the step that `user` had to leave: others of the department on duty, else the control room, which does not wait
	for people who are asleep; except for what permits switching on, which it cannot judge. Nobody else at all: as it was."""
	department, urgent = act.departments[act.task.department], act.task.gate != "energise"
	certified = assignment.certified_for(plan_steps.step_of(act.task)) if act.task.plan else None
	others = assignment.assign(department, act.roster.without(user), life_safety=urgent, certified=certified)
	return others if others.users else assignment.assign(department, act.roster)
