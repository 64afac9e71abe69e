"""Telephone numbers by their digits."""

import pytest

from outage_response.domain import phone_numbers


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
	assert phone_numbers.same(one, other) and phone_numbers.same(other, one)
	assert phone_numbers.tail(one) == phone_numbers.tail(other)


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
	assert not phone_numbers.same(one, other)


@pytest.mark.parametrize(
	"number",
	["010-65551234转801", "010-65551234 轉 801", "010-65551234 分机801", "(010) 6555 1234 ext. 801", "01065551234x801"],
)
def test_an_extension_is_dialled_after_the_number(number):
	assert phone_numbers.dialled(number) == "01065551234,,801"
	assert phone_numbers.digits(number) == "1065551234"
	assert phone_numbers.same(number, "+86 10 6555 1234")
	assert phone_numbers.same(number, "010-65551234#801")
	assert not phone_numbers.same(number, "010-65551234转802")
	assert phone_numbers.caller_key(number) == "5551234x801" != phone_numbers.caller_key("010-65551234转802")
	assert phone_numbers.identity(number) == "1065551234x801"


def test_without_an_extension_nothing_is_added():
	assert phone_numbers.dialled("+86 138 0000 0001") == "+8613800000001"
	assert phone_numbers.caller_key("138 0000 0001") == phone_numbers.tail("138 0000 0001") == "0000001"
	assert phone_numbers.dialled(None) == phone_numbers.caller_key("119") == ""
	assert phone_numbers.identity("119") == "119"


@pytest.mark.parametrize(
	"before", ["订单号：", "电表号 ", "单号", "order no. ", "Meter number: ", "invoice #", "工单编号是"]
)
def test_what_is_said_to_be_another_number(before):
	assert phone_numbers.is_another_number(f"没电了，{before}")


@pytest.mark.parametrize("before", ["", "电话：", "3-2-502 ", "call me on ", "我的手机号"])
def test_what_is_not(before):
	assert not phone_numbers.is_another_number(before)


def test_a_number_that_is_said_to_be_one():
	text = "没电了，电话 6555 1234转22，订单 20261129123456, phone: 555 0199 0"
	assert phone_numbers.said_to_be_telephones(text) == ("6555 1234转22", "555 0199 0")


@pytest.mark.parametrize(
	("number", "expected"),
	[
		("010-65551234 转 801", "801"),
		("010-65551234 ext. 801", "801"),
		("010-65551234#12", "12"),
		("010-65551234", ""),
		(None, ""),
	],
)
def test_what_is_dialled_after_the_number_has_answered(number, expected):
	assert phone_numbers.extension(number) == expected
