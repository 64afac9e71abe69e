"""What happens on the throwaway site of `test_lifecycle_of_app`, inside its own process (`live.Process`)."""

import hashlib
import json
import time
from datetime import timedelta
from pathlib import Path

import frappe
from frappe.utils.background_jobs import get_queues

from .. import world as build
from ..base import Clock, SiteTest, forget_caches

TOWER = "Lifecycle Tower"
# Rows that Frappe writes anew, under a new name, when nothing in them has changed
NAMELESS = ("tabSingles", "tabDefaultValue", "tabInstalled Application")
# Columns that help to understand a difference
ABOUT = ("ref_doctype", "reference_doctype", "deleted_doctype", "parent", "comment_type", "subject", "docname")
# Columns that say when a row was touched, not what it says
TOUCHED = ("modified", "modified_by", "creation", "idx", "_seen", "last_active", "last_login", "last_execution")


def wait_for_background_jobs(quiet: int = 3, patience: int = 120) -> None:
	"""Until nothing of this site has been queued or running for `quiet` seconds.

	A scheduler that saw the new site before it was paused has queued the day's jobs, and they write.
	"""
	last_seen = time.monotonic()
	deadline = last_seen + patience
	while time.monotonic() - last_seen < quiet:
		if time.monotonic() > deadline:
			raise TimeoutError("the site's background jobs do not come to an end")
		if jobs_of_this_site():
			last_seen = time.monotonic()
		time.sleep(0.2)


def jobs_of_this_site() -> list[str]:
	found = []
	for queue in get_queues():
		ids = [*queue.get_job_ids(), *queue.started_job_registry.get_job_ids()]
		found += [job.id for job in map(queue.fetch_job, ids) if job and job.kwargs.get("site") == frappe.local.site]
	return found


def settle() -> None:
	"""The company's own site before the app comes: people, contacts, and things of theirs that must stay."""
	wait_for_background_jobs()
	frappe.set_user("Administrator")
	for name in (*build.ROLES, "resident"):
		build.make_user(build.user(name), "Report Manager")
	build.make_contact("A contact of the company", "0200")
	theirs = frappe.get_doc({"doctype": "ToDo", "description": "water the plants"}).insert()
	theirs.add_comment("Comment", "on Fridays")
	theirs.add_tag("night")
	frappe.get_doc(
		{
			"doctype": "Custom Field",
			"dt": "Contact",
			"fieldname": "parking_lot",
			"label": "Parking Lot",
			"fieldtype": "Data",
		}
	).insert()
	frappe.get_doc({"doctype": "Role", "role_name": "Outage Enthusiast"}).insert()
	give_role("guard1", "Outage Enthusiast")
	frappe.get_doc(
		{
			"doctype": "File",
			"file_name": "plants.txt",
			"content": "ferns",
			"attached_to_doctype": "ToDo",
			"attached_to_name": theirs.name,
		}
	).insert()


def picture() -> dict:
	"""Every table: its columns, and each row by name with a digest of what it says; the files on disk."""
	tables = {}
	for (table,) in frappe.db.sql("show tables"):
		columns = [row[0] for row in frappe.db.sql(f"show columns from `{table}`")]
		rows = {}
		for row in frappe.db.sql(f"select * from `{table}`", as_dict=True):
			said = {key: str(value) for key, value in row.items() if key not in TOUCHED and value is not None}
			key = str(row.get("name") or json.dumps(said, sort_keys=True))
			about = [said[column] for column in ABOUT if column in said]
			rows[key] = " ".join([*about, hashlib.md5(json.dumps(said, sort_keys=True).encode()).hexdigest()])
			if table in NAMELESS:
				del rows[key]
				said.pop("name", None)
				if table == "tabSingles" and said["field"] in TOUCHED:
					continue
				key = json.dumps(said, sort_keys=True)
				rows[key] = ""
		tables[table] = {"columns": columns, "rows": rows}
	site = Path(frappe.get_site_path())
	files = [
		str(path.relative_to(site))
		for folder in ("public/files", "private/files")
		for path in sorted((site / folder).rglob("*"))
	]
	return {"tables": tables, "files": files}


def live_through() -> dict:
	"""A whole incident with all that people leave around it in Frappe's own tables."""
	frappe.set_user("Administrator")
	for name, role in build.ROLES.items():
		give_role(name, role)
	world = build.make_tower(TOWER, floors=2)
	scene = SiteTest()
	scene.property, scene.room = TOWER, world["room"]
	scene.clock = Clock(build.NIGHT)
	build.make_roster(TOWER, build.NIGHT)
	forget_caches()
	scene.clock.start()
	try:
		name = run_the_night(scene, world)
	finally:
		scene.clock.stop()
	frappe.set_user("Administrator")
	leave_traces(name)
	return {"incident": name, "status": frappe.db.get_value("Outage Incident", name, "status")}


def give_role(name: str, role: str) -> None:
	"""As saving the user would, but without what Frappe adds to a user who is saved."""
	row = frappe.get_doc({"doctype": "Has Role", "role": role, "parent": build.user(name)})
	row.update({"parenttype": "User", "parentfield": "roles"})
	row.db_insert()
	frappe.clear_cache(user=build.user(name))


def forget_residents() -> None:
	"""The company's contacts are its own: here they were made after the first picture, so they go before the second."""
	contacts = frappe.get_all("Contact", {"name": ("like", f"{TOWER}%")}, pluck="name")
	for doctype in ("Contact Phone", "Contact Email", "Dynamic Link"):
		frappe.db.delete(doctype, {"parent": ("in", contacts)})
	frappe.db.delete("Contact", {"name": ("in", contacts)})


def run_the_night(scene: SiteTest, world: dict) -> str:
	name = scene.declare("I")
	scene.do("service", "record_call", TOWER, unit=world["units"][0], contact=world["contacts"][0], words="dark")
	scene.clock.move(30)
	scene.finish_steps(name)
	scene.do("operator", "supply_back", name)
	scene.finish_steps(name)
	scene.clock.now += timedelta(hours=8)
	for callback in frappe.get_all("Outage Callback", {"incident": name, "status": "Pending"}, pluck="name"):
		scene.do("service", "log_attempt", callback, "Reached", satisfaction=5, note="thanks")
	scene.do("operator", "stand_down", name)
	scene.finish_steps(name)
	scene.do("engineer", "file_report", name, "The supplier's cable", "Waited", "A second feed")
	scene.do("operator", "close", name)
	return name


def leave_traces(name: str) -> None:
	"""What people do with any document in Frappe."""
	from frappe.desk.form import assign_to
	from frappe.share import add as share

	task = frappe.get_all("Outage Task", {"incident": name}, pluck="name")[0]
	doc = frappe.get_doc("Outage Incident", name)
	doc.add_comment("Comment", "a long night")
	doc.add_tag("night")
	share("Outage Incident", name, build.user("guard1"), read=1)
	assign_to.add({"assign_to": [build.user("service")], "doctype": "Outage Incident", "name": name})
	frappe.get_doc(
		{
			"doctype": "File",
			"file_name": "shaft.txt",
			"content": "a photo of the shaft",
			"attached_to_doctype": "Outage Task",
			"attached_to_name": task,
			"is_private": 1,
		}
	).insert()
	frappe.get_doc(
		{"doctype": "Property Setter", "doctype_or_field": "DocField", "doc_type": "Outage Task", "field_name": "title"}
		| {"property": "bold", "value": "1", "property_type": "Check"}
	).insert()
	frappe.get_doc(
		{
			"doctype": "Custom Field",
			"dt": "Outage Task",
			"fieldname": "weather",
			"label": "Weather",
			"fieldtype": "Data",
		}
	).insert()
	frappe.get_doc(
		{"doctype": "Custom DocPerm", "parent": "Outage Task", "role": "Report Manager", "permlevel": 0, "read": 1}
	).insert()
	frappe.get_doc({"doctype": "View Log", "reference_doctype": "Outage Incident", "reference_name": name}).insert()
	frappe.get_doc(
		{
			"doctype": "Document Follow",
			"ref_doctype": "Outage Incident",
			"ref_docname": name,
			"user": build.user("guard1"),
		}
	).insert(ignore_permissions=True)
	frappe.get_doc(
		{"doctype": "List Filter", "filter_name": "mine", "reference_doctype": "Outage Task", "filters": "[]"}
	).insert()
	frappe.get_doc(
		{
			"doctype": "Report",
			"report_name": "My Outages",
			"ref_doctype": "Outage Incident",
			"report_type": "Report Builder",
		}
		| {"is_standard": "No"}
	).insert()
	frappe.get_doc(
		{
			"doctype": "Kanban Board",
			"kanban_board_name": "My Steps",
			"reference_doctype": "Outage Task",
			"field_name": "status",
		}
	).insert()
	frappe.get_doc(
		{"doctype": "Notification", "name": "My Alarm", "subject": "dark", "document_type": "Outage Incident"}
		| {
			"event": "New",
			"channel": "System Notification",
			"message": "dark",
			"recipients": [{"receiver_by_role": "System Manager"}],
		}
	).insert()
	frappe.model.utils.user_settings.save("Outage Task", json.dumps({"List": {"filters": []}}))
	frappe.model.utils.user_settings.sync_user_settings()


def edit() -> None:
	"""What the company makes of the data that the app brings."""
	frappe.set_user("Administrator")
	plan = frappe.get_doc("Outage Plan", frappe.db.get_value("Outage Level", "II", "plan"))
	plan.steps[0].title_en = "Our own words"
	plan.steps[0].minutes = "7"
	plan.save()
	frappe.db.set_value("Response Department", "security", {"phone": "0815", "department_name": "Guards"})
	frappe.db.set_value("Outage Level", "III", "colour", "#000000")
	frappe.db.set_single_value("Outage Response Settings", "callback_max_attempts", 7)


def brought() -> dict:
	"""The data that the app brings, as it stands."""
	return {
		"plans": {
			row.name: [
				step.title_en + "/" + (step.minutes or "") for step in frappe.get_doc("Outage Plan", row.name).steps
			]
			for row in frappe.get_all("Outage Plan", order_by="name")
		},
		"enabled": frappe.get_all("Outage Plan", {"enabled": 1}, pluck="name", order_by="name"),
		"levels": frappe.get_all("Outage Level", ["name", "title", "colour", "plan"], order_by="name"),
		"departments": frappe.get_all(
			"Response Department", ["name", "department_name", "role", "phone"], order_by="name"
		),
		"settings": {
			field: value
			for field, value in frappe.db.get_singles_dict("Outage Response Settings").items()
			if field not in ("creation", "modified", "tickets_read_until")
		},
		"roles": frappe.get_all("Role", {"name": ("like", "Outage%")}, pluck="name", order_by="name"),
		"jobs": frappe.get_all("Scheduled Job Type", {"method": ("like", "outage_response%")}, pluck="method"),
		"holders": frappe.get_all(
			"Has Role", {"role": ("like", "Outage%"), "parenttype": "User"}, ["parent", "role"], order_by="parent, role"
		),
	}


def declare_again() -> int:
	"""After installing anew an outage is handled as ever."""
	frappe.set_user("Administrator")
	for name, role in build.ROLES.items():
		give_role(name, role)
	world = build.make_community("Lifecycle Community", buildings=1)
	build.make_roster(world["property"])
	from outage_response.flows.incident import declaring

	return declaring.declare(world["property"], [world["room"]], "II")["tasks"]
