"""People for the tests of this context: each with the name, number and protection that the test is about."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from journal.patients import name_words
from journal.patients.models import Identifier, NameWord, Patient
from journal.patients.national_id import make_synthetic
from journal.platform.ids import new_id
from tests import factories

_individuals = count(1)
Make = Callable[..., UUID]


def number_for(born: date) -> str:
    """A synthetic number that no other test has."""
    while (number := make_synthetic(born, next(_individuals) % 1000)) is None:
        pass
    return number


@pytest.fixture
def person(world: Any) -> Make:
    """Stores somebody; *at* is the unit that has a ground, None for nobody's patient."""

    def make(
        family_name: str = "Nordmann",
        given_name: str = "Kari",
        *,
        at: dict[str, Any] | None = None,
        born: date = date(1938, 3, 14),
        number: str | None = None,
        **more: Any,
    ) -> UUID:
        patient_id, b = new_id(), world.builder
        told = {"birth_date_precision": "exact", "sex": "female", "confidentiality": "none", **more}
        b.add(
            Patient,
            patient_id=patient_id,
            **_answers_for(world),
            family_name=family_name,
            given_name=given_name,
            birth_date=born,
            **told,
        )
        for word in name_words(family_name, given_name):
            b.add(NameWord, patient_id=patient_id, word=word)
        if number:
            b.add(Identifier, patient_id=patient_id, id=new_id(), **world.nina.stamp, kind="FNR", value=number)
        if at is not None:
            since = datetime.now(UTC) - timedelta(days=30)
            factories.care_relationship(b, patient_id, world.nina, at, room="204", since=since)
        world.store()
        return patient_id

    return make


def _answers_for(world: Any) -> dict[str, Any]:
    return dict(world.nina.stamp)
