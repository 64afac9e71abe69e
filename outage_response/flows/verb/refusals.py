"""How a rule says no: the error that Frappe shows, in the reader's language, with the steps that are open."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import frappe
from frappe import _

from outage_response import listing, permissions
from outage_response.domain import authority
from outage_response.domain.errors import GateClosed, NotAllowed, Overlaps, RuleError
from outage_response.domain.lifecycle import TaskRow

from ..facts import place_names
from ..facts.language import listed, title_of


class GateClosedError(frappe.ValidationError):
	"""A gate is closed. The response carries the open steps in `blocking`."""


@contextmanager
def translated() -> Iterator[None]:
	"""Turn a broken rule into the error that Frappe shows, in the reader's language."""
	try:
		yield
	except GateClosed as refusal:
		rows = describe(refusal.blocking)
		frappe.local.response["blocking"] = rows
		lines = "".join(f"<li>{frappe.utils.escape_html(row['text'])}</li>" for row in rows)
		frappe.throw(f"{refusal.rendered(_)}<ul>{lines}</ul>", GateClosedError, title=_("Still open"))
	except Overlaps as refusal:
		may_extend = authority.may("extend_scope", permissions.roles_of())
		frappe.local.response["overlapping"] = refusal.running if may_extend else []
		frappe.local.response["may_declare_all_the_same"] = True
		frappe.throw(refusal.rendered(_), frappe.ValidationError)
	except NotAllowed as refusal:
		frappe.throw(refusal.rendered(_), frappe.PermissionError)
	except RuleError as refusal:
		frappe.throw(refusal.rendered(_), frappe.ValidationError)


def describe(tasks: Sequence[TaskRow]) -> list[dict[str, Any]]:
	"""Open steps as people read them: what, where (`area`: "" for the property as a whole), with whom."""
	rows = listing.get_all(
		"Outage Task",
		filters={"name": ("in", [task.name for task in tasks])},
		fields=["name", "title", "title_zh", "_assign"],
	)
	about = {row.name: row for row in rows}
	users = {row.name: frappe.parse_json(row._assign or "[]") for row in rows}
	full_names = dict(
		listing.get_all(
			"User",
			filters={"name": ("in", list({user for some in users.values() for user in some}))},
			fields=["name", "full_name"],
			as_list=True,
		)
	)
	places = place_names.of_subjects((task.subject_type, task.subject) for task in tasks)
	found = []
	for task in tasks:
		row = about[task.name]
		title = title_of(row)
		who = listed(full_names.get(user) or user for user in users[task.name]) or _(
			task.assigned_role or task.department
		)
		where = f" ({task.subject_label})" if task.subject_label else ""
		found.append(
			{
				"task": task.name,
				"step": task.step_key,
				"subject": task.subject,
				"area": places.get((task.subject_type, task.subject), ""),
				"department": task.department,
				"department_name": _(
					frappe.get_cached_value("Response Department", task.department, "department_name")
				),
				"life_safety": bool(task.life_safety),
				"with": who,
				"text": f"{title}{where}: {_(task.status, context='Outage Task')}, {who}",
			}
		)
	return found
