"""How much of a text is read, which texts the lists can read at all, and how far a word reaches."""

import pytest

from outage_response.domain import triage, triage_matching


def test_of_a_long_text_its_first_two_pages_are_read():
	filler = "x " * 2492 + "x"  # with the words: 5,000 characters
	assert len(f"{filler} no electricity") == triage_matching.LONGEST
	assert triage.read(f"{filler} no electricity").outage
	assert not triage.read(f"{filler}y no electricity").outage


@pytest.mark.parametrize(
	("text", "readable"),
	[
		("停电了", True),
		("we have no power since noon", True),
		("no", True),  # of one or two words nobody can say in which language they are
		("kein strom", True),
		("wir haben keinen strom", False),
		("", False),
		("123 !", False),
		("нет света дома", False),
		("abcdef пппп", True),  # six letters of ten
		("abcde ппппп", False),
	],
)
def test_what_the_lists_can_read(text, readable):
	assert triage.can_be_read(text) is readable


def test_a_machine_says_early_that_it_is_one():
	automatic = "this is an automatic reply. "
	assert not triage.read(automatic + "our power is out.").outage
	assert triage.read("our power is out. " + "please look. " * 30 + automatic).outage


@pytest.mark.parametrize(
	"text",
	[
		"lift stopped. cannot get out",
		"the lift stopped between floors and we cannot get out",
	],
)
def test_words_mean_danger_together_in_one_sentence_or_in_two(text):
	assert triage.read(text).danger


def test_words_that_stand_far_apart_mean_nothing_together():
	assert not triage.read("the lift is slow. nothing else is wrong. i cannot get out of this contract.").danger


def test_what_says_nothing_reads_as_nothing():
	assert triage.read("") == triage.Reading("", "")


def test_a_word_with_a_gap_reaches_over_four_words_and_no_clause():
	words = triage.Words(outage=("cable {x} cut",), danger=(), no_danger=())
	assert triage.read("the cable was just now cut", words).outage
	assert triage.read("cable in our own yard cut", words).outage
	assert not triage.read("cable in our own front yard cut", words).outage
	assert not triage.read("we saw a cable, the grass is cut", words).outage


def test_a_word_with_a_star_may_go_on():
	words = triage.Words(outage=("flicker*",))
	assert triage.read("it flickers", words).outage
	assert not triage.read("itflickers", words).outage
