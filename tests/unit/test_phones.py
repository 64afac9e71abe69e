"""Telephone numbers by their digits."""

import pytest

from outage_response.domain import phones


@pytest.mark.parametrize(
	("one", "other"),
	[
		("13800000001", "+86 138 0000 0001"),
		("13800000001", "0086-138-0000-0001"),
		("013800000001", "13800000001"),
		("+86 (0)138 0000 0001", "138 0000 0001"),
		("010-65551234", "+86 10 6555 1234"),
		("１３８００００００01", "13800000001"),
	],
)
def test_the_same_telephone(one, other):
	assert phones.same(one, other) and phones.same(other, one)
	assert phones.tail(one) == phones.tail(other)


@pytest.mark.parametrize(
	("one", "other"),
	[
		("13800000001", "13800000002"),
		("13800000001", "00001"),
		("", ""),
		("13800000001", None),
		("5551234", "+86 138 0555 1234"),
	],
)
def test_another_telephone(one, other):
	assert not phones.same(one, other)


def test_numbers_in_a_text():
	text = "1A, 没电了, 电话 138 0000 0001 或 +86-10-65551234, since 2 a.m., room 1203"
	assert [phones.digits(number) for number in phones.numbers_in(text)] == ["13800000001", "861065551234"]
	assert phones.numbers_in("flat 12, floor 3, 380 V") == ()
