"""What those who sign, and those who say something beside a signature, have in common."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from journal.medication.errors import CourseComplete, DoseAlreadySigned, OrderChanged, refusing
from journal.medication.facts import LaidOutSettled
from journal.medication.models import MedicationAdministration, RequestPlan
from journal.medication.rules import OrderStatus, Reason, Result, effective_time
from journal.medication.rules.leave import ON_LEAVE
from journal.medication.service.before_door import BeforeDoor
from journal.medication.service.clearing import Clearings
from journal.medication.service.course import count_anew, standing
from journal.medication.service.gap import unknown_of_entry
from journal.medication.service.may_give import OWN, needed_of
from journal.medication.service.near import Near
from journal.medication.service.settings import choices_of
from journal.medication.service.waiting import HELD, not_reconciled
from journal.medication.service.withdrawing import Withdrawing
from journal.platform.clock import spoken
from journal.platform.errors import Conflict, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase, phrases
from journal.platform.statement import Statement

LIVE = "signature"
EARLIEST = timedelta(hours=12)
"""How long before its time a dose may be signed (A4: a future dose can be signed early, and is then given too early)."""
GIVEN = (Result.TAKEN, Result.PARTLY_TAKEN)

_CHANGED = phrases(
    {
        OrderStatus.ACTIVE: "%(name)s endret %(medicine)s %(time)s. Se hva som gjelder nå før du gir dosen.",
        OrderStatus.ON_HOLD: "%(name)s satte %(medicine)s på pause %(time)s. Dosen skal ikke gis nå.",
        OrderStatus.STOPPED: "%(name)s seponerte %(medicine)s %(time)s. Dosen skal ikke gis.",
        OrderStatus.COMPLETED: "Kuren med %(medicine)s er ferdig. Dosen skal ikke gis.",
    }
)

_DONE = (
    *("patient_id", "id", "dose_id", "request_id", "request_version", "kind", "status", "result"),
    *("reason_code", "reason_text", "effective_at", "amount", "unit", "observation_id"),
    *("site", "old_patch", "next_step", "try_at", "prepared_line_id", "performer_id", "performer_name"),
    *("supervision_id", "supervised_by", "supervised_by_name"),
)
_DOSE_TO_SIGN = Statement(sa.text("SELECT * FROM medication.dose_to_sign(:ids, :dose_id)"))
# One after the other in one order, so that two who want the same doses never wait for each other in a ring; those of courses
# that are counted first, since the plan is held with them: whoever moves many orders holds the plans before any dose.
_DOSES_TO_SIGN = Statement(
    sa.text(
        """SELECT s.* FROM (
            SELECT d.id FROM medication.dose d WHERE d.patient_id = ANY (:ids) AND d.id = ANY (:dose_ids)
            ORDER BY d.course_of IS NULL, d.patient_id, d.request_entry_id, d.due_at, d.id OFFSET 0) d
        CROSS JOIN LATERAL medication.dose_to_sign(:ids, d.id) s"""
    )
)


def doses_to_sign(db: Session, ids: Sequence[UUID], dose_ids: Iterable[UUID]) -> list[Any]:
    """These doses as `_hold_dose` has one, held until commit, in one call; those that are not of these charts are left out."""
    return _DOSES_TO_SIGN.rows(db, ids=list(ids), dose_ids=list(dose_ids))


@cache
def _administration() -> Statement:
    """One row of what was done with a dose. Written without the ORM, unlike other writes: what a nurse does most often."""
    return Statement(sa.insert(MedicationAdministration).values({name: sa.bindparam(name) for name in _DONE}))


class Watched(NamedTuple):
    """That a supervisor stands beside a student: `id` of what she said, and who she is."""

    id: UUID
    by: UUID
    by_name: str


class Signing(Clearings, Withdrawing, BeforeDoor, Near):
    """Lock first, look after: a look in the same statement would not see what it waited for."""

    def _hold_dose(self, patient_id: UUID, dose_id: UUID) -> Any:
        """The dose, held until commit, with the newest version of its order, and who signed it, when and as what.

        Raises NotFound. Locked first and looked at after, in one call of the database.
        """
        found = _DOSE_TO_SIGN.rows(self.db, ids=self.work.ids(patient_id), dose_id=dose_id)
        if not found:
            raise NotFound("Dosen finnes ikke hos denne pasienten.")
        return found[0]

    def _lock_order(self, patient_id: UUID, request_entry_id: UUID) -> Any:
        """Whoever changes an order, or counts what was given of it, holds this row until commit. Answers with from when the
        order waits at the hospital door (unconfirmed_since), what the tables say that whoever signs may do (authority), and whether
        a dose of the same substance is unknown after downtime (unknown).
        """
        plan = sa.and_(self.work.chart(patient_id, RequestPlan), RequestPlan.request_entry_id == request_entry_id)
        unknown = unknown_of_entry(self.work, patient_id, request_entry_id).label("unknown")
        lock = sa.select(RequestPlan.unconfirmed_since, OWN.label("authority"), unknown).where(plan)
        if (held := self.db.execute(lock.with_for_update(key_share=True, of=RequestPlan)).first()) is None:
            raise NotFound("Legemidlet finnes ikke hos denne pasienten.")
        return held

    def _ready_to_sign(
        self, patient_id: UUID, dose_id: UUID, request_version: int, given_at: datetime | None = None
    ) -> Any:
        dose = self._hold_dose(patient_id, dose_id)
        self._may_sign(patient_id, dose, request_version, given_at)
        return dose

    def _may_sign(self, patient_id: UUID, dose: Any, request_version: int, given_at: datetime | None = None) -> None:
        """Raises unless a dose that is held may be signed, and is hers to give."""
        self._may_be_signed(dose, request_version, given_at)
        self._require(patient_id, dose.authority, needed_of(dose, dose.unit))

    def _may_be_signed(self, dose: Any, request_version: int, given_at: datetime | None = None) -> None:
        """Raises unless a dose that is held is open, and its order the one that was seen."""
        if dose.signed_at is not None:
            raise self._already(dose)
        if dose.given_by in ON_LEAVE:
            raise Conflict("Dosen er på permisjonen. Skriv hva som ble tatt når pasienten er tilbake.")
        if self._waited(dose, given_at):
            raise not_reconciled(dose.generic_name)
        if not self._unchanged(dose, request_version, "open", HELD):
            raise self._changed(dose)

    def _not_too_early(self, dose: Any, given_at: datetime) -> None:
        if dose.due_at - given_at <= EARLIEST:
            return
        if given_at == self.work.now:
            raise Invalid("Dosen er ikke klar ennå. Den kan tidligst signeres tolv timer før den skal gis.")
        said = "Tidspunktet er mer enn tolv timer før dosen skulle gis. Skriv når den ble gitt."
        raise Invalid(errors={"given_at": [said]})

    def _unchanged(self, dose: Any, request_version: int, *states: str) -> bool:
        """An ordinary signature is of the order the nurse saw, and of no other (threat 15)."""
        open_order = dose.state in (states or ("open",)) and dose.status == OrderStatus.ACTIVE
        return open_order and bool(dose.version == request_version)

    def _is_complete(self, dose: Any) -> bool:
        """Whether the dose is of a course that ends by the doses given, and all of them are. No statement for other orders."""
        if dose.course_of is None:
            return False
        given = standing(self.db, dose.patient_id, dose.request_entry_id, dose.course_of, self.work.now).given
        return bool(given >= dose.course_of)

    def _complete(self, dose: Any) -> CourseComplete:
        said = phrase(
            "Kuren med %(medicine)s er ferdig: alle dosene er gitt. Ikke gi flere.", medicine=dose.generic_name
        )
        return CourseComplete(said, given=dose.course_of)

    def _recount(self, patient_id: UUID, dose: Any) -> None:
        """Plans the rest of a course that ends by the doses given, after one of them was signed, or was not what was signed."""
        if dose.course_of is not None:
            order = self._current_order(patient_id, dose.request_entry_id)
            of = order.municipality_id
            count_anew(self.db, order, choices_of(self.db, [of]).get(of, ()), self.work.now)

    def _lies_no_more(self, dose: Any) -> None:
        """Somebody knows now what became of what was laid before the patient. No statement for the others."""
        if dose.laid_out is not None:
            self.work.publish(LaidOutSettled(dose.patient_id, dose.laid_out))

    def _already(self, dose: Any) -> DoseAlreadySigned:
        who, at = dose.signed_by, spoken(dose.signed_at, self.work.now)
        given = dose.result in GIVEN
        said = (
            phrase("%(name)s signerte denne dosen %(time)s. Gi den ikke en gang til.", name=who, time=at)
            if given
            else phrase("%(name)s signerte denne dosen %(time)s. Den er signert som ikke gitt.", name=who, time=at)
        )
        return DoseAlreadySigned(said, signed_at=dose.signed_at.isoformat(), signed_by=who)

    def _changed(self, order: Any) -> OrderChanged:
        who, at, medicine = order.recorded_by_name, spoken(order.recorded_at, self.work.now), order.generic_name
        message = _CHANGED.get(OrderStatus(order.status), _CHANGED[OrderStatus.ACTIVE])
        said = phrase(message, name=who, medicine=medicine, time=at)
        return OrderChanged(said, status=order.status, changed_at=order.recorded_at.isoformat(), changed_by=who)

    def _given_at(self, said: datetime | None) -> datetime:
        with refusing("given_at", Invalid):
            return effective_time(said, self.work.now)

    def _write(
        self,
        dose: Any,
        result: Result,
        given_at: datetime,
        *,
        amount: Decimal | None,
        kind: str = LIVE,
        reason: Reason | None = None,
        text: str | None = None,
        observation_id: UUID | None = None,
        site: str | None = None,
        old_patch: str | None = None,
        next_step: str | None = None,
        try_at: datetime | None = None,
        prepared_line_id: UUID | None = None,
        performer: tuple[UUID, str] | None = None,
        watched: Watched | None = None,
    ) -> UUID:
        """Stores what was done with a dose; answers with its id."""
        id = new_id()
        _administration().tell(
            self.db,
            patient_id=dose.patient_id,
            id=id,
            dose_id=dose.id,
            request_id=dose.request_id,
            request_version=dose.request_version,
            kind=kind,
            status="completed" if result in GIVEN else "not-done",
            result=result.value,
            reason_code=reason.value if reason else None,
            reason_text=text or None,
            effective_at=given_at,
            amount=amount,
            unit=dose.unit if amount is not None else None,
            observation_id=observation_id,
            site=site,
            old_patch=old_patch,
            next_step=next_step,
            try_at=try_at,
            prepared_line_id=prepared_line_id,
            performer_id=performer and performer[0],
            performer_name=performer and performer[1],
            supervision_id=watched and watched.id,
            supervised_by=watched and watched.by,
            supervised_by_name=watched and watched.by_name,
        )
        return id
