"""What is read: the doses of a round, the list with its pictures, medicines as needed, the unit's worklist."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased, joinedload

from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.rules import (
    DoseStatus,
    OrderStatus,
    Reason,
    Result,
    SignedState,
    StripDose,
    Tolerance,
    as_needed_room,
    describe,
    dose_status,
    hand_sentence,
    strip,
    window_around,
)
from journal.medication.service.shown import (
    WITNESS,
    AsNeededMedicine,
    DueDose,
    MedicationList,
    MedicineInUse,
    RequestVersion,
    WorklistRow,
    by_name,
    cautions_of,
    dosage_of,
    due_dose,
    line_of,
)
from journal.permissions import Permission
from journal.platform.errors import NotFound
from journal.platform.quantity import Quantity, parse_decimal
from journal.platform.service import Service, on_patient, on_patients, without_patient
from journal.platform.statement import Statement
from journal.platform.work import in_charts

RECENTLY = timedelta(days=30)
_WORKLIST = Statement(
    sa.text(
        """SELECT patient_id, room, away_until, slot_at, next_due_at, late, ready, total, signed
    FROM medication.worklist(:start, :end)"""
    )
)
# What the list shows of an order: no more, since it is read at each opening of a chart.
_SHOWN = (
    *("patient_id", "entry_id", "version", "status", "use", "dosage", "ends_at", "given_by"),
    *("generic_name", "brand_name", "form", "strength", "route", "indication", "instruction", "condition_text"),
    *("prescription_group", "high_risk", "time_critical", "prescriber_name"),
    *("change", "change_reason", "effective_at", "recorded_by_name"),
)
_IN_USE = (OrderStatus.ACTIVE.value, OrderStatus.ON_HOLD.value)


class Lists(Service):
    """Reads: one statement each, whatever the number of patients, orders and doses."""

    @on_patients(Permission.MEDICATION_READ)
    def doses_due(self, patient_ids: Collection[UUID], *, start: datetime, end: datetime) -> dict[UUID, list[DueDose]]:
        """The doses due from `start` up to but not including `end`, by patient, earliest first; also who has none."""
        doses = self._doses(patient_ids, start=start, end=end)
        linked = self.work.linked(patient_ids)
        due: dict[UUID, list[DueDose]] = {patient_id: [] for patient_id in patient_ids}
        for dose in doses:
            asked = linked[dose.patient_id]
            due[asked].append(due_dose(dose, asked, self.work.now))
        return due

    @on_patient(Permission.MEDICATION_READ)
    def dose(self, patient_id: UUID, dose_id: UUID) -> DueDose:
        """One dose. Raises NotFound."""
        found = self._doses([patient_id], dose_id=dose_id)
        if not found:
            raise NotFound("Dosen finnes ikke hos denne pasienten.")
        return due_dose(found[0], patient_id, self.work.now)

    @on_patient(Permission.MEDICATION_READ)
    def list_with_strip(self, patient_id: UUID) -> MedicationList:
        """The medicines in use, each with its picture of 36 hours and last change, and how many were stopped lately."""
        window = window_around(self.work.now)
        asked = {"start": window.start, "end": window.end, "lately": self.work.now - RECENTLY}
        rows = _list_statement().rows(self.db, ids=self.work.ids(patient_id), **asked)
        in_use = [self._in_use(row) for row in rows if row.status in _IN_USE]
        return MedicationList(
            regular=by_name([medicine for medicine in in_use if medicine.use == "1"]),
            courses=by_name([medicine for medicine in in_use if medicine.use == "2"]),
            as_needed=by_name([medicine for medicine in in_use if medicine.use == "3"]),
            stopped_recently=len(rows) - len(in_use),
            axis=strip([], self.work.now),
        )

    @on_patient(Permission.MEDICATION_READ)
    def stopped_recently(self, patient_id: UUID) -> list[RequestVersion]:
        """What was stopped or completed the last 30 days, latest first."""
        order = _newest(self.work.chart(patient_id, MedicationRequest))
        recent = sa.select(order).where(order.status.not_in(_IN_USE), order.effective_at > self.work.now - RECENTLY)
        return [_version(row) for row in self.db.scalars(recent.order_by(order.effective_at.desc()))]

    @on_patient(Permission.MEDICATION_READ)
    def history(self, patient_id: UUID, request_entry_id: UUID) -> list[RequestVersion]:
        """Every version of an order, newest first. Raises NotFound."""
        order = MedicationRequest
        versions = sa.select(order).where(
            self.work.chart(patient_id, order), order.entry_id == request_entry_id, order.in_error_at.is_(None)
        )
        found = [_version(row) for row in self.db.scalars(versions.order_by(order.version.desc()))]
        if not found:
            raise NotFound("Legemidlet finnes ikke hos denne pasienten.")
        return found

    @on_patient(Permission.MEDICATION_READ)
    def as_needed(self, patient_id: UUID) -> list[AsNeededMedicine]:
        """The medicines as needed in force, with what was given of each and whether there is room for more now."""
        order, other = _newest(self.work.chart(patient_id, MedicationRequest)), aliased(MedicationRequest)
        administration = MedicationAdministration
        same_medicine = sa.func.coalesce(other.atc_code, other.generic_name) == sa.func.coalesce(
            order.atc_code, order.generic_name
        )
        amount = sa.func.coalesce(administration.amount, Dose.amount)
        unit = sa.func.coalesce(administration.unit, Dose.unit)
        given = (
            sa.select(sa.func.json_agg(_said(at=administration.effective_at, amount=_text(amount), unit=unit)))
            .select_from(administration)
            .outerjoin(Dose, sa.and_(self.work.chart(patient_id, Dose), Dose.id == administration.dose_id))
            .join(other, sa.and_(self.work.chart(patient_id, other), other.id == administration.request_id))
            .where(self.work.chart(patient_id, administration), same_medicine, administration.in_error_at.is_(None))
            .where(
                administration.status == "completed",
                administration.kind != WITNESS,
                administration.effective_at > self.work.now - timedelta(days=7),
            )
            .scalar_subquery()
        )
        rows = self.db.execute(sa.select(order, given).where(order.as_needed, order.status == OrderStatus.ACTIVE.value))
        medicines = [self._as_needed(row[0], row[1] or []) for row in rows]
        return sorted(medicines, key=lambda medicine: medicine.line.generic.lower())

    @on_patient(Permission.MEDICATION_READ)
    def medicine_of(self, patient_id: UUID, administration_id: UUID) -> str:
        """The generic name of the medicine that was given then. Raises NotFound."""
        given, order = MedicationAdministration, MedicationRequest
        name = sa.select(order.generic_name).join(
            given, sa.and_(self.work.chart(patient_id, given), given.request_id == order.id)
        )
        found = self.db.scalar(name.where(self.work.chart(patient_id, order), given.id == administration_id))
        if found is None:
            raise NotFound("Dosen finnes ikke hos denne pasienten.")
        return found

    @without_patient(Permission.CHART_LIST)
    def worklist(self, *, start: datetime, end: datetime) -> list[WorklistRow]:
        """The unit's patients with what is due from `start` up to `end`: ids, times and counts. Those with late doses first."""
        of_patient: dict[UUID, WorklistRow] = {}
        for row in self._worklist(start, end):
            of_patient[row.patient_id] = row.added_to(of_patient.get(row.patient_id))
        return sorted(of_patient.values(), key=lambda row: -row.late)

    @without_patient(Permission.CHART_LIST)
    def worklist_by_hour(self, *, start: datetime, end: datetime) -> list[WorklistRow]:
        """As `worklist`, with a row for each hour that a patient has doses in; by room and time."""
        return self._worklist(start, end)

    def _worklist(self, start: datetime, end: datetime) -> list[WorklistRow]:
        return [WorklistRow(*row) for row in _WORKLIST.rows(self.db, start=start, end=end)]

    def _doses(self, patient_ids: Collection[UUID], **asked: Any) -> list[Dose]:
        """The doses from `start` up to `end`, or the one with `dose_id`."""
        read = _doses_statement(one="dose_id" in asked)
        return list(self.db.scalars(read, {"ids": self.work.ids(*patient_ids), **asked}).unique())

    def _in_use(self, order: Any) -> MedicineInUse:
        now, dosage = self.work.now, dosage_of(order)
        marks = [_mark(dose, order, now) for dose in order.doses or ()]
        for at in map(datetime.fromisoformat, order.given or ()):
            state = SignedState(Result.TAKEN, at)
            marks.append(StripDose(at, DoseStatus.GIVEN, describe(DoseStatus.GIVEN, at, now, state)))
        return MedicineInUse(
            request_entry_id=order.entry_id,
            version=order.version,
            use=order.use,
            status=OrderStatus(order.status),
            line=line_of(order, dosage),
            dosage=dosage,
            instruction=order.instruction,
            condition_text=order.condition_text,
            prescription_group=order.prescription_group,
            high_risk=order.high_risk,
            time_critical=order.time_critical,
            given_by=order.given_by,
            prescriber_name=order.prescriber_name or "",
            change=order.change,
            change_reason=order.change_reason,
            changed_at=order.effective_at,
            changed_by=order.recorded_by_name,
            ends_at=order.ends_at,
            strip=strip(marks, now),
        )

    def _as_needed(self, order: MedicationRequest, rows: list[Mapping[str, str]]) -> AsNeededMedicine:
        dosage = dosage_of(order)
        assert dosage.amount is not None
        given = sorted(
            (datetime.fromisoformat(row["at"]), Quantity(parse_decimal(row["amount"]), row["unit"])) for row in rows
        )
        day_ago = self.work.now - timedelta(hours=24)
        return AsNeededMedicine(
            request_entry_id=order.entry_id,
            version=order.version,
            line=line_of(order, dosage),
            hand=hand_sentence(
                dosage.amount, strength_per_unit=dosage.strength_per_unit, form=order.form, route=order.route
            ),
            dosage=dosage,
            indication=order.indication,
            given=tuple(at for at, _ in given if at > day_ago),
            room=as_needed_room(dosage, given, self.work.now),
            cautions=cautions_of(order, self.work.now),
        )


@cache
def _doses_statement(*, one: bool) -> sa.Select[Dose]:
    """Doses with order, signature and the facts beside them. Cancelled ones only where something was stored about them.

    Takes ids, and dose_id for *one* dose, else start and end.
    """
    period = sa.and_(Dose.due_at >= sa.bindparam("start"), Dose.due_at < sa.bindparam("end"))
    return (
        sa.select(Dose)
        .options(joinedload(Dose.request, innerjoin=True), joinedload(Dose.signature), joinedload(Dose.facts))
        .where(in_charts(Dose), Dose.id == sa.bindparam("dose_id") if one else period)
        .where(sa.or_(Dose.state != "cancelled", Dose.signature.has(), Dose.facts.any()))
        .order_by(Dose.due_at, Dose.request_entry_id)
    )


@cache
def _list_statement() -> Statement:
    """The statement of the list, built once: to build it costs more than to run it. Takes ids (every record of the
    patient), start, end and lately."""
    newest = _newest_versions(in_charts(MedicationRequest), *(getattr(MedicationRequest, name) for name in _SHOWN))
    order = newest.subquery("o").c
    # Two comparisons: IN would have its text written anew at each execution.
    in_use = sa.or_(*(order.status == status for status in _IN_USE))
    shown = sa.or_(in_use, order.effective_at > sa.bindparam("lately"))
    doses, given = _doses_as_json(order).label("doses"), _as_needed_as_json(order).label("given")
    return Statement(sa.select(*order, doses, given).where(shown))


def _newest(of_chart: sa.ColumnElement[bool]) -> Any:
    """The newest version of each order of the chart, as an entity."""
    return aliased(MedicationRequest, _newest_versions(of_chart, MedicationRequest).subquery())


def _newest_versions(of_chart: sa.ColumnElement[bool], *columns: Any) -> sa.Select[Any]:
    """The newest version of each order of the chart that is not marked as a mistake."""
    order = MedicationRequest
    live = sa.select(*columns).where(of_chart, order.in_error_at.is_(None))
    return live.ext(distinct_on(order.entry_id)).order_by(order.entry_id, order.version.desc())


def _doses_as_json(order: Any) -> sa.ScalarSelect[Any]:
    signature = aliased(MedicationAdministration)
    times = _said(
        due_at=Dose.due_at, next_due_at=Dose.next_due_at, ready_from=Dose.ready_from, late_after=Dose.late_after
    )
    signed = _said(
        result=signature.result, at=signature.effective_at, reason=signature.reason_code, text=signature.reason_text
    )
    said = _said(times=times, signed=signed, state=Dose.state)
    return (
        sa.select(sa.func.json_agg(said))
        .select_from(Dose)
        .outerjoin(Dose.signature.of_type(signature))
        .where(sa.tuple_(Dose.patient_id, Dose.request_entry_id) == sa.tuple_(order.patient_id, order.entry_id))
        .where(
            Dose.due_at >= sa.bindparam("start"),
            Dose.due_at < sa.bindparam("end"),
            sa.or_(Dose.state != "cancelled", signature.id.is_not(None)),
        )
        .correlate(order.entry_id.table)
        .scalar_subquery()
    )


def _as_needed_as_json(order: Any) -> sa.ScalarSelect[Any]:
    administration, version = MedicationAdministration, aliased(MedicationRequest)
    of_entry = sa.tuple_(version.patient_id, version.entry_id) == sa.tuple_(order.patient_id, order.entry_id)
    this = sa.tuple_(version.patient_id, version.id) == sa.tuple_(administration.patient_id, administration.request_id)
    return (
        sa.select(sa.func.json_agg(administration.effective_at))
        .select_from(administration)
        .join(version, this)
        .where(of_entry, administration.dose_id.is_(None), administration.in_error_at.is_(None))
        .where(administration.effective_at >= sa.bindparam("start"))
        .correlate(order.entry_id.table)
        .scalar_subquery()
    )


def _said(**columns: Any) -> sa.ColumnElement[Any]:
    return sa.func.json_build_object(*(part for name, column in columns.items() for part in (sa.literal(name), column)))


def _text(amount: Any) -> sa.ColumnElement[str]:
    """As text: a number in JSON would be read as a float."""
    return sa.cast(sa.func.trim_scale(amount), sa.Text)


def _mark(dose: Mapping[str, Any], order: Any, now: datetime) -> StripDose:
    at = {name: datetime.fromisoformat(said) for name, said in dose["times"].items() if said}
    state = _state(dose["signed"])
    status = dose_status(
        at["due_at"],
        now,
        state,
        order_status=OrderStatus.ACTIVE if dose["state"] == "open" else OrderStatus(order.status),
        order_status_since=order.effective_at,
        tolerance=Tolerance(at["due_at"] - at["ready_from"], at["late_after"] - at["due_at"]),
        next_due_at=at.get("next_due_at"),
    )
    return StripDose(state.effective_at if state else at["due_at"], status, describe(status, at["due_at"], now, state))


def _state(signed: Mapping[str, str | None]) -> SignedState | None:
    if signed["result"] is None or signed["at"] is None:
        return None
    reason = Reason(signed["reason"]) if signed["reason"] else None
    return SignedState(Result(signed["result"]), datetime.fromisoformat(signed["at"]), reason, signed["text"] or "")


def _version(order: MedicationRequest) -> RequestVersion:
    dosage = dosage_of(order)
    return RequestVersion(
        request_entry_id=order.entry_id,
        version=order.version,
        status=OrderStatus(order.status),
        line=line_of(order, dosage),
        dosage=dosage,
        use=order.use,
        change=order.change,
        change_reason=order.change_reason,
        changed_at=order.effective_at,
        changed_by=order.recorded_by_name,
    )
