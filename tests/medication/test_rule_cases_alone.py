"""When another is to look at a dose that was signed alone, and what stands on it."""

from datetime import UTC, datetime, time, timedelta

import pytest

from journal.medication.rules.alone import ALONE, LISTED_FOR, AloneReason, alone_text, next_change
from journal.medication.rules.authority import USUAL_CHANGES


@pytest.mark.parametrize(
    ("now", "change"),
    [
        # Oslo is an hour before UTC in November, two in July.
        ((2026, 11, 22, 1, 0), (2026, 11, 22, 6, 30)),
        ((2026, 11, 22, 6, 29), (2026, 11, 22, 6, 30)),
        ((2026, 11, 22, 6, 30), (2026, 11, 22, 14, 0)),
        ((2026, 11, 22, 20, 0), (2026, 11, 22, 21, 30)),
        ((2026, 11, 22, 21, 30), (2026, 11, 23, 6, 30)),
        ((2026, 11, 22, 23, 30), (2026, 11, 23, 6, 30)),
        ((2026, 7, 1, 1, 0), (2026, 7, 1, 5, 30)),
        # The night when the clock is put back is an hour longer.
        ((2026, 10, 24, 22, 0), (2026, 10, 25, 6, 30)),
    ],
)
def test_another_looks_when_the_next_shift_takes_over(now: tuple[int, ...], change: tuple[int, ...]) -> None:
    assert next_change(datetime(*now, tzinfo=UTC), USUAL_CHANGES) == datetime(*change, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_unit_with_one_change_a_day_looks_the_next_day() -> None:
    assert next_change(datetime(2026, 11, 22, 8, tzinfo=UTC), [time(8)]) == datetime(2026, 11, 23, 7, tzinfo=UTC)


def test_each_reason_has_its_words() -> None:
    assert set(ALONE) == set(AloneReason)
    assert alone_text("night") == "Signert alene: natt."
    assert alone_text("home") == "Signert alene: hjemmetjeneste."
    assert alone_text("nobody") == "Signert alene: ingen andre på vakt."
    assert alone_text("urgent") == "Signert alene: akutt."
    assert alone_text("other") == "Signert alene: annet."


def test_the_list_goes_thirty_days_back() -> None:
    assert timedelta(days=30) == LISTED_FOR
