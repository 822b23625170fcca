"""What is read: the list with its pictures, what was stopped, medicines as needed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from journal.medication.models import Dose, MedicationAdministration, MedicationRequest
from journal.medication.rules import (
    GivenBy,
    OrderStatus,
    Supply,
    ValueRequirement,
    as_needed_room,
    hand_sentence,
    so_far_text,
    strip,
    window_around,
)
from journal.medication.rules.door import UNRECONCILED
from journal.medication.rules.pausing import must_be_replaced
from journal.medication.rules.product import may_name_product
from journal.medication.rules.renewal import last_day
from journal.medication.rules.safety import is_opioid
from journal.medication.service.awaited_second import awaiting_second, read_awaiting
from journal.medication.service.clearing import unconfirmed
from journal.medication.service.course import course_of, standing
from journal.medication.service.follow_up import follows_inr
from journal.medication.service.gap import unknown_same
from journal.medication.service.in_use import IN_USE, list_statement, medicine_in_use, newest_versions
from journal.medication.service.may_give import OWN, authority_of, needed_of
from journal.medication.service.orders import Orders
from journal.medication.service.product import needs_pack
from journal.medication.service.shown import (
    WITNESS,
    AsNeededMedicine,
    MedicationList,
    RequestVersion,
    by_name,
    cautions_of,
    changed_from,
    dosage_before,
    dosage_of,
    group_flags,
    line_of,
    origin_flags,
    overridden_of,
    unsigned,
)
from journal.medication.service.waiting import not_reconciled, waits_since
from journal.medication.service.without_order import unordered_of
from journal.medication.unordered_tables import GivenWithoutOrder
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.platform.errors import NotFound
from journal.platform.quantity import Quantity, parse_decimal
from journal.platform.service import on_patient
from journal.platform.statement import Asked

RECENTLY = timedelta(days=30)


class Lists(Orders):
    """Reads: one statement each, whatever the number of patients, orders and doses."""

    @on_patient(Permission.MEDICATION_READ)
    def list_with_strip(self, patient_id: UUID) -> MedicationList:
        """The medicines in use, each with its picture of 36 hours and last change, and how many were stopped lately."""
        return self.ask_list_with_strip(patient_id).answer()

    @on_patient(Permission.MEDICATION_READ)
    def ask_list_with_strip(self, patient_id: UUID) -> Asked[MedicationList]:
        """As list_with_strip, for together()."""
        now = self.work.now
        window = window_around(now)
        asked = {"now": now, "start": window.start, "end": window.end, "lately": now - RECENTLY}
        return list_statement().ask(self.db, lambda rows: _list_of(rows, now), ids=self.work.ids(patient_id), **asked)

    @on_patient(Permission.MEDICATION_READ)
    def stopped_recently(self, patient_id: UUID) -> list[RequestVersion]:
        """What was stopped or completed the last 30 days, latest first."""
        order = _newest(self.work.chart(patient_id, MedicationRequest))
        recent = sa.select(order).where(
            order.status.not_in(list(IN_USE)), order.effective_at > self.work.now - RECENTLY
        )
        today = local_date(self.work.now)
        return [_version(row, today) for row in self.db.scalars(recent.order_by(order.effective_at.desc()))]

    @on_patient(Permission.MEDICATION_READ)
    def history(self, patient_id: UUID, request_entry_id: UUID) -> list[RequestVersion]:
        """Every version of an order, newest first. Raises NotFound."""
        order = MedicationRequest
        versions = sa.select(order).where(
            self.work.chart(patient_id, order), order.entry_id == request_entry_id, order.in_error_at.is_(None)
        )
        today = local_date(self.work.now)
        found = [_version(row, today) for row in self.db.scalars(versions.order_by(order.version.desc()))]
        if not found:
            raise NotFound("Legemidlet finnes ikke hos denne pasienten.")
        return found

    @on_patient(Permission.MEDICATION_READ)
    def course_so_far(self, patient_id: UUID, request_entry_id: UUID) -> str | None:
        """`12 av 28 doser gitt`, of a course that ends by the doses given; None for other orders. Raises NotFound."""
        order = self._current_order(patient_id, request_entry_id)
        if (doses := course_of(order)) is None:
            return None
        stands = standing(self.db, order.patient_id, order.entry_id, doses, self.work.now)
        return so_far_text(stands.given, doses, stands.not_given)

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
        chart = self.work.chart(patient_id, GivenWithoutOrder)
        other_given = unordered_of(order, chart, self.work.now - timedelta(days=7)).correlate(order).subquery()
        at, much = other_given.c.effective_at, _text(other_given.c.amount)
        without = sa.select(sa.func.json_agg(_said(at=at, amount=much, unit=other_given.c.unit))).scalar_subquery()
        rows = self.db.execute(
            sa.select(
                *(order, given, without, unsigned(order), waits_since(order), dosage_before(order), OWN),
                *(unconfirmed(order), unknown_same(self.work, patient_id, order)),
                awaiting_second(order, self.work.now),
            ).where(order.as_needed, order.status == OrderStatus.ACTIVE.value)
        )
        ids = self.work.ids(patient_id)
        medicines = [self._as_needed(ids, row[0], [*(row[1] or ()), *(row[2] or ())], *row[3:]) for row in rows]
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

    def _as_needed(
        self,
        ids: Collection[UUID],
        order: MedicationRequest,
        rows: list[Mapping[str, str]],
        waits: bool,
        since: datetime | None,
        was: str | None,
        authority: str | None,
        named: Sequence[str] | None,
        unknown: bool,
        one_signature: list[Mapping[str, str]] | None,
    ) -> AsNeededMedicine:
        dosage = dosage_of(order)
        assert dosage.amount is not None
        given = sorted(
            (datetime.fromisoformat(row["at"]), Quantity(parse_decimal(row["amount"]), row["unit"])) for row in rows
        )
        day_ago = self.work.now - timedelta(hours=24)
        room = as_needed_room(dosage, given, self.work.now)
        flags = group_flags(order.prescription_group, order.high_risk, waits)
        held_from = since if since is not None and since <= self.work.now else None
        if held_from:
            flags += (UNRECONCILED,)
            room = replace(room, allowed=False, reason=not_reconciled(order.generic_name).detail, next_at=None)
        needed = needed_of(order, dosage.unit, as_needed=True)
        own = authority_of(self.work.actor.role, authority)
        return AsNeededMedicine(
            request_entry_id=order.entry_id,
            version=order.version,
            line=line_of(order, dosage, local_date(self.work.now)),
            hand=hand_sentence(
                dosage.amount, strength_per_unit=dosage.strength_per_unit, form=order.form, route=order.route
            ),
            dosage=dosage,
            indication=order.indication,
            given=tuple(at for at, _ in given if at > day_ago),
            room=room,
            cautions=cautions_of(order, self.work.now, unknown=unknown),
            overridden=overridden_of(order),
            flags=flags + origin_flags(order),
            required_value=ValueRequirement.from_json(order.required_value) if order.required_value else None,
            opioid=is_opioid(order.atc_code),
            changed=changed_from(was, dosage),
            needs_other=needed if own.lacks(needed, ids) else frozenset(),
            clear_first=own.clears_as_needed,
            unconfirmed=tuple(named or ()),
            two_signatures=order.two_signatures,
            awaits=read_awaiting(one_signature),
            held_from=held_from,
            needs_product=needs_pack(order, dosage.unit),
            may_name_product=may_name_product(order.supply),
        )


def _list_of(rows: list[Any], now: datetime) -> MedicationList:
    in_use = [(row.use, medicine_in_use(row, now)) for row in rows if row.status in IN_USE]
    regular, courses, as_needed = (by_name([medicine for of, medicine in in_use if of == use]) for use in "123")
    return MedicationList(regular, courses, as_needed, len(rows) - len(in_use), strip([], now))


def _newest(of_chart: sa.ColumnElement[bool]) -> Any:
    """The newest version of each order of the chart, as an entity."""
    return aliased(MedicationRequest, newest_versions(of_chart, MedicationRequest).subquery())


def _said(**columns: Any) -> sa.ColumnElement[Any]:
    return sa.func.json_build_object(*(part for name, column in columns.items() for part in (sa.literal(name), column)))


def _text(amount: Any) -> sa.ColumnElement[str]:
    """As text: a number in JSON would be read as a float."""
    return sa.cast(sa.func.trim_scale(amount), sa.Text)


def _version(order: MedicationRequest, today: date) -> RequestVersion:
    dosage = dosage_of(order)
    return RequestVersion(
        request_entry_id=order.entry_id,
        version=order.version,
        status=OrderStatus(order.status),
        line=line_of(order, dosage, today),
        dosage=dosage,
        use=order.use,
        change=order.change,
        change_reason=order.change_reason,
        changed_at=order.effective_at,
        changed_by=order.recorded_by_name,
        overridden=overridden_of(order),
        follows_inr=follows_inr(order.atc_code),
        last_day=last_day(order.ends_at) if order.ends_at else None,
        supply=Supply(order.supply) if order.supply else None,
        given_by=GivenBy(order.given_by),
        procedure_list_id=order.procedure_list_id,
        must_be_replaced=must_be_replaced(order.atc_code),
    )
