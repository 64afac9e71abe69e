"""Which outage explains a call, and whether a ticket is over with it."""

from datetime import datetime, timedelta

import pytest

from outage_response.domain.tickets import (
	PLANNED,
	RESTORED,
	RUNNING,
	Candidate,
	about_something_else_too,
	explained_by,
)

T = datetime(2026, 3, 11, 2, 0)
PATH = ("A1", "A", "R", "F")


def hours(number):
	return T + timedelta(hours=number)


def explained(*candidates, at=T, path=PATH):
	found = explained_by(path, at, candidates, 60)
	return found and found.incident


def test_a_running_outage_above_explains_and_the_nearest_decides():
	assert explained(Candidate("room", "R", RUNNING, hours(-1)), Candidate("shaft", "A", RUNNING, hours(-1))) == "shaft"
	assert explained(Candidate("other", "B", RUNNING, hours(-1))) is None


def test_a_planned_one_only_in_its_window():
	planned = Candidate("planned", "R", PLANNED, hours(1), hours(4))
	assert explained(planned) is None
	assert explained(planned, at=hours(2)) == "planned"
	assert explained(planned, at=hours(5)) is None
	assert explained(Candidate("open", "R", PLANNED, hours(1)), at=hours(9)) == "open"


def test_still_out_for_an_hour_after_it_came_back():
	back = Candidate("back", "R", RESTORED, hours(-3), T)
	assert explained(back, at=T + timedelta(minutes=59)) == "back"
	assert explained(back, at=T + timedelta(minutes=61)) is None


def test_running_before_planned_before_restored_however_near():
	candidates = (
		Candidate("back", "A1", RESTORED, hours(-2), T),
		Candidate("planned", "A", PLANNED, hours(-1), hours(2)),
		Candidate("running", "F", RUNNING, hours(-1)),
	)
	assert explained(*candidates) == "running"
	assert explained(*candidates[:2]) == "planned"


@pytest.mark.parametrize(
	("subject", "text"),
	[
		("No power", "The whole floor is dark since two. When will it be back?"),
		("停电", "您好，我家停电了，什么时候来电？谢谢"),
		("No power in 1A", ""),
		("No power", "Please send somebody to check. When will it be back, please?"),
		("停电", "请尽快派人来处理，家里有老人"),
		("Blackout", "Please help. Thank you very much for your help"),
	],
)
def test_over_with_the_outage(subject, text):
	assert not about_something_else_too(subject, text)


@pytest.mark.parametrize(
	("subject", "text"),
	[
		("No power", "Also the tap in my kitchen has been dripping for a week."),
		("停电", "家里停电了。另外厨房水龙头漏水一个星期了没人来修"),
		("No power, and the tap in my kitchen has been dripping for a week", ""),
		("停电了，另外厨房水龙头漏水一周了", ""),
		("No power. Please also fix the dripping tap in my kitchen", ""),
		("停电了。请修一下厨房水龙头", ""),
		("停电", "请修马桶"),
		("No power", "Please give my bicycle back from storage"),
		("My parking card was charged twice this month", "And there is no power today."),
	],
)
def test_about_something_else_too(subject, text):
	assert about_something_else_too(subject, text)
