"""What was answered before: a stop that was gone past with a reason, met again when the dose of the same order is changed.

To write the same reason anew teaches whoever prescribes to write anything (Akson's own choice; the circular on
Legemiddelhåndtering asks that a deviation is reasoned, not that it is reasoned each time). So the reason is shown with who gave it
and when, and is kept with one tap. Whatever is new, worse or told in other words is asked again, and so is every rule that
is about the dose itself: the dose is what was changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from journal.medication.rules.safety.alerts import Alert, Known, Overridden, Rule

OF_THE_DOSE = frozenset({Rule.WEEKLY, Rule.DAILY_MAXIMUM, Rule.DOSE_SIZE})
"""Rules whose finding is the dose."""


@dataclass(frozen=True, slots=True)
class Reasoned:
    """An alert that was gone past with a reason: by whom, and when it was said first."""

    overridden: Overridden
    by: str
    at: datetime


def reasoned(versions: Sequence[tuple[Iterable[Overridden], str, datetime]]) -> tuple[Reasoned, ...]:
    """The reasons of the newest version of an order, each with who gave it first: a version that kept it gave none.

    `versions`, newest first: what each went on with, whose it is, and when it was decided.
    """
    if not versions:
        return ()
    told = [{(one.key, one.reason): one for one in issues} for issues, _, _ in versions]
    found = []
    for known, one in told[0].items():
        if one.reason:
            first = next((n for n, issues in enumerate(told) if known not in issues), len(told)) - 1
            found.append(Reasoned(one, *versions[first][1:]))
    return tuple(found)


def answered_before(alerts: Iterable[Alert], before: Iterable[Reasoned]) -> dict[Known, Reasoned]:
    """Those of the alerts, by key and basis, whose reason of before may be kept: the same finding, and no worse."""
    by_key = {one.overridden.key: one for one in before}
    return {
        (alert.key, alert.basis): by_key[alert.key]
        for alert in alerts
        if alert.key in by_key and _is_no_worse(alert, by_key[alert.key].overridden)
    }


def _is_no_worse(alert: Alert, was: Overridden) -> bool:
    # An allergy's basis is what was recorded of it, and has no dose in it.
    recorded_anew = alert.rule is Rule.ALLERGY and alert.basis != was.basis
    same = alert.text == was.said and not recorded_anew and alert.rule not in OF_THE_DOSE
    return same and alert.overridable and alert.tier <= was.tier
