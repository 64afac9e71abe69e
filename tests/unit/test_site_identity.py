"""What makes a site another one, and what does not."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from outage_response.domain import site_identity as rules
from outage_response.domain.site_identity import DATABASE, FOLDER, HOST, SITE, Identity

KNOWN = Identity("tower.example.com", "_abc", "a word", "4711", "machine-1")


@pytest.mark.parametrize(
	("seen", "wanted"),
	[
		({}, ()),
		# restored beside it, or under another address
		({"site": "restored.localhost", "database": "_def", "word": "", "inode": ""}, (SITE, DATABASE, FOLDER)),
		({"database": "_def"}, (DATABASE,)),
		# restored under the same name on another machine: Frappe gives it the same database
		({"word": "", "inode": "", "host": "laptop"}, (FOLDER,)),
		({"word": "the word of another site", "inode": "12"}, (FOLDER,)),
		# the whole folder copied to another machine
		({"inode": "12", "host": "laptop"}, (HOST,)),
		# a container started anew, a machine renamed, a second machine at the same folder
		({"host": "3f9c1d2e4b5a"}, ()),
		# the disk exchanged
		({"inode": "12"}, ()),
		# a folder that is shared with containers: the inode is left out, also where it stands on record
		({"inode": "", "host": "3f9c1d2e4b5a"}, ()),
		# the folder does not answer just now
		({"word": None, "inode": None, "host": "3f9c1d2e4b5a"}, ()),
	],
)
def test_what_makes_it_another_site(seen, wanted):
	assert rules.differences(KNOWN, replace(KNOWN, **seen)) == wanted


def test_where_the_folder_takes_no_word_name_and_database_decide():
	known = replace(KNOWN, word="", inode="")
	assert rules.differences(known, replace(known, host="laptop", word="", inode="")) == ()
	assert rules.differences(known, replace(known, database="_def")) == (DATABASE,)


def test_a_site_that_was_never_asked_is_believed_while_it_is_at_work():
	now = datetime(2026, 3, 11, 2, 0)
	assert rules.is_believed_unasked(None, now)
	assert rules.is_believed_unasked(now - timedelta(minutes=59), now)
	assert not rules.is_believed_unasked(now - timedelta(hours=5), now)


def test_at_work_is_who_was_within_the_hour_also_by_a_clock_that_was_put_back():
	now, hour, second = datetime(2026, 3, 11, 2, 0), timedelta(hours=1), timedelta(seconds=1)
	for back in (1, -1):
		assert rules.is_believed_unasked(now - back * hour, now)
		assert not rules.is_believed_unasked(now - back * (hour + second), now)


def test_a_site_is_known_by_nothing_until_it_is_asked():
	assert rules.differences(Identity(), Identity()) == ()
	assert rules.differences(KNOWN, replace(KNOWN, inode=None, host="laptop")) == ()
