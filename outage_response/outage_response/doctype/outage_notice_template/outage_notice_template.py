import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain import notice_rules
from outage_response.flows.notices.wording import WORDS

exclude_from_linked_with = True  # see Care Need


class OutageNoticeTemplate(Document):
	def validate(self):
		if unknown := notice_rules.unknown_words(f"{self.subject}\n{self.message}", WORDS):
			frappe.throw(
				_("Message: {0} is not a word that is filled in. Known: {1}.").format(
					", ".join(unknown), ", ".join(WORDS)
				)
			)
