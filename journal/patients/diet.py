"""What the kitchen of a unit must know of those who eat there, and nothing else of them.

Sources: pasientjournalloven § 19 and helsepersonelloven § 25 (staff who help learn what the help needs); forskrift om kvalitet i
pleie- og omsorgstjenestene § 3 (a varied and health-promoting diet). What is coded as a medicine is left out; what is written in
words is shown, since it may be food.
"""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from journal.permissions import Permission
from journal.platform.service import Service, on_patients, without_patient
from journal.platform.statement import Statement

_STAYING = Statement(
    sa.text(
        "SELECT patient_id, unit_name, room FROM access.staying_here() ORDER BY unit_name, room, patient_id LIMIT :most"
    )
)
_DIETS = Statement(sa.text("SELECT patient_id, name, avoids, none_known, swallowing FROM patients.diets(:asked)"))

MOST = 400
"""So many are shown on a page: more than the largest institution."""


class Avoided(NamedTuple):
    """What must not be eaten. *kind*: allergy or intolerance."""

    substance: str
    kind: str
    severe: bool


class Eater(NamedTuple):
    """*name* None: protected. *asked*: whether anybody has asked about allergies."""

    unit_name: str
    room: str | None
    name: str | None
    avoids: tuple[Avoided, ...]
    swallowing: tuple[str, ...]
    asked: bool


class Diets(Service):
    """Of those who stay in the units of whoever asks and are not away. Each of them has a line in the log."""

    @without_patient(Permission.CHART_DIET)
    def here(self) -> list[Eater]:
        """By unit and room, at most MOST; three statements, however many. Who has closed the whole record to her is not there."""
        staying = {row.patient_id: row for row in _STAYING.rows(self.db, most=MOST)}
        diets = {row.patient_id: row for row in self._diets(list(staying))} if staying else {}
        return [_eater(row, diets[patient_id]) for patient_id, row in staying.items()]

    @on_patients(Permission.CHART_DIET)
    def _diets(self, patient_ids: Collection[UUID]) -> list[Any]:
        return _DIETS.rows(self.db, asked=list(patient_ids))


def _eater(stay: Any, diet: Any) -> Eater:
    avoids = tuple(Avoided(**one) for one in diet.avoids or ())
    return Eater(stay.unit_name, stay.room, diet.name, avoids, tuple(diet.swallowing), diet.none_known)
