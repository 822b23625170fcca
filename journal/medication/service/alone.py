"""Signed alone, with a reason: where there is no second person. Another counts, or looks it over, at the next change of shift."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.medication import facts
from journal.medication.alone_tables import AloneCheck, AloneWords, SignedAlone
from journal.medication.authority_tables import UnitSetting
from journal.medication.errors import WitnessIsSigner
from journal.medication.ledger_tables import KeepingPlace, Ledger, LedgerEntry
from journal.medication.models import MedicationAdministration, MedicationRequest
from journal.medication.rules.alone import LISTED_FOR, AloneReason, next_change
from journal.medication.rules.authority import USUAL_CHANGES
from journal.medication.rules.ledger import OWN, EntryKind
from journal.medication.service.beside import Beside
from journal.medication.service.keeping import Keeping
from journal.medication.service.withdrawing import standing
from journal.permissions import Permission
from journal.platform.clock import spoken
from journal.platform.errors import Conflict, Denied, Invalid, NotFound
from journal.platform.ids import new_id
from journal.platform.language import phrase
from journal.platform.quantity import Quantity
from journal.platform.service import on_patient, without_patient


@dataclass(frozen=True)
class Alone:
    """A dose that one person signed alone: who, when and why. No chart is open: no medicine and no name, but of a controlled drug
    the account it was taken from (`account`, `place`), as the account's own page says it. `checked_by`: None while nobody has."""

    patient_id: UUID
    administration_id: UUID
    by: UUID
    by_name: str
    at: datetime
    reason: AloneReason
    account: str | None
    place: str | None
    checked_by: str | None
    checked_at: datetime | None

    @property
    def counted(self) -> bool:
        """Whether what another does about it is to count."""
        return self.account is not None


@dataclass(frozen=True)
class AloneDose:
    """One of them in the chart it is of, with what was given, what was written of it, and who has counted since."""

    alone: Alone
    medicine: str
    amount: Quantity | None
    given_at: datetime
    words: str | None
    unit: str | None
    counted_by: str | None
    counted_at: datetime | None


class SigningAlone(Keeping, Beside):
    """A signature that stands alone is plain to see until another person has done what could not be done then."""

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def sign_alone(self, patient_id: UUID, administration_id: UUID, reason: AloneReason, text: str = "") -> None:
        """Says why one's own signature, of a dose that wants two, stands alone. Others are to look at the next change of shift.

        Raises NotFound where there is no live signature that wants a second, WitnessedAlready, Denied for the signature of
        somebody else, and Invalid where OTHER has no words.
        """
        signature, _authority = self._wants_second(patient_id, administration_id)
        if signature.recorded_by != self.work.actor.person_id:
            raise Denied("Bare den som signerte dosen, kan si at det ikke var noen andre.")
        if reason is AloneReason.OTHER and not text:
            raise Invalid(errors={"text": ["Skriv hvorfor du signerer alene."]})
        of = {"patient_id": signature.patient_id, "administration_id": signature.id}
        self.db.add(SignedAlone(**of, reason=reason.value))
        self.db.flush()
        if text:
            self.db.add(AloneWords(**of, id=new_id(), text=text))
        due_at = next_change(self.work.now, self._shift_changes())
        self.work.publish(facts.DoseSignedAlone(signature.patient_id, signature.id, due_at))

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def check_alone(self, patient_id: UUID, administration_id: UUID, counted: Decimal | None = None) -> None:
        """Another person has looked at a dose that was signed alone. Of a controlled drug the account it was taken from is
        counted: `counted` in its unit, None where somebody else than who signed has counted it since.

        Raises NotFound, Conflict when it is done already, WitnessIsSigner, and Invalid where a count is wanted.
        """
        alone = self._one_alone(patient_id, administration_id, hold=True)
        if alone.checked_by is not None and alone.checked_at is not None:
            said = "%(name)s gjorde dette %(time)s. Du trenger ikke gjøre mer."
            at = spoken(alone.checked_at, self.work.now)
            raise Conflict(phrase(said, name=alone.checked_by, time=at))
        if alone.by == self.work.actor.person_id:
            raise WitnessIsSigner("Du har selv signert denne dosen. En annen enn deg må kontrollere den.")
        row = AloneCheck(patient_id=alone.patient_id, administration_id=administration_id, signed_by=alone.by)
        if (taken := self._taken(administration_id)) is not None:
            if counted is not None:
                self.count(taken.place_id, {taken.ledger_id: counted})
            found = self._counted_since(taken, alone.by)
            if found is None:
                raise Invalid(errors={"counted": ["Tell, og skriv hvor mye som er der."]})
            row.place_id, row.number = found.place_id, found.number
        self.db.add(row)
        self.db.flush()
        self.work.publish(facts.AloneChecked(alone.patient_id, administration_id))

    @on_patient(Permission.MEDICATION_ADMINISTER)
    def dose_alone(self, patient_id: UUID, administration_id: UUID) -> AloneDose:
        """A dose that was signed alone, for whoever is to look at it. Raises NotFound."""
        alone = self._one_alone(patient_id, administration_id)
        given, order, words = MedicationAdministration, MedicationRequest, AloneWords
        row = self.db.execute(
            sa.select(given.amount, given.unit, given.effective_at, order.generic_name, order.strength, words.text)
            .join(order, sa.and_(self.work.chart(patient_id, order), order.id == given.request_id))
            .outerjoin(words, sa.and_(self.work.chart(patient_id, words), words.administration_id == given.id))
            .where(self.work.chart(patient_id, given), given.id == administration_id)
        ).one()
        taken = self._taken(administration_id)
        since = self._counted_since(taken, alone.by) if taken else None
        return AloneDose(
            alone,
            " ".join(part for part in (row.generic_name, row.strength) if part),
            Quantity(row.amount, row.unit) if row.amount is not None else None,
            row.effective_at,
            row.text,
            taken.unit if taken else None,
            since.recorded_by_name if since else None,
            since.recorded_at if since else None,
        )

    @without_patient(Permission.MEDICATION_READ)
    def signed_alone(self) -> list[Alone]:
        """Those of the last 30 days in the units one acts for, what nobody has looked at first, then the newest."""
        alone = SignedAlone
        since = alone.recorded_at > self.work.now - LISTED_FOR
        return self._alone(alone.unit_id.in_(self.work.actor.units), since)

    def _one_alone(self, patient_id: UUID, administration_id: UUID, *, hold: bool = False) -> Alone:
        """Held first and looked at after: of two who look at it, one is the one who did."""
        this = sa.and_(self.work.chart(patient_id, SignedAlone), SignedAlone.administration_id == administration_id)
        if hold:
            self.db.execute(sa.select(SignedAlone.administration_id).where(this).with_for_update(key_share=True))
        found = self._alone(this)
        if not found:
            raise NotFound("Ingen har signert denne dosen alene. Last siden på nytt.")
        return found[0]

    def _alone(self, *where: sa.ColumnElement[bool]) -> list[Alone]:
        alone, check, entry = SignedAlone, AloneCheck, LedgerEntry
        taken = sa.and_(
            entry.administration_id == alone.administration_id, entry.kind == EntryKind.WITHDRAWAL.value, standing()
        )
        rows = self.db.execute(
            sa.select(
                alone,
                check.recorded_by_name.label("checked_by"),
                check.recorded_at.label("checked_at"),
                sa.func.concat_ws(" ", Ledger.generic_name, Ledger.strength).label("account"),
                KeepingPlace.id.label("place_id"),
                KeepingPlace.name.label("place"),
            )
            .outerjoin(
                check,
                sa.and_(check.patient_id == alone.patient_id, check.administration_id == alone.administration_id),
            )
            .outerjoin(entry, taken)
            .outerjoin(Ledger, Ledger.id == entry.ledger_id)
            .outerjoin(KeepingPlace, KeepingPlace.id == entry.place_id)
            .where(alone.undone_at.is_(None), *where)
            .order_by(check.recorded_at.is_not(None), alone.recorded_at.desc(), alone.administration_id)
        )
        return [_shown(row) for row in rows]

    def _taken(self, administration_id: UUID) -> Any:
        """The withdrawal of a dose, with what its account counts in; None where it was taken from no account that is open."""
        entry = LedgerEntry
        return self.db.execute(
            sa.select(entry.place_id, entry.number, entry.ledger_id, Ledger.unit)
            .join(Ledger, Ledger.id == entry.ledger_id)
            .join(KeepingPlace, KeepingPlace.id == entry.place_id)
            .where(entry.administration_id == administration_id, entry.kind == EntryKind.WITHDRAWAL.value, standing())
            .where(KeepingPlace.closed_at.is_(None))
        ).first()

    def _counted_since(self, taken: Any, but_by: UUID) -> Any:
        """The newest count of the account after the withdrawal, by another person."""
        entry = LedgerEntry
        later = entry.number > taken.number, entry.kind == EntryKind.COUNT.value, entry.recorded_by != but_by
        of_ledger = sa.select(entry.place_id, entry.number, entry.recorded_by_name, entry.recorded_at).where(
            entry.ledger_id == taken.ledger_id, *later
        )
        return self.db.execute(of_ledger.order_by(entry.number.desc()).limit(1)).first()

    def _shift_changes(self) -> Sequence[Any]:
        setting = UnitSetting
        here = setting.municipality_id == self.work.actor.municipality_id, setting.unit_id == self.work.actor.unit_id
        chosen = sa.select(setting.shift_changes).where(*here).order_by(setting.version.desc()).limit(1)
        return self.db.scalar(chosen) or USUAL_CHANGES


def _shown(row: Any) -> Alone:
    alone = row.SignedAlone
    return Alone(
        alone.patient_id,
        alone.administration_id,
        alone.recorded_by,
        alone.recorded_by_name,
        alone.recorded_at,
        AloneReason(alone.reason),
        row.account if row.place_id else None,
        (row.place or OWN) if row.place_id else None,
        row.checked_by,
        row.checked_at,
    )
