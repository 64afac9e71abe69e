"""The records of a property: buildings that may be one; roles that departments are offered."""

from typing import Any

from outage_response.flows.master_data import building_placing, own_departments
from outage_response.permissions import require_list, require_read

from .endpoints import endpoint
from .reached import reading


@reading
def get_alike_buildings(building: str) -> list[dict[str, str]]:
	"""See `flows.master_data.building_placing.may_be_one`."""
	require_read("Property Building", building)
	return building_placing.may_be_one(building)


merge_buildings = endpoint(building_placing.merge_buildings)


@reading
def get_roles_of_departments(
	doctype: str = "Role",
	txt: str = "",
	searchfield: str = "name",
	start: int = 0,
	page_len: int = 20,
	filters: Any = None,
) -> list[list[str]]:
	"""What the field Role of a Response Department offers (the arguments are those of Desk's searches in links); see
	`flows.master_data.own_departments.offered`."""
	require_list("Response Department")
	return [[name] for name in own_departments.offered(str(txt or ""))[int(start) : int(start) + int(page_len)]]
