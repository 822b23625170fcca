"""The pack at hand, on the cards of the round and on the sheet of medicines as needed. Looked up only where a dose wants one,
or where whoever gives it has another than the ordered one.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any
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
    pack that was scanned for a dose, empty where one is to be; what a refused signature said holds before it."""
    if not current_work().actor.may(Permission.MEDICATION_GIVE):
        return {}
    wanted = {
        dose.id: (dose, dose.amount)
        for dose in doses
        if dose.can_sign and not dose.needs_other and _is_named(dose, dose.id, wrong, at_hand)
    }
    said = {"patient": str(patient_id)} | ({"slot": slot} if slot else {})
    address = partial(url_for, "medication.round")
    return _fields(patient_id, wanted, wrong, at_hand, address=address, said=said, in_pane=True)


def at_hand_as_needed(
    patient_id: UUID,
    medicines: Sequence[AsNeededMedicine],
    wrong: pages.Trouble | None,
    at_hand: AtHand,
) -> dict[UUID, pages.ProductFields]:
    """The same of medicines as needed, by order."""
    wanted = {
        each.request_entry_id: (each, each.dosage.amount)
        for each in medicines
        if each.room.allowed and not each.needs_other and _is_named(each, each.request_entry_id, wrong, at_hand)
    }
    address = partial(url_for, "medication.as_needed", patient_id=patient_id)
    return _fields(patient_id, wanted, wrong, at_hand, address=address, said={}, in_pane=False)


def _fields(
    patient_id: UUID,
    wanted: Mapping[UUID, tuple[DueDose | AsNeededMedicine, Any]],
    wrong: pages.Trouble | None,
    at_hand: AtHand,
    *,
    address: Callable[..., str],
    said: dict[str, str],
    in_pane: bool,
) -> dict[UUID, pages.ProductFields]:
    if not wanted:
        return {}
    work, found = current_work(), {}
    packs = Medication(work).packs_of(patient_id, {each.request_entry_id for each, _amount in wanted.values()})
    for id, (each, amount) in wanted.items():
        of = packs.get(each.request_entry_id)
        # What must be named, and has no pack in the catalogue, is signed without.
        if amount is None or (of is None and each.needs_product):
            continue
        found[id] = pages.product_fields(
            of,
            amount,
            _typed(id, wrong, at_hand),
            local_date(work.now),
            address=address,
            said=said | {"dose": str(id)},
            in_pane=in_pane,
            back=None if each.needs_product else address(**said),
        )
    return found


def _is_named(of: DueDose | AsNeededMedicine, id: UUID, wrong: pages.Trouble | None, at_hand: AtHand) -> bool:
    """Whether its pack is: always, or because whoever gives it has another one in her hand."""
    return of.needs_product or (of.may_name_product and (id in at_hand or bool(_typed(id, wrong, at_hand))))


def _typed(id: UUID, wrong: pages.Trouble | None, at_hand: AtHand) -> str:
    return wrong.typed.get("product", "") if wrong and wrong.dose_id == id else at_hand.get(id, "")
