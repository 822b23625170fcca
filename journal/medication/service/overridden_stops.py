"""The stops that were gone past, counted month by month: for whoever answers for what the journal interrupts with."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

import sqlalchemy as sa

from journal.medication.rules.safety import Rule
from journal.medication.rules.safety.counted import GOAL, per_cent
from journal.permissions import Permission
from journal.platform.clock import day_bounds, local_date
from journal.platform.service import Service, without_patient
from journal.platform.statement import Statement

_COUNTED = Statement(sa.text("SELECT month, rule, times, orders FROM medication.overridden_stops(:since)"))
_MONTHS = 12


@dataclass(frozen=True)
class MonthOfStops:
    """A month (its first day): the orders and changes that were signed, how many of them went past a stop, and which rules
    stopped, the most frequent first. Those that were given up at a stop are nowhere."""

    month: date
    orders: int
    stopped: int
    by_rule: tuple[tuple[Rule, int], ...]

    @property
    def per_cent(self) -> Decimal:
        return per_cent(self.stopped, self.orders)

    @property
    def too_often(self) -> bool:
        return self.per_cent > GOAL


class OverriddenStops(Service):
    """Counts of the municipality one acts for: no chart is opened."""

    @without_patient(Permission.MEDICATION_APPOINT)
    def overridden_stops(self) -> list[MonthOfStops]:
        """This month and the eleven before it, the newest first; a month without orders is left out."""
        first = local_date(self.work.now).replace(day=1)
        for _ in range(_MONTHS - 1):
            first = (first - timedelta(days=1)).replace(day=1)
        rows = _COUNTED.rows(self.db, since=day_bounds(first)[0])
        months = []
        for month, of_month in groupby(rows, lambda row: row.month):
            counted = {row.rule: row for row in of_month}
            whole = counted.pop(None)
            by_rule = tuple((Rule(rule), row.times) for rule, row in counted.items())
            months.append(MonthOfStops(month, whole.orders, whole.times, by_rule))
        return months
