"""The only place where wall time in Europe/Oslo becomes an instant, and back.

Instants are aware datetimes in UTC. Wall time is what the clock on the ward shows. Twice a year the two disagree: one
hour in March does not exist, one hour in October comes twice, and Python and PostgreSQL answer differently when asked
about it. Hence one owner, with the rule written down:

* a wall time that does not exist (29 March 2026 02.30) is the instant when the same time has passed since midnight as
  on an ordinary day, so the clock shows one hour later (03.30);
* a wall time that happens twice (25 October 2026 02.30) is the first of the two, summer time, unless `fold=1` is asked.

Nothing here reads a clock: "now" is always an argument.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from journal.platform.language import joined, phrase, phrases

OSLO = ZoneInfo("Europe/Oslo")

_WITH_MARK = re.compile(r"([0-9]{1,2})[.:]([0-9]{2})")
_NAMED_DAYS = phrases({-1: "i går", 0: "i dag", 1: "i morgen"})
_FOUR_DIGITS = re.compile(r"([0-9]{2})([0-9]{2})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_FIRST_YEAR, _LAST_YEAR = 1850, 2999


def instant(day: date, at: time, *, fold: Literal[0, 1] = 0) -> datetime:
    """The instant (UTC) when the clock in Oslo shows `at` on `day`.

    `fold` chooses between two equal wall times in October: 0 is summer time (first), 1 is winter time (second). For a
    wall time that does not exist in March both give the instant the rule at the top of this module names.
    Raises ValueError when `at` carries a time zone of its own.
    """
    if at.tzinfo is not None:
        raise ValueError("wall time is Oslo's: it cannot carry a time zone of its own")
    wall = datetime.combine(day, at).replace(tzinfo=OSLO)
    first, second = wall.replace(fold=0).astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    # In the hour that does not exist Python's fold=1 would move the clock back; there the first is the rule.
    return second if fold and second > first else first


def local(instant: datetime) -> datetime:
    """The same instant as an aware datetime in Oslo. Raises ValueError for a datetime without a time zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant must carry a time zone")
    return instant.astimezone(OSLO)


def local_date(instant: datetime) -> date:
    """The date in Oslo at this instant."""
    return local(instant).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of the day in Oslo and of the next one (UTC): 24 hours apart, 23 in March and 25 in October."""
    return instant(day, time.min), instant(day + timedelta(days=1), time.min)


def minute(instant: datetime) -> int:
    """Whole minutes since 1970, rounded down: what is the same for all of a minute is found by it.

    Raises ValueError for a datetime without a time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant must carry a time zone")
    return (instant - _EPOCH) // _MINUTE


def at_minute(minute: int) -> datetime:
    """The instant (UTC) when this `minute` began."""
    return _EPOCH + minute * _MINUTE


def hhmm(instant: datetime) -> str:
    """`08.00`; in the hour that comes twice `02.30 (sommertid)` or `02.30 (vintertid)`."""
    return _hhmm(minute(instant))


# The same few thousand minutes are shown on every page of every patient: each is written once.
@lru_cache(maxsize=4096)
def _hhmm(minute: int) -> str:
    wall = local(at_minute(minute))
    shown = f"{wall:%H.%M}"
    if wall.replace(fold=0).utcoffset() == wall.replace(fold=1).utcoffset():
        return shown
    return phrase("%(time)s (vintertid)", time=shown) if wall.fold else phrase("%(time)s (sommertid)", time=shown)


def known_day(year: int, month: int, day: int) -> date:
    """The date that somebody typed. Raises ValueError when there is none, and for a year that no journal speaks of: what is
    reckoned from a day must not run out of the calendar."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError("no year of a journal")
    return date(year, month, day)


def norwegian_date(day: date) -> str:
    """`14.03.1938`."""
    return f"{day.day:02}.{day.month:02}.{day.year:04}"


def short_date(day: date) -> str:
    """`15.11.`: day and month where the year is plain from what stands around it."""
    return f"{day.day:02}.{day.month:02}."


def relative_day(instant: datetime, now: datetime) -> str:
    """`i dag`, `i går` or `i morgen` in Oslo, else `15.11.`, and `15.11.2025` when the year is another than now's."""
    return day_in_words(local_date(instant), local_date(now))


def day_in_words(day: date, today: date) -> str:
    """As `relative_day`, for the day and today's date."""
    if named := _NAMED_DAYS.get((day - today).days):
        return named
    return short_date(day) if day.year == today.year else norwegian_date(day)


def age(birth_date: date, today: date) -> int:
    """Whole years. Who is born on 29 February is a year older on 1 March in ordinary years.

    Raises ValueError when `today` is before the birth.
    """
    if today < birth_date:
        raise ValueError("born after today")
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def parse_time_of_day(text: str) -> time:
    """Wall time from what people write: `0815`, `08.15`, `8.15`, `08:15`, `8:15`. Spaces around it are allowed.

    Raises ValueError with a sentence for the user.
    """
    written = text.strip()
    found = _WITH_MARK.fullmatch(written) or _FOUR_DIGITS.fullmatch(written)
    if found is None:
        raise ValueError("Skriv klokkeslettet med timer og minutter, for eksempel 08.15.")
    hour, minute = int(found[1]), int(found[2])
    if hour > 23 or minute > 59:
        raise ValueError("Klokkeslettet finnes ikke. Skriv et klokkeslett mellom 00.00 og 23.59.")
    return time(hour, minute)


def moment(instant: datetime) -> str:
    """Date and clock time as shown in lists: "22.11.2026 08.52"."""
    return joined(" ", (norwegian_date(local_date(instant)), hhmm(instant)))


def lately(instant: datetime, now: datetime) -> str:
    """A time not long ago, short: "08.10" today, "i går 23.40", else "15.11. 08.10"."""
    return lately_on(minute(instant), local_date(now))


@lru_cache(maxsize=4096)
def lately_on(minute: int, today: date) -> str:
    """As `lately`, for the minute and the day of now."""
    instant = at_minute(minute)
    day = day_in_words(local_date(instant), today)
    return hhmm(instant) if day == "i dag" else joined(" ", (day, hhmm(instant)))


def spoken(instant: datetime, now: datetime) -> str:
    """A time in a sentence: "kl. 08.10" today, "i går kl. 23.40", else "15.11. kl. 08.10"."""
    day = relative_day(instant, now)
    clock = phrase("kl. %(time)s", time=hhmm(instant))
    return clock if day == "i dag" else joined(" ", (day, clock))
