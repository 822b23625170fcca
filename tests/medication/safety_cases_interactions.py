"""What is said of interactions, with the small catalogue's."""

from journal.medication.rules.safety import Rule
from tests.medication.safety_cases import CARD, MARK, Case, says
from tests.medication.safety_orders import noon, of

WARFARIN = of("Marevan tab 2,5 mg")

INTERACTIONS = [
    Case(
        "warfarin and an NSAID should be avoided",
        of("Napren-E enterotab 250 mg", "1 x 2"),
        says(Rule.INTERACTION, CARD),
        (WARFARIN,),
    ),
    Case(
        "warfarin and amiodarone want precautions",
        of("Cordarone tab 200 mg"),
        says(Rule.INTERACTION, CARD),
        (WARFARIN,),
    ),
    Case(
        "paracetamol and metoclopramide want nothing",
        of("Afipran tab 10 mg", "1 ved behov x 3"),
        says(Rule.INTERACTION, MARK),
        (of("Paracet tab 500 mg", "2 x 3"),),
    ),
    Case("none is found between these", of("Norvasc tab 5 mg"), beside=(WARFARIN,)),
    Case(
        "two of the same side do not interact",
        of("Voltaren enterotab 50 mg", "1 x 2"),
        says(Rule.DUPLICATE_GROUP, CARD),
        (of("Napren-E enterotab 250 mg", "1 x 2"),),
    ),
    Case(
        "paracetamol in a combination beside warfarin",
        of("Paralgin forte tab 30 mg/400 mg", "1 ved behov x 4"),
        says(Rule.INTERACTION, CARD),
        (WARFARIN,),
    ),
    Case(
        "a cream counts: miconazole beside warfarin",
        of("Cortimyk krem 20 mg/10 mg/g", "1 x 2"),
        says(Rule.INTERACTION, CARD),
        (WARFARIN,),
    ),
    Case(
        "a medicine nobody has assessed is told of",
        of("Brintellix tab 10 mg"),
        says(Rule.NOT_CHECKED, MARK),
        (WARFARIN,),
    ),
    Case(
        "one that ended does not interact",
        of("Cordarone tab 200 mg", starts_at=noon(22)),
        beside=(of("Marevan tab 2,5 mg", ends_at=noon(21)),),
    ),
]
