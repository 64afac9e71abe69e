"""What a plan loses of life safety and gates."""

from dataclasses import replace

import pytest

from outage_response.domain.plan_safeguards import guards, lost
from outage_response.domain.step_definitions import Outcome, Step

CHECK = Step(
	"look", "Assess", 0, "control_room", "elevator", "reported", "Look", "查看", life_safety=True,
	outcomes={"in": Outcome(meaning="trapped"), "out": Outcome(meaning="empty")},
)  # fmt: skip
CLEAR = Step(
	"clear", "Verify", 1, "engineering", "once", "confirmed", "Clear", gate="energise", checks=("a", "b"),
	after=("look",), read_back_by="control_room",
)  # fmt: skip
TIDY = Step("tidy", "Follow-up", 3, "engineering", "once", "restored", "Tidy up")
PLAN = [CHECK, CLEAR, TIDY]


def keys(after, known=()):
	return [loss["key"] for loss in lost(PLAN, after, known)]


def test_what_guards():
	assert [guards(step) for step in PLAN] == [True, True, False]


def test_to_add_reword_and_reorder_loses_nothing():
	extra = replace(CHECK, key="more")
	assert keys([TIDY, replace(CLEAR, title_en="Other words", minutes=5, checks=("a", "b", "c")), CHECK, extra]) == []
	assert keys([CHECK, CLEAR]) == []


def test_an_outcome_that_comes_to_mean_something_loses_nothing():
	plain = replace(CHECK, outcomes={"in": Outcome(), "out": Outcome()})
	assert lost([plain], [CHECK]) == ()


@pytest.mark.parametrize(
	("step", "change"),
	[
		(CHECK, {"life_safety": False}),
		(CHECK, {"optional": True}),
		(CHECK, {"per": "once"}),
		(CHECK, {"when_off_hours": True}),
		(CHECK, {"when_off_hours": False}),
		(CHECK, {"when_min_households": 50}),
		(CHECK, {"when_property_type": "Tower"}),
		(CHECK, {"on_outcome": True}),
		(CHECK, {"outcomes": {"out": Outcome(meaning="empty")}}),
		(CLEAR, {"gate": ""}),
		(CLEAR, {"gate": "close"}),
		(CLEAR, {"checks": ("a",)}),
		(CLEAR, {"after": ()}),
		(CLEAR, {"read_back_by": ""}),
	],
)
def test_to_take_away_or_ask_less_often_is_a_loss(step, change):
	assert keys([replace(one, **change) if one is step else one for one in PLAN]) == [step.key]


def test_a_loss_stays_known_until_the_step_is_back():
	first = lost(PLAN, [CLEAR, TIDY])
	assert first == ({"key": "look", "title": "Look", "title_zh": "查看"},)
	assert lost([CLEAR, TIDY], [CLEAR], first) == first
	assert lost([CLEAR, TIDY], [CLEAR, CHECK], first) == ()
