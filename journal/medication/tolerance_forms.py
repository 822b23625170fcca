"""What comes in of a municipality's own tolerances: a medicine or a group in each line, with its minutes."""

import re
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, fields

from journal.medication.critical_forms import ATC
from journal.medication.rules import OwnTolerance, Tolerance
from journal.platform.language import phrase

_LINE = re.compile(r"(\S+)[\s,;:]+(\d{1,3})[\s,;:]+(\d{1,3})")
_MOST = 50


class OwnTolerances(fields.Field[tuple[OwnTolerance, ...]]):
    """`N04BA 15 15` in each line: an ATC code, minutes before and minutes after. Sorted; the same code twice is refused."""

    def _deserialize(self, value: object, attr: str | None, data: Any, **kwargs: Any) -> tuple[OwnTolerance, ...]:
        lines = [line.strip() for line in str(value).upper().splitlines() if line.strip()]
        if len(lines) > _MOST:
            raise ValidationError(phrase("Skriv høyst %(most)s linjer.", most=_MOST))
        found = [_read(line) for line in lines]
        if len({each.atc for each in found}) < len(found):
            raise ValidationError("Samme ATC-kode står i flere linjer.")
        return tuple(sorted(found))


def _read(line: str) -> OwnTolerance:
    read = _LINE.fullmatch(line)
    if read is None or not ATC.fullmatch(read[1]):
        said = "Vi forsto ikke «%(line)s». Skriv ATC-kode, minutter før og minutter etter, for eksempel N04BA 15 15."
        raise ValidationError(phrase(said, line=line[:40]))
    before, after = (timedelta(minutes=int(minutes)) for minutes in read.group(2, 3))
    return OwnTolerance(read[1], Tolerance(before, after))


def as_lines(own: tuple[OwnTolerance, ...]) -> str:
    """What stands in the field for these."""
    return "\n".join(
        " ".join((each.atc, *(str(span // timedelta(minutes=1)) for span in each.tolerance))) for each in own
    )
