"""One picture stands for the app wherever it is entered, and all that names it names a file that is there."""

import csv
import json
import re
import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "outage_response"
LOGO = "/assets/outage_response/images/outage_response.svg"
MANIFESTS = {"en": APP / "public/phone/manifest.json", "zh": APP / "public/phone/manifest-zh.json"}


def file_of(address: str) -> Path:
	return APP / "public" / address.removeprefix("/assets/outage_response/")


def pixels(picture: Path) -> str:
	width, height = struct.unpack(">II", picture.read_bytes()[16:24])
	return f"{width}x{height}"


@pytest.mark.parametrize(
	"name",
	[
		"hooks.py",
		"desktop_icon/outage_response.json",
		"templates/outages/base.html",
		"www/my-outage-tasks.html",
		*(str(path.relative_to(APP)) for path in MANIFESTS.values()),
	],
)
def test_each_entry_shows_the_logo_and_only_pictures_that_are_there(name):
	text = (APP / name).read_text(encoding="utf-8")
	named = set(re.findall(r"/assets/outage_response/images/[\w.-]+", text))
	assert LOGO in named
	assert [address for address in named if not file_of(address).is_file()] == []


@pytest.mark.parametrize("language", MANIFESTS)
def test_on_a_home_screen_the_page_has_its_name_and_icons(language):
	said = json.loads(MANIFESTS[language].read_text(encoding="utf-8"))
	with (APP / "translations/zh.csv").open(encoding="utf-8", newline="") as file:
		known = {row[0]: row[1] for row in csv.reader(file) if len(row) == 2}
	name = "My outage tasks"
	assert said["name"] == said["short_name"] == (name if language == "en" else known[name])
	assert said["start_url"] == "/my-outage-tasks" and said["lang"] == language
	drawn = [icon for icon in said["icons"] if icon["type"] == "image/png"]
	assert {icon["sizes"] for icon in drawn} >= {"192x192", "512x512"}
	assert [icon["src"] for icon in drawn if pixels(file_of(icon["src"])) != icon["sizes"]] == []
	assert any(icon.get("purpose") == "maskable" for icon in drawn)


def test_the_page_names_both_manifests():
	text = (APP / "www/my_outage_tasks.py").read_text(encoding="utf-8")
	assert [path.name for path in MANIFESTS.values() if f'"{path.name}"' not in text] == []
