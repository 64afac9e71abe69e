from outage_response.outage_response.verb_owned import VerbOwnedRow

exclude_from_linked_with = True  # see Care Need


class OutageCallbackUnit(VerbOwnedRow):
	pass
