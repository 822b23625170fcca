"""Marshmallow fields for a day and a time that somebody types in a form."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from marshmallow import ValidationError, fields

from journal.platform import clock
from journal.platform.language import phrase

_TYPED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:\s+(?:kl\.?\s*)?([0-9.:]{4,5}))?")
_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}:[0-9]{2})")


class MomentField(fields.Field[datetime | None]):
    """Date and wall time in Oslo, `22.11.2026 08.15` or `2026-11-22T08:15`, to an instant in UTC; empty is None.

    `whole_days` lets the time be left out: then it is the first instant of the day.
    """

    def __init__(self, *, whole_days: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.whole_days = whole_days

    def _serialize(self, value: datetime | None, attr: str | None, obj: object, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime | None:
        text = value.strip() if isinstance(value, str) else ""
        if not text:
            return None
        example = "22.11.2026" if self.whole_days else "22.11.2026 08.15"
        day_first, iso = _TYPED.fullmatch(text), _ISO.fullmatch(text)
        try:
            if iso:
                return clock.instant(
                    clock.known_day(int(iso[1]), int(iso[2]), int(iso[3])), clock.parse_time_of_day(iso[4])
                )
            if day_first and (day_first[4] or self.whole_days):
                day = clock.known_day(int(day_first[3]), int(day_first[2]), int(day_first[1]))
                return clock.instant(day, clock.parse_time_of_day(day_first[4] or "00.00"))
        except ValueError as error:
            raise ValidationError(
                phrase("Tidspunktet finnes ikke. Skriv det slik: %(example)s.", example=example)
            ) from error
        raise ValidationError(phrase("Skriv tidspunktet slik: %(example)s.", example=example))


class DayField(fields.Field[date | None]):
    """A date as it is written in Norway, `14.03.2026`; empty is None."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date | None:
        text = value.strip() if isinstance(value, str) else ""
        if not text:
            return None
        if not (found := _DAY.fullmatch(text)):
            raise ValidationError("Skriv datoen med dag, måned og år, for eksempel 14.03.2026.")
        try:
            return clock.known_day(int(found[3]), int(found[2]), int(found[1]))
        except ValueError as error:
            raise ValidationError(
                "Datoen finnes ikke. Skriv datoen med dag, måned og år, for eksempel 14.03.2026."
            ) from error
