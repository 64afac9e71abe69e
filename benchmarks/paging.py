"""How long the minute's sweep takes: 500 open steps over 50 people, and whether closed outages cost anything.

	OUTAGE_BENCH=/path/to/bench OUTAGE_SITE=name <bench>/env/bin/python -m benchmarks.paging [--rounds 5]

Builds an outage with 500 steps that all ring in this minute, inside one transaction that is rolled back, as
`benchmarks.declare` does. Nothing is sent: what is measured is looking, deciding and writing the pages.
"""

import argparse
import sys
from datetime import timedelta

import frappe

from .declare import Measured, site, undone
from .tower import Size, build

STEPS, PEOPLE, GOAL_SECONDS = 500, 50, 2.0


def crowd(tower, now) -> list[str]:
	"""People on duty, and an outage in which each has ten steps that ring now. Answers their users."""
	from outage_response.flows.incident import declaring

	users = []
	for number in range(PEOPLE):
		user = f"bench{number:02d}@paging.example.com"
		row = frappe.get_doc(
			{
				"doctype": "User",
				"name": user,
				"email": user,
				"first_name": user[:7],
				"enabled": 1,
				"user_type": "System User",
			}
		)
		row.mobile_no = f"138000000{number:02d}"
		row.set("__islocal", True)
		row.db_insert()
		shift = frappe.get_doc(
			{
				"doctype": "Duty Shift",
				"property": tower.property,
				"department": "engineering",
				"user": user,
				"starts_at": now - timedelta(hours=1),
				"ends_at": now + timedelta(hours=8),
			}
		)
		shift.db_insert()
		users.append(user)
	declaring.declare(tower.property, [tower.feeder], "II", "the benchmark", request_id="paging-benchmark")
	return users


def five_hundred(incident: str, users: list[str], now) -> None:
	"""The incident's steps become 500, ten for each person, all due to ring now."""
	task = frappe.qb.DocType("Outage Task")
	names = frappe.get_all("Outage Task", {"incident": incident}, pluck="name", order_by="name")
	template = frappe.get_doc("Outage Task", names[0]).as_dict()
	fields = [
		"name",
		*[
			key
			for key in frappe.get_meta("Outage Task").get_valid_columns()
			if key not in ("name", "_assign", "dedupe_key")
		],
	]
	rows = []
	for _number in range(STEPS - len(names)):
		name = frappe.generate_hash(length=10)
		rows.append((name, *[template.get(field) for field in fields[1:]], name))
	frappe.db.bulk_insert("Outage Task", [*fields, "dedupe_key"], rows)
	for index, name in enumerate(frappe.get_all("Outage Task", {"incident": incident}, pluck="name", order_by="name")):
		query = (
			frappe.qb.update(task).where(task.name == name).set(task._assign, frappe.as_json([users[index % PEOPLE]]))
		)
		query = query.set(task.status, "Open").set(task.priority, 1).set(task.department, "engineering")
		query.set(task.ring_at, now).set(task.ring_level, 0).set(task.ring_times, 0).run()


def closed(incident: str, how_many: int, now) -> None:
	"""Outages of the past with rung steps and pages, as they lie in the tables for years, each of its own number."""
	names = frappe.get_all("Outage Task", {"incident": incident}, pluck="name")
	for doctype, copies, change in (
		(
			"Outage Task",
			names[:10],
			{"status": "Done", "ring_at": None, "first_rung_at": now},
		),
		(
			"Outage Page",
			frappe.get_all("Outage Page", {"incident": incident}, pluck="name")[:10],
			{"status": "Accepted"},
		),
	):
		columns = [key for key in frappe.get_meta(doctype).get_valid_columns() if key not in ("name", "dedupe_key")]
		rows = []
		for source in copies:
			values = {**frappe.get_doc(doctype, source).as_dict(), **change}
			for number in range(how_many):
				name = frappe.generate_hash(length=16)
				values["incident"] = f"OUT-CLOSED-{number}"
				rows.append((name, name, *[values.get(key) for key in columns]))
		if rows:
			frappe.db.bulk_insert(doctype, ["name", "dedupe_key", *columns], rows)


def look(incident, now) -> int:
	"""What the minute does, but for the sending itself: who went home, which incidents, this one, lost pages, mails, and the
	letters of the first round."""
	from outage_response.flows.paging import page_mails, page_sending, ringing
	from outage_response.flows.tasks import shift_end

	shift_end.due()
	ringing.due_incidents(now)
	written = ringing.advance(incident, now)
	page_sending.give_up_lost()
	page_mails.follow()
	for here in (True, False):
		if taken := page_sending.take(here):
			page_sending.letters(taken)
	return written


def main(arguments: list[str] | None = None) -> None:
	parser = argparse.ArgumentParser(prog="python -m benchmarks.paging", description=__doc__.splitlines()[0])
	parser.add_argument("--rounds", type=int, default=5)
	rounds = parser.parse_args(arguments).rounds
	with site():
		now = frappe.utils.now_datetime()
		tower = build("Benchmark Paging", Size())
		users = crowd(tower, now)
		incident = frappe.get_doc("Outage Incident", {"request_id": "paging-benchmark"})
		five_hundred(incident.name, users, now)
		later = now + timedelta(minutes=2)
		missed = False
		print(f"{STEPS} open steps, {PEOPLE} people on duty")
		for label, past in (("no closed outages", 0), ("500 closed outages (5000 steps, 5000 pages)", 500)):
			ringing, quiet = Measured(), Measured()
			with undone():
				# Both start alike: rung once before, so that either also writes "rung on" into the timeline
				look(incident, now)
				if past:
					closed(incident.name, past, now)
				five = frappe.qb.DocType("Outage Task")
				frappe.qb.update(five).set(five.ring_at, now).where(five.incident == incident.name).run()
				for _round in range(rounds):
					with undone():
						pages = ringing.run(look, incident, later)
						quiet.run(look, incident, later)
			print(f"  {label}")
			print(f"    all ring now: {pages} pages    {ringing}")
			print(f"    nobody to ring             {quiet}")
			late = max(ringing.seconds) >= GOAL_SECONDS
			missed = missed or late
			print(f"    the aim of {GOAL_SECONDS:.0f} s is {'MISSED' if late else 'reached'}")
	if missed:
		sys.exit(1)


if __name__ == "__main__":
	main()
