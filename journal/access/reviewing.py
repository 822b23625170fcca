"""Looking over who opened a chart with a reason: by her leader, and by those who answer for the municipality when it is late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from journal.access import justified_rules as rules
from journal.access.justified_rules import Outcome, Reason
from journal.access.justified_tables import JustifiedReview, JustifiedWords, Notice
from journal.permissions import Permission, Role
from journal.platform.errors import Conflict, Denied, NotFound
from journal.platform.service import Service, on_patient, without_patient
from journal.platform.statement import Statement

WINDOW = timedelta(
    days=30
)  # of what is settled and told; what waits is there until somebody has looked, and told the patient
MOST = 300

# Of one's own units, also where the chart is open and shows those of others. What waits stands first, the most pressing on top.
_OF_UNITS = Statement(
    sa.text(
        """
    SELECT j.id, j.patient_id, j.recorded_by AS reader_id, j.recorded_by_name AS reader, j.recorded_role AS role, j.reason,
        j.recorded_at AS at, j.valid_until AS until, j.review_before, j.in_an_hour, j.too_many,
        n.told_how, n.told_at, n.told_by_name AS teller, u.name AS unit,
        j.recorded_by = audit.acting_person() AS mine, oversight.barred(audit.acting_person(), j.recorded_by) AS barred,
        v.outcome, v.recorded_by_name AS reviewer, v.recorded_at AS reviewed_at, coalesce(v.version, 0) AS version
    FROM access.justified_access j
    JOIN municipalities.unit u ON (u.municipality_id, u.id) = (j.municipality_id, j.unit_id)
    LEFT JOIN access.notice n ON (n.patient_id, n.access_id) = (j.patient_id, j.id)
    LEFT JOIN LATERAL (SELECT * FROM access.justified_review w WHERE w.access_id = j.id ORDER BY w.version DESC LIMIT 1) v ON true
    WHERE j.unit_id = ANY ((SELECT audit.acting_units())::uuid[]) AND (CAST(:only AS uuid) IS NULL OR j.id = :only)
      AND (j.id = :only OR j.recorded_at >= :since OR n.told_at IS NULL OR coalesce(v.outcome, 'ask-manager') = 'ask-manager')
      AND (NOT :late OR j.review_before <= :now AND coalesce(v.outcome, 'ask-manager') = 'ask-manager')
    ORDER BY coalesce(v.outcome, 'ask-manager') <> 'ask-manager', j.too_many DESC, j.review_before, j.id
    LIMIT :most
    """
    )
)
_KINDS = Statement(sa.text("SELECT access_id, category, looks FROM access.opened_kinds(:asked)"))
_ELSEWHERE = Statement(sa.text("SELECT * FROM access.justified_elsewhere(:since)"))
_WHOSE = Statement(
    sa.text(
        "SELECT p.family_name, p.given_name, extract(year FROM p.birth_date)::int AS birth_year FROM patients.patient p"
        " WHERE p.patient_id = ANY (:ids) LIMIT 1"
    )
)


@dataclass(frozen=True)
class Reviewed:
    """An access to look over: who, when, why, until when, and how many looks into each part of the chart. Nothing of what was read.

    *mine*: the reader's own; *barred*: this too, or of her leader or her family: another must look it over. *late*: the clock has
    run out. *told_how*: how the patient got to know (rules.TOLD), None while nobody has told her.
    """

    id: UUID
    patient_id: UUID
    reader: str
    role: str
    unit: str
    reason: Reason
    at: datetime
    until: datetime
    review_before: datetime
    in_an_hour: int
    too_many: bool
    outcome: Outcome | None
    reviewer: str | None
    reviewed_at: datetime | None
    version: int
    told_how: str | None
    told_at: datetime | None
    teller: str | None
    kinds: tuple[tuple[str, int], ...]
    mine: bool
    barred: bool
    late: bool

    @property
    def arrival(self) -> bool:
        """Whether she took the patient in: what that opened has no end of its own."""
        return rules.REASONS[self.reason].arrival

    @property
    def waits(self) -> bool:
        return self.outcome not in rules.SETTLED


@dataclass(frozen=True)
class Elsewhere:
    """What another municipality opened with a reason, of somebody that ours writes about."""

    id: UUID
    patient_id: UUID
    municipality: str
    role: str
    reason: Reason
    at: datetime
    until: datetime


@dataclass(frozen=True)
class WhyOpened:
    """Whose chart it was, and what was written of why; None where a reason of the list says it, or it is erased."""

    name: str
    birth_year: int | None
    text: str | None
    access: Reviewed


class Reviews(Service):
    """The queue of a leader: her units' of the last 30 days. For those who answer for the municipality, what is late alone."""

    @without_patient(Permission.ACCESS_REVIEW)
    def queue(self) -> list[Reviewed]:
        """What waits first, the most pressing on top; then what is settled. Three statements, however many there are."""
        self.work.note(Permission.ACCESS_REVIEW)
        rows = self._asked(late=self.work.actor.role != Role.UNIT_MANAGER)
        kinds: dict[UUID, list[tuple[str, int]]] = {}
        for found in _KINDS.rows(self.db, asked=[row.id for row in rows]):
            kinds.setdefault(found.access_id, []).append((found.category, found.looks))
        return [self._reviewed(row, kinds.get(row.id, [])) for row in rows]

    @without_patient(Permission.ACCESS_REVIEW)
    def waiting(self) -> int:
        """How many wait for whoever is signed in."""
        rows = self._asked(late=self.work.actor.role != Role.UNIT_MANAGER)
        found = [self._reviewed(row, []) for row in rows]
        return sum(one.waits and not one.barred for one in found)

    @without_patient(Permission.ACCESS_REVIEW)
    def decide(self, access_id: UUID, outcome: Outcome, *, version: int) -> None:
        """Writes down what she came to; *version* is the newest answer that was seen, 0 for none.

        Raises NotFound for one of another unit, Denied for her own, her leader's or her family's, Conflict when another did it.
        """
        row = self._one(access_id)
        self.work.note(Permission.ACCESS_REVIEW, row.patient_id)
        if row.mine:
            raise Denied("Du kan ikke gå gjennom din egen tilgang. Lederen over deg må gjøre det.")
        if row.barred:
            raise Denied("Du kan ikke gå gjennom tilgangen til en leder eller en nær slektning. En annen må gjøre det.")
        told = {"access_id": access_id, "reader_id": row.reader_id, "version": version + 1, "outcome": outcome.value}
        write = insert(JustifiedReview).values(**told).on_conflict_do_nothing().returning(JustifiedReview.version)
        if row.version != version or self.db.scalar(write) is None:
            raise Conflict("En annen har gått gjennom tilgangen etter at du åpnet siden. Se hva som gjelder nå.")

    @without_patient(Permission.AUDIT_READ)
    def elsewhere(self) -> list[Elsewhere]:
        """What other municipalities' people opened with a reason the last 30 days, of those we write about. At most 500."""
        self.work.note(Permission.AUDIT_READ)
        return [
            Elsewhere(row.id, row.patient_id, row.municipality_name, row.role, Reason(row.reason), row.at, row.until)
            for row in _ELSEWHERE.rows(self.db, since=self.work.now - WINDOW)
        ]

    @on_patient(Permission.ACCESS_REASON)
    def why(self, patient_id: UUID, access_id: UUID) -> WhyOpened:
        """Whose it was and what was written of why, for her who looks it over: a look of its own in the log. Raises NotFound."""
        row = self._one(access_id)
        if row.patient_id not in self.work.ids(patient_id):
            raise NotFound("Tilgangen finnes ikke i enhetene dine.")
        # Her own people, as the list has them: also where the address is protected, and on the paper that tells the patient.
        self.work.knows(row.reader, row.unit)
        person = _WHOSE.one(self.db, ids=[row.patient_id])
        words = sa.select(JustifiedWords.text).where(
            self.work.chart(patient_id, JustifiedWords), JustifiedWords.access_id == access_id
        )
        name = f"{person.given_name} {person.family_name}"
        kinds = [(found.category, found.looks) for found in _KINDS.rows(self.db, asked=[access_id])]
        return WhyOpened(name, person.birth_year, self.db.scalar(words), self._reviewed(row, kinds))

    @on_patient(Permission.ACCESS_REASON)
    def tell(self, patient_id: UUID, access_id: UUID, how: str) -> None:
        """Writes down that the patient, or whoever stands for her, has been told of it. Raises NotFound; Conflict when she was."""
        row = self._one(access_id)
        if row.patient_id not in self.work.ids(patient_id):
            raise NotFound("Tilgangen finnes ikke i enhetene dine.")
        untold = self.work.chart(patient_id, Notice), Notice.access_id == access_id, Notice.told_at.is_(None)
        told: Any = self.db.execute(sa.update(Notice).where(*untold).values(told_how=how))
        if not told.rowcount:
            raise Conflict("Pasienten har allerede fått beskjed. Se hvem som ga den.")

    def _asked(self, *, only: UUID | None = None, late: bool = False) -> list[Any]:
        since = self.work.now - WINDOW
        return _OF_UNITS.rows(self.db, only=only, late=late, since=since, now=self.work.now, most=MOST)

    def _one(self, access_id: UUID) -> Any:
        for row in self._asked(only=access_id):
            return row
        raise NotFound("Tilgangen finnes ikke i enhetene dine.")

    def _reviewed(self, row: Any, kinds: list[tuple[str, int]]) -> Reviewed:
        told = row._asdict()
        del told["reader_id"]
        outcome = told.pop("outcome")
        order = list(rules.KINDS)
        known = sorted(((k, n) for k, n in kinds if k in rules.KINDS), key=lambda kind: order.index(kind[0]))
        return Reviewed(
            **{**told, "reason": Reason(row.reason)},
            outcome=Outcome(outcome) if outcome else None,
            kinds=tuple(known),
            late=row.review_before <= self.work.now,
        )
