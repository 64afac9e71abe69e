"""Which outage explains a call, and whether a ticket is over when the outage is."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import triage, triage_matching
from .power_topology import Dark, intervals

RUNNING, PLANNED, RESTORED = "running", "planned", "restored"
RANK = {RUNNING: 0, PLANNED: 1, RESTORED: 2}


@dataclass(frozen=True)
class Candidate:
	"""One incident that may explain calls: what is, was or (`planned`) will be without supply in it."""

	incident: str
	rows: Sequence[Dark]
	planned: bool = False


@dataclass(frozen=True)
class Standing:
	"""How a home stands in an incident, as far as its rows tell.

	kind   RUNNING: without supply now; RESTORED: it came back at `back_at`; PLANNED: its supply is switched off in this window
	depth  how near the row that says so is: -1 the home itself, 0 its node, 1 the node above ...
	"""

	kind: str
	since: datetime
	back_at: datetime | None
	depth: int


@dataclass(frozen=True)
class Explanation:
	"""What explains a call. `still_out`: the home is back in this incident, and its people said afterwards that it is not."""

	incident: str
	kind: str
	still_out: bool = False
	back_at: datetime | None = None


def standing(path: Sequence[str], unit: str, rows: Iterable[Dark], *, planned: bool = False) -> Standing | None:
	"""How a home stands in an incident; None: it is not of its area. `path`: its node and the ancestors, nearest first.

	A row about one home says nothing about its neighbours; a floor that came back before the tower is back.
	"""
	own = [row for row in rows if (row.unit == unit if row.unit else row.node in path)]
	if not own:
		return None
	# Back within the minute: no time without supply that counts, and yet it was
	at_once = [(row.out_since, row.back_at) for row in own if row.back_at]
	since, back_at = (intervals(path, unit, own, datetime.max) or sorted(at_once))[-1]
	kind = PLANNED if planned else RUNNING if back_at == datetime.max else RESTORED
	depth = min(-1 if row.unit else path.index(row.node) for row in own)
	return Standing(kind, since, None if back_at == datetime.max else back_at, depth)


def explained_by(
	path: Sequence[str], unit: str, said_at: datetime, candidates: Iterable[Candidate], still_out_minutes: int
) -> Explanation | None:
	"""The incident that a call falls under, or None.

	`path` is the caller's node and its ancestors, nearest first. Running comes before planned, planned before one that
	came back less than `still_out_minutes` ago (that caller is still out); among these the nearest row decides, then the
	later outage.
	"""
	found = []
	for one in candidates:
		stands = standing(path, unit, one.rows, planned=one.planned)
		if stands and _in_time(stands, said_at, still_out_minutes):
			order = (RANK[stands.kind], stands.depth, datetime.max - stands.since, one.incident)
			still_out = stands.kind == RESTORED and stands.back_at is not None and said_at > stands.back_at
			found.append((order, Explanation(one.incident, stands.kind, still_out, stands.back_at)))
	return min(found, key=lambda pair: pair[0])[1] if found else None


def _in_time(stands: Standing, said_at: datetime, still_out_minutes: int) -> bool:
	if stands.kind == PLANNED:
		return stands.since <= said_at and (stands.back_at is None or said_at <= stands.back_at)
	return stands.back_at is None or said_at <= stands.back_at + timedelta(minutes=still_out_minutes)


_SENTENCE = re.compile(r"[.!?;\n。！？；]+")
_CLAUSE = re.compile(r"[.!?;\n。！？；,，、:：]+|\s-\s|\b(?:and|but)\b")
# What a sentence begins with and does not say anything by; the rest of it may
_GREETING = re.compile(
	r"^(?:(?:hi|hello|dear|good (?:morning|evening|afternoon)|please|pls|kindly|urgent|asap|help|你好|您好|请|麻烦|急|在吗|尽快|赶紧)"
	r"(?![a-z])\W*)+",
	re.IGNORECASE,
)
_SMALL_TALK = re.compile(
	r"^(?:thanks?|thank you|regards|best|what is going on|(?:i|we) hope|you guys|at least (?:tell|say)|you can reach|reach me|"
	r"i(?:'m| am) (?:at (?:work|home)|home)\b|i work from home|will it happen|do you know (?:why|the cause)|never happened|"
	r"when|how long|any update|谢谢|怎么回事|什么时候|多久|几点|派|来人|帮|告知|回复|联系|处理|恢复|查|"
	r"(?:can|could|will) (?:you|someone|somebody|anyone)|"
	r"(?:send|come|check|call|advise|hurry|tell|let|restore|do something|respond|reply|update|confirm|look|fix (?:it|this|asap))\b)",
	re.IGNORECASE,
)
# Matters that no outage explains, however short the word on them is
_OTHER_MATTER = re.compile(
	r"\b(?:taps?|faucets?|leak(?:s|y|ing|ed)?|drip(?:s|ping)?|toilets?|drains?|plumb(?:er|ing)|parking|invoices?|bills?|deposit|"
	r"refund|noisy|noise|barking|cockroach(?:es)?|rats?|mice|garbage|rubbish|trash|mou?ld|sewage|paint(?:ing)?|key ?cards?)\b|"
	r"水龙头|漏水|滴水|渗水|马桶|下水道|水管|堵了|车位|停车|违停|账单|发票|押金|退款|噪音|噪声|太吵|狗叫|蟑螂|老鼠|垃圾|窗户|"
	r"发霉|门禁卡|快递|水龍頭|馬桶|車位|發票",
	re.IGNORECASE,
)
# What goes with an outage: the things that stop, who is in the dark. A sentence of these tells more of the same
_SAME_STORY = re.compile(
	r"\b(?:lights?|lamps?|bulbs?|fridge|refrigerator|freezer|food|air.?con(?:ditioning|ditioner)?|heat(?:er|ing)?|boiler|cook(?:er|ing)?|"
	r"stove|oven|tv|television|computer|wi-?fi|internet|router|charg(?:e|er|ing)|sockets?|plugs?|switch(?:es)?|breakers?|fuses?|"
	r"meter|dark|candles?|torch|cold|hot|fan|fans|elevators?|lifts?|stairs?|corridor|hallway|neighbou?rs?|"
	r"ups|batter(?:y|ies)|generators?|servers?|workstations?|laptops?|pos|candlelight|electricians?|electricity|"
	r"electrical (?:maintenance|works?|supply)|power company|cables|wires?|outages?|blackouts?|restored|lit|oxygen|cylinders?|idle|"
	r"baby|child(?:ren)?|kids?|elderly|grandm\w+|grandf\w+|whole (?:building|floor|house|tower)|"
	r"everything|everyone|nothing works|all (?:off|out|dead))\b|"
	r"灯|冰箱|空调|电视|电脑|路由|网络|无线|充电|插座|开关|空开|电表|电闸|漆黑|很黑|太黑|黑漆|蜡烛|手电|还是黑|发电机|服务器|电工|配电|供电|来电(?!显示)|好热|很热|好冷|很冷|热水器|做饭|电梯|楼道|"
	r"楼梯|走廊|邻居|隔壁|整栋|全楼|整层|整个|孩子|宝宝|老人|燈|冰箱|冷氣|電梯|鄰居",
	re.IGNORECASE,
)
# What the same things have of their own, power or not: broken for days, to be installed, a battery, a remote control
_OF_ITS_OWN = re.compile(
	r"\b(?:bulbs?|curtains?|remote|signal|channels?|antenna|install\w*|approval|book|booking|stolen|lost|smart ?lock|locked out|hearing|"
	r"playground|pool|gym|e-?scooters?|scooters?|e-?bikes?|bicycles?|cars?|tow|smells?|music|drip|dribble|pressure|curtain|gas|"
	r"out of order|signs?|doors?|windows?|blinking|dishwasher|washing machine|slipped|not a |there isn't|nothing wrong|"
	r"every (?:night|day|morning|evening|weekend)|all week|for (?:a|two|three|four|several|some|many|\d+) (?:days?|weeks?|months?)|"
	r"since (?:last|mon|tues|wednes|thurs|fri|satur|sun)\w*|no rush|rude)\b|"
	r"(?<!要)坏了|遥控|信号|机顶盒|座机|装修|申请|加装|安装|扣钱|充电宝|电瓶车|电动车|电池|共享|油烟|蹦迪|滑梯|烟头|打扫|异响|按键|好几天|几天了|"
	r"礼拜|星期|一周|半夜|不制冷|热风|暖气|泳池|游泳池|窗帘|灯泡|红灯|光猫|宽带|早高峰|消防通道|遙控|壞了|電池",
	re.IGNORECASE,
)
_ANOTHER = re.compile(
	r"^(?:also|by the way|btw|another|separately|besides|in addition|additionally|one more thing|另外|还有|顺便|此外|再有|對了|对了)(?![a-z])",
	re.IGNORECASE,
)


def about_something_else_too(subject: str, description: str, words: triage.Words | None = None) -> bool:
	"""Does a ticket speak of something that the outage does not explain? Such a ticket is not resolved with the outage.

	Another matter counts wherever it stands in a sentence; else a whole sentence must be unexplained, since the story of an
	outage has many clauses without a word of power. In doubt yes: a ticket left open costs a glance, one closed wrongly
	costs a resident.
	"""
	texts = [text[: triage_matching.LONGEST] for text in (subject, description) if text]
	clauses = (part.strip() for text in texts for part in _CLAUSE.split(text))
	if any(_is_another_matter(clause, words) for clause in clauses if clause):
		return True
	sentences = (_GREETING.sub("", part.strip()) for text in texts for part in _SENTENCE.split(text))
	return any(
		_says_something(one) and not _SMALL_TALK.match(one) and not _is_same_story(one) and _unexplained(one, words)
		for one in sentences
	)


# Where somebody lives, and nothing else: "3-2-502", "flat 12B"
_PLACE = re.compile(r"(?=[^\d]{0,24}\d)[\w #.\-]{1,48}$")


def ends_with_the_outage(subject: str, description: str, words: triage.Words | None = None) -> bool:
	"""Is a ticket surely over when its outage is? Then it is resolved by itself; any other waits for a person's tick.

	Sure is what says in each sentence, by the words of an outage, that supply is away here and now; what only fits such a
	story (`_SAME_STORY`), or is too long to be read whole, is not.
	"""
	texts = [text for text in (subject, description) if text]
	if any(len(text) > triage_matching.LONGEST for text in texts) or about_something_else_too(
		subject, description, words
	):
		return False
	sentences = [_GREETING.sub("", part.strip()) for text in texts for part in _SENTENCE.split(text)]
	return any(not _unexplained(one, words) for one in sentences) and not any(
		one and not _SMALL_TALK.match(one) and not _PLACE.match(one) and _unexplained(one, words) for one in sentences
	)


def _is_same_story(sentence: str) -> bool:
	return bool(_SAME_STORY.search(sentence)) and not _OF_ITS_OWN.search(sentence)


def _is_another_matter(clause: str, words: triage.Words | None) -> bool:
	if _OTHER_MATTER.search(clause):
		return True
	return bool(_ANOTHER.match(clause)) and _says_something(_ANOTHER.sub("", clause)) and _unexplained(clause, words)


def _unexplained(text: str, words: triage.Words | None) -> bool:
	return triage.read(text, words) == triage.Reading()


def _says_something(sentence: str) -> bool:
	if sentence.isascii():
		return len(sentence.split()) >= 4
	return len(sentence) >= 7
