"""The charts in which somebody has signed something, and which she has no other ground for any more (decision 0040)."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.permissions import Permission
from journal.platform.service import Service, on_patients, without_patient
from journal.platform.statement import Statement
from journal.platform.work import Work

_CHARTS = Statement(sa.text("SELECT patient_id, until FROM access.own_charts()"))
_WHOSE = Statement(sa.text("SELECT patient_id, given_name, family_name, birth_year FROM access.whose_own(:ids)"))


class Whose(NamedTuple):
    """Whom a chart is about, as far as it takes to know whom one wrote of."""

    patient_id: UUID
    given_name: str
    family_name: str
    birth_year: int | None


def own_until(work: Work) -> dict[UUID, datetime]:
    """Until when whoever acts may read what she has signed herself, by the leading record of each patient. One statement."""
    return {row.patient_id: row.until for row in _CHARTS.rows(work.db)}


class OwnCharts(Service):
    """Of whoever asks, in the employment she acts in."""

    @without_patient(Permission.CHART_OWN)
    def all(self) -> dict[UUID, datetime]:
        """The patients, and until when; the one whose ground ended last comes first, and at most fifty."""
        return own_until(self.work)

    @on_patients(Permission.CHART_OWN)
    def whose(self, patient_ids: Collection[UUID]) -> list[Whose]:
        """Who they are. One statement."""
        return [Whose(*row) for row in _WHOSE.rows(self.db, ids=list(patient_ids))]
