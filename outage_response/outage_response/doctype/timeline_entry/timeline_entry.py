from outage_response.outage_response.verb_owned import VerbOwned


class TimelineEntry(VerbOwned):
	pass
