"""Word lists, kept as data in `words/`: a section for each list, a word or phrase on each line, `#` for comments.

{@other} on a line stands for each word of that section, so that two such make every pair; "…" around a line keeps its spaces, and
"" is the empty word. A table is written as numbered sections, [over/1/of] and [over/1/signs]; what belongs together in one row as
"a + b". No word stands twice in one section.
"""

import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from importlib import resources

Words = tuple[str, ...]
_SECTION = re.compile(r"\{@([^{}]+)\}")


def load(name: str) -> dict[str, Words]:
	"""section -> its words, in their order, of `words/<name>.ini`. Raises configparser.Error for a word that stands twice, and
	KeyError for a section that is named and not there."""
	parser = ConfigParser(
		allow_no_value=True, delimiters=("\0",), comment_prefixes=("#",), interpolation=None, default_section=""
	)
	parser.optionxform = str  # type: ignore[assignment,method-assign]  # as they are written, not in small letters
	parser.read_string(resources.files(__package__).joinpath(f"words/{name}.ini").read_text(encoding="utf-8"))
	lines = {section: tuple(parser[section]) for section in parser.sections()}
	return {section: _expanded(section, lines) for section in lines}


def rows(lists: Mapping[str, Words], table: str, *columns: str) -> tuple[tuple[Words, ...], ...]:
	"""The rows of a table that is written as numbered sections. Raises KeyError where a column is missing."""
	numbers = dict.fromkeys(
		section.split("/")[1] for section in lists if section.startswith(f"{table}/") and section.count("/") == 2
	)
	return tuple(tuple(lists[f"{table}/{number}/{column}"] for column in columns) for number in numbers)


def joined(words: Words, sign: str) -> tuple[Words, ...]:
	"""Lines of several words each: "a + b" -> ("a", "b")."""
	return tuple(tuple(part.strip() for part in line.split(sign)) for line in words)


def _expanded(section: str, lines: Mapping[str, Words]) -> Words:
	return tuple(dict.fromkeys(word for line in lines[section] for word in _words(line, lines)))


def _words(line: str, lines: Mapping[str, Words]) -> Iterator[str]:
	named = _SECTION.search(line)
	if not named:
		yield line[1:-1] if line.startswith('"') and line.endswith('"') else line
		return
	before, after = line[: named.start()], line[named.end() :]
	for word in _expanded(named[1], lines):
		yield from _words(f"{before}{word}{after}", lines)
