"""The calls of customer service: the queue, whose call it is, what became of it, who has not been reached."""

from typing import Any

from outage_response.flows import calls

from .reached import reading
from .staff import endpoint


@reading
def get_calls(incident: str | None = None) -> list[dict[str, Any]]:
	"""See `flows.calls.queue`."""
	return calls.queue(incident)


@reading
def get_unreached(incident: str) -> list[dict[str, Any]]:
	"""See `flows.calls.unreached`."""
	return calls.unreached(incident)


@endpoint
def claim_call(doctype: str, name: str) -> dict[str, Any]:
	"""See `flows.calls.claim_call`."""
	return calls.claim_call(doctype, name)


@endpoint
def log_told(
	delivery: str,
	outcome: str,
	note: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.calls.log_told`."""
	return calls.log_told(delivery, outcome, note, occurred_at=occurred_at, request_id=request_id)
