"""Plans of the site beside those that the app ships."""

from typing import Any

from outage_response.flows import shipped_plans
from outage_response.permissions import require_read, require_write

from .reached import reading
from .staff import endpoint


@reading
def get_plan_difference(plan: str) -> dict[str, Any]:
	"""See `flows.shipped_plans.compare`."""
	require_read("Outage Plan", plan)
	return shipped_plans.compare(plan)


@endpoint
def take_over_plan(plan: str) -> dict[str, str]:
	"""See `flows.shipped_plans.take_over`."""
	require_write("Outage Plan", plan)
	return shipped_plans.take_over(plan)
