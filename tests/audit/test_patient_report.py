"""The patient's own report of who read her record, and her question to one line of it."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.audit.report import PatientReports, ReportLine
from journal.audit.report_rules import REASONS, reason_of
from journal.audit.rules import ACTIONS, CATEGORIES, GROUNDS
from journal.permissions import OPENS, Permission, Role
from journal.platform.clock import local_date, norwegian_date
from journal.platform.errors import Invalid
from journal.web.shell import role_text
from tests import factories
from tests.chart_rows import link
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.pdf_reading import words

ClientFor = Callable[[Staff | None], Browser]
Migrator = psycopg.Connection[Any]
Rows = Callable[[UUID], list[Any]]


@pytest.fixture
def read(world: World, client_for: ClientFor) -> UUID:
    """A patient whose record Nina opened twice today, and Unn was refused."""
    patient_id = world.patient(family_name="Loggvik", given_name="Inger")
    for page in ("", "/medication"):
        assert client_for(world.nina).get(f"/patients/{patient_id}{page}").status_code == 200
    assert client_for(world.unn).get(f"/patients/{patient_id}").status_code == 403
    return patient_id


def lines(page: str) -> list[list[str]]:
    """The words of each cell."""
    rows = page[page.index("<tbody>") : page.index("</tbody>")].split("<tr>")[1:]
    return [[" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in re.split("<td[^>]*>", row)[1:]] for row in rows]


def test_the_page_says_who_when_what_and_why_and_folds_a_day_of_one_person(
    world: World, client_for: ClientFor, read: UUID
) -> None:
    page = client_for(world.rolf).get(f"/audit/patients/{read}/report").text

    today = norwegian_date(local_date(datetime.now(UTC)))
    (nina,) = [line for line in lines(page) if "Nina Nordli" in line[1]]
    assert nina[0].startswith(today)
    assert nina[1] == "Nina Nordli sykepleier, Avdeling 2"
    assert nina[2].startswith("Så legemidlene; åpnet journalen.") and "oppslag" in nina[2]
    assert nina[3] == "Du bodde på enheten."
    (unn,) = [line for line in lines(page) if "Ukjent Unn" in line[1]]
    assert unn[2].startswith("Fikk ikke se journalen.") and unn[3] == ""
    assert "Loggvik" not in page, "the auditor sees who looked, and not whom"


@pytest.mark.parametrize(
    ("language", "said"),
    [("nb", "Oppgitt grunn: Øyeblikkelig hjelp."), ("en", "Reason given: Emergency.")],
)
def test_the_reason_that_somebody_gave_is_told_in_the_patients_language(
    world: World, client_for: ClientFor, read: UUID, language: str, said: str
) -> None:
    assert client_for(world.unn).act(f"/patients/{read}/justified-access", {"reason": "emergency"}).status_code == 303
    client_for(world.unn).get(f"/patients/{read}")

    page = client_for(world.rolf).get(f"/audit/patients/{read}/report?language={language}").text

    assert [line for line in lines(page) if "Ukjent Unn" in line[1] and said in line[3]]
    assert "BLAALYS" not in page


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", "Hvem har lest journalen din?"),
        ("nn", "Kven har lese journalen din?"),
        ("en", "Who has read your record?"),
    ],
)
def test_the_patient_chooses_the_language_whoever_makes_the_report(
    world: World, client_for: ClientFor, migrator: Migrator, read: UUID, language: str, said: str
) -> None:
    rolf = client_for(world.rolf)
    page = rolf.get(f"/audit/patients/{read}/report?language={language}").text

    assert f'lang="{language}"' in page and said in page and "Lag utskriften" in page
    made = rolf.act(f"/audit/patients/{read}/report", {"language": language})
    paper = rolf.get(made.headers["Location"])
    assert paper.mimetype == "application/pdf"
    assert said in words(paper) and "Nina Nordli" in words(paper)
    assert b"/MarkInfo" in paper.data or b"/StructTreeRoot" in paper.data


def test_making_it_is_in_the_log_and_is_written_down_and_can_be_printed_again(
    world: World, client_for: ClientFor, migrator: Migrator, access_log: Rows, read: UUID
) -> None:
    rolf = client_for(world.rolf)
    made = rolf.act(f"/audit/patients/{read}/report", {"language": "nb"})
    client_for(world.nina).get(f"/patients/{read}")

    assert {(row.actor_name, row.outcome) for row in access_log(read) if row.action == "audit:read"} == {
        ("Rolf Revisor", "success")
    }
    stored = migrator.execute(
        "SELECT recorded_by_name, withheld, law FROM audit.log_report WHERE patient_id = %s", (read,)
    )
    assert stored.fetchall() == [("Rolf Revisor", [], None)]
    assert made.headers["Location"] in rolf.get(f"/audit/patients/{read}/report").text
    first, again = (rolf.get(made.headers["Location"]) for _ in range(2))
    assert words(first) == words(again), "what came after it was made is not in it"


def test_a_line_is_held_back_by_a_law_and_the_patient_is_told_how_many(
    world: World, client_for: ClientFor, migrator: Migrator, read: UUID
) -> None:
    rolf = client_for(world.rolf)
    url = f"/audit/patients/{read}/report"
    (box,) = [
        re.search(r'name="withheld\[\]" value="([^"]+)"', row)[1]  # type: ignore[index]
        for row in rolf.get(url).text.split("<tr>")
        if "Ukjent Unn" in row
    ]

    refused = rolf.act(url, {"withheld[]": box, "law": "", "reason": ""})
    assert refused.status_code == 422 and "Velg hvilken lov" in refused.text
    assert re.search(rf'value="{box}" checked', refused.text), "what was chosen is there still"
    made = rolf.act(url, {"withheld[]": box, "law": "pol-16", "reason": "Anmeldt"})
    text = words(rolf.get(made.headers["Location"]))

    assert "Ukjent Unn" not in text and "Nina Nordli" in text
    assert "1 linje er holdt tilbake. Personopplysningsloven § 16" in " ".join(text.split())
    assert "Anmeldt" not in text
    other = rolf.act(url, {"withheld[]": str(world.nina.actor.person_id), "law": "pol-16", "reason": "Anmeldt"})
    assert other.status_code == 422 and "ikke i perioden" in other.text


def test_nobody_holds_back_her_own_lines_her_leaders_or_her_familys(
    world: World, client_for: ClientFor, migrator: Migrator, read: UUID
) -> None:
    rolf, url = client_for(world.rolf), f"/audit/patients/{read}/report"
    migrator.execute(
        "UPDATE municipalities.practitioner SET name = 'Unni Revisor' WHERE id = %s", (world.unn.actor.person_id,)
    )
    for name in ("Rolf Revisor", "Ukjent Unn"):
        rolf.get(url)
        (row,) = [row for row in rolf.get(url).text.split("<tr>") if name in row and 'name="withheld[]"' in row]
        box = re.search(r'name="withheld\[\]" value="([^"]+)"', row)
        assert box
        held = rolf.act(url, {"withheld[]": box[1], "law": "pol-16", "reason": "Anmeldt"})
        assert held.status_code == 422 and "Du kan ikke holde tilbake linjer om deg selv" in held.text
    assert migrator.execute("SELECT FROM audit.log_report WHERE patient_id = %s", (read,)).fetchall() == []


def test_a_report_of_another_municipality_shows_nothing_of_this_one(
    world: World, client_for: ClientFor, read: UUID
) -> None:
    top = {"id": factories.top_unit_id(world.bodo["number"]), "name": "Bodøprøven kommune"}
    other = factories.staff(world.builder, world.bodo, top, "Renate Revisor", "auditor")
    world.store()
    made = client_for(world.rolf).act(f"/audit/patients/{read}/report", {"language": "nb"})

    page = client_for(other).get(f"/audit/patients/{read}/report").text

    assert "Nina Nordli" not in page and "Renate Revisor" in page
    assert client_for(other).get(made.headers["Location"]).status_code == 404
    assert client_for(world.nina).get(f"/audit/patients/{read}/report").status_code == 403


def test_more_than_a_year_is_told_month_by_month(world: World, migrator: Migrator, work_of: Any, read: UUID) -> None:
    migrator.execute(
        """INSERT INTO audit.access_log (at, municipality_id, unit_name, actor_id, actor_name, actor_role, patient_id, action,
               ground, outcome)
           SELECT '2021-03-01 12:00+00'::timestamptz + n * interval '1 day', %s, 'Avdeling 2', %s, 'Siri Strand', 'nurse', %s,
               'notes:read', 'stay', 'success' FROM generate_series(0, 9) n""",
        (world.oslo["id"], world.siri.actor.person_id, read),
    )
    with work_of(world.rolf) as work:
        long = PatientReports(work).lines(read, datetime(2021, 1, 1, tzinfo=UTC), datetime(2022, 6, 1, tzinfo=UTC))
        short = PatientReports(work).lines(read, datetime(2021, 3, 1, tzinfo=UTC), datetime(2021, 3, 31, tzinfo=UTC))
        with pytest.raises(Invalid):
            PatientReports(work).lines(read, datetime(2021, 3, 2, tzinfo=UTC), datetime(2021, 3, 1, tzinfo=UTC))

    def counted(found: tuple[ReportLine, ...]) -> list[tuple[int, int]]:
        return [(line.days, line.looks) for line in found]

    assert long.by_month and counted(long.lines) == [(10, 10)]
    assert not short.by_month and counted(short.lines) == [(1, 1)] * 10


def test_every_act_part_and_role_in_the_log_is_said_in_words() -> None:
    assert {each.value for each in Permission} <= ACTIONS.keys()
    assert {part for parts in OPENS.values() for part in parts} <= CATEGORIES.keys()
    assert not [role.value for role in Role if role_text(role.value) == role.value and role is not Role.STUDENT]


def test_whoever_only_opened_a_form_is_not_said_to_have_done_what_it_is_for() -> None:
    pinned = (Path(__file__).parents[1] / "architecture/log_lines.txt").read_text(encoding="utf-8")
    acts = set(re.findall(r"\d+ ([a-z]+:[a-z-]+)", pinned))
    assert {"notes:write", "medication:administer", "chart:read"} <= acts
    assert not [act for act in acts if not re.search("så|leste|åpnet|skrev ut|kontrollerte|spurte", ACTIONS[act])]


def test_every_ground_is_said_to_the_patient() -> None:
    assert GROUNDS.keys() <= REASONS.keys()
    assert reason_of(None) == "Det står ingen grunn i loggen."


def test_the_log_of_a_person_is_of_all_her_records(
    world: World, client_for: ClientFor, migrator: Migrator, read: UUID
) -> None:
    """What was read of the other record before the two were linked was hers too; what is read after is told once."""
    other = world.patient(family_name="Loggvik", given_name="Ingrid", confidentiality="confidential")
    assert client_for(world.lars).get(f"/patients/{other}").status_code == 200
    rolf = client_for(world.rolf)
    assert "Lars Haugen" not in rolf.get(f"/audit/patients/{read}/report").text
    link(world.builder, read, other, world.nina, world.lars, at=datetime.now(UTC), reason="samme person")
    world.store()
    assert client_for(world.siri).get(f"/patients/{read}").status_code == 200

    for asked in (read, other):
        page = rolf.get(f"/audit/patients/{asked}/report").text
        found = {line[1].split(" ", 2)[0]: line for line in lines(page)}
        assert {"Nina", "Lars", "Siri"} <= found.keys()
        timeline = rolf.get(f"/audit/patients/{asked}").text
        assert "Lars Haugen" in timeline and "Nina Nordli" in timeline
    siri = found["Siri"][2]
    looks = migrator.execute(
        "SELECT count(*) FROM audit.access_log WHERE patient_id = %s AND actor_name LIKE 'Siri%%'", (other,)
    ).fetchone()
    assert looks and (f"{looks[0]} oppslag" in siri or (looks == (1,) and "oppslag" not in siri))
    assert rolf.get(question_to(rolf, read, "Lars Haugen")).status_code == 200
    made = rolf.act(f"/audit/patients/{read}/report", {"language": "nb"})
    paper = words(rolf.get(made.headers["Location"]))
    assert "Lars Haugen" in paper and "Avdeling 2" not in paper, (
        "where the address of one is protected, so is the other's"
    )


# A question to one line


def question_to(rolf: Browser, patient_id: UUID, name: str) -> str:
    for row in rolf.get(f"/audit/patients/{patient_id}/report").text.split("<tr>"):
        if name in row:
            found = re.search(r'href="([^"]+questions/new[^"]+)"', row)
            assert found
            return found[1].replace("&amp;", "&")
    raise AssertionError(name)


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(at|look)" value="([^"]+)"', page))


def test_a_question_to_a_line_becomes_a_case_with_an_owner_a_deadline_and_an_answer(
    world: World, client_for: ClientFor, read: UUID
) -> None:
    rolf = client_for(world.rolf)
    form = rolf.get(question_to(rolf, read, "Nina Nordli"))
    empty = rolf.act(f"/audit/patients/{read}/questions", hidden(form.text))
    assert empty.status_code == 422 and "Fyll ut feltet" in empty.text and "Nina Nordli" in empty.text

    asked = rolf.act(f"/audit/patients/{read}/questions", {**hidden(form.text), "question": "Hvorfor leste Nina min?"})
    page = rolf.get(asked.headers["Location"]).text

    deadline = norwegian_date(local_date(datetime.now(UTC) + timedelta(days=30)))
    assert "Hvorfor leste Nina min?" in page and f"Rolf Revisor sørger for svar innen {deadline}" in page
    assert "Nina Nordli, Avdeling 2, åpnet journalen" in page and "Du bodde på enheten." in page
    assert "Hvorfor leste Nina min?" in rolf.get("/audit/requests").text
    for text in ("Hun ga deg medisin.", "Hun ga deg medisin den dagen."):
        assert rolf.act(f"{asked.headers['Location']}/answer", {"text": text}).status_code == 303
    page = rolf.get(asked.headers["Location"]).text
    assert "Hun ga deg medisin den dagen." in page and "Besvart" in rolf.get("/audit/requests").text
    kept = world.migrator.execute(
        "SELECT version, text FROM audit.log_answer WHERE question_id = %s ORDER BY 1",
        (asked.headers["Location"].rsplit("/")[-1],),
    )
    assert [version for version, _ in kept] == [1, 2], "what was answered first stands"


def test_nobody_answers_for_her_own_reading_and_another_municipality_sees_no_question(
    world: World, client_for: ClientFor, read: UUID
) -> None:
    rolf = client_for(world.rolf)
    form = rolf.get(question_to(rolf, read, "Nina Nordli")).text
    sent = {**hidden(form), "question": "Hvorfor?"}
    asked = rolf.act(f"/audit/patients/{read}/questions", sent).headers["Location"]
    top = {"id": factories.top_unit_id(world.bodo["number"]), "name": "Bodøprøven kommune"}
    other = factories.staff(world.builder, world.bodo, top, "Renate Revisor", "auditor")
    world.store()
    kin = factories.staff(world.builder, world.oslo, world.ward, "Ragna Revisor", "nurse")
    top = {"id": factories.top_unit_id(world.oslo["number"]), "name": "Osloprøven kommune"}
    leader = factories.staff(world.builder, world.oslo, top, "Leif Leder", "unit_manager")
    world.store()
    for reader in (world.rolf, kin, leader):
        world.migrator.execute(
            "UPDATE audit.log_question SET reader_id = %s WHERE id = %s",
            (reader.actor.person_id, asked.rsplit("/")[-1]),
        )
        answer = rolf.act(f"{asked}/answer", {"text": "Jeg måtte."})
        assert answer.status_code == 403 and "gjelder deg selv, en leder" in answer.text
    assert client_for(other).get(asked).status_code == 404
    assert client_for(other).act(f"/audit/patients/{read}/questions", sent).status_code == 404
    assert json.dumps("Hvorfor?") not in client_for(other).get("/audit/requests").text
