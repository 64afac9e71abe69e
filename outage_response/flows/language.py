"""Steps carry both languages; which of them a reader gets is decided here."""

from collections.abc import Mapping
from typing import Any

import frappe


def in_chinese(language: str | None = None) -> bool:
	"""Does the reader (or `language`) read Chinese?"""
	return (language or frappe.local.lang or "").startswith("zh")


def title_of(row: Mapping[str, Any], language: str | None = None) -> str:
	"""The title of a step or task (`title`, `title_zh`) in the reader's language; English where there is no Chinese."""
	return (row.get("title_zh") if in_chinese(language) else "") or row["title"]
