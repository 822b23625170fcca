"""What the report to Legemiddelregisteret needs of each dose that was given, and what a dose lacks.

Source: the implementation guide of LMDI (FHI): clock time, an amount of the main active substance, and the product by a code
of FEST.
The clock time is never lacking: a signature has one.
"""

from enum import StrEnum

from journal.platform.language import phrases
from journal.platform.quantity import SUBSTANCE_UNITS, Quantity


class Lack(StrEnum):
    """What is not known."""

    CODE = "code"
    SUBSTANCE = "substance"
    AMOUNT = "amount"


TEXTS = phrases(
    {
        Lack.CODE: "Legemidlet er ikke valgt i katalogen, og har ingen kode fra FEST.",
        Lack.SUBSTANCE: "Styrken er ikke kjent, så vi vet ikke hvor mye virkestoff som er gitt.",
        Lack.AMOUNT: "Ingen har skrevet hvor mye som ble tatt.",
    }
)


def lacking(*, has_code: bool, amount: Quantity | None, strength: Quantity | None, ordered_in: str) -> frozenset[Lack]:
    """What a dose lacks. `strength`: what one unit of the order (`ordered_in`) holds, where the order says."""
    lacks = set() if has_code else {Lack.CODE}
    if amount is None:
        lacks.add(Lack.AMOUNT)
    elif amount.unit not in SUBSTANCE_UNITS and (strength is None or amount.unit != ordered_in):
        lacks.add(Lack.SUBSTANCE)
    return frozenset(lacks)
