"""The register of who may give: to delegate costs four taps, axe finds nothing, and nothing sticks out on a telephone."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from journal.medication.rules.authority import Act
from journal.platform.clock import local_date
from tests import factories
from tests.authorities import authority
from tests.browser.conftest import OpenAs
from tests.browser.test_axe import faults_of
from tests.conftest import World


def test_a_usual_authority_is_delegated_with_four_taps(world: World, open_as: OpenAs) -> None:
    anne = factories.staff(world.builder, world.oslo, world.ward, "Anne Aas", "health_assistant")
    authority(
        world.builder, world.mona, world.siri, [Act.INSULIN], until=datetime.now(UTC) + timedelta(days=9), version=1
    )
    world.store()
    tab = open_as(world.mona, f"/authorities?unit={world.ward['id']}")

    with tab.counted() as counts:
        tab.tap(f"tbody a[href*='{anne.actor.person_id}']")
        tab.tap("input[value='ready']")
        tab.tap("input[value='pack']")
        tab.page.fill("#f-course_on", f"{local_date(datetime.now(UTC)):%d.%m.%Y}")
        assert faults_of(tab) == []
        tab.tap("#form button[type=submit]")
        expect(tab.find("tbody tr:has-text('Anne Aas') td.is-delegated")).to_have_count(2)

    assert counts.taps == 4
    assert faults_of(tab) == []
