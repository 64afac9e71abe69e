"""New steps are told to each person once; whoever gives the command is warned where nobody is there for them."""

from collections import defaultdict
from collections.abc import Sequence

import frappe
from frappe import _

from outage_response import listing
from outage_response.domain.plan_expansion import TaskSpec
from outage_response.domain.who_gets_a_task import Assignment

from ..facts.language import title_of
from ..verb import bells
from ..verb.engine import Act
from .task_words import about


def announce(act: Act, specs: Sequence[TaskSpec], chosen: Sequence[Assignment]) -> None:
	"""Tell each person once per verb, naming their most urgent step."""
	urgent: dict[str, TaskSpec] = {}
	count: dict[str, int] = defaultdict(int)
	for spec, who in zip(specs, chosen, strict=True):
		for user in who.users:
			count[user] += 1
			if user not in urgent or spec.step.priority < urgent[user].step.priority:
				urgent[user] = spec
	languages = dict(
		listing.get_all("User", filters={"name": ("in", list(urgent))}, fields=["name", "language"], as_list=True)
	)
	subjects = {}
	for user, spec in urgent.items():
		lang = languages.get(user) or ""
		title = title_of(about(spec), lang or "en")
		where = f" ({spec.subject.label})" if spec.subject.label else ""
		subjects[user] = (
			_("{0}: {1}{2} and {3} more steps for you", lang or None).format(
				act.incident.property, title, where, count[user] - 1
			)
			if count[user] > 1
			else f"{act.incident.property}: {title}{where}"
		)
	bells.tell(act.incident, subjects, act.now)


def warn_of_nobody(act: Act, specs: Sequence[TaskSpec], chosen: Sequence[Assignment]) -> None:
	"""One warning per department and cause, not per step; who is asleep is said once."""
	asleep = {
		spec.department for spec, who in zip(specs, chosen, strict=True) if who.warning == "nobody_on_duty_life_safety"
	}
	said = {(department, "nobody_on_duty") for department in asleep}
	for spec, who in zip(specs, chosen, strict=True):
		key = (spec.department, who.warning)
		if who.warning and key not in said:
			said.add(key)
			name = frappe.get_cached_value("Response Department", spec.department, "department_name")
			act.warn(who.warning, {"department": name, "phone": who.phone or act.departments[spec.department].phone})
