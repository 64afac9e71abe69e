"""How often one may ask: by user; for visitors by the link they hold, and by address. While Redis is away nobody is counted.

An address is no person: a tower, or a whole carrier's customers, may share one, and everybody opens their link in the same
minute. And it may be made up, where the proxy in front passes on what the client says of itself. So the address only stops
what would keep the site from working; what one person may ask is counted by user and link.

A site behind one address for everybody (a proxy that hides them) sets `outage_requests_a_minute` in its config.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import frappe

A_MINUTE = 30
# Wrong tries of a day at what one link opens, and at all that one person holds: whoever holds it makes none, and whoever knows
# half of it is done by then
WRONG, WRONG_OF_A_PERSON = 20, 60
MINUTE, DAY = 60, 86_400
OF_AN_ADDRESS = 3000


class TooMany(frappe.TooManyRequestsError):
	"""More requests in a minute than one person makes."""


class TooManyWrong(TooMany):
	"""So many wrong tries at one link, or at one person's, that the right one opens nothing either until a day has passed."""


def require_sparing(name: str, subject: str | None = None) -> None:
	"""Raise TooMany when this user (a visitor: this address, and the thing asked for) has asked too often this minute."""
	user = frappe.session.user
	if user != "Guest":
		who, limit = user, A_MINUTE * 2
	else:
		who, limit = frappe.local.request_ip or "nowhere", OF_AN_ADDRESS
	if count(name, who) > (frappe.conf.get("outage_requests_a_minute") or limit):
		raise TooMany
	if subject and count(f"{name}:one", subject[:80]) > A_MINUTE:
		raise TooMany


@contextmanager
def guessing(name: str, whose: Sequence[str], genuine: bool, wrong: type[Exception]) -> Iterator[None]:
	"""Around what opens by a link: `require_sparing` for what the link names, and few wrong tries at it.

	whose  what the link names, as far as it can be read, then who holds that; not the whole token, of which each guess is
	       another one
	genuine  one that we gave out and that is over by now is no guess: whoever opens their old links locks themselves out of none
	wrong  what is raised for a link that does not hold
	"""
	require_sparing(name, whose[0])
	for one, most in zip(whose, (WRONG, WRONG_OF_A_PERSON), strict=False):
		if counted("wrong", one) >= most:
			raise TooManyWrong
	try:
		yield
	except wrong:
		for one in () if genuine else whose:
			count("wrong", one, DAY)
		raise


def sparing(subject: str | None = None) -> Callable:
	"""For an endpoint: what `require_sparing` says, counted by its name and, for visitors, by the argument `subject`."""

	def limited(function: Callable) -> Callable:
		@functools.wraps(function)
		def run(*args, **kwargs):
			require_sparing(function.__name__, str(kwargs.get(subject) or "") if subject else None)
			return function(*args, **kwargs)

		return run

	return limited


def count(name: str, who: str, seconds: int = MINUTE) -> int:
	"""Requests of this minute (so many seconds), with this one."""
	try:
		key = _key(name, who)
		# With its end: a count that never ends would lock somebody out. The key names the site (_key), and set_value knows no "only
		# where none is"
		frappe.cache.set(key, 0, ex=seconds, nx=True)  # nosemgrep: frappe-cache-breaks-multitenancy
		found = int(frappe.cache.incrby(key, 1))
		if found == 1:
			frappe.cache.expire(key, seconds)  # it may have ended between the two
		return found
	except Exception:
		return 0


def counted(name: str, who: str) -> int:
	"""As many as `count` has counted, without one more."""
	try:
		# The key names the site, and get_value unpacks what incrby does not pack
		return int(frappe.cache.get(_key(name, who)) or 0)  # nosemgrep: frappe-cache-breaks-multitenancy
	except Exception:
		return 0


def _key(name: str, who: str) -> str:
	return frappe.cache.make_key(f"outage_portal:{name}:{who}")
