"""When the dose was given, where that was not when it was signed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from journal.medication.schemas import SignGiven, with_given_at
from journal.platform.clock import hhmm, local_date, norwegian_date
from journal.platform.errors import Invalid
from tests.conftest import Browser, World
from tests.medication.test_caution import due, stored
from tests.medication.test_sign import doses

ClientFor = Callable[..., Browser]
WorkOf = Callable[..., Any]

HALF_PAST_MIDNIGHT = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # Oslo in winter: 22 November 00.30


@pytest.mark.parametrize(
    ("typed", "given_at"),
    [
        ({}, None),
        ({"given_time": "", "given_day": ""}, None),
        ({"given_time": "0015"}, datetime(2026, 11, 21, 23, 15, tzinfo=UTC)),
        ({"given_time": "22.10", "given_day": "21.11.2026"}, datetime(2026, 11, 21, 21, 10, tzinfo=UTC)),
    ],
)
def test_a_time_alone_is_todays_and_a_day_may_be_said(typed: dict[str, str], given_at: datetime | None) -> None:
    form = SignGiven().load({"request_version": "1", **typed})

    assert with_given_at(form, HALF_PAST_MIDNIGHT)["given_at"] == given_at


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"given_time": "22.10"}, "Klokka er ikke 22.10 ennå. Ble dosen gitt i går, skriver du også datoen."),
        ({"given_day": "21.11.2026"}, "Skriv også klokkeslettet dosen ble gitt."),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(typed: dict[str, str], said: str) -> None:
    form = SignGiven().load({"request_version": "1", **typed})

    with pytest.raises(Invalid) as refused:
        with_given_at(form, HALF_PAST_MIDNIGHT)
    assert refused.value.errors == {"given_time": [said]}


def test_both_times_are_stored_and_shown(world: World, work_of: WorkOf, client_for: ClientFor) -> None:
    dose, nina = due(world, work_of), client_for(world.nina)
    given = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=20)
    typed = {"given_time": hhmm(given), "given_day": norwegian_date(local_date(given))}

    answer = nina.act(
        f"/patients/{dose.patient_id}/doses/{dose.id}/given?slot={dose.slot}", {"request_version": "1", **typed}
    )

    signed = doses(world, work_of, dose.patient_id)[0].signed
    assert signed is not None
    assert signed.state.effective_at == given
    assert f"{hhmm(given)} av deg, signert {hhmm(signed.recorded_at)}" in nina.get(answer.location).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"given_time": "25.10"}, "Klokkeslettet finnes ikke."),
        ({"given_time": "åtte"}, "Skriv klokkeslettet med timer og minutter"),
        ({"given_time": "08.15", "given_day": "31.02.2026"}, "Skriv datoen med dag, måned og år"),
        ({"given_time": "08.15", "given_day": "01.01.2050"}, "Tidspunktet er ikke kommet ennå."),
        ({"given_time": "08.15", "given_day": "01.01.2020"}, "Tidspunktet er mer enn tolv timer før"),
    ],
)
def test_a_time_that_cannot_be_signs_nothing_and_stays_in_the_field(
    world: World, work_of: WorkOf, client_for: ClientFor, typed: dict[str, str], said: str
) -> None:
    dose = due(world, work_of)

    refused = client_for(world.nina).act(
        f"/patients/{dose.patient_id}/doses/{dose.id}/given", {"request_version": "1", **typed}
    )

    assert (refused.status_code, stored(world, dose.patient_id)) == (422, [])
    card = refused.text.split(f'id="dose-{dose.id}"')[1].split("</li>")[0]
    assert said in card
    assert f'<details class="at" id="dose-{dose.id}-at" open>' in card
    assert all(f'value="{written}"' in card for written in typed.values())
