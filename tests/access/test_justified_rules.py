"""What each reason opens, for how long, and what the log may say of it."""

from datetime import UTC, datetime, timedelta

import pytest

from journal.access.justified_rules import REASONS, Lets, Limits, Reason, decision_ref, left, lets
from journal.permissions import Permission

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
WRITES = {Permission.NOTES_WRITE, Permission.MEDICATION_ADMINISTER, Permission.MEDICATION_PRESCRIBE}


@pytest.mark.parametrize(
    ("reason", "template", "purpose", "how_far", "hours"),
    [
        ("emergency", "BLAALYS", "BTG", Lets.ALL, 4),
        ("alarm", "BLAALYS", "ETREAT", Lets.ALL, 4),
        ("shared-care", "DELBEHAN", "TREAT", Lets.ALL, 24),
        ("assessment", "TILSYN", "TREAT", Lets.ALL, 24),
        ("referral", "HENV_PAA", "COC", Lets.READ, 24),
        ("patient-asks", "INNSYN", "PATRQT", Lets.READ, 24),
        ("own-learning", "EGENLAER", "HQUALIMP", Lets.READ, 24),
        ("quality", "KVAL", "HQUALIMP", Lets.MEDICINES, 24),
        ("other", "", "TREAT", Lets.READ, 24),
    ],
)
def test_each_reason_stands_for_a_national_template_and_ends_by_itself(
    reason: str, template: str, purpose: str, how_far: Lets, hours: int
) -> None:
    opens = REASONS[Reason(reason)]

    assert (opens.template, opens.purpose, opens.lets, Limits().hours(Reason(reason))) == (
        template,
        purpose,
        how_far,
        hours,
    )
    assert opens.ground == ("emergency" if hours == 4 else "justified")
    assert set(decision_ref(Reason(reason))) == {"id", "description", "user_selected"}


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_lets_no_more_than_its_purpose_needs(reason: Reason) -> None:
    told, how_far = decision_ref(reason), REASONS[reason].lets

    assert {lets(told, permission) for permission in WRITES} == {how_far is Lets.ALL}
    assert lets(told, Permission.NOTES_READ) == (how_far is not Lets.MEDICINES)
    assert lets(told, Permission.MEDICATION_READ)
    assert lets(told, Permission.ACCESS_JUSTIFY) and lets(told, Permission.PATIENTS_ADMIT), "the ways on are open"
    assert not lets(told, Permission.RECORDS_ERASE)


@pytest.mark.parametrize("told", [None, {}, {"id": "because"}])
def test_a_reason_that_nobody_knows_opens_nothing(told: dict[str, str] | None) -> None:
    assert not any(lets(told, permission) for permission in (*WRITES, Permission.PATIENTS_READ, Permission.CHART_READ))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(4 * 3600, (4, 0)), (3601, (1, 1)), (3600, (1, 0)), (59, (0, 1)), (0, (0, 0)), (-60, (0, 0))],
)
def test_the_time_left_is_shown_with_the_begun_minute(seconds: int, shown: tuple[int, int]) -> None:
    assert left(NOW + timedelta(seconds=seconds), NOW) == shown
