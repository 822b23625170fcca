"""From what supply a medicine comes, and who is answerable for giving it.

Sources: Volven 9135 (legemiddel utleveringsform) and 9074 (administreres av); the prescriber's own fields where the code
lists are coarser. A paused medicine in a packed bag is the nurse's to take out: ux.md 1 (what the hand does). What lies ready in
a compartment or a bag is counted in pieces; a piece that draws moisture, or that is laid under the tongue when it is wanted,
keeps its own pack: the product texts of effervescent, melting and sublingual tablets (to be kept in the original package).
"""

from enum import StrEnum

from journal.medication.rules.parts import InvalidDosage
from journal.platform.language import phrase, phrases


class Supply(StrEnum):
    """Where the hand finds the medicine."""

    WARD_STOCK = "ward_stock"
    OWN_PACKS = "own_packs"
    DOSETT = "dosett"
    MULTIDOSE = "multidose"
    DISPENSER = "dispenser"
    BROUGHT_ALONG = "brought_along"


class GivenBy(StrEnum):
    """Who sees to it that a dose is taken. The unit is the one that has the patient: a ward or home care."""

    UNIT = "municipality_unit"
    PATIENT = "patient"
    NEXT_OF_KIN = "next_of_kin"
    OTHER = "other"


SUPPLIES = phrases(
    {
        Supply.WARD_STOCK: "Avdelingens lager",
        Supply.OWN_PACKS: "Pasientens egne pakninger",
        Supply.DOSETT: "Dosett",
        Supply.MULTIDOSE: "Multidose",
        Supply.DISPENSER: "Medisindispenser",
        Supply.BROUGHT_ALONG: "Medbrakt hjemmefra",
    }
)
GIVERS = phrases(
    {
        GivenBy.UNIT: "Avdelingen eller hjemmetjenesten",
        GivenBy.PATIENT: "Pasienten selv",
        GivenBy.NEXT_OF_KIN: "Pårørende",
        GivenBy.OTHER: "Andre",
    }
)

CODES = {
    Supply.WARD_STOCK: ("1", "Enkeltdose"),
    Supply.OWN_PACKS: ("1", "Enkeltdose"),
    Supply.BROUGHT_ALONG: ("1", "Enkeltdose"),
    Supply.DOSETT: ("2", "Dosett"),
    Supply.MULTIDOSE: ("3", "Multidose"),
    Supply.DISPENSER: ("8", "Annet"),
}
"""Volven 9135: a single dose is what is taken from a pack, whoever's pack it is."""

_FROM = phrases(
    {
        Supply.OWN_PACKS: "fra egen pakning",
        Supply.DOSETT: "fra dosett",
        Supply.MULTIDOSE: "fra multidose",
        Supply.DISPENSER: "fra dispenser",
        Supply.BROUGHT_ALONG: "medbrakt",
    }
)
OTHERS = frozenset(GivenBy) - {GivenBy.UNIT}
"""Who gives when the unit does not: what they give is neither late nor missed to the unit."""
_GIVES = phrases(
    {GivenBy.PATIENT: "tar selv", GivenBy.NEXT_OF_KIN: "pårørende gir", GivenBy.OTHER: "andre gir"},
)
_TAKE_OUT = phrases(
    {
        Supply.DOSETT: "Ta den ut av dosetten.",
        Supply.MULTIDOSE: "Ta den ut av multidoseposen.",
        Supply.DISPENSER: "Ta den ut av dispenseren.",
    }
)


_LIES_READY = {Supply.DOSETT, Supply.MULTIDOSE, Supply.DISPENSER}
_PIECES = {"tablett", "tyggetablett", "kapsel"}
_KEEPS_ITS_PACK = ("brus", "smelte", "sublingval")
CANNOT_LIE_READY = phrase(
    "Bare tabletter og kapsler kan ligge i dosett, multidose eller dispenser, og ikke brusetabletter, smeltetabletter eller "
    "tabletter under tungen. Velg hvor det ellers skal tas fra."
)


def may_come_from(supply: str | None, unit: str, form: str | None) -> bool:
    """Whether a medicine that is dosed in this unit, in this form, can come from this supply (None: nobody has said which).

    An order whose form is not known is judged by its unit alone.
    """
    if supply is None or Supply(supply) not in _LIES_READY:
        return True
    known = (form or "").casefold()
    return unit in _PIECES and not any(word in known for word in _KEEPS_ITS_PACK)


def check_supply(supply: str | None, unit: str, form: str | None) -> None:
    """Raises InvalidDosage for a medicine that cannot lie ready where its supply says that it does."""
    if not may_come_from(supply, unit, form):
        raise InvalidDosage(CANNOT_LIE_READY)


def usual_supply(ground: str) -> Supply:
    """What is likely, and stands in the form first: who stays in a ward has its stock, who lives at home her own packs.

    `ground` is why the prescriber sees the patient, which says which kind of unit she is the patient of.
    """
    return Supply.WARD_STOCK if ground == "stay" else Supply.OWN_PACKS


def supply_flags(supply: str | None, given_by: str) -> tuple[tuple[str, str], ...]:
    """Colour and word beside the name: a supply that is not the ward's stock, and who gives when the unit does not.

    `supply` None: nobody has said.
    """
    words = (_FROM.get(Supply(supply)) if supply else None, _GIVES.get(GivenBy(given_by)))
    return tuple(("neutral", word) for word in words if word)


def take_out_text(supply: str | None) -> str | None:
    """What the hand does when a dose that lies ready with others shall not be given; None where it lies in no bag."""
    return _TAKE_OUT.get(Supply(supply)) if supply else None


def must_be_told_text(supply: str | None) -> str | None:
    """What whoever changes the order must see to, since the bags ahead are packed already."""
    if supply != Supply.MULTIDOSE:
        return None
    return phrase("Legemidlet ligger i pakkede multidoseposer. Gi beskjed til apoteket.")
