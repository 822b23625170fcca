"""Who may give: which acts a dose needs, and whether somebody has them now.

Authority is personal. What a role carries by itself is the municipality's choice; what is delegated is by name, in one unit,
for all its patients or some, from a time until the end of a shift. Sources: the regulation of 3 April
2008 no. 320 with Helsedirektoratet's circular Legemiddelhåndtering (18.09.2025): the manager sees to that whoever handles
medicines is competent, and somebody without the education may be let do it by name; Volven 9135 for what a dose comes from.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from journal.medication.rules.patches import PATCH
from journal.medication.rules.sentence import INJECTED_UNITS
from journal.medication.rules.supply import Supply
from journal.platform.clock import instant, local_date
from journal.platform.language import joined, phrase


class Act(StrEnum):
    """What somebody may do with medicines in a unit. The last one is to delegate the others."""

    READY = "ready"
    PACK = "pack"
    PREPARE = "prepare"
    CONTROL = "control"
    AS_NEEDED = "as-needed"
    INSULIN = "insulin"
    INJECTION = "injection"
    CONTROLLED = "controlled"
    PATCH = "patch"
    TAKE_OUT = "take-out"
    DELEGATE = "delegate"


ACTS = {
    Act.READY: phrase("Gi fra dosett eller multidose"),
    Act.PACK: phrase("Gi fra originalpakning"),
    Act.PREPARE: phrase("Legge dosett"),
    Act.CONTROL: phrase("Kontrollere (andre signatur)"),
    Act.AS_NEEDED: phrase("Gi ved behov"),
    Act.INSULIN: phrase("Gi insulin"),
    Act.INJECTION: phrase("Gi andre injeksjoner"),
    Act.CONTROLLED: phrase("Gi A- og B-preparater"),
    Act.PATCH: phrase("Sette plaster"),
    Act.TAKE_OUT: phrase("Ta ut av multidosepose"),
    Act.DELEGATE: phrase("Gi fullmakter i enheten"),
}
GIVING = tuple(act for act in Act if act is not Act.DELEGATE)
"""What a role may carry by itself. To delegate is nobody's by her role but the manager's."""

USUAL_ROLES: Mapping[str, frozenset[Act]] = {"nurse": frozenset(GIVING), "doctor": frozenset(GIVING)}
"""While the municipality has chosen nothing. Everybody else has what is delegated to her."""

CARRYING_ROLES = ("nurse", "doctor", "health_assistant")

USUAL_CHANGES = (time(7, 30), time(15), time(22, 30))
"""When one shift takes over from another, while the unit has not said."""

EXPIRES_SOON = timedelta(days=30)
SHOWN_NAMES = 5
CLEARED_WITHIN = timedelta(hours=6)

_MADE_READY = frozenset({Act.PREPARE, Act.CONTROL, Act.TAKE_OUT})
_DAY = timedelta(days=1)
_READY = frozenset({Supply.DOSETT, Supply.MULTIDOSE, Supply.DISPENSER})
# As form and route begin in the catalogue.
_INJECTED = ("injeksjon", "infusjon", "subkutan", "intramuskul", "intraven")


def acts_needed(
    *,
    supply: str | None,
    form: str | None,
    route: str | None,
    unit: str | None,
    atc_code: str | None,
    prescription_group: str | None,
    as_needed: bool,
) -> frozenset[Act]:
    """Every act that whoever gives this dose must have. `supply` None: nobody has said, so it is taken from a pack.

    Insulin, another injection and a patch are acts of their own, and nothing of them lies in a bag; groups A and B, and as
    needed, come on top of how the dose is taken.
    """
    words = f"{form or ''} {route or ''}".lower()
    if (atc_code or "").startswith("A10A"):
        needed = {Act.INSULIN}
    elif unit in INJECTED_UNITS or any(word in words for word in _INJECTED):
        needed = {Act.INJECTION}
    elif unit == PATCH:
        needed = {Act.PATCH}
    else:
        needed = {Act.READY if supply in _READY else Act.PACK}
    if prescription_group in ("A", "B"):
        needed.add(Act.CONTROLLED)
    if as_needed:
        needed.add(Act.AS_NEEDED)
    return frozenset(needed)


class Delegated(NamedTuple):
    """An authority that holds now. `patients` None: all of the unit."""

    acts: frozenset[Act]
    patients: frozenset[UUID] | None = None


class Authority(NamedTuple):
    """What one person may do now, in the unit she acts in: what her role carries, and what is delegated to her.

    `clears`: the unit wants what is given as needed cleared with a nurse.
    """

    carried: frozenset[Act]
    delegated: tuple[Delegated, ...] = ()
    clears: bool = False

    @property
    def clears_as_needed(self) -> bool:
        """Whether she has to clear a dose as needed with a nurse first: her unit wants it of those to whom it is delegated."""
        return self.clears and Act.AS_NEEDED not in self.carried

    def lacks(self, needed: Collection[Act], patient_ids: Collection[UUID]) -> frozenset[Act]:
        """Those of the acts she has not for this patient, who is known by all these ids. Empty: she may."""
        lacking = frozenset(needed) - self.carried
        for each in self.delegated if lacking else ():
            if each.patients is None or not each.patients.isdisjoint(patient_ids):
                lacking -= each.acts
        return lacking


def carried_by(role: str, chosen: Mapping[str, Sequence[str]] | None) -> frozenset[Act]:
    """What the role carries by itself. `chosen`: acts by role, as the municipality has chosen; None while it has not."""
    if chosen is None:
        return USUAL_ROLES.get(role, frozenset())
    return frozenset(Act(act) for act in chosen.get(role, ()))


def acts_nobody_carries(chosen: Mapping[str, Collection[str]]) -> tuple[Act, ...]:
    """What neither nurse nor doctor carries by this choice: nobody could do it until it was delegated."""
    carried = {act for role in USUAL_ROLES for act in chosen.get(role, ())}
    return tuple(act for act in GIVING if act not in carried)


def end_of_last_shift(last_day: date, changes: Collection[time]) -> datetime:
    """When an authority ends that holds to and with this day (Oslo): when the shift that runs as the day ends is over.

    `changes` are the clock times when a shift takes over, one of them another than 00.00: an authority never ends at midnight. A
    clock time that comes twice is over the second time.
    """
    return instant(last_day + _DAY, min(at for at in changes if at != time.min), fold=1)


def may_be_done_by(acts: Collection[Act], names: Sequence[str], at_work: int = 0) -> str:
    """`Kan gis av: Nina Nordli (på jobb), Lars Haugen og 3 til.`: at most five names; what to do where there is none.

    `at_work`: so many of the names, the first ones, have said that they are at work now.
    """
    gives = not _MADE_READY.issuperset(acts)
    if not names:
        if gives:
            return phrase(
                "Ingen i enheten har fullmakt til å gi denne dosen. Ring sykepleier på vakt eller lederen din."
            )
        return phrase("Ingen i enheten har fullmakt til det. Ring sykepleier på vakt eller lederen din.")
    said = [phrase("%(name)s (på jobb)", name=name) if n < at_work else name for n, name in enumerate(names)]
    shown, hidden = joined(", ", said[:SHOWN_NAMES]), len(names) - SHOWN_NAMES
    if hidden > 0:
        if gives:
            return phrase("Kan gis av: %(names)s og %(n)s til.", names=shown, n=hidden)
        return phrase("Kan gjøres av: %(names)s og %(n)s til.", names=shown, n=hidden)
    return phrase("Kan gis av: %(names)s.", names=shown) if gives else phrase("Kan gjøres av: %(names)s.", names=shown)


def lacking_text(lacking: Iterable[Act]) -> str:
    """What she has no authority for, in a sentence."""
    said = ", ".join(ACTS[act].in_a_sentence() for act in Act if act in set(lacking))
    return phrase("Du har ikke fullmakt til å %(acts)s.", acts=said)


def cleared_at(at: time, now: datetime) -> datetime:
    """When it was cleared with the nurse, from the clock time she says: today, or last evening just after midnight.

    Raises ValueError, with a sentence, for a time that is not within the last six hours.
    """
    today = local_date(now)
    said = next((when for day in (today, today - _DAY) if (when := instant(day, at)) <= now), now)
    if now - said > CLEARED_WITHIN:
        raise ValueError("Skriv når du avklarte det. Det må være i løpet av de siste seks timene.")
    return said
