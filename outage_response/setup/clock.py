"""The bench's own clock: whether its scheduler looks as often as an outage needs."""

import click

from outage_response.flows.paging import standstill


def warn() -> None:
	"""Say on the console of an install or a migrate that ringing would be late, and the way out. The setting is the bench's, read from
	its common settings alone when the scheduler starts: an app does not change it for the other sites."""
	text = standstill.slow_clock()
	if text:
		click.secho(f"Outage Response: {text}", fg="yellow")
