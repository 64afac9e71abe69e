"""The form of an incident in somebody's browser, and its dialogs."""

DIALOG = ".modal.show"


class Form:
	"""The form of an incident in somebody's browser."""

	def __init__(self, page, desk, incident: str):
		self.page = page
		desk(page, f"/app/outage-incident/{incident}")
		page.wait_for_selector(".outage-verbs")

	@classmethod
	def of(cls, page) -> "Form":
		"""For the dialog that is open on any page."""
		form = cls.__new__(cls)
		form.page = page
		page.wait_for_selector(f"{DIALOG} .btn-primary")
		return form

	def open(self, verb: str) -> None:
		self.page.click(f".outage-verbs [data-verb={verb}]")
		self.page.wait_for_selector(f"{DIALOG} .btn-primary")

	def fill(self, **values) -> None:
		"""Into the open dialog: by field name; True ticks a box."""
		for fieldname, value in values.items():
			field = self.page.locator(f"{DIALOG} .frappe-control[data-fieldname={fieldname}]")
			if value is True:
				field.locator("input[type=checkbox]").first.check()
			elif field.locator("select").count():
				field.locator("select").select_option(value)
			elif field.get_attribute("data-fieldtype") == "Datetime":  # in the format of the site
				field.locator("input").fill(self.page.evaluate("value => frappe.datetime.str_to_user(value)", value))
			else:
				field.locator("input, textarea").first.fill(value)

	def send(self) -> None:
		self.page.click(f"{DIALOG} .modal-footer .btn-primary")

	def done(self) -> None:
		self.send()
		self.page.wait_for_selector(DIALOG, state="hidden")

	def do(self, verb: str, **values) -> None:
		self.open(verb)
		self.fill(**values)
		self.done()

	def refusal(self) -> str:
		"""What the open dialog says; the dialog is put away."""
		box = self.page.wait_for_selector(f"{DIALOG} .outage-refusal:not([hidden])")
		text = box.inner_text()
		self.page.keyboard.press("Escape")
		self.page.wait_for_selector(DIALOG, state="hidden")
		return text

	def finish(self, title: str, **values) -> None:
		"""Complete the first open step with this title."""
		rows = self.page.locator(".outage-table tr").filter(has=self.page.locator("a", has_text=title))
		row = rows.filter(has=self.page.locator("[data-verb=complete]"))
		task = row.first.locator("[data-verb=complete]").get_attribute("data-task")
		self.page.click(f"[data-verb=complete][data-task='{task}']")
		self.page.wait_for_selector(f"{DIALOG} .btn-primary")
		self.fill(**values)
		self.done()
		self.page.wait_for_selector(f"[data-verb=complete][data-task='{task}']", state="detached")

	def state(self, status: str) -> None:
		self.page.wait_for_selector(f".outage-chips .indicator-pill:text-is('{status}')")


def tab_to(page, selector: str, presses: int = 80) -> None:
	"""Without a mouse. The page is waited for first, as a person would: keys pressed on a page that is
	still being read are lost."""
	page.wait_for_selector(selector)
	for _press in range(presses):
		if page.evaluate("selector => document.activeElement.matches(selector)", selector):
			return
		page.keyboard.press("Tab")
	last = page.evaluate("document.activeElement.outerHTML")
	raise AssertionError(f"Tab does not lead to {selector}, but to {last[:200]}")
