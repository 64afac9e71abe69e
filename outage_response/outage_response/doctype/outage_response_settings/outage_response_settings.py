import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_time

from outage_response.compat import fill_times
from outage_response.domain import allowed_addresses
from outage_response.flows.verb.refusals import translated

exclude_from_linked_with = True  # see Care Need

LIMITS = {
	"fast_clock_minutes": (0, 60),
	"callback_danger_percent": (0, 100),
	"callback_care_percent": (0, 100),
	"callback_reported_percent": (0, 100),
	"callback_sample_percent": (0, 100),
	"callback_max_attempts": (1, 20),
	"callback_retry_minutes": (5, 2880),
	"first_word_minutes": (1, 240),
	"in_writing_minutes": (1, 1440),
	"etr_warning_minutes": (0, 240),
	"mail_patience_minutes": (1, 1440),
	"resident_message_minutes": (10, 1440),
	"link_days": (1, 90),
	"claim_minutes": (1, 120),
}


class OutageResponseSettings(Document):
	def validate(self):
		# What the site notes here by itself: a screen that was opened before would put back what it showed
		stored, text = (frappe.db.get_singles_dict(self.doctype, cast=cast) for cast in (True, False))
		noted = [df.fieldname for df in self.meta.fields if df.hidden and df.read_only]
		# Frappe casts a time that nobody has noted to the year 1
		self.update({field: stored.get(field) if text.get(field) else None for field in noted})
		fill_times(self)
		with translated():
			allowed_addresses.read_list(self.inside_addresses)
		for field, (lowest, highest) in LIMITS.items():
			if not lowest <= (self.get(field) or 0) <= highest:
				frappe.throw(_("{0}: a number from {1} to {2}.").format(_(self.meta.get_label(field)), lowest, highest))
		if get_time(self.calling_from) >= get_time(self.calling_to):
			frappe.throw(_("Calling Hours To: must lie after Calling Hours From."))
