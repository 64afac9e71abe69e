"""A plan of the company beside the one that the app ships, on its form."""

from collections.abc import Iterator
from dataclasses import replace

import frappe
import pytest

from outage_response.domain.step_definitions import Step
from outage_response.flows.facts import plan_steps
from outage_response.flows.plans import newer_plans, plan_approval
from tests.site import live, world

LEVEL = "III"
DIALOG = ".modal.show"
SHOWN = f"{DIALOG} .outage-plan-difference"
WORDS = {
	"en": {
		"button": "Compare with the Shipped Plan",
		"take": "Use the Shipped Plan",
		"heads": (
			"Steps that the shipped plan adds",
			"Steps that the shipped plan leaves out",
			"Steps in another place",
			"Steps that the shipped plan changes",
		),
		"same": "This is the plan that the app ships.",
		"force": "Put in Force",
		"lost": "It leaves out steps of life safety or gates:",
	},
	"zh": {
		"button": "与自带预案对比",
		"take": "改用自带预案",
		"heads": ("自带预案新增的步骤", "自带预案没有的步骤", "顺序不同的步骤", "自带预案改动的步骤"),
		"same": "此预案与应用自带的预案相同。",
		"force": "启用",
		"lost": "该版本去掉了下列涉及人身安全或放行条件的步骤：",
	},
}


def edited() -> list[Step]:
	"""What a company may have made of the shipped plan: a step of its own, one less, one elsewhere, other minutes."""
	first, second, *rest = newer_plans.steps_of(LEVEL)
	changes = {
		"announce_schedule": {"minutes_by_planner": {"Supplier": -14400, "Property": -4320}, "calls": "engineering"},
		"prepare_security": {"key": "water_the_plants", "title_en": "Water the plants", "title_zh": "浇花"},
	}
	return [second, first, *(replace(step, **changes.get(step.key, {})) for step in rest)]


@pytest.fixture
def edited_plan(house) -> Iterator[str]:
	"""The level's plan is an edited version; afterwards all is as before."""
	frappe.db.rollback()
	before = frappe.db.get_value("Outage Level", LEVEL, ["plan", "shipped_plan"], as_dict=True)
	versions = set(frappe.get_all("Outage Plan", {"level": LEVEL}, pluck="name"))
	plan = plan_approval.next_version(LEVEL, edited(), before.plan).name
	frappe.db.commit()
	yield plan
	frappe.db.rollback()
	frappe.db.set_value("Outage Level", LEVEL, dict(before))
	for name in set(frappe.get_all("Outage Plan", {"level": LEVEL}, pluck="name")) - versions:
		frappe.delete_doc("Outage Plan", name, force=True)
	frappe.db.commit()


@pytest.fixture(params=["en", "zh"])
def language(request, house) -> Iterator[str]:
	"""A manager who answers for the site reads this one."""
	manager = world.user("manager")
	role = frappe.get_doc("User", manager).append("roles", {"role": "Outage Administrator"})
	role.insert(ignore_permissions=True)
	before = frappe.db.get_value("User", manager, "language")
	frappe.db.set_value("User", manager, "language", request.param)
	frappe.db.commit()
	live.forget([manager])
	yield request.param
	frappe.db.set_value("User", manager, "language", before)
	frappe.db.delete("Has Role", {"name": role.name})
	frappe.db.commit()
	live.forget([manager])


def open_plan(page, desk, plan: str, button: str) -> None:
	desk(page, f"/app/outage-plan/{plan}")
	page.click(f".page-actions button:visible:has-text('{button}'), .form-page button:visible:has-text('{button}')")


def test_who_answers_for_the_site_compares_and_takes_the_shipped_plan(as_user, desk, edited_plan, language, accessible):
	words = WORDS[language]
	page = as_user("manager")
	open_plan(page, desk, edited_plan, words["button"])
	page.wait_for_selector(SHOWN)
	shown = page.inner_text(SHOWN)
	for word in (*words["heads"], "-14400", "浇花" if language == "zh" else "Water the plants"):
		assert word in shown
	accessible(page, f"{DIALOG} .modal-content")
	page.click(f"{DIALOG} .modal-footer button:has-text('{words['take']}')")
	page.wait_for_selector(DIALOG, state="hidden")
	page.wait_for_function("plan => window.cur_frm?.doc?.name !== plan && !cur_frm.is_dirty()", arg=edited_plan)
	desk.settled(page)
	frappe.db.rollback()
	current = frappe.db.get_value("Outage Level", LEVEL, "plan")
	assert page.evaluate("cur_frm.doc.name") == current
	assert list(plan_steps.steps_of_plan(current)) == newer_plans.steps_of(LEVEL)
	assert list(plan_steps.steps_of_plan(edited_plan)) == edited()
	open_plan(page, desk, current, words["button"])
	page.wait_for_selector(f".desk-alert:has-text('{words['same']}')")


def test_the_second_person_reads_what_is_left_out_and_puts_it_in_force(
	as_user, desk, edited_plan, language, accessible
):
	words = WORDS[language]
	gone = next(step for step in edited() if step.life_safety)
	weaker = plan_approval.next_version(
		LEVEL, [step for step in edited() if step.key != gone.key], edited_plan, second_person=True
	).name
	frappe.db.commit()
	assert frappe.db.get_value("Outage Level", LEVEL, "plan") == edited_plan
	page = as_user("manager")
	open_plan(page, desk, weaker, words["force"])
	losses = page.wait_for_selector(f"{DIALOG} [role=alert]:has-text('{words['lost']}')")
	assert (gone.title_zh if language == "zh" else gone.title_en) in losses.inner_text()
	accessible(page, f"{DIALOG} .modal-content")
	page.click(f"{DIALOG} .modal-footer button:has-text('{words['force']}')")
	page.wait_for_selector(DIALOG, state="hidden")
	desk.settled(page)
	frappe.db.rollback()
	assert frappe.db.get_value("Outage Level", LEVEL, "plan") == weaker
	assert frappe.db.get_value("Outage Plan", weaker, "confirmed_by") == world.user("manager")


def test_a_guard_compares_and_changes_nothing(as_user, desk, edited_plan, accessible):
	page = as_user("guard1")
	open_plan(page, desk, edited_plan, WORDS["en"]["button"])
	page.wait_for_selector(SHOWN)
	assert "Water the plants" in page.inner_text(SHOWN)
	assert not page.locator(f"{DIALOG} button:visible:has-text('{WORDS['en']['take']}')").count()
	accessible(page, SHOWN)


def test_the_notice_leads_to_the_plan(as_user, desk, edited_plan, language):
	"""Of a company that edited an older version: what migrate tells, as the bell shows it."""
	frappe.db.set_value("Outage Level", LEVEL, "shipped_plan", "an older one")
	newer_plans.renew()
	frappe.db.commit()
	try:
		page = as_user("manager")
		desk(page, "/app/outage-plan")
		bells = (".notifications-icon", ".dropdown-notifications button", ".sidebar-notification")  # Frappe 15, 16
		page.click(", ".join(f"{bell}:visible" for bell in bells))
		item = page.locator(f".notification-item:has-text('{edited_plan}')").first
		item.click()
		page.wait_for_function("plan => window.cur_frm?.doc?.name === plan", arg=edited_plan)
	finally:
		frappe.db.delete("Notification Log", {"document_name": edited_plan})
		frappe.db.commit()
