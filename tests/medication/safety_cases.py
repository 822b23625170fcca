"""What the safety rules say, case by case. A pharmacist reads these in `docs/clinical-rules.md`; the tests run them.

Each case is one order beside what is in use, and everything the rules say of it. What is not named is not said.
"""

from dataclasses import dataclass

from journal.medication.rules.safety import KnownAllergy, Ordered, Person, Rule, Tier

MARK, CARD, STOP = Tier.MARK, Tier.CARD, Tier.STOP
NOBODY = Person()
"""Neither age nor weight is known."""


@dataclass(frozen=True)
class Case:
    """`says` are the rules that speak and how loud, whatever their order. `told` is the case in a sentence."""

    told: str
    new: Ordered
    says: tuple[tuple[Rule, Tier], ...] = ()
    beside: tuple[Ordered, ...] = ()
    allergies: tuple[KnownAllergy, ...] = ()
    person: Person = NOBODY


def says(rule: Rule, *tiers: Tier) -> tuple[tuple[Rule, Tier], ...]:
    """What one rule says, once for each tier."""
    return tuple((rule, tier) for tier in tiers)


def allergy(substance: str, code: str | None = None, **more: str | bool | None) -> KnownAllergy:
    return KnownAllergy(entry_id=f"{substance} {code}", substance=substance, code=code, **more)  # type: ignore[arg-type]
