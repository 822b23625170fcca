"""The week of those who stand in, as a picture: seven days beside each other, twenty-four hours below each other."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from journal.medication.dosage_form import WEEKDAYS
from journal.medication.rules.parts import Weekday
from journal.medication.rules.rota import DAY, Span
from journal.medication.service import WeekOfStandIns

HOURS = tuple(f"{hour:02}" for hour in range(24))
SHORT_DAYS = tuple(WEEKDAYS.items())


class Person(NamedTuple):
    """A doctor, with the letters that stand for her where there is no room for a name."""

    mark: str
    name: str
    units: tuple[str, ...] = ()


class Cell(NamedTuple):
    """Whole hours with the same people. `kind`: own, above (named by a unit above) or nobody, at some time within them."""

    hours: int
    kind: str
    people: tuple[Person, ...]


class Picture(NamedTuple):
    """`rows`: for each hour of the day the cells that begin there, by weekday. `people`: all who are in it, and for which units
    they were named."""

    rows: tuple[tuple[tuple[Weekday, Cell], ...], ...]
    people: tuple[Person, ...]


def picture(week: WeekOfStandIns) -> Picture:
    """The week as it is now."""
    spans = week.spans
    marks = _marks({span.named.stand_in_id for span in spans if span.named}, week.names)
    days = {day: _column(_hours(day, spans), marks) for day in Weekday}
    rows = [tuple((day, cells[hour]) for day, cells in days.items() if hour in cells) for hour in range(24)]
    units: dict[UUID, set[str]] = {}
    for span in spans:
        if span.named:
            units.setdefault(span.named.stand_in_id, set()).add(week.rotas[span.named.above].unit_name)
    people = [marks[each]._replace(units=tuple(sorted(of))) for each, of in units.items()]
    return Picture(tuple(rows), tuple(sorted(people, key=lambda person: person.name)))


def _hours(day: Weekday, spans: Iterable[Span]) -> list[list[Span]]:
    """For each hour of the day, what touches it."""
    first = (day - 1) * DAY
    starts = range(first, first + DAY, 60)
    return [[span for span in spans if span.starts < start + 60 and span.ends > start] for start in starts]


def _column(hours: list[list[Span]], marks: dict[UUID, Person]) -> dict[int, Cell]:
    """The cells of a day by the hour they begin."""
    cells: dict[int, Cell] = {}
    began = 0
    for hour, spans in enumerate(hours):
        kind, people = _kind(spans), tuple(dict.fromkeys(marks[s.named.stand_in_id] for s in spans if s.named))
        if hour and cells[began][1:] == (kind, people):
            cells[began] = cells[began]._replace(hours=cells[began].hours + 1)
        else:
            began = hour
            cells[hour] = Cell(1, kind, people)
    return cells


def _kind(spans: Iterable[Span]) -> str:
    named = [span.named for span in spans]
    if None in named:
        return "nobody"
    return "above" if any(each.above for each in named if each) else "own"


def _marks(people: Iterable[UUID], names: dict[UUID, str]) -> dict[UUID, Person]:
    """The first letters of the names; with a number where two have the same."""
    letters = {each: "".join(word[0] for word in names[each].split()).upper()[:3] for each in people}
    by_name = sorted(letters, key=lambda each: (names[each], each))
    marks = {}
    for each in by_name:
        same = [other for other in by_name if letters[other] == letters[each]]
        mark = letters[each] + (str(same.index(each) + 1) if len(same) > 1 else "")
        marks[each] = Person(mark, names[each])
    return marks
