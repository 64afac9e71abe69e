"""The records of a property: buildings that may be one."""

from typing import Any

from outage_response.flows import placing
from outage_response.permissions import require_read

from .reached import reading
from .staff import endpoint


@reading
def get_alike_buildings(building: str) -> list[dict[str, str]]:
	"""See `flows.placing.may_be_one`."""
	require_read("Property Building", building)
	return placing.may_be_one(building)


@endpoint
def merge_buildings(building: str, into: str) -> dict[str, Any]:
	"""See `flows.placing.merge`."""
	return placing.merge(building, into)
