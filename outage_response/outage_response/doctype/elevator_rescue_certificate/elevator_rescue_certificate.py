from frappe.model.document import Document


class ElevatorRescueCertificate(Document):
	"""Who may free people from an elevator: `domain/entrapment.py` says what it allows."""
