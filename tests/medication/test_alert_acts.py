"""What one tap on an alert does: stops the other order when this one is signed, and says why she goes on."""

import html
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication
from journal.medication.errors import OrderChanged
from journal.medication.rules import every_hours
from journal.medication.rules.safety import KEPT, Kept
from tests import factories
from tests.conftest import Browser, World
from tests.medication.test_judging import Form, seen_in
from tests.medication.test_prescribe import PARACETAMOL
from tests.medication.test_sign import ONE, change, prescribe

WorkOf = Callable[..., Any]
Forms = Callable[..., Form]

pytestmark = pytest.mark.usefixtures("small_catalogue")


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


@pytest.fixture
def allergic(world: World) -> UUID:
    patient_id = world.patient()
    more = {"code_system": "ATC", "code": "J01C", "reaction": "anafylaksi", "severity": "severe"}
    factories.allergy(world.builder, patient_id, world.nina, "Penicillin", **more)
    world.store()
    return patient_id


@pytest.fixture
def form(world: World, work_of: WorkOf, client_for: Callable[..., Browser]) -> Forms:
    return lambda patient_id, found_by: Form(client_for(world.lars), world, work_of, patient_id, found_by)


@pytest.fixture
def in_use(world: World, work_of: WorkOf, patient_id: UUID) -> UUID:
    """She has paracetamol already."""
    with work_of(world.lars) as work:
        return prescribe(work, patient_id, medicine=PARACETAMOL, dosage=every_hours(ONE, 12), indication="smerter")


def orders(world: World, patient_id: UUID) -> list[tuple[Any, ...]]:
    """Brand, version, status, why and its code, oldest first."""
    return world.migrator.execute(
        "SELECT brand_name, version, status, change_reason, change_code FROM medication.medication_request"
        " WHERE patient_id = %s ORDER BY entry_id, version",
        (patient_id,),
    ).fetchall()


def ticked(page: str) -> dict[str, list[str]]:
    """The field on the card, as a tap leaves it."""
    return {"replaces[]": re.findall(r'name="replaces\[\]" value="([^"]*)"', page)}


def test_the_other_is_stopped_when_this_one_is_signed_and_not_before(
    world: World,
    form: Forms,
    patient_id: UUID,
    in_use: UUID,
) -> None:
    paracet = form(patient_id, "paracet tab 500")
    told = paracet.send()
    tap = ticked(told.text)
    shown = paracet.send(review=True, **tap)
    before = orders(world, patient_id)
    signed = paracet.send(**tap)

    assert tap == {"replaces[]": [f"{in_use}.1"]}
    assert "Seponer paracetamol tablett" in html.unescape(told.text)
    assert "Samme virkestoff" in told.text
    assert "Samme virkestoff" not in shown.text, "it is judged as if the other were stopped"
    assert f'value="{in_use}.1" checked' in shown.text
    assert before == [(None, 1, "active", None, None)]
    assert signed.status_code == 303
    assert orders(world, patient_id) == [
        (None, 1, "active", None, None),
        (None, 2, "stopped", "Erstattet av paracetamol", "X"),
        ("Paracet", 1, "active", None, None),
    ]


def test_when_this_one_is_refused_the_other_goes_on(
    world: World,
    form: Forms,
    patient_id: UUID,
    in_use: UUID,
) -> None:
    paracet = form(patient_id, "paracet tab 500")
    tap = ticked(paracet.send().text)

    much, unfinished = paracet.send(amount="20", **tap), paracet.send(indication=" ", **tap)

    assert (much.status_code, unfinished.status_code) == (409, 422)
    assert all(f'value="{in_use}.1" checked' in page.text for page in (much, unfinished)), "the tap is not lost"
    assert orders(world, patient_id) == [(None, 1, "active", None, None)]


def test_an_order_that_another_changed_since_is_not_stopped(
    world: World,
    work_of: WorkOf,
    form: Forms,
    patient_id: UUID,
    in_use: UUID,
) -> None:
    paracet = form(patient_id, "paracet tab 500")
    tap = ticked(paracet.send().text)
    with work_of(world.lars) as work:
        change(work, patient_id, in_use, version=1, dosage=every_hours(ONE, 8), reason="Mer vondt")

    refused = paracet.send(**tap)

    assert refused.status_code == 409
    assert f'value="{in_use}.2" checked' in refused.text, "what holds now is shown, to be seen before she signs anew"
    assert [status for _, _, status, _, _ in orders(world, patient_id)] == ["active", "active"]


def test_nothing_of_another_patient_is_stopped(
    world: World,
    work_of: WorkOf,
    patient_id: UUID,
    in_use: UUID,
) -> None:
    other = world.patient()
    with pytest.raises(Exception, match="finnes ikke hos denne pasienten"), work_of(world.lars) as work:
        prescribe(work, other, medicine=PARACETAMOL, dosage=every_hours(ONE, 12), replaces={in_use: 1})
    with pytest.raises(OrderChanged), work_of(world.lars) as work:
        prescribe(work, patient_id, medicine=PARACETAMOL, dosage=every_hours(ONE, 12), replaces={in_use: 2})

    with work_of(world.lars) as work:
        assert len(Medication(work).list_with_strip(patient_id).regular) == 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"override_code": "tolerated"}, "Pasienten har tålt det før"),
        ({"override_code": "agreed", "override_reason": "Dr. Moe"}, "Avtalt med sykehus eller spesialist: Dr. Moe"),
        ({"override_code": "other", "override_reason": "Ingen andre virker"}, "Ingen andre virker"),
        ({"override_reason": "Ingen andre virker"}, "Ingen andre virker"),
    ],
)
def test_why_she_goes_on_is_a_choice_or_her_own_words_and_both_are_kept(
    world: World,
    form: Forms,
    allergic: UUID,
    said: dict[str, str],
    kept: str,
) -> None:
    apocillin = form(allergic, "apocillin 660")
    seen = seen_in(apocillin.send().text)

    assert apocillin.send(**seen, **said).status_code == 303

    rows = world.migrator.execute(
        "SELECT detected_issues -> 0 ->> 'reason' FROM medication.medication_request WHERE patient_id = %s", (allergic,)
    )
    assert rows.fetchall() == [(kept,)]


def test_other_without_a_word_is_no_reason(form: Forms, allergic: UUID) -> None:
    apocillin = form(allergic, "apocillin 660")
    first = apocillin.send()
    refused = apocillin.send(**seen_in(first.text), override_code="other")

    assert all(html.escape(KEPT[each]) in first.text for each in Kept)
    assert (first.status_code, refused.status_code) == (409, 409)
    assert "Skriv hvorfor du fortsetter." in refused.text
