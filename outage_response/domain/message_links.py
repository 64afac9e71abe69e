"""Links in messages: what they say is signed, is about one person and one purpose, and ends by itself.

A token is `purpose.subject.expiry.signature`. The signature also covers a key that is kept with the subject: another key,
and every link given out before is void.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

SEPARATOR = "."
LONGEST = 200


@dataclass(frozen=True)
class Link:
	"""What a token says, before it is believed. `expires` is in seconds since 1970."""

	purpose: str
	subject: str
	expires: int
	signature: str


def make(secret: str, purpose: str, subject: str, contact: str, key: str, expires: int) -> str:
	"""A token for `contact` to reach `subject`."""
	body = SEPARATOR.join((purpose, subject, str(expires)))
	return f"{body}{SEPARATOR}{_sign(secret, body, contact, key)}"


def read(token: object) -> Link | None:
	"""The parts of a token; None for anything else. Nothing is checked yet: that needs the subject's contact and key."""
	if not isinstance(token, str) or len(token) > LONGEST or not token.isascii():
		return None
	parts = token.split(SEPARATOR)
	if len(parts) != 4 or not all(parts) or not parts[2].isdigit() or len(parts[2]) > 12:
		return None
	return Link(parts[0], parts[1], int(parts[2]), parts[3])


def is_genuine(link: Link, secret: str, contact: str, key: str) -> bool:
	"""Was the token made by us for this contact, with the key that still counts?"""
	body = SEPARATOR.join((link.purpose, link.subject, str(link.expires)))
	# compared whatever the rest says, and in constant time, so that the answer's delay tells nothing
	return hmac.compare_digest(_sign(secret, body, contact, key), link.signature) and bool(key)


def holds(link: Link, secret: str, contact: str, key: str, now: datetime) -> bool:
	"""The same, and is it still valid?"""
	return is_genuine(link, secret, contact, key) and now.timestamp() < link.expires


def _sign(secret: str, body: str, contact: str, key: str) -> str:
	text = "\x1f".join((body, contact, key)).encode()
	digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
	return base64.urlsafe_b64encode(digest[:18]).decode()
