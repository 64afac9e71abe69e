import frappe

from outage_response.flows.incident import new_incident
from outage_response.flows.tasks import tasks_at_once
from outage_response.outage_response.verb_owned import VerbOwned

exclude_from_linked_with = True  # see Care Need


class OutageIncident(VerbOwned):
	free_fields = ("description",)

	def before_insert(self):
		new_incident.prepare(self)

	def validate(self):
		if not self.is_new():
			super().validate()

	def on_update(self):
		if self.has_value_changed("status"):
			tasks_at_once.leave_board(self)


def on_doctype_update():
	frappe.db.add_index("Outage Incident", ["property", "status"])
	frappe.db.add_index("Outage Incident", ["property", "reported_at"])
	frappe.db.add_index("Outage Incident", ["property", "restored_at"])
