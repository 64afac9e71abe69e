"""What sets two plans apart, as people read it: titles, labels and values in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe import _

from outage_response.domain.errors import spoken
from outage_response.domain.shipped_plan_marks import difference
from outage_response.domain.step_definitions import ACCOUNT_MANAGER, Outcome, Step

from ..facts import plan_steps
from ..facts.language import in_clauses, in_words, listed, title_of

NOTHING = "–"
Found = dict[str, list[dict[str, Any]]]


def between(before: Sequence[Step], after: Sequence[Step]) -> Found:
	"""How `before` becomes `after`: `added`, `removed`, `moved`, `changed`, each a list of steps with `key` and `title`;
	those that changed with `fields` (`label`, `before`, `after`)."""
	was, now = ([{**plan_steps.to_row(step), "outcomes": step.outcomes} for step in steps] for steps in (before, after))
	found = difference(was, now)
	titles = {row["step_key"]: _title(row) for row in (*was, *now)}

	def named(keys: Sequence[str]) -> list[dict[str, Any]]:
		return [{"key": key, "title": titles[key]} for key in keys]

	return {
		"added": named(found.added),
		"removed": named(found.removed),
		"moved": named(found.moved),
		"changed": [
			{
				"key": key,
				"title": titles[key],
				"fields": [
					{
						"label": _label(field),
						"before": _value(field, values[0], titles),
						"after": _value(field, values[1], titles),
					}
					for field, values in changed.items()
				],
			}
			for key, changed in found.changed.items()
		],
	}


def as_html(found: Found) -> str:
	"""The same as lists, for a notification."""
	escape = frappe.utils.escape_html
	heads = {
		"added": _("Steps that the shipped plan adds"),
		"removed": _("Steps that the shipped plan leaves out"),
		"moved": _("Steps in another place"),
		"changed": _("Steps that the shipped plan changes"),
	}
	parts = []
	for kind, head in heads.items():
		lines = []
		for row in found[kind]:
			changes = "".join(
				f"<li>{escape(one['label'])}: {escape(one['before'])} → {escape(one['after'])}</li>"
				for one in row.get("fields", ())
			)
			lines.append(f"<li>{escape(row['title'])}{f'<ul>{changes}</ul>' if changes else ''}</li>")
		if lines:
			parts.append(f"<p><strong>{escape(head)}</strong></p><ul>{''.join(lines)}</ul>")
	return "".join(parts)


def _title(row: Mapping[str, Any]) -> str:
	return title_of({"title": row["title_en"] or row["title_zh"], "title_zh": row["title_zh"]})


def _label(field: str) -> str:
	doctype = "Outage Plan" if field == "outcomes" else "Plan Step"
	return _(frappe.get_meta(doctype).get_label(field), context=doctype)


def _value(field: str, value: Any, titles: Mapping[str, str]) -> str:
	"""The value of a Plan Step's field in words; or its outcomes."""
	if field == "outcomes":
		return in_clauses(_outcome(key, one, titles) for key, one in value.items()) or NOTHING
	df = frappe.get_meta("Plan Step").get_field(field)
	if df.fieldtype == "Check":
		return _("Yes") if value else _("No")
	if value in ("", None):
		return NOTHING
	if df.fieldtype == "Select":
		return _(value, context="Plan Step")
	if field == "calls":
		return _called(value)
	if df.options == "Response Department":
		return _department(value)
	if field == "after":
		return _steps(value, titles)
	if field == "checks":
		return listed(spoken(key.strip(), _) for key in value.split(","))
	return str(value)


def _called(whom: str) -> str:
	return _("Supplier's Account Manager") if whom == ACCOUNT_MANAGER else _department(whom)


def _department(key: str) -> str:
	return _(frappe.db.get_value("Response Department", key, "department_name") or spoken(key, _))


def _steps(keys: str, titles: Mapping[str, str]) -> str:
	return listed(titles.get(key.strip(), key.strip()) for key in keys.split(","))


def _outcome(key: str, outcome: Outcome, titles: Mapping[str, str]) -> str:
	"""Everything that an outcome says, so that each change of it shows."""
	meaning = f" ({_(outcome.meaning, context='Plan Outcome')})" if outcome.meaning else ""
	said = f"{in_words(outcome.en, outcome.zh) or spoken(key, _)}{meaning}"
	told = in_words(outcome.residents_en, outcome.residents_zh)
	adds = _steps(", ".join(outcome.adds), titles) if outcome.adds else ""
	return " → ".join(one for one in (said, adds, told and f"“{told}”") if one)
