"""Two records of one person: proposed by one who may open both, confirmed by another, undone with a reason."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from journal.patients import NewAllergy, Patients
from journal.platform.errors import Conflict, Invalid, NoGround
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import Browser
from tests.patients.conftest import Make, number_for

BORN = date(1938, 3, 14)
WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]
REASON = {"reason": "Samme person, byttet nummer"}


def link_id_in(page: str) -> str:
    return page.split("/links/")[1][:36]


def also_at(world: Any, patient_id: UUID, who: Any, ward: Any) -> None:
    """A ground for one more unit."""
    factories.care_relationship(world.builder, patient_id, who, ward, since=datetime(2026, 1, 1, tzinfo=UTC))
    world.store()


def test_records_are_linked_by_number_confirmed_by_another_and_parted_again(
    world: Any, person: Make, client_for: ClientFor, work_of: WorkOf, access_log: Any
) -> None:
    number = number_for(BORN)
    here, other = person("Hel", "Ida", at=world.ward), person("Halv", "Ida", at=world.ward, number=number)
    with work_of(world.nina) as work:
        Patients(work).record_allergy(other, NewAllergy(kind="allergy", substance="Latex"))
    nina, lars, path = client_for(world.nina), client_for(world.lars), f"/patients/{here}/links"
    assert "ikke koblet til noen annen" in nina.get(path).text
    assert nina.act(path, {"number": f"{number[:6]} {number[6:]}", **REASON}).status_code == 303
    assert {"patients:find", "patients:write"} <= {row.action for row in access_log(other)}

    proposed = nina.get(path).text
    assert "Venter på bekreftelse" in proposed and "/confirm" not in proposed and number not in proposed
    link = f"{path}/{link_id_in(proposed)}"
    assert nina.act(f"{link}/confirm").status_code == 403
    assert "Bekreft at det er samme person" in lars.get(path).text
    assert lars.act(f"{link}/confirm").status_code == 303
    for asked in (here, other):
        assert "Latex" in lars.get(f"/patients/{asked}/allergies").text
        page = lars.get(f"/patients/{asked}/links").text
        assert "Bekreftet av Lars Haugen" in page and "HEL" in page

    assert nina.act(f"{link}/undo", {"reason": " "}).status_code == 422
    assert nina.act(f"{link}/undo", {"reason": "To søstre"}).status_code == 303
    assert "Latex" not in nina.get(f"/patients/{here}/allergies").text
    assert "To søstre" in nina.get(path).text and "/undo" not in nina.get(path).text


def test_a_number_of_another_record_leads_from_the_numbers_to_the_link(
    world: Any, person: Make, client_for: ClientFor
) -> None:
    number = number_for(BORN)
    here, other = person(at=world.ward), person(at=world.ward, number=number)
    nina = client_for(world.nina)
    page = nina.act(f"/patients/{here}/personal/numbers", {"national_id": number})
    assert page.status_code == 409 and "Nummeret står i en annen journal" in page.text
    way = f"/patients/{here}/links?other={other}"
    assert f'href="{way}"' in page.text and f'value="{number}"' in page.text
    assert f'name="other" value="{other}"' in nina.get(way).text
    assert nina.act(f"/patients/{here}/links", {"other": str(other), **REASON}).status_code == 303


def test_who_cannot_open_the_other_record_is_told_so_and_learns_nothing_of_it(
    world: Any, person: Make, client_for: ClientFor, migrator: Any, access_log: Any
) -> None:
    number = number_for(BORN)
    here = person(at=world.ward)
    other = person("Hemmeligsen", "Fjern", at=world.bodo_ward, number=number)
    nina, path = client_for(world.nina), f"/patients/{here}/links"
    pages = [
        nina.act(path, {**named, **REASON})
        for named in ({"number": number}, {"other": str(other)}, {"other": str(new_id())})
    ]

    assert {page.status_code for page in pages} == {409}
    for page in pages:
        assert "Du må kunne åpne begge journalene" in page.text and "byttet nummer" in page.text
        assert not any(word in page.text for word in ("Hemmeligsen", "HEMMELIGSEN", "Bodøprøven", "Vågan"))
    assert "refused" in {row.outcome for row in access_log(other)}
    assert migrator.execute("SELECT count(*) FROM patients.link WHERE patient_id = %s", (here,)).fetchone() == (0,)


def test_a_proposal_shows_nothing_of_a_record_that_is_closed_to_the_reader(
    world: Any, person: Make, client_for: ClientFor, work_of: WorkOf
) -> None:
    here, other = person(at=world.ward), person("Hemmeligsen", at=world.bodo_ward)
    also_at(world, here, world.bodil, world.bodo_ward)
    with work_of(world.bodil) as work:
        link_id = Patients(work).propose_link(here, other, reason="Samme bilde")
    nina, path = client_for(world.nina), f"/patients/{here}/links"
    page = nina.get(path)
    assert "En annen journal" in page.text
    assert not any(word in page.text for word in ("Hemmeligsen", "Bodøprøven", "Vågan"))
    answer = nina.act(f"{path}/{link_id}/confirm")
    assert answer.status_code == 409 and "Du må kunne åpne begge journalene" in answer.text


def test_who_has_no_ground_for_the_first_is_refused_as_ever(world: Any, person: Make, client_for: ClientFor) -> None:
    here, other = person(at=world.ward), person(at=world.other_ward)
    answer = client_for(world.unn).act(f"/patients/{here}/links", {"other": str(other), **REASON})
    assert answer.status_code == 403 and "Du må kunne åpne begge" not in answer.text


def test_whoever_only_reads_sees_the_links_and_may_not_make_them(
    world: Any, person: Make, client_for: ClientFor
) -> None:
    here, other, siri = person(at=world.ward), person(at=world.ward), client_for(world.siri)
    assert "<form" not in siri.get(f"/patients/{here}/links").text.split('class="page"')[1]
    assert siri.act(f"/patients/{here}/links", {"other": str(other), **REASON}).status_code == 403


@pytest.mark.parametrize("number", ["", "12345678901", "abc"])
def test_a_number_that_finds_nobody_is_asked_for_again(
    world: Any, person: Make, client_for: ClientFor, number: str
) -> None:
    page = client_for(world.nina).act(f"/patients/{person(at=world.ward)}/links", {"number": number, **REASON})
    assert page.status_code == 422 and 'id="f-number-error"' in page.text and "byttet nummer" in page.text


def test_an_address_with_half_an_id_is_the_page_without_it(world: Any, person: Make, client_for: ClientFor) -> None:
    page = client_for(world.nina).get(f"/patients/{person(at=world.ward)}/links?other=123")
    assert page.status_code == 422 and "Koble journaler" in page.text and 'name="other"' not in page.text


def test_a_record_is_not_linked_to_itself(world: Any, person: Make, work_of: WorkOf) -> None:
    number = number_for(BORN)
    here = person(at=world.ward, number=number)
    for other in (here, number):
        with pytest.raises(Invalid), work_of(world.nina) as work:
            Patients(work).propose_link(here, other, reason="x")


def test_links_make_no_chain_whichever_is_confirmed_first(world: Any, person: Make, work_of: WorkOf) -> None:
    """Read through a chain, the allergies at its end would be lost."""
    first, middle, last = (person(at=world.ward) for _ in range(3))
    with work_of(world.nina) as work:
        lower = Patients(work).propose_link(middle, last, reason="x")
    with pytest.raises(Conflict), work_of(world.nina) as work:
        Patients(work).propose_link(first, middle, reason="x")
    with work_of(world.nina) as work:
        Patients(work).unlink(middle, lower, reason="Feil vei")
        upper = Patients(work).propose_link(first, middle, reason="x")
    with work_of(world.nina) as work:
        lower = Patients(work).propose_link(middle, last, reason="x")
    for expected in (Conflict, None, Conflict):
        leading, link_id = (first, upper) if expected else (middle, lower)
        with pytest.raises(expected) if expected else nullcontext(), work_of(world.lars) as work:
            Patients(work).confirm_link(leading, link_id)


def test_a_record_that_somebody_else_has_proposed_is_a_sentence_and_no_fault(
    world: Any, person: Make, work_of: WorkOf
) -> None:
    """The other proposal stands in a chart that is closed to her, so only the unique index knows."""
    theirs, mine, between = person(at=world.bodo_ward), person(at=world.ward), person(at=world.ward)
    also_at(world, between, world.bodil, world.bodo_ward)
    with work_of(world.bodil) as work:
        Patients(work).propose_link(theirs, between, reason="x")
    with pytest.raises(Conflict, match="allerede koblet"), work_of(world.nina) as work:
        Patients(work).propose_link(mine, between, reason="x")
    with pytest.raises(NoGround), work_of(world.nina) as work:
        Patients(work).links(theirs)
