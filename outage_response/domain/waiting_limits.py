"""How long is waited for what rings or mails: for a server that does not answer, for the site's own clock and workers."""

from datetime import datetime, timedelta
from math import ceil

# A mail account or a gateway that failed is asked again by the next minute's work; one that kept us waiting this often in a
# row, later: whoever asks it waits, and with them the worker that others need
TIMES = 2
NEXT_MINUTE, SOME_MINUTES = timedelta(seconds=50), timedelta(minutes=5)
# Asked each minute while anything waits for it; after this nobody has asked
ASKED_WITHIN = timedelta(minutes=2)
# A mail that has not left by then is no news any more
MAIL_IS_NEWS_FOR = timedelta(hours=12)
# A mail or message that is "being sent" for so long belongs to a worker that died: whoever is asked has answered within
# seconds, or the job was ended after a minute
SENDER_IS_DEAD_AFTER = timedelta(minutes=3)
# The clock rings once a minute, where the bench's scheduler looks as often, and a page leaves within seconds
TICK = timedelta(minutes=1)
CLOCK_IS_LATE_AFTER = timedelta(seconds=75)
CLOCK_STANDS_AFTER = timedelta(minutes=3)
PAGE_WAITS_AFTER = timedelta(minutes=2)


def asked_again(times: int, waited: bool, now: datetime) -> datetime:
	"""When one that has failed `times` in a row is asked again. `waited`: it kept us waiting, else it said no at once."""
	return now + (SOME_MINUTES if waited and times >= TIMES else NEXT_MINUTE)


def is_left_alone(until: datetime, now: datetime) -> bool:
	"""A clock that was put back does not keep it so."""
	return now < until <= now + SOME_MINUTES


def is_to_be_said(times: int, until: datetime, now: datetime) -> bool:
	"""Do messages wait for it, and not only since a moment ago?"""
	return times >= TIMES and until - SOME_MINUTES <= now <= until + ASKED_WITHIN


def is_late(last: datetime | None, now: datetime) -> bool:
	"""Is the minute's ringing overdue? `last`: when it ran last. Not by a clock that was put back."""
	return last is None or abs(now - last) > CLOCK_IS_LATE_AFTER


def minutes_away(last: datetime | None, now: datetime, tick: timedelta = TICK) -> int:
	"""For how many minutes the minute's ringing stood still; 0: it did not. `tick`: how often the bench's scheduler looks; one that
	looks rarely is slow, and stands still no sooner than when it has missed its turn."""
	stands_after = CLOCK_STANDS_AFTER + max(tick - TICK, timedelta())
	return int((now - last).total_seconds() // 60) if last and now - last >= stands_after else 0


def minutes_late(tick: timedelta) -> int:
	"""By how many minutes whoever is next may be rung late, since the bench's scheduler looks so rarely; 0: it looks each minute."""
	return ceil(tick / TICK) if tick > TICK else 0
