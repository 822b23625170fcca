"""The product at hand: which doses are given from a pack that is named first, what its code says, and what the hand then does.

Sources: forskrift 3.4.2008 nr. 320 om legemiddelhåndtering with Helsedirektoratet's circular (18.09.2025): what is given is
controlled against what is ordered, and exchanged only as Direktoratet for medisinske produkter's exchange list (byttegruppe)
has it, or by the prescriber. GS1 General Specifications 3 and 7.9 for the code, its check digit and its dates. No national
limit says what an unusual dose is: ours are chosen narrow. Three pieces or more than 2 ml under the skin or in a muscle are
seldom meant, and a syringe of 1 ml is marked by 0,01 ml, a larger one by 0,1 ml.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

from journal.medication.rules.parts import AmountRange
from journal.medication.rules.patches import PATCH
from journal.medication.rules.sentence import INJECTED_UNITS, Verb
from journal.medication.rules.supply import Supply
from journal.medication.rules.words import held, say
from journal.platform.clock import norwegian_date
from journal.platform.language import joined, phrase
from journal.platform.quantity import NBSP, SUBSTANCE_UNITS, NotAnAmount, Quantity, exact

_INJECTED = ("injeksjon", "infusjon", "subkutan", "intramuskul", "intraven")
_INTO_TISSUE = ("subkutan", "intramuskul")
_POURED = ("ml", "dråpe")
_READY = (Supply.DOSETT, Supply.MULTIDOSE, Supply.DISPENSER)
_UNCOUNTED = (*SUBSTANCE_UNITS, *_POURED, "dose", "inhalasjon", "drag", "l", "l/minutt")
_MICROGRAMS = {"g": Decimal(1_000_000), "mg": Decimal(1_000), "mikrogram": Decimal(1), "nanogram": Decimal("0.001")}

MOST_PIECES = Decimal(3)
MOST_INJECTED_ML = Decimal(2)
MOST_DRUNK_ML = Decimal(50)


class Code(NamedTuple):
    """What stands on a pack: an article number of six digits or a GTIN of fourteen, and what a DataMatrix says beside it."""

    number: str
    batch: str | None = None
    expires: date | None = None


class Exchange(IntEnum):
    """How a pack stands to what is ordered."""

    ORDERED = 0
    GROUP = 1
    OTHER_STRENGTH = 2


class Pack(NamedTuple):
    """A pack of the catalogue. `strength`: what one `per` of it holds, None for combinations and where FEST does not say.

    `ordered`: it is a pack of what is ordered; `in_group`: it stands in the same exchange group; `alike`: the same name, or
    the order names the substance alone.
    """

    id: UUID
    number: str | None
    barcodes: tuple[str, ...]
    name: str
    size: str
    strength: Quantity | None
    per: str | None
    ordered: bool
    in_group: bool
    alike: bool


class Ordered(NamedTuple):
    """What is ordered, by its name in the catalogue. `strength`: what one unit of the amount holds, None where nobody says."""

    name: str
    medicine: str
    atc_code: str | None
    form: str | None
    route: str | None
    strength: Quantity | None


class AtHand(NamedTuple):
    """What the hand does with this pack: `amount` of it, which is `of` (`av 10 mg i 1 ml`) and `equals` what is ordered.

    `warnings` must be seen before it is signed; `second`: another person controls and signs too.
    """

    pack: Pack
    code: Code
    ordered: str
    exchange: Exchange
    amount: Quantity | AmountRange
    verb: Verb | None
    of: str | None
    equals: str | None
    warnings: tuple[str, ...]
    second: bool

    @property
    def text(self) -> str:
        """`Trekk opp 0,25 ml av 10 mg i 1 ml = 2,5 mg`, as it is stored."""
        said = joined(" ", filter(None, (self.verb, say(self.amount), self.of)))
        return f"{said} = {self.equals}" if self.equals else said


def needs_product(
    *, supply: str | None, form: str | None, route: str | None, unit: str, prescription_group: str | None
) -> bool:
    """Whether the pack is named before this dose is signed: what is injected, measured, dripped or stuck on, and group A."""
    if not may_name_product(supply):
        return False
    return unit in (*_POURED, PATCH) or prescription_group == "A" or _is_injected(unit, form, route)


def may_name_product(supply: str | None) -> bool:
    """Whether it is given from a pack, which may be another than the ordered one: nothing does that lies ready in a bag."""
    return supply not in _READY


def read_code(text: str) -> Code:
    """What a scanner sent or somebody typed: an article number (six digits), an EAN, or the string of a GS1 DataMatrix.

    Raises ValueError, with a sentence for whoever holds the pack, for what is neither, for a wrong check digit, and for a
    DataMatrix without a date: its end was lost on the way.
    """
    said = re.sub(r"\s", "", text.replace(_SEPARATOR, "\x00")).replace("\x00", _SEPARATOR)
    said = re.sub(r"^\][dC][0-9]", "", said).lstrip(_SEPARATOR)
    if re.fullmatch(r"[0-9]{6}", said):
        return Code(said)
    if re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", said):
        return Code(_gtin(said))
    found = _elements(said)
    if "01" not in found or "17" not in found:
        raise ValueError(_UNREAD)
    return Code(_gtin(found["01"]), found.get("10"), _day(found["17"]))


def chosen(ordered: Ordered, packs: Iterable[Pack], amount: Quantity | AmountRange, text: str, today: date) -> AtHand:
    """What to do with the pack of this code. Raises ValueError, with what to do instead, for a code that cannot be read, a
    pack that is no pack of this medicine, one that may not be exchanged for it, and one that is out of date."""
    code = read_code(text)
    pack = next((each for each in packs if _is_of(each, code.number)), None)
    if pack is None:
        raise ValueError(
            phrase(
                "Pakningen er ikke blant katalogens pakninger av %(medicine)s. Legg den til side. Finn riktig pakning, eller"
                " velg den i listen. Har du ingen, ring lege eller apotek før du gir noe.",
                medicine=ordered.medicine,
            )
        )
    if code.expires is not None and code.expires < today:
        day = norwegian_date(code.expires)
        raise ValueError(
            phrase("Pakningen gikk ut på dato %(day)s. Legg den til side, og finn en som holder.", day=day)
        )
    return _measured(ordered, pack, code, amount)


def offered(ordered: Ordered, packs: Iterable[Pack], amount: Quantity | AmountRange) -> tuple[Pack, ...]:
    """The packs that may be given, those of what is ordered first."""
    found = []
    for pack in packs:
        try:
            found.append((_measured(ordered, pack, Code(""), amount).exchange, pack.name, pack.number or "", pack))
        except ValueError:
            continue
    return tuple(each[-1] for each in sorted(found, key=lambda each: each[:3]) if each[-1].number)


_SEPARATOR = "\x1d"
_UNREAD = phrase(
    "Koden kunne ikke leses. Skann en gang til, skriv varenummeret (seks siffer), eller velg pakningen i listen."
)
_FIXED = {"01": 14, "11": 6, "13": 6, "15": 6, "17": 6}
_OPEN = {"10": 20, "21": 20, "240": 30, "710": 20, "711": 20, "712": 20, "713": 20, "714": 20}


def _elements(text: str) -> dict[str, str]:
    """The parts of a GS1 string, by their application identifier, as sent or with them in parentheses; empty when unread."""
    if text.startswith("("):
        return dict(re.findall(r"\(([0-9]{2,3})\)([^(\x1d]+)", text))
    found: dict[str, str] = {}
    while text:
        ai = next((each for each in (*_FIXED, *_OPEN) if text.startswith(each)), None)
        if ai is None or ai in found:
            return {}
        text = text[len(ai) :]
        if ai in _FIXED:
            found[ai], text = text[: _FIXED[ai]], text[_FIXED[ai] :].lstrip(_SEPARATOR)
        else:
            found[ai], _, text = text.partition(_SEPARATOR)
            if not 0 < len(found[ai]) <= _OPEN[ai]:
                return {}
    return found


def _gtin(digits: str) -> str:
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    if not re.fullmatch(r"[0-9]{8,14}", digits) or weighed % 10:
        raise ValueError(_UNREAD)
    return digits.zfill(14)


def _day(written: str) -> date:
    """YYMMDD; day 00 is the last of the month."""
    if not re.fullmatch(r"[0-9]{6}", written):
        raise ValueError(_UNREAD)
    year, month, day = 2000 + int(written[:2]), int(written[2:4]), int(written[4:])
    if not 1 <= month <= 12 or day > (last := monthrange(year, month)[1]):
        raise ValueError(_UNREAD)
    return date(year, month, day or last)


def _is_of(pack: Pack, number: str) -> bool:
    if len(number) == 6:
        return pack.number == number
    return number in {barcode.zfill(14) for barcode in pack.barcodes}


def _is_injected(unit: str, form: str | None, route: str | None) -> bool:
    words = f"{form or ''} {route or ''}".lower()
    return unit in INJECTED_UNITS or any(word in words for word in _INJECTED)


def _measured(ordered: Ordered, pack: Pack, code: Code, amount: Quantity | AmountRange) -> AtHand:
    unit = amount.most.unit if isinstance(amount, AmountRange) else amount.unit
    injected = _is_injected(unit, ordered.form, ordered.route)
    count, exchange = _count(ordered, pack, amount, unit), _exchange(ordered, pack, unit)
    if exchange is Exchange.OTHER_STRENGTH and _unit_of(count) != "ml" and any(each.value % 1 for each in _ends(count)):
        raise ValueError(_NOT_EXACT)
    of, verb = None, None
    if pack.strength is not None and pack.per == _unit_of(count):
        of = f"av {say(pack.strength)} i{NBSP}1{NBSP}ml" if pack.per == "ml" else f"av {say(pack.strength)}"
    if _unit_of(count) == "ml":
        verb = Verb.DRAW if injected else Verb.MEASURE
    equals = say(amount) if unit in SUBSTANCE_UNITS and of else held(amount, ordered.strength) if of else None
    unusual = _unusual(count, ordered, injected=injected)
    warnings: list[str] = [_OTHER_STRENGTH] if exchange is Exchange.OTHER_STRENGTH else []
    if unusual:
        warnings += [unusual, _SECOND]
    return AtHand(
        *(pack, code, ordered.name, exchange, count, verb, of, equals, tuple(warnings)), second=unusual is not None
    )


def _exchange(ordered: Ordered, pack: Pack, unit: str) -> Exchange:
    if pack.ordered:
        return Exchange.ORDERED
    if pack.in_group:
        return Exchange.GROUP
    # Insulin of another strength is another insulin: the pen counts units, and no volume is drawn.
    known = unit in SUBSTANCE_UNITS or ordered.strength is not None
    if pack.alike and known and pack.strength is not None and not (ordered.atc_code or "").startswith("A10A"):
        return Exchange.OTHER_STRENGTH
    raise ValueError(_NOT_EXCHANGED)


def _count(ordered: Ordered, pack: Pack, amount: Quantity | AmountRange, unit: str) -> Quantity | AmountRange:
    """How much of this pack is what is ordered. Raises ValueError where that cannot be reckoned exactly of another strength."""
    if isinstance(amount, AmountRange):
        least, most = (_count(ordered, pack, each, unit) for each in (amount.least, amount.most))
        assert isinstance(least, Quantity) and isinstance(most, Quantity)
        return AmountRange(least, most)
    substance = amount if unit in SUBSTANCE_UNITS else ordered.strength and ordered.strength * amount.value
    if substance is None or pack.strength is None or pack.per is None:
        return _as_ordered(ordered, pack, amount)
    one, other = _base(substance), _base(pack.strength)
    if one[1] != other[1]:
        return _as_ordered(ordered, pack, amount)
    count = one[0] / other[0]
    try:
        reckoned = Quantity(exact(count.normalize()), pack.per)
    except NotAnAmount:
        if pack.ordered or pack.in_group:
            return amount
        raise ValueError(_NOT_EXACT) from None
    return reckoned


def _as_ordered(ordered: Ordered, pack: Pack, amount: Quantity) -> Quantity:
    if not (pack.ordered or pack.in_group):
        raise ValueError(_NOT_EXCHANGED)
    return amount


def _base(amount: Quantity) -> tuple[Decimal, str]:
    factor = _MICROGRAMS.get(amount.unit)
    return (amount.value * factor, "mikrogram") if factor else (amount.value, amount.unit)


def _unit_of(amount: Quantity | AmountRange) -> str:
    return amount.most.unit if isinstance(amount, AmountRange) else amount.unit


def _ends(amount: Quantity | AmountRange) -> tuple[Quantity, ...]:
    return (amount.least, amount.most) if isinstance(amount, AmountRange) else (amount,)


def _unusual(count: Quantity | AmountRange, ordered: Ordered, *, injected: bool) -> str | None:
    """Why another person is to look, None for an ordinary amount."""
    for amount in _ends(count):
        value, said = amount.value, say(amount)
        if amount.unit == "ml":
            tissue = any(word in (ordered.route or "").lower() for word in _INTO_TISSUE)
            if value > (MOST_INJECTED_ML if tissue else MOST_DRUNK_ML) and (tissue or not injected):
                return phrase("%(amount)s er mye på én gang.", amount=said)
            if value % (Decimal("0.01") if value <= 1 else Decimal("0.1")):
                return phrase("%(amount)s kan ikke måles nøyaktig med sprøyte.", amount=said)
        elif amount.unit not in _UNCOUNTED:
            if value > MOST_PIECES:
                return phrase("%(amount)s er uvanlig mange.", amount=said)
            if value % Decimal("0.25"):
                return phrase("%(amount)s kan ikke deles nøyaktig.", amount=said)
    return None


_OTHER_STRENGTH = phrase("Pakningen har en annen styrke enn den ordinerte. Mengden er regnet om: se hva du skal gi.")
_SECOND = phrase("En annen skal kontrollere dosen før den gis.")
_NOT_EXCHANGED = phrase(
    "Pakningen kan ikke byttes med det som er ordinert: den står ikke i samme byttegruppe. Bruk en pakning i listen, eller"
    " ring legen, som kan ordinere den."
)
_NOT_EXACT = phrase("Mengden går ikke opp med styrken på denne pakningen. Bruk en annen pakning, eller ring legen.")
