"""The guard against ten times too much: a single dose far outside what is usual for the substance.

Said of medicines by mouth and of insulin; other routes have other doses. Above the usual is a card, and ten times the
largest usual dose or more is a stop. Below the usual is a mark: many start low.
"""

from collections.abc import Iterator
from decimal import Decimal

from journal.medication.rules.safety.alerts import Action, Alert, Rule, Tier
from journal.medication.rules.safety.amounts import single_dose
from journal.medication.rules.safety.basis import basis_of, identity
from journal.medication.rules.safety.medicine import Ordered
from journal.medication.rules.safety.sources import HANDBOOK
from journal.medication.rules.safety.substances import substances
from journal.medication.rules.words import say
from journal.platform.language import phrase
from journal.platform.quantity import Quantity

FAR = 10
_BY_MOUTH = {None, "53", "63"}
"""Volven 7477: oral and sublingual use, or no route known."""

INSULIN = "A10A"
INSULIN_USUAL = Decimal(1), Decimal(60)
"""Units in one injection."""


def dose_size_alerts(new: Ordered) -> Iterator[Alert]:
    """An alert for each substance of which one dose is unusually large or small."""
    if new.is_of(INSULIN):
        yield from _compared(new, new.name, "enhet", INSULIN_USUAL, HANDBOOK)
    elif new.route_code in _BY_MOUTH and not new.local:
        for name in sorted(new.substance_names):
            known = substances().get(name)
            if known is not None and known.usual is not None:
                yield from _compared(new, name, known.unit, known.usual, known.source)


def _compared(new: Ordered, name: str, unit: str, usual: tuple[Decimal, Decimal], source: str) -> Iterator[Alert]:
    (least, most), dose = usual, _dose(new, name, unit)
    if dose is None or least <= dose <= most:
        return
    values = {
        "dose": _said(dose, unit),
        "substance": name,
        "least": _said(least, unit),
        "most": _said(most, unit),
    }
    if dose < least:
        text = phrase("%(dose)s %(substance)s er mindre enn vanlig (%(least)s til %(most)s).", **values)
        yield _alert(Tier.MARK, new, name, text, source)
    elif dose >= most * FAR:
        text = phrase(
            "%(dose)s %(substance)s er minst ti ganger den største vanlige dosen (%(least)s til %(most)s).", **values
        )
        yield _alert(Tier.STOP, new, name, text, source)
    elif least <= dose / FAR:
        values["tenth"] = _said(dose / FAR, unit)
        text = phrase(
            "%(dose)s %(substance)s er mer enn vanlig (%(least)s til %(most)s). Skulle det være %(tenth)s?", **values
        )
        yield _alert(Tier.CARD, new, name, text, source)
    else:
        text = phrase("%(dose)s %(substance)s er mer enn vanlig (%(least)s til %(most)s).", **values)
        yield _alert(Tier.CARD, new, name, text, source)


def _dose(new: Ordered, name: str, unit: str) -> Decimal | None:
    return single_dose(new, next(iter(new.substance_names)) if new.is_of(INSULIN) else name, unit)


def _said(amount: Decimal, unit: str) -> str:
    return say(Quantity(amount.quantize(Decimal("0.0001")), unit))


def _alert(tier: Tier, new: Ordered, name: str, text: str, source: str) -> Alert:
    go_on = Action.GIVE_REASON if tier is Tier.STOP else Action.KNOWN_CONTINUE
    return Alert(
        tier,
        Rule.DOSE_SIZE,
        key=f"{Rule.DOSE_SIZE}:{name}:{identity(new)}",
        text=text,
        source=source,
        nurse=phrase("%(text)s Legen har sett det. Er du i tvil, ring før du gir dosen.", text=text),
        about=(new.name,),
        actions=() if tier is Tier.MARK else (Action.CHECK_DOSE, go_on),
        basis=basis_of(new),
    )
