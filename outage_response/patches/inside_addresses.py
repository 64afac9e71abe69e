"""Gateways in the house are asked from now on only where their host and port are written down: those in use are, and the administrators
hear of it. What is never asked any more (metadata services) is said, too, and what templates are refused now."""

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.utils import now_datetime

from outage_response.domain import allowed_addresses
from outage_response.domain.authority import OF_THE_SITE
from outage_response.flows.facts.language import in_language
from outage_response.flows.facts.reachable_people import holders
from outage_response.integrations import channels, notifications
from outage_response.integrations.channels import checked
from outage_response.outage_response.doctype.paging_channel.paging_channel import SAMPLE

SETTINGS = "Outage Response Settings"


def execute() -> None:
	listed = set(channels.inside())
	used: list[str] = []
	never: list[str] = []
	broken: list[str] = []
	for name, url in _urls(broken):
		try:
			host, port = checked.host_and_port(url)
		except ValueError:
			continue
		try:
			kinds = {allowed_addresses.kind(address) for address in checked.resolve(host, port)}
		except OSError:  # nobody knows now; it works as it did when the name is known again
			kinds = {allowed_addresses.LISTED}
		entry = (allowed_addresses.plain_host(host), port)
		if allowed_addresses.NEVER in kinds:
			never.append(f"{name} ({host})")
		elif allowed_addresses.LISTED in kinds and entry not in listed:
			listed.add(entry)
			used.append(_written(*entry))
	if used:
		before = frappe.db.get_single_value(SETTINGS, "inside_addresses") or ""
		frappe.db.set_single_value(
			SETTINGS, "inside_addresses", "\n".join(one for one in (before.strip(), *used) if one)
		)
		frappe.clear_document_cache(SETTINGS, SETTINGS)
	if used or never or broken:
		_tell(used, never, broken)


def _urls(broken: list[str]) -> Iterator[tuple[str, str]]:
	"""(channel, the address that it asks). Those whose templates cannot be filled in go into `broken`."""
	for name in frappe.get_all(
		"Paging Channel", filters={"kind": ("in", ("HTTP", "SMS"))}, pluck="name", order_by="name"
	):
		channel = frappe.get_doc("Paging Channel", name)
		if channels.driver(channel.kind).is_on(channel):
			try:
				yield name, channels.driver(channel.kind).request(channel, SAMPLE).url
			except frappe.ValidationError:
				frappe.clear_messages()
				broken.append(name)


def _written(host: str, port: int) -> str:
	return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _tell(used: list[str], never: list[str], broken: list[str]) -> None:
	users = holders(OF_THE_SITE)
	said = {}
	for language in set(users.values()):
		with in_language(language):
			said[language] = _words(used, never, broken)
	notifications.write(
		{user: said[language] for user, language in users.items()}, SETTINGS, SETTINGS, now_datetime(), "Alert"
	)
	print(_words(used, never, broken))


def _words(used: list[str], never: list[str], broken: list[str]) -> str:
	parts = [
		(
			used,
			_(
				"Gateways in the house are asked only where they stand among the Addresses in the House. Entered, since channels use them: {0}. Take out what is not yours."
			),
		),
		(never, _("Channels that ring nobody any more, since their address is never asked: {0}.")),
		(
			broken,
			_("Channels whose templates cannot be filled in (loops, calculations and calls are refused): {0}."),
		),
	]
	return " ".join(text.format(", ".join(names)) for names, text in parts if names)
