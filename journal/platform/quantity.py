"""Exact amounts with units: parsing, reckoning and showing them.

A tenfold error is the commonest dangerous one, so there is one strict form in (`parse_decimal`), one form out (`show`,
`str(Quantity)`), no float anywhere, and no reckoning across units.
"""

import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import NamedTuple

from journal.platform.language import phrase

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
MAX_SCALE = 4
"""Digits after the comma, as the database's CHECK has it."""
MAX_WHOLE_DIGITS = 12
"""Digits before the comma: 7 may be typed, the rest is room for sums."""

_STRICT = re.compile(r"[0-9]{1,7}([.,][0-9]{1,4})?")
_THOUSAND_OR_ONE = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{2}0")
_EXACT = Context(prec=MAX_WHOLE_DIGITS * 2 + MAX_SCALE * 2, traps=[Inexact, InvalidOperation])


class NotAnAmount(ValueError):
    """What was given is no amount this journal can hold exactly. The text is for the user."""


class UnitMismatch(ValueError):
    """Amounts in different units were added or compared. Only the strength of a product converts, never this module."""


class UnknownUnit(ValueError):
    """The unit is not in UNITS."""


class Unit(NamedTuple):
    """How a unit is shown and coded."""

    symbol: str
    """The shortest form allowed on screen and paper: units that are easily misread are written out."""
    singular: str
    plural: str
    ucum: str
    volven_7480: str | None = None
    """Code in Volven 7480 "Enhet for dosering" (OID 2.16.578.1.12.4.1.1.7480), None where it has none."""


def _short(symbol: str, ucum: str, volven: str | None = None) -> Unit:
    """A unit that is the same for one and many."""
    return Unit(symbol, symbol, symbol, ucum, volven)


def _counted(singular: str, plural: str, volven: str | None) -> Unit:
    """A thing one counts. UCUM has no code for it, only an annotation of the number one (in ASCII, as UCUM demands)."""
    ascii_name = singular.replace("ø", "o").replace("å", "a")
    return Unit(singular, singular, plural, f"{{{ascii_name}}}", volven)


UNITS: dict[str, Unit] = {
    "g": _short("g", "g", "64"),
    "mg": _short("mg", "mg", "70"),
    "mikrogram": _short("mikrogram", "ug", "74"),
    "nanogram": _short("nanogram", "ng"),
    "kg": _short("kg", "kg"),
    "l": _short("l", "L"),
    "ml": _short("ml", "mL", "8"),
    "mmol": _short("millimol", "mmol"),
    "mg/time": _short("mg per time", "mg/h"),
    "mikrogram/time": _short("mikrogram per time", "ug/h"),
    "ml/time": _short("ml per time", "mL/h"),
    "l/minutt": _short("liter per minutt", "L/min"),
    "enhet": Unit("enheter", "enhet", "enheter", "[arb'U]", "79"),
    # Shown like "enhet", never as IE or IU, which are read as digits; kept apart because messages code them apart.
    "IE": Unit("enheter", "enhet", "enheter", "[iU]", "17"),
    "dråpe": Unit("dråper", "dråpe", "dråper", "[drp]", "3"),
    "ampulle": _counted("ampulle", "ampuller", "1"),
    "bukkalfilm": _counted("bukkalfilm", "bukkalfilmer", "71"),
    "bukkaltablett": _counted("bukkaltablett", "bukkaltabletter", "84"),
    "dose": _counted("dose", "doser", "19"),
    "dosetrinn": _counted("dosetrinn", "dosetrinn", "87"),
    "dusj": _counted("dusj", "dusjer", "4"),
    "film": _counted("film", "filmer", "91"),
    "implantat": _counted("implantat", "implantater", "76"),
    "inhalasjon": _counted("inhalasjon", "inhalasjoner", None),
    "innlegg": _counted("innlegg", "innlegg", "75"),
    "instillasjon": _counted("instillasjon", "instillasjoner", "69"),
    "kapsel": _counted("kapsel", "kapsler", "6"),
    "klyster": _counted("klyster", "klyster", "7"),
    "kompress": _counted("kompress", "kompresser", "77"),
    "kule": _counted("kule", "kuler", "15"),
    "pastill": _counted("pastill", "pastiller", "92"),
    "penn": _counted("penn", "penner", "80"),
    "pipette": _counted("pipette", "pipetter", "66"),
    "plaster": _counted("plaster", "plaster", "16"),
    "pose": _counted("pose", "poser", "9"),
    "pumpetrykk": _counted("pumpetrykk", "pumpetrykk", "67"),
    "pute": _counted("pute", "puter", "85"),
    "spray": _counted("spraydose", "spraydoser", "68"),
    "sprøyte": _counted("sprøyte", "sprøyter", "11"),
    "stikkpille": _counted("stikkpille", "stikkpiller", "12"),
    "sugetablett": _counted("sugetablett", "sugetabletter", "62"),
    "tablett": _counted("tablett", "tabletter", "13"),
    "tampong": _counted("tampong", "tamponger", "14"),
    "tråd": _counted("tråd", "tråder", "78"),
    "tyggegummi": _counted("tyggegummi", "tyggegummier", "65"),
    "tyggekapsel": _counted("tyggekapsel", "tyggekapsler", "90"),
    "tyggetablett": _counted("tyggetablett", "tyggetabletter", "18"),
    "uteritorie": _counted("uteritorie", "uteritorier", "89"),
    "vaginalring": _counted("vaginalring", "vaginalringer", "60"),
    "vaginaltablett": _counted("vaginaltablett", "vaginaltabletter", "21"),
    "vagitorie": _counted("vagitorie", "vagitorier", "20"),
    "øyelamell": _counted("øyelamell", "øyelameller", "72"),
    "drag": _counted("drag", "drag", None),
}
"""Every unit an amount may have, by the code that is stored. Codes are the words of Volven 7480 where it has one."""

SUBSTANCE_UNITS = ("g", "mg", "mikrogram", "nanogram", "mmol", "enhet", "IE")
"""Units in which an amount is how much of the substance itself, whatever the product holds."""


def parse_decimal(text: object) -> Decimal:
    """The amount somebody typed or sent: 1-7 digits, and after a comma or point 1-4 more. Nothing else passes.

    In JSON an amount is a string. Raises NotAnAmount with a sentence for the user.
    """
    if not isinstance(text, str):
        raise NotAnAmount("Mengden må sendes som tekst, for eksempel «0,5».")
    if not _STRICT.fullmatch(text):
        raise NotAnAmount(
            "Skriv mengden med tall og eventuelt komma, for eksempel 0,5 eller 12. "
            "Bruk høyst sju sifre før komma og fire etter, uten mellomrom."
        )
    return Decimal(text.replace(",", "."))


def typed_decimal(text: object) -> Decimal:
    """As parse_decimal, of what a person wrote: `1.000` and `1,500` are a thousand to some and one to others, and are neither."""
    amount = parse_decimal(text)
    if _THOUSAND_OR_ONE.fullmatch(str(text)):
        raise NotAnAmount("Skriv tusen uten skilletegn (1000), og desimaler uten nuller til slutt (1,5).")
    return amount


def exact(value: Decimal) -> Decimal:
    """The same number without trailing zeros, if this journal can hold it exactly.

    Raises TypeError for anything but a Decimal, and NotAnAmount for what is not finite, has more than four digits
    after the comma or more than twelve before.
    """
    if not isinstance(value, Decimal):
        raise TypeError(f"an amount is a Decimal, not {type(value).__name__}")
    if not value.is_finite():
        raise NotAnAmount("Mengden er ikke et tall.")
    if value and value.adjusted() >= MAX_WHOLE_DIGITS:
        raise NotAnAmount("Mengden er for stor.")
    if not value:
        return Decimal(0)
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    while exponent < 0 and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    if exponent < -MAX_SCALE:
        raise NotAnAmount("Mengden har mer enn fire sifre etter komma.")
    if exponent > 0:
        digits, exponent = digits + (0,) * exponent, 0
    return Decimal((sign, digits, exponent))


def show(value: Decimal) -> str:
    """`0,5`, `5 000`: decimal comma, no trailing zero, always a leading zero, thousands parted by a no-break space.

    Raises what `exact` raises.
    """
    return f"{exact(value):,f}".translate(str.maketrans(",.-", f"{NBSP},{MINUS}"))


def as_input(value: Decimal) -> str:
    """`0,5`, `5000`: as it stands in a form field, in the one form `parse_decimal` takes back.

    Raises what `exact` raises.
    """
    return f"{exact(value):f}".replace(".", ",")


@dataclass(frozen=True)
class Quantity:
    """An exact amount in one unit of UNITS, such as 0,5 mg or 2 tabletter.

    Equal means same number and same unit; 1 g and 1000 mg are not equal. Adding, subtracting and ordering need the same
    unit (UnitMismatch). Multiplying takes Decimal or int. There is no division: what does not come out even must be
    decided by somebody. Raises TypeError for a value that is no Decimal, NotAnAmount for one that cannot be held
    exactly, UnknownUnit.
    """

    value: Decimal
    unit: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", exact(self.value))
        if self.unit not in UNITS:
            raise UnknownUnit(f"unknown unit: {self.unit!r}")

    def __str__(self) -> str:
        return f"{show(self.value)} {self.unit_shown}"

    @property
    def unit_shown(self) -> str:
        """The unit in the number this amount needs: one for amounts up to 1, but `0 tabletter`."""
        unit = UNITS[self.unit]
        return unit.singular if 0 < abs(self.value) <= 1 else unit.plural

    def __add__(self, other: "Quantity") -> "Quantity":
        if not isinstance(other, Quantity):
            return NotImplemented
        return Quantity(_EXACT.add(self.value, self._same_unit(other)), self.unit)

    def __sub__(self, other: "Quantity") -> "Quantity":
        if not isinstance(other, Quantity):
            return NotImplemented
        return Quantity(_EXACT.subtract(self.value, self._same_unit(other)), self.unit)

    def __mul__(self, times: Decimal | int) -> "Quantity":
        if isinstance(times, bool) or not isinstance(times, Decimal | int):
            return NotImplemented
        return Quantity(_product(self.value, Decimal(times)), self.unit)

    __rmul__ = __mul__

    def __lt__(self, other: "Quantity") -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return self.value < self._same_unit(other)

    def __le__(self, other: "Quantity") -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return self.value <= self._same_unit(other)

    def __gt__(self, other: "Quantity") -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return self.value > self._same_unit(other)

    def __ge__(self, other: "Quantity") -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return self.value >= self._same_unit(other)

    def _same_unit(self, other: "Quantity") -> Decimal:
        if self.unit != other.unit:
            raise UnitMismatch(
                phrase("Mengder i %(one)s og %(other)s kan ikke regnes sammen.", one=self._name(), other=other._name())
            )
        return other.value

    def _name(self) -> str:
        return UNITS[self.unit].plural


def _product(value: Decimal, times: Decimal) -> Decimal:
    """Exact or refused: Python's own context would round the 29th digit without a word."""
    try:
        return _EXACT.multiply(value, times)
    except (Inexact, InvalidOperation):
        raise NotAnAmount("Mengden kan ikke regnes ut nøyaktig.") from None
