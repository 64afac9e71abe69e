"""No text of a stranger holds the app up: every pattern is run with the worst text that was found for it.

Outside text is cut before any pattern sees it (`triage_matching.LONGEST` characters of text, `answer_without_quotes.LONGEST_HTML` of a message's
HTML), and no pattern may need more than a moment for what is left of 1 MB, however it is written.
"""

import ast
import importlib
import re
import time
from functools import cache
from pathlib import Path

import pytest

from outage_response.domain import (
	answer_without_quotes,
	command_centre_rules,
	phone_numbers,
	probable_location,
	triage,
	triage_danger,
	triage_matching,
	triage_outage_words,
	triage_words,
	which_outage_explains,
)

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000
# Seconds of the processor's time
MOMENT = 0.1
# Pieces that some pattern begins with, may repeat, or hopes to end with
PIECES = (
	*(
		"a",
		"1",
		" ",
		"\n",
		"-",
		"<",
		"(",
		"停",
		"a ",
		"1 ",
		"1-",
		"1(",
		"<div ",
		"</",
		"<!--",
		"<style ",
		"on a",
		"在a",
	),
	*("border-top: ", "no ", "没有", "hi, ", "1栋1", "电话1", "ext. ", "{a"),
)
# Patterns of a message's HTML; every other text is cut shorter
OF_HTML = ("_QUOTE_TAG", "_QUOTED_HTML", "_BLOCK", "_HIDDEN", "_TAG", "_ENDS")


def modules() -> list[str]:
	names = []
	for path in sorted((ROOT / "outage_response").rglob("*.py")):
		if "re." in path.read_text(encoding="utf-8"):
			names.append(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
	return names


def patterns_within(value) -> list[re.Pattern]:
	if isinstance(value, re.Pattern):
		return [value]
	if isinstance(value, dict):
		value = [*value.values()]
	return [found for one in value for found in patterns_within(one)] if isinstance(value, (list, tuple)) else []


@cache
def compiled_in_rules() -> dict[str, re.Pattern]:
	found = {}
	for name in modules():
		if name.startswith("outage_response.domain."):
			for attribute, value in vars(importlib.import_module(name)).items():
				for number, pattern in enumerate(patterns_within(value)):
					found[f"{name}.{attribute}.{number}"] = pattern
	found["triage_danger._denied"] = triage_danger._denied()
	found["triage_danger._denied_chinese"] = triage_danger._denied_chinese()
	return found


@cache
def written_elsewhere() -> dict[str, re.Pattern]:
	"""Patterns of modules that need Frappe, and those that a function uses at once, as they stand in the source; those that
	a module of the rules keeps are run as they are."""
	found = {}
	for name in modules():
		path = ROOT / name.replace(".", "/")
		source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
		tree = ast.parse(source.read_text(encoding="utf-8"))
		kept = {node.value for node in tree.body if isinstance(node, ast.Assign)} if ".domain." in name else set()
		for node in ast.walk(tree):
			if node in kept:
				continue
			is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
			if is_call and isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.args:
				where = f"{name}:{node.lineno}"
				try:
					found[where] = re.compile(ast.literal_eval(node.args[0]), re.IGNORECASE)
				except ValueError:
					found[where] = None  # put together from parts
	return found


# Put together while the app runs, from words of its own or of Settings: `pattern_of` and the patterns of the rules are run
# below, the rest is a route, a name, or a template of our own.
PUT_TOGETHER = {
	"outage_response.api.pages": 1,
	"outage_response.integrations.records": 1,
}


def test_every_pattern_is_known_here():
	unknown: dict[str, int] = {}
	for where, pattern in written_elsewhere().items():
		module = where.split(":")[0]
		if pattern is None and not module.startswith("outage_response.domain."):
			unknown[module] = unknown.get(module, 0) + 1
	assert unknown == PUT_TOGETHER


def worst_texts(pattern: re.Pattern, longest: int) -> list[str]:
	"""1 MB of each piece, and of what the pattern itself spells, cut as the app cuts it."""
	own = re.findall(r"[A-Za-z\u4e00-\u9fff<>:/.# -]{2,20}", pattern.pattern)[:6]
	pieces = dict.fromkeys((*PIECES, *own, *(f"{one} " for one in own[:3])))
	return [(piece * (MEGABYTE // len(piece)))[:longest] for piece in pieces]


def longest_for(where: str) -> int:
	"""Twice what the app leaves of a text: what grows with its square would show."""
	return answer_without_quotes.LONGEST_HTML if any(name in where for name in OF_HTML) else 2 * triage_matching.LONGEST


def run(pattern: re.Pattern, text: str) -> float:
	began = time.process_time()
	for _found in pattern.finditer(text):
		pass
	pattern.fullmatch(text)
	return time.process_time() - began


@pytest.mark.parametrize("where", [*compiled_in_rules(), *written_elsewhere()])
def test_no_pattern_is_slow(where):
	pattern = {**written_elsewhere(), **compiled_in_rules()}[where]
	if pattern is None:
		return
	longest = answer_without_quotes.LONGEST_HTML if "records" in where else longest_for(where)
	for text in worst_texts(pattern, longest):
		assert run(pattern, text) < MOMENT, text[:20]


def every_phrase() -> set[str]:
	found: set[str] = set()

	def collect(value) -> None:
		if isinstance(value, str):
			found.add(value)
		elif isinstance(value, dict):
			for one in (*value, *value.values()):
				collect(one)
		elif isinstance(value, (tuple, frozenset)):
			for one in value:
				collect(one)

	for module in (triage_words, triage_outage_words):
		for name, value in vars(module).items():
			if name.isupper() and name not in ("TRADITIONAL",):
				collect(value)
	return found


def test_no_phrase_of_the_lists_is_slow():
	"""Those with a gap; all others are letters and nothing else."""
	with_a_gap = [phrase for phrase in every_phrase() if "{x}" in phrase]
	assert len(with_a_gap) > 500
	for phrase in with_a_gap:
		pattern, first = triage_matching.pattern_of(phrase, True), triage_matching.parts_of(phrase)[0]
		assert run(pattern, (f"{first} a " * triage_matching.LONGEST)[: triage_matching.LONGEST]) < MOMENT, phrase


@pytest.mark.parametrize(
	"piece", ["<div ", "<blockquote", "border-top: ", "<style ", "<!--", "停电", "no power ", "1-", "\n> ", "在"]
)
def test_a_megabyte_is_cut_before_it_is_read(piece):
	text = piece * (MEGABYTE // len(piece))
	readers = (
		lambda: triage.read(text),
		lambda: triage.can_be_read(text),
		lambda: triage_matching.simplified(text),
		lambda: answer_without_quotes.cut_html(text),
		lambda: answer_without_quotes.own_words(text, ["a", text]),
		lambda: answer_without_quotes.says_still_out(text),
		lambda: answer_without_quotes.asks_for_updates(text),
		lambda: which_outage_explains.about_something_else_too(text, text),
		lambda: which_outage_explains.ends_with_the_outage(text, text),
		lambda: probable_location.homes_named(text),
		lambda: command_centre_rules.kind_seen(text),
		lambda: command_centre_rules.minutes_in(text),
		lambda: phone_numbers.digits(text),
		lambda: phone_numbers.same(text, text),
	)
	for read in readers:
		began = time.process_time()
		read()
		assert time.process_time() - began < 2


def test_what_stands_behind_the_cut_is_not_read():
	ahead = "x" * triage_matching.LONGEST
	assert not triage.read(f"{ahead} no power").outage
	assert triage.read(f"no power {ahead}").outage
	assert not answer_without_quotes.says_still_out(f"{ahead} still dark")
	assert not probable_location.homes_named(f"{ahead} 3-2-502")
	assert len(answer_without_quotes.own_words("a" * MEGABYTE)) == answer_without_quotes.LONGEST
	assert len(answer_without_quotes.cut_html("a" * MEGABYTE)) == answer_without_quotes.LONGEST_HTML
