"""Warfarin whose INR is not answered: the round says that a doctor is called, and never how much."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Medication
from journal.medication.rules import daily
from tests.conftest import Browser, World
from tests.medication.test_follow_up import (
    EVERY_HOUR,
    WARFARIN,
    begun,
    inr,
    ordered,
    patient_id,
    plain,
    tablets,
    waiting,
)
from tests.medication.test_pausing import nothing_instead

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

__all__ = ["patient_id", "waiting"]


def round_of(client_for: ClientFor, world: World, patient_id: UUID | None = None) -> str:
    at = f"/round?patient={patient_id}" if patient_id else "/round"
    page = client_for(world.nina).get(at).text
    return plain(page[page.index("<main") :])


def test_the_round_says_that_a_doctor_is_called_and_no_amount(
    world: World, client_for: ClientFor, patient_id: UUID, waiting: UUID
) -> None:
    page = round_of(client_for, world, patient_id)

    assert "Ring lege: ingen dose før ny INR." in page
    assert "2 tabletter" not in page
    assert "Ingen doser å gi nå." not in page


def test_who_has_nothing_else_to_be_given_stands_in_the_round_all_the_same(
    world: World, client_for: ClientFor, patient_id: UUID, waiting: UUID, count_queries: list[str]
) -> None:
    client_for(world.nina)
    count_queries.clear()
    page = round_of(client_for, world)
    assert "Ring lege" in page
    assert "Ring lege: ingen dose" in page
    assert len(count_queries) <= 8, "\n".join(count_queries)


@pytest.mark.parametrize("act", ["stop", "hold"])
def test_what_is_stopped_or_paused_asks_for_no_dose(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID, waiting: UUID, act: str
) -> None:
    with work_of(world.lars) as work:
        paused = {"pause": nothing_instead()} if act == "hold" else {}
        getattr(Medication(work), act)(patient_id, waiting, version=1, reason="Blødning", **paused)
    assert "Ring lege" not in round_of(client_for, world, patient_id)


def test_warfarin_that_has_its_dose_is_an_ordinary_card(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    ordered(world, work_of, patient_id, daily(tablets(2), EVERY_HOUR, inr=inr()), WARFARIN, starts_at=begun())
    page = round_of(client_for, world, patient_id)
    assert "Ring lege" not in page
    assert "Gi 2 tabletter" in page
