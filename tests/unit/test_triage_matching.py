"""Words and phrases are found whichever way somebody writes them."""

import pytest

from outage_response.domain import triage_matching as matching
from outage_response.domain.triage_danger import danger_in
from outage_response.domain.triage_outage import outage_in


def test_a_text_is_read_narrow_small_and_simplified_and_an_empty_line_ends_a_sentence():
	assert matching.plain_text("ＰＯＷＥＲ 停電\n it’s  off") == "power 停电 it's off"
	assert matching.plain_text("a\n \nb") == "a . b"
	assert matching.plain_text("x" * 5001) == "x" * 5000
	assert matching.plain_text(None) == ""


def test_cantonese_is_read_as_mandarin():
	assert matching.mandarin("冇电") == matching.simplified("冇電") == "没有电"
	assert matching.in_mandarin(("冇電", "没有电")) == ("没有电",)


@pytest.mark.parametrize(
	("written", "short"),
	[
		("cannot, can't and can not", "cant, cant and cant"),
		("i can’t", "i cant"),
		("it will not", "it wont"),
		("noone is not here", "no one isnt here"),
		("they haven't", "they havent"),
		("a cannothing", "a cannothing"),
	],
)
def test_a_denial_is_read_one_way(written, short):
	assert matching.short_denials(written) == short
	assert matching.in_short((written.upper().replace("’", "'"), written)) == (short,)


WORDS = ("power {x} cut", "no power", "flicker*", "没电")


def test_what_a_text_holds_of_a_list_is_found_in_the_order_of_the_list():
	assert matching.may_hold("there is no power", WORDS) and not matching.may_hold("all is well", WORDS)
	assert matching.first_of("no power, it was cut", WORDS) == "no power"
	assert matching.first_of("power was just cut, no power", WORDS) == "power was just cut"
	assert matching.first_of("nothing", WORDS) == ""
	assert list(matching.all_of("no power and no power", WORDS)) == [(0, "no power"), (13, "no power")]


def test_what_is_taken_out_leaves_a_gap():
	assert matching.without("a 没电b", WORDS) == "a  … b"
	assert matching.without("all is well", WORDS) == "all is well"


def test_of_some_words_the_longest_is_tried_first():
	assert matching.one_of(("a", "abc", "电")) == "abc|a|电"
	assert matching.one_of(("a", "电"), ascii_only=True) == "a"
	assert matching.one_of(("a", "电"), ascii_only=False) == "电"
	assert matching.one_of(("a.b",)) == r"a\.b"


def test_the_last_sign_counts_and_one_denied_or_asked_is_none():
	signs = ("false alarm", "误报")
	assert matching.last_sign("a false alarm, a false alarm", signs) == 18
	assert matching.last_sign("not a false alarm", signs) == 0
	assert matching.last_sign("误报吗", signs) == 0 and matching.last_sign("误报了", signs) == 1
	assert matching.is_denied("not ok", 4) and not matching.is_denied("all ok", 4)


def test_a_denial_reaches_twenty_characters():
	assert matching.is_denied("not" + " " * 17 + "ok", 20)
	assert not matching.is_denied("not" + " " * 18 + "ok", 21)


def test_a_phrase_has_parts_and_what_may_stand_between_them():
	assert matching.parts_of("Power {x} CUT*") == ["power", "cut"]
	assert matching.pattern_of("power {x} cut", True).search("power was at last cut")
	assert not matching.pattern_of("power {x} cut", True).search("power is fine, cut")
	assert matching.pattern_of("电{x}断", True).search("电突然全断")
	assert not matching.pattern_of("电{x}断", True).search("电，断") and matching.pattern_of("电{x}断", False).search(
		"电，断"
	)
	assert matching.pattern_of("没电", False).search("有没电") and not matching.pattern_of("没电", True).search(
		"有没电"
	)


def test_danger_is_a_word_of_the_list_that_nobody_takes_back():
	assert danger_in("there is a fire", ("fire",), ()) == "fire"
	assert danger_in("there is a fire drill", ("fire",), ("fire drill",)) == ""
	assert danger_in("all is well", ("fire",), ()) == ""


def test_an_outage_is_a_word_of_the_list_that_is_no_other_matter_and_not_over():
	def read(text: str) -> str:
		return outage_in(
			text,
			outage=("no power",),
			not_outage=("no power steering",),
			returned=("power is back",),
			not_here=("but not ours",),
		)

	assert read("we have no power") == "no power"
	assert read("my car has no power steering") == ""
	assert read("power is back") == "" and read("power is back but not ours") == "but not ours"
