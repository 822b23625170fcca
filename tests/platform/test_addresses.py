"""An address is written straight from its rule, and is the one that the router would build."""

from typing import Any
from uuid import UUID

import flask
import pytest
from werkzeug.routing import BuildError

from journal.app import JournalApp

ID = UUID("0190a1b2-c3d4-7000-8000-000000000001")


def by_the_router(app: JournalApp, endpoint: str, **values: Any) -> str:
    return flask.Flask.url_for(app, endpoint, **values)


@pytest.fixture
def at_a_chart(app: JournalApp):
    with app.test_request_context(f"/patients/{ID}/notes"):
        yield app


def test_every_address_is_as_the_router_builds_it(at_a_chart):
    written = 0
    for rule in at_a_chart.url_map.iter_rules():
        values = dict.fromkeys(rule.arguments - {"filename"}, ID) | (
            {"filename": "a b.css"} if rule.endpoint == "static" else {}
        )
        assert at_a_chart.url_for(rule.endpoint, **values) == by_the_router(at_a_chart, rule.endpoint, **values)
        written += at_a_chart.addresses.written(rule.endpoint, values) is not None

    assert written > 60


@pytest.mark.parametrize(
    "values",
    [
        {"back": "/patients/søk?x=1&y='2'"},
        {"back": "", "slot": "08.00 + 9"},
        {"back": None, "page": 2},
        {"back": ["a", "b"]},
        {"_anchor": "f-name"},
        {"_external": True},
    ],
)
def test_what_goes_beside_the_path_is_as_the_router_writes_it(at_a_chart, values):
    assert at_a_chart.url_for("notes.overview", patient_id=ID, **values) == by_the_router(
        at_a_chart, "notes.overview", patient_id=ID, **values
    )


def test_a_page_of_the_same_context_may_be_named_alone(at_a_chart):
    assert at_a_chart.url_for(".write", patient_id=ID) == f"/patients/{ID}/notes/write"


@pytest.mark.parametrize("values", [{}, {"patient_id": None}])
def test_no_address_is_written_without_its_id(at_a_chart, values):
    with pytest.raises(BuildError):
        at_a_chart.url_for("notes.overview", **values)


def test_what_is_no_id_is_left_to_the_router(at_a_chart):
    assert at_a_chart.addresses.written("notes.overview", {"patient_id": "../audit"}) is None
