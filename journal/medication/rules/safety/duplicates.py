"""The same substance twice, or two of a group of which one is meant.

Said of pairs that are in use at the same time. A pair that is planned is not alarmed: a long-acting opioid regularly and a
short-acting one as needed, rapid and long-acting insulin, levodopa by day and its depot by night.
"""

from collections.abc import Iterable, Iterator

from journal.medication.rules.safety.alerts import Action, Alert, Rule, Tier
from journal.medication.rules.safety.basis import basis_of, identity
from journal.medication.rules.safety.groups import (
    GROUPS,
    LEVEL_FOUR,
    NOT_BY_LEVEL_FOUR,
    PLANNED_IN_TWO_FORMS,
    SUPPLEMENTS,
    Group,
)
from journal.medication.rules.safety.medicine import Ordered, meet
from journal.medication.rules.safety.sources import ATC
from journal.platform.language import joined, phrase

_LEVEL_FOUR = 5
_LEVEL_FIVE = 7


def duplicate_alerts(new: Ordered, in_use: Iterable[Ordered]) -> Iterator[Alert]:
    """One alert at most for each medicine in use that doubles the new one."""
    for other in in_use:
        if other.key != new.key and meet(new, other):
            yield from _of_pair(new, other)


def shared_substances(one: Ordered, other: Ordered) -> frozenset[str]:
    """The substances that both hold, by name."""
    if one.substance_names & other.substance_names:
        return one.substance_names & other.substance_names
    same_code = one.atc_code is not None and len(one.atc_code) == _LEVEL_FIVE and one.atc_code == other.atc_code
    return frozenset({other.name}) if same_code or one.substance_ids & other.substance_ids else frozenset()


def _of_pair(new: Ordered, other: Ordered) -> Iterator[Alert]:
    shared, local = shared_substances(new, other), new.local or other.local
    group = None if local else next((one for one in GROUPS if _holds(one, new) and _holds(one, other)), None)
    if group is not None:
        if (tier := _tier(group, new, other, shared)) is not None:
            yield _group_alert(tier, group, new, other)
    elif shared:
        if (tier := _substance_tier(new, other, local)) is not None:
            yield _substance_alert(tier, shared, new, other)
    elif not local and _both_regular(new, other) and (level := _common_level(new, other)):
        yield _level_alert(level, new, other)


def _holds(group: Group, medicine: Ordered) -> bool:
    if group.but_not and (medicine.atc_code or "").startswith(group.but_not):
        return False
    return medicine.is_of(*group.codes)


def _tier(group: Group, new: Ordered, other: Ordered, shared: frozenset[str]) -> Tier | None:
    if group.by_duration and new.long_acting != other.long_acting:
        return None
    if group.by_duration and shared and new.as_needed and other.as_needed and new.route_code != other.route_code:
        return Tier.CARD  # morphine by mouth, or as an injection when she cannot swallow
    return group.tier if _both_regular(new, other) else group.one_as_needed


def _substance_tier(new: Ordered, other: Ordered, local: bool) -> Tier | None:
    differ = new.as_needed != other.as_needed or new.long_acting != other.long_acting
    if differ and new.is_of(*PLANNED_IN_TWO_FORMS) and other.is_of(*PLANNED_IN_TWO_FORMS):
        return None
    supplements = new.is_of(*SUPPLEMENTS) and other.is_of(*SUPPLEMENTS)
    return Tier.MARK if local or supplements or not _both_regular(new, other) else Tier.CARD


def _both_regular(new: Ordered, other: Ordered) -> bool:
    return not new.as_needed and not other.as_needed


def _common_level(new: Ordered, other: Ordered) -> str | None:
    levels = {code[:_LEVEL_FOUR] for code in new.codes} & {code[:_LEVEL_FOUR] for code in other.codes}
    return min((level for level in levels if not level.startswith(NOT_BY_LEVEL_FOUR)), default=None)


def _group_alert(tier: Tier, group: Group, new: Ordered, other: Ordered) -> Alert:
    values = {"new": new.opening, "other": _told(new, other), "group": group.name}
    text = phrase("%(new)s og %(other)s er begge %(group)s, og brukes samtidig.", **values)
    nurse = phrase("%(new)s og %(other)s er begge %(group)s. Legen vet at de brukes samtidig.", **values)
    return _alert(
        tier, Rule.DUPLICATE_GROUP, group.code, text, joined(" ", (nurse, group.watch)), group.source, new, other
    )


def _substance_alert(tier: Tier, shared: frozenset[str], new: Ordered, other: Ordered) -> Alert:
    values = {"other": _told(new, other), "substance": ", ".join(sorted(shared))}
    text = phrase("I bruk fra før: %(other)s, som også inneholder %(substance)s.", **values)
    nurse = phrase("Inneholder %(substance)s, som %(other)s også gjør. Legen vet om det.", **values)
    return _alert(tier, Rule.DUPLICATE_SUBSTANCE, "substance", text, nurse, ATC, new, other)


def _level_alert(level: str, new: Ordered, other: Ordered) -> Alert:
    values = {"new": new.opening, "other": _told(new, other), "level": level}
    text = phrase("%(new)s og %(other)s er to legemidler av samme slag (ATC-gruppe %(level)s).", **values)
    nurse = phrase("%(new)s og %(other)s er av samme slag. Legen vet om det.", **values)
    return _alert(LEVEL_FOUR.tier, Rule.DUPLICATE_GROUP, level, text, nurse, LEVEL_FOUR.source, new, other)


def _alert(
    tier: Tier, rule: Rule, what: str, text: str, nurse: str, source: str, new: Ordered, other: Ordered
) -> Alert:
    go_on = Action.GIVE_REASON if tier is Tier.STOP else Action.KNOWN_CONTINUE
    return Alert(
        tier,
        rule,
        key=f"{rule}:{what}:{':'.join(sorted((identity(new), identity(other))))}",
        text=text,
        source=source,
        nurse=nurse,
        about=(new.name, other.name),
        actions=(Action.STOP_OTHER, Action.CHOOSE_OTHER, go_on),
        basis=basis_of(new, other),
        other=other.key,
    )


def _told(new: Ordered, other: Ordered) -> str:
    """The other's name, with its brand where the two would read alike."""
    return f"{other.name} {other.brand.upper()}" if other.brand and other.name == new.name else other.name
