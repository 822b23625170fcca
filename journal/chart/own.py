"""What somebody has signed herself, after the ground she signed it by has ended: put together of what the contexts answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from journal.access import OwnCharts, Whose
from journal.medication import OwnSignatures
from journal.notes import Notes
from journal.permissions import Permission
from journal.platform.service import Service, without_patient


@dataclass(frozen=True)
class OwnChart:
    """A patient she wrote of, and what she wrote, the newest first, each with effective_at, recorded_at, title and text.
    *until*: how long she may read it."""

    whose: Whose
    until: datetime
    entries: list[Any]


class OwnEntries(Service):
    """Of whoever asks."""

    @without_patient(Permission.CHART_OWN)
    def all(self) -> list[OwnChart]:
        """Every patient is a line in the log. Five statements, however many there are."""
        charts = OwnCharts(self.work).all()
        if not charts:
            return []
        self.work.open(Permission.CHART_OWN, list(charts))
        whose = {one.patient_id: one for one in OwnCharts(self.work).whose(list(charts))}
        leading, of = self.work.linked(list(charts)), dict[UUID, list[Any]]()
        entries: Iterable[Any] = chain(
            Notes(self.work).own(list(charts)), OwnSignatures(self.work).signed(list(charts))
        )
        for entry in entries:
            of.setdefault(leading[entry.patient_id], []).append(entry)
        newest = {p: sorted(entries, key=lambda one: one.effective_at, reverse=True) for p, entries in of.items()}
        return [OwnChart(whose[p], until, newest[p]) for p, until in charts.items() if p in newest]
