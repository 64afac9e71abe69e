"""How often one may ask: by user, or by address for visitors. While Redis is away nobody is counted.

A site behind one address for everybody (a proxy that hides them) sets `outage_requests_a_minute` in its config.
"""

import frappe

A_MINUTE = 30
# A whole tower may share one address, and everybody in it looks at the status page
OF_AN_ADDRESS = {"status": 1200, "link": 120}


class TooMany(Exception):
	"""More requests in a minute than one person makes."""


def require_sparing(name: str, subject: str | None = None) -> None:
	"""Raise TooMany when this user (a visitor: this address, and the thing asked for) has asked too often this minute."""
	user = frappe.session.user
	if user != "Guest":
		who, limit = user, A_MINUTE * 2
	else:
		who, limit = frappe.local.request_ip or "nowhere", OF_AN_ADDRESS.get(name, A_MINUTE)
	if count(name, who) > (frappe.conf.get("outage_requests_a_minute") or limit):
		raise TooMany
	if subject and count(f"{name}:one", subject[:80]) > A_MINUTE:
		raise TooMany


def count(name: str, who: str) -> int:
	"""Requests of this minute, with this one."""
	try:
		key = frappe.cache.make_key(f"outage_portal:{name}:{who}")
		found = int(frappe.cache.incrby(key, 1))
		if found == 1:
			frappe.cache.expire(key, 60)
		return found
	except Exception:
		return 0
