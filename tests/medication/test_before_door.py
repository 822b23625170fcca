"""A dose that was given before the patient went to hospital, and not signed when she did, is signed as any other."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication
from journal.medication.errors import NotReconciled
from journal.medication.rules import DoseStatus, Reason, when_needed
from journal.medication.rules.door import was_before
from journal.platform.clock import hhmm, local_date, norwegian_date, spoken
from journal.platform.errors import Invalid
from tests import factories
from tests.conftest import Browser, World
from tests.medication.test_door import ONE, back, confirm, let_pass, to_hospital
from tests.medication.test_door_web import said

WorkOf = Callable[..., Any]
LEFT = timedelta(minutes=90)
"""So long ago she left, half an hour after the dose was given."""
MINUTE = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture
def given_at() -> datetime:
    return MINUTE - LEFT - timedelta(minutes=30)


@pytest.fixture
def kari_and_dose(world: World, work_of: WorkOf, given_at: datetime) -> tuple[UUID, UUID]:
    """A dose was due, and Kari was sent to hospital half an hour after, before anybody signed it."""
    kari, dose_id = factories.due_dose(world, due_at=given_at, none_known=True)
    to_hospital(world, work_of, kari, valid_from=MINUTE - LEFT)
    return kari, dose_id


def sign(world: World, work_of: WorkOf, kari: UUID, dose_id: UUID, at: datetime | None) -> UUID:
    with work_of(world.nina) as work:
        signed: UUID = Medication(work).sign_given(kari, dose_id, request_version=1, given_at=at)
    return signed


def status(world: World, work_of: WorkOf, kari: UUID) -> DoseStatus:
    with work_of(world.nina) as work:
        (dose,) = Medication(work).doses_due([kari], start=work.now - timedelta(hours=12), end=work.now)[kari]
    return DoseStatus(dose.status)


def test_given_before_is_before_it_waited_and_not_at_that_time_or_when_nobody_knows() -> None:
    assert was_before(MINUTE - timedelta(minutes=1), MINUTE)
    assert not was_before(MINUTE, MINUTE) and not was_before(MINUTE, None)


def test_it_is_signed_as_given_before_she_left_and_the_sheet_has_it(
    world: World, work_of: WorkOf, kari_and_dose: tuple[UUID, UUID], given_at: datetime
) -> None:
    kari, dose_id = kari_and_dose
    assert status(world, work_of, kari) is DoseStatus.UNRECONCILED

    signed = sign(world, work_of, kari, dose_id, given_at)

    assert status(world, work_of, kari) is DoseStatus.GIVEN
    with work_of(world.nina) as work:
        (line,) = Medication(work).ask_sheet_lines(kari).answer()
        assert (line.last_at, line.last_by) == (given_at, "Nina Nordli")
    with work_of(world.nina) as work:
        Medication(work).correct(kari, signed, reason="feil")
    assert status(world, work_of, kari) is DoseStatus.UNRECONCILED


def test_it_is_never_signed_as_given_from_when_she_left(
    world: World, work_of: WorkOf, kari_and_dose: tuple[UUID, UUID]
) -> None:
    kari, dose_id = kari_and_dose
    for at in (None, MINUTE, MINUTE - LEFT):
        with pytest.raises(NotReconciled):
            sign(world, work_of, kari, dose_id, at)
    with pytest.raises(NotReconciled), work_of(world.nina) as work:
        Medication(work).sign_not_given(kari, dose_id, request_version=1, reason=Reason.REFUSED)
    assert status(world, work_of, kari) is DoseStatus.UNRECONCILED


@pytest.mark.parametrize("confirmed", [False, True])
def test_it_may_still_be_signed_when_she_is_back_and_the_dose_of_the_hospital_may_not(
    world: World, work_of: WorkOf, kari_and_dose: tuple[UUID, UUID], given_at: datetime, confirmed: bool
) -> None:
    kari, dose_id = kari_and_dose
    back(world, work_of, kari)
    if confirmed:
        with work_of(world.nina) as work:
            (line,) = Medication(work).waiting_lines(kari)
        confirm(world, work_of, kari, {line.request_entry_id: 1})
    with pytest.raises(NotReconciled):
        sign(world, work_of, kari, dose_id, MINUTE - timedelta(minutes=60))

    sign(world, work_of, kari, dose_id, given_at)

    assert status(world, work_of, kari) is DoseStatus.GIVEN


def test_what_fell_due_long_after_she_left_was_not_given_before(
    world: World, work_of: WorkOf, given_at: datetime
) -> None:
    kari, dose_id = factories.due_dose(world, due_at=given_at, none_known=True)
    to_hospital(world, work_of, kari, valid_from=MINUTE - timedelta(days=1))
    with pytest.raises(Invalid) as refused:
        sign(world, work_of, kari, dose_id, MINUTE - timedelta(days=1, hours=1))
    assert "mer enn tolv timer" in refused.value.errors["given_at"][0]


def test_a_dose_as_needed_that_was_given_before_she_left_is_signed_too(world: World, work_of: WorkOf) -> None:
    kari = world.patient(none_known=True)
    with work_of(world.lars) as work:
        entry_id = Medication(work).prescribe(
            kari, medicine=factories.METOPROLOL, dosage=when_needed(ONE, max_doses=4), use="3"
        )
    to_hospital(world, work_of, kari)
    let_pass(world, kari, 1)
    world.migrator.execute(
        "UPDATE medication.request_plan SET unconfirmed_since = unconfirmed_since - interval '1 hour' WHERE patient_id = %s",
        (kari,),
    )
    with work_of(world.nina) as work:
        (shown,) = Medication(work).as_needed(kari)
        assert shown.held_from is not None and not shown.room.allowed
    give: dict[str, Any] = {"request_version": 1, "confirmed": shown.cautions}
    with pytest.raises(NotReconciled), work_of(world.nina) as work:
        Medication(work).sign_as_needed(kari, entry_id, given_at=shown.held_from, **give)
    before = shown.held_from - timedelta(minutes=20)
    with work_of(world.nina) as work:
        Medication(work).sign_as_needed(kari, entry_id, given_at=before, **give)
    with work_of(world.nina) as work:
        (given,) = Medication(work).ask_as_needed_lately(kari).answer()
    assert given.at == before


def test_the_card_asks_when_it_was_given_and_the_sheet_shows_it(
    world: World, client_for: Callable[..., Browser], kari_and_dose: tuple[UUID, UUID], given_at: datetime
) -> None:
    kari, dose_id = kari_and_dose
    nina = client_for(world.nina)
    page = nina.get(f"/round?patient={kari}").text
    assert f"Gitt før {spoken(MINUTE - LEFT, datetime.now(UTC))}" in page and "Skal ikke gis nå." in page
    given, day = f"/patients/{kari}/doses/{dose_id}/given", norwegian_date(local_date(given_at))
    late = MINUTE - timedelta(minutes=5)
    form = {"request_version": "1", "given_day": norwegian_date(local_date(late))}

    wrong = nina.act(given, form | {"given_time": hhmm(late)})
    assert wrong.status_code == 409 and "ikke samstemt etter at pasienten kom" in said(wrong.text)
    assert re.search(rf'name="given_time" value="{hhmm(late)}"', wrong.text)

    assert nina.act(given, form | {"given_time": hhmm(given_at), "given_day": day}).status_code == 303
    assert re.search(
        rf"{hhmm(given_at)}.{{0,30}}av Nina Nordli", said(nina.get(f"/patients/{kari}/medication/transfer").text)
    )
    assert "Gitt før " not in nina.get(f"/round?patient={kari}").text
