"""Lagt fram: a dose that lies before the patient is neither given nor not given, until somebody knows that it was taken.

Source: Helsedirektoratet's circular Legemiddelhåndtering (18.09.2025) to the regulation of 3 April 2008 no. 320: whoever gives
a medicine sees to that the patient takes it, and writes down what was taken, not what was laid out. Medicines of group A are
kept locked until they are taken (the same regulation). UX plan A6: the reason "Lagt fram" stands among the others.
"""

from collections.abc import Collection
from datetime import datetime

from journal.medication.rules.authority import Act
from journal.medication.rules.status import DoseStatus
from journal.platform.clock import hhmm
from journal.platform.language import phrase

_BY_HAND = frozenset({Act.INSULIN, Act.INJECTION, Act.PATCH})


def why_not(
    acts: Collection[Act], *, prescription_group: str | None, two_signatures: bool, required_value: object | None
) -> str | None:
    """Why this dose may not be left before the patient; None when it may. `acts`: what giving it takes (acts_needed)."""
    if _BY_HAND & set(acts):
        return phrase("Injeksjoner, insulin og plaster legges ikke fram. De gis når du er hos pasienten.")
    if prescription_group == "A":
        return phrase("A-preparater legges ikke fram. Bli hos pasienten til dosen er tatt.")
    if two_signatures:
        return phrase("Dosen skal ha to signaturer, og legges ikke fram. Bli hos pasienten til den er tatt.")
    if required_value is not None:
        return phrase("Dosen krever en måling, og legges ikke fram. Mål først, og gi den da.")
    return None


def settle_before(laid_at: datetime, due_at: datetime, late_after: datetime) -> datetime:
    """Until when somebody must have looked whether it was taken: as long as the municipality lets a dose be late, from its
    time, and from when it was laid out where that was after."""
    return max(laid_at, due_at) + (late_after - due_at)


def still_lies(status: DoseStatus) -> bool:
    """Whether a dose that was laid out, and is not signed, may yet be taken: not where its order was paused or stopped since."""
    return status not in (DoseStatus.HELD, DoseStatus.STOPPED, DoseStatus.UNRECONCILED)


def laid_text(name: str, laid_at: datetime) -> str:
    """`lagt fram 08.05 av Kari Nes`: what the dose says in the place of how late it is."""
    return phrase("lagt fram %(time)s av %(name)s", time=hhmm(laid_at), name=name)


def outdated_text(name: str, laid_at: datetime, *, stopped: bool) -> str:
    """What whoever sees the dose must do, when its order was changed, paused or stopped while it lay there."""
    if stopped:
        said = (
            "Lagt fram %(time)s av %(name)s, før ordinasjonen ble endret. Ta dosen bort, eller si fra hvis den er tatt."
        )
    else:
        said = "Lagt fram %(time)s av %(name)s etter den forrige ordinasjonen. Se at det er riktig dose som ligger der."
    return phrase(said, time=hhmm(laid_at), name=name)
