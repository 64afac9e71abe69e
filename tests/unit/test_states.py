"""Each enum of states has the options of its Select, and is plain text wherever it goes."""

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
