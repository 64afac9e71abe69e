"""docs/paging.md names a test for each fault: the tests are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_tests_that_the_manual_names_are_there():
	text = (ROOT / "docs" / "paging.md").read_text(encoding="utf-8")
	file, found = "", 0
	for named, test in re.findall(r"`(test_\w+\.py)?::(test_\w+)`", text):
		file = named or file
		(path,) = (ROOT / "tests" / "site").rglob(file)
		assert f"def {test}(" in path.read_text(encoding="utf-8"), (file, test)
		found += 1
	assert found > 25
