"""Patches: put where none has sat lately, the old one off and counted, and nobody left with two."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from journal.care import Care
from journal.medication import DueDose, Medication, Medicine
from journal.medication.errors import ConfirmationMissing
from journal.medication.rules import Caution, every_hours, once, when_needed
from journal.medication.rules.patches import OldPatch, PatchChange, Site, patches_on, resting
from journal.platform.errors import Invalid, NotFound
from journal.platform.quantity import Quantity
from tests.conftest import Browser, World
from tests.medication.test_follow_up import plain
from tests.medication.test_sign import doses, order, prescribe, sign

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

ONE = Quantity(Decimal(1), "plaster")
RIVASTIGMINE = Medicine(
    "rivastigmin", "Exelon", "depotplaster", form_code="58", route="transdermal", atc_code="N06DA03"
)
STRENGTH = Quantity(Decimal("9.5"), "mg")
NOON = datetime(2026, 11, 22, 11, tzinfo=UTC)
A, B = uuid4(), uuid4()
ARM, BACK = Site.UPPER_ARM_RIGHT, Site.UPPER_BACK_LEFT


def change(days: int, site: Site | None = ARM, old: OldPatch | None = OldPatch.REMOVED, **more: Any) -> PatchChange:
    """So many days before noon."""
    return PatchChange(
        **({"order": A, "at": NOON - timedelta(days=days), "amount": 1, "site": site, "old": old} | more)
    )


@pytest.mark.parametrize(
    ("changes", "on"),
    [
        ([], []),
        ([change(2, old=OldPatch.NONE)], [(ARM, False)]),
        ([change(1, BACK), change(2, old=OldPatch.NONE)], [(BACK, False)]),
        ([change(2, old=OldPatch.NONE), change(1, BACK, OldPatch.NOT_FOUND)], [(ARM, True), (BACK, False)]),
        ([change(3), change(2, BACK, OldPatch.NOT_FOUND), change(1)], [(ARM, False)]),
        ([change(2), change(1, None, amount=0)], []),
        ([change(2), change(1, None, OldPatch.NOT_FOUND, amount=0)], [(ARM, True)]),
        # Nobody said: what was signed before anybody asked was changed as ordered; a second who gave it too put on another.
        ([change(2), change(1, None, None)], [(None, False)]),
        ([change(2), change(1, None, None, keeps=True)], [(ARM, False), (None, False)]),
        # Two orders side by side, as 37 micrograms made of 12 and 25; and one that was stopped before the other began.
        ([change(2), change(1, BACK, order=B)], [(ARM, False), (BACK, False)]),
        ([change(2, ended_at=NOON - timedelta(days=1)), change(0, BACK, order=B)], [(BACK, False)]),
    ],
)
def test_only_what_somebody_took_off_is_off(changes: list[PatchChange], on: list[tuple[Site | None, bool]]) -> None:
    assert [(each.site, each.sought) for each in patches_on(changes)] == on


@pytest.mark.parametrize(
    ("atc_code", "days", "rests"),
    [
        (None, 6, True),
        (None, 7, False),
        ("N06DA03", 13, True),
        ("N06DA03", 14, False),
        ("N02AE01", 20, True),
        ("N02AE01", 21, False),
    ],
)
def test_a_site_rests_as_long_as_its_medicine_wants(atc_code: str | None, days: int, rests: bool) -> None:
    assert (ARM in resting([change(days)], atc_code, NOON)) is rests


@pytest.fixture
def dose(world: World, work_of: WorkOf) -> DueDose:
    """The first of two patches that may be given now."""
    patient_id = world.patient()
    order(world, work_of, patient_id, medicine=RIVASTIGMINE, dosage=every_hours(ONE, 1, strength_per_unit=STRENGTH))
    return doses(world, work_of, patient_id)[0]


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def next_dose(world: World, work_of: WorkOf, dose: DueDose) -> DueDose:
    return next(each for each in doses(world, work_of, dose.patient_id) if each.due_at > dose.due_at)


def tasks(world: World, work_of: WorkOf, patient_id: UUID) -> list[str]:
    with work_of(world.nina) as work:
        return [task.text for task in Care(work).open_tasks(patient_id)]


def put_on(
    world: World, work_of: WorkOf, dose: DueDose, site: Site = ARM, old: OldPatch = OldPatch.NONE, **more: Any
) -> UUID:
    return sign(world, work_of, dose, site=site, old_patch=old, confirmed=[*dose.cautions], **more)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({}, {"site", "old_patch"}),
        ({"site": ARM}, {"old_patch"}),
        ({"old_patch": OldPatch.NONE}, {"site"}),
        # There is none to look for.
        ({"site": ARM, "old_patch": OldPatch.NOT_FOUND}, {"old_patch"}),
    ],
)
def test_no_patch_is_signed_without_its_site_and_what_became_of_the_old_one(
    world: World, work_of: WorkOf, dose: DueDose, said: dict[str, Any], wrong: set[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        sign(world, work_of, dose, **said)
    assert refused.value.fields["errors"].keys() == wrong


def test_the_next_change_must_say_that_the_old_one_is_off(world: World, work_of: WorkOf, dose: DueDose) -> None:
    put_on(world, work_of, dose)
    following = next_dose(world, work_of, dose)

    with pytest.raises(Invalid) as refused:
        put_on(world, work_of, following, BACK)
    assert "old_patch" in refused.value.fields["errors"]

    with pytest.raises(ConfirmationMissing):
        sign(world, work_of, following, site=BACK, old_patch=OldPatch.NOT_FOUND)
    assert tasks(world, work_of, dose.patient_id) == []


def test_an_old_patch_that_is_not_found_counts_and_somebody_is_asked_to_look(
    world: World, work_of: WorkOf, client_for: ClientFor, dose: DueDose
) -> None:
    put_on(world, work_of, dose, given_at=an_hour_ago())
    following = next_dose(world, work_of, dose)
    seen = [*following.cautions, Caution.PATCH_NOT_FOUND]
    sign(world, work_of, following, site=BACK, old_patch=OldPatch.NOT_FOUND, confirmed=seen)

    (task,) = tasks(world, work_of, dose.patient_id)
    assert "ikke funnet" in task
    listed = plain(client_for(world.nina).get(f"/patients/{dose.patient_id}/medication").text)
    assert "2 plaster på" in listed or "2 plastre på" in listed
    assert "høyre overarm, satt på" in listed


def test_a_site_that_rests_is_marked_before_it_is_chosen_and_not_taken_by_a_slip(
    world: World, work_of: WorkOf, client_for: ClientFor, dose: DueDose
) -> None:
    put_on(world, work_of, dose, given_at=an_hour_ago())
    nina, url = client_for(world.nina), f"/round?patient={dose.patient_id}"
    card = plain(nina.get(url).text)
    assert "høyre overarm – brukt" in card
    assert "venstre overarm – brukt" not in card
    assert "1 plaster på" in card

    following = next_dose(world, work_of, dose)
    given = f"/patients/{dose.patient_id}/doses/{following.id}/given"
    sent = {"request_version": "1", "site": ARM.value, "old_patch": "removed"}
    confirmed = {"confirmed[]": [caution.value for caution in following.cautions]}
    asked = nina.act(given, sent | confirmed)
    assert asked.status_code == 422
    assert "skal hvile til" in asked.text
    assert f'value="{ARM.value}" selected' in asked.text
    confirmed["confirmed[]"].append("site-rests")
    assert nina.act(given, sent | confirmed).status_code == 303


def test_a_patch_signed_without_its_fields_comes_back_with_them_and_nothing_is_stored(
    world: World, work_of: WorkOf, client_for: ClientFor, dose: DueDose
) -> None:
    answer = client_for(world.nina).act(
        f"/patients/{dose.patient_id}/doses/{dose.id}/given", {"request_version": "1", "old_patch": "removed"}
    )
    assert answer.status_code == 422
    assert "Velg hvor på kroppen plasteret er satt." in answer.text
    assert 'value="removed" required autocomplete="off" checked' in answer.text
    assert not doses(world, work_of, dose.patient_id)[0].signed


def test_a_patch_that_was_signed_by_mistake_sits_nowhere(world: World, work_of: WorkOf, dose: DueDose) -> None:
    signed = put_on(world, work_of, dose)
    with work_of(world.nina) as work:
        Medication(work).correct(dose.patient_id, signed, reason="Feil pasient")
    put_on(world, work_of, dose, old=OldPatch.NONE)


def test_when_the_order_ends_the_patch_comes_off_and_that_is_a_task(
    world: World, work_of: WorkOf, client_for: ClientFor, dose: DueDose
) -> None:
    put_on(world, work_of, dose)
    with work_of(world.lars) as work:
        Medication(work).stop(dose.patient_id, dose.request_entry_id, version=1, reason="Bivirkning")

    (task,) = tasks(world, work_of, dose.patient_id)
    assert task.startswith("Ta av plasteret")
    nina, url = client_for(world.nina), f"/patients/{dose.patient_id}/medication"
    assert "skal av" in plain(nina.get(url).text)

    removed = nina.act(f"{url}/{dose.request_entry_id}/patches/removed", {"old_patch": "removed"})
    assert removed.status_code == 303
    assert "Plaster på kroppen" not in plain(nina.get(url).text)
    assert tasks(world, work_of, dose.patient_id) == []
    with pytest.raises(NotFound), work_of(world.nina) as work:
        Medication(work).remove_patches(dose.patient_id, dose.request_entry_id, old=OldPatch.REMOVED)


@pytest.mark.parametrize(("paused", "wanted"), [(True, 1), (False, 0)])
def test_a_patch_that_is_paused_comes_off_too(
    world: World, work_of: WorkOf, dose: DueDose, paused: bool, wanted: int
) -> None:
    with work_of(world.lars) as work:
        Medication(work).hold(dose.patient_id, dose.request_entry_id, version=1, reason="Kvalme")
        if not paused:
            Medication(work).resume(dose.patient_id, dose.request_entry_id, version=2, reason="Bedre")
    assert len(tasks(world, work_of, dose.patient_id)) == wanted


@pytest.mark.parametrize("use", ["1", "3"])
def test_a_patch_that_no_change_would_take_off_is_not_ordered(world: World, work_of: WorkOf, use: str) -> None:
    with work_of(world.lars) as work, pytest.raises(Invalid) as refused:
        tomorrow = (work.now + timedelta(days=1)).date()
        dosage = when_needed(ONE, max_doses=1) if use == "3" else once(ONE, tomorrow, time(8))
        prescribe(work, world.patient(), medicine=RIVASTIGMINE, dosage=dosage, use=use)
    assert "noen tar det av" in str(refused.value.fields)
