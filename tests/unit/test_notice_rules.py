"""Who is told by which means, what goes out by itself and when, the words; links in messages."""

from datetime import datetime, timedelta

import pytest

from outage_response.domain import call_order, message_links, notice_rules
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


def test_links_hold_for_one_contact_one_key_and_a_while():
	expires = int(NOW.timestamp()) + 60
	token = message_links.make("secret", "outage", "subject", "contact", "key", expires)
	link = message_links.read(token)
	assert message_links.holds(link, "secret", "contact", "key", NOW)
	assert not message_links.holds(link, "other", "contact", "key", NOW)
	assert not message_links.holds(link, "secret", "another", "key", NOW)
	assert not message_links.holds(link, "secret", "contact", "new key", NOW)
	assert not message_links.holds(link, "secret", "contact", "key", NOW + 2 * MINUTE)
	nobody = message_links.read(message_links.make("secret", "outage", "subject", "contact", "", expires))
	assert not message_links.holds(nobody, "secret", "contact", "", NOW)  # revoked


@pytest.mark.parametrize("token", ["", "a.b.c.d", "a.b.1", "a.b.1.c.d", "a.b.-1.c", None, 7, [], "é.b.1.c", "a" * 300])
def test_what_is_no_link(token):
	assert message_links.read(token) is None
