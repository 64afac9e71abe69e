"""What happened -> who follows, in this order, in the same transaction. The one place that knows all rooms."""

from collections.abc import Callable
from typing import Any

from .elevators import rescue_steps
from .paging import ringing
from .residents import page_cache
from .trouble import telephone_calls, tickets_follow
from .verb import events


def _ring(event: events.StepsMayRing) -> None:
	ringing.advance(event.incident, event.now, event.people)


def _residents_pages(event: events.Changed) -> None:
	page_cache.bump(event.incident.property)


def _record_of_people_in_the_elevator(event: events.StepDone) -> None:
	rescue_steps.on_step(
		event.act, event.task, event.step, event.outcome, event.people, by=event.by, who=event.who, how=event.how
	)


def _tickets_of_whoever_was_called(event: events.CallbackMade) -> None:
	tickets_follow.on_callback(event.act, event.callback, event.outcome, event.attempt)


def _a_call_of_its_own(event: events.StillDark) -> dict[str, Any]:
	return telephone_calls.keep_call(event.property, **event.said)


def _a_call_with_people_trapped(event: events.TrappedAfterTheEnd) -> dict[str, Any]:
	return telephone_calls.trapped_after_the_end(
		event.act, elevator=event.elevator, people=event.people, words=event.words
	)


FOLLOWS: dict[type, tuple[Callable[[Any], dict[str, Any] | None], ...]] = {
	events.Changed: (_residents_pages,),
	events.StepsMayRing: (_ring,),
	events.StepDone: (_record_of_people_in_the_elevator,),
	events.CallbackMade: (_tickets_of_whoever_was_called,),
	events.StillDark: (_a_call_of_its_own,),
	events.TrappedAfterTheEnd: (_a_call_with_people_trapped,),
}


def follow(event: Any) -> dict[str, Any]:
	"""Called by `verb.events.happened`. Answers what those who follow answer, joined. Raises KeyError for an event that nobody
	follows.
	"""
	answer: dict[str, Any] = {}
	for reaction in FOLLOWS[type(event)]:
		answer |= reaction(event) or {}
	return answer
