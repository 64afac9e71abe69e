"""For the page My outage tasks: one's own tasks in one short answer, and the photo that a verb then names."""

from typing import Any

import frappe

from outage_response.flows.screens import phone_page
from outage_response.flows.tasks import photos

from .endpoints import endpoint
from .reached import reading


@reading
def get_my_tasks(seen: str | None = None) -> dict[str, Any]:
	"""See `flows.screens.phone_page.my_tasks`. `seen` is the `digest` that the phone has: what did not change is not sent again."""
	data = phone_page.my_tasks(frappe.session.user)
	digest = phone_page.digest(data)
	answer = {"digest": digest, "now": data["now"], "user": data["user"], "csrf_token": _csrf_token()}
	return answer if digest == seen else {**answer, **data}


@endpoint
def add_photo(task: str, request_id: str) -> dict[str, Any]:
	"""See `flows.tasks.photos.add_photo`. The picture comes as the form's `file`."""
	file = (getattr(frappe.request, "files", None) or {}).get("file")
	if file:
		file.stream.seek(0)  # read before, when the transaction runs again
	return photos.add_photo(task, request_id, file.stream.read(photos.LARGEST_PHOTO + 1) if file else b"")


def _csrf_token() -> str:
	"""Of this session: a page that was opened without network has none, or that of an older login. Empty for a client
	with a token of its own, which has no session."""
	if frappe.session.sid in (None, "Guest", frappe.session.user):
		return ""
	return frappe.sessions.get_csrf_token()
