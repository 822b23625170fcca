"""What a prescriber is told before she signs: allergies, doubles, interactions, highest doses, weekly medicines.

Plain functions over orders as `Ordered`. `judge` asks every rule. The tables are printed in `docs/clinical-rules.md`.
"""

from journal.medication.rules.safety.alerts import (
    ACTIONS,
    KEPT,
    MARKS,
    Action,
    Alert,
    Kept,
    Known,
    NotOverridable,
    Overridden,
    ReasonMissing,
    Rule,
    Tier,
    interrupts,
    may_be_signed,
    not_known,
    overridden,
    worst_first,
)
from journal.medication.rules.safety.allergy import KnownAllergy, Seriousness
from journal.medication.rules.safety.answers import (
    RELEVANCE,
    Found,
    Hit,
    InteractionAnswer,
    NoneFound,
    NotAsked,
    NotAssessed,
    Told,
)
from journal.medication.rules.safety.closed import COVERS, as_told, beyond
from journal.medication.rules.safety.daily_maximum import DailyTotal, Verdict
from journal.medication.rules.safety.interactions import (
    KnownInteractions,
    interactions_among,
    interactions_told,
    interactions_with,
)
from journal.medication.rules.safety.judge import AllergiesUnknown, Judgement, judge
from journal.medication.rules.safety.last_given import last_given_alerts
from journal.medication.rules.safety.medicine import Ingredient, Ordered, ingredients_of
from journal.medication.rules.safety.opioids import OpioidTotal, is_opioid, opioid_total
from journal.medication.rules.safety.opioids_given import OpioidGiven, OpioidsGiven, opioids_given
from journal.medication.rules.safety.remembered import Reasoned, answered_before, reasoned
from journal.medication.rules.safety.substances import Person
from journal.medication.rules.safety.weekly import named_weekday, weekly_text

__all__ = [
    "ACTIONS",
    "COVERS",
    "KEPT",
    "MARKS",
    "RELEVANCE",
    "Action",
    "Alert",
    "AllergiesUnknown",
    "DailyTotal",
    "Found",
    "Hit",
    "Ingredient",
    "InteractionAnswer",
    "Judgement",
    "Kept",
    "Known",
    "KnownAllergy",
    "KnownInteractions",
    "NoneFound",
    "NotAsked",
    "NotAssessed",
    "NotOverridable",
    "OpioidGiven",
    "OpioidTotal",
    "OpioidsGiven",
    "Ordered",
    "Overridden",
    "Person",
    "ReasonMissing",
    "Reasoned",
    "Rule",
    "Seriousness",
    "Tier",
    "Told",
    "Verdict",
    "answered_before",
    "as_told",
    "beyond",
    "ingredients_of",
    "interactions_among",
    "interactions_told",
    "interactions_with",
    "interrupts",
    "is_opioid",
    "judge",
    "last_given_alerts",
    "may_be_signed",
    "named_weekday",
    "not_known",
    "opioid_total",
    "opioids_given",
    "overridden",
    "reasoned",
    "weekly_text",
    "worst_first",
]
