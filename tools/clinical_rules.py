"""Write docs/clinical-rules.md from the tables of the rules and the cases they are tested with: `make rules`.

The page is for pharmacists and doctors, who review the tables: what stands in it is what runs.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from journal.medication.rules.patches import REST, REST_DAYS
from journal.medication.rules.safety import RELEVANCE, KnownAllergy, Ordered, Person, Tier
from journal.medication.rules.safety.allergy_groups import CROSSING, SERIOUS_REACTIONS, SERIOUS_WORDS, WORDS
from journal.medication.rules.safety.dose_size import FAR, INSULIN_USUAL
from journal.medication.rules.safety.groups import (
    GROUPS,
    LEVEL_FOUR,
    NOT_BY_LEVEL_FOUR,
    PLANNED_IN_TWO_FORMS,
    SUPPLEMENTS,
)
from journal.medication.rules.safety.interactions import tier_of
from journal.medication.rules.safety.opioids import FACTORS, SOURCE
from journal.medication.rules.safety.sources import SPC
from journal.medication.rules.safety.substances import LowerLimit, substances
from journal.medication.rules.safety.weekly import SPACED
from journal.medication.rules.sentence import medication_line
from journal.patients.rules import REACTIONS
from journal.platform.quantity import show
from tests.medication.safety_cases import NOBODY, Case
from tests.medication.safety_cases_allergies import ALLERGIES
from tests.medication.safety_cases_doses import DOSE_SIZE, MAXIMUM, WEEKLY
from tests.medication.safety_cases_duplicates import DUPLICATES
from tests.medication.safety_cases_interactions import INTERACTIONS

PAGE = Path(__file__).resolve().parents[1] / "docs/clinical-rules.md"

_LOUD = {Tier.MARK: "mark", Tier.CARD: "card", Tier.STOP: "stop", None: "nothing"}
_ROUTES = {"51": "in the nose", "53": "by mouth", "63": "under the tongue", "65": "patch"}

_HEAD = """\
# Clinical rules

What the journal says to a prescriber before an order is signed. **Made by `make rules`** from the tables that run and the
cases they are tested with; a test fails when this page is older than they are.

**Review.** The figures were entered by people who build software; the source is where each is to be checked. No pharmacist
has gone through them yet, and one must before a municipality relies on them. A figure that is missing is shown as not
known, never as no limit.

| How loud | What it is |
|---|---|
| mark | an icon and a word beside the order; nothing to answer |
| card | stands in the form with actions of one tap; "Kjent, fortsett" is remembered for the pair until a dose changes |
| stop | wants a reason, which follows the order to the nurse's card; at most one prescription in twenty |
| hard stop | no reason helps: the order must be changed |
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD, *_allergies(), *_duplicates(), *_interactions(), *_doses(), *_weekly(), *_opioids(), *_patches()]
    return "\n".join(parts).rstrip() + "\n"


def _allergies() -> Iterator[str]:
    yield "## Allergies and intolerances\n"
    yield (
        "What is recorded of the substance itself, of one in a combination or of its ATC group: **stop** when the reaction was"
        " serious or nobody knows what it was, else **card**. An intolerance: **card**, **stop** when the reaction was serious."
        " Refuted and entered in error: nothing. What names no medicine is listed as not checked.\n"
    )
    serious = ", ".join(f"{REACTIONS[code]} ({code})" for code in sorted(SERIOUS_REACTIONS, key=int))
    yield f"Serious reactions (Volven 7497): {serious}. Written without a code, by parts of words: {_codes(SERIOUS_WORDS)}.\n"
    yield (
        "Words understood without a code: "
        + "; ".join(f"{word}: {_codes(codes)}" for word, codes in WORDS.items())
        + ".\n"
    )
    yield _table(
        ("Allergy to", "Medicine", "Serious or unknown", "Otherwise", "What it says", "Source"),
        (
            (_codes(one.allergy), _codes(one.medicine), _LOUD[one.tier], "mark", one.note, one.source)
            for one in CROSSING
        ),
    )
    yield _cases(ALLERGIES)


def _duplicates() -> Iterator[str]:
    yield "## The same twice\n"
    yield (
        "The same substance, also in a combination: **card**; **mark** when one is as needed, local, a vitamin or a mineral"
        f" ({_codes(SUPPLEMENTS)}). Not said of one substance both long and short acting in {_codes(PLANNED_IN_TWO_FORMS)}."
        f" Two of one ATC group at level 4, both regular: **{_LOUD[LEVEL_FOUR.tier]}**, but not in {_codes(NOT_BY_LEVEL_FOUR)}."
        " Opioids are two of the same only when both act long or both short.\n"
    )
    yield _table(
        ("Group", "ATC", "Both regular", "One as needed", "Source"),
        (
            (
                one.name,
                _codes(one.codes) + (f" (not {_codes(one.but_not)})" if one.but_not else ""),
                _LOUD[one.tier],
                _LOUD[one.one_as_needed],
                one.source,
            )
            for one in GROUPS
        ),
    )
    yield _cases(DUPLICATES)


def _interactions() -> Iterator[str]:
    yield "## Interactions\n"
    yield (
        "From FEST: one medicine of one group and another of another, by ATC code (a group of ATC holds all below it) or by"
        " FEST's id of the substance. The lowest relevance code is the worst, and a code nobody knows is as bad. *None found*,"
        " *not assessed* and *not asked* are three answers, and none of them says that a pair is safe.\n"
    )
    yield _table(("Relevance (7483)", "Text", "How loud"), ((c, t, _LOUD[tier_of(c)]) for c, t in RELEVANCE.items()))
    yield _cases(INTERACTIONS)


def _doses() -> Iterator[str]:
    yield "## Doses\n"
    yield (
        "**The most in 24 hours** is counted on the substance over every order in use at the same time: regular, as needed (its"
        " tightest limit), combinations and once-only. Above the maximum: **stop**. Above the lower one, for whom it holds:"
        " **card**. What cannot be counted: **mark**. Weights are converted exactly; nothing else is.\n"
    )
    yield (
        f"**One dose** is compared with what is usual by mouth. {FAR} times the largest usual dose: **stop**. More than usual:"
        f" **card**. Less: **mark**. Insulin: {_number(INSULIN_USUAL[0])} to {_number(INSULIN_USUAL[1])} units.\n"
    )
    yield _table(
        ("Substance", "Unit", "Most in 24 h", "Lower", "Usual single dose", "Source"),
        (
            (
                one.name,
                one.unit,
                _number(one.maximum) if one.maximum is not None else "not known",
                _lower(one.lower),
                f"{_number(one.usual[0])}–{_number(one.usual[1])}" if one.usual else "",
                one.source,
            )
            for one in substances().values()
            if one.maximum is not None or one.usual is not None
        ),
    )
    yield _cases(MAXIMUM)
    yield _cases(DOSE_SIZE)


def _weekly() -> Iterator[str]:
    yield "## Days between doses\n"
    yield (
        "A dose too soon: **stop**; of methotrexate a **hard stop**, also when no single weekday is named. The weekday is shown"
        " wherever the medicine is.\n"
    )
    yield _table(
        ("Medicine", "ATC", "Least days", "How loud", "Source"),
        (
            (one.name, _codes(one.codes), str(one.days), "hard stop" if one.hard else "stop", one.source)
            for one in SPACED
        ),
    )
    yield _cases(WEEKLY)


def _opioids() -> Iterator[str]:
    yield "## Opioids in 24 hours\n"
    yield f"Milligrams of morphine by mouth for one milligram. Source: {SOURCE}."
    yield "What is not in the table is named beside the sum.\n"
    yield _table(
        ("Substance", "Route", "Factor"),
        ((name, _ROUTES[route], _number(factor)) for (name, route), factor in FACTORS.items()),
    )


def _patches() -> Iterator[str]:
    yield "## Patches\n"
    yield f"How many days a site rests before it is used again: {REST}, but for these. Source: {SPC}.\n"
    yield _table(("ATC", "Days"), ((code, str(days)) for code, days in REST_DAYS.items()))


def _cases(cases: Sequence[Case]) -> str:
    return _table(
        ("Case", "Order", "Beside", "Patient", "Says"),
        (
            (case.told, _order(case.new), "; ".join(map(_order, case.beside)), _patient(case), _says(case))
            for case in cases
        ),
    )


def _order(order: Ordered) -> str:
    if order.dosage is None:
        return f"{order.name} {(order.brand or '').upper()}, dosage not known"
    return str(medication_line(order.dosage, generic=order.name, brand=order.brand, form=order.form))


def _patient(case: Case) -> str:
    known = [_person(case.person)] if case.person != NOBODY else []
    return "; ".join([*known, *map(_allergy, case.allergies)])


def _person(person: Person) -> str:
    return f"{person.age} years" if person.age is not None else f"{_number(person.weight_kg or Decimal(0))} kg"


def _allergy(allergy: KnownAllergy) -> str:
    said = [f"{allergy.kind} {allergy.substance}"]
    if allergy.reaction_code:
        said.append(REACTIONS[allergy.reaction_code])
    if allergy.reaction:
        said.append(f"“{allergy.reaction}”")
    said += [word for word in (allergy.severity, allergy.criticality) if word]
    said += [allergy.verification_status] if allergy.verification_status != "confirmed" else []
    said += ["entered in error"] if allergy.in_error else []
    return ", ".join(said)


def _says(case: Case) -> str:
    return "; ".join(f"{rule.value} **{_LOUD[tier]}**" for rule, tier in case.says) or "nothing"


def _lower(lower: LowerLimit | None) -> str:
    if lower is None:
        return ""
    whom = (
        f"from {lower.from_age} years" if lower.from_age is not None else f"to {_number(lower.to_kg or Decimal(0))} kg"
    )
    return f"{_number(lower.amount)} {whom}"


def _number(amount: Decimal) -> str:
    return show(amount)


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(codes)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
