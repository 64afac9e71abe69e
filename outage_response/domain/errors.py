"""How a rule says no. Texts are English templates; the flows translate them before a person reads them."""

from collections.abc import Callable
from typing import Any


def _(text: str) -> str:
	"""Mark `text` for the translation files; the flows look the translation up in the reader's language."""
	return text


# The same, for tables in modules where `_` is Frappe's own and would translate at once; Frappe's extractors know this name, too
_lt = _


class Keys(tuple[str, ...]):
	"""Keys of a plan (earths_removed) in a sentence, where people read them as words."""


def spoken(key: str, translate: Callable[[str], str]) -> str:
	"""A key of a plan as people read it: its translation, else its own words."""
	translated = translate(key) if key else ""
	return translated if translated != key else key[:1].upper() + key[1:].replace("_", " ")


class RuleError(Exception):
	"""A rule was broken: `text` names the field and the way out, `values` fill its {placeholders}.

	A value that is a list or tuple is a list of words: each is translated, then they are joined. Keys become words.
	"""

	def __init__(self, text: str, **values: Any):
		self.text = text
		self.values = values
		super().__init__(self.rendered(str))

	def rendered(self, translate: Callable[[str], str]) -> str:
		"""The sentence, with `translate` applied to the text and to each word in it."""

		def word(value: Any) -> str:
			if isinstance(value, Keys):
				return ", ".join(spoken(key, translate) for key in value)
			if isinstance(value, (list, tuple)):
				return ", ".join(translate(str(item)) for item in value)
			return translate(value) if isinstance(value, str) and value else str(value)

		return translate(self.text).format(**{key: word(value) for key, value in self.values.items()})


class GateClosed(RuleError):
	"""A gate was refused. `blocking` holds the tasks that keep it closed, most urgent first."""

	def __init__(self, text: str, blocking: list[Any], **values: Any):
		self.blocking = blocking
		super().__init__(text, **values)


class Overlaps(RuleError):
	"""A part of what is to be declared is already running, or planned for the same time; it may be declared all the same. `running`,
	each to be extended in its place: {"incident", "nodes": what is not part of it yet}."""

	def __init__(self, text: str, running: list[Any], **values: Any):
		self.running = running
		super().__init__(text, **values)


class NotAllowed(RuleError):
	"""The person may not do this."""
