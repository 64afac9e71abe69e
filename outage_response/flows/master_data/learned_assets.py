"""What is learned of an asset while an outage runs goes into it: a firm that nobody had entered, its right number, a post that does
not hold by itself, an asset that was not on record. Whatever would take a step away waits (`master_data.py`).
"""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from outage_response.domain.lifecycle import HOLDING_POSTS

from ..tasks import task_numbers, task_set
from ..verb.engine import Act, finish
from ..verb.locking import lock_incident, lock_property
from .frozen_records import ONLY_ADDS

LEARNED = (*ONLY_ADDS, "contractor_phone")


def on_change(doc: Document, _event: str | None = None) -> None:
	"""Brings the steps of outages that run at the property in line, with an entry on the timeline of each."""
	before = doc.get_doc_before_save()
	fields = [field for field in LEARNED if not before or (before.get(field) or "") != (doc.get(field) or "")]
	where = {"property": doc.property, "status": ("in", HOLDING_POSTS)}
	names = fields and frappe.get_all("Outage Incident", filters=where, pluck="name", order_by="name")
	if not names:
		return
	lock_property(doc.property)
	labels = [_(doc.meta.get_label(field)) for field in fields] if before else [_(doc.asset_type)]
	for name in names:
		now = now_datetime()
		act = Act("asset_learned", now, now, incident=lock_incident(name))
		added = len(task_set.sync(act).add)
		renewed = task_numbers.renew_numbers(act) if "contractor_phone" in fields else 0
		if added or renewed:
			act.warn("asset_learned", {"subject": doc.asset_name, "fields": labels, "added": added})
			finish(act, {})
