"""A new incident, by whatever road it comes (Desk, REST, Data Import, ticket, the verb): checked, then its task set made."""

from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from outage_response import listing, permissions
from outage_response.domain import authority, lifecycle, planned_times
from outage_response.domain.due_times import require_lately
from outage_response.domain.errors import Overlaps, RuleError
from outage_response.domain.states import AssetType, IncidentStatus

from ..callbacks import whom_to_call_back
from ..facts import (
	affected_homes,
	building_names,
	nested_outages,
	outage_levels,
	plan_steps,
	power_and_assets,
	who_is_on_duty,
)
from ..facts.affected_nodes import labels, take_rows
from ..facts.language import listed
from ..facts.minutes_of_interruption import count_minutes
from ..facts.outage_in_words import clock_time
from ..notices import automatic_notices, planned_windows
from ..paging import enabled_channels, ringing
from ..tasks import task_set
from ..verb.engine import Act, finish
from ..verb.locking import lock_property
from ..verb.refusals import translated
from ..verb.times import BY_PHONE, as_time, when
from .outages_that_share import share

TIMES_OF_THE_VERBS = ("confirmed_at", "started_at", "restored_at", "stood_down_at", "closed_at")


def prepare(incident: Document) -> None:
	"""Before an incident is inserted, by whatever road: fill in what follows from its fields, refuse what cannot be.

	With `closed_at` given it is a past outage: it gets no tasks and alarms nobody.
	"""
	with translated():
		lock_property(incident.property)
		property_doc = frappe.get_doc("Managed Property", incident.property)
		if not property_doc.households or property_doc.households < 1:
			raise RuleError(
				_("Households: {property} has none registered. Enter the registered number first."),
				property=incident.property,
			)
		_require_parent_here(incident)
		_require_participants(incident)
		incident.plan = plan_steps.current_plan(incident.level)
		incident.customer_minutes = 0
		around = incident.flags.around = power_and_assets.read(incident.property)
		take_rows(incident, around)
		if incident.closed_at:
			_prepare_past(incident, around)
			return
		for field in TIMES_OF_THE_VERBS:
			if incident.get(field):
				raise RuleError(
					_(
						"{field}: is set by the buttons of the incident. Leave it empty, or give Closed At for a past outage."
					),
					field=_(incident.meta.get_label(field)),
				)
		said_at = as_time(incident.reported_at, "Occurred At")
		at, now, incident.flags.clock = when(f"{BY_PHONE}{said_at}" if incident.flags.by_phone else said_at)
		incident.reported_at = at
		planned_times.require_etr(as_time(incident.etr, "ETR"), now)
		planned = outage_levels.is_planned(incident.level)
		if planned:
			_prepare_planned(incident, around)
		else:
			_prepare_unplanned(incident, around, at, said_at or at)
		reference = get_datetime(incident.planned_start) if planned else at
		note_circumstances(incident, reference)
		affected_homes.count(incident, around)


def _require_parent_here(incident: Document) -> None:
	parent = incident.parent_incident
	if parent and frappe.db.get_value("Outage Incident", parent, "property") != incident.property:
		raise RuleError(
			_("Parent Incident: {incident} is no outage of {property}. Choose one of the same property, or none."),
			incident=str(parent)[:140],
			property=incident.property,
		)


def _require_participants(incident: Document) -> None:
	if not incident.is_drill:
		incident.drill_participants = None
	names = enabled_channels.names_in(incident.drill_participants)
	known = names and listing.get_all("User", filters={"name": ("in", names), "enabled": 1}, pluck="name")
	strangers = [
		name
		for name in names
		if name not in known or not permissions.may_read("Managed Property", incident.property, name)
	]
	if strangers:
		raise RuleError(
			_(
				"Participants of the Drill: {people}: no login that works for this property. Write logins, one a line, or leave the field empty."
			),
			people=listed(strangers)[:140],
		)


def note_circumstances(incident: Document, at: datetime) -> None:
	incident.off_hours = int(who_is_on_duty.off_hours(incident.property, at))
	incident.guards_on_duty = who_is_on_duty.guards_on_duty(incident.property, at)


def _prepare_planned(incident: Document, around: power_and_assets.Surroundings) -> None:
	incident.planned_start = as_time(incident.planned_start, "Planned Start")
	incident.planned_end = as_time(incident.planned_end, "Planned End")
	planned_times.require_planned_times(incident.planned_by or "", incident.planned_start, incident.planned_end)
	for row in incident.windows:
		row.planned_start = as_time(row.planned_start, "Planned Start")
		row.planned_end = as_time(row.planned_end, "Planned End")
		planned_times.require_planned_times(incident.planned_by, row.planned_start, row.planned_end)
	incident.planned_reason = (incident.planned_reason or incident.description or "").strip()
	planned_times.require_reason(incident.planned_reason)
	incident.status = IncidentStatus.SCHEDULED
	times = [(row.planned_start, row.planned_end) for row in (incident, *incident.windows)]
	planned_times.require_windows_apart(times)
	incident.flags.all_the_same = incident.all_the_same  # as it was said; the field tells whether it was needed
	_refuse_same_work(incident, around)
	for row in incident.affected_nodes:
		row.out_since = None
		_forget_verbs(row)


def _refuse_same_work(incident: Document, around: power_and_assets.Surroundings) -> None:
	"""The same work entered twice would be announced twice: said first. Another window of the same day is announced together."""
	other, node = frappe.qb.DocType("Outage Incident"), frappe.qb.DocType("Outage Affected Node")
	rows = (
		frappe.qb.from_(other)
		.join(node)
		.on(node.parent == other.name)
		.select(other.name, other.planned_start, other.planned_end, node.power_node)
		.where(other.property == incident.property)
		.where(other.status.isin((IncidentStatus.SCHEDULED, *lifecycle.RUNNING)))
		.where(other.is_drill == int(incident.is_drill or 0))
		.where(other.planned_start < incident.planned_end)
		.where(other.planned_end > incident.planned_start)
		.orderby(other.planned_start)
	).run(as_dict=True)
	own = around.tree.under(row.power_node for row in incident.affected_nodes)
	same = [row for row in rows if own & around.tree.under([row.power_node])]
	if same and not incident.all_the_same:
		raise Overlaps(
			_(
				"Planned Start: {incident} is planned from {start} to {end}, and makes {nodes} dark as well. If it is the same work, open that one. If it is other work, choose Declare All the Same."
			),
			[],
			incident=same[0].name,
			start=clock_time(same[0].planned_start),
			end=clock_time(same[0].planned_end),
			nodes=[around.label(row.power_node) for row in same if row.name == same[0].name],
		)
	incident.all_the_same = int(bool(same))
	windows = [] if incident.is_drill else planned_windows.windows_of_the_day(incident)
	incident.announced_with = windows[0].announced_with or windows[0].name if windows else None


def _open_windows(incident: Document) -> list[str]:
	"""Each further window of planned work is an outage of its own: it has its own checks before supply is switched off."""
	names = []
	for row in incident.windows:
		part = frappe.new_doc("Outage Incident")
		fields = ("property", "level", "description", "planned_by", "planned_reason", "is_drill", "drill_participants")
		part.update({field: incident.get(field) for field in fields})
		part.update({"planned_start": row.planned_start, "planned_end": row.planned_end})
		part.all_the_same = incident.flags.all_the_same
		for affected in incident.affected_nodes:
			part.append("affected_nodes", {"power_node": affected.power_node, "unit": affected.unit})
		part.insert(ignore_permissions=True)
		frappe.db.set_value("Outage Window", row.name, "incident", part.name, update_modified=False)
		row.incident = part.name
		names.append(part.name)
	return names


def _forget_verbs(row: Document) -> None:
	"""Only verbs say that supply is back, or may be: what comes with a new incident (REST, a copy) says nothing."""
	row.back_at = row.back_source = row.energise_permitted_at = None


def _prepare_unplanned(
	incident: Document, around: power_and_assets.Surroundings, at: datetime, said_at: datetime
) -> None:
	"""`said_at`: the time of the report by the sender's clock; where that is fast, so is its `out_since`."""
	incident.status = IncidentStatus.REPORTED
	if incident.windows:
		raise RuleError(_("Further Windows: only planned work has windows. Leave the table empty."))
	incident.planned_by = incident.planned_start = incident.planned_end = incident.planned_reason = None
	for row in incident.affected_nodes:
		_forget_verbs(row)
		row.out_since = as_time(row.out_since, "Out Since") or at
		if at < row.out_since <= said_at:
			row.out_since = at
		require_lately(_("Out Since"), row.out_since, at)
		if row.out_since > at:
			raise RuleError(
				_("Out Since: supply at {node} cannot have gone after it was reported. Correct the time."),
				node=around.label(row.power_node),
			)
	_refuse_second(incident, around)


def _refuse_second(incident: Document, around: power_and_assets.Surroundings) -> None:
	"""The same outage declared twice is one outage: everything named is already part of a running incident. Where only a part of it
	is, that one is to be extended; whoever declares all the same shares what is under way there. Planned work that goes on is
	no such outage, and shares as well.

	Read without a lock of those incidents, under the property's: whoever declares here waits for nobody's verb elsewhere.
	"""
	if any(row.unit for row in incident.affected_nodes):
		return
	running = nested_outages.running_at(incident.property, int(incident.is_drill or 0))
	wanted = {row.power_node for row in incident.affected_nodes}
	unplanned = [row for row in running if not outage_levels.is_planned(row.level)]
	for name in dict.fromkeys(row.name for row in unplanned):
		dark = around.tree.under(row.power_node for row in running if row.name == name)
		if wanted <= dark:
			raise RuleError(
				_(
					"Affected Nodes: this outage is already running as {incident}. Open it; if more is dark, extend its scope."
				),
				incident=name,
			)
	others = nested_outages.overlapping(sorted(wanted), unplanned, around)
	if others and not incident.all_the_same:
		raise Overlaps(
			_(
				"Affected Nodes: a part of this is already running as {incidents}. If it is the same outage, extend that one (button More is dark). To declare all the same, choose Declare All the Same: what is under way there is shared."
			),
			[_rest_of(name, wanted, running, around) for name in others],
			incidents=others,
		)
	incident.all_the_same = int(bool(others))
	incident.flags.overlapping = nested_outages.overlapping(sorted(wanted), running, around)


def _rest_of(name: str, wanted: set[str], running: list[frappe._dict], around: power_and_assets.Surroundings) -> dict:
	dark = around.tree.under(row.power_node for row in running if row.name == name)
	return {"incident": name, "nodes": sorted(wanted - dark)}


def _prepare_past(incident: Document, around: power_and_assets.Surroundings) -> None:
	"""A past outage: those who keep the figures give all its times, which make sense."""
	authority.require_figures(permissions.roles_of())
	moments = [
		(field, as_time(incident.get(field), incident.meta.get_label(field)))
		for field in ("reported_at", "restored_at", "closed_at")
	]
	for field, moment in moments:
		if moment is None:
			raise RuleError(
				_("{field}: a past outage needs the times it was reported, restored and closed."),
				field=_(incident.meta.get_label(field)),
			)
	reported_at, restored_at, closed_at = (moment for _field, moment in moments if moment)
	if not reported_at <= restored_at <= closed_at <= now_datetime():
		raise RuleError(_("Closed At: reported, restored and closed must follow each other and lie in the past."))
	incident.status = IncidentStatus.CLOSED
	for row in incident.affected_nodes:
		row.out_since = as_time(row.out_since, "Out Since") or reported_at
		row.back_at = as_time(row.back_at, "Back At") or restored_at
		if row.back_at < row.out_since:
			raise RuleError(_("Back At: supply cannot be back before it went. Correct the time."))
	affected_homes.count(incident, around)
	incident.customer_minutes = count_minutes(incident, around)


def on_insert(incident: Document, method: str | None = None) -> None:
	"""The hook behind every new Outage Incident (Desk, REST, Data Import, ticket): the department task set of its level."""
	with translated():
		now = now_datetime()
		act = Act("declare", get_datetime(incident.reported_at), now, incident=incident)
		act.request_id = incident.request_id
		act.clock = incident.flags.clock or ""
		act.around = incident.flags.pop("around")
		about = {
			"level": incident.level,
			"nodes": labels(incident.affected_nodes, act.around),
			"units": incident.affected_units,
			"etr": str(incident.etr or ""),
		}
		if affected_homes.is_kept(incident):
			affected_homes.keep(incident, act.around, now)
		if incident.status == IncidentStatus.CLOSED:
			affected_homes.write_times(incident, act.around)
			act.record("imported", about)
			return
		share(act, incident.flags.pop("overlapping", None) or [])
		diff = task_set.sync(act)
		act.record("declared", {**about, "tasks": len(diff.add)})
		_warn_about_gaps(act)
		automatic_notices.on_declared(act)
		ringing.stay_awake(now)
		further = _open_windows(incident)
		result = {"level": incident.level, "tasks": len(diff.add), **({"further": further} if further else {})}
		incident.flags.declared = finish(act, result)


def warn_of_what_is_left_out(act: Act) -> None:
	"""The plan has lost steps of life safety or gates, by decision of two people: whoever commands tonight hears of it."""
	if left_out := plan_steps.left_out(act.incident.plan):
		steps = {
			"steps": [loss["title"] for loss in left_out],
			"steps_zh": [loss["title_zh"] or loss["title"] for loss in left_out],
		}
		act.warn("plan_leaves_out", {"plan": act.incident.plan, **steps})


def _warn_about_gaps(act: Act) -> None:
	"""What is missing in the records does not stop the response; it is said."""
	warn_of_what_is_left_out(act)
	_warn_of_assets(act)
	_warn_of_buildings(act)
	_warn_of_people(act)
	_warn_of_unit_count(act)


def _warn_of_assets(act: Act) -> None:
	"""Elevators that nobody maintains, and what stands nowhere."""
	around = act.around
	nameless = [
		asset.asset_name
		for asset in around.assets
		if asset.asset_type == AssetType.ELEVATOR and not asset.contractor_name
	]
	if nameless:
		act.warn("no_contractor", {"subject": nameless})
	if unplaced := [asset.asset_name for asset in around.assets if around.is_unplaced(asset)]:
		act.warn("unplaced", {"subject": unplaced})


def _warn_of_buildings(act: Act) -> None:
	"""Homes in no building, and buildings of which nobody has said whether they are one."""
	around = act.around
	in_no_building = sum(row.units for row in around.unit_counts if not around.building_of(row))
	if in_no_building and around.building_matters:
		act.warn("in_no_building", {"units": in_no_building})
	if alike := building_names.undecided(around.buildings):
		act.warn("buildings_alike", {"subject": [" = ".join(names) for names in alike]})


def _warn_of_people(act: Act) -> None:
	"""Homes that nobody can call, and people on duty who may do nothing."""
	incident = act.incident
	without = whom_to_call_back.units_without_contact(incident, act.around)
	if without and not outage_levels.is_planned(incident.level):
		act.warn("no_contacts", {"units": without})
	for department, people in who_is_on_duty.without_role(incident.property, act.now).items():
		act.warn("roster_without_role", {"department": department, "people": people})


def _warn_of_unit_count(act: Act) -> None:
	loaded = sum(row.units for row in act.around.unit_counts)
	registered = frappe.get_cached_value("Managed Property", act.incident.property, "households")
	if loaded != registered:
		act.warn("units_differ", {"loaded": loaded, "registered": registered})
