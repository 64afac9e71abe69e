"""A resident's personal data, for the people who answer for it."""

from typing import Any

from outage_response.flows.residents import personal_data

from .staff import endpoint


@endpoint
def export_resident_data(contact: str) -> dict[str, Any]:
	"""See `flows.residents.personal_data.export_resident_data`. A POST, since each look is recorded."""
	return personal_data.export_resident_data(contact)


@endpoint
def void_resident_links(contact: str) -> dict[str, Any]:
	"""See `flows.residents.personal_data.void_resident_links`."""
	return personal_data.void_resident_links(contact)


@endpoint
def erase_resident_data(contact: str) -> dict[str, Any]:
	"""See `flows.residents.personal_data.erase_resident_data`."""
	return personal_data.erase_resident_data(contact)
