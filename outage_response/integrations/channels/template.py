"""Templates of channels: they put words into an address, a header, a body, and that is all. What could run on or grow without end
(loops, calculations, calls) is refused before anything is filled in: a sender of the night must not stand still in it."""

from collections.abc import Mapping
from typing import Any

import frappe
from frappe import _
from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST_TEMPLATE, LONGEST = 20_000, 200_000
FILTERS = [
	"abs",
	"capitalize",
	"d",
	"default",
	"e",
	"escape",
	"first",
	"forceescape",
	"int",
	"last",
	"length",
	"list",
	"lower",
	"replace",
	"round",
	"safe",
	"string",
	"title",
	"tojson",
	"trim",
	"truncate",
	"upper",
	"urlencode",
]
# Methods of texts that give no more than the text has, and `replace`, which is measured
METHODS = frozenset(
	["capitalize", "endswith", "lower", "lstrip", "replace", "rstrip", "split", "startswith", "strip", "title", "upper"]
)
ALLOWED = (
	nodes.Template,
	nodes.Output,
	nodes.TemplateData,
	nodes.Name,
	nodes.Const,
	nodes.Filter,
	nodes.Test,
	nodes.If,
	nodes.CondExpr,
	nodes.Compare,
	nodes.Operand,
	nodes.And,
	nodes.Or,
	nodes.Not,
	nodes.Concat,
	nodes.Add,
	nodes.Sub,
	nodes.Getattr,
	nodes.Getitem,
	nodes.Slice,
	nodes.Call,
	nodes.Keyword,
	nodes.List,
	nodes.Tuple,
	nodes.Dict,
	nodes.Pair,
	nodes.Neg,
)


class TooMuch(TemplateError):
	"""A template that asks for more than putting words into a text."""


def _replace(text: Any, old: str, new: str, *args: Any) -> str:
	text, old, new = str(text), str(old), str(new)
	if len(text) + (text.count(old) if old else len(text) + 1) * len(new) > LONGEST:
		raise TooMuch(_("its text has no end"))
	return text.replace(old, new)


class _Sandbox(ImmutableSandboxedEnvironment):
	"""Sees what is given to it and nothing of the site."""

	def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
		if getattr(obj, "__name__", "") == "replace":
			return _replace(obj.__self__, *args, **kwargs)
		return super().call(context, obj, *args, **kwargs)


def _sandbox() -> _Sandbox:
	sandbox = _Sandbox(undefined=StrictUndefined)
	sandbox.globals.clear()
	sandbox.filters = {name: sandbox.filters[name] for name in FILTERS} | {"replace": _replace}
	return sandbox


SANDBOX = _sandbox()


def render(template: str | None, values: Mapping[str, Any]) -> str:
	"""One template; line breaks around it do not count. Raises ValidationError for one that cannot be filled in."""
	text, said = (template or "").strip(), ""
	try:
		_require_bounded(text)
		found = SANDBOX.from_string(text).render(values)
		if len(found) > LONGEST:
			raise TooMuch(_("its text has no end"))
	except TemplateError as error:
		said = error.message or type(error).__name__
	except Exception as error:  # what a template does with a value of another kind
		said = type(error).__name__
	if said:
		frappe.throw(_("URL, Headers, Body: a template cannot be filled in ({0}).").format(said))
	return found


def _require_bounded(text: str) -> None:
	"""Each part of what is left can only be as long as the template and the values."""
	if len(text) > LONGEST_TEMPLATE:
		raise TooMuch(_("it is too long"))
	try:
		parsed = SANDBOX.parse(text)
	except RecursionError:
		raise TooMuch(_("it is too long")) from None
	for node in parsed.find_all(nodes.Node):
		called = isinstance(node, nodes.Call)
		if not isinstance(node, ALLOWED) or (
			called and not (isinstance(node.node, nodes.Getattr) and node.node.attr in METHODS)
		):
			raise TooMuch(
				_("{0}: loops, calculations and calls are not for templates").format(type(node).__name__.lower())
			)
