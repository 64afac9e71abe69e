"""The times of a planned outage and of an expected restoration."""

import itertools
from collections.abc import Iterable
from datetime import datetime

from .errors import RuleError, _
from .states import PlannedBy


def require_planned_times(planned_by: str, start: datetime | None, end: datetime | None) -> None:
	"""A planned outage says who plans it, and ends after it starts."""
	if planned_by not in (PlannedBy.SUPPLIER, PlannedBy.PROPERTY):
		raise RuleError(_("Planned By: a planned outage says whether the supplier or the property plans it."))
	if not start or not end:
		raise RuleError(_("Planned Start, Planned End: a planned outage needs both times."))
	if end <= start:
		raise RuleError(_("Planned End: must lie after Planned Start. Correct one of the two."))


def require_windows_apart(windows: Iterable[tuple[datetime, datetime]]) -> None:
	"""The parts of one planned outage, as (start, end), follow one another."""
	ordered = sorted(windows)
	for (_start, end), (start, its_end) in itertools.pairwise(ordered):
		if start < end:
			raise RuleError(
				_("Further Windows: {start} to {end} overlaps another one. Correct the times."),
				start=start.strftime("%Y-%m-%d %H:%M"),
				end=its_end.strftime("%Y-%m-%d %H:%M"),
			)


def require_reason(reason: str) -> None:
	"""Residents read in the notice what planned work is for."""
	if not reason.strip():
		raise RuleError(
			_("Reason of the Work: say what the supply is switched off for. Residents read it in the notice.")
		)


def require_etr(etr: datetime | None, at: datetime) -> None:
	"""An expected time of restoration lies ahead."""
	if etr is not None and etr <= at:
		raise RuleError(
			_("ETR: {etr} has already passed. Give a time ahead, or none."), etr=etr.strftime("%Y-%m-%d %H:%M")
		)
