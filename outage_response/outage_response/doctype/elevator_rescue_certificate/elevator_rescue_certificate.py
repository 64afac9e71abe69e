from frappe.model.document import Document

from outage_response.flows.facts import rescue_certificates

exclude_from_linked_with = True  # see Care Need


class ElevatorRescueCertificate(Document):
	"""Who may free people from an elevator: `domain/entrapment_rules.py` says what it allows."""

	def validate(self):
		before = self.get_doc_before_save()
		for user in {self.user, before.user if before else self.user}:
			rescue_certificates.require_mine(user)

	def on_trash(self):
		rescue_certificates.require_mine(self.user)
