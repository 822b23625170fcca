"""Groups of which a patient should have one at a time, and how loud two are. The first group that holds both speaks."""

from dataclasses import dataclass

from journal.medication.rules.safety.alerts import Tier
from journal.medication.rules.safety.sources import ATC, EMA, HANDBOOK, SPC
from journal.platform.language import phrase


@dataclass(frozen=True, slots=True)
class Group:
    """`codes` are ATC groups, of which `but_not` are left out. `tier` is for two that are taken regularly.

    `one_as_needed`: how loud when one of the two is as needed; None: such a pair is planned, and nothing is said.
    `by_duration`: only two that both act long, or both short, are two of the same.
    """

    code: str
    name: str
    codes: tuple[str, ...]
    tier: Tier
    one_as_needed: Tier | None
    source: str
    but_not: tuple[str, ...] = ()
    by_duration: bool = False
    watch: str = ""
    """What a nurse looks for when two are given all the same."""


GROUPS = (
    Group(
        "methotrexate",
        phrase("ordinasjoner av metotreksat"),
        ("L04AX03", "L01BA01"),
        Tier.STOP,
        Tier.STOP,
        SPC,
        watch=phrase("Ring legen før du gir begge."),
    ),
    Group(
        "anticoagulant",
        phrase("blodfortynnende midler"),
        ("B01AA", "B01AB", "B01AE", "B01AF", "B01AX05"),
        Tier.STOP,
        Tier.STOP,
        HANDBOOK,
        watch=phrase("Følg med på blødning og blåmerker."),
    ),
    Group(
        "opioid",
        phrase("opioider"),
        ("N02A", "N07BC", "R05DA01", "R05DA03", "R05DA04"),
        Tier.STOP,
        Tier.STOP,
        HANDBOOK,
        by_duration=True,
        watch=phrase("Følg med på våkenhet og pust."),
    ),
    Group("nsaid", phrase("NSAID"), ("M01A",), Tier.CARD, Tier.CARD, SPC, but_not=("M01AX05",)),
    Group("ppi", phrase("protonpumpehemmere"), ("A02BC",), Tier.CARD, Tier.CARD, HANDBOOK),
    Group(
        "sedative",
        phrase("beroligende midler og sovemidler"),
        ("N05BA", "N05CD", "N05CF", "N03AE"),
        Tier.CARD,
        Tier.MARK,
        HANDBOOK,
    ),
    Group(
        "ssri-snri",
        phrase("SSRI eller SNRI"),
        ("N06AB", "N06AX16", "N06AX21", "N06AX26"),
        Tier.CARD,
        Tier.CARD,
        SPC,
    ),
    Group("antipsychotic", phrase("antipsykotika"), ("N05A",), Tier.CARD, Tier.MARK, HANDBOOK, but_not=("N05AN",)),
    Group("beta-blocker", phrase("betablokkere"), ("C07",), Tier.CARD, Tier.CARD, HANDBOOK),
    Group(
        "raas",
        phrase("ACE-hemmere eller angiotensin II-blokkere"),
        ("C09A", "C09B", "C09C", "C09D"),
        Tier.CARD,
        Tier.CARD,
        EMA,
    ),
    Group("statin", phrase("statiner"), ("C10AA", "C10B"), Tier.CARD, Tier.CARD, SPC),
    Group("digitalis", phrase("digitalis"), ("C01AA",), Tier.CARD, Tier.CARD, SPC),
    Group("rapid-insulin", phrase("hurtigvirkende insulin"), ("A10AB",), Tier.CARD, Tier.MARK, HANDBOOK),
    Group(
        "long-insulin", phrase("langtidsvirkende insulin"), ("A10AC", "A10AD", "A10AE"), Tier.CARD, Tier.CARD, HANDBOOK
    ),
    # Two against clots are planned after a stent or a stroke.
    Group("platelets", phrase("platehemmere"), ("B01AC",), Tier.MARK, Tier.MARK, HANDBOOK),
)

LEVEL_FOUR = Group("atc", "", (), Tier.CARD, None, ATC)
"""Two of the same ATC group at level 4 (C08CA), where no group above says otherwise."""

NOT_BY_LEVEL_FOUR = (
    *("A06", "A10A", "A11", "A12", "B03", "B05", "C03", "G04BD", "J01", "J07", "L", "N03", "N04", "N06AX", "V"),
)
"""Where several of one level are ordinary (laxatives, vitamins, salts, fluids, vaccines, epilepsy, Parkinson), or the level
is of what is left over (immunosuppressants, antidepressants)."""

SUPPLEMENTS = ("A11", "A12")
"""Vitamins and minerals stand in several products: a mark is enough."""

PLANNED_IN_TWO_FORMS = ("N04B", "C01DA", "N06BA04")
"""One substance both long and short acting as planned treatment: levodopa by day, and depot by night."""
