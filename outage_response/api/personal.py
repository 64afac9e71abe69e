"""A resident's personal data, for the people who answer for it."""

from outage_response.flows.residents import personal_data

from .endpoints import endpoint

export_resident_data = endpoint(personal_data.export_resident_data)
void_resident_links = endpoint(personal_data.void_resident_links)
erase_resident_data = endpoint(personal_data.erase_resident_data)
