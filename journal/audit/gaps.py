"""Lines that are sealed and not there: dropped when their month was old enough, as a signed head says, or taken."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from journal.audit.seal import Head

LEAST_YEARS = 3
"""No month goes before (the floor of the retention): whatever a head says."""

_MARGIN = timedelta(hours=1)


@dataclass
class Gap:
    """What one seal lacks. *months*: those that its transactions may be of; *left*: those of the lines that are there."""

    months: tuple[str, ...]
    left: set[str] = field(default_factory=set)
    findings: list[str] = field(default_factory=list)


@dataclass
class Gaps:
    """All of them: which are excused is known when the last head is read, since it speaks of what is long gone."""

    dropped: dict[str, Any] = field(default_factory=dict)
    _all: list[Gap] = field(default_factory=list)
    _too_soon: list[str] = field(default_factory=list)

    def at(self, head: Head, before: Head | None) -> Gap:
        """The gap of this seal, to be filled in; what the head says of dropped months is remembered."""
        until = datetime.fromisoformat(head.sealed_at)
        for told in (head.renewed or {}).get("dropped", ()):
            year, month = map(int, told["month"].split("-"))
            # To the month: the database counts the days.
            if (until.year - year) * 12 + until.month - month > LEAST_YEARS * 12:
                self.dropped[told["month"]] = told
            else:
                self._too_soon.append(f"Måneden {told['month']} er slettet før den var {LEAST_YEARS} år gammel.")
        since = datetime.fromisoformat(before.sealed_at) - _MARGIN if before else None
        if self._all and not self._all[-1].findings:
            self._all.pop()
        self._all.append(Gap(_months(since, until)))
        return self._all[-1]

    def findings(self) -> list[str]:
        """What no dropped month explains."""
        return [said for gap in self._all if not self._excused(gap) for said in gap.findings] + self._too_soon

    def _excused(self, gap: Gap) -> bool:
        return any(month in self.dropped for month in gap.months) and not gap.left & self.dropped.keys()


def _months(since: datetime | None, until: datetime) -> tuple[str, ...]:
    """`2026-11`, by UTC as the months of the log are. The first seal of all may hold what is a month older than itself."""
    since = since or until - timedelta(days=31)
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    return tuple(f"{n // 12}-{n % 12 + 1:02}" for n in range(first, last + 1))
