"""The pack at hand on a card: which may be chosen, what was scanned, and what the hand does with it."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from journal.medication.rules.parts import AmountRange
from journal.medication.rules.product import AtHand, chosen, offered
from journal.medication.service.product import NO_PACKS, Packs
from journal.platform.language import gettext as _
from journal.platform.quantity import Quantity

MOST_SHOWN = 6
"""What does not fit is scanned, or its number is written."""


class ProductFields(NamedTuple):
    """Of a dose that is given from a pack that is named. Until `hand` is known nothing can be signed.

    `packs`: address and words of each that may be chosen; `action` and `hidden` are of the form that a scanner writes in;
    `code` travels with the signature. `names`: both names, where another pack than the ordered one is at hand. `back`: of a dose
    that may be signed without naming one.
    """

    hand: AtHand | None
    code: str
    names: str | None
    error: str | None
    packs: tuple[tuple[str, str], ...]
    action: str
    hidden: tuple[tuple[str, str], ...]
    anew: str
    back: str | None
    in_pane: bool


def product_fields(
    of: Packs | None,
    amount: Quantity | AmountRange,
    code: str,
    today: date,
    *,
    address: Callable[..., str],
    said: dict[str, str],
    in_pane: bool,
    back: str | None = None,
) -> ProductFields:
    """`address(**said, scan=…)` is the page that shows the card again with a pack; `code` is what was scanned, or empty.
    `of`: None when the catalogue has no pack of it."""
    hand, error = None, None if of else NO_PACKS
    if of and code:
        try:
            hand = chosen(of.ordered, of.packs, amount, code, today)
        except ValueError as refused:
            error = refused.args[0]
    packs = offered(of.ordered, of.packs, amount)[:MOST_SHOWN] if of and hand is None else ()
    words = [(pack, " · ".join(filter(None, (pack.name, pack.size, pack.number)))) for pack in packs]
    other = hand is not None and hand.pack.name != hand.ordered
    return ProductFields(
        hand=hand,
        code=code if hand else "",
        names=_("Ordinert: %(name)s", name=hand.ordered) if hand and other else None,
        error=error,
        packs=tuple((address(**said, scan=pack.number), text) for pack, text in words),
        action=address(),
        hidden=tuple(said.items()),
        anew=address(**said),
        back=back,
        in_pane=in_pane,
    )
