"""Through a gate, or kept out; whoever passes over what keeps it closed says why."""

from outage_response.domain import gates

from ..tasks import task_words
from ..verb.engine import Act, is_general_manager


def pass_gate(act: Act, gate: str, closed_by: list, override_reason: str | None) -> None:
	"""Through the gate, or GateClosed; an override is on the timeline with everything it passed over."""
	reason = (override_reason or "").strip()
	gates.pass_gate(gate, closed_by, override_reason=reason, may_override=is_general_manager())
	if closed_by:
		act.record("gate_overridden", {"count": len(closed_by), "reason": reason, **task_words.titles(closed_by)})
