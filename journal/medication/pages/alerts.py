"""What the safety rules say of an order, as its form shows it: worst first, and always what nobody could check."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from journal.medication.rules.safety import (
    ACTIONS,
    KEPT,
    MARKS,
    Alert,
    Found,
    InteractionAnswer,
    Judgement,
    Known,
    NoneFound,
    NotAssessed,
    Reasoned,
    Rule,
    Tier,
    Verdict,
    interrupts,
    may_be_signed,
)
from journal.medication.rules.safety.sources import FEST
from journal.platform.clock import local_date, norwegian_date
from journal.platform.language import Phrase, joined, phrase

_COLORS = {Tier.STOP: "danger", Tier.CARD: "warning", Tier.MARK: "neutral"}
BETWEEN = "|"
"""Between the key and the basis of an alert in the field that says it was seen; no basis has one."""
_NOTHING: Mapping[Known, Reasoned] = {}


class Said(NamedTuple):
    """One alert: `mark` is its word. `final`: no reason helps. `actions`: what a tap can do. `other`: the order that may be
    stopped for it. `value` is for the field that says that the reason of `before` still holds, both empty where none was given.
    """

    color: str
    mark: str
    text: str
    source: str
    final: bool
    actions: tuple[tuple[str, str], ...]
    other: str
    value: str
    before: str


class Judged(NamedTuple):
    """The alerts of an order by how loud they are, and the interaction answer, never a blank.

    `seen` is for the hidden fields of the form; `reasons`: those a stop can be gone past with, empty where there is no such
    stop. `all_before`: each stop has a reason from before. `totals`: the daily doses that there is no alert of, and the opioids
    together.
    """

    stops: tuple[Said, ...]
    cards: tuple[Said, ...]
    marks: tuple[Said, ...]
    seen: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    all_before: bool
    totals: tuple[str, ...]
    interactions: str
    not_checked: str


def judged(judgement: Judgement, before: Mapping[Known, Reasoned] = _NOTHING) -> Judged:
    """A judgement as the page shows it. `before`: the reasons that were given before and may be kept."""
    # The interaction answer has a line of its own, which says the same.
    alerts = [one for one in judgement.alerts if one.rule is not Rule.NOT_CHECKED or one.source != FEST]
    loud = [one for one in alerts if one.tier is not Tier.MARK]
    stops, cards, marks = (
        tuple(_said(one, before.get((one.key, one.basis))) for one in alerts if one.tier is tier)
        for tier in sorted(Tier, reverse=True)
    )
    names = ", ".join(judgement.allergies_not_checked)
    # Of the other verdicts there is an alert.
    totals = [total.text for total in judgement.totals if total.verdict in (Verdict.WITHIN, Verdict.NO_FIGURE)]
    totals += [judgement.opioids.text] if judgement.opioids else []
    return Judged(
        stops,
        cards,
        marks,
        tuple(_value(one) for one in loud if one.overridable),
        tuple((kept.value, text) for kept, text in KEPT.items()) if interrupts(loud) and may_be_signed(loud) else (),
        all(one.before for one in stops),
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


def _said(alert: Alert, before: Reasoned | None) -> Said:
    color, mark = _COLORS[alert.tier], MARKS[alert.rule]
    actions = tuple((action.value, ACTIONS[action]) for action in alert.actions)
    kept = (_value(alert), _before(before)) if before and alert.tier is Tier.STOP else ("", "")
    return Said(color, mark, alert.text, alert.source, not alert.overridable, actions, alert.other, *kept)


def _value(alert: Alert) -> str:
    return f"{alert.key}{BETWEEN}{alert.basis}"


def _before(one: Reasoned) -> str:
    values = {"reason": one.overridden.reason.rstrip("."), "name": one.by, "date": norwegian_date(local_date(one.at))}
    return phrase("Begrunnet før: %(reason)s, av %(name)s, %(date)s.", **values)


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
