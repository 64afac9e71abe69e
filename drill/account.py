"""What the drill prints: the account of the night, the table, one line of JSON."""

import json
import textwrap
from datetime import datetime

WIDTH = 116
INDENT = " " * 10
FIGURES = (
	"level",
	"tasks",
	"done",
	"overdue",
	"skipped",
	"cancelled",
	"callbacks",
	"reached",
	"not_reached",
	"still_out",
	"refused",
	"affected_units",
	"customer_minutes",
)
COLUMNS = (
	("tasks", "tasks", "created"),
	("done", "done", ""),
	("overdue", "overdue", ""),
	("skipped", "skipped", ""),
	("cancelled", "cancelled", ""),
	("callbacks", "callbacks", "to make"),
	("reached", "reached", ""),
	("not_reached", "not", "reached"),
	("still_out", "still", "out"),
	("affected_units", "units", "affected"),
	("customer_minutes", "CMI", "minutes"),
)
SHOWN = 6


def title(text: str) -> None:
	"""The beginning of one outage."""
	print(f"\n{text}\n{'=' * len(text)}", flush=True)


def scene(text: str, moment: datetime) -> None:
	"""The beginning of one scene of it."""
	print(f"\n-- {text} -- {moment:%A} {moment.day} {moment:%B %Y}", flush=True)


def line(moment: datetime, who: str, text: str) -> None:
	"""One thing that somebody did."""
	_wrapped(f"{moment:%H:%M:%S}  ", f"{who} — {text}")


def aside(text: str) -> None:
	"""Something that belongs to the line above."""
	_wrapped(INDENT, text)


def refusal(words: str, items: list[str]) -> None:
	"""A refusal, in the words that the person reads."""
	_wrapped(INDENT, f'Refused: "{words}"')
	for item in items[:SHOWN]:
		_wrapped(INDENT + "  - ", item)
	if len(items) > SHOWN:
		_wrapped(INDENT + "    ", f"and {len(items) - SHOWN} more")


def _wrapped(start: str, text: str) -> None:
	print(
		textwrap.fill(text, WIDTH, initial_indent=start, subsequent_indent=" " * max(len(start), 10) + "  "), flush=True
	)


def table(figures: dict[str, dict]) -> None:
	"""One row per incident."""
	print("\nThe figures")
	print("===========")
	names = [f"{name} (level {row['level']})" for name, row in figures.items()]
	first = max(map(len, names))
	widths = [max(len(head), len(below)) + 2 for _key, head, below in COLUMNS]
	for position in (1, 2):
		heads = "".join(column[position].rjust(width) for column, width in zip(COLUMNS, widths, strict=True))
		print(" " * first + heads)
	for name, row in zip(names, figures.values(), strict=True):
		cells = "".join(str(row[key]).rjust(width) for (key, _head, _below), width in zip(COLUMNS, widths, strict=True))
		print(name.ljust(first) + cells)
	print("CMI: customer minutes of interruption. Overdue: done, or on post, after the step was due.")


def as_json(figures: dict[str, dict]) -> str:
	"""The same figures in one line."""
	return json.dumps({name: {key: row[key] for key in FIGURES} for name, row in figures.items()}, sort_keys=True)
