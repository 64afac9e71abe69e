"""The ways to reach people that this site has set up."""

from collections.abc import Mapping

import frappe
from frappe.model.document import Document

from outage_response.domain.escalation import Person
from outage_response.domain.states import ChannelAudience, ChannelKind
from outage_response.integrations import channels


def names_in(text: str | None) -> tuple[str, ...]:
	"""Channels named in a row of a rule, separated by commas or lines."""
	return tuple(name.strip() for name in (text or "").replace("\n", ",").split(",") if name.strip())


def working() -> dict[str, Document]:
	"""name -> channel, for those that are enabled and set up."""
	found = {}
	for name in frappe.get_all("Paging Channel", filters={"enabled": 1}, pluck="name", order_by="name"):
		channel = frappe.get_cached_doc("Paging Channel", name)
		if channels.driver(channel.kind).is_on(channel):
			found[name] = channel
	return found


def chosen(names: tuple[str, ...], there: Mapping[str, Document]) -> list[Document]:
	"""The channels of one row: those named, or all, chat groups included; what is not working is left out."""
	if names:
		return [there[name] for name in names if name in there]
	return list(there.values())


def only_groups(wanted: list[Document]) -> bool:
	"""Are all of them chat groups? Then a message to the group is all that is wanted."""
	return bool(wanted) and all(is_group(channel) for channel in wanted)


def is_group(channel: Document) -> bool:
	"""One message for a chat group?"""
	return channel.audience == ChannelAudience.GROUP


def goes_out(channel: Document) -> bool:
	"""Does it come to people who look at no screen? The bell does not."""
	return channel.kind != ChannelKind.BELL


def reaching(person: Person, wanted: list[Document]) -> list[Document]:
	"""Those of `wanted` by which this person can be reached."""
	return [channel for channel in wanted if not is_group(channel) and channels.driver(channel.kind).reaches(person)]
