"""What the safety rules say of an order, as its form shows it: worst first, and always what nobody could check."""

from collections.abc import Sequence
from typing import NamedTuple

from journal.medication.rules.safety import (
    ACTIONS,
    KEPT,
    MARKS,
    Alert,
    Found,
    InteractionAnswer,
    Judgement,
    NoneFound,
    NotAssessed,
    Rule,
    Tier,
    Verdict,
    interrupts,
    may_be_signed,
)
from journal.medication.rules.safety.sources import FEST
from journal.platform.language import Phrase, joined, phrase

_COLORS = {Tier.STOP: "danger", Tier.CARD: "warning", Tier.MARK: "neutral"}
BETWEEN = "|"
"""Between the key and the basis of an alert in the field that says it was seen; no basis has one."""


class Said(NamedTuple):
    """One alert: `mark` is its word. `final`: no reason helps. `actions`: what a tap can do. `other`: the order that may be
    stopped for it."""

    color: str
    mark: str
    text: str
    source: str
    final: bool
    actions: tuple[tuple[str, str], ...]
    other: str


class Judged(NamedTuple):
    """The alerts of an order by how loud they are, and the interaction answer, never a blank.

    `seen` is for the hidden fields of the form; `reasons`: those a stop can be gone past with, empty where there is no such
    stop. `totals`: the daily doses that there is no alert of, and
    the opioids together.
    """

    stops: tuple[Said, ...]
    cards: tuple[Said, ...]
    marks: tuple[Said, ...]
    seen: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    totals: tuple[str, ...]
    interactions: str
    not_checked: str


def judged(judgement: Judgement) -> Judged:
    """A judgement as the page shows it."""
    # The interaction answer has a line of its own, which says the same.
    alerts = [one for one in judgement.alerts if one.rule is not Rule.NOT_CHECKED or one.source != FEST]
    loud = [one for one in alerts if one.tier is not Tier.MARK]
    stops, cards, marks = (
        tuple(_said(one) for one in alerts if one.tier is tier) for tier in sorted(Tier, reverse=True)
    )
    names = ", ".join(judgement.allergies_not_checked)
    # Of the other verdicts there is an alert.
    totals = [total.text for total in judgement.totals if total.verdict in (Verdict.WITHIN, Verdict.NO_FIGURE)]
    totals += [judgement.opioids.text] if judgement.opioids else []
    return Judged(
        stops,
        cards,
        marks,
        tuple(f"{one.key}{BETWEEN}{one.basis}" for one in loud if one.overridable),
        tuple((kept.value, text) for kept, text in KEPT.items()) if interrupts(loud) and may_be_signed(loud) else (),
        tuple(totals),
        _of_interactions(judgement.interactions),
        phrase("Disse allergiene kan ikke sammenlignes med legemidler: %(names)s.", names=names) if names else "",
    )


def marks(alerts: Sequence[Alert]) -> tuple[tuple[str, str], ...]:
    """Colour and word of each kind of alert, worst first: for a hit of the search, before it is chosen."""
    loudest: dict[str, str] = {}
    for alert in alerts:
        loudest.setdefault(MARKS[alert.rule], _COLORS[alert.tier])
    return tuple((color, mark) for mark, color in loudest.items())


def _said(alert: Alert) -> Said:
    color, mark = _COLORS[alert.tier], MARKS[alert.rule]
    actions = tuple((action.value, ACTIONS[action]) for action in alert.actions)
    return Said(color, mark, alert.text, alert.source, not alert.overridable, actions, alert.other)


def _of_interactions(answer: InteractionAnswer) -> str:
    match answer:
        case Found():
            found = phrase("Interaksjoner i FEST står over.")
            if not (answer.not_assessed or answer.not_asked):
                return found
            return joined(" ", (found, NotAssessed(answer.not_assessed, answer.not_asked).text))
        case NoneFound(among=1):
            return _ALONE
        case _:
            return answer.text


_ALONE: Phrase = phrase("Pasienten har ingen andre legemidler her å kontrollere interaksjoner mot.")
