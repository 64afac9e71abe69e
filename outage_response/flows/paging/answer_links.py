"""Links that answer a page: whoever holds one may say yes or no to this page, and nothing else.

Nothing is stored: the token is the page's name and a seal made with the site's own key.
"""

import base64
import hashlib
import hmac

from frappe.utils.password import get_encryption_key

SEAL = 20


def of(page: str) -> str:
	"""The token of a page."""
	return f"{page}.{_seal(page)}"


def page_of(token: str | None) -> str | None:
	"""The page that a token belongs to; None for a token that nobody gave out."""
	page, _dot, seal = str(token or "").partition(".")
	return page if page and hmac.compare_digest(seal.encode(), _seal(page).encode()) else None


def named(token: str | None) -> str:
	"""The page that a token says it belongs to, whether it does or not."""
	return str(token or "").partition(".")[0][:40]


def _seal(page: str) -> str:
	digest = hmac.new(get_encryption_key().encode(), f"outage-page:{page}".encode(), hashlib.sha256).digest()
	return base64.urlsafe_b64encode(digest).decode()[:SEAL]
