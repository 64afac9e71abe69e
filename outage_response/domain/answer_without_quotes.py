"""What somebody wrote who answers a message: their own words without what they quote."""

import re
from collections.abc import Iterable

from . import triage_matching

# Of a message's HTML no more is looked at: style sheets and tables of mail programs come before words of their own
LONGEST_HTML = 100_000
# Of its text no more: what stands behind two pages is a quotation
LONGEST = triage_matching.LONGEST
# Where the message that is answered begins, in the HTML of mail programs ... A tag ends where the next one begins, so that
# none is looked at twice.
_QUOTE_TAG = re.compile(r"<blockquote|<div[^<>]*", re.IGNORECASE)
_QUOTED_HTML = re.compile(
	r"<blockquote|gmail_quote|yahoo_quoted|moz-cite-prefix|divrplyfwdmsg|appendonsend|outlookmessageheader|"
	r"border-top:\s{0,9}solid",
	re.IGNORECASE,
)
# ... and in plain text
_QUOTED_LINE = re.compile(
	r"^\s*(?:>|-{2,}\s*(?:original|forwarded|原始|转发)|_{10,}|on\b.{4,200}\bwrote:|在.{4,80}写道|from:\s|发件人[:：])",
	re.IGNORECASE,
)
_UPDATES = re.compile(
	r"(?:please\s+|yes[,\s]+)?(?:updates?|keep me (?:posted|updated|informed)|(?:all|every) updates?)(?:\s+please)?"
	r"|(?:请)?(?:更新|随时通知我?|有更新请?通知我?|每次更新)"
)

# An answer to "supply is back" that need not name power ...
_STILL_OUT = re.compile(
	r"\bstill (?:dark|out|off|nothing|no|not|none|without|waiting)\b(?! (?:reply|answer|response|news|word))|\b(?:not|isnt|hasnt (?:been|come)|never came|didnt come) "
	r"(?:yet )?(?:back|on|restored|returned)\b|\bnot (?:here|for (?:me|us)|in (?:my|our)|at (?:my|our|mine|ours)|true)\b|"
	r"\b(?:we|i) (?:still )?(?:have|ve got|got) (?:none|nothing(?! to))\b|\bexcept (?:us|me|ours?|mine|my)\b|"
	r"(?:还|还是|仍|仍然|依然|依旧)(?:没|未|黑|停|冇)(?!收到|回|付|交|看|问|签|寄)|未恢复|没恢复|未有电|没有恢复|没好|"
	r"(?:我|我们|我家|咱|咱家|这|这里|这边|这儿|楼|层|栋|单元|室|屋里?|家里?)(?:这边|这里|这儿|这栋|这层|家)?(?:还|都|就|并)?(?:没有|没来|没好|没通|没得|冇)(?!问题|事|关系|收到|异议)",
	re.IGNORECASE,
)
# ... or says no more than no
_NO = re.compile(
	r"(?:nope|no+|nah|not yet|negative|没有?|没呢|没有[啊呀呢]|还没有?|未有?|冇[啊呀]?|冇喎|唔得|不行|no power|没电)",
	re.IGNORECASE,
)


def cut_html(html: str) -> str:
	"""The HTML before the message that is answered, of its first `LONGEST_HTML` characters."""
	html = (html or "")[:LONGEST_HTML]
	for tag in _QUOTE_TAG.finditer(html):
		if _QUOTED_HTML.search(tag.group(0)):
			return html[: tag.start()]
	return html


def own_words(text: str, sent: Iterable[str] = ()) -> str:
	"""The plain text before the message that is answered, of its first `LONGEST` characters. `sent`: what we wrote, for mail
	programs that mark nothing."""
	lines = []
	for line in (text or "")[:LONGEST].splitlines():
		if _QUOTED_LINE.match(line):
			break
		lines.append(line)
	own = "\n".join(lines)
	for message in sent:
		if message and message in own:
			own = own[: own.index(message)]
	return own.strip()


def asks_for_updates(text: str) -> bool:
	"""Do they want to hear of every new time? Only where that is all their first line says."""
	first = next((line for line in text.splitlines() if line.strip()), "")
	return bool(_UPDATES.fullmatch(first.strip().strip(".!。！").lower()))


def says_still_out(text: str) -> bool:
	"""Does somebody who was told that supply is back say that theirs is not?"""
	first = next((line for line in text.splitlines() if line.strip()), "").strip()
	return bool(_NO.fullmatch(first.rstrip(".!。！~～ ")) or _STILL_OUT.search(_in_simple_words(text)))


def _in_simple_words(text: str) -> str:
	return triage_matching.simplified(text).replace("'", "")
