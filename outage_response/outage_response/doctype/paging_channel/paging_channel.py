import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.domain.errors import _lt
from outage_response.domain.states import ChannelAudience, ChannelKind
from outage_response.integrations import channels

exclude_from_linked_with = True  # see Care Need


class PagingChannel(Document):
	def validate(self):
		if not 1 <= (self.timeout_seconds or 0) <= 30:
			frappe.throw(_("{0}: a number from {1} to {2}.").format(_(self.meta.get_label("timeout_seconds")), 1, 30))
		if not 1 <= (self.tries or 0) <= 10:
			frappe.throw(_("{0}: a number from {1} to {2}.").format(_(self.meta.get_label("tries")), 1, 10))
		if self.audience == ChannelAudience.GROUP and self.kind != ChannelKind.HTTP:
			frappe.throw(_("Goes To: only a channel of the kind HTTP can ring a group."))
		if self.kind == ChannelKind.HTTP and (self.url or "").strip():
			self._require_fit(channels.driver(self.kind).request(self, SAMPLE))  # refuses what cannot be filled in
		if self.enabled and not channels.driver(self.kind).is_on(self):
			frappe.msgprint(_(HOW_TO[self.kind]), indicator="orange")
		if self.inbound_signature and not self.get_password("inbound_secret", raise_exception=False):
			frappe.throw(_("Inbound Secret: answers that come back are taken only when they are signed with one."))

	def _require_fit(self, request: channels.Request):
		try:
			refusal = channels.refusal(request)
		except ValueError:
			frappe.throw(_("URL: write an address that begins with https:// or http://."))
		if refusal:
			frappe.throw(
				_(
					"URL: {0}. Link-local and metadata addresses are never asked; for others see Outage Response Settings."
				).format(refusal)
			)


SAMPLE = channels.Letter(
	key="sample", text="sample", link="https://example.com", name="sample", phone="10000", property="sample"
)


HOW_TO = {
	ChannelKind.BELL: "",
	ChannelKind.EMAIL: _lt("This channel rings nobody yet: enter an outgoing Email Account."),
	ChannelKind.SMS: _lt("This channel rings nobody yet: enter the gateway in SMS Settings."),
	ChannelKind.HTTP: _lt("This channel rings nobody yet: enter its URL."),
}
