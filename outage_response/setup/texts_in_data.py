"""What people read of the app's data, for Frappe's extractor of texts (`bench generate-pot-file`, babel_extractors.csv), which knows of
Python, scripts, pages and doctypes by itself."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import yaml

Found = Iterator[tuple[int, str, str, list[str]]]


def of_plans(file: BinaryIO, *_asked: Any, **_options: Any) -> Found:
	"""Titles of steps; checks and outcomes by their keys and as people read a key."""
	for text in dict.fromkeys(_in_plan(yaml.safe_load(file))):
		yield 1, "gettext", text, []


def of_print_formats(file: BinaryIO, *_asked: Any, **_options: Any) -> Found:
	"""The name that a menu shows."""
	yield 1, "gettext", json.load(file)["name"], []


def _in_plan(node: Any) -> Iterator[str]:
	if isinstance(node, list):
		for one in node:
			yield from _in_plan(one)
	elif isinstance(node, dict):
		if isinstance(node.get("en"), str):
			yield node["en"]
		for key in (*node.get("checks", ()), *node.get("outcomes", ())):
			yield key
			yield key.replace("_", " ")
		for one in node.values():
			yield from _in_plan(one)
