"""Customer service sends a notice by hand, looks at it first, and proves that the public one hangs."""

import frappe
from frappe import _
from frappe.utils import now_datetime

from outage_response import permissions
from outage_response.domain import notice_rules as rules
from outage_response.domain.errors import RuleError
from outage_response.domain.states import NoticeMode

from ..tasks import photos
from ..verb.engine import Act, incident_verb
from ..verb.refusals import translated
from . import audience
from .issuing import issue, issued, notice_mode, notice_words, residents_for, ways_to
from .steps_done_by_notices import complete_steps


@incident_verb
def send_notice(act: Act, kind: str, message: str | None = None) -> dict:
	"""Customer service sends a notice now: the template's words, or `message` in their own. Answers {"people"}.

	Raises ValidationError for a kind that does not fit, and in a drill.
	"""
	rules.require_kind(kind, act.incident.status)
	if act.incident.is_drill:
		raise RuleError(_("Kind: nothing is sent to residents in a drill."))
	# what went out before is not in the way of somebody who wants it said again; the first is as if it went by itself
	once = f"by hand {act.now}" if kind in issued(act.incident.name) else ""
	return {"people": issue(act, kind, once, message=(message or "").strip())}


def preview(incident_name: str, kind: str) -> dict:
	"""How a notice would read if it went out now: {"public", "people", "by_phone", "texts": [{"language", "subject",
	"message"}]}; writes nothing. Raises as `send_notice`.

	people    how many are told one by one; by_phone: how many of them somebody has to phone
	"""
	with translated():
		permissions.require_verb("send_notice")
		incident = frappe.get_doc("Outage Incident", incident_name)
		rules.require_kind(kind, incident.status)
		now = now_datetime()
		act = Act("send_notice", now, now, incident=incident)
		mode, people = notice_mode(incident), audience.recipients(residents_for(act, kind))
		ways = ways_to(people, mode)
		languages = {person.language for person in people} | (
			{audience.site_language()} if mode == NoticeMode.PUBLIC else set()
		)
		texts = [(language, *notice_words(act, kind, language)) for language in sorted(languages)]
		return {
			"public": mode == NoticeMode.PUBLIC,
			"people": len(ways),
			"by_phone": sum(way.phone_list for _person, way in ways),
			"texts": [
				{"language": language, "subject": subject, "message": message} for language, subject, message in texts
			],
		}


@incident_verb
def prove_posting(act: Act, notice: str, photo: str) -> dict:
	"""The public notice hangs where people see it: the photo proves it, and completes the step that asked for it."""
	doc = frappe.get_doc("Outage Notice", notice) if frappe.db.exists("Outage Notice", str(notice)) else None
	if not doc or doc.incident != act.incident.name or doc.mode != NoticeMode.PUBLIC:
		raise RuleError(_("Notice: not a public notice of this outage. Choose one of its notices."))
	address = photos.named(photo)
	if not address:
		raise RuleError(_("Photo: attach the picture first."))
	doc.flags.by_verb = True
	doc.update({"photo": address, "posted_at": act.at, "posted_by": frappe.session.user})
	doc.save(ignore_permissions=True)
	act.record("notice_posted", {"kind": doc.kind})
	complete_steps(act, photo=doc.photo)
	return {"notice": doc.name}
