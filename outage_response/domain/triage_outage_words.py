"""The words that a power outage is read by, and those that say that a text speaks of none here and now, as `words/outage.ini` has
them: beside each list stands there why.

Written as in `triage_words`: simplified Chinese, Mandarin (`CANTONESE` says what is turned into it first), and one way to write a
denial ("isnt", "cant"). NOT_AN_OUTAGE, OUTAGE_WORDS, RETURNED and NOT_HERE can be changed in Settings; the rest is the app's own.
"""

from . import word_lists

_LISTS = word_lists.load("outage")

NOT_AN_OUTAGE = _LISTS["not_an_outage"]
OUTAGE_WORDS = _LISTS["outage_words"]
ASKED_BACK = _LISTS["asked_back"]
RETURNED = _LISTS["returned"]
NOT_HERE = _LISTS["not_here"]
ONGOING = _LISTS["ongoing"]
STILL_AWAY = _LISTS["still_away"]
LATER = _LISTS["later"]
SINCE_A_DAY = _LISTS["since_a_day"]
LONG_AGO = _LISTS["long_ago"]
LATELY = _LISTS["lately"]
IT_IS_OVER = _LISTS["it_is_over"]
WHY = _LISTS["why"]
AFTERWARDS = _LISTS["afterwards"]
ELSEWHERE = _LISTS["elsewhere"]
HERE = _LISTS["here"]
ONLY_ASKED = _LISTS["only_asked"]
BATTERIES = _LISTS["batteries"]
PLACES = _LISTS["places"]
AT_LARGE = _LISTS["at_large"]
QUESTION = _LISTS["question"]
AUTOMATIC = _LISTS["automatic"]
ANSWERED = _LISTS["answered"]
OUR_NOTICE = _LISTS["our_notice"]
ACKNOWLEDGED = _LISTS["acknowledged"]
THANKS = _LISTS["thanks"]
NOTHING_NOW = _LISTS["nothing_now"]
# (Cantonese, as the lists write it), both after the traditional characters have been turned
CANTONESE = word_lists.joined(_LISTS["cantonese"], "=")
ENGLISH = frozenset(_LISTS["english"])
