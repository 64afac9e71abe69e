"""Connections that look where they go: the name is resolved once, what it means is judged by `domain/allowed_addresses.py`, and the
connection goes to one of the addresses that were judged. So a name that means another machine at the second look gains nothing.

Knows nothing of the site, like post.py, which uses it.
"""

import socket
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from outage_response.domain import allowed_addresses

PORTS = {"http": 80, "https": 443}


class Refused(Exception):
	"""The address is not one that is asked. It says which host and why, nothing else of the address."""


def session(url: str, inside: Collection[allowed_addresses.Entry]) -> requests.Session:
	"""A session for this address alone; `inside`: what of the house may be asked. Redirects are for its user to switch off (post.py does)."""
	made = requests.Session()
	proxied = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
	if proxied:  # the name is resolved by the proxy; what this machine knows of it is judged all the same
		host, port = host_and_port(url)
		found: list[str] = []
		with suppress(OSError):
			found = resolve(host, port)
		require(host, port, found, inside)
	else:
		for scheme in PORTS:
			made.mount(f"{scheme}://", _Adapter(inside))
	return made


def host_and_port(url: str) -> tuple[str, int]:
	"""Of an address of the web. Raises ValueError for one without a host."""
	parts = urlsplit(url)
	if not parts.hostname:
		raise ValueError("no host")
	return parts.hostname, parts.port or PORTS.get(parts.scheme.lower(), 443)


def resolve(host: str, port: int) -> list[str]:
	"""All addresses that a name means here. Raises OSError where it means none."""
	return list(dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def require(host: str, port: int, found: Collection[str], inside: Collection[allowed_addresses.Entry]) -> None:
	"""Raise Refused unless all of the addresses may be asked."""
	if why := allowed_addresses.refusal(host, port, found, inside):
		raise Refused(why.format(host=host, port=port))


class _Adapter(HTTPAdapter):
	def __init__(self, inside: Collection[allowed_addresses.Entry]):
		self.inside = inside
		super().__init__()

	def init_poolmanager(self, *args, **kwargs) -> None:
		super().init_poolmanager(*args, **kwargs)
		self.poolmanager.pool_classes_by_scheme = _pools(self.inside)


def _pools(inside: Collection[allowed_addresses.Entry]) -> dict[str, type]:
	class Plain(HTTPConnection):
		"""Goes to the first of the judged addresses that takes the connection."""

		_dns_host: str  # urllib3's: where it connects to

		def _new_conn(self) -> socket.socket:
			named = self._dns_host
			try:
				found = resolve(named, self.port)
			except OSError as error:
				raise NewConnectionError(self, f"no address: {type(error).__name__}") from error
			require(named, self.port, found, inside)
			try:
				for address in found[:-1]:
					self._dns_host = address
					with suppress(NewConnectionError):
						return super()._new_conn()
				self._dns_host = found[-1]
				return super()._new_conn()
			finally:
				self._dns_host = named

	class Sealed(Plain, HTTPSConnection):
		pass

	class PlainPool(HTTPConnectionPool):
		ConnectionCls = Plain

	class SealedPool(HTTPSConnectionPool):
		ConnectionCls = Sealed

	return {"http": PlainPool, "https": SealedPool}
