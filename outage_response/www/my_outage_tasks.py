"""The page My outage tasks: small, plain, for a phone. What it shows and does is `api/phone.py` and `api/staff.py`."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path

import frappe
from frappe import _
from frappe.utils import get_datetime

from outage_response.domain import authority
from outage_response.domain.lifecycle import OPEN
from outage_response.domain.states import EntrapmentStatus
from outage_response.flows.facts import people_in_elevators
from outage_response.flows.screens import phone_page
from outage_response.permissions import roles_of

no_cache = 1
sitemap = 0

FOLDER = Path(__file__).resolve().parent.parent / "public" / "phone"
FILES = ("phone.css", "store.js", "outbox.js", "cards.js", "page.js")
# How the page is called on the home screen of a phone
MANIFESTS = {"en": "manifest.json", "zh": "manifest-zh.json"}
TEXT = re.compile(r'__\(\s*"((?:[^"\\]|\\.)*)"')


def get_context(context):
	"""Guests log in and come back; people without a role of the staff get nothing."""
	if frappe.session.user == "Guest":
		frappe.local.flags.redirect_location = "/login?redirect-to=/my-outage-tasks"
		raise frappe.Redirect
	if not set(authority.STAFF) & set(roles_of()):
		frappe.throw(_("This page is for the staff who handle outages."), frappe.PermissionError)
	frappe.sessions.get_csrf_token()  # made now, before the page asks for several things at once
	lang = frappe.local.lang or "en"
	digest = _digest()
	files = [f"/assets/outage_response/phone/{name}?v={digest}" for name in FILES]
	context.update(
		{
			"no_cache": 1,
			"lang": lang,
			"user": frappe.session.user,
			"manifest": f"/assets/outage_response/phone/{MANIFESTS.get(lang[:2], MANIFESTS['en'])}",
			"style": files[0],
			"scripts": files[1:],
			"texts": _json(_translations() if lang != "en" else {}),
			"boot": _json({"version": f"{digest} {lang}", "files": files}),
			"plain": _plain(),
		}
	)


def _plain() -> dict:
	"""What is shown without JavaScript: elevators with people in them say so in their headline, and what is known of a car is
	said once, at its first task."""
	data = phone_page.my_tasks(frappe.session.user)
	said = set()
	for task in data["tasks"]:
		if inside := task.get("inside"):
			status = EntrapmentStatus.TRAPPED if inside.get("certain") else EntrapmentStatus.POSSIBLE
			record = {**inside, "elevator_label": task["where"], "status": status}
			task["headline"] = people_in_elevators.in_words(record, get_datetime(data["now"]))
			task["facts"] = None if inside["name"] in said else inside
			said.add(inside["name"])
	return data


def _json(value) -> str:
	"""For a script element: no tag can end it."""
	return frappe.as_json(value, indent=None).replace("<", "\\u003c")


@lru_cache(maxsize=1)
def _digest() -> str:
	"""Changes when one of the page's files does: a browser then takes the new ones."""
	return hashlib.sha1(b"".join((FOLDER / name).read_bytes() for name in FILES)).hexdigest()[:10]


def _translations() -> dict[str, str]:
	states = {state.value: _(state, context="Outage Task") for state in OPEN}
	return {**{text: _(text) for text in _texts()}, **states}


@lru_cache(maxsize=1)
def _texts() -> tuple[str, ...]:
	"""Every text that the page's scripts translate."""
	return tuple(
		dict.fromkeys(text for name in FILES for text in TEXT.findall((FOLDER / name).read_text(encoding="utf-8")))
	)
