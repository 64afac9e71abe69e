"""What the rules take for so where nobody said anything, and that nobody changes what they have said."""

import dataclasses
import importlib
from collections.abc import Iterator
from datetime import time

import pytest

from .conftest import ROOT

# The defaults of Settings are those of the form: test_settings.py holds both together
RULES = sorted(
	file.stem for file in (ROOT / "outage_response/domain").glob("*.py") if file.stem not in ("__init__", "settings")
)
# A thing in a power cut is without supply until somebody says that it has its own
TRUE_UNLESS_SAID = {"Subject.unprotected"}
# The flows carry a row from state to state
CHANGED_BY_FLOWS = {"TaskRow"}
NUMBERS = {
	# each step is the third of four priorities unless its plan says so
	"TaskRow.priority": 3,
	"Mine.priority": 3,
	# rung once, by one round, and once more after two minutes
	"Row.times": 1,
	"Row.every_minutes": 2,
	"Rule.rounds": 1,
	"TaskSpec.round": 1,
	# the numbers of Settings as they are shipped
	"Policy.sample_percent": 100,
	"Policy.danger_percent": 100,
	"Policy.care_percent": 100,
	"Policy.reported_percent": 100,
	"Policy.max_attempts": 3,
	"Policy.retry_minutes": 120,
	"Numbers.first_word_minutes": 10,
	"Numbers.in_writing_minutes": 60,
	"Numbers.etr_warning_minutes": 15,
	"Numbers.mail_patience_minutes": 30,
	"Numbers.resident_message_minutes": 120,
}


def records() -> Iterator[type]:
	for name in RULES:
		module = importlib.import_module(f"outage_response.domain.{name}")
		for one in vars(module).values():
			if dataclasses.is_dataclass(one) and one.__module__ == module.__name__:
				yield one


def defaults(kind: type) -> dict[str, object]:
	return {
		f"{record.__name__}.{field.name}": field.default
		for record in records()
		for field in dataclasses.fields(record)
		if type(field.default) is kind
	}


@pytest.mark.parametrize("record", list(records()), ids=lambda record: record.__name__)
def test_what_a_rule_has_said_stays_so(record):
	assert record.__dataclass_params__.frozen is (record.__name__ not in CHANGED_BY_FLOWS)


def test_what_nobody_said_is_not_so():
	assert {name for name, value in defaults(bool).items() if value} == TRUE_UNLESS_SAID


def test_what_nobody_counted_is_none_and_the_rest_are_the_shipped_numbers():
	assert {name: value for name, value in defaults(int).items() if value} == NUMBERS


def test_residents_are_called_by_day():
	assert defaults(time) == {"Policy.calling_from": time(8), "Policy.calling_to": time(21)}
