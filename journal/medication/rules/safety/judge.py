"""Every rule together: what a prescriber is told about a medicine she is about to order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from journal.medication.rules.safety.alerts import Action, Alert, Rule, Tier, interrupts, worst_first
from journal.medication.rules.safety.allergy import KnownAllergy, allergy_alerts, not_matched
from journal.medication.rules.safety.answers import InteractionAnswer
from journal.medication.rules.safety.daily_maximum import DailyTotal, daily_totals, maximum_alerts
from journal.medication.rules.safety.dose_size import dose_size_alerts
from journal.medication.rules.safety.duplicates import duplicate_alerts
from journal.medication.rules.safety.interactions import (
    KnownInteractions,
    interaction_alerts,
    interactions_with,
)
from journal.medication.rules.safety.medicine import Ordered
from journal.medication.rules.safety.opioids import OpioidTotal, opioids_with
from journal.medication.rules.safety.sources import RECORD
from journal.medication.rules.safety.substances import Person
from journal.medication.rules.safety.weekly import weekly_alerts
from journal.platform.language import phrases


class AllergiesUnknown(Enum):
    """Why there are no allergies to compare with. That none are known is an empty list, which is something else."""

    NOT_ASKED = "not-asked"
    UNAVAILABLE = "unavailable"


_ALLERGIES_UNKNOWN = phrases(
    {
        AllergiesUnknown.NOT_ASKED: "Ingen har spurt pasienten om allergier.",
        AllergiesUnknown.UNAVAILABLE: "Allergiene kan ikke leses nå, og er ikke kontrollert.",
    }
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of the order, and what nobody could check.

    `alerts` are worst first. `totals` has a line for each substance, also where no highest dose is known.
    `allergies_not_checked` are those that name no medicine we know. `opioids`: all of them together, when it is one.
    """

    alerts: tuple[Alert, ...]
    interactions: InteractionAnswer
    totals: tuple[DailyTotal, ...]
    allergies_not_checked: tuple[str, ...]
    opioids: OpioidTotal | None = None

    @property
    def interrupts(self) -> bool:
        return interrupts(self.alerts)


def judge(
    new: Ordered,
    in_use: Sequence[Ordered],
    *,
    allergies: Sequence[KnownAllergy] | AllergiesUnknown,
    interactions: KnownInteractions | InteractionAnswer | None,
    person: Person = Person(),  # noqa: B008  frozen: nobody can change it
) -> Judgement:
    """All that the rules say of `new` beside what is `in_use`; an order of the same key is taken to be replaced by it.

    `interactions` is what the catalogue knows, or its answer about this very order (`interactions_told`); None: it is not
    loaded. What nobody knows is told, never passed over.
    """
    if interactions is None or isinstance(interactions, KnownInteractions):
        answer = interactions_with(new, in_use, interactions)
    else:
        answer = interactions
    totals = tuple(daily_totals(new, in_use, person))
    alerts = [
        *weekly_alerts(new),
        *_of_allergies(new, allergies),
        *maximum_alerts(totals),
        *dose_size_alerts(new),
        *duplicate_alerts(new, in_use),
        *interaction_alerts(answer, new),
    ]
    unchecked = () if isinstance(allergies, AllergiesUnknown) else not_matched(allergies)
    return Judgement(worst_first(alerts), answer, totals, unchecked, opioids_with(new, in_use))


def _of_allergies(new: Ordered, allergies: Sequence[KnownAllergy] | AllergiesUnknown) -> Iterator[Alert]:
    if not isinstance(allergies, AllergiesUnknown):
        yield from allergy_alerts(new, allergies)
        return
    text = _ALLERGIES_UNKNOWN[allergies]
    tier = Tier.CARD if allergies is AllergiesUnknown.UNAVAILABLE else Tier.MARK
    key = f"{Rule.NOT_CHECKED}:allergies:{allergies.value}"
    actions = (Action.ASK_PATIENT, Action.KNOWN_CONTINUE)
    yield Alert(tier, Rule.NOT_CHECKED, key, text, RECORD, nurse=text, about=(new.name,), actions=actions)
