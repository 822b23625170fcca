"""Tables of the allergy rule: which reactions are serious, what common words mean, and which groups may cross."""

from typing import NamedTuple

from journal.medication.rules.safety.alerts import Tier
from journal.medication.rules.safety.sources import HANDBOOK, SPC
from journal.platform.language import phrase

SERIOUS_REACTIONS = frozenset({"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "14", "15", "16", "17", "18"})
"""Volven 7497: all that threaten airways, circulation, skin or organs. The others are 11, 12, 13 and 19."""

UNKNOWN_REACTION = "20"

SERIOUS_WORDS = ("anafyla", "angio", "bevisst", "hevelse", "kramp", "larynx", "pust", "sjokk")
"""Parts of words by which a reaction written without a code is serious."""

_SULFONAMIDES = ("J01EB", "J01EC", "J01ED", "J01EE")

WORDS: dict[str, tuple[str, ...]] = {
    "penicillin": ("J01C",),
    "penicilliner": ("J01C",),
    "betalaktam": ("J01C", "J01D"),
    "cefalosporin": ("J01DB", "J01DC", "J01DD", "J01DE"),
    "cefalosporiner": ("J01DB", "J01DC", "J01DD", "J01DE"),
    "sulfa": _SULFONAMIDES,
    "sulfonamid": _SULFONAMIDES,
    "sulfonamider": _SULFONAMIDES,
    "makrolid": ("J01FA",),
    "makrolider": ("J01FA",),
    "asa": ("N02BA01", "B01AC06"),
    "aspirin": ("N02BA01", "B01AC06"),
    "nsaid": ("M01A",),
    "nsaids": ("M01A",),
    "opioid": ("N02A",),
    "opioider": ("N02A",),
    "opiater": ("N02A",),
    "statin": ("C10AA",),
    "statiner": ("C10AA",),
    "ace-hemmer": ("C09A", "C09B"),
    "ace-hemmere": ("C09A", "C09B"),
    "heparin": ("B01AB",),
    "kinoloner": ("J01MA",),
    "insulin": ("A10A",),
}
"""What people write without a code. Words that are names of substances are found in the table of substances."""


class Crossing(NamedTuple):
    """Who is allergic to one group may react to another. `tier` is for a serious or unknown reaction; else a mark."""

    allergy: tuple[str, ...]
    medicine: tuple[str, ...]
    tier: Tier
    note: str
    source: str


CROSSING = (
    Crossing(
        ("J01C",),
        ("J01DB", "J01DC", "J01DD", "J01DE"),
        Tier.CARD,
        phrase("Noen få som er allergiske mot penicillin, reagerer også på cefalosporiner."),
        HANDBOOK,
    ),
    Crossing(
        ("J01C",),
        ("J01DH",),
        Tier.MARK,
        phrase("Svært få som er allergiske mot penicillin, reagerer på karbapenemer."),
        HANDBOOK,
    ),
    Crossing(
        ("J01DB", "J01DC", "J01DD", "J01DE"),
        ("J01C", "J01DB", "J01DC", "J01DD", "J01DE"),
        Tier.CARD,
        phrase("Noen som er allergiske mot et cefalosporin, reagerer også på penicilliner og andre cefalosporiner."),
        HANDBOOK,
    ),
    Crossing(
        ("N02BA", "B01AC06"),
        ("M01A",),
        Tier.CARD,
        phrase("Den som får pustevansker eller elveblest av acetylsalisylsyre, kan reagere likt på NSAID."),
        SPC,
    ),
    Crossing(
        ("M01A",),
        ("M01A", "N02BA", "B01AC06"),
        Tier.CARD,
        phrase("Den som reagerer på ett NSAID, kan reagere på andre NSAID og på acetylsalisylsyre."),
        SPC,
    ),
    Crossing(
        ("N02AA", "R05DA", "N02AJ"),
        ("N02AA", "R05DA", "N02AJ"),
        Tier.MARK,
        phrase("Opioider som ligner på morfin, kan gi samme reaksjon. Kløe alene er oftest en bivirkning."),
        HANDBOOK,
    ),
    Crossing(
        ("J01FA",),
        ("J01FA", "J01FF"),
        Tier.CARD,
        phrase("Den som reagerer på ett makrolid, kan reagere på andre."),
        SPC,
    ),
    Crossing(("J01MA",), ("J01MA",), Tier.CARD, phrase("Den som reagerer på ett kinolon, kan reagere på andre."), SPC),
    Crossing(
        ("C09A", "C09B"),
        ("C09A", "C09B", "C09DX04"),
        Tier.CARD,
        phrase("Hevelse av én ACE-hemmer kommer igjen med alle andre, og med sakubitril."),
        SPC,
    ),
    Crossing(
        ("N03AB02", "N03AF", "N03AA02", "N03AX09"),
        ("N03AB02", "N03AF", "N03AA02", "N03AX09"),
        Tier.CARD,
        phrase("Alvorlig utslett av ett av disse midlene mot epilepsi kan komme igjen med et annet."),
        SPC,
    ),
    Crossing(("C10AA",), ("C10AA",), Tier.MARK, phrase("Muskelskade av ett statin kan komme igjen med et annet."), SPC),
    Crossing(
        ("B01AB",), ("B01AB",), Tier.CARD, phrase("Den som har reagert på ett heparin, kan reagere på et annet."), SPC
    ),
    Crossing(
        ("N01BB",),
        ("N01BB",),
        Tier.CARD,
        phrase("Den som reagerer på ett lokalbedøvende amid, kan reagere på andre."),
        SPC,
    ),
)
"""The first that fits is used."""
