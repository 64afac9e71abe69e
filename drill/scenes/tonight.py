"""After the three outages: one that runs now, by the real clock, so that whoever opens the site has something to do."""

from datetime import datetime, timedelta

from .. import account
from ..places import node
from ..server import FORMAT
from ..stage import Stage
from .common import resident

PLACE, OTHER = "Cypress Tower", "Willow Court"
AGO = timedelta(minutes=9)


def play(stage: Stage, now: datetime) -> None:
	"""Dark for nine minutes: two people in Elevator 3, a post without a guard, much that nobody has acknowledged yet."""
	room, electrician, engineer = (stage.crew[key] for key in ("operator", "electrician", "engineer"))

	def after(minutes: float) -> None:
		stage.server.move_to(now - AGO + timedelta(minutes=minutes))

	account.title("And one that runs now")
	after(0)
	_planned(stage, now)
	nodes = [{"power_node": node(PLACE, "Feeder"), "out_since": stage.now}]
	stage.declare(room, "Tonight", "", property=PLACE, nodes=nodes, level="II", description="Whole tower dark")
	after(1)
	stage.done(room, "call_engineering", evidence="Ida Swift is on her way")
	stage.use(
		room,
		"report_trapped",
		"",
		elevator=node(PLACE, "Elevator 3"),
		words="Two of us, the elevator stopped",
		contact=resident(stage, PLACE, "1204"),
		people=2,
		floor="11/12",
	)
	after(2)
	stage.on_post(stage.crew["guard1"], "guard_area", "", "Lobby")
	for unit in ("804", "1602", "2103"):
		caller = resident(stage, PLACE, unit)
		stage.use(room, "record_call", "", property=PLACE, unit=node(PLACE, unit), contact=caller, words="No power")
	after(4)
	stage.on_task(electrician, "arrive", "arrive_on_site")
	stage.done(engineer, "check_elevator", "", "Elevator 1", outcome="empty", evidence="Calls and knocks: empty")
	after(6)
	cause = {"cause_type": "External Grid", "cause": "No voltage on the incoming cable", "level": "I"}
	stage.use(electrician, "confirm", "", **cause, etr=(now + timedelta(minutes=50)).strftime(FORMAT))
	steps = len(stage.mine(room)) + len(stage.mine(electrician))
	account.aside(
		f"{PLACE} has been dark since {now - AGO:%H:%M} ({stage.incidents['Tonight']}); {steps} open steps are with the control "
		f"room and the duty electrician alone. {OTHER} has planned work in two days. Log in and go on."
	)


def _planned(stage: Stage, now: datetime) -> None:
	day = (now + timedelta(days=2)).date()
	stage.declare(
		stage.crew["engineer.day"],
		"Planned",
		"",
		property=OTHER,
		nodes=[node(OTHER, "Room 2")],
		level="III",
		planned_by="Property",
		planned_start=f"{day} 09:00:00",
		planned_end=f"{day} 12:00:00",
		description="Cable joints of distribution room 2",
	)
