"""The calls of customer service: the queue, whose call it is, what became of it, who has not been reached."""

from typing import Any

from outage_response.flows.callbacks import call_queue

from .reached import reading
from .staff import endpoint


@reading
def get_calls(incident: str | None = None) -> list[dict[str, Any]]:
	"""See `flows.callbacks.call_queue.queue`."""
	return call_queue.queue(incident)


@reading
def get_unreached(incident: str) -> list[dict[str, Any]]:
	"""See `flows.callbacks.call_queue.unreached`."""
	return call_queue.unreached(incident)


@endpoint
def claim_call(doctype: str, name: str) -> dict[str, Any]:
	"""See `flows.callbacks.call_queue.claim_call`."""
	return call_queue.claim_call(doctype, name)


@endpoint
def log_told(
	delivery: str,
	outcome: str,
	note: str | None = None,
	occurred_at: str | None = None,
	request_id: str | None = None,
) -> dict[str, Any]:
	"""See `flows.callbacks.call_queue.log_told`."""
	return call_queue.log_told(delivery, outcome, note, occurred_at=occurred_at, request_id=request_id)
