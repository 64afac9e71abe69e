"""What people write for a building: one name, another name for the same building, another building."""

import pytest

from outage_response.domain.building_spelling import alike, meaning, spelling


def test_width_spaces_and_capitals_are_the_keyboards():
	assert spelling("３号楼 ") == spelling("3 号楼") == "3号楼"
	assert spelling("Building　A") == spelling("building a")
	assert spelling("3栋") != spelling("3号楼")


@pytest.mark.parametrize(
	"name",
	[
		"3",
		"3号楼",
		"3栋",
		"3#",
		"3#楼",
		"3幢",
		"三号楼",
		"第三栋",
		"03栋",
		"３座",
		"3号",
		"Building 3",
		"BLDG. 3",
		"Block 3",
		"No.3",
		"#3",
	],
)
def test_one_building_however_it_is_called(name):
	assert meaning(name) == "3"


def test_letters_and_staircases():
	assert meaning("A座") == meaning("a栋") == meaning("Tower A") == "a"
	assert meaning("3号楼1单元") == meaning("3-1") == meaning("3栋一单元") == meaning("03-01") == "3-1"


def test_the_parts_of_a_community_stay_what_they_are():
	assert meaning("一期三号楼") == meaning("1期3栋") != meaning("二期3栋")
	assert meaning("东区1栋") == meaning("东区1号楼") != meaning("西区1栋")
	assert meaning("5号院3号楼") == meaning("5号院3栋") != meaning("3栋")


@pytest.mark.parametrize(
	("one", "other"),
	[
		("1栋2A", "12A"),
		("3号楼", "13号楼"),
		("3号楼", "3号楼1单元"),
		("1期3栋", "2期3栋"),
		("A座", "B座"),
		("T1", "1"),
		("东楼", "西楼"),
		("31", "3-1"),
		("会所", "3"),
	],
)
def test_other_buildings(one, other):
	assert meaning(one) != meaning(other)


def test_what_a_person_decided_stays_apart():
	names = {"x": "3号楼", "y": "3栋", "z": "4栋"}
	assert alike(names) == {"x": "x", "y": "x", "z": "z"}
	assert alike(names, ["y"]) == {"x": "x", "y": "y", "z": "z"}


def test_a_building_or_staircase_zero_keeps_its_zero():
	assert meaning("0号楼") == meaning("Building 00") == "0"
	assert meaning("3号楼0单元") == "3-0"


def test_what_follows_a_bare_number_is_no_staircase():
	assert meaning("3会所") == "3会所"
	assert meaning("3号楼会所") == "3-会所"
	assert meaning("Building 3 会所") == "3-会所"
	assert meaning(None) == ""
