"""When the journal was away: what is a downtime, and what is unknown after it.

A dose that could have been given on time while the journal was away is unknown: neither late nor missed, since it may have
been given by the paper list. It is so from the moment the gap is seen, also before anybody has confirmed that there was one: to
give a dose anew does more harm than to ask. Source: ux.md 3.1 and safety.md (downtime); pasientjournalforskriften § 4 (what was
given is written in the record, with who and when).
"""

from datetime import datetime, timedelta
from enum import StrEnum

LEAST = timedelta(minutes=5)
"""A worker that is started anew, or a new version put in place, is away for less."""
LOOKS_BACK = timedelta(days=7)
"""How far back the doses of a downtime stand on the unit's list."""


class Known(StrEnum):
    """How sure it is that the journal was away: found by the journal itself, said by somebody, or not so after all."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


def found_gap(last_beat: datetime | None, now: datetime) -> tuple[datetime, datetime] | None:
    """From when until when the journal was away, by its heartbeat; None where it was not, or never had run."""
    return (last_beat, now) if last_beat is not None and now - last_beat >= LEAST else None
