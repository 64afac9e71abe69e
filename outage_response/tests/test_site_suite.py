"""`bench run-tests` looks for tests inside the package and follows no links: this hands it the classes of `tests/site`."""

import importlib
import sys
import unittest

from . import BESIDE


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str | None) -> unittest.TestSuite:
	"""The protocol of unittest: the suite of this module is the suite of all site tests."""
	suite = unittest.TestSuite()
	files = sorted(path.relative_to(BESIDE).with_suffix("") for path in (BESIDE / "site").rglob("test_*.py"))
	modules = [".".join(path.parts) for path in files]
	if not modules:
		raise FileNotFoundError(
			f"The site tests are not there ({BESIDE / 'site'}): run them from a checkout of the repository."
		)
	sys.path.append(str(BESIDE.parent))  # the drill has tests too, and stands beside the package
	for module in modules:
		suite.addTests(loader.loadTestsFromModule(importlib.import_module(f"outage_response.tests.{module}")))
	return suite
