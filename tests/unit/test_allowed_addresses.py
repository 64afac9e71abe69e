"""Which addresses a channel may ask: those of the internet, those of the house that are written down, never a metadata service."""

import pytest

from outage_response.domain.allowed_addresses import LISTED, NEVER, OPEN, kind, plain_host, read_list, refusal
from outage_response.domain.errors import RuleError


@pytest.mark.parametrize(
	("address", "expected"),
	[
		("93.184.216.34", OPEN),
		("2606:2800:220:1::1", OPEN),
		("127.0.0.1", LISTED),
		("::1", LISTED),
		("10.0.0.5", LISTED),
		("172.16.3.4", LISTED),
		("192.168.1.9", LISTED),
		("100.64.0.7", LISTED),
		("fd12:3456::1", LISTED),
		("fec0::1", LISTED),
		("::ffff:127.0.0.1", LISTED),
		("64:ff9b::10.0.0.1", LISTED),
		("2002:7f00:1::", LISTED),
		("169.254.169.254", NEVER),
		("169.254.0.1", NEVER),
		("fe80::1%eth0", NEVER),
		("::ffff:169.254.169.254", NEVER),
		("64:ff9b::169.254.169.254", NEVER),
		("2002:a9fe:a9fe::", NEVER),
		("::169.254.169.254", NEVER),
		("100.100.100.200", NEVER),
		("168.63.129.16", NEVER),
		("fd00:ec2::254", NEVER),
		("0.0.0.0", NEVER),
		("::", NEVER),
		("224.0.0.1", NEVER),
		("255.255.255.255", NEVER),
	],
)
def test_kinds(address, expected):
	assert kind(address) == expected


def test_what_is_written_down_opens_the_house_and_no_metadata_service():
	inside = read_list("10.0.0.5:8088\npbx.example.com:80, 169.254.169.254:80；[::1]:9")
	assert inside == {("10.0.0.5", 8088), ("pbx.example.com", 80), ("169.254.169.254", 80), ("::1", 9)}
	assert refusal("10.0.0.5", 8088, ["10.0.0.5"], inside) == ""
	assert refusal("PBX.example.com.", 80, ["10.0.0.7"], inside) == ""
	assert refusal("::1", 9, ["::1"], inside) == ""
	assert refusal("10.0.0.5", 8089, ["10.0.0.5"], inside)
	assert refusal("10.0.0.6", 8088, ["10.0.0.6"], inside)
	assert refusal("other.example.com", 80, ["10.0.0.7"], inside)
	assert refusal("169.254.169.254", 80, ["169.254.169.254"], inside)
	assert refusal("pbx.example.com", 80, ["10.0.0.7", "169.254.169.254"], inside)
	assert refusal("gateway.example.com", 443, ["93.184.216.34", "10.0.0.7"], inside)


@pytest.mark.parametrize(
	"text", ["10.0.0.5", "http://10.0.0.5:80", "host:0", "host:70000", "*:80", "user@host:80", ":80"]
)
def test_what_is_no_host_and_port_is_refused(text):
	with pytest.raises(RuleError, match="Addresses in the House"):
		read_list(text)


def test_hosts_are_compared_without_case_brackets_and_the_last_dot():
	assert plain_host(" PBX.Example.com. ") == plain_host("pbx.example.com") == "pbx.example.com"
	assert plain_host("[::1]") == "::1"


@pytest.mark.parametrize("port", ["1", "80", "65535"])
def test_every_port_that_there_is_can_be_written_down(port):
	assert read_list(f"10.0.0.5:{port}") == {("10.0.0.5", int(port))}


@pytest.mark.parametrize("port", ["65536", "0", "-1", "80a"])
def test_a_port_that_there_is_not_is_refused(port):
	with pytest.raises(RuleError, match="Addresses in the House"):
		read_list(f"10.0.0.5:{port}")


def test_an_empty_list_lets_nothing_in():
	assert read_list("") == read_list(None) == frozenset()


def test_a_refusal_names_host_and_port_so_that_they_can_be_written_down():
	assert "never asked" in refusal("metadata.example", 80, ["169.254.169.254"], [])
	assert "in the house" in refusal("10.0.0.5", 80, ["10.0.0.5"], [])


@pytest.mark.parametrize("address", ["::2", "::ffff", "::0.0.1.0"])
def test_an_address_of_the_old_kind_inside_the_new_one_is_judged_as_the_old_one(address):
	"""0.0.0.0/8 is nobody's: not open."""
	assert kind(address) == LISTED


def test_an_address_that_a_tunnel_stands_for_is_judged_as_that_one():
	assert kind("2001:0:4136:e378:8000:63bf:5601:5601") == NEVER  # Teredo of 169.254.169.254
	assert kind("64:ff9b:1::a9fe:a9fe") == NEVER
	assert kind("64:ff9b::5db8:d822") == OPEN
