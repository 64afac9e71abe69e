"""Every picture that README and docs show is there, none lies about unused, and the tests can make it anew."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
OTHER_PLATFORMS = ("helpdesk-", "erpnext-", "crm-")
NAMES = {"light", "dark", "en", "zh"}  # what a test fills in


def shown() -> set[str]:
	pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
	links = (re.findall(r"\((?:docs/)?images/([\w.-]+)\)", page.read_text(encoding="utf-8")) for page in pages)
	return {name for found in links for name in found}


def made() -> set[str]:
	names = set()
	for test in (ROOT / "tests" / "browser").rglob("test_*.py"):
		for name in re.findall(r'screenshot\([^"]*?"([\w{}-]+)"', test.read_text(encoding="utf-8")):
			names |= {re.sub(r"{\w+}", value, name) for value in NAMES} if "{" in name else {name}
	return {f"{name}.png" for name in names}


def test_what_is_shown_is_there_and_the_other_way_round():
	assert shown() == {path.name for path in IMAGES.iterdir()}


def test_the_tests_make_what_is_shown():
	pictures = {name for name in shown() if name.endswith(".png") and not name.startswith(OTHER_PLATFORMS)}
	assert pictures - made() == set()
