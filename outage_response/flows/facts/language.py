"""Steps carry both languages; which of them a reader gets is decided here."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import frappe
from frappe import _

from outage_response.domain.errors import spoken
from outage_response.domain.step_definitions import Step


def in_chinese(language: str | None = None) -> bool:
	"""Does the reader (or `language`) read Chinese?"""
	return (language or frappe.local.lang or "").startswith("zh")


def listed(names: Iterable[str]) -> str:
	"""Several things in one sentence, as the reader's language sets them apart."""
	return ("、" if in_chinese() else ", ").join(names)


def in_sentences(parts: Iterable[str]) -> str:
	"""Several whole sentences, as the reader's language sets them side by side."""
	return ("" if in_chinese() else " ").join(parts)


def in_clauses(parts: Iterable[str]) -> str:
	"""Several statements in one sentence."""
	return ("；" if in_chinese() else "; ").join(parts)


def title_of(row: Mapping[str, Any], language: str | None = None) -> str:
	"""The title of a step or task (`title`, `title_zh`) in the reader's language; English where there is no Chinese."""
	return (row.get("title_zh") if in_chinese(language) else "") or row["title"]


def in_words(en: str, zh: str) -> str:
	"""What a plan says in one language or two, in the reader's; where it says it in one only, that one."""
	return (zh if in_chinese() else "") or (_(en) if en else zh)


def outcome_word(step: Step, key: str) -> str:
	"""An outcome as the plan words it; a key without words of its own, as a word."""
	found = step.outcomes.get(key)
	return (in_words(found.en, found.zh) if found else "") or spoken(key, _)


def outcomes_of(step: Step) -> list[list[str]]:
	"""The outcomes of a step as screens offer them: [key, words, what it means to the rules]."""
	return [[key, outcome_word(step, key), found.meaning] for key, found in step.outcomes.items()]


@contextmanager
def in_language(language: str) -> Iterator[None]:
	"""Speak the reader's language, whatever the operator's is."""
	before, frappe.local.lang = frappe.local.lang, language
	try:
		yield
	finally:
		frappe.local.lang = before
