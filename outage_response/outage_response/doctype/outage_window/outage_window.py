from outage_response.outage_response.verb_owned import VerbOwnedRow


class OutageWindow(VerbOwnedRow):
	pass
