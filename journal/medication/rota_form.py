"""The rota of stand-ins as a form: a line for each of the hours that somebody has, on one day or several."""

from collections.abc import Collection, Mapping
from datetime import time
from itertools import zip_longest
from typing import Any
from uuid import UUID

from journal.medication.rules.parts import Weekday
from journal.medication.rules.rota import DAYS, Row
from journal.platform.clock import parse_time_of_day
from journal.platform.errors import Invalid
from journal.platform.language import phrase, phrases

FIELDS = ("days[]", "starts[]", "ends[]", "who[]")
"""One of each in a line, in this order."""

_WEEKDAYS, _WEEKEND = tuple(Weekday)[:5], tuple(Weekday)[5:]
_SEVERAL = {"all": tuple(Weekday), "weekdays": _WEEKDAYS, "weekend": _WEEKEND}
_GROUPS = _SEVERAL | {str(int(day)): (day,) for day in Weekday}
DAY_CHOICES = tuple(
    {
        **phrases({"all": "alle dager", "weekdays": "mandag–fredag", "weekend": "lørdag og søndag"}),
        **{str(int(day)): said for day, said in DAYS.items()},
    }.items()
)
_MIDNIGHT = {"24", "2400", "24.00", "24:00"}


def rows_from(form: Mapping[str, Any]) -> list[Row]:
    """The lines of a validated ChooseSigningRule; those left empty are none. Raises Invalid at the first that is not whole."""
    lines = zip_longest(*(form[name.removesuffix("[]")] for name in FIELDS), fillvalue="")
    return [_row(number, *line) for number, line in enumerate(lines, start=1) if any(line)]


def typed_of(rows: Collection[Row]) -> dict[str, list[str]]:
    """What stands in the form for these."""
    lines = [
        (group, _clock(row.starts), _clock(row.ends), str(row.stand_in_id))
        for row in rows
        for group in _groups(set(row.days))
    ]
    return {name: [line[n] for line in lines] for n, name in enumerate(FIELDS)}


def _row(number: int, days: str, starts: str, ends: str, who: UUID | str) -> Row:
    try:
        if not (days and starts and ends and isinstance(who, UUID)):
            raise ValueError("Velg dager, skriv når timene begynner og slutter, og velg hvem.")
        return Row(_GROUPS[days], _time(starts), _time(ends), who)
    except KeyError as error:
        raise Invalid(errors={"windows": ["Velg en av dagene i listen."]}) from error
    except ValueError as error:
        said = phrase("Linje %(number)s: %(wrong)s", number=number, wrong=phrase(str(error)))
        raise Invalid(errors={"windows": [said]}) from error


def _time(text: str) -> time:
    return time.min if text.strip() in _MIDNIGHT else parse_time_of_day(text)


def _groups(days: set[Weekday]) -> list[str]:
    said = []
    for group, of_group in _GROUPS.items():
        if days.issuperset(of_group):
            said.append(group)
            days = days - set(of_group)
    return said


def _clock(at: time) -> str:
    return f"{at:%H.%M}"
