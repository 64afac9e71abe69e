"""Plans of the site beside those that the app ships; which of them is in force."""

from typing import Any

from outage_response.flows.plans import newer_plans, plan_approval
from outage_response.flows.verb.refusals import translated
from outage_response.permissions import require_read, require_right

from .endpoints import endpoint
from .reached import reading


@reading
def get_plan_difference(plan: str) -> dict[str, Any]:
	"""See `flows.plans.newer_plans.compare`."""
	require_read("Outage Plan", plan)
	return newer_plans.compare(plan)


@reading
def get_plan_losses(plan: str) -> dict[str, Any]:
	"""See `flows.plans.plan_approval.read_losses`."""
	require_right("write", "Outage Plan", plan)
	return plan_approval.read_losses(plan)


@endpoint
def take_over_plan(plan: str) -> dict[str, str | int]:
	"""See `flows.plans.newer_plans.take_over`."""
	require_right("write", "Outage Plan", plan)
	return newer_plans.take_over(plan)


@endpoint
def put_plan_in_force(plan: str) -> dict[str, Any]:
	"""See `flows.plans.plan_approval.put_in_force`."""
	require_right("write", "Outage Plan", plan)
	with translated():
		return plan_approval.put_in_force(plan)
