"""What a prescriber takes in from another's list: it becomes an order, or a change of one, the way of every other order."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from uuid import UUID

from journal.medication.errors import JudgedOrder
from journal.medication.rules import Course, Dosage, Supply
from journal.medication.rules.reconciling import Row, same_strength
from journal.medication.rules.safety import Alert, Judgement, Tier, interrupts, may_be_signed, not_known
from journal.medication.service.catalogue import Catalogue
from journal.medication.service.comparing import Comparison, ends_on
from journal.medication.service.judging import Answers
from journal.medication.service.prescribing import Prescribing
from journal.medication.service.sources import SourceMedicine
from journal.platform.clock import instant, local_date
from journal.platform.quantity import Quantity


class TakingIn(Prescribing, Catalogue):
    """Each line is judged beside the ones that were taken in before it."""

    def _stop_row(self, patient_id: UUID, compared: Comparison, row: Row, why: str) -> None:
        assert row.ours is not None
        order = compared.ours[row.ours.key]
        self.stop(patient_id, order.entry_id, version=order.version, reason=why)

    def _take_in(
        self, patient_id: UUID, compared: Comparison, row: Row, why: str, answers: Answers
    ) -> JudgedOrder | None:
        """A change of the order where it is the same product in the hand; else an order of its own.

        Answers with what the rules say of it, when that wants an answer. One that lacks it stands while the others are judged
        beside it, so that all is said at once; whoever asks must then refuse them all. One that cannot be signed is left out.
        """
        assert row.theirs is not None
        medicine = compared.theirs[row.theirs.key]
        assert medicine.medicine is not None and medicine.medicine.catalogue_item_id is not None
        hit = self.catalogue_item(medicine.medicine.catalogue_item_id)
        assert medicine.dosage is not None
        dosage = _whole(medicine, hit.dose_unit, hit.strength_value, hit.strength_unit)
        said, start = medicine.said, medicine.said.starts_on
        order = compared.ours[row.ours.key] if row.ours else None
        if order is not None and is_change(compared, row):
            judged = _judged(row, self.judge_change(patient_id, order.entry_id, dosage=dosage), answers)
            if judged is None or may_be_signed(judged.loud):
                changed: dict[str, Any] = {
                    "version": order.version,
                    "dosage": dosage,
                    "reason": why,
                    "content": {"ends_at": None} | ({"supply": Supply.MULTIDOSE.value} if row.theirs.multidose else {}),
                }
                self.change(patient_id, order.entry_id, **changed, answers=_for_now(judged, answers))
            return judged
        starts_at = instant(start, time.min) if start and start > local_date(self.work.now) else None
        ordered: dict[str, Any] = {"medicine": hit.medicine, "dosage": dosage, "starts_at": starts_at}
        judged = _judged(row, self.judge(patient_id, **ordered), answers)
        if judged is None or may_be_signed(judged.loud):
            self.prescribe(
                patient_id,
                **ordered,
                use="3" if dosage.as_needed else "2" if dosage.course else "1",
                indication=said.indication or (order.indication if order else None),
                answers=_for_now(judged, answers),
                source_id=medicine.id,
                supply=Supply.MULTIDOSE if row.theirs.multidose else None,
            )
        return judged


def is_change(compared: Comparison, row: Row) -> bool:
    """Whether the same product goes on in another dose: then it is one order still."""
    assert row.ours is not None and row.theirs is not None
    old, new = compared.ours[row.ours.key], compared.theirs[row.theirs.key].medicine
    same = new is not None and (old.form, old.route) == (new.form, new.route)
    return same and same_strength(row.ours.strength, row.theirs.strength) and row.ours.as_needed == row.theirs.as_needed


def _whole(medicine: SourceMedicine, unit: str | None, strength: Any, strength_unit: str | None) -> Dosage:
    """The dosage with what one unit holds, and with its last day."""
    assert medicine.dosage is not None
    dosage, last = medicine.dosage, ends_on(medicine)
    if strength is not None and strength_unit is not None and dosage.unit == unit and strength_unit != unit:
        dosage = replace(dosage, strength_per_unit=Quantity(strength, strength_unit))
    if dosage.course is not None or last is None:
        return dosage
    return replace(dosage, course=Course(None, instant(last + timedelta(days=1), time.min)))


def _judged(row: Row, judgement: Judgement, answers: Answers) -> JudgedOrder | None:
    """What wants an answer of this order, and whether it has it; None for what nobody needs to answer."""
    assert row.theirs is not None
    loud = tuple(alert for alert in judgement.alerts if alert.tier is not Tier.MARK)
    unseen = bool(not_known(loud, answers.seen))
    unexplained = interrupts(loud) and not answers.reason.strip()
    return JudgedOrder(row.key, row.theirs.name, judgement, loud, unseen, unexplained) if loud else None


def _for_now(judged: JudgedOrder | None, answers: Answers) -> Answers:
    """What she answers; where something lacks, what lets the order stand until all of them are refused."""
    if judged is None or judged.is_answered:
        return answers
    return Answers([_known(alert) for alert in judged.loud], answers.reason or "–")


def _known(alert: Alert) -> tuple[str, str]:
    return alert.key, alert.basis
