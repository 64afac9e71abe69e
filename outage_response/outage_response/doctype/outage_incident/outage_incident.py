import frappe

from outage_response.flows import new_incident
from outage_response.outage_response.verb_owned import VerbOwned


class OutageIncident(VerbOwned):
	free_fields = ("description",)

	def before_insert(self):
		new_incident.prepare(self)

	def validate(self):
		if not self.is_new():
			super().validate()


def on_doctype_update():
	frappe.db.add_index("Outage Incident", ["property", "status"])
