import frappe

from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class ElevatorEntrapment(VerbOwned):
	"""People in one elevator at one time; made and changed by the verbs of `flows/elevators/`."""


def on_doctype_update():
	frappe.db.add_index("Elevator Entrapment", ["property", "status"])
