"""On tickets the state and the level of their outage are options of a Select, which Frappe shows in the reader's language; the
values stay as they are. Issues can be filtered by their outage."""

from outage_response.setup import custom_fields


def execute() -> None:
	custom_fields.create(update=True)
