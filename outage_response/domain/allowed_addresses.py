"""Which addresses the site asks for a gateway (voice, SMS, robots). Whoever writes the address of a channel would else read, with
the site's hands, what only the machine itself or its network may reach.

Addresses that every machine reads keys from (link-local, metadata services) are never asked. Private ones and the machine itself
are asked where an administrator has written down host and port: a telephone system in the house is private.
"""

import ipaddress
import re
from collections.abc import Collection

from .errors import RuleError, _

NEVER, LISTED, OPEN = "never", "listed", "open"
# Metadata services of hosting companies that are not link-local: Alibaba Cloud, Azure, Oracle Cloud, AWS by IPv6
METADATA = frozenset(
	ipaddress.ip_address(one)
	for one in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
# The whole of IPv4 inside IPv6: NAT64 and its local-use prefix, addresses that embed one
NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/96"))
Entry = tuple[str, int]


def kind(address: str) -> str:
	"""NEVER, LISTED (asked only when host and port are listed) or OPEN, of an IP address as the resolver gives it."""
	ip = _plain(ipaddress.ip_address(address.partition("%")[0]))
	if (
		ip in METADATA
		or ip.is_link_local
		or ip.is_multicast
		or ip.is_unspecified
		or ip == ipaddress.ip_address("255.255.255.255")
	):
		return NEVER
	in_house = not ip.is_global or ip.is_reserved or getattr(ip, "is_site_local", False)
	return LISTED if in_house else OPEN


def _plain(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
	"""The IPv4 address that an IPv6 one stands for."""
	if ip.version == 4:
		return ip
	if any(ip in network for network in NAT64) or (int(ip) >> 32 == 0 and int(ip) > 1):
		return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
	return ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1]) or ip


def refusal(host: str, port: int, found: Collection[str], inside: Collection[Entry]) -> str:
	"""Why `host` is not asked when its name means the addresses `found`; "" if it is. One bad address among them is enough:
	nobody knows which one is taken."""
	kinds = {kind(address) for address in found}
	if NEVER in kinds:
		return _("{host} is an address that is never asked")
	if LISTED in kinds and (plain_host(host), port) not in inside:
		return _("{host}:{port} is in the house and does not stand among the Addresses in the House")
	return ""


def plain_host(host: str) -> str:
	"""A host as it is compared."""
	return host.strip().strip("[]").rstrip(".").casefold()


def read_list(text: str | None) -> frozenset[Entry]:
	"""host:port, one a line (or separated by commas). Raises RuleError naming what cannot be read."""
	found = set()
	for entry in re.split(r"[\s,，；;]+", (text or "").replace("：", ":")):
		if not entry:
			continue
		host, _colon, port = entry.rpartition(":")
		named = plain_host(host)
		if not named or set(named) & set("/@[]*") or not port.isdecimal() or not 0 < int(port[:6]) < 65536:
			raise RuleError(
				_("Addresses in the House: {entry} is not read. Write host:port, one a line, like 10.0.0.5:8088."),
				entry=entry[:80],
			)
		found.add((named, int(port)))
	return frozenset(found)
