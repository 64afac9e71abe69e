"""The check of commits' subjects says what CONTRIBUTING.md says."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECK = runpy.run_path(str(ROOT / ".ci/commit_subjects.py"))


@pytest.mark.parametrize(
	("subject", "is_right"),
	[
		("fix: set up again although a builder broke", True),
		("feat(paging): ring the deputy", True),
		("fix: " + "x" * 67, True),
		("fix: " + "x" * 68, False),
		("Fix: set up again", False),
		("set up again", False),
		("fix:set up again", False),
		("fix: ", False),
		("fix: set up again.", False),
		("style: set up again", False),
		("Merge branch 'main' of elsewhere", True),
		("", False),
	],
)
def test_a_subject_is_taken_or_refused(subject, is_right):
	assert (CHECK["fault"](subject) == "") is is_right


@pytest.mark.parametrize(("text", "code"), [("fix: see it\n\nA long reason.\n", 0), ("\n# a note of git\nsee it\n", 1)])
def test_a_message_is_judged_by_its_first_line(tmp_path, text, code):
	message = tmp_path / "COMMIT_EDITMSG"
	message.write_text(text, encoding="utf-8")
	assert CHECK["main"]([str(message)]) == code


def test_the_prefixes_are_those_of_the_guide():
	said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
	named = CHECK["SUBJECT"].pattern.split(")")[0].strip("(").split("|")
	assert [prefix for prefix in named if f"`{prefix}:`" not in said] == []
