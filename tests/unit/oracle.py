"""What the procedure asks for, written down by hand and without looking at the code that decides it.

One line per step: its key, the levels whose plan has it, the department, the moment from which it exists, what it is done
for, and the condition under which it is wanted at all. `comes_out_for` reads a line; it knows nothing of `domain/plan_expansion.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .world import Situation


def always(_: Situation) -> bool:
	return True


def in_a_tower(now: Situation) -> bool:
	return now.property_type == "Tower"


def fifty_households_or_more(now: Situation) -> bool:
	return now.households >= 50


@dataclass(frozen=True)
class Line:
	key: str
	levels: str
	department: str
	exists_from: str
	for_each: str = ""
	wanted: Callable[[Situation], bool] = always
	only_when_called_for: bool = False
	only_unprotected: bool = False
	else_for_the_property: bool = False


_CONTROL, _ENGINEERS, _SERVICE, _GUARDS = "control_room", "engineering", "customer_service", "security"
LINES = (
	# the alarm
	Line("call_engineering", "I II", _CONTROL, "reported"),
	Line("dispatch_security", "I II", _CONTROL, "reported"),
	Line("call_elevator_contractor", "I II", _CONTROL, "reported", "elevator_contractor"),
	Line("contractor_arrived", "I II", "elevator_contractor", "reported", "elevator_contractor"),
	Line("notify_gm_outage", "I II", _CONTROL, "reported"),
	# what is it
	Line("arrive_on_site", "I II", _ENGINEERS, "reported"),
	Line("confirm_cause", "I II", _ENGINEERS, "reported"),
	Line("isolate_fault", "II", _ENGINEERS, "reported"),
	Line("isolate_incoming", "I", _ENGINEERS, "reported"),
	Line("call_supplier", "I", _CONTROL, "reported"),
	Line("call_account_manager", "I", _CONTROL, "reported", wanted=fifty_households_or_more),
	# people and places
	Line("check_elevator", "I II", _ENGINEERS, "reported", "elevator"),
	Line("comfort_trapped", "I II", _SERVICE, "reported", "elevator", only_when_called_for=True),
	Line("lock_off_elevator", "I II", _ENGINEERS, "reported", "elevator", only_when_called_for=True),
	Line("call_rescue_service", "I II", _CONTROL, "reported", "elevator", only_when_called_for=True),
	Line("release_trapped", "I II", _ENGINEERS, "reported", "elevator", only_when_called_for=True),
	Line("check_care_unit", "I II", _SERVICE, "reported", "care_unit"),
	Line("check_backup_power", "I II", "of the room", "reported", "critical_room"),
	Line("repair_backup", "I II", _ENGINEERS, "reported", "critical_room", only_when_called_for=True),
	Line("start_backup_supply", "I II", _ENGINEERS, "reported", "generator"),
	Line("guard_area", "I II", _GUARDS, "reported", "guarded_area", else_for_the_property=True),
	Line("staff_post", "I II", _GUARDS, "reported", "security_point", only_unprotected=True),
	Line("patrol_area", "I II", _GUARDS, "reported"),
	Line("keep_ways_lit", "I II", _GUARDS, "reported"),
	Line("call_security_reserve", "I II", _CONTROL, "reported"),
	Line("first_word", "I II", _SERVICE, "reported"),
	Line("explain_cause", "I II", _SERVICE, "confirmed"),
	# repair
	Line("organise_repair", "II", _ENGINEERS, "confirmed"),
	Line("inspect_own_supply", "I", _ENGINEERS, "confirmed"),
	Line("assist_repair", "I II", _GUARDS, "confirmed"),
	Line("clear_to_energise", "II", _ENGINEERS, "confirmed, node dark", "affected_node"),
	Line("clear_to_reclose", "I", _ENGINEERS, "reported, still dark"),
	# light again
	Line("check_switches", "I II", _ENGINEERS, "node back", "affected_node"),
	Line("check_shaft", "I II III", _ENGINEERS, "restored", "shaft", wanted=in_a_tower),
	Line("check_access_control", "I II", _GUARDS, "restored"),
	Line("check_fire_security", "I II III", _GUARDS, "restored"),
	Line("call_back_residents", "I II", _SERVICE, "restored"),
	Line("notify_gm_restored", "I II III", _CONTROL, "stand_down"),
	Line("write_report", "I II", _ENGINEERS, "stand_down"),
	# planned work
	Line("announce_schedule", "III", _ENGINEERS, "planned_start"),
	Line("notify_households", "III", _SERVICE, "planned_start"),
	Line("prepare_security", "III", _GUARDS, "planned_start"),
	Line("patrol_planned", "III", _GUARDS, "planned_start"),
	Line("clear_elevators", "III", _ENGINEERS, "planned_start", "elevator"),
	Line("stop_equipment", "III", _ENGINEERS, "planned_start"),
	Line("warn_control_room", "III", _ENGINEERS, "planned_start"),
	Line("shut_security_equipment", "III", _CONTROL, "planned_start"),
	Line("staff_post_planned", "III", _GUARDS, "planned_start", "security_point", only_unprotected=True),
	Line("announce_energising", "III", _ENGINEERS, "planned_end"),
	Line("restore_security_equipment", "III", _CONTROL, "restored"),
	Line("inspect_supply", "III", _ENGINEERS, "restored"),
)


def line(key: str) -> Line:
	return next(line for line in LINES if line.key == key)


def comes_out_for(line: Line, now: Situation) -> list[str]:
	"""Names of what the step is to be done for in this situation, sorted; "" stands for a step done once."""
	if not line.wanted(now):
		return []
	names = list(now.names(line.for_each)) if line.for_each else [""]
	if line.only_unprotected:
		names = [name for name in names if name not in now.kept]
	if not names and line.else_for_the_property:
		names = ["The Property"]
	if line.only_when_called_for:
		names = [name for name in names if (line.key, name) in now.called]
	return sorted(name for name in names if _has_begun(line.exists_from, name, now))


def _has_begun(moment: str, name: str, now: Situation) -> bool:
	if moment == "node back":
		return name in now.back
	if moment == "confirmed, node dark" and name in now.back:
		return False
	if moment.startswith("confirmed"):
		# Light again before anybody knew why: nothing is left to repair or to explain.
		confirmed, restored = now.reached.get("confirmed"), now.reached.get("restored")
		return confirmed is not None and (restored is None or confirmed < restored)
	if moment == "reported, still dark":
		return "reported" in now.reached and "restored" not in now.reached
	return moment in now.reached


def department_of(line: Line, name: str) -> str:
	"""A critical room is looked after by whoever it belongs to, and by Engineering when it belongs to nobody."""
	if line.department == "of the room":
		return "security" if name == "critical_room 1" else "engineering"
	return line.department
