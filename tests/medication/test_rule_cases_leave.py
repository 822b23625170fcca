"""Cases for when medicines go along on leave, and what is said of them."""

from datetime import UTC, datetime, timedelta

import pytest

from journal.medication.rules.leave import AT_HOME, ON_LEAVE, SENT, leave_text, why_not
from journal.medication.rules.status import DoseStatus, Tolerance, describe, dose_status

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("starts", "ends", "said"),
    [
        (NOW, NOW + HOUR, None),
        (NOW - 2 * HOUR, NOW + HOUR, None),
        (NOW, NOW + 7 * DAY, None),
        (NOW, NOW + 7 * DAY + HOUR, "inntil sju døgn"),
        (NOW + HOUR, NOW + HOUR, "etter at pasienten drar"),
        (NOW + 2 * HOUR, NOW + HOUR, "etter at pasienten drar"),
        (NOW - HOUR, NOW, "Permisjonen er over"),
        (NOW - 2 * HOUR, NOW - HOUR, "Permisjonen er over"),
    ],
)
def test_a_leave_ends_after_it_begins_and_now_and_within_a_week(
    starts: datetime, ends: datetime, said: str | None
) -> None:
    wrong = why_not(starts, ends, NOW)

    assert wrong == {} if said is None else said in wrong["ends_at"][0]


@pytest.mark.parametrize(
    ("expected_of", "told", "text"),
    [
        (SENT, None, "på permisjon – sendt med"),
        (AT_HOME, None, "på permisjon – har hjemme"),
        (SENT, "completed", "tatt på permisjon, fortalt etterpå"),
        (AT_HOME, "not-done", "ikke tatt på permisjon, fortalt etterpå"),
    ],
)
def test_a_dose_says_who_has_it_and_then_what_was_told(expected_of: str, told: str | None, text: str) -> None:
    assert leave_text(expected_of, told) == text
    assert expected_of in ON_LEAVE


@pytest.mark.parametrize("hours", [-2, 0, 2, 30])
def test_a_dose_on_leave_is_never_late_or_missed(hours: int) -> None:
    status = dose_status(NOW, NOW + hours * HOUR, None, tolerance=Tolerance(HOUR, HOUR), on_leave=True)

    assert status is DoseStatus.ON_LEAVE
    assert describe(status, NOW, NOW) == "på permisjon"
