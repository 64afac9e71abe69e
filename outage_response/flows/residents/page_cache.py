"""Which version of a property residents' pages were made of: a page is made once for each change, not for each request.

A version is a random word in Redis. Where Redis is away there is none, and pages are made anew each time.
"""

from collections.abc import Iterable

import frappe
from frappe.model.document import Document

KEY = "outage_version"
PAGE = "outage_page"
DAY = 86400
SECONDS = 60  # what a page says of the time ages by itself


def bump(property_name: str | None) -> None:
	"""After the commit, pages of this property are made anew."""
	if property_name:
		frappe.db.after_commit.add(lambda: _renew(property_name))


def on_change(doc: Document, method: str | None = None) -> None:
	"""The hook of what residents' pages are made of, besides incidents."""
	bump(doc.name if doc.doctype == "Managed Property" else doc.get("property"))


def of(properties: Iterable[str]) -> str | None:
	"""One word for the state of these properties; None while Redis is away, and for a property that does not exist."""
	try:
		found = []
		for name in properties:
			key = frappe.cache.make_key(f"{KEY}:{name}")
			# make_key names the site; get_value would go by what this process read before
			value = frappe.cache.get(key)  # nosemgrep: frappe-cache-breaks-multitenancy
			if value is None:
				if not frappe.db.exists("Managed Property", name):
					return None  # anybody may ask for any name: nothing is kept of those that are none
				value = frappe.generate_hash(length=12).encode()
				frappe.cache.setex(key, DAY, value)
			found.append(value.decode())
		return ".".join(found)
	except Exception:
		return None


def page(key: str, version: str | None) -> str | None:
	"""A page that was kept for this version, or None."""
	if version is None:
		return None
	try:
		kept = frappe.cache.make_key(f"{PAGE}:{version}:{key}")
		value = frappe.cache.get(kept)  # nosemgrep: frappe-cache-breaks-multitenancy  (make_key names the site)
		return value.decode() if value else None
	except Exception:
		return None


def keep(key: str, version: str | None, text: str) -> None:
	"""Keep a page for this version, for a minute at most."""
	if version is None:
		return
	try:
		frappe.cache.setex(frappe.cache.make_key(f"{PAGE}:{version}:{key}"), SECONDS, text)
	except Exception:
		frappe.logger("outage_response").warning("no Redis for residents' pages")


def _renew(property_name: str) -> None:
	try:
		frappe.cache.setex(frappe.cache.make_key(f"{KEY}:{property_name}"), DAY, frappe.generate_hash(length=12))
	except Exception:
		frappe.logger("outage_response").warning("no Redis for residents' pages")
