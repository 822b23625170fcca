"""Which insulin it is, in words, and what is done when the blood glucose is low or there is no meal.

The names alone are mixed up, and the wrong one of two is a common serious error. Source: the ATC system, A10A. A meal follows
what works fast; what works long is given at the same time each day.
"""

from decimal import Decimal

from journal.platform.language import phrase, phrases

_KINDS = phrases(
    {
        "A10AB": "hurtigvirkende insulin, til måltid",
        "A10AC": "middels langtidsvirkende insulin",
        "A10AD": "blandingsinsulin, til måltid",
        "A10AE": "langtidsvirkende insulin",
    }
)


def insulin_text(atc_code: str | None) -> str | None:
    """`hurtigvirkende insulin, til måltid`; None for what is no insulin to inject."""
    return _KINDS.get((atc_code or "")[:5])


LOW_GLUCOSE = Decimal(4)
"""Millimoles per litre: below this the glucose is low. An order may have its own limit above it."""

WHEN_LOW = phrase(
    "Ikke gi insulin. Er pasienten våken og kan svelge: gi minst 10 g sukker, for eksempel et glass juice eller saft med sukker,"
    " og mål igjen etter 10 minutter. Gjenta til blodsukkeret er over 4, gi et mellommåltid, og ring legen. Kan pasienten ikke"
    " svelge: gi ikke noe i munnen, ring 113, og gi glukagon hvis det er ordinert. Står noe annet i ordinasjonen eller kommunens"
    " prosedyre, gjelder det."
)
"""Source of limit and treatment: Metodebok for sykehjemsleger, hypoglykemi."""

_WITH_A_MEAL = ("A10AB", "A10AD")
_MEAL = phrase("Gi den når maten står klar. Spiser pasienten lite eller ikke noe, ring før du gir den.")


def is_low(glucose: Decimal | None) -> bool:
    """Whether this blood glucose, in millimoles per litre, is low."""
    return glucose is not None and glucose < LOW_GLUCOSE


def meal_text(atc_code: str | None) -> str | None:
    """What must be known of the meal before insulin that goes with one; None for all else."""
    return _MEAL if (atc_code or "").startswith(_WITH_A_MEAL) else None
