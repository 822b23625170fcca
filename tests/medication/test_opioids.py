"""Opioids together: what is ordered for 24 hours, what was given of them, and how she is afterwards."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from journal.care import Care, opioid_alarm
from journal.medication import Medication, Medicine
from journal.medication.rules import DoseStatus, every_hours, when_needed
from journal.medication.rules.patches import OldPatch, Site
from journal.medication.rules.safety import ingredients_of, opioids_given
from journal.medication.rules.safety.opioids import opioids_with
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.medication.safety_orders import of
from tests.medication.test_follow_up import plain
from tests.medication.test_sign import doses, order, prescribe, sign

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

MG = Quantity(Decimal(10), "mg")
LONG = Medicine("oksykodon", "OxyContin", "depottablett", "25", "10 mg", "peroralt", "53", "N02AA05")
SHORT = Medicine("oksykodon", "OxyNorm", "kapsel", "17", "5 mg", "peroralt", "53", "N02AA05")
FENTANYL = Medicine("fentanyl", "Durogesic", "depotplaster", "58", "25 mikrog/time", "transdermal", "65", "N02AB03")
PER_HOUR = Quantity(Decimal(25), "mikrogram/time")


def hand(number: int, unit: str) -> Quantity:
    return Quantity(Decimal(number), unit)


def test_what_was_given_stands_by_medicine_and_kind_and_as_one_figure() -> None:
    given = [
        *[(of("OxyContin depottab 10 mg", "1 x 2"), hand(1, "tablett"))] * 2,
        (of("OxyNorm kaps 5 mg", "1 ved behov x 6"), hand(1, "kapsel")),
        (of("Durogesic depotplaster 25 mikrog/time", "1 hver 3. dag"), hand(2, "plaster")),
        (of("Metadon mikst 2 mg/ml", "20 x 1"), hand(20, "ml")),
        (of("Paracet tab 500 mg", "2 x 3"), hand(2, "tablett")),
    ]

    total = opioids_given(given)

    assert [(one.name, plain(one.regular), plain(one.as_needed)) for one in total.medicines] == [
        ("fentanyl", "1,2 mg", ""),
        ("metadon", "20 ml", ""),
        ("oksykodon", "20 mg", "5 mg"),
    ]
    # 25 mg of oxycodone is 37.5 of morphine; two patches of 25 micrograms an hour give 1.2 mg of fentanyl, which is 120.
    assert total.total == Decimal("157.5")
    assert total.not_counted == ("metadon",)
    assert "157,5 mg morfin gjennom munnen. Ikke regnet med: metadon." in plain(total.text)


def test_a_new_opioid_is_summed_with_those_in_use_and_another_medicine_is_not() -> None:
    in_use = [of("OxyContin depottab 10 mg", "1 x 2")]
    new = of("OxyNorm kaps 5 mg", "1 ved behov x 6")

    total = opioids_with(new, [*in_use, new])

    assert total is not None
    assert plain(total.text) == (
        "Opioider per døgn: 30 mg fast og inntil 45 mg ved behov, til sammen inntil 75 mg morfin gjennom munnen."
    )
    assert opioids_with(of("Paracet tab 500 mg", "2 x 3"), in_use) is None


def test_a_patch_is_counted_by_the_strength_of_the_product_where_the_dosage_has_none() -> None:
    patch = of("Durogesic depotplaster 25 mikrog/time", "1 hver 3. dag")
    assert patch.dosage is not None
    bare = replace(
        patch,
        dosage=replace(patch.dosage, strength_per_unit=None),
        ingredients=ingredients_of("fentanyl", "25 mikrog/time"),
    )
    assert opioids_given([(bare, hand(1, "plaster"))]).total == 60


@pytest.fixture
def patient_id(world: World) -> UUID:
    return world.patient()


@pytest.fixture
def as_needed(world: World, work_of: WorkOf, patient_id: UUID) -> UUID:
    """Oxycodone as needed, beside a long one that was given an hour ago and a patch that was put on then."""
    long = every_hours(hand(1, "tablett"), 24, strength_per_unit=MG)
    order(world, work_of, patient_id, medicine=LONG, dosage=long)
    patch = every_hours(hand(1, "plaster"), 72, strength_per_unit=PER_HOUR)
    order(world, work_of, patient_id, medicine=FENTANYL, dosage=patch)
    for due in doses(world, work_of, patient_id):
        of_patch = {"site": Site.CHEST_LEFT, "old_patch": OldPatch.NONE} if due.amount.unit == "plaster" else {}
        if due.status is DoseStatus.READY:
            sign(world, work_of, due, confirmed=due.cautions, **of_patch)
    with work_of(world.lars) as work:
        short = when_needed(hand(1, "kapsel"), max_doses=6, strength_per_unit=Quantity(Decimal(5), "mg"))
        return prescribe(work, patient_id, medicine=SHORT, dosage=short, use="3")


def test_before_an_opioid_is_given_as_needed_the_sheet_says_what_she_has_had(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, as_needed: UUID
) -> None:
    nina = client_for(world.nina)
    before = plain(nina.get(f"/patients/{patient_id}/as-needed").text)
    assert "Opioider siste 24 timer" in before
    # 10 mg of oxycodone and 0.6 mg of fentanyl.
    assert "Til sammen omtrent 75 mg morfin" in before

    with work_of(world.nina) as work:
        Medication(work).sign_as_needed(patient_id, as_needed, request_version=1)
    after = plain(nina.get(f"/patients/{patient_id}/as-needed").text)
    assert "Til sammen omtrent 82,5 mg morfin" in after


def test_the_prescriber_sees_the_sum_before_she_signs(
    world: World, work_of: WorkOf, patient_id: UUID, as_needed: UUID
) -> None:
    dosage = every_hours(hand(1, "tablett"), 12, strength_per_unit=MG)
    with work_of(world.lars) as work:
        shown = Medication(work).preview(patient_id, medicine=LONG, dosage=dosage, indication="Smerter")
        stopped = Medication(work).preview(
            patient_id, medicine=LONG, dosage=dosage, indication="Smerter", without=[as_needed]
        )
        judged = Medication(work).judge(patient_id, medicine=LONG, dosage=dosage)
    assert "105 mg fast og inntil 45 mg ved behov" in plain(shown.opioids)
    assert "105 mg fast og inntil 0 mg ved behov" in plain(stopped.opioids)
    assert judged.opioids is not None
    assert judged.opioids.most == 150


# Afterwards


@pytest.mark.parametrize(
    ("sedation", "respiration", "said"),
    [(0, 10, None), (1, 14, None), (2, 14, "Ring lege"), (0, 9, "Ring lege"), (3, 14, "Ring 113"), (1, 8, "Ring 113")],
)
def test_too_sleepy_or_too_few_breaths_says_whom_to_call(sedation: int, respiration: int, said: str | None) -> None:
    alarm = opioid_alarm(sedation, respiration)
    assert alarm is None if said is None else alarm is not None and alarm.startswith(said)


def test_after_an_opioid_somebody_says_how_awake_she_is_and_counts_her_breaths(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, as_needed: UUID
) -> None:
    with work_of(world.nina) as work:
        Medication(work).sign_as_needed(patient_id, as_needed, request_version=1)
        (task,) = Care(work).open_tasks(patient_id)
    nina, page = client_for(world.nina), f"/patients/{patient_id}/tasks"
    assert "Hvor våken er pasienten" in nina.get(page).text

    refused = nina.act(f"{page}/{task.entry_id}/effect", {"score": "2", "respiration": "9"})
    assert refused.status_code == 422
    assert "Velg hvor våken pasienten er." in refused.text
    assert 'value="9"' in refused.text

    sent = {"score": "2", "sedation": "1", "respiration": "9"}
    assert nina.act(f"{page}/{task.entry_id}/effect", sent).status_code == 303
    measured = world.migrator.execute(
        "SELECT code, value FROM observations.observation WHERE patient_id = %s ORDER BY code", (patient_id,)
    ).fetchall()
    assert [(code, int(value)) for code, value in measured] == [("respiration", 9), ("sedation", 1), ("symptom", 2)]
    with work_of(world.nina) as work:
        (alarm,) = Care(work).open_tasks(patient_id)
    assert alarm.text.startswith("Ring lege nå")
    shown = plain(nina.get(page).text)
    assert "2 av 10, døsig eller sover, våkner på tiltale, puster 9 ganger i minuttet" in shown
    assert "Døsighet" in nina.get(f"/patients/{patient_id}/observations").text
