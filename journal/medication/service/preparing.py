"""What lies ready for a patient, and laying in a dosett; what those who take in a roll begin with too."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.errors import AlreadyPrepared, BagChanged, PreparedByYourself, PreparedChecked
from journal.medication.facts import LaidInUnaccounted
from journal.medication.models import MedicationRequest, RequestPlan
from journal.medication.prepared_tables import Prepared, PreparedCheck, PreparedLine
from journal.medication.rules import OrderStatus, strength_in_words
from journal.medication.rules.authority import Act
from journal.medication.rules.prepared import LAID_IN, Outcome, PreparedKind
from journal.medication.rules.supply import may_come_from
from journal.medication.service.course import course_of
from journal.medication.service.in_use import newest_versions
from journal.medication.service.may_give import OWN
from journal.medication.service.planning import Expansion, rows_of
from journal.medication.service.prepared_shown import LINES, Bag, PreparedThing, bags_of, things_of
from journal.medication.service.rows import as_lists, insert_rows
from journal.medication.service.settings import choices_of
from journal.medication.service.shown import dosage_of
from journal.medication.service.signing import Signing
from journal.permissions import Permission
from journal.platform.clock import day_bounds, spoken
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient
from journal.platform.statement import Statement

WEEK = timedelta(days=6)
_SHOWN_BACK, _SHOWN_AHEAD = timedelta(days=14), timedelta(days=42)
_COLUMNS: dict[str, Any] = {
    "patient_id": sa.Uuid(),
    "id": sa.Uuid(),
    "prepared_id": sa.Uuid(),
    "due_at": sa.DateTime(timezone=True),
    "medicine": sa.Text(),
    "amount": sa.Numeric(),
    "unit": sa.Text(),
    "request_entry_id": sa.Uuid(),
    "request_version": sa.Integer(),
}


class ToLayIn(NamedTuple):
    """One medicine of one compartment, as the order wants it."""

    due_at: datetime
    medicine: str
    amount: Quantity
    request_entry_id: UUID
    request_version: int
    is_controlled: bool


class Preparing(Signing):
    """What is made ready is its own record: a new version of it is a correction, and nothing of it is worked out anew."""

    @on_patient(Permission.MEDICATION_READ)
    def prepared(self, patient_id: UUID) -> tuple[PreparedThing, ...]:
        """What lies ready, and what did the last two weeks, earliest first. One statement."""
        now = self.work.now
        around = {"start": now - _SHOWN_BACK, "end": now + _SHOWN_AHEAD}
        return things_of(LINES.rows(self.db, ids=self.work.ids(patient_id), **around), now)

    @on_patient(Permission.MEDICATION_READ)
    def bags(self, patient_id: UUID, *, start: datetime, end: datetime) -> list[Bag]:
        """The bags and compartments for these times. One statement."""
        rows = LINES.rows(self.db, ids=self.work.ids(patient_id), start=start, end=end)
        return bags_of(rows, self.work.now)

    @on_patient(Permission.MEDICATION_READ)
    def to_lay_in(
        self, patient_id: UUID, starts_on: date, *, kind: PreparedKind = PreparedKind.DOSETT, days: timedelta = WEEK
    ) -> list[ToLayIn]:
        """What the orders want in each compartment from this day for a week, from now on: those that come from this supply.

        What is paused or waits at the hospital door is left out, what cannot lie ready too, and a course that is counted by the
        doses given: which of its doses is the last one, nobody knows a week ahead.
        """
        start, end = max(self.work.now, day_bounds(starts_on)[0]), day_bounds(starts_on + days)[1]
        plan, own = RequestPlan, self._orders(patient_id)
        since = sa.select(plan.unconfirmed_since).where(
            plan.patient_id == own.patient_id, plan.request_entry_id == own.entry_id
        )
        wanted = sa.select(own, since.correlate(own).scalar_subquery()).where(_comes_from(own, kind))
        found = [(one, at) for one, at in self.db.execute(wanted) if course_of(one) is None and _fits(one)]
        choices = choices_of(self.db, {one.municipality_id for one, _ in found}) if found else {}
        made = [
            ToLayIn(
                row["due_at"],
                medicine_text(one),
                Quantity(row["amount"], row["unit"]),
                one.entry_id,
                one.version,
                one.prescription_group in ("A", "B"),
            )
            for one, held_from in found
            for row in rows_of(Expansion(one, start, end, choices.get(one.municipality_id, ()), held_from=held_from))
            if row["state"] == "open"
        ]
        return sorted(made, key=lambda line: (line.due_at, line.medicine))

    @on_patient(Permission.MEDICATION_READ)
    def never_laid_in(self, patient_id: UUID) -> list[str]:
        """What is ordered from a dosett and cannot lie in one, by name: what an older order or another's list said of it."""
        own = self._orders(patient_id)
        found = self.db.scalars(sa.select(own).where(_comes_from(own, PreparedKind.DOSETT)))
        return sorted(medicine_text(one) for one in found if not _fits(one))

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def lay_in(
        self,
        patient_id: UUID,
        starts_on: date,
        *,
        seen: Mapping[UUID, int],
        left_out: Collection[UUID] = (),
        kind: PreparedKind = PreparedKind.DOSETT,
        days: timedelta = WEEK,
    ) -> UUID:
        """Stores that a dosett was laid in for the week from this day as the orders are now; answers with its id. So with a
        dispenser, for its days.

        `seen`: the orders and versions that the page showed; `left_out`: those of them that were not laid in. One that was laid
        in for the same week is corrected by it. Raises BagChanged when the orders have changed since, AlreadyPrepared when
        another week overlaps, NoAuthority, and Invalid when nothing is laid in.

        What is accounted for is withdrawn: from where it is taken else; what was laid in before for this week is put back.
        Where that cannot be known, somebody is asked to write it (LaidInUnaccounted).
        """
        self._require(patient_id, self._hold_orders(patient_id), frozenset({Act.PREPARE}))
        lines = self.to_lay_in(patient_id, starts_on, kind=kind, days=days)
        if {line.request_entry_id: line.request_version for line in lines} != dict(seen):
            raise BagChanged("Legemiddellisten er endret mens du la opp. Se hva som gjelder nå, og rett dosetten.")
        laid = [line for line in lines if line.request_entry_id not in left_out]
        if not laid:
            raise Invalid("Ingenting er lagt i dosetten. Gå tilbake, eller legg i minst ett legemiddel.")
        by = self.work.actor.name
        prepared = self._prepare(patient_id, kind, starts_on, starts_on + days, by)
        rows = [(line.due_at, line.medicine, line.amount, line.request_entry_id, line.request_version) for line in laid]
        made = self._lay(prepared, rows)
        self._withdraw_what_is_laid(patient_id, prepared, laid)
        return made

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def control(self, patient_id: UUID, prepared_id: UUID) -> None:
        """Signs that a dosett, or what lies in a dispenser, was controlled. Raises NotFound, NoAuthority,
        PreparedByYourself and PreparedChecked."""
        self._require_now(patient_id, Act.CONTROL)
        thing = self._unchecked(patient_id, prepared_id, *LAID_IN)
        if thing.recorded_by == self.work.actor.person_id:
            raise PreparedByYourself("Du har selv lagt opp denne dosetten. En annen enn deg må kontrollere den.")
        self._store_check(thing, Outcome.CONTROLLED, None)

    def _bag_at(self, patient_id: UUID, prepared_id: UUID, due_at: datetime) -> Bag:
        at = {"start": due_at, "end": due_at + timedelta(microseconds=1)}
        rows = LINES.rows(self.db, ids=self.work.ids(patient_id), **at)
        found = [bag for bag in bags_of(rows, self.work.now) if bag.of.id == prepared_id]
        if not found:
            raise NotFound("Dosetten eller posen finnes ikke hos denne pasienten, eller den er lagt opp på nytt.")
        return found[0]

    def _hold_thing(self, patient_id: UUID, prepared_id: UUID) -> None:
        this = sa.and_(self.work.chart(patient_id, Prepared), Prepared.id == prepared_id)
        self.db.execute(sa.select(Prepared.id).where(this).with_for_update(key_share=True))

    def _unchecked(self, patient_id: UUID, prepared_id: UUID, *kinds: PreparedKind) -> PreparedThing:
        """The thing, held until commit. Raises NotFound, and PreparedChecked for one that somebody has looked at."""
        self._hold_thing(patient_id, prepared_id)
        found = [one for one in self.prepared(patient_id) if one.id == prepared_id and one.kind in kinds]
        if not found:
            raise NotFound("Dosetten eller rullen finnes ikke hos denne pasienten, eller den er lagt opp på nytt.")
        if found[0].outcome is not None:
            raise PreparedChecked(phrase("%(name)s har alt kontrollert denne.", name=found[0].checked_by or ""))
        return found[0]

    def _store_check(self, thing: PreparedThing, outcome: Outcome, reason: str | None) -> None:
        told = {"prepared_id": thing.id, "outcome": outcome.value, "reason": reason}
        self.db.add(PreparedCheck(patient_id=thing.patient_id, id=new_id(), **told))

    def _orders(self, patient_id: UUID) -> Any:
        """The newest version of each order, as an entity."""
        of_chart = self.work.chart(patient_id, MedicationRequest)
        return aliased(MedicationRequest, newest_versions(of_chart, MedicationRequest).subquery())

    def _hold_orders(self, patient_id: UUID) -> str | None:
        """Whoever changes an order waits, and so does another who makes ready for the same patient. Answers with what the tables
        say that whoever asks may do; None too where there are no orders to make ready."""
        plan = sa.select(RequestPlan.request_entry_id, OWN.label("told")).where(
            self.work.chart(patient_id, RequestPlan)
        )
        held = plan.order_by(RequestPlan.request_entry_id).with_for_update(key_share=True, of=RequestPlan)
        rows = self.db.execute(held).all()
        return rows[0].told if rows else None

    def _prepare(self, patient_id: UUID, kind: PreparedKind, starts_on: date, ends_on: date, by: str) -> Prepared:
        """A new thing, or a new version of the one for just these days. Raises AlreadyPrepared where the days overlap."""
        one, later, check = Prepared, aliased(Prepared), PreparedCheck
        newer = sa.exists().where(
            later.patient_id == one.patient_id, later.entry_id == one.entry_id, later.version > one.version
        )
        sent_back = sa.exists().where(
            check.patient_id == one.patient_id,
            check.prepared_id == one.id,
            check.outcome == Outcome.SENT_BACK.value,
        )
        same = sa.and_(self.work.chart(patient_id, one), one.kind == kind.value, one.in_error_at.is_(None), ~newer)
        overlaps = sa.select(one).where(same, ~sent_back, one.starts_on <= ends_on, one.ends_on >= starts_on)
        before = self.db.scalars(overlaps).all()
        if any((old.starts_on, old.ends_on) != (starts_on, ends_on) for old in before):
            day = spoken(day_bounds(before[0].starts_on)[0], self.work.now)
            raise AlreadyPrepared(phrase("Det ligger alt en klar for noen av disse dagene (fra %(day)s).", day=day))
        made = Prepared(patient_id=patient_id, id=new_id(), kind=kind.value, prepared_by=by)
        made.starts_on, made.ends_on = starts_on, ends_on
        made.entry_id, made.version = (before[0].entry_id, before[0].version + 1) if before else (made.id, 1)
        if before:
            made.patient_id = before[0].patient_id
        self.db.add(made)
        return made

    def _withdraw_what_is_laid(self, patient_id: UUID, prepared: Prepared, laid: Collection[ToLayIn]) -> None:
        if prepared.version > 1:
            of_chart = self.work.chart(patient_id, Prepared)
            before = sa.select(Prepared.id).where(of_chart, Prepared.entry_id == prepared.entry_id)
            self._put_back_laid(before)
        entries = {line.request_entry_id for line in laid if line.is_controlled}
        own = self._orders(patient_id)
        controlled = sa.select(own).where(own.entry_id.in_(entries)).order_by(own.entry_id)
        for order in self.db.scalars(controlled).all() if entries else ():
            amounts = [line.amount for line in laid if line.request_entry_id == order.entry_id]
            total = Quantity(sum((each.value for each in amounts), Decimal(0)), amounts[0].unit)
            if not self._withdraw_laid(order, prepared.id, total):
                self.work.publish(LaidInUnaccounted(prepared.patient_id, prepared.id))

    def _lay(self, prepared: Prepared, rows: Iterable[tuple[Any, ...]]) -> UUID:
        named = ("due_at", "medicine", "amount", "request_entry_id", "request_version")
        lines = [dict(zip(named, row, strict=True)) for row in rows]
        for line in lines:
            amount = line["amount"]
            line |= {"patient_id": prepared.patient_id, "id": new_id(), "prepared_id": prepared.id}
            line |= {"amount": amount.value, "unit": amount.unit}
        _write().run(self.db, **as_lists(lines, _COLUMNS))
        return prepared.id


@cache
def _write() -> Statement:
    return insert_rows(PreparedLine, _COLUMNS)


def _comes_from(order: Any, kind: PreparedKind) -> Any:
    return sa.and_(order.status == OrderStatus.ACTIVE.value, order.supply == kind.value, ~order.as_needed)


def _fits(order: Any) -> bool:
    return may_come_from(order.supply, dosage_of(order).unit, order.form)


def medicine_text(order: Any) -> str:
    """The medicine as it is written on what is laid in: `metoprolol Selo-Zok 50 mg`."""
    strength = strength_in_words(order.strength) if order.strength else None
    return " ".join(filter(None, (order.generic_name, order.brand_name, strength or order.form)))
