from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class PagingTest(VerbOwned):
	pass
