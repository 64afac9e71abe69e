"""Which outage explains a call, and whether a ticket is over with it."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from outage_response.domain.power_topology import Dark
from outage_response.domain.which_outage_explains import (
	PLANNED,
	RESTORED,
	RUNNING,
	Candidate,
	about_something_else_too,
	ends_with_the_outage,
	explained_by,
	standing,
)

T = datetime(2026, 3, 11, 2, 0)
PATH = ("A1", "A", "R", "F")


def hours(number):
	return T + timedelta(hours=number)


def running(name, node, unit="", since=-1):
	return Candidate(name, [Dark(node, hours(since), unit=unit)])


def back(name, node, since=-3, until=0):
	return Candidate(name, [Dark(node, hours(since), hours(until))])


def planned(name, node, since, until=None):
	return Candidate(name, [Dark(node, hours(since), None if until is None else hours(until))], planned=True)


def explained(*candidates, at=T, path=PATH, unit="1A"):
	found = explained_by(path, unit, at, candidates, 60)
	return found and found.incident


def test_a_running_outage_above_explains_and_the_nearest_decides():
	assert explained(running("room", "R"), running("shaft", "A")) == "shaft"
	assert explained(running("other", "B")) is None


def test_of_two_at_one_node_the_later():
	assert explained(running("first", "A", since=-9), running("second", "A", since=-1)) == "second"


def test_an_outage_of_one_home_explains_that_home_alone():
	flat = running("flat", "A1", unit="1A")
	assert explained(flat, running("shaft", "A")) == "flat"
	assert explained(flat, unit="1B") is None
	assert explained(flat, unit="") is None
	assert explained(flat, running("shaft", "A"), unit="1B") == "shaft"


def test_a_planned_one_only_in_its_window():
	assert explained(planned("planned", "R", 1, 4)) is None
	assert explained(planned("planned", "R", 1, 4), at=hours(2)) == "planned"
	assert explained(planned("planned", "R", 1, 4), at=hours(5)) is None
	assert explained(planned("open", "R", 1), at=hours(9)) == "open"


def test_still_out_for_an_hour_after_it_came_back():
	assert explained(back("back", "R"), at=T + timedelta(minutes=59)) == "back"
	assert explained(back("back", "R"), at=T + timedelta(minutes=61)) is None


def test_who_said_it_before_the_return_is_not_still_out():
	def still_out(at):
		return explained_by(PATH, "1A", at, [back("back", "R")], 60).still_out

	assert still_out(T + timedelta(minutes=1))
	assert not still_out(T)
	assert not still_out(T - timedelta(minutes=1))


def test_a_part_that_is_back_is_still_out_while_the_rest_is_dark():
	shaft = Candidate("shaft", [Dark("A", hours(-3)), Dark("A1", hours(-3), T)])
	found = explained_by(PATH, "1A", hours(0.5), [shaft], 60)
	assert (found.kind, found.still_out, found.back_at) == (RESTORED, True, T)
	assert explained_by(("A2", *PATH[1:]), "2A", hours(0.5), [shaft], 60).kind == RUNNING


def test_running_before_planned_before_restored_however_near():
	candidates = (back("back", "A1", -2), planned("planned", "A", -1, 2), running("running", "F"))
	assert explained(*candidates) == "running"
	assert explained(*candidates[:2]) == "planned"


def test_how_a_home_stands():
	assert standing(PATH, "1A", [Dark("B", T)]) is None
	assert standing(PATH, "1A", [Dark("A", T)]).kind == RUNNING
	assert standing(PATH, "1A", [Dark("A", T, hours(1))]).back_at == hours(1)
	assert standing(PATH, "1A", [Dark("A", T, hours(1))], planned=True).kind == PLANNED
	assert standing(PATH, "1A", [Dark("A", T, T)]).back_at == T


@pytest.mark.parametrize(
	("subject", "text"),
	[
		("No power", "The whole floor is dark since two. When will it be back?"),
		("停电", "您好，我家停电了，什么时候来电？谢谢"),
		("No power in 1A", ""),
		("No power in my flat", "The lights and the fridge went off ten minutes ago."),
		("停电了", "冰箱里的东西都要坏了，老人和孩子怕黑"),
		("No power", "Please send somebody to check. When will it be back, please?"),
		("停电", "请尽快派人来处理，家里有老人"),
		("Blackout", "Please help. Thank you very much for your help"),
		("No power", "The server room is on UPS, about 15 minutes of battery. I'm at work so can't check"),
		("停电", "停电了，发电机怎么还没启动？对面楼已经来电了"),
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
		("No power", "My front door has been broken since Monday."),
		("No power", "Please give my bicycle back from storage"),
		("My parking card was charged twice this month", "And there is no power today."),
		("No power", "The light bulb in the corridor needs to be swapped some day"),
		("No power", "The remote for the AC needs new batteries, do you supply those"),
		("停电", "停电了。3号电梯坏了好几天了，按键没反应"),
		("停电", "停电了。楼上半夜蹦迪，震得灯都晃"),
	],
)
def test_about_something_else_too(subject, text):
	assert about_something_else_too(subject, text)


@pytest.mark.parametrize(
	("subject", "text"),
	[
		("No power in 1A", ""),
		("No power", "The power went out at two. 3B please. Thank you"),
		("停电", "您好，我家停电了，什么时候来电？谢谢"),
		("停电了 3-2-502", ""),
	],
)
def test_resolved_without_a_look(subject, text):
	assert ends_with_the_outage(subject, text)


@pytest.mark.parametrize(
	("subject", "text"),
	[
		("No power", "The fridge went off ten minutes ago."),
		("停电", "家里没网"),
		("No power", "The tap drips"),
		("No power", "no power " * 2000 + "and my ceiling leaks"),
		("Thank you", "All is well"),
		("", ""),
	],
)
def test_what_is_not_sure_waits_for_a_person(subject, text):
	assert not ends_with_the_outage(subject, text)


def sample(outage, pattern):
	"""Texts of the labelled samples that are about an outage, or about something else and no danger."""
	for file in sorted(Path(__file__).parent.glob(pattern)):
		for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
			if row["outage"] == outage and (outage == "yes" or row["danger"] == "no"):
				yield row["text"]


@pytest.mark.parametrize(
	("pattern", "most_asked", "most_wrong"),
	# What the lists know by now, and what they had not seen: what somebody adds to a ticket that says "No power"
	[("ticket_phrasings*.csv", 45, 2), ("outage_phrasings_held_out.csv", 15, 10)],
)
def test_of_the_samples_few_outages_wait_and_few_other_matters_end_with_one(pattern, most_asked, most_wrong):
	outages, others = list(sample("yes", pattern)), list(sample("no", pattern))
	asked = [text for text in outages if not ends_with_the_outage("", text)]
	wrong = [text for text in others if ends_with_the_outage("No power", text)]
	print(f"waits for a tick {len(asked)} of {len(outages)}; resolved wrongly {len(wrong)} of {len(others)}")
	assert len(asked) <= most_asked
	assert len(wrong) <= most_wrong


def test_of_two_times_in_one_incident_the_later_one_counts():
	rows = [Dark("A", hours(-9), hours(-8)), Dark("A", hours(-3), hours(-2))]
	found = standing(PATH, "1A", rows)
	assert (found.since, found.back_at) == (hours(-3), hours(-2))
	within_the_minute = [Dark("A", hours(-9), hours(-9)), Dark("A", hours(-3), hours(-3))]
	assert standing(PATH, "1A", within_the_minute).since == hours(-3)


def test_a_window_and_the_time_after_a_return_end_with_their_last_minute():
	second = timedelta(seconds=1)
	assert explained(planned("work", "A", -1, 0), at=T) and explained(planned("work", "A", 0, 1), at=T)
	assert not explained(planned("work", "A", -1, 0), at=T + second)
	assert not explained(planned("work", "A", 0, 1), at=T - second)
	assert explained(back("was", "A"), at=hours(1)) and not explained(back("was", "A"), at=hours(1) + second)


def test_only_who_calls_after_the_return_is_still_out():
	was = back("was", "A")
	assert not explained_by(PATH, "1A", T, [was], 60).still_out
	assert explained_by(PATH, "1A", T + timedelta(seconds=1), [was], 60).still_out
	assert not explained_by(PATH, "1A", hours(1), [running("now", "A")], 60).still_out
