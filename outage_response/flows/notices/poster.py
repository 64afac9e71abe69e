"""What the printed poster of a public notice needs beyond its words: where to read on, as a link and as a code."""

import base64
import io
from urllib.parse import quote

import frappe
import pyqrcode
from frappe.utils import get_url

from . import wording


def outage_poster_link(property_name: str) -> str:
	"""The public status page, or residents' own page where there is none."""
	public = frappe.db.get_value("Managed Property", property_name, "public_status_page")
	return get_url(f"/outage-status/{quote(property_name)}" if public else "/outages")


def outage_poster_issuer(property_name: str) -> str:
	"""Who issues the notice."""
	return wording.issuer(property_name)


def outage_poster_code(link: str) -> str:
	"""A QR code of `link`, as an image that needs nothing from outside."""
	picture = io.BytesIO()
	pyqrcode.create(link, error="M").svg(picture, scale=4, quiet_zone=2)
	return "data:image/svg+xml;base64," + base64.b64encode(picture.getvalue()).decode()
