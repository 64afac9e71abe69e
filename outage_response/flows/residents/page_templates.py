"""Own small pages: plain Jinja with everything escaped, and nothing of the website's bundle."""

import functools
from typing import Any

import frappe
import jinja2
from frappe import _

from outage_response import settings
from outage_response.domain.errors import _lt
from outage_response.domain.phone_numbers import dialled

# What was done just now -> the sentence on top of the next page
DONE = {
	"danger": _lt(
		"We have told the control room at once. If life is in danger, phone the emergency number now: {emergency}"
	),
	"known": _lt("Thank you. We know of this outage; your report is kept with it."),
	"reported": _lt("Thank you. Your report is with the control room; we look at it at once."),
	"back": _lt("Thank you. We have noted that your power is back."),
	"still_out": _lt("Thank you. We have noted that you are still without power; our people know."),
	"call_me": _lt("We will call you."),
	"care_kept": _lt(
		"We have noted it. What you wrote is read only by the control room and customer service, during an outage."
	),
	"rate": _lt("Thank you. We have noted your rating."),
	"links_void": _lt("The links that we sent you do not open anything any more."),
	"care_withdrawn": _lt("It is deleted."),
	"told": _lt("Noted. Next call."),
	"claimed": _lt("This call is yours for some minutes."),
}


@functools.cache
def _environment() -> jinja2.Environment:
	environment = jinja2.Environment(
		loader=jinja2.PackageLoader("outage_response", "templates/outages"),
		autoescape=True,
		trim_blocks=True,
		lstrip_blocks=True,
		undefined=jinja2.StrictUndefined,
	)
	environment.filters["dialled"] = dialled
	return environment


def render(template: str, **values: Any) -> str:
	"""A page in the reader's language."""
	lang = frappe.local.lang or "en"
	emergency = settings.read().emergency_number
	said = values.pop("said", "")
	return (
		_environment()
		.get_template(template)
		.render(
			_=_,
			lang="zh-CN" if lang.startswith("zh") else lang,
			emergency=emergency,
			message=_(DONE[said]).format(emergency=emergency) if said else "",
			urgent=said == "danger",
			**values,
		)
	)
