"""Each enum of states has the options of its Select, and is plain text wherever it goes."""

import ast
import json
from pathlib import Path

import pytest

from outage_response.domain import states
from outage_response.domain.states import NoticeKind, TaskStatus, Word

APP = Path(__file__).resolve().parents[2] / "outage_response"
# enum -> (doctype, field) of each Select that has its options
SELECTS = {
	states.AssetType: [("Property Asset", "asset_type")],
	states.CallbackOutcome: [("Outage Callback Attempt", "outcome")],
	states.CallbackReason: [("Outage Callback", "reason")],
	states.CallbackStatus: [("Outage Callback", "status")],
	states.CauseType: [("Outage Incident", "cause_type")],
	states.ChannelAudience: [("Paging Channel", "audience")],
	states.ChannelKind: [("Paging Channel", "kind")],
	states.ChannelSignature: [("Paging Channel", "signature")],
	states.CheckKind: [("Outage Task Check", "kind")],
	states.CheckResult: [("Outage Task Check", "result")],
	states.Coverage: [("Response Department", "coverage")],
	states.DeliveryChannel: [("Notice Delivery", "channel")],
	states.DeliveryState: [("Notice Delivery", "state")],
	states.Duty: [("Response Department", "duty")],
	states.EntrapmentStatus: [("Elevator Entrapment", "status")],
	states.InboundSignature: [("Paging Channel", "inbound_signature")],
	states.IncidentStatus: [("Outage Incident", "status")],
	states.NodeType: [("Power Node", "node_type")],
	states.NoticeKind: [("Outage Notice", "kind"), ("Outage Notice Template", "kind")],
	states.NoticeMode: [("Outage Notice", "mode"), ("Managed Property", "notice_mode")],
	states.OutageKind: [("Outage Level", "kind")],
	states.PageAnswer: [("Outage Page", "answer")],
	states.PageStatus: [("Outage Page", "status")],
	states.PatternDays: [("Roster Pattern Shift", "days")],
	states.PlannedBy: [("Outage Incident", "planned_by"), ("Plan Step", "when_planned_by")],
	states.PropertyType: [("Managed Property", "property_type"), ("Plan Step", "when_property_type")],
	states.ProposalStatus: [("Outage Proposal", "status")],
	states.ReplyKind: [("Outage Ticket Reply", "kind")],
	states.ReplyStatus: [("Outage Ticket Reply", "status")],
	states.RungPerson: [("Escalation Step", "whom")],
	states.TaskStatus: [("Outage Task", "status")],
}


def _options(doctype: str, field: str) -> list[str]:
	"""Options of a Select, without the empty one."""
	folder = doctype.lower().replace(" ", "_")
	path = APP / "outage_response" / "doctype" / folder / f"{folder}.json"
	fields = {row["fieldname"]: row for row in json.loads(path.read_text(encoding="utf-8"))["fields"]}
	assert fields[field]["fieldtype"] == "Select"
	return [option for option in fields[field]["options"].split("\n") if option]


def test_every_enum_is_held_to_a_select():
	assert set(SELECTS) == set(Word.__subclasses__())


@pytest.mark.parametrize("enum", SELECTS, ids=lambda enum: enum.__name__)
def test_an_enum_has_the_options_of_its_select(enum):
	words = [member.value for member in enum]
	first, *others = SELECTS[enum]
	assert _options(*first) == words
	for doctype, field in others:
		assert set(_options(doctype, field)) == set(words), (doctype, field)


def test_a_delivery_has_the_kind_of_its_notice_or_is_a_request_to_be_called():
	assert _options("Notice Delivery", "kind") == [*NoticeKind, states.CALL_REQUEST]


def test_a_member_is_the_plain_text():
	state = TaskStatus.ON_POST
	assert state == "On Post" and hash(state) == hash("On Post") and {"On Post": 1}[state] == 1
	assert str(state) == f"{state}" == "%s" % state == " ".join([state]) == "On Post"  # noqa: UP031
	assert type(str(state)) is str
	assert json.dumps({state: [state]}) == '{"On Post": ["On Post"]}'


OF_STATES = (
	states.CallbackReason,
	states.CallbackStatus,
	states.DeliveryState,
	states.EntrapmentStatus,
	states.IncidentStatus,
	states.NoticeKind,
	states.PageStatus,
	states.ProposalStatus,
	states.TaskStatus,
)
# Words of the framework and of other apps as well (ToDo, Email Queue, Call Log, HD Ticket), or labels of fields
ALSO_OF_OTHERS = {
	*("Active", "Cancelled", "Closed", "Open"),
	*("Failed", "Queued", "Refused", "Sending", "Sent", "Unknown"),
	*("No Answer", "Reached", "Standard"),
	*("Cause", "ETR", "Follow-up", "Planned"),
}
OURS = {member.value for enum in OF_STATES for member in enum} - ALSO_OF_OTHERS
TRANSLATES = ("_", "_lt", "_word")


def literals(source: str) -> list[tuple[int, str]]:
	"""(line, word) of each state that stands as a literal; what is marked for translation must be one."""
	tree = ast.parse(source)
	marked = {
		id(argument)
		for node in ast.walk(tree)
		if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TRANSLATES
		for argument in node.args
	}
	return [
		(node.lineno, node.value)
		for node in ast.walk(tree)
		if isinstance(node, ast.Constant) and node.value in OURS and id(node) not in marked
	]


MODULES = [path for path in sorted(APP.rglob("*.py")) if "patches" not in path.parts and path.name != "states.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(APP)))
def test_no_state_stands_as_a_literal(path):
	"""A patch keeps the words of its day; everything else takes them from `domain/states.py`."""
	assert not literals(path.read_text(encoding="utf-8"))


def test_the_search_for_literals_finds_each_way():
	assert {"Stood Down", "On Post", "In Progress", "Acknowledged", "Life safety", "Still Out"} <= OURS
	for source in (
		'x == "On Post"',
		'x in ("Open", "On Post")',
		'{"On Post": 1}',
		"f\"{x == 'On Post'}\"",
		'a(status="On Post")',
	):
		assert [word for _line, word in literals(source)] == ["On Post"], source
	assert not literals('_("On Post")') and not literals('x = "On Post at the gate"')
