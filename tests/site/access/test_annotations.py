"""Every argument of every endpoint of ours says its type: newer versions of Frappe refuse one that does not (hooks.py)."""

import inspect
import pkgutil
import typing
import unittest
from importlib import import_module

import frappe

import outage_response


def endpoints() -> list[typing.Callable]:
	for module in pkgutil.walk_packages(outage_response.__path__, "outage_response."):
		if not {"patches", "tests", "hooks"} & set(module.name.split(".")):
			import_module(module.name)
	return [one for one in frappe.whitelisted if one.__module__.split(".")[0] == "outage_response"]


class Annotations(unittest.TestCase):
	def test_every_argument_says_its_type(self):
		found = endpoints()
		self.assertGreater(len(found), 100, "the search finds nothing any more")
		silent = []
		for function in found:
			hints = typing.get_type_hints(function)
			for name, parameter in inspect.signature(function).parameters.items():
				many = parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
				if name not in hints and name != "self" and not many:
					silent.append(f"{function.__module__}.{function.__qualname__}: {name}")
		self.assertEqual([], sorted(silent))

	def test_the_framework_is_told(self):
		self.assertTrue(any(frappe.get_hooks("require_type_annotated_api_methods", app_name="outage_response")))
