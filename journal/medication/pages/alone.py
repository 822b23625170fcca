"""A dose that wants two signatures and has one, on its card: the reasons for whoever is alone, the way to look for the others."""

from typing import Any, NamedTuple
from uuid import UUID

from flask import url_for

from journal.medication.rules.alone import ALONE, AloneReason, alone_text
from journal.medication.service import DueDose

REASONS = tuple((reason.value, text) for reason, text in ALONE.items() if reason is not AloneReason.OTHER)


class AloneOf(NamedTuple):
    """`text`: that it stands alone, and why; `sign_url`: for whoever signed, while it waits; `check_url`: for anybody else."""

    text: str | None
    sign_url: str | None
    check_url: str | None
    reasons: tuple[tuple[str, str], ...] = REASONS


NOT_ALONE = AloneOf(None, None, None)


def alone_of(dose: DueDose, slot: str | None, person_id: UUID) -> AloneOf:
    """Of a dose that nobody has signed, or that has its two signatures, nothing."""
    if dose.signed is None or not (dose.alone or dose.awaits_witness):
        return NOT_ALONE
    where: dict[str, Any] = {"patient_id": dose.patient_id, "administration_id": dose.signed.id}
    if dose.alone:
        own = dose.signed.by == person_id
        return AloneOf(alone_text(dose.alone), None, None if own else url_for("medication.alone_dose", **where))
    mine = dose.signed.by == person_id
    return AloneOf(None, url_for("medication.sign_alone", **where, slot=slot) if mine else None, None)
