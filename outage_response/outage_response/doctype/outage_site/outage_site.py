from frappe.model.document import Document

from outage_response.flows.verb.guard import refuse_row

exclude_from_linked_with = True  # see Care Need


class OutageSite(Document):
	"""What this site is known by (`flows/site/same_site.py`); nobody writes it by hand."""

	def validate(self):
		refuse_row(self)

	def before_change(self):
		refuse_row(self)
