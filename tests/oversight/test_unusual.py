"""Unusual access through the pages: found, decided, asked about, answered; and who may do none of it."""

import io
import json
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from journal.access.justified import Justifying
from journal.access.justified_rules import REASONS, Reason
from journal.oversight.command import check
from journal.oversight.inquiries import Inquiries, NewStep
from journal.oversight.packing import as_csv, checked, packed
from journal.oversight.unusual import UnusualAccess
from journal.permissions import Permission
from journal.platform import clock
from journal.platform.ids import new_id
from tests import factories
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.pdf_reading import Paper

ClientFor = Callable[[Staff | None], Browser]
Migrator = psycopg.Connection[Any]
SOON = f"{datetime.now(UTC) + timedelta(days=14):%d.%m.%Y}"


@pytest.fixture
def snooped(world: World, client_for: ClientFor) -> UUID:
    """A chart in which Nina stands as next of kin, and which she has read past the question of it."""
    patient_id = world.patient(family_name="Sjeldenvik", given_name="Inger")
    factories.related_person(world.builder, patient_id, world.siri, "Nina Nordli")
    world.store()
    nina = client_for(world.nina)
    nina.act(f"/patients/{patient_id}/near", {"reason": "same-name"})
    nina.get(f"/patients/{patient_id}")
    return patient_id


def about(who: Staff, patient_id: UUID) -> dict[str, str]:
    day = clock.local_date(datetime.now(UTC)).isoformat()
    return {"actor": str(who.actor.person_id), "patient": str(patient_id), "day": day}


def case_of(rolf: Browser, who: Staff, patient_id: UUID, **step: str) -> str:
    answer = rolf.act("/audit/unusual", about(who, patient_id) | step)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_a_look_is_found_with_the_rule_in_words_and_its_context_and_nothing_of_the_chart(
    world: World, client_for: ClientFor, snooped: UUID, access_log: Any
) -> None:
    rolf = client_for(world.rolf)

    page = rolf.get("/audit/unusual").text
    look = rolf.get("/audit/unusual", query_string=about(world.nina, snooped)).text

    assert "En med leserens navn står som pårørende eller verge i journalen." in page
    assert "Sjeldenvik" not in page + look and "Inger" not in page + look
    assert "bor på enheten" in look and "0 av dem skrev noe" in look
    assert [row.action for row in access_log(snooped) if row.actor_id == world.rolf.actor.person_id] == ["audit:read"]
    assert "Rolf Revisor" in rolf.get(f"/audit/patients/{snooped}").text


def test_a_look_is_asked_about_answered_by_the_manager_and_closed(
    world: World, client_for: ClientFor, snooped: UUID
) -> None:
    rolf, mona = client_for(world.rolf), client_for(world.mona)
    asked = {"kind": "asked", "text": "Var hun på jobb?", "asked_id": str(world.mona.actor.person_id), "due_on": SOON}
    case = case_of(rolf, world.nina, snooped, **asked)
    rolf.act(case, {"kind": "note", "text": "Ringte avdelingen"})

    page = mona.get("/questions").text
    assert "Var hun på jobb?" in page and "Nina Nordli" in page
    assert "Ringte avdelingen" not in page and "Sjeldenvik" not in page
    for path in (case, "/audit/cases", "/audit/unusual", "/audit/rules"):
        assert mona.get(path).status_code == 403
    assert mona.act(f"/questions/{case.split('/')[-1]}", {"text": "Hun hadde vakt."}).status_code == 303
    assert mona.act(f"/questions/{case.split('/')[-1]}", {"text": "Igjen."}).status_code == 409

    shown = rolf.get(case).text
    assert "Hun hadde vakt." in shown and "Leder har svart" in shown
    assert rolf.act(case, {"kind": "closed", "text": "Forklart av leder."}).status_code == 303
    assert "Avsluttet" in rolf.get("/audit/cases").text


def test_a_manager_answers_only_what_she_is_asked(world: World, client_for: ClientFor, snooped: UUID) -> None:
    other = factories.staff(world.builder, world.oslo, world.other_ward, "Greta Gran", "unit_manager")
    world.store()
    asked = {"kind": "asked", "text": "Hvorfor?", "asked_id": str(world.mona.actor.person_id), "due_on": SOON}
    case = case_of(client_for(world.rolf), world.nina, snooped, **asked)
    greta = client_for(other)

    assert "Hvorfor?" not in greta.get("/questions").text
    assert greta.act(f"/questions/{case.split('/')[-1]}", {"text": "Ja"}).status_code == 404
    for who in (other, world.rolf):
        # Nor by a statement that goes past the pages, and no auditor answers in her place.
        with pytest.raises(Exception, match="row-level security"), _work(greta, who) as work:
            if who is world.rolf:
                work.note(Permission.AUDIT_READ)
            else:
                seen = work.db.connection().exec_driver_sql("SELECT count(*) FROM oversight.inquiry").scalar()
                assert seen == 0
            work.db.connection().exec_driver_sql(
                "INSERT INTO oversight.step (id, inquiry_id, actor_id, kind, text) VALUES (%s, %s, %s, 'answered', 'x')",
                (new_id(), UUID(case.split("/")[-1]), world.nina.actor.person_id),
            )


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"kind": "asked", "text": "Hvorfor?", "due_on": SOON}, "asked_id"),
        ({"kind": "case", "text": "Alvorlig"}, "due_on"),
        ({"kind": "case", "text": "Alvorlig", "due_on": "01.01.2020"}, "due_on"),
        ({"kind": "explained", "text": ""}, "text"),
    ],
)
def test_what_must_be_corrected_stays_in_the_form(
    world: World, client_for: ClientFor, snooped: UUID, step: dict[str, str], field: str
) -> None:
    answer = client_for(world.rolf).act("/audit/unusual", about(world.nina, snooped) | step)

    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text
    assert step["text"] in answer.text


def test_who_reads_a_case_or_an_employees_log_has_written_whose_it_was(
    world: World, client_for: ClientFor, migrator: Migrator, snooped: UUID
) -> None:
    rolf = client_for(world.rolf)
    case = case_of(rolf, world.nina, snooped, kind="explained", text="Hadde vakt")
    reader = factories.staff(world.builder, world.oslo, world.home, "Renate Lund", "auditor")
    world.store()
    browser = client_for(reader)
    browser.get(case)
    browser.get(f"/audit/people/{world.nina.actor.person_id}")

    told = migrator.execute(
        "SELECT patient_id, object_id FROM audit.access_log WHERE actor_id = %s AND object_id IS NOT NULL",
        (reader.actor.person_id,),
    ).fetchall()
    assert set(told) == {(snooped, UUID(case.split("/")[-1])), (None, world.nina.actor.person_id)}


def test_of_two_who_take_hold_of_a_look_at_once_one_is_told_to_look_again(
    world: World, client_for: ClientFor, snooped: UUID, work_of: Any
) -> None:
    """The first has not committed when the second asks: nothing is seen of it, and the index knows."""
    second = factories.staff(world.builder, world.oslo, world.home, "Renate Lund", "auditor")
    world.store()
    day, step = clock.local_date(datetime.now(UTC)), NewStep("explained", "Hadde vakt")
    with ThreadPoolExecutor(1) as other:
        with work_of(world.rolf) as work:
            look = UnusualAccess(work).look(world.nina.actor.person_id, snooped, day)
            Inquiries(work).open(look, step)
            waiting = other.submit(
                client_for(second).act,
                "/audit/unusual",
                about(world.nina, snooped) | {"kind": "explained", "text": "Hadde vakt"},
            )
            with suppress(TimeoutError):
                waiting.result(timeout=1)
        assert waiting.result(timeout=20).status_code == 409


def test_a_case_that_waits_is_shown_before_newer_ones_that_are_settled(
    world: World, client_for: ClientFor, snooped: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journal.oversight.inquiries.SHOWN", 1)
    rolf, patient_id = client_for(world.rolf), world.patient()
    factories.related_person(world.builder, patient_id, world.siri, "Nina Nordli")
    world.store()
    client_for(world.nina).act(f"/patients/{patient_id}/near", {"reason": "same-name"})
    waits = case_of(rolf, world.nina, snooped, kind="case", text="Alvorlig", due_on=SOON)
    settled = case_of(rolf, world.nina, patient_id, kind="explained", text="Hadde vakt")

    page = rolf.get("/audit/cases").text
    assert waits in page and settled not in page


def test_a_look_is_taken_hold_of_once(world: World, client_for: ClientFor, snooped: UUID) -> None:
    rolf, step = client_for(world.rolf), {"kind": "explained", "text": "Hadde vakt"}
    case = case_of(rolf, world.nina, snooped, **step)

    assert rolf.act("/audit/unusual", about(world.nina, snooped) | step).status_code == 409
    assert case in rolf.get("/audit/unusual").text


@pytest.mark.parametrize("kin", ["self", "family", "manager"])
def test_nobody_reviews_her_own_looks_her_managers_or_her_familys(
    world: World, client_for: ClientFor, migrator: Migrator, snooped: UUID, kin: str
) -> None:
    """Refused where the pages ask, and in the database: no row of it is seen, and none can be written."""
    step = {"kind": "explained", "text": "Hadde vakt"}
    case = case_of(client_for(world.rolf), world.nina, snooped, **step).split("/")[-1]
    at = {"self": world.ward, "family": world.other_ward, "manager": world.ward}[kin]
    name = "Nora Nordli" if kin == "family" else "Eva Egen"
    reviewer = factories.staff(world.builder, world.oslo, at, name, "auditor")
    if kin == "manager":
        world.builder.store(migrator)
        factories.staff(world.builder, world.oslo, world.home, "X Y", "unit_manager")
        migrator.execute(
            "UPDATE municipalities.practitioner_role SET role = 'unit_manager', unit_id = %s WHERE id = %s",
            (world.home["id"], world.nina.actor.role_id),
        )
    world.store()
    if kin == "self":
        migrator.execute(
            "UPDATE municipalities.practitioner_role SET practitioner_id = %s WHERE id = %s",
            (world.nina.actor.person_id, reviewer.actor.role_id),
        )
        reviewer = Staff(replace(reviewer.actor, person_id=world.nina.actor.person_id))
    browser = client_for(reviewer)

    shown = "Nina Nordli</strong>"
    assert shown not in browser.get("/audit/unusual").text
    assert shown in client_for(world.rolf).get("/audit/unusual").text
    assert browser.get("/audit/unusual", query_string=about(world.nina, snooped)).status_code == 404
    assert browser.act("/audit/unusual", about(world.nina, snooped) | step).status_code in (403, 404)
    assert browser.get(f"/audit/cases/{case}").status_code == 404
    assert case not in browser.get("/audit/cases").text
    with pytest.raises(Exception, match="row-level security"), _work(browser, reviewer) as work:
        work.note(Permission.AUDIT_READ)
        work.db.connection().exec_driver_sql(
            "INSERT INTO oversight.step (id, inquiry_id, actor_id, kind, text) VALUES (%s, %s, %s, 'note', 'x')",
            (new_id(), UUID(case), world.nina.actor.person_id),
        )


def _work(browser: Browser, who: Staff) -> Any:
    from journal.platform.caller import Known

    return browser.app.works.open(Known(who.actor))


def test_nothing_decided_is_changed_or_removed(migrator: Migrator, app: Any) -> None:
    may = migrator.execute(
        """SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'oversight'::regnamespace AND c.relkind = 'r'
           AND (has_any_column_privilege('journal_app', c.oid, 'UPDATE') OR has_table_privilege('journal_app', c.oid, 'DELETE'))"""
    ).fetchall()

    assert may == []


def test_a_rule_is_tried_on_the_last_month_before_it_is_used(
    world: World, client_for: ClientFor, snooped: UUID, approve: Callable[[], None]
) -> None:
    rolf = client_for(world.rolf)

    assert "Regelen ville ha funnet 1 av " in rolf.get("/audit/rules/kin").text
    assert rolf.act("/audit/rules/kin", {"threshold": "0", "reason": "for mange treff"}).status_code == 303
    assert "står som pårørende" in rolf.get("/audit/unusual").text, "it is used until another has approved"
    approve()
    assert "står som pårørende" not in rolf.get("/audit/unusual").text
    assert "Regelen ville ha funnet 1 av " in rolf.get("/audit/rules/kin").text
    assert rolf.get("/audit/rules/surname?threshold=1.000").status_code == 422
    assert rolf.get("/audit/rules/ingen").status_code == 404


def test_every_reader_of_a_marked_chart_who_wrote_nothing_is_found(world: World, client_for: ClientFor) -> None:
    patient_id = world.patient(family_name="Kjendis")
    client_for(world.siri).get(f"/patients/{patient_id}")
    rolf = client_for(world.rolf)
    assert "Siri Strand" not in rolf.get("/audit/unusual").text

    rolf.act(f"/audit/patients/{patient_id}/mark", {"marked": "true"})
    assert "Siri Strand" in rolf.get("/audit/unusual").text

    rolf.act(f"/audit/patients/{patient_id}/mark", {})
    assert "Siri Strand" not in rolf.get("/audit/unusual").text


def test_the_timeline_tells_by_day_how_many_what_kind_and_why_and_is_narrowed(
    world: World, client_for: ClientFor, snooped: UUID
) -> None:
    client_for(world.siri).get(f"/patients/{snooped}")
    rolf, page = client_for(world.rolf), f"/audit/patients/{snooped}"

    whole, nurses = rolf.get(page).text, rolf.get(f"{page}?role=nurse").text

    assert "legemidler" in whole and "bor på enheten" in whole and "oppslag</span></header>" in whole
    assert "Siri Strand" in whole and "Siri Strand" not in nurses and "Nina Nordli" in nurses


def test_who_only_opens_a_form_or_the_drawer_has_written_nothing(
    world: World, client_for: ClientFor, migrator: Migrator
) -> None:
    patient_id = world.patient(family_name="Kjendis")
    rolf, siri = client_for(world.rolf), client_for(world.siri)
    rolf.act(f"/audit/patients/{patient_id}/mark", {"marked": "true"})
    assert siri.get(f"/patients/{patient_id}/notes/write").status_code == 200
    opened = siri.act(f"/patients/{patient_id}/notes/drawer", {"reason": "care-now"})
    logged = {
        action
        for (action,) in migrator.execute("SELECT action FROM audit.access_log WHERE patient_id = %s", (patient_id,))
    }
    assert opened.status_code == 303 and {"notes:write", "notes:drawer"} <= logged
    assert "Siri Strand" in rolf.get("/audit/unusual").text

    wrote = siri.act(f"/patients/{patient_id}/observations", {"code": "pulse", "value": "72"})
    assert wrote.status_code == 303, wrote.text
    assert "Siri Strand" not in rolf.get("/audit/unusual").text


def looked(migrator: Migrator, who: Staff, patient_id: UUID, *moments: datetime, outcome: str = "success") -> None:
    """Lines of the log as they were written then."""
    told = (who.actor.municipality_id, who.actor.unit_id, who.actor.unit_name, who.actor.person_id, who.actor.name)
    ground = "referral" if outcome == "success" else None
    migrator.execute(
        """INSERT INTO audit.access_log (at, municipality_id, unit_id, unit_name, actor_id, actor_name, actor_role, patient_id,
               action, categories, ground, outcome)
           SELECT at, %s, %s, %s, %s, %s, %s, %s, 'chart:read', '{patients}', %s, %s FROM unnest(%s::timestamptz[]) at""",
        (*told, who.actor.role, patient_id, ground, outcome, list(moments)),
    )


def hour_of(days_ago: int, hour: int, minute: int = 0) -> datetime:
    day = clock.local_date(datetime.now(UTC)) - timedelta(days=days_ago)
    return clock.instant(day, time(hour, minute))


def test_a_rule_that_is_tried_finds_what_it_finds_when_it_is_used(
    world: World, migrator: Migrator, work_of: Any
) -> None:
    patient_id = world.patient()
    looked(migrator, world.siri, patient_id, hour_of(5, 0, 5), hour_of(5, 23, 55), outcome="refused")

    with work_of(world.rolf) as work:
        unusual = UnusualAccess(work)
        tried = unusual.tried({"refused": 2})["refused"].found
        used = unusual.found(clock.day_bounds(clock.local_date(hour_of(30, 1)))[0], work.now)

    assert [(each.look.refused, each.rules) for each in used] == [(2, ("refused",))] and tried == 1


def test_what_the_list_of_a_week_finds_is_there_when_it_is_opened(
    world: World, migrator: Migrator, work_of: Any
) -> None:
    """What is usual at an hour is of the last month, whichever days are looked through."""
    patient_id = world.patient()
    looked(migrator, world.lars, patient_id, *(hour_of(6, 12, minute % 60) for minute in range(500)))
    looked(migrator, world.siri, patient_id, hour_of(4, 3), hour_of(2, 4))
    # Somebody else read at three, more than a month ago; and at four, after her.
    for who in (world.nina, world.lars):
        looked(migrator, who, patient_id, hour_of(33, 3), hour_of(1, 4))
    migrator.execute("UPDATE audit.access_log SET unit_id = %s WHERE patient_id = %s", (world.ward["id"], patient_id))
    with work_of(world.rolf) as work:
        unusual = UnusualAccess(work)
        week = unusual.found(clock.day_bounds(clock.local_date(hour_of(7, 1)))[0], work.now)
        by_day = [each for each in week if "hours" in each.rules and each.look.actor_id == world.siri.actor.person_id]
        assert [each.look.day for each in by_day] == [clock.local_date(hour_of(4, 3))]
        for each in by_day:
            assert unusual.look(each.look.actor_id, patient_id, each.look.day).rules == each.rules


@pytest.fixture
def key(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ed25519PrivateKey:
    """The installation's key for exports, in a file."""
    made, file = Ed25519PrivateKey.generate(), tmp_path / "key"
    file.write_text(made.private_bytes_raw().hex())
    monkeypatch.setattr(app, "settings", replace(app.settings, export_key=str(file)))
    return made


def test_a_case_is_exported_signed_as_pdf_csv_and_fhir(
    world: World, client_for: ClientFor, snooped: UUID, key: Ed25519PrivateKey, tmp_path: Path, capsys: Any
) -> None:
    rolf = client_for(world.rolf)
    case = case_of(rolf, world.nina, snooped, kind="explained", text="Hadde vakt, æøå")

    answer = rolf.get(f"{case}/export")

    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as package:
        files = {name: package.read(name) for name in package.namelist()}
    assert set(files) == {"innsyn.pdf", "innsyn.csv", "innsyn.fhir.json", "manifest.json", "manifest.sig"}
    assert "Hadde vakt, æøå" in Paper(files["innsyn.pdf"]).text
    assert files["innsyn.csv"].startswith(b"\xef\xbb\xbf") and "Nina Nordli" in files["innsyn.csv"].decode("utf-8-sig")
    assert {entry["resource"]["resourceType"] for entry in json.loads(files["innsyn.fhir.json"])["entry"]} == {
        "AuditEvent"
    }
    (tmp_path / "innsyn.zip").write_bytes(answer.data)
    public = key.public_key().public_bytes_raw().hex()
    arguments = type("Arguments", (), {"file": tmp_path / "innsyn.zip", "key": public})
    assert check(arguments) == 0  # type: ignore[arg-type]
    assert "Uttrekket er helt" in capsys.readouterr().out


def test_an_extract_says_of_what_and_of_when_it_is_and_the_reason_that_was_given(
    world: World, client_for: ClientFor, work_of: Any, key: Ed25519PrivateKey
) -> None:
    patient_id = world.patient()
    with work_of(world.unn) as work:
        Justifying(work).open(patient_id, Reason.EMERGENCY, "")
    client_for(world.unn).get(f"/patients/{patient_id}")
    today = f"{clock.local_date(datetime.now(UTC)):%d.%m.%Y}"

    for path, of in (
        (f"patients/{patient_id}", str(patient_id)[:8]),
        (f"people/{world.unn.actor.person_id}", "Ukjent Unn"),
    ):
        answer = client_for(world.rolf).get(f"/audit/{path}/export?since={today}&until={today}")
        with zipfile.ZipFile(io.BytesIO(answer.data)) as package:
            told = " ".join(Paper(package.read("innsyn.pdf")).text.split())
            rows = package.read("innsyn.csv").decode("utf-8-sig")
        assert f"{of} Fra og med {today} til og med {today}" in told and "oppslag" in told
        assert "Ukjent Unn, sykepleier, Avdeling 3" in told and REASONS[Reason.EMERGENCY].text in told
        assert '"reason"' in rows and REASONS[Reason.EMERGENCY].text in rows


def test_an_export_that_was_touched_or_signed_by_another_is_told(key: Ed25519PrivateKey) -> None:
    at = datetime(2026, 11, 16, 9, tzinfo=UTC)
    made = packed({"innsyn.csv": b"1", "innsyn.pdf": b"2"}, key, by="Rolf", at=at)

    def altered(**content: bytes) -> io.BytesIO:
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                new.writestr(name, content.get(name.split(".")[0] + name.split(".")[1], old.read(name)))
            if "more" in content:
                new.writestr("more.csv", b"")
        return out

    public = key.public_key()
    assert checked(io.BytesIO(made), public) == []
    assert checked(altered(innsyncsv=b"9"), public) == ["Filen innsyn.csv er endret, eller mangler."]
    assert checked(altered(more=b""), public) == ["Filen more.csv er lagt til."]
    assert len(checked(altered(manifestjson=b"{}"), public)) == 1
    twice = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(twice, "w") as new:
        new.writestr("innsyn.csv", b"9")
        for name in old.namelist():
            with pytest.warns(UserWarning) if name == "innsyn.csv" else nullcontext():
                new.writestr(name, old.read(name))
    assert checked(twice, public) == ["Samme fil ligger der flere ganger."], (
        "which of them is read is the reader's to choose"
    )
    assert len(checked(io.BytesIO(made), Ed25519PrivateKey.generate().public_key())) == 1


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+47",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n1",
        "＝1+1",
        "＠A1",
        " =1",
        "\u00a0+1",
        "\ufeff=1",
        "\u200b-1",
    ],
)
def test_no_cell_is_a_formula(name: str) -> None:
    columns = (
        "actor_role",
        "unit_name",
        "actor_id",
        "patient_id",
        "action",
        "ground",
        "reason",
        "purpose",
        "outcome",
        "origin",
    )
    line = dict.fromkeys((*columns, "request_id", "id"), "") | {"at": datetime.now(UTC), "categories": []}

    rows = as_csv([line | {"actor_name": name}]).decode("utf-8-sig")

    assert f'"\'{name}"' in rows


def test_without_a_key_nothing_is_exported(
    world: World, client_for: ClientFor, snooped: UUID, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "settings", replace(app.settings, export_key=""))
    answer = client_for(world.rolf).get(f"/audit/patients/{snooped}/export")

    assert answer.status_code == 503
    assert "AKSON_EXPORT_KEY" in answer.text
