"""How a step may end stood in a text field of its row, and the app knew some of the words, steps and levels by name. Now the
plan says what each means: every version of every plan is filled, since outages may be running with any of them."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe.utils import now_datetime

from outage_response import bulk
from outage_response.domain.step_definitions import MEANINGS, TRAPPED, read_keys

# the outcomes of the shipped plans: key -> (meaning, English, Chinese)
OUTCOMES = {
	"empty": ("empty", "Empty", "无人"),
	"trapped": ("trapped", "Trapped", "有人被困"),
	"isolated_and_handed_to_contractor": ("", "Isolated and handed to contractor", "已停用并移交维保公司"),
	"released": ("released", "Released", "已救出"),
	"released_by_contractor": ("released_by_contractor", "Released by contractor", "由维保公司救出"),
	"released_by_rescue_service": ("released_by_rescue_service", "Released by rescue service", "由消防救援救出"),
	"released_otherwise": ("released_otherwise", "Released otherwise", "自行脱困或其他方式脱困"),
	"services_called": ("services_called", "Services called", "已拨打救援电话"),
	"contractor_there": ("contractor_there", "Contractor there", "维保已到场"),
	"safe": ("", "Safe", "安全"),
	"moved_to_supply": ("cared_for", "Moved to supply", "已转移至有电处"),
	"ambulance_called": ("cared_for", "Ambulance called", "已呼叫急救"),
	"not_at_home": ("", "Not at home", "无人在家"),
	"switched_over": ("", "Switched over", "切换正常"),
	"failed": ("backup_failed", "Failed", "切换失败"),
}
# what residents were told when a step of this key was done
RESIDENTS = {
	"arrive_on_site": ("Our engineers are on the spot.", "工程人员已到场。"),
	"isolate_fault": ("The faulty part is isolated.", "故障部分已隔离。"),
	"organise_repair": ("The repair is under way.", "正在抢修。"),
	"call_supplier": ("We spoke with the power supplier.", "已与供电部门联系。"),
	"inspect_own_supply": ("We checked our own installation.", "已检查自有供配电设备。"),
}
KINDS = {"I": "External", "III": "Planned"}
# the shipped plan that a level was given last -> the same plan as this patch leaves it: it is not offered as a new one
SAME_PLAN = {
	"c8060562964928a3f95b4c50b28f4f8176a48db09ac5ebeb7fec3c9cf8dce6e4": "004510aaa5e5f0d94c32a35e123f589152913725ffc208dbac4ddf29af9bfd2b",
	"8ea154bbc4f1cea56c4d7896a1d6da28d231857064bba20335d8d120acbefd34": "aeb982a99a6772f8a5b5eaff2caab0d5b228c4c83e46a30d7e54eae5579aa6d9",
}


def execute() -> None:
	for level, kind in KINDS.items():
		frappe.db.set_value("Outage Level", {"name": level}, "kind", kind, update_modified=False)
	for before, after in SAME_PLAN.items():
		frappe.db.set_value("Outage Level", {"shipped_plan": before}, "shipped_plan", after, update_modified=False)
	step = frappe.qb.DocType("Plan Step")
	for key, (english, chinese) in RESIDENTS.items():
		frappe.qb.update(step).set(step.residents_en, english).set(step.residents_zh, chinese).where(
			step.step_key == key
		).run()
	if frappe.db.has_column("Plan Step", "outcomes"):
		_move_outcomes()


def _move_outcomes() -> None:
	"""The text of each step becomes rows of its plan, and is emptied."""
	step = frappe.qb.DocType("Plan Step")
	rows = (
		frappe.qb.from_(step)
		.select(step.parent, step.step_key, step.per, step.rescue_part, step.outcomes)
		.where(step.parenttype == "Outage Plan")
		.orderby(step.parent)
		.orderby(step.idx)
	).run(as_dict=True)
	found = rows_of(rows)
	for plan, outcomes in found.items():
		bulk.insert(
			"Plan Outcome",
			[
				{**bulk.child_of("Outage Plan", plan, "outcomes", index), **outcome}
				for index, outcome in enumerate(outcomes, start=1)
			],
			now_datetime(),
		)
	frappe.qb.update(step).set(step.outcomes, None).run()
	# who has read a plan before reads it anew
	plan = frappe.qb.DocType("Outage Plan")
	frappe.qb.update(plan).set(plan.modified, now_datetime()).run()
	for name in found:
		frappe.clear_document_cache("Outage Plan", name)


def rows_of(steps: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
	"""plan -> its Plan Outcomes. `steps`: parent, step_key, per, rescue_part, and the text `outcomes` of each step."""
	parts = {(row["parent"], row["step_key"]) for row in steps if row["rescue_part"]}
	found: dict[str, list[dict[str, str]]] = defaultdict(list)
	for row in (frappe._dict(one) for one in steps):
		for key, adds in _read(row.outcomes).items():
			meaning, english, chinese = OUTCOMES.get(key, ("", "", ""))
			if row.per == "elevator" and any((row.parent, added) in parts for added in adds):
				meaning = TRAPPED  # in whatever words: what asks for a rescue has found people
			per, part = MEANINGS.get(meaning, (row.per, ""))
			# plans of before the record of people in elevators have no rescue parts: there the word alone says it
			if (row.per, row.rescue_part or part) != (per, part):
				meaning = ""
			found[row.parent].append(
				{
					"step": row.step_key,
					"outcome_key": key,
					"word_en": english or (key.replace("_", " ").capitalize() if key.isascii() else ""),
					"word_zh": chinese or ("" if key.isascii() else key),
					"meaning": meaning,
					"adds": ", ".join(adds),
				}
			)
	return found


def _read(text: str | None) -> dict[str, tuple[str, ...]]:
	"""Outcomes as they were typed, one a line: `trapped: release_trapped, call_rescue_service`."""
	lines = (line.partition(":") for line in unicodedata.normalize("NFKC", text or "").splitlines())
	return {key.strip(): read_keys(adds) for key, _colon, adds in lines if key.strip()}
