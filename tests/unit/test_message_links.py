"""Links in messages: for one contact, one key and a while."""

from datetime import datetime, timedelta

import pytest

from outage_response.domain import message_links

NOW = datetime(2026, 3, 11, 2, 0)
MINUTE = timedelta(minutes=1)


def test_links_hold_for_one_contact_one_key_and_a_while():
	expires = int(NOW.timestamp()) + 60
	token = message_links.make("secret", "outage", "subject", "contact", "key", expires)
	link = message_links.read(token)
	assert message_links.holds(link, "secret", "contact", "key", NOW)
	assert not message_links.holds(link, "other", "contact", "key", NOW)
	assert not message_links.holds(link, "secret", "another", "key", NOW)
	assert not message_links.holds(link, "secret", "contact", "new key", NOW)
	assert not message_links.holds(link, "secret", "contact", "key", NOW + 2 * MINUTE)
	nobody = message_links.read(message_links.make("secret", "outage", "subject", "contact", "", expires))
	assert not message_links.holds(nobody, "secret", "contact", "", NOW)  # revoked


@pytest.mark.parametrize("token", ["", "a.b.c.d", "a.b.1", "a.b.1.c.d", "a.b.-1.c", None, 7, [], "é.b.1.c", "a" * 300])
def test_what_is_no_link(token):
	assert message_links.read(token) is None


def test_a_genuine_link_stays_ours_when_its_time_is_over():
	"""Who comes too late is told so; what others made is nothing."""
	expires = int(NOW.timestamp())
	link = message_links.read(message_links.make("secret", "outage", "subject", "contact", "key", expires))
	assert message_links.is_genuine(link, "secret", "contact", "key")
	assert not message_links.holds(link, "secret", "contact", "key", NOW)  # its last second is over
	assert message_links.holds(link, "secret", "contact", "key", NOW - MINUTE)
	assert not message_links.is_genuine(link, "secret", "contact", "")
	assert not message_links.is_genuine(link, "other", "contact", "key")


def test_a_token_says_what_it_is_for_and_its_signature_covers_all_of_it():
	token = message_links.make("secret", "outage", "subject", "contact", "key", 999_999_999_999)
	link = message_links.read(token)
	assert (link.purpose, link.subject, link.expires) == ("outage", "subject", 999_999_999_999)
	assert len(link.signature) == 24  # 18 bytes: 144 bits are not guessed
	for changed in (
		token.replace("outage", "other"),
		token.replace("subject", "others"),
		token.replace("999.", "998."),
	):
		assert not message_links.is_genuine(message_links.read(changed), "secret", "contact", "key")


@pytest.mark.parametrize(("token", "is_one"), [("a.b.1." + "c" * 194, True), ("a.b.1." + "c" * 195, False)])
def test_a_token_is_at_most_so_long(token, is_one):
	assert (message_links.read(token) is not None) is is_one


def test_a_time_of_more_digits_than_there_are_years_is_none():
	assert message_links.read("a.b.123456789012.c") and not message_links.read("a.b.1234567890123.c")
