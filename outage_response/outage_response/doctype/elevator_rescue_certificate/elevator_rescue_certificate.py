from frappe.model.document import Document

exclude_from_linked_with = True  # see Care Need


class ElevatorRescueCertificate(Document):
	"""Who may free people from an elevator: `domain/entrapment.py` says what it allows."""
