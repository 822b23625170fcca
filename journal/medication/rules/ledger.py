"""The account of controlled drugs: what is accounted for, from where a dose is taken, and what each entry is called.

Sources: forskrift om legemiddelhåndtering (FOR-2008-04-03-320) and its circular, control of A- and B-preparater: an account for
each medicine and strength, every withdrawal, and two at destruction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from journal.medication.rules.supply import Supply
from journal.platform.language import phrase, phrases


class PlaceKind(StrEnum):
    """Where controlled drugs are kept. A patient's own are kept for her."""

    CABINET = "cabinet"
    SAFE = "safe"
    CAR = "car"
    PATIENT = "patient"


class EntryKind(StrEnum):
    """How a balance moves. A count sets it to what is there."""

    OPENING = "opening"
    DELIVERY = "delivery"
    WITHDRAWAL = "withdrawal"
    WASTE = "waste"
    RETURN = "return"
    DESTRUCTION = "destruction"
    COUNT = "count"
    CORRECTION = "correction"
    LAID_IN = "laid_in"
    SENT_ALONG = "sent_along"
    CAME_BACK = "came_back"


class WasteReason(StrEnum):
    """Why something was thrown away."""

    REST = "rest"
    DROPPED = "dropped"
    REFUSED = "refused"
    EXPIRED = "expired"
    OTHER = "other"


class Cause(StrEnum):
    """Why a count differed from the account."""

    MISCOUNTED = "miscounted"
    WITHDRAWAL_NOT_WRITTEN = "withdrawal_not_written"
    DELIVERY_NOT_WRITTEN = "delivery_not_written"
    SPILLED = "spilled"
    LOST = "lost"


PLACES = phrases({PlaceKind.CABINET: "Skap", PlaceKind.SAFE: "Safe", PlaceKind.CAR: "Bil"})
OWN = phrase("Pasientens egne")
ENTRIES = phrases(
    {
        EntryKind.OPENING: "Første telling",
        EntryKind.DELIVERY: "Mottatt",
        EntryKind.WITHDRAWAL: "Uttak til dose",
        EntryKind.WASTE: "Kassert",
        EntryKind.RETURN: "Levert tilbake til apotek",
        EntryKind.DESTRUCTION: "Destruert",
        EntryKind.COUNT: "Telling",
        EntryKind.CORRECTION: "Rettet tilbake",
        EntryKind.LAID_IN: "Lagt i dosett eller dispenser",
        EntryKind.SENT_ALONG: "Sendt med på permisjon",
        EntryKind.CAME_BACK: "Kom tilbake fra permisjon",
    }
)
WASTES = phrases(
    {
        WasteReason.REST: "Rest etter dose",
        WasteReason.DROPPED: "Mistet eller ødelagt",
        WasteReason.REFUSED: "Tatt ut, men ikke gitt",
        WasteReason.EXPIRED: "Gått ut på dato",
        WasteReason.OTHER: "Annet",
    }
)
CAUSES = phrases(
    {
        Cause.MISCOUNTED: "Talt eller skrevet feil",
        Cause.WITHDRAWAL_NOT_WRITTEN: "Et uttak var ikke ført",
        Cause.DELIVERY_NOT_WRITTEN: "En leveranse var ikke ført",
        Cause.SPILLED: "Søl eller overfylling",
        Cause.LOST: "Ikke funnet. Meldt til leder",
    }
)

BY_HAND = (EntryKind.DELIVERY, EntryKind.LAID_IN, EntryKind.WASTE, EntryKind.RETURN, EntryKind.DESTRUCTION)
"""What somebody writes in the ledger; the rest follows from doses and counts."""
TAKES_OUT = frozenset(BY_HAND) - {EntryKind.DELIVERY}
WITNESSED = frozenset({EntryKind.WASTE, EntryKind.DESTRUCTION})
"""What another person must have seen."""
CORRECTABLE = frozenset({*BY_HAND, EntryKind.WITHDRAWAL})
"""What a counter-entry takes back; a count is counted anew."""

_PACKED = frozenset({Supply.DOSETT, Supply.MULTIDOSE, Supply.DISPENSER})
_HERS = frozenset({Supply.OWN_PACKS, Supply.BROUGHT_ALONG})


@dataclass(frozen=True)
class Kept:
    """A place that is open, and the ledger in it of the strength that is asked for (None: it has none).

    `own`: it holds the patient's own medicines. `lately`: when whoever asks took something from it last, None for not today.
    """

    place_id: UUID
    name: str | None
    own: bool
    ledger_id: UUID | None = None
    balance: Decimal | None = None
    lately: datetime | None = None


def accounted(group: str | None, *, group_b: bool) -> bool:
    """Whether a medicine of this prescription group is accounted for: A always, B where the municipality says so."""
    return group == "A" or (group == "B" and group_b)


def places_of(supply: Supply | None, kept: Sequence[Kept]) -> tuple[Kept, ...] | None:
    """The ledgers that a dose of this supply may be taken from; None when the unit does not keep what is given.

    What lies ready in a dosett or a bag was taken out before. The patient's own medicines are used first, and are never the
    ward's; those that the unit does not keep for her are in no account.
    """
    own = [place for place in kept if place.own]
    if supply in _PACKED or not kept or (supply in _HERS and not own):
        return None
    mine = tuple(place for place in own if place.ledger_id)
    if mine or supply in _HERS:
        return mine
    return tuple(place for place in kept if place.ledger_id and not place.own)


def places_to_lay_from(kept: Sequence[Kept]) -> tuple[Kept, ...] | None:
    """The ledgers that what is laid in a dosett or a dispenser may be taken from; None when the unit keeps nothing."""
    return places_of(None, kept)


def chosen_place(places: Sequence[Kept], amount: Decimal, ledger_id: UUID | None) -> Kept | None:
    """The place a dose of `amount` was taken from: the one that was said, the only one that has so much, or the one that was
    used last. None when there are several and nobody has said which. `places` is not empty."""
    if said := next((place for place in places if place.ledger_id == ledger_id), None):
        return said
    enough = [place for place in places if place.balance is not None and place.balance >= amount] or list(places)
    if len(enough) == 1:
        return enough[0]
    used = [place for place in enough if place.lately is not None]
    return max(used, key=lambda place: (place.lately, place.place_id)) if used else None


def taken_out(ordered: Decimal, given: Decimal | None) -> tuple[Decimal, Decimal]:
    """What is taken out for a dose: what was given of it, and the rest, which is wasted. Of a dose taken in part nobody knows how
    much of, the whole was taken out."""
    if given is None or given >= ordered:
        return given or ordered, Decimal(0)
    return given, ordered - given
