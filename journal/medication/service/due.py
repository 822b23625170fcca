"""What is due: the doses of a round, and the unit's worklist. One statement each, whatever the number of patients."""

import json
from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from journal.medication.laid_out_tables import DoseLaidOut, lies_before
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.product_tables import ProductUsed
from journal.medication.rules import (
    Dosage,
    DoseStatus,
    Reason,
    Result,
    SignedState,
    Tolerance,
    ValueRequirement,
    describe,
    dose_status,
    hand_sentence,
    is_made_up,
    number_text,
    take_out_text,
)
from journal.medication.rules.authority import Act
from journal.medication.rules.dispenser import dispenser_text, status_in_dispenser
from journal.medication.rules.door import waits
from journal.medication.rules.interval import next_from
from journal.medication.rules.laid_out import laid_text, outdated_text, still_lies
from journal.medication.rules.leave import ON_LEAVE, leave_text
from journal.medication.rules.next_step import NextStep
from journal.medication.rules.product import may_name_product
from journal.medication.rules.supply import OTHERS
from journal.medication.service.alone_said import alone_of
from journal.medication.service.dispenser_told import told_column, told_of
from journal.medication.service.gap import given_by_name, transcribed_by, unknown
from journal.medication.service.may_give import OWN, authority_of, needed_of
from journal.medication.service.prepared_shown import prepared_by
from journal.medication.service.product import needs_pack, used_text
from journal.medication.service.shown import (
    DECIDED,
    TOLD,
    WITNESS,
    DueDose,
    LaidOut,
    Signed,
    WorklistRow,
    cautions_of,
    condition_of,
    dosage_before,
    dosage_of,
    line_of,
    medicine_key,
    origin_flags,
    overridden_of,
    unsigned,
)
from journal.medication.service.signing import LIVE
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import NotFound
from journal.platform.language import joined
from journal.platform.quantity import Quantity
from journal.platform.service import Service, on_patient, on_patients, without_patient
from journal.platform.statement import Asked, Statement
from journal.platform.work import in_charts

# With how the reader stands to each of them, which the gate would ask for next.
_WORKLIST = Statement(
    sa.text(
        """WITH listed AS MATERIALIZED (
        SELECT patient_id, room, away_until, next_due_at, late, ready, total, signed,
            to_json(hours)::text AS hours, hour_ready::text, hour_total::text, hour_signed::text,
            undecided, crossing, reconcile_before, no_answer_since, told, prepared, unknown, withheld, last_here, changed
        FROM medication.worklist_by_patient(:start, :end))
    SELECT l.*, s.* FROM listed l LEFT JOIN access.standing(ARRAY(SELECT patient_id FROM listed)) s ON s.asked_id = l.patient_id
    ORDER BY l.room NULLS LAST, l.patient_id"""
    )
)
_OF_DOSE = (
    *("patient_id", "id", "request_entry_id", "request_version", "due_at", "next_due_at", "ready_from", "late_after"),
    *("amount", "unit", "slot", "state", "course_number", "course_of"),
    *("retry_of", "downtime_id"),
)
_OF_ORDER = (
    *("status", "effective_at", "change_reason", "atc_code", "generic_name", "brand_name", "form", "strength"),
    *("route", "indication", "instruction", "condition_text", "required_value", "prescription_group"),
    *("two_signatures", "high_risk", "time_critical", "detected_issues", "supply", "given_by"),
    "procedure_list_id",
)


def _still_tried(dose: type[Dose], signature: Any) -> sa.ColumnElement[datetime | None]:
    """When it is tried again; NULL where that was called off, or waits, after the signature said so. Asked of those alone."""
    other = aliased(Dose)
    of_dose = other.patient_id == dose.patient_id, other.retry_of == dose.id, other.state == "open"
    tried = sa.select(other.due_at).where(*of_dose).correlate(dose).scalar_subquery()
    return sa.case((signature.try_at.is_not(None), tried))


def _doses_statement(condition: sa.ColumnElement[bool]) -> Statement:
    """Doses with order, signature and the facts beside them. Cancelled ones only where something was stored about them.

    Takes ids (every record of the patients), and what the condition wants.
    """
    used = ProductUsed
    dose, order, signature, fact = Dose, MedicationRequest, *map(aliased, [MedicationAdministration] * 2)
    names = sa.func.array_agg(aggregate_order_by(given_by_name(fact), fact.recorded_at))
    beside = (
        sa.select(
            names.filter(sa.and_(fact.kind != WITNESS, fact.kind != TOLD)).label("also_given"),
            # A second signature is of the first one, and falls with it.
            sa.func.min(fact.recorded_by_name).filter(fact.witness_of_id == signature.id).label("witnessed_by"),
            sa.func.count().filter(fact.kind != WITNESS).label("facts"),
            sa.func.min(fact.status).filter(fact.kind == TOLD).label("told_of_leave"),
        )
        .where(fact.patient_id == dose.patient_id, fact.dose_id == dose.id)
        .where(fact.in_error_at.is_(None), fact.kind != LIVE)
        .lateral("beside")
    )
    return Statement(
        sa.select(
            *(getattr(dose, name) for name in _OF_DOSE),
            *(getattr(order, name) for name in _OF_ORDER),
            # As text: what was read of a dosage's text is kept.
            sa.cast(order.dosage, sa.Text).label("dosage"),
            signature.id.label("signed_id"),
            signature.result,
            signature.effective_at.label("given_at"),
            signature.reason_code,
            signature.reason_text,
            signature.next_step,
            _still_tried(dose, signature).label("try_at"),
            sa.func.coalesce(signature.performer_id, signature.recorded_by).label("signed_by"),
            given_by_name(signature).label("signed_by_name"),
            transcribed_by(signature).label("paper_by"),
            signature.municipality_id.label("signed_for"),
            signature.recorded_at.label("signed_at"),
            prepared_by(signature).label("prepared_by"),
            beside.c.also_given,
            beside.c.witnessed_by,
            beside.c.told_of_leave,
            dose.given_by.label("expected_of"),
            alone_of(order, signature).label("alone"),
            unsigned(order).label("unsigned"),
            dosage_before(order).label("was"),
            OWN.label("authority"),
            told_column(dose, order.supply).label("told"),
            used.given_name,
            used.ordered_name,
            used.said.label("product_said"),
            used.batch,
            sa.func.coalesce(used.second, sa.false()).label("product_second"),
            DoseLaidOut.id.label("laid_id"),
            DoseLaidOut.recorded_by_name.label("laid_by"),
            DoseLaidOut.recorded_at.label("laid_at"),
            DoseLaidOut.request_version.label("laid_version"),
        )
        .join(order, sa.and_(order.patient_id == dose.patient_id, order.id == dose.request_id))
        .outerjoin(dose.signature.of_type(signature))
        .outerjoin(used, sa.and_(used.patient_id == signature.patient_id, used.administration_id == signature.id))
        .outerjoin(DoseLaidOut, lies_before(dose))
        .join(beside, sa.true())
        .where(in_charts(dose), condition)
        .where(
            sa.or_(
                *(dose.state != "cancelled", signature.id.is_not(None), beside.c.facts > 0),
                *(DoseLaidOut.id.is_not(None), unknown(dose)),
            )
        )
        .order_by(dose.due_at, dose.request_entry_id)
    )


_DUE = _doses_statement(sa.and_(Dose.due_at >= sa.bindparam("start"), Dose.due_at < sa.bindparam("end")))
_ONE = _doses_statement(Dose.id == sa.bindparam("dose_id"))


class Due(Service):
    """Reads what is due."""

    @on_patients(Permission.MEDICATION_READ)
    def doses_due(self, patient_ids: Collection[UUID], *, start: datetime, end: datetime) -> dict[UUID, list[DueDose]]:
        """The doses due from `start` up to but not including `end`, by patient, earliest first; also who has none."""
        return self.ask_doses_due(patient_ids, start=start, end=end).answer()

    @on_patients(Permission.MEDICATION_READ)
    def ask_doses_due(
        self, patient_ids: Collection[UUID], *, start: datetime, end: datetime
    ) -> Asked[dict[UUID, list[DueDose]]]:
        """As doses_due, for together()."""
        linked, now = self.work.linked(patient_ids), self.work.now

        def read(rows: list[Any]) -> dict[UUID, list[DueDose]]:
            due: dict[UUID, list[DueDose]] = {patient_id: [] for patient_id in patient_ids}
            for row in rows:
                asked = linked[row.patient_id]
                due[asked].append(_due_dose(row, asked, now, self._lacks(row, linked)))
            return due

        return _DUE.ask(self.db, read, ids=list(linked), start=start, end=end)

    @on_patient(Permission.MEDICATION_READ)
    def dose(self, patient_id: UUID, dose_id: UUID) -> DueDose:
        """One dose. Raises NotFound."""
        found = _ONE.rows(self.db, ids=self.work.ids(patient_id), dose_id=dose_id)
        if not found:
            raise NotFound("Dosen finnes ikke hos denne pasienten.")
        linked = self.work.linked([patient_id])
        return _due_dose(found[0], patient_id, self.work.now, self._lacks(found[0], linked))

    @without_patient(Permission.CHART_LIST)
    def worklist(self, *, start: datetime, end: datetime) -> list[WorklistRow]:
        """The unit's patients by room, with what is due from `start` up to `end`: ids, times and counts."""
        rows = _WORKLIST.rows(self.db, start=start, end=end)
        self.work.stands({row.patient_id: row for row in rows if row.asked_id})
        return [_listed(row) for row in rows]

    def _lacks(self, row: Any, linked: Mapping[UUID, UUID]) -> frozenset[Act]:
        """The acts that this dose needs and whoever asks has not. `linked`: who was asked for, by each id she is known by."""
        own, needed = authority_of(self.work.actor.role, row.authority), needed_of(row, row.unit)
        if needed <= own.carried:
            return frozenset()
        asked = linked[row.patient_id]
        return needed if own.lacks(needed, [id for id, of in linked.items() if of == asked]) else frozenset()


def _listed(row: Any) -> WorklistRow:
    arrays = _times(row.hours), _numbers(row.hour_ready), _numbers(row.hour_total), _numbers(row.hour_signed)
    return WorklistRow._make((*row[:8], *arrays, *row[12 : len(WorklistRow._fields)]))


# The patients of a ward have the same hours, and much the same counts: each is read once, and the same objects are compared.
@lru_cache(maxsize=2000)
def _times(array: str) -> tuple[datetime, ...]:
    return tuple(map(datetime.fromisoformat, json.loads(array)))


@lru_cache(maxsize=2000)
def _numbers(array: str) -> tuple[int, ...]:
    return tuple(json.loads(f"[{array[1:-1]}]"))


def _due_dose(row: Any, patient_id: UUID, now: datetime, lacks: frozenset[Act]) -> DueDose:
    """A dose with its order and signature, as the round shows it at `now`. `patient_id` is the id that was asked for."""
    signed = _signed(row) if row.signed_id else None
    state = signed.state if signed else None
    told, bare = told_of(row.told), _status(row, state, now)
    status = status_in_dispenser(bare, told)
    dosage, day = dosage_of(row), local_date(row.due_at)
    amount = Quantity(row.amount, row.unit)
    laid = (
        LaidOut(row.laid_id, row.laid_by, row.laid_at, row.laid_version)
        if row.laid_id and not (signed or row.also_given)
        else None
    )
    return DueDose(
        id=row.id,
        patient_id=patient_id,
        request_entry_id=row.request_entry_id,
        version=row.request_version,
        due_at=row.due_at,
        slot=row.slot,
        status=status,
        status_text=laid_text(laid.by_name, laid.at)
        if laid and still_lies(status)
        else leave_text(row.expected_of, row.told_of_leave)
        if status is DoseStatus.ON_LEAVE
        else dispenser_text(describe(bare, row.due_at, now, state), status, told, now),
        amount=amount,
        line=line_of(row, dosage, day),
        hand=hand_sentence(amount, strength_per_unit=dosage.strength_per_unit, form=row.form, route=row.route),
        prescription_group=row.prescription_group,
        instruction=row.instruction,
        condition_text=_condition(row, dosage, day, laid, status),
        required_value=ValueRequirement.from_json(row.required_value) if row.required_value else None,
        two_signatures=row.two_signatures or row.product_second,
        high_risk=row.high_risk,
        signed=signed,
        also_given=tuple(row.also_given or ()),
        witnessed_by=row.witnessed_by,
        paused_because=row.change_reason or "" if status is DoseStatus.HELD else None,
        can_sign=signed is None and row.state == "open" and row.expected_of not in ON_LEAVE,
        cautions=cautions_of(row, now, row),
        overridden=overridden_of(row),
        unsigned=row.unsigned,
        medicine_key=medicine_key(row),
        origin=origin_flags(row),
        take_out=take_out_text(row.supply) if status is DoseStatus.HELD else None,
        made_up=row.course_of is not None and is_made_up(status),
        needs_other=lacks,
        next_step=_next_step(row),
        try_at=row.try_at,
        is_retry=row.retry_of is not None,
        prepared_by=row.prepared_by,
        needs_product=needs_pack(row, row.unit),
        may_name_product=may_name_product(row.supply),
        product_used=used_text(row),
        laid_out=laid,
        alone=row.alone,
        paper_by=row.paper_by,
        next_from=next_from(
            state.effective_at if state else now, row.due_at, row.next_due_at, row.due_at - row.ready_from
        ),
    )


def _condition(row: Any, dosage: Dosage, day: date, laid: LaidOut | None, status: DoseStatus) -> str | None:
    number = number_text(row.course_number, row.course_of) if row.course_of else None
    said = condition_of(row, dosage, day, number, was=row.was)
    if laid is None or (still_lies(status) and laid.version == row.request_version):
        return said
    outdated = outdated_text(laid.by_name, laid.at, stopped=not still_lies(status))
    return joined(" · ", (outdated, said or ""))


def _next_step(row: Any) -> NextStep:
    step = NextStep(row.next_step) if row.next_step else NextStep.NONE
    return NextStep.NONE if step is NextStep.TRY_AGAIN and row.try_at is None else step


def _status(row: Any, state: SignedState | None, now: datetime) -> DoseStatus:
    """The status of a dose at `now`: its own state decides whether the order's pause or stop is about it."""
    return dose_status(
        row.due_at,
        now,
        state,
        order_status=DECIDED[row.state],
        order_status_since=row.effective_at,
        tolerance=Tolerance(row.due_at - row.ready_from, row.late_after - row.due_at),
        next_due_at=row.next_due_at,
        unreconciled=waits(row.state, row.status),
        laid_out=row.laid_id is not None and not row.also_given,
        on_leave=row.expected_of in ON_LEAVE,
        by_others=row.expected_of in OTHERS and row.told is None,
        unknown=row.downtime_id is not None,
    )


def _signed(row: Any) -> Signed:
    """What the signature of a dose says, and who answers for it."""
    reason = Reason(row.reason_code) if row.reason_code else None
    state = SignedState(Result(row.result), row.given_at, reason, row.reason_text or "")
    return Signed(row.signed_id, state, row.signed_by, row.signed_by_name, row.signed_for, row.signed_at)
