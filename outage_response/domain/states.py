"""The states and kinds that the code compares: one enum for each list of options of a Select, in the order of the options.

A row read from the database holds plain text. It compares equal to a member and has the same hash, so `row.status ==
TaskStatus.OPEN` and `row.status in OPEN` hold for both; hints say `str` where either may come.
"""

from enum import Enum


class Word(str, Enum):
	"""A member is the plain text of its option wherever it goes: into SQL, JSON, messages, Redis and f-strings.

	`StrEnum` would do the same, but Python 3.10 has none. Without the two lines below, `str()` and f-strings would say
	"TaskStatus.OPEN" in some versions of Python, and the drivers of the database write `str()` of what they do not know.
	"""

	__str__ = str.__str__
	__format__ = str.__format__  # type: ignore[assignment]


class IncidentStatus(Word):
	"""How far an outage is."""

	SCHEDULED = "Scheduled"
	REPORTED = "Reported"
	ACTIVE = "Active"
	RESTORED = "Restored"
	STOOD_DOWN = "Stood Down"
	CLOSED = "Closed"
	CANCELLED = "Cancelled"


class OutageKind(Word):
	"""For what kind of outage a level is."""

	INTERNAL = "Internal"
	EXTERNAL = "External"
	PLANNED = "Planned"


class CauseType(Word):
	"""What an outage came of."""

	OVERLOAD = "Overload"
	EQUIPMENT_FAULT = "Equipment Fault"
	HUMAN_ERROR = "Human Error"
	EXTERNAL_GRID = "External Grid"
	PLANNED_WORK = "Planned Work"
	UNKNOWN = "Unknown"


class PlannedBy(Word):
	"""Who plans a planned outage."""

	SUPPLIER = "Supplier"
	PROPERTY = "Property"


class TaskStatus(Word):
	"""How far a step of an outage is."""

	OPEN = "Open"
	ACKNOWLEDGED = "Acknowledged"
	IN_PROGRESS = "In Progress"
	ON_POST = "On Post"
	DONE = "Done"
	SKIPPED = "Skipped"
	CANCELLED = "Cancelled"


class CheckKind(Word):
	"""What a row of a step's checks is: a thing to look at, or something to be confirmed and read back."""

	ITEM = "Item"
	CONFIRMATION = "Confirmation"


class CheckResult(Word):
	"""What came of a check."""

	NORMAL = "Normal"
	DEFECT = "Defect"
	FIXED = "Fixed"
	CONFIRMED = "Confirmed"


class EntrapmentStatus(Word):
	"""What is known of the people in an elevator."""

	POSSIBLE = "Possible"
	TRAPPED = "Trapped"
	RELEASED = "Released"
	NOBODY_INSIDE = "Nobody Inside"


class CallbackStatus(Word):
	"""How far the call to somebody who was in the dark is."""

	PENDING = "Pending"
	REACHED = "Reached"
	NO_ANSWER = "No Answer"
	STILL_OUT = "Still Out"
	REFUSED = "Refused"
	UNREACHED = "Unreached"
	EXHAUSTED = "Exhausted"
	NOT_REQUIRED = "Not Required"


class CallbackOutcome(Word):
	"""What came of one attempt to call somebody back."""

	REACHED = "Reached"
	NO_ANSWER = "No Answer"
	STILL_OUT = "Still Out"
	REFUSED = "Refused"


class CallbackReason(Word):
	"""Why somebody is called back, the gravest first."""

	LIFE_SAFETY = "Life safety"
	CARE = "Care"
	REPORTED = "Reported"
	STANDARD = "Standard"


class NoticeKind(Word):
	"""What a notice tells the residents."""

	FIRST_WORD = "First Word"
	CAUSE = "Cause"
	IN_WRITING = "In Writing"
	ETR = "ETR"
	ETR_PASSING = "ETR Passing"
	RESTORED = "Restored"
	FOLLOW_UP = "Follow-up"
	PLANNED = "Planned"
	CANCELLED = "Cancelled"


# A delivery has the kind of its notice; this one has none, for somebody asked to be called
CALL_REQUEST = "Call Request"


class NoticeMode(Word):
	"""Is a notice put up, or told household by household?"""

	PUBLIC = "Public"
	INDIVIDUAL = "Individual"


class DeliveryChannel(Word):
	"""By which means a resident is told."""

	EMAIL = "E-mail"
	SMS = "SMS"
	PHONE = "Phone"


class DeliveryState(Word):
	"""How far a notice is on its way to one resident."""

	QUEUED = "Queued"
	SENDING = "Sending"
	SENT = "Sent"
	FAILED = "Failed"
	NO_ADDRESS = "No Address"
	SEEN = "Seen"
	SUPERSEDED = "Superseded"


class PageStatus(Word):
	"""How far the ringing of one person over one channel is."""

	QUEUED = "Queued"
	SENDING = "Sending"
	ACCEPTED = "Accepted"
	FAILED = "Failed"
	UNKNOWN = "Unknown"
	NOT_NEEDED = "Not Needed"


class PageAnswer(Word):
	"""What somebody who was rung said: they come, or they cannot."""

	YES = "Yes"
	NO = "No"


class ChannelKind(Word):
	"""How a Paging Channel rings."""

	BELL = "Bell"
	EMAIL = "E-mail"
	SMS = "SMS"
	HTTP = "HTTP"


class ChannelAudience(Word):
	"""Does a Paging Channel ring one person, or a group?"""

	PERSON = "Person"
	GROUP = "Group"


class ChannelSignature(Word):
	"""How a request to a gateway is signed."""

	DINGTALK = "DingTalk"
	FEISHU = "Feishu"
	HMAC = "HMAC-SHA256"


class InboundSignature(Word):
	"""How an answer from a gateway is known to be from it."""

	HMAC = "HMAC-SHA256"
	TOKEN = "Shared Token"


class RungPerson(Word):
	"""Whom a row of an Escalation Rule rings."""

	ASSIGNED = "Assigned"
	NEXT_ON_DUTY = "Next on Duty"
	NEXT_SHIFT = "Next Shift"
	LEAD = "Department Lead"
	CONTROL_ROOM = "Control Room"
	MANAGER = "General Manager"
	FIRM = "Outside Firm"


class Duty(Word):
	"""What a department is there for, under whatever key and name a company has it."""

	CONTROL_ROOM = "Control Room"
	REPAIRS = "Repairs"
	RESIDENTS = "Residents"
	GUARDS = "Guards"
	MANAGEMENT = "Management"
	ELEVATORS = "Elevator Maintenance"
	POWER_SUPPLY = "Power Supply"


class Coverage(Word):
	"""When somebody of a department is to be on duty."""

	ALWAYS = "Always"
	WORKING_TIME = "Working Time"
	NOT_NEEDED = "Not Needed"


class PatternDays(Word):
	"""On which days a shift of a pattern is worked."""

	EVERY_DAY = "Every Day"
	WORKING_DAYS = "Working Days"
	DAYS_OFF = "Weekends and Holidays"


class ProposalStatus(Word):
	"""What became of the outage that calls point to."""

	OPEN = "Open"
	DECLARED = "Declared"
	DISMISSED = "Dismissed"
	MERGED = "Merged"


class ReplyKind(Word):
	"""What a ticket is answered."""

	KNOWN = "Known"
	ETR = "ETR"
	RESTORED = "Restored"
	CALLBACK = "Callback"


class ReplyStatus(Word):
	"""How far an answer to a ticket is."""

	QUEUED = "Queued"
	SENT = "Sent"
	FAILED = "Failed"


class PropertyType(Word):
	"""What is managed."""

	COMMUNITY = "Residential Community"
	TOWER = "Tower"


class NodeType(Word):
	"""What a Power Node is."""

	FEEDER = "Feeder"
	ROOM = "Distribution Room"
	PANEL = "Panel"
	SHAFT = "Shaft"
	SHAFT_SWITCH = "Shaft Switch"


class AssetType(Word):
	"""What a Property Asset is."""

	ELEVATOR = "Elevator"
	CRITICAL_ROOM = "Critical Room"
	SECURITY_POINT = "Security Point"
	GUARDED_AREA = "Guarded Area"
	GENERATOR = "Generator"
