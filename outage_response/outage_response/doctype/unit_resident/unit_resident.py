from outage_response.outage_response.rows import Row

exclude_from_linked_with = True  # see Care Need


class UnitResident(Row):
	pass
