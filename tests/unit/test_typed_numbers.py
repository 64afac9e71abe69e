"""What people write for floors and numbers is read or refused, never 0."""

import pytest

from outage_response.domain.errors import RuleError
from outage_response.domain.typed_numbers import floor, floor_order, number, tick, to_digits


@pytest.mark.parametrize(
	("written", "kept"),
	[
		*(
			(one, "5")
			for one in (
				"5",
				5,
				5.0,
				"５",
				"5层",
				"5楼",
				"5F",
				"5 F",
				"5/F",
				"F5",
				"第五层",
				"五楼",
				"5th floor",
				"Floor 5",
				"05",
				"L5",
			)
		),
		*((one, "12") for one in ("十二楼", "12层", "一十二层")),
		*((one, "20") for one in ("二十", "二〇层")),
		("一百零一层", "101"),
		("12A", "12A"),
		("3a层", "3A"),
		*((one, "B1") for one in ("B1", "b1层", "负一层", "-1", "-1F", "地下一层", "地下室", "Basement", "B 1")),
		*((one, "B2") for one in ("地下二层", "负2楼", "B2F", "basement 2")),
		*((one, "G") for one in ("G", "g/f", "Ground floor", 0, "0")),
		*((one, "M") for one in ("M", "夹层", "Mezzanine")),
		("首层", "1"),
		("LG", "LG"),
		("天台", "R"),
		("", ""),
		(None, ""),
		("  ", ""),
	],
)
def test_a_floor(written, kept):
	assert floor(written, "Floor") == kept
	assert floor(kept, "Floor") == kept, "what is kept is read again"


@pytest.mark.parametrize("written", ["高层", "5-6", "5层半", "?", "B0", "5号", "1.5", "000"])
def test_what_is_no_floor_is_refused(written):
	with pytest.raises(RuleError, match="Floor: .*" + written[:1].replace("?", r"\?")):
		floor(written, "Floor")


def test_floors_from_the_lowest_to_the_highest():
	order = ["", "B2", "B1", "LG", "G", "M", "1", "2", "3", "3A", "10", "R"]
	assert sorted(sorted(order), key=floor_order) == order


@pytest.mark.parametrize(
	("written", "whole", "read"),
	[
		("480", True, 480),
		("４８０", True, 480),
		(" 1,200 ", True, 1200),
		("90.0", True, 90),
		("-3", True, -3),
		("2.5", False, 2.5),
		("２．５", False, 2.5),
		("", True, None),
	],
)
def test_a_number(written, whole, read):
	assert number(written, "Backup", whole=whole) == read


@pytest.mark.parametrize(
	("written", "whole"),
	[("8小时", True), ("abc", True), ("1.5", True), ("1,2", True), ("about 90", False), ("nan", False), ("1e5", True)],
)
def test_what_is_no_number_is_refused(written, whole):
	with pytest.raises(RuleError, match="Backup: "):
		number(written, "Backup", whole=whole)


@pytest.mark.parametrize(
	("written", "read"), [("是", 1), ("Yes", 1), ("１", 1), ("√", 1), ("否", 0), ("0.0", 0), ("", 0)]
)
def test_a_tick(written, read):
	assert tick(written, "Primary") == read


def test_what_is_no_tick_is_refused():
	with pytest.raises(RuleError, match="Primary: "):
		tick("maybe", "Primary")


@pytest.mark.parametrize(
	("text", "expected"),
	[
		("二十三层", "23层"),
		("十二", "12"),
		("二十", "20"),
		("一百零五", "105"),
		("两百三十", "230"),
		("一〇三", "103"),
		("三楼B座", "3楼B座"),
		("12", "12"),
		("十", "10"),
	],
)
def test_chinese_numerals_are_digits(text, expected):
	assert to_digits(text) == expected


def test_each_chinese_digit_is_its_own():
	assert to_digits("零一二三四五六七八九") == "0123456789"
	assert to_digits("〇两") == "02"


@pytest.mark.parametrize("written", ["00层", "000", "B0", "负0层"])
def test_no_floor_has_the_number_nought(written):
	with pytest.raises(RuleError, match="Floor"):
		floor(written, "Floor")


def test_what_is_refused_is_quoted_up_to_sixty_characters():
	for refused in (
		lambda text: number(text, "Minutes", whole=True),
		lambda text: number(text, "Hours", whole=False),
		lambda text: tick(text, "Drill"),
		lambda text: floor(text, "Floor"),
	):
		with pytest.raises(RuleError) as error:
			refused("x" * 61)
		assert error.value.values["value"] == "x" * 60
