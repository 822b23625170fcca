"""A dose too near another one: what its form says of who decided it."""

from datetime import datetime
from typing import Any

from journal.medication import pages
from journal.medication.errors import refusing
from journal.medication.rules import Caution
from journal.medication.rules.authority import cleared_at
from journal.medication.service.near import Agreed
from journal.platform.errors import Invalid


def with_agreed(form: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A validated SignGiven with `agreed` in the place of its fields. Raises Invalid at `said_time`, as cleared_at()."""
    prescriber_id, at, fact = form.pop("prescriber_id"), form.pop("said_time"), form.pop("too_near")
    with refusing("said_time", Invalid):
        return form | {"agreed": Agreed(prescriber_id, cleared_at(at, now) if at and not fact else None, fact)}


def is_near(wrong: pages.Trouble) -> bool:
    """Whether what went wrong was that a dose is too near another one, or what was written of it."""
    return Caution.TOO_NEAR in dict(wrong.cautions) or "said_time" in wrong.typed
