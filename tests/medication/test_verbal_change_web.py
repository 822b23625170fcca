"""The pages of a change by word of mouth: read back before it is received, signed or refused with what stood before in sight."""

import html
from collections.abc import Callable
from datetime import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication
from journal.medication.rules import OrderStatus, TimeOfDay, daily, dose_sentence
from journal.medication.rules.verbal import Act
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.medication.test_sign import ONE, order
from tests.medication.test_verbal import waiting
from tests.medication.test_verbal_change import now, say
from tests.medication.test_verbal_web import MARK, SAID_BY, hidden

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

NEW_IN_WORDS = dose_sentence(daily(Quantity(Decimal(2), "tablett"), [time(8)]))
NEW = {"amount": "2", "unit": "tablett", "pattern": "daily", "times": "08", "reason": "Lav puls", "version": "1"}


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient(none_known=True, family_name="Hansen")


@pytest.fixture
def entry_id(world: World, work_of: WorkOf, patient_id: UUID) -> UUID:
    return order(world, work_of, patient_id, dosage=daily(ONE, [TimeOfDay.MORNING]))


@pytest.fixture
def url(patient_id: UUID, entry_id: UUID) -> str:
    return f"/patients/{patient_id}/medication/{entry_id}"


def test_a_change_is_read_back_as_old_and_new_received_and_marked_until_it_is_signed(
    world: World, client_for: ClientFor, patient_id: UUID, url: str
) -> None:
    nina = client_for(world.nina)
    assert f"{url}/verbal?act=change" in html.unescape(nina.get(url).text)
    assert f"{url}/verbal" not in client_for(world.lars).get(url).text

    shown = nina.act(f"{url}/verbal/change/review", NEW | SAID_BY)
    said = html.unescape(shown.text)
    for text in ("Les opp for legen:", "Før:", dose_sentence(daily(ONE, [TimeOfDay.MORNING])), NEW_IN_WORDS):
        assert text in said, text
    without = nina.act(f"{url}/verbal/change", {**NEW, **SAID_BY, **hidden(shown.text)})
    assert without.status_code == 422
    assert "Les opp for legen:" in without.text and 'value="Lise Vakt"' in without.text
    other = nina.act(
        f"{url}/verbal/change", {**NEW, **SAID_BY, **hidden(shown.text), "amount": "3", "read_back": "true"}
    )
    assert "Se over og les tilbake på nytt." in other.text

    done = nina.act(f"{url}/verbal/change", {**NEW, **SAID_BY, **hidden(shown.text), "read_back": "true"})

    assert done.status_code == 303
    assert MARK in nina.get(url).text and MARK in nina.get(f"/patients/{patient_id}/medication").text
    signing = client_for(world.lars).get("/signing").text
    assert "Ny dosering" in signing and NEW_IN_WORDS in signing


@pytest.mark.parametrize(("act", "status"), [("hold", OrderStatus.ON_HOLD), ("stop", OrderStatus.STOPPED)])
def test_a_pause_or_a_stop_is_read_back_on_the_form_and_received_in_one_act(
    world: World,
    work_of: WorkOf,
    client_for: ClientFor,
    patient_id: UUID,
    entry_id: UUID,
    url: str,
    act: str,
    status: Any,
) -> None:
    nina, sent = client_for(world.nina), {"version": "1", "reason": "Lav puls", **SAID_BY}
    assert "Les opp for legen:" in nina.get(f"{url}/verbal?act={act}").text

    refused = nina.act(f"{url}/verbal/{act}", sent)
    assert refused.status_code == 422 and 'value="Lav puls"' in refused.text and 'value="7654321"' in refused.text

    assert nina.act(f"{url}/verbal/{act}", sent | {"read_back": "true"}).status_code == 303
    assert now(world, work_of, patient_id, entry_id).status is status


def test_the_end_of_a_pause_is_read_back_with_the_dose_and_offered_in_the_place_of_a_pause(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, entry_id: UUID, url: str
) -> None:
    with work_of(world.lars) as work:
        Medication(work).hold(patient_id, entry_id, version=1, reason="Kvalme")
    nina, sent = client_for(world.nina), {"version": "2", "reason": "Bedre nå", **SAID_BY}
    sheet, form = nina.get(url).text, nina.get(f"{url}/verbal?act=resume").text

    assert "act=resume" in sheet and "act=hold" not in sheet
    assert "Pauset: Kvalme" in form and "igjen fra neste dose: 1" in form
    refused = nina.act(f"{url}/verbal/resume", sent)
    assert refused.status_code == 422 and 'value="Bedre nå"' in refused.text
    assert nina.act(f"{url}/verbal/resume", sent | {"read_back": "true"}).status_code == 303
    assert now(world, work_of, patient_id, entry_id).status is OrderStatus.ACTIVE
    assert "Gis igjen etter pause" in client_for(world.lars).get("/signing").text


def test_the_doctor_refuses_with_what_stood_before_in_sight_and_loses_nothing_she_typed(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, entry_id: UUID, url: str
) -> None:
    say(world, work_of, patient_id, entry_id, Act.STOP)
    lars, one = client_for(world.lars), waiting(world, work_of)
    of_order = f"/patients/{patient_id}/verbal-orders/{one.id}"
    assert f"{of_order}/refuse" in lars.get("/signing").text
    page = lars.get(f"{of_order}/refuse").text
    assert one.before in page and "Det som gjaldt før, skal gjelde igjen" in page

    wrong = lars.act(f"{of_order}/refuse-change", {"version": "2", "reason": "Aldri sagt"})
    assert wrong.status_code == 422 and 'value="Aldri sagt"' in wrong.text
    done = lars.act(f"{of_order}/refuse-change", {"version": "2", "reason": "Aldri sagt", "after": "restore"})

    assert done.status_code == 303
    assert now(world, work_of, patient_id, entry_id).status is OrderStatus.ACTIVE
    assert "Legen har bestemt hva som gjelder nå." in client_for(world.nina).get("/verbal-orders").text
    assert "Avvist av Lars Haugen" in lars.get(f"{of_order}/refuse").text
    assert 'name="after"' not in lars.get(f"{of_order}/refuse").text
