"""How well tickets are read: precision and recall on three labelled samples, in Chinese and English.

The first two samples were written without sight of the word lists, and the lists were then completed from what they had missed.
The second one was read once before that, with lists that only knew the first: outage precision 0.95, recall 0.83; danger
precision 0.92, recall 0.73. New phrasings will fare about like that; the figures below say that nothing got worse.
The third one holds what the others had not: supply that is back for others only, traditional characters, danger without power.
"""

import csv
import time
from pathlib import Path

import pytest

from outage_response.domain import triage

SAMPLES = ("ticket_phrasings.csv", "ticket_phrasings_second.csv", "ticket_phrasings_third.csv")


def rows(name: str) -> list[dict]:
	with (Path(__file__).parent / name).open(encoding="utf-8") as file:
		return list(csv.DictReader(file))


def precision_and_recall(name: str, what: str) -> tuple[float, float]:
	found = [(bool(getattr(triage.read(row["text"]), what)), row[what] == "yes") for row in rows(name)]
	right = sum(read and meant for read, meant in found)
	return right / sum(read for read, _ in found), right / sum(meant for _, meant in found)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("what", "precision", "recall"), [("outage", 0.95, 0.93), ("danger", 0.93, 0.93)])
def test_reading_tickets_does_not_get_worse(name, what, precision, recall):
	got = precision_and_recall(name, what)
	print(f"{name} {what}: precision {got[0]:.2f}, recall {got[1]:.2f}, {len(rows(name))} phrasings")
	assert got[0] >= precision
	assert got[1] >= recall


def test_the_samples_hold_enough_of_each_kind():
	for name in SAMPLES:
		sample = rows(name)
		assert len(sample) >= 60
		for what in ("outage", "danger"):
			assert 10 <= sum(row[what] == "yes" for row in sample) <= len(sample) - 10


@pytest.mark.parametrize("text", ["", "<p></p>", "停" * 5000, "power " * 3000, "\x00\uffff", "%s {x} \\"])
def test_any_text_can_be_read(text):
	triage.read(text)


@pytest.mark.parametrize(
	"text",
	[
		"my phone\n" + "_" * 9000,
		"when " + "x" * 9000,
		"phone：" + "停水" * 4500,
		"my phone a " * 900,
		"电梯" * 5000,
		"phone，" * 1600,
	],
)
def test_no_text_holds_the_ticket_up(text):
	"""The hook reads inside the request of the resident who writes."""
	triage.read("warm up: no power")
	began = time.perf_counter()
	triage.read(text)
	assert time.perf_counter() - began < 1


def test_what_stands_in_another_clause_is_not_taken_for_one_phrase():
	assert triage.read("My phone is 12, no power in my flat").outage == "no power"
	assert not triage.read("my phone has no power").outage
	assert triage.read("Power cut.\n\nsmoke in the hall").danger == "smoke"


def test_a_site_may_bring_its_own_words():
	own = triage.Words(outage=("kein strom",), not_outage=(), danger=(), no_danger=())
	assert triage.read("Kein  Strom im Keller", own).outage == "kein strom"
	assert triage.read("no power", own) == triage.Reading()


def test_a_word_is_found_as_a_word_only():
	assert not triage.read("I drove past the firehouse").danger
	assert not triage.read("our powerhouse team cuts costs").outage
