"""Cypress Tower, 02:00: the whole tower dark, two people in an elevator, an oxygen user on floor 19."""

from collections import Counter

from .. import account
from ..places import node
from ..stage import Stage, Surprise
from .common import RESCUE_CHECKS, resident, talked_to, tell_calls

PLACE = "Cypress Tower"
NIGHT, EVE = "2026-03-11", "2026-03-10"
OXYGEN = "1903"
OLD_MAN = "1803"
RECLOSE_CHECKS = ["people_clear", "earths_removed", "generator_disconnected", "elevator_rescue_finished_or_isolated"]


def play(stage: Stage) -> None:
	"""From the first dark second to the closed file."""
	account.title("1. Cypress Tower, two in the morning: level II, which turns out to be level I")
	account.aside(
		"30 floors, 120 households, six elevators. On shift: Nadia Lark (control room), Ida Swift (duty electrician), Otto "
		"Finch (engineer, with the elevator rescue certificate), the guards Tom Rook, Eva Heron and Sam Crane. Customer "
		"service and the general manager are asleep."
	)
	stage.sleeps(*(stage.crew[key] for key in ("service", "manager", "electrician")))
	_before(stage)
	_dark(stage)
	_who_needs_help(stage)
	_external(stage)
	_waiting(stage)
	_somebody_after_all(stage)
	_until_morning(stage)
	_light(stage)
	_morning(stage)


def _before(stage: Stage) -> None:
	service = stage.crew["service"]
	stage.scene("The afternoon before", EVE, "15:10:00")
	service.post(
		"set_care_need",
		unit=node(PLACE, OXYGEN),
		contact=resident(stage, PLACE, OXYGEN),
		what="Oxygen concentrator",
		equipment_minutes=90,
	)
	stage.say(service, f"enters what unit {OXYGEN} told her: an oxygen concentrator, its battery lasts 90 minutes")


def _dark(stage: Stage) -> None:
	room, guards = stage.crew["operator"], [stage.crew[f"guard{n}"] for n in (1, 2, 3)]
	electrician, engineer = stage.crew["electrician"], stage.crew["engineer"]
	stage.scene("The lights go out", NIGHT, "02:00:00")
	stage.say("Cypress Tower", "goes dark, all thirty floors; the control room is on its battery")
	stage.at("02:00:20")
	first = {
		"property": PLACE,
		"nodes": [{"power_node": node(PLACE, "Feeder"), "out_since": f"{NIGHT} 02:00:00"}],
		"level": "II",
		"description": "Whole tower dark",
		"request_id": "drill-tower-declare",
	}
	answer = stage.declare(
		room, "Tower at night", "declares the outage: level II, whole tower. One form, one touch", **first
	)
	account.aside(f"The app gives out {answer['tasks']} steps at once, and the telephones ring:")
	stage.tell_rings()
	stage.at("02:00:32")
	again = room.post("declare", **first, occurred_at=stage.now)
	stage.say(room, "gets no answer on the screen (the network blinks) and touches again")
	if again != answer:
		raise Surprise("a request sent again was carried out again")
	account.aside("The same outage, the same answer: nothing was done twice.")
	stage.now_needed(room)
	stage.at("02:00:40")
	stage.done(
		room,
		"call_engineering",
		"phones Engineering; Otto Finch answers: Ida Swift is down in the main room, without a signal",
	)
	stage.at("02:01:05")
	stage.done(
		room, "dispatch_security", "radio to the guards: Tom Rook lobby, Eva Heron garage, Sam Crane main entrance"
	)
	stage.at("02:01:30")
	for unit, words in (("1204", "Two of us, the elevator stopped"), ("1602", "We are between 11 and 12")):
		stage.use(
			room,
			"report_trapped",
			""
			if unit == "1602"
			else "the intercom rings: Elevator 3, two people inside, stuck between floors 11 and 12",
			elevator=node(PLACE, "Elevator 3"),
			words=words,
			contact=resident(stage, PLACE, unit),
			people=2,
			floor="11/12",
		)
	account.aside(
		"To talk to them, to lock the elevator off, to free them and, in a quarter of an hour, to call for help are steps now, "
		"whoever still has to check that elevator. Freeing them is with Otto Finch alone: he holds the certificate. Customer "
		"service sleeps: its part came to the control room at once."
	)
	stage.now_needed(room)
	stage.at("02:02:15")
	stage.done(
		room, "call_elevator_contractor", "phones Plumb Line Lifts: two trapped in Elevator 3; a fitter in 25 minutes"
	)
	stage.at("02:02:40")
	stage.on_post(guards[0], "guard_area", "in the lobby, torch in hand, on post", "Lobby")
	stage.now_needed(guards[0])
	stage.at("02:03:30")
	stage.done(
		room,
		"comfort_trapped",
		"on the intercom with Elevator 3: two adults, unhurt, calm; keep off the doors, help is on its way, I stay with you",
		"Elevator 3",
	)
	stage.at("02:03:50")
	stage.on_post(
		guards[2], "staff_post", "holds the main entrance by hand: the card readers are dead", "Main Entrance"
	)
	stage.at("02:04:05")
	stage.on_task(electrician, "arrive", "arrive_on_site", "at the switchgear in the main room")
	stage.done(electrician, "arrive_on_site")
	stage.now_needed(electrician)
	stage.wakes(electrician)
	stage.at("02:04:20")
	stage.on_task(engineer, "arrive", "check_elevator", "", "Elevator 3")
	stage.tell_step(engineer, "check_elevator", "Elevator 3")
	stage.done(
		engineer,
		"check_elevator",
		"Elevator 3: two people inside, their voices are clear",
		"Elevator 3",
		outcome="trapped",
	)


def _who_needs_help(stage: Stage) -> None:
	room, engineer = stage.crew["operator"], stage.crew["engineer"]
	electrician, service = stage.crew["electrician"], stage.crew["service"]
	guards = [stage.crew[f"guard{n}"] for n in (1, 2, 3)]
	stage.scene("Who needs help", NIGHT, "02:04:40")
	needs = room.post("read_care_needs", incident=stage.incident)
	stage.say(
		room,
		"looks up who depends on power: "
		+ "; ".join(f"unit {row['unit_no']}, {row['what']}, {row['equipment_minutes']} minutes" for row in needs)
		+ " (the look is on record)",
	)
	stage.at("02:04:50")
	stage.on_task(
		room,
		"complete_for",
		"check_elevator",
		"hears Ida Swift on the radio, whose telephone has no signal down there: Elevator 1 stands in the basement, its door "
		"open, nobody inside. Asks for the number in the car, CT-0401, repeats it, hears yes, and writes it down for her",
		"Elevator 1",
		outcome="empty",
		user=electrician.user,
		how="door_open",
		elevator_no="CT-0401",
		read_back=True,
	)
	for clock, lift, words in (
		("02:05:10", 2, "knocks, calls, opens the hatch: empty"),
		("02:06:05", 4, "knocks, calls, opens the hatch: empty"),
		("02:06:40", 5, "knocks and calls from floor 15, nobody answers: empty"),
		("02:07:30", 6, "knocks, calls, opens the hatch: empty, two minutes after it was due"),
	):
		stage.at(clock)
		stage.done(engineer, "check_elevator", f"Elevator {lift}: {words}", f"Elevator {lift}", outcome="empty")
		if lift == 2:
			account.aside("Ida Swift's telephone rang twice in vain; her other steps went on to the next one on duty:")
			stage.tell_rings()
			stage.at("02:05:40")
			stage.done(
				room,
				"check_care_unit",
				f"phones unit {OXYGEN}: awake, on battery, 90 minutes and a spare bottle; somebody will come up",
				OXYGEN,
				outcome="safe",
			)
	stage.at("02:07:50")
	stage.done(
		room,
		"check_backup_power",
		"its own battery took over: 120 minutes",
		"Control Room",
		outcome="switched_over",
		evidence="120 minutes",
	)
	stage.at("02:08:10")
	stage.wakes(stage.crew["manager"])
	stage.done(
		room, "notify_gm_outage", "wakes Leo Kestrel: whole tower, two trapped, oxygen on 19; he stays on the phone"
	)
	stage.at("02:08:40")
	stage.wakes(service)
	stage.say(room, "wakes Mia Starling: nobody of customer service is on shift, and people are asking")
	stage.at("02:09:20")
	stage.done(
		electrician,
		"check_backup_power",
		"telephone room: the battery did not take over",
		"Telephone Room",
		outcome="failed",
		evidence="0 minutes",
	)
	stage.at("02:09:45")
	stage.done(
		guards[0],
		"keep_ways_lit",
		"from the lobby: emergency lights burn in both stairs, the ways are free; asks those who come down with candles to "
		"stay in their flats until there is light, and to call from outside if anything smells of smoke or gas",
	)
	stage.at("02:10:00")
	stage.on_task(engineer, "arrive", "check_backup_power", "", "Elevator Machine Room")
	stage.tell_step(engineer, "check_backup_power", "Elevator Machine Room")
	stage.done(
		engineer,
		"check_backup_power",
		"elevator machine room: on battery, 60 minutes",
		"Elevator Machine Room",
		outcome="switched_over",
		evidence="60 minutes",
	)
	stage.done(
		engineer,
		"lock_off_elevator",
		"and there: main switch of Elevator 3 off, his padlock and tag on it; supply may come back, that car will not move. "
		"The light in the car stays on",
		"Elevator 3",
	)
	stage.at("02:10:30")
	stage.done(
		room,
		"call_security_reserve",
		"five posts, three guards: phones the security reserve; four people in 25 minutes",
	)
	stage.at("02:12:30")
	talked_to(
		stage, room, "Elevator 3", "again with the two in Elevator 3: both sit on the floor and tell each other jokes"
	)
	stage.at("02:13:15")
	stage.done(service, "first_word", "from her bed, by phone: we know, the whole tower, help is on its way (late)")
	stage.at("02:15:30")
	stage.on_post(
		guards[1],
		"guard_area",
		"comes up from the garage, where there is no signal: on post there since 02:04",
		"Garage",
		occurred_at=f"{NIGHT} 02:04:10",
	)
	stage.all_open(room)


def _external(stage: Stage) -> None:
	room, electrician, engineer = stage.crew["operator"], stage.crew["electrician"], stage.crew["engineer"]
	stage.scene("It is the grid", NIGHT, "02:15:40")
	stage.refused(
		electrician,
		"complete",
		"has the generator ready and wants to start it",
		step="start_backup_supply",
		subject="Standby Generator",
		evidence="fuel 82 %",
	)
	stage.at("02:16:10")
	stage.done(electrician, "confirm_cause", "no voltage on the incoming cable; tells the control room by phone")
	answer = stage.use(
		electrician,
		"confirm",
		"confirms: our own switchgear is sound, the grid is gone. Level I",
		cause_type="External Grid",
		cause="No voltage on the incoming cable of the supplier",
		level="I",
	)
	account.aside(f"Now level {answer['level']}: {answer['added']} steps added, {answer['cancelled']} cancelled.")
	stage.now_needed(electrician)
	stage.at("02:16:25")
	stage.done(
		room,
		"call_rescue_service",
		"a quarter of an hour soon, and the fitter is still on the road: phones 119 for Elevator 3; a crew in twelve minutes",
		"Elevator 3",
		outcome="services_called",
	)
	stage.at("02:18:30")
	stage.done(
		electrician,
		"isolate_incoming",
		"opens and locks the incoming breaker: supply cannot come back onto the generator. The note follows",
		evidence_later=True,
	)
	stage.at("02:19:10")
	stage.done(room, "call_supplier", "hotline 000 9559 80: a digger hit a cable by the river; no time known")
	stage.at("02:22:40")
	stage.done(
		electrician,
		"start_backup_supply",
		"generator runs: fuel 82 %, nine hours; sump pumps, stair light, control room",
		"Standby Generator",
		evidence="Fuel 82 %, nine hours",
	)
	stage.at("02:24:30")
	stage.done(
		engineer, "repair_backup", "telephone room: a loose battery lead, tightened; 40 minutes", "Telephone Room"
	)
	stage.at("02:26:00")
	stage.done(stage.crew["service"], "explain_cause", "second word to all: a cable of the supplier; no time known yet")
	stage.at("02:27:10")
	stage.done(room, "contractor_arrived", "Plumb Line's fitter is at the desk, goes up with Otto Finch")
	stage.at("02:30:40")
	stage.done(
		engineer,
		"release_trapped",
		"fitter and engineer, two at the wheel, by the instructions of this elevator: Elevator 3 at floor 11. Two were counted "
		"in, two are out, unhurt; every landing door shut and locked; it stays locked off",
		"Elevator 3",
		outcome="released_by_contractor",
		checks=RESCUE_CHECKS,
		people=2,
	)
	stage.say("Fire crew", "stands in the lobby by then, sees both walk, and drives home")
	stage.say("Control room", "gives them water and a chair in the lobby")
	stage.at("02:35:00")
	stage.done(
		room, "call_account_manager", "rings the supplier's account manager, Ruth Ibis: she will push for a time"
	)
	stage.all_open(room)


def _waiting(stage: Stage) -> None:
	guards = [stage.crew[f"guard{n}"] for n in (1, 2, 3)]
	stage.scene("The long wait", NIGHT, "02:36:20")
	for post, who in (("Finance Room", "first"), ("Loading Dock", "second")):
		stage.on_post(guards[0], "staff_post", f"the reserve is here; puts their {who} man on the {post.lower()}", post)
	stage.at("02:37:00")
	stage.say(
		guards[0], "sends the other two of the reserve up the stairs: until now nobody could, without leaving a post"
	)


def _somebody_after_all(stage: Stage) -> None:
	"""What was said turns out wrong: it is believed at once, from a guard."""
	room, electrician, engineer = stage.crew["operator"], stage.crew["electrician"], stage.crew["engineer"]
	guard = stage.crew["guard1"]
	stage.scene("Somebody after all", NIGHT, "02:41:10")
	answer = stage.correct(
		guard,
		"check_elevator",
		"radio from the stairs: somebody taps in Elevator 5, near floor 17. Says so with one touch: trapped, not empty",
		"Elevator 5",
		outcome="trapped",
		people=1,
		note="Tapping heard near floor 17",
	)
	account.aside(
		f"He need not prove it, nor be an engineer: {answer['added']} steps of a rescue are there, and the bell rings. What Otto "
		"Finch said at 02:06 stays on the timeline beside it."
	)
	stage.at("02:41:50")
	stage.use(
		room,
		"report_trapped",
		"on the intercom of Elevator 5, loud and slowly: a man of eighty-one, alone. He had sat down, and heard no knock",
		elevator=node(PLACE, "Elevator 5"),
		words="I cannot hear you well",
		contact=resident(stage, PLACE, OLD_MAN),
		people=1,
		floor="17",
		conditions=["elderly"],
	)
	stage.now_needed(room)
	stage.at("02:42:20")
	stage.done(
		room,
		"comfort_trapped",
		"asks how he is: cold, not hurt; tells him whom he will see first, and when",
		"Elevator 5",
	)
	stage.at("02:42:50")
	stage.done(
		room,
		"call_rescue_service",
		"he is old: nobody waits a quarter of an hour first. Phones 120: an ambulance in ten minutes",
		"Elevator 5",
		outcome="services_called",
	)
	stage.at("02:43:30")
	stage.done(
		engineer,
		"lock_off_elevator",
		"in the machine room: main switch of Elevator 5 off, locked, tagged",
		"Elevator 5",
	)
	stage.at("02:44:30")
	stage.done(electrician, "inspect_own_supply", "went over our own boards while they are dead: nothing scorched")
	stage.at("02:45:30")
	_add_note(stage, electrician)
	stage.at("02:49:30")
	stage.done(
		engineer,
		"release_trapped",
		"frees him, the fitter as second man at the wheel: one counted, one out, on floor 17; landing doors shut and locked",
		"Elevator 5",
		outcome="released",
		checks=RESCUE_CHECKS,
		people=1,
	)
	stage.now_needed(room)
	stage.at("02:51:00")
	stage.done(room, "call_supplier", "hotline again: the crew is digging; still no time")
	stage.at("02:53:00")
	stage.say("Ambulance", "finds him cold and otherwise well; tea in the management office, where there is light")
	stage.at("02:56:00")
	stage.done(
		guard,
		"patrol_area",
		"the first round is done, by the reserve, late: thirty floors, no smoke, doors shut, everybody else at home",
	)


def _until_morning(stage: Stage) -> None:
	room, guards = stage.crew["operator"], [stage.crew[f"guard{n}"] for n in (1, 2, 3)]
	stage.scene("Oxygen", NIGHT, "03:06:10")
	stage.now_needed(room)
	stage.at("03:07:00")
	stage.say("Security reserve", f"two men carry the resident of {OXYGEN} down nineteen floors, bottle and all")
	stage.at("03:21:10")
	stage.done(
		room,
		"call_supplier",
		"hotline, third time: the joint is being made, supply at half past four",
	)
	stage.use(
		room,
		"set_etr",
		"enters it: expected back 04:30. The hotline need not be rung until then",
		etr=f"{NIGHT} 04:30:00",
	)
	stage.at("03:29:00")
	stage.done(
		room,
		"check_care_unit",
		f"unit {OXYGEN} sits in the management office on generator power, machine plugged in (the way down took its time)",
		OXYGEN,
		outcome="moved_to_supply",
	)
	stage.at("03:58:00")
	stage.done(guards[0], "patrol_area", "the reserve, second round: stairs clear, one candle put out on 22")
	stage.at("04:31:20")
	stage.say(room, "half past four, and still dark")
	stage.now_needed(room)
	stage.at("04:33:00")
	stage.done(room, "call_supplier", "hotline: they are testing, a quarter of an hour")
	stage.use(room, "set_etr", "enters it: 04:50", etr=f"{NIGHT} 04:50:00")


def _add_note(stage: Stage, electrician) -> None:
	rows = electrician.list("Outage Task", ["name"], incident=stage.incident, evidence_pending=1)
	for row in rows:
		electrician.post(
			"add_evidence",
			task=row["name"],
			evidence="Incoming breaker open, locked, key with I. Swift",
			occurred_at=stage.now,
		)
	stage.say(electrician, "writes the note she owed: incoming breaker open, locked, key in her pocket")


def _light(stage: Stage) -> None:
	room, electrician, engineer = stage.crew["operator"], stage.crew["electrician"], stage.crew["engineer"]
	guards = [stage.crew[f"guard{n}"] for n in (1, 2, 3)]
	stage.scene("Supply is back", NIGHT, "04:41:00")
	stage.say(electrician, "voltage on the incoming cable. The breaker stays open, her lock on it")
	stage.at("04:41:20")
	stage.refused(room, "permit_energise", '"Then let us have it" - asks for the permission to close the breaker')
	stage.at("04:42:40")
	stage.say(electrician, "stops the generator, opens its breaker and locks it; walks round the boards once more")
	stage.at("04:43:20")
	stage.done(
		electrician,
		"clear_to_reclose",
		"tells the control room by phone: people clear, no earths on, generator disconnected, Elevators 3 and 5 freed and off",
		checks=RECLOSE_CHECKS,
	)
	stage.at("04:44:10")
	stage.on_task(
		room,
		"read_back",
		"clear_to_reclose",
		"reads it back to her, one by one: people clear, earths removed, generator disconnected, elevators freed or off",
	)
	stage.at("04:44:30")
	stage.use(room, "permit_energise", "gives the permission")
	stage.at("04:46:00")
	answer = stage.use(electrician, "supply_back", "takes her lock off, breaker in: light", source="Grid")
	account.aside(f"120 households, 166 minutes each: {answer['customer_minutes']} customer minutes.")
	stage.expected_minutes["Tower at night"] = 120 * 166
	stage.at("04:48:30")
	stage.refused(room, "stand_down", "wants to send the guards home and gives the command to stand down")
	stage.at("04:50:00")
	stage.done(
		room,
		"check_care_unit",
		f"unit {OXYGEN}: still in the office, well; goes up again when an elevator runs",
		OXYGEN,
		outcome="safe",
	)
	stage.at("05:02:00")
	stage.done(electrician, "check_switches", "main room switch by switch: all in, loads even", "Feeder")
	stage.at("05:06:00")
	stage.done(
		guards[1],
		"check_access_control",
		"door by door: all readers answer, except the finance room, whose lock hung; freed on the spot",
		exceptions=[{"item": "Finance Room", "note": "lock hung, freed", "fixed": True}],
	)
	stage.at("05:11:00")
	stage.done(guards[2], "check_fire_security", "fire panel green, cameras up, pumps on automatic")
	stage.at("05:17:00")
	stage.done(engineer, "check_shaft", "shaft A, thirty switches: all normal, one touch", "Shaft A")
	stage.at("05:24:00")
	stage.done(
		electrician,
		"check_shaft",
		"shaft B: all normal except B17, whose contact is burnt",
		"Shaft B",
		exceptions=[{"item": "Switch B17", "note": "contact burnt"}],
	)
	stage.at("05:25:00")
	stage.refused(room, "stand_down", "gives the command to stand down")
	stage.at("05:48:00")
	stage.done(
		electrician,
		"check_shaft",
		"B17 has a new contact; shaft B is in order",
		"Shaft B",
		exceptions=[{"item": "Switch B17", "note": "contact replaced", "fixed": True}],
	)
	stage.at("05:50:00")
	stage.on_task(
		guards[0],
		"skip",
		"assist_repair",
		"nothing to help with: the repair was the supplier's",
		reason="The repair was the supplier's",
	)
	stage.at("05:52:00")
	answer = stage.use(room, "stand_down", "gives the command to stand down")
	account.aside(f"{answer['released']} posts released. The guards may go.")
	stage.at("05:55:00")
	stage.done(room, "notify_gm_restored", "tells Leo Kestrel that order is restored")
	stage.at("05:56:30")
	queue = stage.unit_of(room)
	heard = stage.call_back([room], {})
	stage.say(
		room, f"asks after the three who were trapped ({len(queue)} calls now, the rest at eight): all at home, well"
	)
	if len(heard.get("Reached", ())) != 3:
		raise Surprise(f"expected three life-safety callbacks, got {heard}")


def _morning(stage: Stage) -> None:
	room, service, engineer = stage.crew["operator.day"], stage.crew["service"], stage.crew["engineer.day"]
	stage.scene("The morning after", NIGHT, "08:00:30")
	first = next(iter(stage.unit_of(service).values()))
	stage.say(
		service, f"opens the callback queue: {len(stage.unit_of(service))} to make; first unit {first}, the oxygen user"
	)
	heard = stage.call_back(
		[service, room], {"703": "No Answer", "1104": "No Answer", "2201": "No Answer", "904": "Refused"}
	)
	tell_calls(stage, service, heard)
	stage.refused(room, "close", "would like to close the file")
	stage.at("11:30:00")
	heard = stage.call_back([service], {"2201": "No Answer"}, seconds=90)
	tell_calls(stage, service, heard)
	stage.at("11:45:00")
	stage.use(
		engineer,
		"file_report",
		"files the report: the app has the facts and the times, he adds cause, actions, follow-ups",
		cause="The supplier's cable by the river was cut by a digger.",
		actions="Tower on generator from 02:22; two people released at 02:30, one at 02:49; shaft switch B17 mended.",
		follow_ups="Second battery for the telephone room. A car is empty when somebody has looked into it, not when nobody answers.",
	)
	facts = stage.facts(engineer)
	late = Counter(stage.short(step) for step in facts["overdue_steps"])
	account.aside(
		"It says what came late: "
		+ "; ".join(f"{step}, {count} times" if count > 1 else step for step, count in late.items())
		+ "."
	)
	stage.at("13:45:00")
	heard = stage.call_back([service], {}, seconds=60)
	tell_calls(stage, service, heard)
	stage.at("13:50:00")
	stage.use(room, "close", "closes the file")
