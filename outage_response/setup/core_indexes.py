"""Indexes on Frappe's own tables, for what our screens ask of them at every turn: made after install and each migrate, taken
away at uninstall. Their names are ours, so no index that somebody else made is taken for one of them.

Each has two columns: Frappe takes away what it finds on one column that its doctype does not ask for.
"""

import frappe

from outage_response.domain.phone_numbers import BEFORE_EXTENSION, TAIL

INDEXES = {
	"ToDo": {"outage_given_to": ("allocated_to", "status")},
	"User Permission": {"outage_property": ("for_value", "allow")},
	"Contact": {"outage_login": ("user", "name")},
	"Contact Email": {"outage_address": ("email_id", "parent")},
	"Contact Phone": {"outage_number": ("outage_tail", "parent")},
}
# The last digits of a number without its extension, kept by the database itself whoever writes the row: integrations/contacts.py
PLAIN = f"REGEXP_REPLACE(phone, '{BEFORE_EXTENSION}.*$', '')"
DIGITS = f"RIGHT(REGEXP_REPLACE({PLAIN}, '[^0-9]', ''), {TAIL})"
COLUMN = f"ADD COLUMN IF NOT EXISTS outage_tail VARCHAR({TAIL}) AS ({DIGITS}) VIRTUAL"


def create() -> None:
	"""Make what is missing."""
	# No query, with constants alone: Frappe has no call for a computed column
	# nosemgrep: frappe-using-db-sql
	frappe.db.sql_ddl(f"ALTER TABLE `tabContact Phone` {COLUMN}")
	for doctype, indexes in INDEXES.items():
		for name, fields in indexes.items():
			frappe.db.add_index(doctype, list(fields), name)


def delete() -> None:
	"""Leave the tables as they were."""
	for doctype, indexes in INDEXES.items():
		for name in indexes:
			# No query, with constants alone: Frappe has no call that drops an index
			# nosemgrep: frappe-using-db-sql
			frappe.db.sql_ddl(f"ALTER TABLE `tab{doctype}` DROP INDEX IF EXISTS `{name}`")
	# nor one that drops a column
	# nosemgrep: frappe-using-db-sql
	frappe.db.sql_ddl("ALTER TABLE `tabContact Phone` DROP COLUMN IF EXISTS outage_tail")
