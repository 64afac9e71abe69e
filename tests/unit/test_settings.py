"""What holds where nothing is written in Settings: in one place, and the same as in the form."""

import ast
import json
from dataclasses import MISSING, fields
from datetime import time
from pathlib import Path

from outage_response.domain import settings

ROOT = Path(__file__).resolve().parents[2]
FORM = ROOT / "outage_response/outage_response/doctype/outage_response_settings/outage_response_settings.json"


def of_the_form() -> dict[str, dict]:
	"""The fields that somebody sets; what the site notes there by itself is hidden."""
	rows = json.loads(FORM.read_text(encoding="utf-8"))["fields"]
	return {row["fieldname"]: row for row in rows if not row.get("hidden") and "Break" not in row["fieldtype"]}


def test_every_setting_is_read_and_nothing_else():
	shown = {name for name, row in of_the_form().items() if row["fieldtype"] not in ("HTML", "Button", "Heading")}
	assert {one.name for one in fields(settings.Settings)} == shown


def test_code_and_form_agree_on_what_holds():
	for one in fields(settings.Settings):
		assert one.default is not MISSING, one.name
		written = of_the_form()[one.name].get("default")
		if one.name == "elevator_hotline":  # proposed to a new site, and none where somebody takes it out
			assert (written, one.default) == ("96333", "")
		elif isinstance(one.default, time):
			assert time.fromisoformat(written) == one.default, one.name
		elif written is not None:
			assert settings.value_of(one.name, written, one.default) == one.default, one.name
		else:
			assert one.default == "", one.name


def test_nothing_written_and_nought():
	assert settings.value_of("link_days", None, 14) == settings.value_of("link_days", 0, 14) == 14
	assert settings.value_of("link_days", "3", 14) == 3
	assert (
		settings.value_of("etr_warning_minutes", 0, 15) == 0 and settings.value_of("etr_warning_minutes", "", 15) == 15
	)
	assert settings.value_of("read_tickets", 0, True) is False and settings.value_of("read_tickets", None, True) is True
	assert settings.value_of("calling_from", time(7, 30), time(8)) == time(7, 30)
	assert settings.value_of("fire_number", "", "119") == "119"


def test_nobody_else_knows_a_default():
	"""`settings.read()` is the one way to a setting: what the site notes by itself is read as it is."""
	noted = {"rang_until", "tickets_read_until", "left_alone", "clock_seen", "clock_seen_utc"}
	other = []
	for path in (ROOT / "outage_response").rglob("*.py"):
		if path.name == "settings.py" or {"patches", "setup", "doctype"} & set(path.parts):
			continue
		for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
			if isinstance(node, ast.Attribute) and "'Outage Response Settings'" in ast.unparse(node.value):
				other += [f"{path.name}:{node.lineno}"] if node.attr not in {*noted, "get"} else []
			if isinstance(node, ast.Call) and "single_value" in ast.unparse(node.func) and node.args:
				texts = {one.value for one in node.args if isinstance(one, ast.Constant)}
				other += (
					[f"{path.name}:{node.lineno}"] if "Outage Response Settings" in texts and not texts & noted else []
				)
	assert not other
