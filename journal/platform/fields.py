"""Marshmallow fields that take what was meant and nothing near it.

The library's own are too kind for a journal: `Decimal` takes "1_0" as ten, Arabic digits, 1e400 and JSON's 0.1;
`Integer` makes 1 of 1.9.
"""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

from journal.platform.language import phrase
from journal.platform.quantity import NotAnAmount, exact, typed_decimal

_INTEGER = re.compile(r"-?[0-9]{1,15}")
_LAYOUT = {"\n", "\t"}
_TURNS_DIRECTION = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_UNSHOWABLE = {"Cc", "Cs", "Zl", "Zp"}


class AmountField(fields.Field[Decimal]):
    """An exact amount: in, a string in the strict form of `typed_decimal`; out, a string with a point (`"0.5"`)."""

    def _serialize(self, value: Decimal | None, attr: str | None, obj: object, **kwargs: Any) -> str | None:
        return None if value is None else f"{exact(value):f}"

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Decimal:
        try:
            return typed_decimal(value)
        except NotAnAmount as error:
            raise ValidationError(error.args[0]) from error


class StrictInteger(fields.Field[int]):
    """A whole number: an int in JSON, ASCII digits in a form. Never a bool, a float or digits of another script.

    `least` and `most` are the bounds, both allowed.
    """

    def __init__(self, *, least: int | None = None, most: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most

    def _serialize(self, value: int | None, attr: str | None, obj: object, **kwargs: Any) -> int | None:
        return value

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            number = int(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            number = value
        else:
            raise ValidationError("Skriv et helt tall.")
        if self.least is not None and number < self.least:
            raise ValidationError(phrase("Tallet må være %(least)s eller mer.", least=self.least))
        if self.most is not None and number > self.most:
            raise ValidationError(phrase("Tallet må være %(most)s eller mindre.", most=self.most))
        return number


class EmptyId(fields.UUID):
    """An id, or nothing chosen."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return None if value == "" else super()._deserialize(value, attr, data, **kwargs)


NAME = validate.Regexp(r"(..+)?\Z", error="Skriv hele navnet.")
"""For a Text that is a name: two signs or more, where there is any."""


class Text(fields.Field[str]):
    """What a person writes: at most `max` characters, ends stripped of space, composed (NFC) so that search finds it.

    Control characters are refused, and so are the marks that turn the direction of writing (a name or dose could be
    shown as another). `multiline` allows line breaks, made "\\n", and tabs. Where the field is required, or
    `blank=False`, it may not be empty.
    """

    def __init__(self, max: int, *, multiline: bool = False, blank: bool | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max, self.multiline = max, multiline
        self.blank = not self.required if blank is None else blank

    def _serialize(self, value: str | None, attr: str | None, obj: object, **kwargs: Any) -> str | None:
        return value

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Skriv tekst.")
        text = value.replace("\r\n", "\n") if self.multiline else value
        if any(self._forbidden(character) for character in text):
            raise ValidationError("Teksten inneholder tegn som ikke kan vises. Skriv den på nytt.")
        text = unicodedata.normalize("NFC", text).strip()
        if not text and not self.blank:
            raise ValidationError("Fyll ut feltet.")
        if len(text) > self.max:
            raise ValidationError(
                phrase("Teksten kan ha høyst %(most)s tegn. Den har %(count)s.", most=self.max, count=len(text))
            )
        return text

    def _forbidden(self, character: str) -> bool:
        if self.multiline and character in _LAYOUT:
            return False
        if unicodedata.bidirectional(character) in _TURNS_DIRECTION:
            return True
        return unicodedata.category(character) in _UNSHOWABLE
