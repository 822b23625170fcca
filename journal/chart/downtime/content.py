"""What stands about one patient on the list, as texts: it is shown by a page that has nothing else to ask."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from journal.medication import AsNeededMedicine, Bag, DueDose
from journal.patients import ALLERGY_TEXTS, Banner, Relative
from journal.platform.clock import hhmm, moment

BACK, AHEAD = timedelta(hours=6), timedelta(hours=36)
"""Hours of doses on the list. It is built anew at least each 12th hour, so that at least 24 lie ahead."""


def content_of(
    banner: Banner,
    relatives: Sequence[Relative],
    due: Sequence[DueDose],
    bags: Sequence[Bag],
    as_needed: Sequence[AsNeededMedicine],
) -> dict[str, Any]:
    """Name, allergies, treatment limits, doses, what is wrong with what lies ready, what may be given as needed, whom to ring."""
    return {
        "name": f"{banner.family_name}, {banner.given_name}",
        "born": banner.birth_date_text,
        "room": banner.room or "",
        "sort": banner.sort_key,
        "allergies": {
            "said": str(ALLERGY_TEXTS[banner.alerts.allergy_state]),
            "texts": [f"{what} {reaction}".strip() for what, reaction in (*banner.allergies, *banner.intolerances)],
        },
        "limits": [" ".join(filter(None, (text, sub))) for _, text, sub in banner.flags],
        "phones": [
            {"name": one.name, "relation": one.relation or "", "phone": one.phone} for one in relatives if one.phone
        ],
        "doses": [_dose(dose) for dose in due],
        "bags": [f"{moment(bag.due_at)}: {said}" for bag in bags for said in _wrong_with(bag)],
        "as_needed": [_as_needed(medicine) for medicine in as_needed],
    }


def _dose(dose: DueDose) -> dict[str, Any]:
    return {
        "at": dose.due_at.isoformat(),
        "clock": hhmm(dose.due_at),
        "line": str(dose.line),
        "hand": str(dose.hand),
        "status": dose.status.value,
        # No "i morgen": the list is read on another day than it was written.
        "signed": f"{moment(dose.signed.state.effective_at)} {dose.signed.by_name}" if dose.signed else "",
        "note": " · ".join(filter(None, (dose.condition_text, dose.instruction, dose.paused_because, dose.take_out))),
    }


def _wrong_with(bag: Bag) -> Iterator[str]:
    """What must be known before anything is given from it: else its doses are given as they stand on the list."""
    if bag.blocked:
        yield str(bag.blocked)
    else:
        yield from (str(line.take_out) for line in bag.outdated)


def _as_needed(medicine: AsNeededMedicine) -> dict[str, Any]:
    return {
        "line": str(medicine.line),
        "hand": str(medicine.hand),
        "given": [moment(at) for at in sorted(medicine.given, reverse=True)[:4]],
    }
