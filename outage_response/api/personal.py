"""A resident's personal data, for the people who answer for it."""

from typing import Any

from outage_response.flows import personal

from .staff import endpoint


@endpoint
def export_resident_data(contact: str) -> dict[str, Any]:
	"""See `flows.personal.export_resident_data`. A POST, since each look is recorded."""
	return personal.export_resident_data(contact)


@endpoint
def void_resident_links(contact: str) -> dict[str, Any]:
	"""See `flows.personal.void_resident_links`."""
	return personal.void_resident_links(contact)


@endpoint
def erase_resident_data(contact: str) -> dict[str, Any]:
	"""See `flows.personal.erase_resident_data`."""
	return personal.erase_resident_data(contact)
