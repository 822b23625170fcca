"""Giving a whole bag or compartment at once, one administration for each medicine; and taking out what is not ordered any more."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.errors import BagChanged, BagOutdated, ConfirmationMissing, NotFromBag
from journal.medication.models import MedicationAdministration
from journal.medication.prepared_tables import PreparedTakeOut
from journal.medication.rules import Reason, Result, caution_text
from journal.medication.rules.authority import Act
from journal.medication.rules.prepared import FROM_DISPENSER_TEXT, UNCONTROLLED, UNCONTROLLED_TEXT, PreparedKind
from journal.medication.service.administration import Administration
from journal.medication.service.prepared_shown import Bag, BagLine
from journal.medication.service.rolls import Rolls
from journal.medication.service.rows import as_lists, insert_rows
from journal.medication.service.shown import cautions_of
from journal.medication.service.signing import LIVE, Watched, doses_to_sign
from journal.permissions import Permission
from journal.platform.errors import Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import joined, phrase
from journal.platform.service import on_patient
from journal.platform.statement import Statement

_COLUMNS: dict[str, Any] = {
    "patient_id": sa.Uuid(),
    "id": sa.Uuid(),
    "dose_id": sa.Uuid(),
    "request_id": sa.Uuid(),
    "request_version": sa.Integer(),
    "kind": sa.Text(),
    "status": sa.Text(),
    "result": sa.Text(),
    "effective_at": sa.DateTime(timezone=True),
    "amount": sa.Numeric(),
    "unit": sa.Text(),
    "prepared_line_id": sa.Uuid(),
    "supervision_id": sa.Uuid(),
    "supervised_by": sa.Uuid(),
    "supervised_by_name": sa.Text(),
}


class Bags(Rolls, Administration):
    """The doses are held first, and then the bag is looked at: whoever takes something out holds them too."""

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def sign_bag(
        self,
        patient_id: UUID,
        prepared_id: UUID,
        *,
        due_at: datetime,
        seen: Mapping[UUID, int],
        confirmed: Collection[str] = (),
        reason: Reason | None = None,
        but: Collection[UUID] = (),
        given_at: datetime | None = None,
    ) -> list[UUID]:
        """Signs a bag: given, all but some, or not given; answers with the ids of the administrations, one for each medicine.

        `seen`: the doses the card showed, each with the version of its order; all that is given together must be there, and
        nothing else. Without a `reason` all are given. With one it is why the doses in `but` were not given and the others were;
        with no `but`, why none was, or how all were taken in part. `confirmed`: what is special and was seen. All or nothing.

        Raises NotFound, NotFromBag for a bag that is not to be used, BagOutdated while something must be taken out, BagChanged
        when it holds other doses now, ConfirmationMissing, and as sign_given of each dose.
        """

        def hers(doses: Mapping[UUID, Any]) -> dict[UUID, Watched]:
            for dose in doses.values():
                self._may_sign(patient_id, dose, seen[dose.id])
            return {}

        return self._sign_bag(
            patient_id,
            prepared_id,
            hers,
            due_at=due_at,
            seen=seen,
            confirmed=confirmed,
            reason=reason,
            but=but,
            given_at=given_at,
        )

    def _sign_bag(
        self,
        patient_id: UUID,
        prepared_id: UUID,
        hers: Callable[[Mapping[UUID, Any]], Mapping[UUID, Watched]],
        *,
        due_at: datetime,
        seen: Mapping[UUID, int],
        confirmed: Collection[str],
        reason: Reason | None,
        but: Collection[UUID],
        given_at: datetime | None = None,
    ) -> list[UUID]:
        """As sign_bag. `hers` is told the doses, held, and raises for one that is not hers to sign; of a student's it answers with
        the supervisor's word for each."""
        doses = {dose.id: dose for dose in doses_to_sign(self.db, self.work.ids(patient_id), seen)}
        bag = self._ready_bag(patient_id, prepared_id, due_at, doses)
        lines = {line.dose_id: line for line in bag.together if line.dose_id}
        if set(lines) != set(seen) or not set(but) <= set(seen) or (but and reason is None):
            raise BagChanged("Innholdet er endret siden du så det. Se hva som skal gis nå.")
        if reason is not None and reason.needs_text:
            raise Invalid("Velg en av grunnene, eller signer legemidlene hver for seg.")
        at = self._given_at(given_at)
        watched = hers(doses)
        refused = set(but or seen) if reason is not None else set()
        self._confirm_bag(bag, [dose for dose in doses.values() if dose.id not in refused], confirmed, at)
        given = {id: _row(dose, lines[id], at, watched.get(id)) for id, dose in doses.items() if id not in refused}
        if given:
            _write().tell(self.db, None, **as_lists(list(given.values()), _COLUMNS))
        signed = {id: row["id"] for id, row in given.items()}
        for id in refused:
            assert reason is not None
            signed[id] = self._sign_not_given(
                patient_id,
                doses[id],
                reason,
                at,
                amount=None,
                text=None,
                prepared_line_id=lines[id].id,
                watched=watched.get(id),
            )
        for id, dose in doses.items():
            result = reason.result if reason is not None and id in refused else Result.TAKEN
            self._signed(patient_id, dose, result, signed[id], at)
        return [signed[id] for id in doses]

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def undo_bag(self, patient_id: UUID, prepared_id: UUID, *, due_at: datetime, reason: str) -> None:
        """Marks as mistakes what this person signed from a bag. Raises NotFound where there is nothing, and as correct()."""
        for id in self._own_of_bag(patient_id, prepared_id, due_at):
            self._correct(patient_id, id, reason)

    def _own_of_bag(self, patient_id: UUID, prepared_id: UUID, due_at: datetime) -> Sequence[UUID]:
        bag = self._bag_at(patient_id, prepared_id, due_at)
        given = MedicationAdministration
        of_bag = sa.select(given.id).where(
            self.work.chart(patient_id, given),
            given.prepared_line_id.in_([line.id for line in bag.lines]),
            given.recorded_by == self.work.actor.person_id,
            given.in_error_at.is_(None),
            given.kind == LIVE,
        )
        found = self.db.scalars(of_bag.order_by(given.dose_id)).all()
        if not found:
            raise NotFound("Det er ingen signatur av deg å angre her. Last siden på nytt.")
        return found

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def take_out(self, patient_id: UUID, prepared_id: UUID, *, due_at: datetime, lines: Collection[UUID]) -> None:
        """Stores that these lines were taken out of the bag of this time: all that must be, and once for each.

        Raises NotFound, NoAuthority, and BagChanged when other lines than these are to be taken out now.
        """
        self._require_now(patient_id, Act.TAKE_OUT)
        bag = self._held_bag(patient_id, prepared_id, due_at)
        wanted = {line.id for line in bag.outdated}
        if wanted != set(lines) or not wanted:
            raise BagChanged("Det som skal tas ut, er endret, eller noen har alt tatt det ut. Se hva som gjelder nå.")
        for line in bag.outdated:
            self._store_take_out(bag, line.id, None)

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def give_up_bag(self, patient_id: UUID, prepared_id: UUID, *, due_at: datetime, reason: str) -> None:
        """Stores that a bag cannot be made right: its doses are given from the original packs, and somebody makes ready anew.

        Whoever gives may say so: nothing is taken out. Raises NotFound, and BagChanged when somebody has said so already.
        """
        bag = self._held_bag(patient_id, prepared_id, due_at)
        if bag.given_up_because is not None:
            raise BagChanged("Noen har alt merket at denne ikke skal brukes. Bruk originalpakning.")
        self._store_take_out(bag, None, reason)
        self.work.publish(facts.BagGivenUp(bag.of.patient_id, prepared_id))

    def _store_take_out(self, bag: Bag, line_id: UUID | None, reason: str | None) -> None:
        own = {"prepared_id": bag.of.id, "due_at": bag.due_at, "line_id": line_id, "reason": reason}
        self.db.add(PreparedTakeOut(patient_id=bag.of.patient_id, id=new_id(), **own))

    def _held_bag(self, patient_id: UUID, prepared_id: UUID, due_at: datetime) -> Bag:
        """The bag, with the thing and its doses held until commit."""
        self._hold_thing(patient_id, prepared_id)
        before = self._bag_at(patient_id, prepared_id, due_at)
        doses_to_sign(self.db, self.work.ids(patient_id), [line.dose_id for line in before.lines if line.dose_id])
        return self._bag_at(patient_id, prepared_id, due_at)

    def _ready_bag(self, patient_id: UUID, prepared_id: UUID, due_at: datetime, doses: Mapping[UUID, Any]) -> Bag:
        """The bag, where something of it may be given. Whoever is second is told who was first."""
        bag = self._bag_at(patient_id, prepared_id, due_at)
        if bag.of.kind is PreparedKind.DISPENSER:
            raise NotFromBag(FROM_DISPENSER_TEXT)
        if bag.blocked:
            raise NotFromBag(bag.blocked)
        for dose in doses.values():
            if dose.signed_at is not None:
                raise self._already(dose)
        if bag.outdated:
            first = joined(". ", [line.take_out for line in bag.outdated])
            raise BagOutdated(phrase("Utdatert. %(take_out)s. Ta det ut før du gir resten.", take_out=first))
        return bag

    def _confirm_bag(self, bag: Bag, doses: Collection[Any], confirmed: Collection[str], at: datetime) -> None:
        """What is special about giving these now must be what she has seen. A bag is as late as the narrowest of its doses."""
        wanted: dict[str, str] = {UNCONTROLLED: UNCONTROLLED_TEXT} if bag.uncontrolled and doses else {}
        for dose in doses:
            self._not_too_early(dose, at)
            self._none_near(dose, at)
            if self._is_complete(dose):
                raise self._complete(dose)
            for one in cautions_of(dose, at, dose):
                wanted[one.value] = caution_text(one, at=at, now=self.work.now, due_at=dose.due_at)
        if not set(wanted) <= set(confirmed):
            said = joined(" ", (*wanted.values(), phrase("Bekreft for å signere.")))
            raise ConfirmationMissing(said, cautions=list(wanted.items()))


def _row(dose: Any, line: BagLine, at: datetime, watched: Watched | None) -> dict[str, Any]:
    return {
        "patient_id": dose.patient_id,
        "id": new_id(),
        "dose_id": dose.id,
        "request_id": dose.request_id,
        "request_version": dose.request_version,
        "kind": LIVE,
        "status": "completed",
        "result": Result.TAKEN.value,
        "effective_at": at,
        "amount": dose.amount,
        "unit": dose.unit,
        "prepared_line_id": line.id,
        "supervision_id": watched and watched.id,
        "supervised_by": watched and watched.by,
        "supervised_by_name": watched and watched.by_name,
    }


@cache
def _write() -> Statement:
    """All the rows of a bag in one statement."""
    return insert_rows(MedicationAdministration, _COLUMNS)
