"""What somebody wrote who answers a message: their own words without what they quote."""

import re
from collections.abc import Iterable

# Where the message that is answered begins, in the HTML of mail programs ...
_QUOTED_HTML = re.compile(
	r"<blockquote|<div[^>]+(?:gmail_quote|yahoo_quoted|moz-cite-prefix|divRplyFwdMsg|appendonsend|OutlookMessageHeader)"
	r"|<div[^>]+border-top:\s*solid",
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

# An answer to "supply is back" that need not name power
_STILL_OUT = re.compile(
	r"\bstill (?:dark|out|off|nothing|no|not|without)\b|\bnot back\b|(?:还|还是|仍|仍然|依然|依旧)(?:没|黑|停)",
	re.IGNORECASE,
)


def cut_html(html: str) -> str:
	"""The HTML before the message that is answered."""
	found = _QUOTED_HTML.search(html or "")
	return html[: found.start()] if found else html or ""


def own_words(text: str, sent: Iterable[str] = ()) -> str:
	"""The plain text before the message that is answered. `sent`: what we wrote, for mail programs that mark nothing."""
	lines = []
	for line in (text or "").splitlines():
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
	return bool(_STILL_OUT.search(text))
