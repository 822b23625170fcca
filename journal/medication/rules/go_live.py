"""The list a municipality begins with: not confirmed before a nurse has checked every line and a doctor has signed it.

Source: issue 3 ("Cut-over"): at the change of systems a line that is lost or misread is a dose wrongly given for weeks.
"""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from journal.platform.language import phrases


class Checked(StrEnum):
    """What a nurse says of a line, held up against what the patient has and gets."""

    RIGHT = "right"
    WRONG = "wrong"


CHECKED = phrases({Checked.RIGHT: "Stemmer", Checked.WRONG: "Stemmer ikke"})


class Stage(StrEnum):
    """How far a patient's list of the go-live has come."""

    NONE = "none"
    TO_CHECK = "to_check"
    TO_SIGN = "to_sign"
    CONFIRMED = "confirmed"


STAGES = phrases(
    {
        Stage.NONE: "Ingen liste",
        Stage.TO_CHECK: "Venter på kontroll",
        Stage.TO_SIGN: "Venter på lege",
        Stage.CONFIRMED: "Bekreftet",
    }
)


def stage(lines: int | None, checked: int, *, signed: bool) -> Stage:
    """`lines` in the list, None for no list; `checked` of them as they stand now."""
    if lines is None:
        return Stage.NONE
    if signed:
        return Stage.CONFIRMED
    return Stage.TO_SIGN if checked >= lines else Stage.TO_CHECK


def unchecked(lines: Mapping[UUID, int], checks: Mapping[UUID, int]) -> tuple[UUID, ...]:
    """The lines that nobody has checked as they stand: each with the version of what it is understood to be, and the version
    that was checked. A line that was matched anew is another line."""
    return tuple(line for line, version in lines.items() if checks.get(line) != version)
