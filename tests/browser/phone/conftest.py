"""A page on somebody's phone."""

import pytest

from .hand import PAGE, PHONE, fresh


@pytest.fixture
def phone(as_user):
	"""`phone("guard1")`: the page on somebody's phone, with what the server knows."""

	def open_page(who: str, **options):
		page = as_user(who, **PHONE | options)
		page.goto(PAGE)
		fresh(page)
		return page

	return open_page
