"""The word lists are data: what is written in them is read, and what cannot be read is refused."""

import configparser
from importlib import resources

import pytest

from outage_response.domain import triage_outage_words, triage_words, word_lists

DANGER, OUTAGE = word_lists.load("danger"), word_lists.load("outage")


@pytest.fixture
def written(tmp_path, monkeypatch):
	"""Lists of the test's own in place of the app's."""
	(tmp_path / "words").mkdir()
	monkeypatch.setattr(resources, "files", lambda _package: tmp_path)

	def write(text: str) -> dict:
		(tmp_path / "words" / "own.ini").write_text(text, encoding="utf-8")
		return word_lists.load("own")

	return write


def test_words_stay_as_they_are_written(written):
	lists = written('[a]\n# why\nGas leak\nno: power = none\n"not true, "\n电没来\n""\n')
	assert lists == {"a": ("Gas leak", "no: power = none", "not true, ", "电没来", "")}


def test_another_list_is_named_alone_and_in_pairs(written):
	lists = written("[supply]\npower\nelec\n[away]\nout\noff\n[all]\n{@away}\n{@supply} {x} {@away}\n")
	assert lists["all"] == ("out", "off", "power {x} out", "power {x} off", "elec {x} out", "elec {x} off")


def test_a_table_has_its_rows_in_their_order(written):
	lists = written(
		"[over/1/of]\nfire\n[over/1/signs]\nfine\n[over/2/of]\ngas\n[over/2/signs]\nfixed\nout\n[overall]\nx\n"
	)
	assert word_lists.rows(lists, "over", "of", "signs") == ((("fire",), ("fine",)), (("gas",), ("fixed", "out")))
	with pytest.raises(KeyError):
		word_lists.rows(lists, "over", "of", "unless")


def test_what_belongs_together_is_parted():
	assert word_lists.joined(("lift + caught", "夜 + 冷"), "+") == (("lift", "caught"), ("夜", "冷"))


@pytest.mark.parametrize(
	("text", "error"),
	[
		("[a]\nfire\nfire\n", configparser.DuplicateOptionError),
		("[a]\nfire\n[a]\ngas\n", configparser.DuplicateSectionError),
		("fire\n", configparser.MissingSectionHeaderError),
		("[a]\n{@b}\n", KeyError),
	],
)
def test_what_cannot_be_meant_is_refused(written, text, error):
	with pytest.raises(error):
		written(text)


@pytest.mark.parametrize("lists", [DANGER, OUTAGE], ids=["danger", "outage"])
def test_no_list_is_empty_and_no_word_has_the_marks_of_the_file(lists):
	for section, words in lists.items():
		assert words, section
		assert not [word for word in words if "@" in word or '"' in word or "#" in word], section


def test_every_list_is_used():
	"""By its name in the modules, as a table, or named by another list."""
	for lists, module in ((DANGER, triage_words), (OUTAGE, triage_outage_words)):
		named = resources.files("outage_response.domain").joinpath(
			f"words/{'danger' if lists is DANGER else 'outage'}.ini"
		)
		text = named.read_text(encoding="utf-8")
		public = {name.lower() for name in vars(module)}
		unused = [section for section in lists if section.split("/")[0] not in public and f"{{@{section}}}" not in text]
		assert not unused


def test_combinations_name_meanings_that_there_are():
	for row in (*triage_words.IN_ONE_SENTENCE, *triage_words.IN_TWO_SENTENCES):
		assert row and set(row) <= set(triage_words.MEANINGS), row
