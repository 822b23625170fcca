"""The pack at hand, on the cards of the round and on the sheet of medicines as needed. Looked up only where a dose wants one."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from flask import url_for

from journal.medication import pages
from journal.medication.service import AsNeededMedicine, DueDose, Medication
from journal.permissions import Permission
from journal.platform.clock import local_date
from journal.web import current_work

AtHand = Mapping[UUID | None, str]
NONE_AT_HAND: AtHand = MappingProxyType({})


def at_hand_of(
    patient_id: UUID,
    doses: Sequence[DueDose],
    slot: str | None,
    wrong: pages.Trouble | None,
    at_hand: AtHand,
) -> dict[UUID, pages.ProductFields]:
    """By dose: of those that are given from a pack that is named, and that whoever asks may sign. `at_hand`: the code of the
    pack that was scanned for a dose; what a refused signature said holds before it."""
    wanted = [dose for dose in doses if dose.needs_product and dose.can_sign and not dose.needs_other]
    work = current_work()
    if not wanted or not work.actor.may(Permission.MEDICATION_ADMINISTER):
        return {}
    packs = Medication(work).packs_of(patient_id, {dose.request_entry_id for dose in wanted})
    found = {}
    for dose in wanted:
        if (of := packs.get(dose.request_entry_id)) is None:
            continue
        typed = wrong.typed.get("product", "") if wrong and wrong.dose_id == dose.id else at_hand.get(dose.id, "")
        said = {"patient": str(patient_id), "dose": str(dose.id)} | ({"slot": slot} if slot else {})
        found[dose.id] = pages.product_fields(
            of,
            dose.amount,
            typed,
            local_date(work.now),
            address=lambda **more: url_for("medication.round", **more),
            said=said,
            in_pane=True,
        )
    return found


def at_hand_as_needed(
    patient_id: UUID,
    medicines: Sequence[AsNeededMedicine],
    wrong: pages.Trouble | None,
    at_hand: AtHand,
) -> dict[UUID, pages.ProductFields]:
    """The same of medicines as needed, by order."""
    wanted = [each for each in medicines if each.needs_product and each.room.allowed and not each.needs_other]
    if not wanted:
        return {}
    work = current_work()
    packs = Medication(work).packs_of(patient_id, {each.request_entry_id for each in wanted})
    found = {}
    for each in wanted:
        id, amount = each.request_entry_id, each.dosage.amount
        if (of := packs.get(id)) is None or amount is None:
            continue
        found[id] = pages.product_fields(
            of,
            amount,
            wrong.typed.get("product", "") if wrong and wrong.dose_id == id else at_hand.get(id, ""),
            local_date(work.now),
            address=lambda **more: url_for("medication.as_needed", patient_id=patient_id, **more),
            said={"dose": str(id)},
            in_pane=False,
        )
    return found
