"""What the list shows of each medicine in use. Read at each opening of a chart, so no more than is shown is asked for."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from journal.medication.laid_out_tables import DoseLaidOut, lies_before
from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.rules import (
    DoseStatus,
    OrderStatus,
    Reason,
    Result,
    SignedState,
    StripDose,
    Tolerance,
    describe,
    dose_status,
    insulin_text,
    no_dose_decided,
    so_far_text,
    strip,
)
from journal.medication.rules.dispenser import Told, dispenser_text, status_in_dispenser
from journal.medication.rules.door import UNRECONCILED, waits
from journal.medication.rules.leave import ON_LEAVE
from journal.medication.rules.supply import OTHERS
from journal.medication.service.dispenser_told import told_column, told_of
from journal.medication.service.gap import unknown
from journal.medication.service.shown import (
    DECIDED,
    WITNESS,
    MedicineInUse,
    changed_from,
    changed_text,
    condition_of,
    dosage_before,
    dosage_of,
    group_flags,
    line_of,
    origin_flags,
    unsigned,
)
from journal.medication.service.waiting import waits_since
from journal.platform.clock import local_date
from journal.platform.language import joined, phrase
from journal.platform.statement import Statement
from journal.platform.work import in_charts

IN_USE = {status.value: status for status in (OrderStatus.ACTIVE, OrderStatus.ON_HOLD)}
_SHOWN = (
    *("entry_id", "status", "use", "given_by", "generic_name", "brand_name", "form", "strength", "route", "indication"),
    *("condition_text", "prescription_group", "high_risk", "atc_code", "supply", "procedure_list_id"),
    *("change", "change_reason", "effective_at", "recorded_by_name"),
)
_ASKED_BY = ("patient_id", "id", "version", "verbal_order_id")
_PAUSED = ("danger", phrase("pauset"))
_CALL = ("danger", phrase("ring lege"))


@cache
def list_statement() -> Statement:
    """The orders in use, with what was given and is to be given of each, and those changed since `lately`.

    Takes ids (every record of the patient), now, start and end of the picture, and lately.
    """
    columns = (getattr(MedicationRequest, name) for name in (*_ASKED_BY, *_SHOWN))
    dosage = sa.cast(MedicationRequest.dosage, sa.Text).label("dosage")
    doses = sa.cast(MedicationRequest.dosage["course"]["doses"].astext, sa.Integer).label("course_of")
    order = newest_versions(in_charts(MedicationRequest), *columns, dosage, doses).subquery("o").c
    # Two comparisons: IN would have its text written anew at each execution.
    in_use = sa.or_(*(order.status == status for status in IN_USE))
    shown = (order[name] for name in _SHOWN)
    worked_out = (
        _doses(order).label("doses"),
        _given_as_needed(order).label("given"),
        unsigned(order).label("unsigned"),
        waits_since(order).label("waits_since"),
        _so_far(order).label("so_far"),
        dosage_before(order).label("was"),
    )
    return Statement(
        sa.select(*shown, order.dosage, *worked_out).where(sa.or_(in_use, order.effective_at > sa.bindparam("lately")))
    )


def medicine_in_use(order: Any, now: datetime) -> MedicineInUse:
    """A row of `list_statement`, as the list shows it at `now`."""
    status, dosage, today = IN_USE[order.status], dosage_of(order), local_date(now)
    marks = [_mark(dose, now) for dose in order.doses or ()]
    marks += [_given(datetime.fromisoformat(at), now) for at in order.given or ()]
    flags = group_flags(order.prescription_group, order.high_risk, order.unsigned)
    if order.waits_since is not None and order.waits_since <= now:
        flags += (UNRECONCILED,)
    if status is OrderStatus.ON_HOLD:
        flags += (_PAUSED,)
    if insulin := insulin_text(order.atc_code):
        flags += (("neutral", insulin),)
    if no_dose_decided(dosage, today):
        flags += (_CALL,)
    flags += origin_flags(order)
    so_far = so_far_text(*order.so_far) if order.so_far else None
    return MedicineInUse(
        order.entry_id,
        line_of(order, dosage, today),
        flags,
        condition_of(order, dosage, today, so_far, was=order.was),
        joined(" · ", (changed_text(order), changed_from(order.was, dosage))),
        strip(marks, now),
        so_far,
    )


def newest_versions(of_chart: sa.ColumnElement[bool], *columns: Any) -> sa.Select[Any]:
    """The newest version of each order of the chart that is not marked as a mistake."""
    order = MedicationRequest
    live = sa.select(*columns).where(of_chart, order.in_error_at.is_(None))
    return live.ext(distinct_on(order.entry_id)).order_by(order.entry_id, order.version.desc())


def _doses(order: Any) -> sa.ScalarSelect[Any]:
    """The doses in the picture, each as `_mark` takes it. Asked for order by order: a join may read the doses of years."""
    signature, version = aliased(MedicationAdministration), aliased(MedicationRequest)
    decided = sa.tuple_(version.patient_id, version.id) == sa.tuple_(Dose.patient_id, Dose.request_id)
    # Asked for the few that are not open alone.
    of_version = sa.func.json_build_array(version.effective_at, version.status)
    since = sa.case((Dose.state != "open", sa.select(of_version).where(decided).scalar_subquery()))
    said = sa.func.json_build_array(
        *(Dose.due_at, Dose.next_due_at, Dose.ready_from, Dose.late_after, Dose.state, since),
        *(signature.result, signature.effective_at, signature.reason_code, signature.reason_text, unknown(Dose)),
        told_column(Dose, order.supply),
        DoseLaidOut.id.is_not(None),
        Dose.given_by,
    )
    return (
        sa.select(sa.func.json_agg(said))
        .select_from(Dose)
        .outerjoin(Dose.signature.of_type(signature))
        .outerjoin(DoseLaidOut, lies_before(Dose))
        .where(sa.tuple_(Dose.patient_id, Dose.request_entry_id) == sa.tuple_(order.patient_id, order.entry_id))
        .where(Dose.due_at >= sa.bindparam("start"), Dose.due_at < sa.bindparam("end"))
        .where(sa.or_(Dose.state != "cancelled", signature.id.is_not(None), unknown(Dose)))
        .correlate(order.entry_id.table)
        .scalar_subquery()
    )


def _given_as_needed(order: Any) -> sa.ScalarSelect[Any]:
    """When it was given as needed, of whichever version."""
    given, version = MedicationAdministration, aliased(MedicationRequest)
    of_entry = sa.tuple_(version.patient_id, version.entry_id) == sa.tuple_(order.patient_id, order.entry_id)
    this = sa.tuple_(version.patient_id, version.id) == sa.tuple_(given.patient_id, given.request_id)
    return (
        sa.select(sa.func.json_agg(given.effective_at))
        .select_from(given)
        .join(version, this)
        .where(of_entry, given.dose_id.is_(None), given.in_error_at.is_(None))
        .where(given.effective_at >= sa.bindparam("start"))
        .correlate(order.entry_id.table)
        .scalar_subquery()
    )


def _so_far(order: Any) -> sa.Case[Any]:
    """Of a course that ends by the doses given: how many are, of how many, and how many were to be. Counted for those alone."""
    signature, other = (aliased(MedicationAdministration) for _ in range(2))
    beside = (
        sa.select(sa.func.count())
        .where(sa.tuple_(other.patient_id, other.dose_id) == sa.tuple_(Dose.patient_id, Dose.id))
        .where(other.in_error_at.is_(None))
        .where(other.status == "completed", other.kind != "signature", other.kind != WITNESS)
        .scalar_subquery()
    )
    taken = sa.case((signature.status == "completed", 1), else_=0)
    missed = sa.and_(signature.id.is_(None), Dose.state == "open", Dose.missed_from <= sa.bindparam("now"))
    not_given = sa.or_(signature.status == "not-done", missed)
    counts = (
        sa.select(
            sa.func.json_build_array(
                sa.func.coalesce(sa.func.sum(taken + beside), 0),
                order.course_of,
                sa.func.count().filter(not_given),
            )
        )
        .select_from(Dose)
        .outerjoin(Dose.signature.of_type(signature))
        .where(sa.tuple_(Dose.patient_id, Dose.request_entry_id) == sa.tuple_(order.patient_id, order.entry_id))
        .correlate(order.entry_id.table)
        .scalar_subquery()
    )
    return sa.case((order.course_of.is_not(None), counts))


def _mark(dose: Sequence[Any], now: datetime) -> StripDose:
    due, next_due, ready, late, state, version, result, at, reason, text, unknown, said, laid_out, given_by = dose
    since, decided = version or (None, OrderStatus.ACTIVE)
    due_at = datetime.fromisoformat(due)
    signed = None
    if result:
        signed = SignedState(Result(result), datetime.fromisoformat(at), Reason(reason) if reason else None, text or "")
    status = dose_status(
        due_at,
        now,
        signed,
        order_status=DECIDED[state],
        order_status_since=datetime.fromisoformat(since) if since else None,
        tolerance=Tolerance(due_at - datetime.fromisoformat(ready), datetime.fromisoformat(late) - due_at),
        next_due_at=datetime.fromisoformat(next_due) if next_due else None,
        unreconciled=waits(state, decided),
        laid_out=laid_out,
        on_leave=given_by in ON_LEAVE,
        by_others=given_by in OTHERS and said is None,
        unknown=unknown,
    )
    return _with_dispenser(_drawn(status, due_at, now, signed), told_of(said), now)


def _with_dispenser(dose: StripDose, told: Told | None, now: datetime) -> StripDose:
    """The mark of a dose with what the device has told, where that was: `tatt ut kl. 08.04`."""
    if told is None:
        return dose
    status = status_in_dispenser(dose.status, told)
    return StripDose(dose.at, status, dispenser_text(dose.said, status, told, now), common=False)


def _drawn(status: DoseStatus, due_at: datetime, now: datetime, signed: SignedState | None) -> StripDose:
    said = describe(status, due_at, now, signed)
    if signed:
        return StripDose(signed.effective_at, status, said, common=not signed.text)
    return StripDose(due_at, status, said, common=True)


def _given(at: datetime, now: datetime) -> StripDose:
    return _drawn(DoseStatus.GIVEN, at, now, SignedState(Result.TAKEN, at))
