"""A site with years behind it: copies of the rows that a test has made, written by the database itself, undone with the test."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

ROWS = 2000
# What makes a copy a piece of history: its outage has ended, nothing of it waits, and most of it is another property's
PAST = {
	"Outage Incident": {
		"status": "'Closed'",
		"closed_at": "'2020-01-01'",
		"restored_at": "'2020-01-01'",
		"planned_start": "NULL",
	},
	"Outage Task": {"status": "'Done'", "ring_at": "NULL", "evidence_pending": "0", "incident_ended": "1"},
	"ToDo": {"status": "'Closed'"},
	"Outage Callback": {"status": "'Reached'", "next_attempt_at": "NULL", "offered_record": "NULL"},
	"Notice Delivery": {"state": "'Seen'", "phone_list": "0"},
	"Trouble Call": {"waiting": "0", "ticket_type": "NULL", "ticket": "NULL", "resolve_ticket": "0"},
	"Outage Page": {"status": "'Accepted'"},
	"Outage Notice": {},
	"Timeline Entry": {},
	"Outage Task Check": {},
	"Outage Affected Node": {"back_at": "NOW()"},
	"Outage Callback Unit": {},
	"Outage Page Task": {},
	"Elevator Entrapment": {"status": "'Out'"},
	"Duty Shift": {},
	"Notification Log": {},
	# people and homes of other properties
	"Power Node": {},
	"Property Unit": {},
	"Unit Resident": {"contact": "CONCAT(o.contact, '~', n.seq)"},
	"Property Asset": {},
	"Contact": {"user": "NULL", "email_id": "NULL"},
	"Contact Phone": {"phone": "CONCAT('1590000', n.seq)"},
}
PLACES = ("Power Node", "Property Unit", "Property Asset", "Unit Resident", "Contact", "Contact Phone")
# Names that stay what they are; every other link goes to the copy of what it went to
SAME = ("user", "owner", "modified_by", "allocated_to", "completed_by", "contact", "department", "plan", "channel")
OF_OURS = ("incident", "task", "parent", "reference_name", "power_node", "parent_power_node", "notice", "document_name")


@contextmanager
def of_years() -> Iterator[None]:
	"""Inside, each table of PAST has some thousand rows more, and the database knows how many; the caller's savepoint takes
	them away again."""
	counted = []
	for doctype, past in PAST.items():
		if _copy(doctype, past):
			counted.append(doctype)
	_count_anew(counted)
	try:
		yield
	finally:
		frappe.db.rollback(save_point="history")
		_count_anew(counted)


def _copy(doctype: str, past: dict[str, str]) -> bool:
	have = frappe.db.count(doctype)
	if not have:
		return False
	columns = [row for row in frappe.db.sql(f"SHOW COLUMNS FROM `tab{doctype}`", as_dict=True) if not row.Extra]
	unique = {
		row.Column_name for row in frappe.db.sql(f"SHOW INDEX FROM `tab{doctype}`", as_dict=True) if not row.Non_unique
	}
	numbered = next(row for row in columns if row.Field == "name").Type.startswith("bigint")
	values = []
	for row in columns:
		name, old = row.Field, f"o.`{row.Field}`"
		if name == "name":
			value = "1000000000000 + n.seq * 1000000000 + o.name" if numbered else f"CONCAT({old}, '~', n.seq)"
		elif name in past:
			value = past[name]
		elif name == "property":
			other = f"CONCAT({old}, '~', n.seq % 300)"
			value = other if doctype in PLACES else f"IF(n.seq % 2, {old}, {other})"
		elif name in OF_OURS:
			value = f"CONCAT({old}, '~', n.seq)"
		elif name in unique and name not in SAME:
			value = f"CONCAT({old}, '~', n.seq)" if row.Type.startswith("varchar") else "NULL"
		elif row.Type.startswith("datetime"):
			value = f"{old} - INTERVAL (30 + n.seq) DAY"
		else:
			value = old
		values.append(value)
	times = -(-ROWS // have)
	names = ", ".join(f"`{row.Field}`" for row in columns)
	frappe.db.sql(
		f"INSERT INTO `tab{doctype}` ({names}) SELECT {', '.join(values)} FROM `tab{doctype}` o, seq_1_to_{times} n"
	)
	return True


def _count_anew(doctypes: list[str]) -> None:
	"""Have the database look at how its keys are spread, by a connection of its own: here it would commit."""
	ours = frappe.local.db
	frappe.connect(set_admin_as_user=False)
	try:
		for doctype in doctypes:
			frappe.db.sql_ddl(f"ANALYZE NO_WRITE_TO_BINLOG TABLE `tab{doctype}`")
	finally:
		frappe.db.close()
		frappe.local.db = ours
