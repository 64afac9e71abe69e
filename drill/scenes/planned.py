"""Willow Court, a Saturday in spring: distribution room 2 is maintained; everybody knew."""

from .. import account
from ..places import node
from ..stage import Stage

PLACE = "Willow Court"
DECLARED, NOTIFIED, DAY = "2026-03-18", "2026-03-19", "2026-03-21"
NAME = "Planned work"
PIXEL = bytes.fromhex(
	"89504e470d0a1a0a0000000d4948445200000001000000010806000000"
	"1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


def play(stage: Stage) -> None:
	"""From the plan to the closed file."""
	account.title("3. Willow Court, Saturday 21 March: level III, planned by the property, 09:00 to 12:00")
	account.aside("Distribution room 2 (buildings 4, 5 and 6, 72 households) is cleaned and tested.")
	_prepare(stage)
	_switch_off(stage)
	_switch_on(stage)


def _prepare(stage: Stage) -> None:
	room, engineer, service = stage.crew["operator.day"], stage.crew["engineer.day"], stage.crew["service"]
	stage.scene("Three days before", DECLARED, "10:00:00")
	answer = stage.declare(
		engineer,
		NAME,
		"enters the planned work",
		property=PLACE,
		nodes=[node(PLACE, "Room 2")],
		level="III",
		planned_by="Property",
		planned_start=f"{DAY} 09:00:00",
		planned_end=f"{DAY} 12:00:00",
		description="Yearly cleaning and testing of distribution room 2",
	)
	account.aside(f"The app gives out {answer['tasks']} steps, each due before, at or after nine on Saturday.")
	stage.at("10:20:00")
	stage.done(engineer, "announce_schedule", "date, time and area to the general manager and every department")
	stage.now_needed(service)
	stage.scene("Two days before", NOTIFIED, "09:30:00")
	photo = service.upload("notice.png", PIXEL)
	stage.done(
		service,
		"notify_households",
		"hangs the notice at buildings 4, 5 and 6 and sends the photo",
		evidence=None,
		photo=photo,
	)
	stage.all_open(room)


def _switch_off(stage: Stage) -> None:
	room, engineer = stage.crew["operator.day"], stage.crew["engineer.day"]
	guards = [stage.crew[f"guard{n}"] for n in (1, 2, 3)]
	stage.scene("Saturday, before nine", DAY, "06:45:00")
	stage.done(guards[0], "prepare_security", "three guards, three torches, tape for the stairs")
	stage.at("08:10:00")
	for step, subject, guard in (
		("staff_post_planned", "West Gate", guards[0]),
		("staff_post_planned", "Garage Gate", guards[1]),
		("patrol_planned", "", guards[2]),
	):
		stage.on_task(room, "reassign", step, "", subject, user=guard.user)
	stage.say(room, "shares out the posts among the guards who are here today")
	stage.now_needed(guards[1])
	stage.at("08:25:00")
	stage.done(engineer, "warn_control_room", "phones the control room: we switch off at nine")
	stage.at("08:41:00")
	stage.done(engineer, "stop_equipment", "pumps and fans of room 2 stopped")
	stage.at("08:44:00")
	stage.done(engineer, "clear_elevators", "Elevator 4 at the ground floor, empty, locked", "Elevator 4")
	stage.at("08:46:30")
	stage.done(engineer, "clear_elevators", "Elevator 5 the same", "Elevator 5")
	stage.at("08:48:00")
	stage.done(room, "shut_security_equipment", "cameras and readers of the west side shut down")
	stage.at("08:52:00")
	for subject, guard in (("West Gate", guards[0]), ("Garage Gate", guards[1])):
		stage.on_post(guard, "staff_post_planned", f"on post at the {subject.lower()}", subject)
	stage.on_post(guards[2], "patrol_planned", "on patrol between 4, 5 and 6")
	stage.at("08:59:00")
	stage.refused(room, "start", "nine o'clock: wants to start")
	stage.say(engineer, "a family moves in with a sofa in Elevator 6; they finish, he waits")
	stage.at("09:04:20")
	stage.done(engineer, "clear_elevators", "Elevator 6 at the ground floor, empty, locked", "Elevator 6")
	stage.at("09:05:00")
	stage.use(room, "start", "starts: room 2 is switched off")
	stage.now_needed(engineer)


def _switch_on(stage: Stage) -> None:
	room, engineer = stage.crew["operator.day"], stage.crew["engineer.day"]
	guards = [stage.crew[f"guard{n}"] for n in (1, 2, 3)]
	stage.scene("Supply returns", DAY, "11:40:00")
	stage.refused(room, "permit_energise", "hears that they are nearly done and wants to permit switching on")
	stage.at("11:46:00")
	answer = stage.done(
		engineer,
		"announce_energising",
		"phones: work finished, everybody out, earths removed",
		checks=["people_clear", "earths_removed"],
	)
	account.aside(f"The app waits for: {answer['waiting_for'].replace('_', ' ')}.")
	stage.refused(engineer, "read_back", "would read it back himself", step="announce_energising")
	stage.at("11:47:30")
	stage.on_task(room, "read_back", "announce_energising", "reads back: people clear, earths removed")
	stage.use(room, "permit_energise", "gives the permission")
	stage.at("11:52:00")
	answer = stage.use(engineer, "supply_back", "room 2 is live, buildings 4, 5 and 6 have light", source="Kit Dipper")
	stage.expected_minutes[NAME] = 72 * 167
	account.aside(f"Customer minutes: 72 x 167 = {answer['customer_minutes']}")
	stage.at("11:58:00")
	stage.done(room, "restore_security_equipment", "cameras and readers are back")
	stage.at("12:20:00")
	stage.done(engineer, "inspect_supply", "room 2 and its panels inspected: normal; elevators unlocked")
	stage.at("12:24:00")
	stage.done(guards[2], "check_fire_security", "fire and security systems normal")
	stage.at("12:26:00")
	stage.use(room, "stand_down", "gives the command to stand down")
	stage.at("12:30:00")
	stage.done(room, "notify_gm_restored", "tells Leo Kestrel")
	stage.at("12:32:00")
	stage.use(room, "close", "closes the file: no callbacks, no report, the plan asks for none")
