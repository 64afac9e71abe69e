"""One module per kind of Paging Channel, behind one contract.

A channel that goes out (sms.py, http.py) makes a `Request` of a letter; `post.py` sends it without touching the database, so
that several go at once and a gateway that hangs keeps nobody else waiting. A channel that ends on this site (bell.py,
mail.py) writes its letter in the transaction that marks the page as accepted: it cannot be sent twice.

	is_on(channel)              is it set up (beyond the tick "enabled")?
	reaches(person)             has the person what it takes: a login, an address, a number?
	request(channel, letter)    -> Request, of those that go out
	write(channel, letter)      of those that end here
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from types import ModuleType

from frappe import _
from frappe.model.document import Document

from outage_response import settings
from outage_response.domain import allowed_addresses
from outage_response.domain.states import ChannelKind


@dataclass(frozen=True)
class Letter:
	"""What one page says and to whom. `key` is the page's name: the same page always has the same."""

	key: str
	text: str
	link: str
	user: str = ""
	name: str = ""
	phone: str = ""
	email: str = ""
	property: str = ""
	incident: str = ""
	urgent: bool = False
	drill: bool = False


@dataclass(frozen=True)
class Request:
	"""One HTTP request, and how its answer is read. `accepted_field` is a path into a JSON answer ("" : any 2xx will do)."""

	method: str
	url: str
	headers: dict[str, str] = field(default_factory=dict)
	body: str | None = None
	params: dict[str, str] | None = None
	timeout: float = 8
	accepted_field: str = ""
	accepted_value: str = ""
	id_field: str = ""
	# (host, port) in the house that may be asked: see `domain/allowed_addresses.py`
	inside: Collection[tuple[str, int]] = ()


@dataclass(frozen=True)
class Outcome:
	"""How it ended. `status`: Accepted; Again (certainly not taken, worth another try); Failed; Unknown (nobody can say)."""

	status: str
	error: str = ""
	gateway_id: str = ""


def inside() -> frozenset[tuple[str, int]]:
	"""What an administrator has written down of the house, in the Settings."""
	return allowed_addresses.read_list(settings.read().inside_addresses)


def refusal(one: Request) -> str:
	"""Why a request would not be sent, by what its name means now, in the reader's language; "" if it would. A name that means
	nothing here yet is not refused: it is looked at again each time."""
	from . import checked

	host, port = checked.host_and_port(one.url)
	try:
		found = checked.resolve(host, port)
	except OSError:
		found = []
	return _(allowed_addresses.refusal(host, port, found, one.inside)).format(host=host, port=port)


def driver(kind: str) -> ModuleType:
	"""The module of a kind of channel."""
	from . import bell, http, mail, sms

	drivers: dict[str, ModuleType] = {
		ChannelKind.BELL: bell,
		ChannelKind.EMAIL: mail,
		ChannelKind.SMS: sms,
		ChannelKind.HTTP: http,
	}
	return drivers[kind]


def goes_out(kind: str) -> bool:
	"""Does it leave the site by a request of ours?"""
	return hasattr(driver(kind), "request")


def repeats_safely(channel: Document) -> bool:
	"""May a page be sent again when nobody knows whether it arrived? What ends on this site was not written then."""
	return bool(channel.idempotent) or not goes_out(channel.kind)
