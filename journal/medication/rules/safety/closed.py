"""What a check over all entries says to somebody who may not see them all: how loud, of what kind and what to do.

Never a name, an amount, a time or a number of findings: of one kind there is one finding, as loud as the loudest. Source:
pasientjournalloven § 17 (the patient may close a part to somebody), helsepersonelloven § 4 (what is prescribed is to be safe).
"""

import json
from collections.abc import Callable, Collection, Iterable

from journal.medication.rules.safety.alerts import MARKS, Alert, Rule, Tier, worst_first
from journal.medication.rules.safety.answers import Found, InteractionAnswer, NoneFound, NotAsked
from journal.medication.rules.safety.judge import Judgement
from journal.medication.rules.safety.sources import ALL_ENTRIES
from journal.platform.language import as_phrase, joined, phrase, phrases

COVERS = phrase("Kontrollen omfatter noe du ikke har tilgang til.")
_HOW_LOUD = phrases(
    {
        Tier.STOP: "Det er alvorlig.",
        Tier.CARD: "Det må vurderes.",
        Tier.MARK: "Det er til orientering.",
    }
)
_WHAT_TO_DO = phrase("Ring en kollega som ser det, før du går videre.")
_LOOK_ELSEWHERE = phrase("Ikke alt lot seg kontrollere. Ring en kollega som ser det.")


def beyond(
    seen: Judgement, everything: Judgement, also: Iterable[Alert], sign: Callable[[str], str]
) -> tuple[Alert, ...]:
    """The findings of `everything` that are not among what is `seen`, worst first, and those of `also`.

    What is overridden, and of which tier, is as of the alerts that they stand for. `sign` makes a text that nobody else can
    make, so that a basis cannot be guessed from names: it changes when what it rests on does.
    """
    known = {(one.key, one.tier, str(one.text)) for one in seen.alerts}
    kinds: dict[Rule, list[Alert]] = {}
    for alert in (*everything.alerts, *also):
        if (alert.key, alert.tier, str(alert.text)) not in known and alert.rule is not Rule.NOT_CHECKED:
            kinds.setdefault(alert.rule, []).append(alert)
    found = [_finding(rule, alerts, sign) for rule, alerts in kinds.items()]
    return worst_first([*found, *_unchecked(everything)])


def as_told(seen: Judgement, findings: Collection[Alert]) -> Judgement:
    """What somebody who is shut out is told: what she sees, with the findings. No sum and no answer that leaves the rest out."""
    alerts = worst_first([*seen.alerts, *findings])
    said = phrase("Det den fant, står over.") if findings else phrase("Den fant ikke mer enn det som står over.")
    return Judgement(alerts, NotAsked(joined(" ", (COVERS, said))), (), seen.allergies_not_checked)


def _finding(rule: Rule, alerts: list[Alert], sign: Callable[[str], str]) -> Alert:
    loudest = max(alert.tier for alert in alerts)
    kind = as_phrase(MARKS[rule])
    rests_on = sorted((alert.key, alert.basis, alert.tier, str(alert.text)) for alert in alerts)
    return Alert(
        loudest,
        rule,
        key=f"closed:{rule}",
        text=joined(" ", (COVERS, _HOW_LOUD[loudest], _WHAT_TO_DO)),
        source=ALL_ENTRIES,
        nurse=phrase("Legen så ikke hele journalen. Kontrollen varslet om: %(kind)s.", kind=kind.in_a_sentence()),
        basis=sign(json.dumps(rests_on))[:16],
        overridable=all(alert.overridable for alert in alerts),
    )


def _unchecked(everything: Judgement) -> Iterable[Alert]:
    """That something could not be compared, where that is not of what she sees herself."""
    if not _whole(everything.interactions):
        text = joined(" ", (COVERS, _LOOK_ELSEWHERE))
        yield Alert(Tier.MARK, Rule.NOT_CHECKED, "closed:not-checked", text, ALL_ENTRIES, nurse=text)


def _whole(answer: InteractionAnswer) -> bool:
    if isinstance(answer, Found):
        return not (answer.not_assessed or answer.not_asked)
    return isinstance(answer, NoneFound)
