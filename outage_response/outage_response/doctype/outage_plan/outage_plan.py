import frappe
from frappe import _
from frappe.model.document import Document

from outage_response.flows.facts import plan_steps
from outage_response.flows.facts.language import title_of
from outage_response.flows.plans import plan_approval
from outage_response.flows.verb.refusals import translated

exclude_from_linked_with = True  # see Care Need


class OutagePlan(Document):
	def validate(self):
		with translated():
			plan_steps.make_keys(self)
			plan_steps.check(self)
			self._note_who()
			if not self.is_new() and self._steps_changed() and not self._may_be_changed():
				plan_steps.require_current(self.name, self.level)
				self._keep_as_it_was()
			else:
				self._say_what_is_missing()

	def _note_who(self):
		"""What the app notes here is not entered by hand, by no road."""
		before = self.get_doc_before_save()
		for field in ("written_by", "confirmed_by", "leaves_out"):
			self.set(field, before.get(field) if before else None)
		if not before or self._steps_changed():
			self.written_by, self.confirmed_by = frappe.session.user, None
		self.confirmed_by = self.flags.confirmed_by or self.confirmed_by
		if self.flags.leaves_out:
			self.leaves_out = self.flags.leaves_out

	def _may_be_changed(self) -> bool:
		"""Not what an incident has run with, and not what new ones run with by one person's hand where it loses what protects."""
		if plan_steps.is_used(self.name):
			return False
		if frappe.db.get_value("Outage Level", self.level, "plan") == self.name:
			steps = plan_steps.read(self)
			if plan_steps.losses(self.name, steps):
				return False
			self.leaves_out = plan_steps.left_out_after(self.name, steps)
		return True

	def _steps_changed(self) -> bool:
		return plan_steps.read(self.get_doc_before_save()) != plan_steps.read(self)

	def _say_what_is_missing(self):
		if missing := plan_steps.what_is_missing(self):
			frappe.msgprint(missing, title=_("With this plan"), as_list=True, indicator="orange")

	def _keep_as_it_was(self):
		"""The changes become the next version, this one stays: for the record, or because the next waits for a second person."""
		new = plan_approval.next_version(self.level, plan_steps.read(self), self.name, second_person=True)
		before = self.get_doc_before_save()
		for table in ("steps", "outcomes"):
			self.set(table, [row.as_dict() for row in before.get(table)])
		self.written_by, self.confirmed_by = before.written_by, before.confirmed_by
		if not new.enabled:
			lost = "".join(
				f"<li>{frappe.utils.escape_html(title_of(loss))}</li>"
				for loss in plan_steps.losses(self.name, plan_steps.read(new))
			)
			frappe.msgprint(
				_(
					"Your changes are stored as {0} and are not in force: they leave out steps of life safety or gates. A second person who is Outage Administrator or System Manager opens {0} and presses Put in Force. Until then new incidents run with {1}."
				).format(frappe.utils.get_link_to_form("Outage Plan", new.name), frappe.bold(self.name))
				+ f"<ul>{lost}</ul>",
				indicator="orange",
			)
			return
		self.enabled = 0
		frappe.msgprint(
			_("An incident has used this version. Your changes are stored as {0}; new incidents run with it.").format(
				frappe.utils.get_link_to_form("Outage Plan", new.name)
			)
		)

	def on_trash(self):
		if plan_steps.is_used(self.name):
			frappe.throw(_("An incident has used this version of the plan; it is kept for the record."))
