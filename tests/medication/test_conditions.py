"""A dose that waits for a value: what the value means for it, and what it takes to give it all the same."""

import html
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.medication.errors import ValueBelowLimit, ValueMissing
from journal.medication.rules import (
    OFFERED,
    Reason,
    ValueRequirement,
    glucose,
    outside_limit_text,
    pulse,
    respiration,
    suggested_reason,
    systolic,
    temperature,
    when_needed,
)
from journal.medication.schemas import Prescribe, required_value_from
from journal.platform.errors import Invalid
from journal.platform.ids import new_id
from tests.conftest import Browser, World
from tests.medication.test_prescribe import PARACETAMOL
from tests.medication.test_sign import ONE, doses, order, prescribe, sign

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

FEVER = temperature(Decimal("38.5"))
DOCTOR = "Lege Haugen på telefon: gi den likevel"


# The rule


def test_a_limit_itself_is_allowed_and_all_beyond_it_is_not() -> None:
    between = glucose(Decimal(4), Decimal(20))
    allowed = {text: between.allows(Decimal(text)) for text in ("3.9", "4", "12", "20", "20.1")}
    assert allowed == {"3.9": False, "4": True, "12": True, "20": True, "20.1": False}
    assert glucose().allows(Decimal("0.5"))


@pytest.mark.parametrize(
    ("condition", "means"),
    [
        (pulse(Decimal(50)), "Gi bare når puls er 50 eller mer."),
        (FEVER, "Gi bare når temperatur er 38,5 eller mer."),
        (pulse(None, Decimal(120)), "Gi bare når puls er 120 eller mindre."),
        (glucose(Decimal(4), Decimal(20)), "Gi bare når blodsukker er fra 4 til 20."),
        (respiration(), None),
    ],
)
def test_what_the_value_means_is_said_in_words(condition: ValueRequirement, means: str | None) -> None:
    assert condition.means == means
    assert ValueRequirement.from_json(condition.to_json()) == condition


@pytest.mark.parametrize(
    ("value", "reason", "said"),
    [
        ("3.9", Reason.BELOW_LIMIT, "Blodsukker 3,9 er under 4"),
        ("20.1", Reason.ABOVE_LIMIT, "Blodsukker 20,1 er over 20"),
    ],
)
def test_either_side_has_its_reason_and_its_sentence(value: str, reason: Reason, said: str) -> None:
    between = glucose(Decimal(4), Decimal(20))
    suggested = suggested_reason(between, Decimal(value))
    assert suggested
    assert suggested.reason is reason
    assert reason not in OFFERED
    assert outside_limit_text(between, Decimal(value)).startswith(said)


@pytest.mark.parametrize("limits", [(Decimal(20), Decimal(4)), (None, Decimal(90)), (Decimal("0.1"), None)])
def test_limits_that_cannot_be_are_refused(limits: tuple[Decimal | None, Decimal | None]) -> None:
    with pytest.raises(ValueError, match="rense"):
        glucose(*limits)


# At the bedside


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


def given(world: World, patient_id: UUID) -> list[tuple[Any, ...]]:
    """What was signed, why, and what was measured with it."""
    return world.migrator.execute(
        """SELECT a.result, a.reason_text, o.value FROM medication.medication_administration a
           LEFT JOIN observations.observation o ON (o.patient_id, o.id) = (a.patient_id, a.observation_id)
           WHERE a.patient_id = %s""",
        (patient_id,),
    ).fetchall()


@pytest.mark.parametrize("against", ["", "   "])
def test_a_dose_against_its_condition_is_not_signed_without_a_reason(
    world: World, work_of: WorkOf, patient_id: UUID, against: str
) -> None:
    order(world, work_of, patient_id, required_value=pulse(Decimal(50)))
    due = doses(world, work_of, patient_id)[0]

    with pytest.raises(ValueBelowLimit):
        sign(world, work_of, due, value=Decimal(48), against=against)

    assert given(world, patient_id) == []


def test_a_reason_is_no_way_round_the_measurement(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    order(world, work_of, patient_id, required_value=pulse(Decimal(50)))
    with pytest.raises(ValueMissing):
        sign(world, work_of, doses(world, work_of, patient_id)[0], against=DOCTOR)
    assert given(world, patient_id) == []


def test_a_dose_that_is_given_all_the_same_keeps_the_value_and_the_reason(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    order(world, work_of, patient_id, required_value=pulse(Decimal(50)))
    sign(world, work_of, doses(world, work_of, patient_id)[0], value=Decimal(48), against=DOCTOR)
    assert given(world, patient_id) == [("1", DOCTOR, Decimal(48))]
    assert doses(world, work_of, patient_id)[0].status_text.endswith("lege Haugen på telefon: gi den likevel")


def test_a_reason_that_was_not_needed_is_not_kept(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    order(world, work_of, patient_id, required_value=pulse(Decimal(50)))
    sign(world, work_of, doses(world, work_of, patient_id)[0], value=Decimal(60), against=DOCTOR)
    assert given(world, patient_id) == [("1", None, Decimal(60))]


def test_the_card_asks_for_the_reason_only_after_the_value_spoke_against_it(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    order(world, work_of, patient_id, required_value=pulse(Decimal(50)))
    dose, nina = doses(world, work_of, patient_id)[0], client_for(world.nina)
    first = nina.get(f"/round?patient={patient_id}").text
    url = re.search(r'action="([^"]*/given[^"]*)"', first)
    assert url
    where, sent = html.unescape(url[1]), {"request_version": "1", "value": "48"}

    refused = nina.act(where, sent)
    signed = nina.act(where, sent | {"against": DOCTOR})

    assert "Gi bare når puls er 50 eller mer." in first
    assert 'name="against"' not in first
    assert refused.status_code == 422
    assert "Puls 48 er under 50" in refused.text
    assert 'name="against"' in refused.text
    assert 'value="48"' in refused.text
    assert signed.status_code in (200, 303)
    assert given(world, patient_id) == [("1", DOCTOR, Decimal(48))]
    assert dose.required_value == pulse(Decimal(50))


def test_a_blood_pressure_is_measured_with_both_figures_and_the_upper_one_decides(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    order(world, work_of, patient_id, required_value=systolic(Decimal(100)))
    nina = client_for(world.nina)
    page = nina.get(f"/round?patient={patient_id}").text
    url = re.search(r'action="([^"]*/given[^"]*)"', page)
    assert url
    where = html.unescape(url[1])

    low = nina.act(where, {"request_version": "1", "value": "98", "value2": "60"})
    alone = nina.act(where, {"request_version": "1", "value": "118"})
    crossed = nina.act(where, {"request_version": "1", "value": "118", "value2": "180"})
    signed = nina.act(where, {"request_version": "1", "value": "118", "value2": "64"})

    assert "Gi bare når overtrykk er 100 eller mer." in page
    assert page.count('name="value2"') == page.count('name="value"') > 0
    assert "Overtrykk 98 er under 100" in low.text
    assert 'value="98"' in low.text and 'value="60"' in low.text
    assert "Undertrykket må være et tall mellom 20 og 200." in alone.text
    assert 'value="118"' in alone.text
    assert "Undertrykket må være lavere enn overtrykket." in crossed.text
    assert [each.status_code for each in (low, alone, crossed)] == [422, 422, 422]
    assert signed.status_code in (200, 303)
    assert world.migrator.execute(
        "SELECT code, value, value2 FROM observations.observation WHERE patient_id = %s", (patient_id,)
    ).fetchall() == [("blood_pressure", Decimal(118), Decimal(64))]
    (dose,) = [dose for dose in doses(world, work_of, patient_id) if dose.signed]
    assert dose.signed


def test_a_medicine_as_needed_takes_both_figures_of_a_blood_pressure_too(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    high = systolic(Decimal(180))
    dosage = when_needed(ONE, max_doses=4)
    with work_of(world.lars) as work:
        entry_id = prescribe(work, patient_id, medicine=PARACETAMOL, dosage=dosage, use="3", required_value=high)
    nina, url = client_for(world.nina), f"/patients/{patient_id}/as-needed"

    assert 'name="value2"' in nina.get(url).text
    assert nina.act(f"{url}/{entry_id}", {"request_version": "1", "value": "190"}).status_code == 422
    assert nina.act(f"{url}/{entry_id}", {"request_version": "1", "value": "190", "value2": "95"}).status_code == 303
    assert given(world, patient_id) == [("1", None, Decimal(190))]


def test_what_is_given_as_needed_asks_for_its_value_too(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    with work_of(world.lars) as work:
        entry_id = prescribe(
            work, patient_id, medicine=PARACETAMOL, dosage=when_needed(ONE, max_doses=4), use="3", required_value=FEVER
        )
    nina, url = client_for(world.nina), f"/patients/{patient_id}/as-needed"
    page = nina.get(url).text

    cold = nina.act(f"{url}/{entry_id}", {"request_version": "1", "value": "37,9"})
    hot = nina.act(f"{url}/{entry_id}", {"request_version": "1", "value": "38,6"})

    assert "Gi bare når temperatur er 38,5 eller mer." in page
    assert 'name="value"' in page
    assert 'name="against"' not in page
    assert cold.status_code == 422
    assert "Temperatur 37,9 er under 38,5" in cold.text
    assert 'name="against"' in cold.text
    assert 'value="37,9"' in cold.text
    assert hot.status_code == 303
    assert given(world, patient_id) == [("1", None, Decimal("38.6"))]


def test_a_doctor_writes_both_limits_in_the_form() -> None:
    def read(minimum: str, maximum: str) -> ValueRequirement | None:
        sent = {"item": str(new_id()), "amount": "1", "unit": "tablett", "pattern": "daily", "indication": "feber"}
        more = {"required_value": "temperature", "minimum": minimum, "maximum": maximum}
        return required_value_from(Prescribe().load(sent | more))

    assert read("38,5", "41") == temperature(Decimal("38.5"), Decimal(41))
    assert read("38,5", "") == FEVER
    sent = {"item": str(new_id()), "amount": "1", "unit": "tablett", "pattern": "daily", "indication": "høyt trykk"}
    assert required_value_from(Prescribe().load(sent | {"required_value": "systolic", "minimum": "100"})) == systolic(
        Decimal(100)
    )
    with pytest.raises(Invalid) as crossed:
        read("41", "38,5")
    assert "Den nederste grensen" in crossed.value.fields["errors"]["minimum"][0]
