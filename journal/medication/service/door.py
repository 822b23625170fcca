"""Across the hospital door: the orders wait from when she goes or comes, until somebody confirms each or decides it anew."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from journal.medication import facts
from journal.medication.door_tables import CrossingAct, CrossingRow
from journal.medication.models import MedicationRequest, RequestPlan
from journal.medication.rules import MedicationLine, OrderStatus, insulin_text
from journal.medication.rules.door import LOOKS_BACK, Crossing, is_overdue, reconcile_before, why_not
from journal.medication.rules.reconciling import Kind
from journal.medication.service.door_setting import DoorSettings
from journal.medication.service.in_use import IN_USE, newest_versions
from journal.medication.service.reconciling import Reconciling
from journal.medication.service.rota import stands_in
from journal.medication.service.shown import dosage_of, group_flags, line_of, unsigned
from journal.medication.service.sources import Source
from journal.medication.service.stand_in import StandIns
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import Conflict, Invalid
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.service import on_patient
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts

_CROSS = Statement(
    sa.text(
        """SELECT medication.cross_door(:charts, :id, :kind, :stay_id, :place, :since, :before, s.id, s.name)
           FROM (VALUES (true)) AS once LEFT JOIN medication.stand_in_at(:unit_id, :before) s ON true"""
    ).bindparams(
        sa.bindparam("charts", type_=sa.ARRAY(sa.Uuid)), sa.bindparam("before", type_=sa.DateTime(timezone=True))
    )
)
_SEEN = "Listen er endret etter at du åpnet siden. Se hva som gjelder nå."


@dataclass(frozen=True)
class ListAfterCrossing:
    """How she last crossed the door, and how the list stands after it.

    `owner`: who answers for having it reconciled. `departed_at`: when she left for the hospital she is back from. `signed_by`:
    who signed the list as a whole, None while nobody has. `relationship_id`: the ground of `stand_in`, from when the limit passes.
    """

    patient_id: UUID
    id: UUID
    kind: Crossing
    place: str | None
    since: datetime
    departed_at: datetime | None
    recorded_by: str
    owner: str
    reconcile_before: datetime | None
    overdue: bool
    stand_in: str | None
    relationship_id: UUID | None
    signed_by: str | None
    signed_at: datetime | None

    @property
    def away(self) -> bool:
        return self.kind is Crossing.HOSPITAL

    @property
    def looks_back_to(self) -> datetime:
        """From when a list that was taken in is about this crossing."""
        return self.departed_at or self.since - LOOKS_BACK


class WaitingLine(NamedTuple):
    """An order that nobody has confirmed since. `version` travels with the act; `paused`: it goes on as paused."""

    request_entry_id: UUID
    version: int
    line: MedicationLine
    flags: tuple[tuple[str, str], ...]
    paused: bool


class Door(Reconciling, StandIns, DoorSettings):
    """No order goes on by itself: a nurse confirms what is alike, and a prescriber decides the rest."""

    @on_patient(Permission.CARE_READ)
    def cross_door(
        self, patient_id: UUID, kind: Crossing, *, since: datetime, stay_id: UUID | None = None, place: str = ""
    ) -> tuple[UUID, datetime | None]:
        """She goes or comes at `since`: from then on every order waits. Answers with the crossing's id, and the limit.

        For whoever moves the patient, who is shown nothing of her medicines by it and need not be allowed to see them.
        """
        crossing_id = new_id()
        before = reconcile_before(kind, since, self._door_choice().within_hours)
        others = [record for record in self.work.ids(patient_id) if record != patient_id]
        _CROSS.run(
            self.db,
            charts=[patient_id, *others],
            id=crossing_id,
            kind=kind.value,
            stay_id=stay_id,
            place=place or None,
            since=since,
            before=before,
            unit_id=self.work.actor.unit_id,
        )
        return crossing_id, before

    @on_patient(Permission.MEDICATION_READ)
    def never_crossed(self, patient_id: UUID, stay_id: UUID) -> None:
        """The stay or absence was a mistake, or was called off: what waited for it alone goes on as if nothing had been."""
        of_stay = self.work.chart(patient_id, CrossingRow), CrossingRow.stay_id == stay_id
        rows = self.db.scalars(sa.select(CrossingRow).where(*of_stay, CrossingRow.in_error_at.is_(None))).all()
        for row in rows:
            row.in_error_reason = phrase("Oppholdet eller fraværet er feilført eller avlyst.")
            plan = RequestPlan
            waiting = self.work.chart(patient_id, plan), plan.unconfirmed_since == row.since
            entries = self.db.scalars(sa.select(plan.request_entry_id).where(*waiting).with_for_update(key_share=True))
            self._let_go(patient_id, entries.all(), since=row.since)
            self._end_stand_in(row)
            self.work.publish(facts.DoorPassed(patient_id, row.id))

    @on_patient(Permission.MEDICATION_READ)
    def list_after_crossing(self, patient_id: UUID) -> ListAfterCrossing | None:
        """How the list stands since she last went or came; None when she never has."""
        return self.ask_list_after_crossing(patient_id).answer()

    @on_patient(Permission.MEDICATION_READ)
    def ask_list_after_crossing(self, patient_id: UUID) -> Asked[ListAfterCrossing | None]:
        """As list_after_crossing, for together(). One statement."""
        now = self.work.now
        return _standing().ask(
            self.db, lambda rows: _after(rows[0], now) if rows else None, ids=self.work.ids(patient_id), now=now
        )

    @on_patient(Permission.MEDICATION_READ)
    def waiting_lines(self, patient_id: UUID) -> list[WaitingLine]:
        """The orders in use that nobody has confirmed since, by name."""
        order, plan, day = MedicationRequest, RequestPlan, local_date(self.work.now)
        newest = newest_versions(self.work.chart(patient_id, order), order.__table__).subquery()
        key = sa.tuple_(newest.c.patient_id, newest.c.entry_id)
        of_plan = sa.tuple_(plan.patient_id, plan.request_entry_id) == key
        query = (
            sa.select(newest, unsigned(newest.c).label("unsigned"))
            .join(plan, of_plan)
            .where(newest.c.status.in_(list(IN_USE)), plan.unconfirmed_since <= self.work.now)
            .where(sa.or_(newest.c.ends_at.is_(None), newest.c.ends_at > self.work.now))
            .order_by(sa.func.lower(newest.c.generic_name), newest.c.entry_id)
        )
        return [_waiting(row, day) for row in self.db.execute(query)]

    @on_patient(Permission.MEDICATION_READ)
    def lists_that_came(self, patient_id: UUID, since: datetime) -> list[Source]:
        """The lists from elsewhere that were taken in since then, newest first."""
        return [source for source in self.sources(patient_id) if source.imported_at >= since]

    @on_patient(Permission.MEDICATION_READ)
    def lines_alike(self, patient_id: UUID, document_id: UUID) -> set[UUID]:
        """The orders that are alike in our list and in that one. Raises NotFound."""
        compared = self.comparison(patient_id, document_id)
        return {compared.ours[r.ours.key].entry_id for r in compared.rows if r.kind is Kind.EQUAL and r.ours}

    @on_patient(Permission.MEDICATION_IMPORT)
    def take_over_list(self, patient_id: UUID, crossing_id: UUID) -> None:
        """The actor answers for having the list reconciled from now on. Raises Conflict when that is done."""
        self._write_act(self._open_crossing(patient_id, crossing_id), "taken_over")
        self.work.publish(facts.ListTakenOver(patient_id, crossing_id))

    @on_patient(Permission.MEDICATION_IMPORT)
    def confirm_lines(
        self,
        patient_id: UUID,
        crossing_id: UUID,
        *,
        lines: Mapping[UUID, int],
        said_by: str = "",
        document_id: UUID | None = None,
    ) -> None:
        """Signs that these orders go on as they were; each with the version that was seen.

        By a list from elsewhere (`document_id`), of what is alike in it; or by what the hospital said: then `said_by` is who.
        A prescriber may confirm any of them. When nothing waits after it, the list is reconciled. Raises Conflict when the
        list has changed or is reconciled, or a line is a prescriber's to decide, Invalid when nobody is named.
        """
        after = self._open_crossing(patient_id, crossing_id)
        if not lines:
            raise Invalid("Velg minst ett legemiddel å bekrefte.")
        prescriber = self.work.actor.may(Permission.MEDICATION_PRESCRIBE)
        if document_id is None and not said_by.strip() and not prescriber:
            raise Invalid(errors={"said_by": ["Skriv hvem på sykehuset som har sagt at legemidlene er uendret."]})
        self._lock_waiting(patient_id, lines)
        waiting = {line.request_entry_id: line for line in self.waiting_lines(patient_id)}
        if any(entry_id not in waiting or waiting[entry_id].version != seen for entry_id, seen in lines.items()):
            raise Conflict(_SEEN)
        newer = self._lists_unsettled(patient_id, after)
        equal = self.lines_alike(patient_id, document_id) if document_id else None
        for entry_id in lines:
            alike = entry_id in equal if equal is not None else None
            refused = why_not(away=after.away, prescriber=prescriber, equal=alike, newer_list=bool(newer))
            if refused is not None:
                raise Conflict(refused)
        seen = [
            {"request_entry_id": str(of), "version": seen, "text": str(waiting[of].line)} for of, seen in lines.items()
        ]
        basis = said_by.strip() or (None if document_id else self.work.actor.name)
        self._write_act(after, "confirmed", lines=seen, said_by=basis, document_id=document_id)
        self._let_go(patient_id, lines)
        if len(lines) == len(waiting) and not self._differs(patient_id, newer):
            self._sign_list(patient_id, after)

    @on_patient(Permission.MEDICATION_IMPORT)
    def settle_list(self, patient_id: UUID, crossing_id: UUID) -> None:
        """Signs that the list is reconciled as a whole. Raises Conflict while an order waits, and for who may not
        prescribe while a list that came differs from ours.
        """
        after = self._open_crossing(patient_id, crossing_id)
        if after.away:
            raise Conflict("Pasienten er på sykehus. Listen samstemmes når pasienten er tilbake.")
        if self.waiting_lines(patient_id):
            raise Conflict("Det er legemidler som ingen har bekreftet. Bekreft dem, eller be legen om å bestemme.")
        prescriber, newer = (
            self.work.actor.may(Permission.MEDICATION_PRESCRIBE),
            self._lists_unsettled(patient_id, after),
        )
        if not prescriber and self._differs(patient_id, newer):
            raise Conflict("Listen som har kommet, er ulik vår. En lege må samstemme den først.")
        self._sign_list(patient_id, after)

    def _open_crossing(self, patient_id: UUID, crossing_id: UUID) -> ListAfterCrossing:
        """The crossing that the list waits after. Raises Conflict when it is another by now, or reconciled."""
        after = self.list_after_crossing(patient_id)
        if after is None or after.id != crossing_id:
            raise Conflict(_SEEN)
        if after.signed_by is not None:
            raise Conflict(phrase("%(name)s har alt signert at listen er samstemt.", name=after.signed_by))
        return after

    def _lists_unsettled(self, patient_id: UUID, after: ListAfterCrossing) -> list[Source]:
        return [each for each in self.lists_that_came(patient_id, after.looks_back_to) if not each.is_settled]

    def _write_act(self, after: ListAfterCrossing, act: str, **said: Any) -> bool:
        """Whether it was written: a list is signed as a whole once."""
        row = {"patient_id": after.patient_id, "id": new_id(), "crossing_id": after.id, "act": act, **said}
        write = insert(CrossingAct).values(**row).on_conflict_do_nothing().returning(CrossingAct.id)
        return self.db.scalar(write) is not None

    def _lock_waiting(self, patient_id: UUID, lines: Collection[UUID]) -> None:
        """A prescriber who decides one of them is let finish first, and what she decided is then seen."""
        of_these = RequestPlan.request_entry_id == sa.any_(sa.literal(list(lines), sa.ARRAY(sa.Uuid)))
        plans = sa.select(RequestPlan.request_entry_id).where(self.work.chart(patient_id, RequestPlan), of_these)
        self.db.execute(plans.order_by(RequestPlan.request_entry_id).with_for_update(key_share=True))

    def _differs(self, patient_id: UUID, lists: Collection[Source]) -> bool:
        """Whether one of these lists says anything else than ours."""
        return any(self.comparison(patient_id, source.id).to_choose for source in lists)

    def _sign_list(self, patient_id: UUID, after: ListAfterCrossing) -> None:
        if not self._write_act(after, "reconciled"):
            raise Conflict("En annen har signert at listen er samstemt. Last siden på nytt.")
        self._end_stand_in(after)
        self.work.publish(facts.DoorPassed(patient_id, after.id))

    def _end_stand_in(self, crossing: CrossingRow | ListAfterCrossing) -> None:
        if (before := crossing.reconcile_before) is not None:
            self._end_stand_ins(crossing.patient_id, crossing.relationship_id, before, crossing_id=crossing.id)


def _waiting(row: Any, day: date) -> WaitingLine:
    flags = group_flags(row.prescription_group, row.high_risk, row.unsigned)
    if insulin := insulin_text(row.atc_code):
        flags += (("neutral", insulin),)
    line = line_of(row, dosage_of(row), day)
    return WaitingLine(row.entry_id, row.version, line, flags, row.status == OrderStatus.ON_HOLD)


@cache
def _standing() -> Statement:
    """The newest crossing that has begun and is no mistake, with what was done with the list since. Takes ids and now."""
    row, left = CrossingRow, aliased(CrossingRow)
    begun = in_charts(row), row.in_error_at.is_(None), row.since <= sa.bindparam("now")
    newest = sa.select(row).where(*begun).order_by(row.since.desc(), row.recorded_at.desc()).limit(1).subquery()

    def act(name: str, said: Any) -> Any:
        of = sa.tuple_(CrossingAct.patient_id, CrossingAct.crossing_id) == sa.tuple_(newest.c.patient_id, newest.c.id)
        done = sa.select(said).where(of, CrossingAct.act == name, CrossingAct.in_error_at.is_(None))
        return done.order_by(CrossingAct.recorded_at.desc()).limit(1).scalar_subquery()

    gone = in_charts(left), left.kind == Crossing.HOSPITAL.value, left.in_error_at.is_(None)
    return Statement(
        sa.select(
            newest,
            stands_in(newest.c.unit_id, newest.c.reconcile_before).label("stands_in"),
            act("taken_over", CrossingAct.recorded_by_name).label("taken_by"),
            act("reconciled", CrossingAct.recorded_by_name).label("signed_by"),
            act("reconciled", CrossingAct.recorded_at).label("signed_at"),
            sa.select(sa.func.max(left.since)).where(*gone).scalar_subquery().label("left_at"),
        )
    )


def _after(row: Any, now: datetime) -> ListAfterCrossing:
    kind = Crossing(row.kind)
    return ListAfterCrossing(
        patient_id=row.patient_id,
        id=row.id,
        kind=kind,
        place=row.place,
        since=row.since,
        departed_at=row.left_at if kind is Crossing.RETURN else None,
        recorded_by=row.recorded_by_name,
        owner=row.taken_by or row.recorded_by_name,
        reconcile_before=row.reconcile_before,
        overdue=row.signed_by is None and is_overdue(row.reconcile_before, now),
        stand_in=row.stands_in,
        relationship_id=row.relationship_id,
        signed_by=row.signed_by,
        signed_at=row.signed_at,
    )
