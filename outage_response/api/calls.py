"""The calls of customer service: the queue, whose call it is, what became of it, who has not been reached."""

from typing import Any

from outage_response.flows.callbacks import call_queue

from .endpoints import endpoint
from .reached import reading


@reading
def get_calls(incident: str | None = None) -> list[dict[str, Any]]:
	"""See `flows.callbacks.call_queue.queue`."""
	return call_queue.queue(incident)


@reading
def get_unreached(incident: str) -> list[dict[str, Any]]:
	"""See `flows.callbacks.call_queue.unreached`."""
	return call_queue.unreached(incident)


claim_call = endpoint(call_queue.claim_call)
log_told = endpoint(call_queue.log_told)
