"""How often one may ask: by user; for visitors by the link they hold, and by address. While Redis is away nobody is counted.

An address is no person: a tower, or a whole carrier's customers, may share one, and everybody opens their link in the same
minute. And it may be made up, where the proxy in front passes on what the client says of itself. So the address only stops
what would keep the site from working; what one person may ask is counted by user and link.

A site behind one address for everybody (a proxy that hides them) sets `outage_requests_a_minute` in its config.
"""

import functools
from collections.abc import Callable

import frappe

A_MINUTE = 30
OF_AN_ADDRESS = 3000


class TooMany(frappe.TooManyRequestsError):
	"""More requests in a minute than one person makes."""


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


def sparing(subject: str | None = None) -> Callable:
	"""For an endpoint: what `require_sparing` says, counted by its name and, for visitors, by the argument `subject`."""

	def limited(function: Callable) -> Callable:
		@functools.wraps(function)
		def run(*args, **kwargs):
			require_sparing(function.__name__, str(kwargs.get(subject) or "") if subject else None)
			return function(*args, **kwargs)

		return run

	return limited


def count(name: str, who: str) -> int:
	"""Requests of this minute, with this one."""
	try:
		key = frappe.cache.make_key(f"outage_portal:{name}:{who}")
		frappe.cache.set(key, 0, ex=60, nx=True)  # with its end: a count that never ends would lock somebody out
		found = int(frappe.cache.incrby(key, 1))
		if found == 1:
			frappe.cache.expire(key, 60)  # it may have ended between the two
		return found
	except Exception:
		return 0
