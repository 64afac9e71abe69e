"""Who is told by which means, what goes out by itself and when, the words."""

from datetime import datetime, timedelta

import pytest

from outage_response.domain import call_order, notice_rules
from outage_response.domain.errors import RuleError
from outage_response.domain.notice_rules import Numbers, Recipient, Way
from outage_response.domain.step_definitions import Step

NOW = datetime(2026, 3, 11, 2, 0)
MINUTE = timedelta(minutes=1)
ALL = {"email": "a@b.example", "mobile": "138", "phone": "010"}


def person(care: bool = False, **addresses) -> Recipient:
	return Recipient("C", "U", care=care, **addresses)


def test_towers_one_by_one_communities_publicly():
	assert notice_rules.mode_of("Tower") == "Individual"
	assert notice_rules.mode_of("Residential Community") == "Public"
	assert notice_rules.mode_of("Tower", "Public") == "Public"


@pytest.mark.parametrize(
	("addresses", "mail", "sms", "expected"),
	[
		(ALL, True, True, Way("E-mail", "Queued", False, False)),
		(ALL, False, True, Way("SMS", "Queued", False, False)),
		(ALL, False, False, Way("Phone", "Queued", True, False)),
		({"phone": "010"}, True, True, Way("Phone", "Queued", True, False)),
		({}, True, True, Way("Phone", "No Address", True, False)),
	],
)
def test_by_which_means_in_a_tower(addresses, mail, sms, expected):
	assert notice_rules.way_to(person(**addresses), "Individual", mail=mail, sms=sms, beside_public=False) == expected


def test_who_depends_on_power_is_confirmed_by_a_person_whatever_the_means():
	for mode in ("Individual", "Public"):
		for beside in (True, False):
			way = notice_rules.way_to(person(care=True, **ALL), mode, mail=True, sms=True, beside_public=beside)
			assert way.phone_list and way.must_confirm


def test_beside_a_public_notice_only_those_with_an_address():
	def way(addresses, beside):
		return notice_rules.way_to(person(**addresses), "Public", mail=True, sms=False, beside_public=beside)

	assert way(ALL, True) == Way("E-mail", "Queued", False, False)
	assert way(ALL, False) is None
	assert way({"phone": "010"}, True) is None


def test_what_fails_is_tried_again_and_then_phoned():
	assert notice_rules.after_failure("Individual", 1, NOW) == ("Queued", False, NOW + MINUTE)
	assert notice_rules.after_failure("Individual", 4, NOW) == ("Failed", True, None)
	assert notice_rules.after_failure("Public", 4, NOW) == ("Failed", False, None)


def due(minutes: int, issued=(), etr=None, status="Reported") -> list[str]:
	return notice_rules.due_by_itself(status, NOW, etr, dict.fromkeys(issued, NOW), NOW + minutes * MINUTE, Numbers())


def test_what_goes_out_by_itself():
	assert due(4) == []
	assert due(5) == ["First Word"]
	assert due(54, ["First Word"]) == []
	assert due(55, ["First Word"]) == ["In Writing"]
	assert due(55, ["First Word", "Cause"]) == []
	etr = NOW + 60 * MINUTE
	assert due(44, ["First Word"], etr) == []
	assert due(45, ["First Word"], etr) == ["ETR Passing"]
	told = {"First Word": NOW, "ETR": NOW + 50 * MINUTE}
	for minutes, expected in ((51, []), (59, []), (60, ["ETR Passing"])):
		found = notice_rules.due_by_itself("Active", NOW, etr, told, NOW + minutes * MINUTE, Numbers())
		assert found == expected
	for minutes, expected in ((44, []), (45, ["ETR Passing"])):
		now = NOW + minutes * MINUTE
		assert notice_rules.due_by_itself("Active", NOW, etr, {}, now, Numbers(), planned=True) == expected
	for status in ("Scheduled", "Restored", "Stood Down", "Closed", "Cancelled"):
		assert due(90, status=status) == []


def test_no_first_word_after_more_was_said():
	"""Whoever was told the cause, or when supply is expected, is not told afterwards that we know."""
	for told in ("Cause", "ETR", "In Writing", "ETR Passing"):
		assert "First Word" not in due(30, [told])
	assert due(5, ["Restored"]) == ["First Word"]  # some have supply again; the others were told nothing yet
	notice = {"name": "n", "kind": "Cause", "mode": "Individual", "posted_at": None}
	assert notice_rules.step_is_done(notice_rules.STEP_OF_ANCHOR["reported"], [notice], {})


def test_those_who_join_hear_what_the_others_were_told():
	for told, kind in ((["First Word", "Cause"], "First Word"), (["Cause"], "Cause"), (["ETR"], "ETR"), ([], "")):
		assert notice_rules.for_those_who_join(told) == kind


def test_phoned_in_vain():
	assert notice_rules.after_phone("No Answer", 1, NOW, 3, 60) == ("Queued", True, NOW + 60 * MINUTE)
	assert notice_rules.after_phone("No Answer", 3, NOW, 3, 60) == ("Failed", False, None)
	assert notice_rules.after_phone("Wrong Number", 1, NOW, 3, 60) == ("No Address", False, None)
	again = NOW + 60 * MINUTE
	assert notice_rules.after_phone("No Answer", 3, NOW, 3, 60, must_confirm=True) == ("Failed", True, again)
	assert notice_rules.after_phone("Wrong Number", 1, NOW, 3, 60, must_confirm=True) == ("No Address", True, None)


def test_planned_work_announced_too_late():
	"""As the step of the plan says, which is the one place for it."""
	before = {"Supplier": -7 * 1440, "Property": -1440}
	step = Step(
		"notify",
		"Prepare",
		3,
		"customer_service",
		"once",
		"planned_start",
		completes_with="notices",
		minutes_by_planner=before,
	)
	steps = [step]

	def late(planned_by, days, steps=steps):
		return notice_rules.announced_too_late(steps, planned_by, NOW + timedelta(days=days), NOW)

	assert late("Supplier", 7) == 0
	assert late("Supplier", 6) == 7
	assert late("Property", 1) == 0
	assert late("Property", 0.5) == 1
	assert late("Property", 0.5, steps=[]) == 0


def notice(kind: str, mode: str, posted_at=None) -> dict:
	return {"name": f"{kind} {mode}", "kind": kind, "mode": mode, "posted_at": posted_at}


def row(state: str, phone_list: int = 0) -> dict:
	return {"state": state, "phone_list": phone_list, "tries": 0}


def test_which_step_is_done():
	cause, told = (
		notice("Cause", "Individual"),
		{"Cause Individual": [row("Sent"), row("Seen"), row("Failed"), row("No Address")]},
	)
	assert not notice_rules.step_is_done(("Cause",), [], {})
	assert notice_rules.step_is_done(("First Word",), [notice("First Word", "Individual")], {})
	assert notice_rules.step_is_done(("Cause",), [cause], told)
	on_the_list = [row(state, phone_list=1) for state in ("Sent", "Failed", "No Address")]
	for open_row in (row("Queued"), row("Sending"), *on_the_list):
		assert not notice_rules.step_is_done(("Cause",), [cause], {"Cause Individual": [row("Sent"), open_row]})
	assert not notice_rules.step_is_done(("Cause",), [notice("Cause", "Public")], {})
	assert notice_rules.step_is_done(("Cause",), [notice("Cause", "Public", NOW)], {})


def test_words():
	assert notice_rules.fill("A {x}\nB {y}\n\n\n\nC", {"x": "1", "y": ""}) == "A 1\n\nC"
	assert notice_rules.unknown_words("{x} {y}", ["x"]) == ["y"]
	templates = [
		{"kind": "ETR", "language": language, "level": level} for language in ("en", "zh") for level in ("All", "I")
	]
	assert notice_rules.best_template(templates, "ETR", "I", "zh") == templates[3]
	assert notice_rules.best_template(templates, "ETR", "II", "zh") == templates[2]
	assert notice_rules.best_template(templates, "ETR", "II", "fr") == templates[0]
	assert notice_rules.best_template(templates, "Cause", "I", "en") is None


def test_a_call_is_made_once_for_each_contact_the_gravest_first():
	def line(name, contact, reason, since="1"):
		return {"name": name, "contact": contact, "incident": "I", "reason": reason, "since": since}

	lines = [
		line("a", "x", "Standard"),
		line("b", "y", "Care"),
		line("c", "x", "Call Request"),
		line("d", "z", "Standard", "0"),
	]
	assert [found["name"] for found in call_order.in_order(lines)] == ["b", "c", "d"]
	nested = {**line("e", "y", "Life safety"), "incident": "nested"}
	assert [found["name"] for found in call_order.in_order([*lines, nested])] == ["e", "c", "d"]


def test_a_call_that_somebody_makes():
	until = call_order.until(NOW, 10)
	with pytest.raises(RuleError):
		call_order.require_free("lin", until, "wang", NOW)
	call_order.require_free("lin", until, "lin", NOW)
	call_order.require_free("lin", until, "wang", until)


# ------------------------------------------------------------------------------------------------ kinds, subjects, endings
FITS = {
	"First Word": ("Reported", "Active"),
	"Cause": ("Active",),
	"In Writing": ("Reported", "Active"),
	"ETR": ("Reported", "Active"),
	"ETR Passing": ("Reported", "Active"),
	"Restored": ("Reported", "Active", "Restored", "Stood Down"),
	"Follow-up": ("Restored", "Stood Down", "Closed"),
	"Planned": ("Scheduled",),
	"Cancelled": ("Cancelled",),
}


@pytest.mark.parametrize("kind", FITS)
def test_a_notice_says_nothing_that_is_not_so(kind):
	for status in ("Scheduled", "Reported", "Active", "Restored", "Stood Down", "Closed", "Cancelled"):
		if status in FITS[kind]:
			notice_rules.require_kind(kind, status)
		else:
			with pytest.raises(RuleError, match=f"Kind: .*{status}"):
				notice_rules.require_kind(kind, status)


def test_an_unknown_kind_is_refused():
	with pytest.raises(RuleError, match="Kind: choose one of"):
		notice_rules.require_kind("Weather", "Active")


@pytest.mark.parametrize(
	("state", "phone_list", "expected"),
	[
		("Queued", 0, True),
		("Sending", 0, True),
		("Sent", 0, False),
		("Failed", 0, False),
		("Failed", 1, True),
		("No Address", 1, True),
		("Seen", 0, False),
	],
)
def test_who_is_still_to_be_told(state, phone_list, expected):
	assert notice_rules.still_to_tell({"state": state, "phone_list": phone_list}) is expected


def test_a_subject_fits_and_what_is_longer_says_so():
	assert notice_rules.subject_line("No power\n in  Tower 1 ") == "No power in Tower 1"
	assert notice_rules.subject_line("x" * 140) == "x" * 140
	assert notice_rules.subject_line("x" * 141) == "x" * 139 + "…"


def test_a_notice_ends_with_what_it_does_not_say_yet():
	text = "Supply is off.\n\nReason: a cable.\n"
	assert notice_rules.signed(text, ["Reason: a cable.", "", "Ask: 12345", "The Property"]) == (
		"Supply is off.\n\nReason: a cable.\n\nAsk: 12345\nThe Property"
	)
	assert notice_rules.signed(text, ["Reason: a cable."]) == text.strip()
	assert notice_rules.signed("", ["The Property"]) == "The Property"


def test_two_notices_are_the_same_but_for_the_date_in_their_last_line():
	assert notice_rules.without_date("Off.\nThe Property\n5 March\n") == "Off.\nThe Property"
	assert notice_rules.without_date("5 March") == ""


def test_an_sms_says_the_first_paragraph_and_who_signs():
	assert notice_rules.short("Off in\nTower 1.\n\nWhy: a cable.\n\nThe Property") == (
		"Off in Tower 1. The Property",
		True,
	)
	assert notice_rules.short("Off.\n\nThe Property") == ("Off. The Property", False)
	assert notice_rules.short("Off.") == ("Off.", False)
	assert notice_rules.short("") == ("", False)
