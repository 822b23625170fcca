"""Norwegian person numbers: which kind a number is and whether it can be one. Pure.

Rules: HIS 1001:2010 (chapter 4: check digits) and the Tax Administration's rule for numbers issued from 1 January 2032.
Neither sex nor date of birth is read from a number: from 2032 it cannot be done, D-numbers may carry the date of
registration, and the population register gives both. What is checked of the date is only that it is one.

No text of an error holds the number, and `repr` leaves it out: both end up in logs.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

_K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_ORGANISATION = (3, 2, 7, 6, 5, 4, 3, 2)
_REMAINDERS_FROM_2032 = (0, 1, 2, 3)
FIRST_YEAR_OF_2032_TYPE = 2032
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_SPACES = re.compile(r"[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]")
_NUMBER_LIKE = re.compile(r"[0-9](?:[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}.-]?[0-9]){8,12}")


class NationalIdKind(StrEnum):
    """Kinds of number a person may have (Volven 8116, and DUF)."""

    FNR = "FNR"
    """fødselsnummer"""
    DNR = "DNR"
    """D-nummer"""
    FHN = "FHN"
    """felles hjelpenummer: national, without date"""
    HNR = "HNR"
    """H-nummer: local to who issued it, which screen and print must say"""
    DUF = "DUF"
    """the immigration authorities' number: 12 digits without date, and no check digit known to us"""


class NotANationalId(ValueError):
    """The text is no number a person can have here. The message is for the user and does not hold the number."""


@dataclass(frozen=True)
class NationalId:
    """A number that passed all checks."""

    kind: NationalIdKind
    value: str = field(repr=False)
    """Digits only."""
    synthetic: bool
    """Belongs to nobody: made for tests."""
    is_2032_type: bool
    """Passes only by the rule for numbers issued from 2032. Before that year it is almost surely a slip."""


def classify(text: str, *, synthetic_allowed: bool) -> NationalId:
    """The kind of number this is. Spaces between the digits are allowed.

    `synthetic_allowed` is true only in installations for test: there a month raised by 40 is a synthetic number, in
    production it is a local H-number; months raised by 65 or 80 are refused in production. Raises NotANationalId.
    """
    digits = _SPACES.sub("", text)
    if not (digits.isascii() and digits.isdigit()):
        raise NotANationalId("Nummeret kan bare inneholde sifre.")
    if len(digits) == 12:
        return NationalId(NationalIdKind.DUF, digits, synthetic=False, is_2032_type=False)
    if len(digits) != 11:
        raise NotANationalId("Et fødselsnummer har 11 sifre. Sjekk at alle sifrene er med.")
    if digits[0] in "89":
        return NationalId(NationalIdKind.FHN, digits, synthetic=False, is_2032_type=_is_2032_type(digits, allowed=(0,)))
    kind, synthetic = _kind_by_date(digits, synthetic_allowed)
    # The 2032 rule is the Tax Administration's, which issues FNR and DNR; nobody has changed the others.
    issued_by_register = kind in (NationalIdKind.FNR, NationalIdKind.DNR)
    allowed = _REMAINDERS_FROM_2032 if issued_by_register else (0,)
    return NationalId(kind, digits, synthetic, is_2032_type=_is_2032_type(digits, allowed))


def _kind_by_date(digits: str, synthetic_allowed: bool) -> tuple[NationalIdKind, bool]:
    """Kind and whether synthetic, from the six first digits of an 11-digit number that does not begin with 8 or 9."""
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    kind = NationalIdKind.FNR
    if day > 40:
        kind, day = NationalIdKind.DNR, day - 40
    raised = next((raised for raised in (80, 65, 40) if 1 <= month - raised <= 12), 0)
    if raised == 40 and not synthetic_allowed and kind is NationalIdKind.FNR:
        kind = NationalIdKind.HNR
    elif raised and not synthetic_allowed:
        raise NotANationalId("Dette er et nummer for test. Det kan ikke brukes her.")
    month -= raised
    # The century is unknown: 29 February is let through for 1900, which had none.
    if not _is_a_date(day, month, year):
        raise NotANationalId("Nummeret begynner ikke med en dato som finnes. Sjekk sifrene.")
    return kind, raised > 0 and kind is not NationalIdKind.HNR


def _is_a_date(day: int, month: int, year: int) -> bool:
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        return False
    return (day, month) != (29, 2) or year % 4 == 0


def _is_2032_type(digits: str, allowed: tuple[int, ...]) -> bool:
    """Check both check digits; the remainder of the first must be one of `allowed`. True when it is not 0."""
    remainder = (_weighted(digits, _K1) + int(digits[9])) % 11
    if remainder not in allowed or (_weighted(digits, _K2) + int(digits[10])) % 11:
        raise NotANationalId("Kontrollsifrene stemmer ikke. Sjekk at nummeret er skrevet riktig.")
    return remainder != 0


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False))


def _check_digit(digits: str, weights: tuple[int, ...]) -> str | None:
    """Modulus 11. None where it would be 10: such a number is never issued."""
    check = -_weighted(digits, weights) % 11
    return None if check == 10 else str(check)


def grouped(value: str) -> str:
    """`148338 00176`: eleven digits parted so that the eye can check the date. Others are given back as they are."""
    return f"{value[:6]} {value[6:]}" if len(value) == 11 else value


def make_synthetic(birth_date: date, individual: int) -> str | None:
    """A synthetic fødselsnummer in the Tax Administration's own form: month + 80, and check digits that are right.

    `individual` is 0-999. None where the check digit would be 10 (about one in six). Raises ValueError outside 0-999.
    """
    if not 0 <= individual <= 999:
        raise ValueError("an individual number has three digits")
    digits = f"{birth_date.day:02}{birth_date.month + 80:02}{birth_date.year % 100:02}{individual:03}"
    for weights in (_K1, _K2):
        check = _check_digit(digits, weights)
        if check is None:
            return None
        digits += check
    return digits


def looks_like_number(text: str) -> bool:
    """Whether somebody who searches seems to be writing a person number, right or wrong: 9-13 digits and marks between.

    A date of birth (`14.03.1938`) has eight, and is not one.
    """
    return _NUMBER_LIKE.fullmatch(text.strip()) is not None


def organisation_number_valid(text: str) -> bool:
    """Whether nine digits can be an organisation number: begins with 8 or 9, check digit by modulus 11."""
    if not re.fullmatch(r"[89][0-9]{8}", text):
        return False
    return _check_digit(text[:8], _ORGANISATION) == text[8]
