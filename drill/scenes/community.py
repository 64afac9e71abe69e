"""Willow Court, Friday evening: one distribution room fails; buildings come back one by one; one home stays dark."""

from datetime import timedelta

from .. import account
from ..people import resident_phone
from ..places import node
from ..stage import Stage, Surprise
from .common import RESCUE_CHECKS, resident, talked_to, tell_calls

PLACE = "Willow Court"
EVENING, MORNING = "2026-03-13", "2026-03-14"
ANSWERS = {"1-402": "No Answer", "2-304": "No Answer", "3-504": "Still Out", "3-602": "Refused"}
NAME, NESTED = "Community evening", "Still out: unit 3-504"


def play(stage: Stage) -> None:
	"""From the first caller to the closed file, and the home that stayed dark."""
	account.title("2. Willow Court, Friday evening: level II, supply returns building by building")
	account.aside(
		"Six buildings, 144 households, two distribution rooms. On shift: Piet Wren (control room), Kit Dipper (engineer), "
		"Mia Starling (customer service) until 23:00, the guards Tom Rook, Eva Heron and Sam Crane."
	)
	_dark(stage)
	_cause(stage)
	_first_building(stage)
	_others(stage)
	_morning(stage)
	_nested(stage)
	_end(stage)


def _dark(stage: Stage) -> None:
	room, engineer, service = stage.crew["operator.day"], stage.crew["engineer.day"], stage.crew["service"]
	guards = [stage.crew[f"guard{n}"] for n in (1, 2, 3)]
	stage.scene("Supper by candle", EVENING, "19:41:50")
	stage.use(
		room,
		"record_call",
		f'{resident_phone(143)}, unit 1-402: "No power, and the stairs are dark too"',
		property=PLACE,
		unit=node(PLACE, "1-402"),
		contact=resident(stage, PLACE, "1-402"),
		words="No power, and the stairs are dark too",
	)
	stage.at("19:42:20")
	stage.say(guards[0], "by radio: buildings 1, 2 and 3 dark, the others lit")
	stage.at("19:42:40")
	answer = stage.declare(
		room,
		NAME,
		"declares: distribution room 1, level II",
		property=PLACE,
		nodes=[{"power_node": node(PLACE, "Room 1"), "out_since": f"{EVENING} 19:41:00"}],
		level="II",
		description="Buildings 1, 2 and 3 dark",
	)
	account.aside(f"The app gives out {answer['tasks']} steps. Only what hangs on room 1 counts: 72 households.")
	stage.at("19:43:05")
	stage.use(
		room,
		"report_trapped",
		"a mobile rings through: a man in Elevator 2, alone, in the dark",
		elevator=node(PLACE, "Elevator 2"),
		contact=resident(stage, PLACE, "2-602"),
		words="I am stuck, it is dark in here",
		people=1,
		floor="4/5",
	)
	account.aside(
		"Nobody on this shift holds the rescue certificate: freeing him is the lift company's, and is rung at the control room."
	)
	stage.now_needed(service)
	stage.at("19:43:30")
	stage.done(service, "comfort_trapped", "stays on the line with him: calm, a little short of breath", "Elevator 2")
	talked_to(
		stage,
		service,
		"Elevator 2",
		"writes that down, and with that the call for help is due now, not in a quarter of an hour",
		conditions=["unwell"],
	)
	stage.at("19:43:40")
	stage.done(
		room,
		"call_rescue_service",
		"phones 120: one man, short of breath, Elevator 2 of building 2; an ambulance is coming",
		"Elevator 2",
		outcome="services_called",
	)
	stage.at("19:43:50")
	stage.done(room, "call_engineering", "phones Engineering; Kit Dipper runs")
	stage.at("19:44:15")
	stage.done(room, "call_elevator_contractor", "phones Plumb Line Lifts: one trapped, Elevator 2; twenty minutes")
	stage.at("19:44:50")
	stage.done(room, "dispatch_security", "radio to the guards: east square and east gate")
	stage.at("19:45:30")
	stage.on_post(guards[0], "guard_area", "on the east square, sends people round the open trench", "East Square")
	stage.at("19:46:10")
	stage.on_post(guards[1], "staff_post", "opens and watches the east gate by hand", "East Gate")
	stage.at("19:46:30")
	stage.on_task(engineer, "arrive", "arrive_on_site", "in distribution room 1")
	stage.done(engineer, "arrive_on_site")
	stage.at("19:47:00")
	stage.done(
		service, "first_word", "public notice at the gates and in the group: we know, buildings 1 to 3, help is there"
	)
	stage.at("19:48:20")
	stage.done(room, "notify_gm_outage", "phones Leo Kestrel at home")
	stage.all_open(room)


def _cause(stage: Stage) -> None:
	room, engineer, service = stage.crew["operator.day"], stage.crew["engineer.day"], stage.crew["service"]
	guards = [stage.crew[f"guard{n}"] for n in (1, 2, 3)]
	stage.scene("What happened", EVENING, "19:49:30")
	for lift, clock, outcome, words in (
		(1, "19:49:30", "empty", "Elevator 1: at the ground floor, open, empty"),
		(2, "19:51:00", "trapped", "Elevator 2: stands between 4 and 5, the man answers"),
		(3, "19:52:20", "empty", "Elevator 3: nobody answers, hatch opened: empty"),
	):
		stage.at(clock)
		stage.done(engineer, "check_elevator", words, f"Elevator {lift}", outcome=outcome)
		if outcome == "trapped":
			stage.at("19:51:40")
			stage.done(
				engineer, "lock_off_elevator", "Elevator 2: main switch off, locked and tagged", f"Elevator {lift}"
			)
	stage.at("19:54:00")
	stage.done(
		engineer,
		"check_backup_power",
		"telephone room on battery: 45 minutes",
		"Telephone Room",
		outcome="switched_over",
		evidence="45 minutes",
	)
	stage.at("19:55:00")
	stage.done(
		guards[2],
		"keep_ways_lit",
		"emergency lights on in buildings 1 to 3, stairs free; asks people to stay in their flats",
	)
	stage.done(guards[2], "patrol_area", "stairs of buildings 1 to 3: clear; a child's torch handed back")
	stage.at("19:57:00")
	stage.done(engineer, "isolate_fault", "cable to building 3 is scorched at the joint: disconnected and earthed")
	stage.at("19:58:10")
	stage.done(
		engineer,
		"confirm_cause",
		"tells the control room by phone: joint of the building 3 cable, main breaker tripped",
	)
	stage.use(
		engineer,
		"confirm",
		"confirms: our own cable, level II stays; building 3 by half past nine",
		cause_type="Equipment Fault",
		cause="Joint of the cable to building 3 scorched",
		etr=f"{EVENING} 21:30:00",
	)
	stage.at("20:00:00")
	stage.done(service, "explain_cause", "second notice: a cable joint; 1 and 2 within the hour, 3 by half past nine")
	stage.at("20:02:30")
	stage.done(room, "contractor_arrived", "the fitter of Plumb Line is at building 2")
	stage.at("20:08:00")
	stage.done(
		room,
		"release_trapped",
		"the fitter and his mate on the phone: at floor 4, one was inside, one is out; landing doors locked, Elevator 2 stays off",
		"Elevator 2",
		outcome="released_by_contractor",
		checks=RESCUE_CHECKS,
		people=1,
	)
	stage.say(
		"Ambulance", "listens to his chest on the landing: he may go home, and sits down for a glass of water first"
	)
	stage.at("20:09:30")
	answer = stage.use(
		room,
		"extend_scope",
		"gives each building a line of its own, so that it can come back by itself",
		nodes=[node(PLACE, f"Panel {n}") for n in (1, 2, 3)],
	)
	account.aside(f"{answer['added']} steps added; still {answer['affected_units']} households, none counted twice.")
	stage.at("20:11:00")
	stage.done(engineer, "organise_repair", "two electricians and a joint kit on the way for building 3")


def _clear(stage: Stage, name: str, words: str, back: str, clock: str) -> None:
	"""The engineer confirms, the control room reads back."""
	room, engineer = stage.crew["operator.day"], stage.crew["engineer.day"]
	stage.at(clock)
	stage.done(
		engineer,
		"clear_to_energise",
		words,
		name,
		checks=["people_clear", "earths_removed", "elevator_rescue_finished_or_isolated"],
	)
	stage.at(back)
	stage.on_task(
		room,
		"read_back",
		"clear_to_energise",
		f"reads back for {name}: people clear, earths removed, elevators empty or off",
		name,
	)


def _first_building(stage: Stage) -> None:
	room, engineer, service = stage.crew["operator.day"], stage.crew["engineer.day"], stage.crew["service"]
	panel = node(PLACE, "Panel 1")
	stage.scene("Building 1", EVENING, "20:18:00")
	stage.refused(room, "permit_energise", '"Can I have 1 back?" - asks for the permission to switch on', nodes=[panel])
	_clear(stage, "Room 1", "room 1: building 3 cut off, everybody out, earths off", "20:22:10", "20:20:40")
	stage.at("20:22:40")
	stage.refused(
		engineer,
		"complete",
		"would skip the questions for building 1",
		step="clear_to_energise",
		subject="Panel 1",
		evidence="done",
		checks=["people_clear"],
	)
	_clear(stage, "Panel 1", "building 1: people clear, earths removed, elevator empty", "20:25:00", "20:24:00")
	stage.at("20:25:40")
	stage.use(room, "permit_energise", "gives the permission for building 1", nodes=[panel])
	stage.at("20:28:00")
	answer = stage.use(engineer, "supply_back", "building 1 has light", nodes=[panel], source="Kit Dipper")
	account.aside(f"{answer['callbacks']} callbacks can be made now, while the others are still dark.")
	stage.at("20:29:00")
	heard = stage.call_back([service], {"1-402": "No Answer"}, seconds=40, until="20:44:00")
	tell_calls(stage, service, heard)


def _others(stage: Stage) -> None:
	room, engineer, service = stage.crew["operator.day"], stage.crew["engineer.day"], stage.crew["service"]
	guards = [stage.crew[f"guard{n}"] for n in (1, 2, 3)]
	stage.scene("Buildings 2 and 3", EVENING, "20:44:30")
	_clear(stage, "Panel 2", "building 2: people clear, earths removed, Elevator 2 isolated", "20:46:00", "20:45:00")
	stage.at("20:46:20")
	stage.use(room, "permit_energise", "gives the permission for building 2", nodes=[node(PLACE, "Panel 2")])
	stage.at("20:48:00")
	stage.use(engineer, "supply_back", "building 2 has light", nodes=[node(PLACE, "Panel 2")], source="Kit Dipper")
	stage.at("20:58:00")
	stage.done(guards[2], "patrol_area", "second round: quiet")
	stage.at("21:05:00")
	stage.use(room, "stand_down", "lets the gate go: its reader has power again", areas=[node(PLACE, "East Gate")])
	stage.now_needed(guards[1])
	_clear(stage, "Panel 3", "building 3: new joint in, tested, people clear, earths removed", "21:27:30", "21:26:00")
	stage.at("21:28:00")
	stage.use(
		room,
		"permit_energise",
		"gives the permission for building 3, and with it for the whole of room 1",
		nodes=[node(PLACE, "Room 1")],
	)
	stage.at("21:31:00")
	answer = stage.use(
		engineer,
		"supply_back",
		"building 3 has light: supply is back everywhere",
		nodes=[node(PLACE, "Panel 3")],
		source="Kit Dipper",
	)
	stage.expected_minutes[NAME] = 24 * 47 + 24 * 67 + 24 * 110
	account.aside(f"Customer minutes: 24 x 47 + 24 x 67 + 24 x 110 = {answer['customer_minutes']}")
	stage.at("21:33:00")
	heard = stage.call_back([service], {}, limit=1)
	stage.say(
		service,
		f"calls at once, though it is past nine: the man from Elevator 2 ({', '.join(heard['Reached'])}) is well",
	)
	stage.at("21:40:00")
	for name in stage.subjects(engineer, "check_switches"):
		stage.done(engineer, "check_switches", "", name, evidence="All switches normal")
	stage.say(engineer, "room 1 and the three panels, switch by switch: all normal")
	stage.at("21:44:00")
	stage.done(guards[1], "check_access_control", "doors and gate: all normal, one touch", evidence=None)
	stage.at("21:47:00")
	stage.done(guards[0], "check_fire_security", "fire panel and cameras normal")
	stage.at("21:50:00")
	stage.use(room, "stand_down", "gives the command to stand down; the guards may go")
	stage.at("21:52:00")
	stage.done(room, "notify_gm_restored", "tells Leo Kestrel")


def _morning(stage: Stage) -> None:
	service = stage.crew["service"]
	stage.scene("Saturday: how are you?", MORNING, "08:30:00")
	heard = stage.call_back([service], ANSWERS, seconds=45)
	tell_calls(stage, service, heard)
	nested = service.list("Outage Incident", ["name"], parent_incident=stage.incident)
	if len(nested) != 1:
		raise Surprise(f"expected one nested incident, got {nested}")
	account.aside(f"For 3-504 the app has opened an incident of its own under the first: {nested[0]['name']}.")
	stage.incidents[NESTED] = nested[0]["name"]


def _nested(stage: Stage) -> None:
	room, engineer, service, guard = (stage.crew[key] for key in ("operator.day", "engineer.day", "service", "guard1"))
	parent = stage.incident
	stage.incident = stage.incidents[NESTED]
	stage.scene("The home that stayed dark", MORNING, stage.now.split()[1])
	stage.now_needed(room)

	def soon() -> None:
		stage.server.move_to(stage.server.now + timedelta(seconds=50))

	soon()
	stage.done(room, "call_engineering", "phones Kit Dipper: unit 3-504, dark since last night")
	stage.done(room, "dispatch_security", "sends Tom Rook to the door")
	soon()
	stage.done(room, "notify_gm_outage", "tells Leo Kestrel")
	soon()
	stage.on_post(guard, "guard_area", "at the door of 3-504: an old lady, warm enough, tea offered", PLACE)
	soon()
	stage.on_task(engineer, "arrive", "arrive_on_site", "on the fifth floor")
	stage.done(engineer, "arrive_on_site")
	stage.done(service, "first_word", "tells the lady that somebody is at her meter")
	soon()
	stage.done(guard, "patrol_area", "the rest of the fifth floor is lit")
	stage.done(guard, "keep_ways_lit", "stairs and landing are lit")
	stage.done(engineer, "isolate_fault", "the breaker at the meter of 3-504 fell when supply returned; off and tagged")
	soon()
	stage.done(engineer, "confirm_cause", "tells the control room by phone")
	stage.use(
		engineer,
		"confirm",
		"confirms: a worn meter breaker",
		cause_type="Equipment Fault",
		cause="Meter breaker of 3-504 worn",
		etr=f"{MORNING} 11:00:00",
	)
	soon()
	stage.done(engineer, "organise_repair", "has a breaker in the van")
	stage.done(service, "explain_cause", "tells the lady: a new breaker, by eleven at the latest")
	stage.at("10:04:00")
	_clear(stage, "Panel 3", "new breaker in; nobody at the meter, no earths", "10:05:00", "10:04:00")
	stage.at("10:05:20")
	stage.use(room, "permit_energise", "gives the permission")
	stage.at("10:06:00")
	answer = stage.use(engineer, "supply_back", "3-504 has light", source="Kit Dipper")
	stage.expected_minutes[NESTED] = 12 * 60 + 35
	account.aside(
		f"Customer minutes of the one home: from 21:31, when its building came back, {answer['customer_minutes']}."
	)
	soon()
	for name in stage.subjects(engineer, "check_switches"):
		stage.done(engineer, "check_switches", "meter and riser of 3-504 checked", name)
	stage.done(guard, "check_access_control", "doors of building 3: normal", evidence=None)
	stage.done(guard, "check_fire_security", "fire panel of building 3: normal")
	soon()
	stage.use(room, "stand_down", "stands the guard down")
	stage.done(room, "notify_gm_restored", "tells Leo Kestrel")
	soon()
	heard = stage.call_back([service], {})
	tell_calls(stage, service, heard)
	soon()
	stage.use(
		engineer,
		"file_report",
		"files the short report",
		cause="Worn meter breaker, fell when supply returned",
		actions="Breaker replaced",
	)
	stage.use(room, "close", "closes this one")
	stage.incident = parent


def _end(stage: Stage) -> None:
	room, engineer, service = stage.crew["operator.day"], stage.crew["engineer.day"], stage.crew["service"]
	stage.scene("The others, and the one nobody reaches", MORNING, "10:20:00")
	tell_calls(stage, service, stage.call_back([service], ANSWERS))
	for clock in ("12:45:00", "15:00:00"):
		stage.at(clock)
		if stage.unit_of(service):
			tell_calls(stage, service, stage.call_back([service], {"1-402": "No Answer"}))
	account.aside("1-402 was tried three times; the app asks for no more.")
	stage.use(
		engineer,
		"file_report",
		"files the report",
		cause="Cable joint to building 3 scorched by overload",
		actions="Building 3 cut off; 1 and 2 back within 67 minutes; new joint; one man released from Elevator 2",
		follow_ups="Thermal camera on all joints",
	)
	stage.use(room, "close", "closes the file")
