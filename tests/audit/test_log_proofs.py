"""What vouches for a line beside the seals: its code, its proof, heads kept at two times, and months that were dropped."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journal.audit import keeping, merkle
from journal.audit.checking import check_next
from journal.audit.exporting import export
from journal.audit.proving import check_proof, inconsistent, prove
from journal.audit.seal import Head
from journal.audit.sealer import Sealed, anchor, seal
from journal.audit.verifying import Codes, verify
from journal.cli import main
from journal.platform.clock import local_date, norwegian_date
from journal.platform.postgres import EmbeddedPostgres
from tests import factories
from tests.audit.test_sealing import KEY, PUBLIC, checked, made, places
from tests.chart_rows import link
from tests.conftest import DATABASE, Browser, World
from tests.factories import Staff

ClientFor = Callable[[Staff | None], Browser]
Connection = psycopg.Connection[Any]
CODES = Codes(b"l" * 32)
TWO = ["Kari Moen", "Ola Berg"]


@pytest.fixture
def sealer(world: World, server: EmbeddedPostgres) -> Iterator[Connection]:
    """With no seal before: those of other tests are signed with other keys."""
    truncate = "TRUNCATE audit.log_seal, audit.log_seal_part, audit.log_check"
    world.migrator.execute(truncate)
    with psycopg.connect(server.conninfo("journal_sealer", DATABASE), autocommit=True) as connection:
        yield connection
    world.migrator.execute(truncate)


def look(world: World, client_for: ClientFor) -> UUID:
    patient_id = world.patient()
    assert client_for(world.nina).get(f"/patients/{patient_id}").status_code == 200
    return patient_id


# The code over a line


def test_every_line_that_the_program_says_has_a_code_and_it_fits_the_line_as_it_is_stored(
    world: World, client_for: ClientFor, sealer: Connection
) -> None:
    patient_id = look(world, client_for)
    assert client_for(world.unn).get(f"/patients/{patient_id}").status_code == 403
    client_for(world.rolf).get(f"/audit/patients/{patient_id}")

    written = [json.loads(text) for text in export(sealer)]
    mine = [content for content in written if content.get("line", {}).get("patient_id") == str(patient_id)]
    verdict = verify(
        [json.dumps({"log": {"municipality_id": None}}), '{"unsealed":true}', *map(json.dumps, mine)],
        PUBLIC,
        codes=CODES,
    )

    assert len(mine) >= 3 and {content["line"]["outcome"] for content in mine} == {"success", "refused"}
    assert verdict.findings == [] and verdict.coded == verdict.unsealed == len(mine)


def test_a_line_that_is_altered_before_it_is_sealed_is_found_by_its_code_and_by_nothing_else(
    world: World, client_for: ClientFor, sealer: Connection
) -> None:
    patient_id = look(world, client_for)
    world.migrator.execute("UPDATE audit.access_log SET actor_name = 'Noen andre' WHERE patient_id = %s", (patient_id,))
    assert seal(sealer, KEY)
    written = list(export(sealer, world.oslo["id"]))

    assert verify(written, PUBLIC).whole
    found = verify(written, PUBLIC, codes=CODES).findings
    assert found and all("koden stemmer ikke" in finding for finding in found)
    world.migrator.execute("UPDATE audit.access_log SET code = NULL WHERE patient_id = %s", (patient_id,))
    since = Codes(CODES.key, "2020-01-01")
    assert [one for one in verify(export(sealer), PUBLIC, codes=since).findings if "ingen kode" in one]


def test_whoever_takes_the_code_away_with_the_altered_line_is_found(
    world: World, client_for: ClientFor, sealer: Connection
) -> None:
    """From the first line that has one, each line of the program has: nobody need say from when."""
    world.migrator.execute("DELETE FROM audit.access_log WHERE code IS NULL")
    look(world, client_for)
    altered = look(world, client_for)
    assert seal(sealer, KEY)
    assert verify(export(sealer, world.oslo["id"]), PUBLIC, codes=CODES).whole
    world.migrator.execute("TRUNCATE audit.log_seal, audit.log_seal_part")
    world.migrator.execute(
        "UPDATE audit.access_log SET actor_name = 'Noen andre', code = NULL WHERE patient_id = %s", (altered,)
    )
    assert seal(sealer, KEY)

    (finding,) = verify(export(sealer, world.oslo["id"]), PUBLIC, codes=CODES).findings

    assert "har ingen kode fra programmet" in finding


# The proof of one line


def test_a_line_is_proved_by_the_public_key_and_its_proof_holds_no_other_line() -> None:
    written, _ = made(seals=3, lines=7)
    texts = [json.dumps(content) for content in written]
    for index in places(written, "line"):
        proof = prove(texts, written[index]["line"]["id"])
        assert check_proof(proof, PUBLIC) is None
        assert json.dumps(proof).count('"actor_name"') == 1
    last = written[places(written, "line")[-1]]["line"]["id"]
    for change, said in (
        (lambda p: p["line"].update(actor_name="Noen andre"), "Linjen er ikke"),
        (lambda p: p["part"].update(lines=2), "Linjen er ikke"),
        (lambda p: p["part"].update(municipality_id=str(UUID(int=9))), "Kommunens del"),
        (lambda p: p["head"].update(lines=9), "ikke signert"),
    ):
        proof = prove(texts, last)
        change(proof)  # type: ignore[no-untyped-call]
        assert said in str(check_proof(proof, PUBLIC))
    with pytest.raises(ValueError, match="ikke i filen"):
        prove(texts, str(UUID(int=1)))
    with pytest.raises(ValueError, match="ikke forseglet ennå"):
        prove([*texts, json.dumps({"line": {"id": "new"}})], "new")


def test_one_municipality_proves_a_line_from_its_own_part(
    world: World, client_for: ClientFor, sealer: Connection
) -> None:
    patient_id = look(world, client_for)
    other = world.patient(at=world.bodo_ward, by=world.bodil)
    client_for(world.bodil).get(f"/patients/{other}")
    assert seal(sealer, KEY)
    texts = list(export(sealer, world.oslo["id"]))
    (line,) = [
        content["line"]["id"]
        for content in map(json.loads, texts)
        if content.get("line", {}).get("patient_id") == str(patient_id)
    ]

    assert check_proof(prove(texts, line), PUBLIC) is None


def test_one_municipality_sees_that_a_seal_was_emptied_of_its_lines_and_its_part(
    world: World, client_for: ClientFor, sealer: Connection
) -> None:
    look(world, client_for)
    assert seal(sealer, KEY)
    patient = world.patient(at=world.bodo_ward, by=world.bodil)
    client_for(world.bodil).get(f"/patients/{patient}")
    assert seal(sealer, KEY)

    def findings() -> list[str]:
        verdict = verify(export(sealer, world.oslo["id"]), PUBLIC)
        assert verdict.of == str(world.oslo["id"])
        return verdict.findings

    assert findings() == [], "a seal of others alone shows that it holds nothing of ours"
    world.migrator.execute("DELETE FROM audit.access_log WHERE municipality_id = %s", (world.oslo["id"],))
    world.migrator.execute("DELETE FROM audit.log_seal_part WHERE municipality_id = %s", (world.oslo["id"],))
    (finding,) = findings()
    assert "stemmer ikke" in finding


def test_heads_kept_then_and_heads_shown_now_are_of_one_log_or_not() -> None:
    _, kept = made(seals=6)
    assert inconsistent(kept[2:3], kept[2:], PUBLIC) is None
    forged = Head.read(asdict(kept[2].head) | {"lines": 1})
    other = [*kept[:2], Sealed(forged, forged.signed(KEY)), *kept[3:]]

    assert "er en annen enn" in str(inconsistent(kept[2:3], other, PUBLIC))
    assert "følger ikke etter" in str(inconsistent(kept[:1], other, PUBLIC))
    assert "mangler" in str(inconsistent(kept[:1], [kept[0], *kept[3:]], PUBLIC))
    assert "ikke blant dem" in str(inconsistent(kept[5:], kept[:5], PUBLIC))
    assert "to utgaver" in str(inconsistent(kept[:1], [other[2], *kept], PUBLIC))
    unsigned = Sealed(kept[2].head, kept[3].signature)
    assert "ikke signert" in str(inconsistent([unsigned], kept, PUBLIC))


def test_two_heads_of_one_number_that_were_kept_are_a_finding_whichever_came_last() -> None:
    written, kept = made(seals=3)
    forked = Head.read(asdict(kept[1].head) | {"lines": 1})
    for anchors in ([Sealed(forked, forked.signed(KEY)), *kept], [*kept, Sealed(forked, forked.signed(KEY))]):
        assert any("to utgaver" in finding for finding in checked(written, anchors).findings)


def test_the_commands_prove_a_line_check_the_proof_and_compare_heads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written, kept = made(seals=3)
    log, proof, heads = (tmp_path / name for name in ("log.jsonl", "proof.json", "heads.jsonl"))
    log.write_text("".join(f"{json.dumps(content)}\n" for content in written))
    heads.write_text("".join(f"{json.dumps({'head': asdict(one.head), 'signature': one.signature})}\n" for one in kept))
    key, line = PUBLIC.public_bytes_raw().hex(), written[places(written, "line")[0]]["line"]["id"]

    assert main(["log", "prove", str(log), line, str(proof)]) == 0
    assert main(["log", "check-proof", str(proof), "--key", key]) == 0
    assert main(["log", "consistent", str(heads), str(heads), "--key", key]) == 0
    assert "den samme loggen" in capsys.readouterr().out
    proof.write_text(proof.read_text().replace("Ansatt 0", "Noen andre"))
    assert main(["log", "check-proof", str(proof), "--key", key]) == 1
    assert main(["log", "check-proof", str(log), "--key", key]) == 2


def test_an_anchor_file_that_holds_no_head_is_an_error_and_no_whole_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written, _ = made(seals=2)
    log, emptied = tmp_path / "log.jsonl", tmp_path / "heads.jsonl"
    log.write_text("".join(f"{json.dumps(content)}\n" for content in written))
    emptied.write_text("")
    check = ["log", "verify", str(log), "--key", PUBLIC.public_bytes_raw().hex(), "--anchor"]

    for file in (emptied, tmp_path / "misspelt.jsonl"):
        assert main([*check, str(file)]) == 2
        assert "har ingen forseglinger" in capsys.readouterr().err


# How long it is kept


@pytest.fixture
def old_month(world: World) -> Iterator[UUID]:
    """A month of six years ago, with a line of a patient of Oslo's."""
    patient_id, migrator = world.patient(), world.migrator
    month = local_date(datetime.now(UTC)).replace(day=1)
    month = month.replace(year=month.year - 6)
    migrator.execute("SELECT audit.add_month(%s)", (month,))
    migrator.execute(
        "INSERT INTO audit.access_log (at, municipality_id, patient_id, action, ground, outcome)"
        " VALUES (%s::date + interval '10 days', %s, %s, 'chart:read', 'stay', 'success')",
        (month, world.oslo["id"], patient_id),
    )
    yield patient_id
    migrator.execute(f"DROP TABLE IF EXISTS audit.access_log_{month:%Y%m}")
    migrator.execute("TRUNCATE audit.log_dropped, audit.log_hold, audit.log_retention")


def six_years_ago() -> date:
    today = local_date(datetime.now(UTC))
    return today.replace(year=today.year - 6, day=1)


def test_a_month_goes_by_two_persons_when_it_is_old_and_nothing_holds_it(world: World, old_month: UUID) -> None:
    month, migrator = six_years_ago(), world.migrator
    with pytest.raises(ValueError, match="To personer"):
        keeping.drop_month(migrator, month, ["Kari Moen", "Kari  Moen"])
    keeping.keep_years(migrator, 10, TWO)
    with pytest.raises(ValueError, match="innenfor tiden"):
        keeping.drop_month(migrator, month, TWO)
    with pytest.raises(ValueError, match="minst 3"):
        keeping.keep_years(migrator, 2, TWO)
    with pytest.raises(psycopg.errors.CheckViolation):
        migrator.execute("INSERT INTO audit.log_retention (years, names) VALUES (2, '{a,b}')")
    keeping.keep_years(migrator, 5, TWO)
    held = [
        keeping.hold(migrator, world.oslo["id"], patient, date(2000, 1, 1), None, "Tilsynssak", TWO)
        for patient in (old_month, None)
    ]
    keeping.hold(migrator, world.oslo["id"], UUID(int=5), date(2000, 1, 1), None, "En annen pasient", TWO)
    keeping.hold(migrator, world.bodo["id"], None, date(2000, 1, 1), None, "En annen kommune", TWO)
    for hold in held:
        with pytest.raises(ValueError, match="vernet mot sletting"):
            keeping.drop_month(migrator, month, TWO)
        keeping.lift(migrator, hold, TWO)

    linked = world.patient()
    link(world.builder, linked, old_month, world.nina, world.lars, at=datetime.now(UTC), reason="samme person")
    world.store()
    of_other = keeping.hold(migrator, world.oslo["id"], linked, date(2000, 1, 1), None, "Den andre journalen", TWO)
    with pytest.raises(ValueError, match="vernet mot sletting"):
        keeping.drop_month(migrator, month, TWO)
    keeping.lift(migrator, of_other, TWO)

    assert keeping.drop_month(migrator, month, TWO) == 1

    with pytest.raises(ValueError, match="ingen måned"):
        keeping.drop_month(migrator, month, TWO)
    with pytest.raises(ValueError, match="alt opphevet"):
        keeping.lift(migrator, held[0], TWO)
    assert migrator.execute("SELECT lines, names FROM audit.log_dropped").fetchall() == [(1, TWO)]


def test_this_month_never_goes_and_the_application_can_drop_nothing(world: World, as_app: Connection) -> None:
    with pytest.raises(ValueError, match="innenfor tiden"):
        keeping.drop_month(world.migrator, local_date(datetime.now(UTC)), TWO)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute("SELECT audit.drop_month('2020-01-01', '{a,b}')")


def test_a_dropped_month_is_told_by_the_next_head_and_the_log_is_whole_without_it(
    world: World, client_for: ClientFor, old_month: UUID, sealer: Connection
) -> None:
    look(world, client_for)
    assert seal(sealer, KEY)
    keeping.drop_month(world.migrator, six_years_ago(), TWO)
    head = seal(sealer, KEY)

    assert head is not None and head.renewed is not None
    assert head.renewed["dropped"] == [{"month": f"{six_years_ago():%Y-%m}", "lines": 1, "by": TWO}]


def test_only_what_was_old_enough_explains_lines_that_are_gone() -> None:
    """Six years on, a signed head tells that March 2026 was dropped: its lines may be gone, and no other month's."""
    written, kept = made(seals=4)

    def told(month: str, at: str) -> list[dict[str, Any]]:
        head = Head(
            *(5, kept[-1].head.ends, (1, 500), 0, merkle.EMPTY.hex()),
            *(kept[-1].head.hash(), at, kept[-1].head.key, {"dropped": [{"month": month, "lines": 24, "by": TWO}]}),
        )
        sealed = {"seal": {"head": asdict(head), "signature": head.signed(KEY), "parts": []}}
        return [*(content for content in written[:-1] if "line" not in content), sealed, {"unsealed": True}]

    gone = checked(told("2026-03", "2032-04-02T00:00:00.000000Z"), kept)
    assert gone.findings == [] and list(gone.dropped) == ["2026-03"]
    soon = checked(told("2026-03", "2027-04-02T00:00:00.000000Z"), kept).findings
    assert any("før den var 3 år" in one for one in soon) and any("fjernet" in one for one in soon)
    other = checked(told("2025-01", "2032-04-02T00:00:00.000000Z"), kept).findings
    assert len(other) == 8, "two municipalities in each of four seals"
    part = told("2026-03", "2032-04-02T00:00:00.000000Z")
    part.insert(2, random.Random(1).choice([written[index] for index in places(written, "line")]))
    assert checked(part, kept).findings, "a month that was dropped has no line left"


# The page


def test_the_page_has_the_log_checked_and_says_in_a_sentence_that_it_is_whole_or_where_it_breaks(
    world: World, client_for: ClientFor, sealer: Connection, server: EmbeddedPostgres, tmp_path: Path
) -> None:
    def connect() -> Connection:
        return psycopg.connect(server.conninfo("journal_sealer", DATABASE), autocommit=True)

    def run() -> None:
        while check_next(connect, sealer, PUBLIC, tmp_path / "heads.jsonl", CODES):
            pass

    patient_id = look(world, client_for)
    world.migrator.execute(
        "DELETE FROM audit.access_log WHERE code IS NULL OR municipality_id <> %s", (world.oslo["id"],)
    )
    seal(sealer, KEY)
    anchor(sealer, tmp_path / "heads.jsonl")
    rolf = client_for(world.rolf)
    page = rolf.get("/audit/integrity").text
    assert "ikke kontrollert fra denne siden ennå" in page and "hx-trigger" not in page
    assert rolf.act("/audit/integrity").status_code == rolf.act("/audit/integrity").status_code == 303

    page = rolf.get("/audit/integrity").text
    assert 'hx-trigger="every 2s"' in page and "Kontrollerer: 0 av 0 linjer." in page
    part = rolf.get("/audit/integrity", headers={"HX-Request": "true"}).text
    assert part.strip().startswith('<div id="integrity"') and "<html" not in part
    run()
    page = rolf.get("/audit/integrity").text
    today = norwegian_date(local_date(datetime.now(UTC)))
    assert f"Loggen er hel fra {today} til nå (" in page
    assert "Rolf Revisor ba om det" in page and "hx-trigger" not in page
    assert page.count("Loggen er hel fra") == 2, "the municipality's own, and the daily one of all"

    world.migrator.execute("UPDATE audit.access_log SET actor_name = 'Noen andre' WHERE patient_id = %s", (patient_id,))
    rolf.act("/audit/integrity")
    run()
    page = rolf.get("/audit/integrity").text
    assert "Loggen er ikke hel." in page and "Forsegling 1: minst én av" in page and "koden stemmer ikke" in page
    top = {"id": factories.top_unit_id(world.bodo["number"]), "name": "Bodøprøven kommune"}
    other = factories.staff(world.builder, world.bodo, top, "Renate Revisor", "auditor")
    world.store()
    assert "Forsegling 1" not in client_for(other).get("/audit/integrity").text


def test_a_seal_that_is_made_unreadable_is_a_finding_and_stops_no_check(
    world: World, client_for: ClientFor, sealer: Connection, server: EmbeddedPostgres, tmp_path: Path
) -> None:
    def connect() -> Connection:
        return psycopg.connect(server.conninfo("journal_sealer", DATABASE), autocommit=True)

    look(world, client_for)
    assert seal(sealer, KEY)
    (tmp_path / "heads.jsonl").write_text('{"head":{}}\nnull\n')
    assert anchor(sealer, tmp_path / "heads.jsonl") == 1, "what is no head is written again"
    for unreadable in ('{"dropped": [{}]}', '{"dropped": 7}'):
        world.migrator.execute("UPDATE audit.log_seal SET renewed = %s", (unreadable,))
        client_for(world.rolf).act("/audit/integrity")
        found = [check_next(connect, sealer, PUBLIC, tmp_path / "heads.jsonl") for _ in range(2)]
        assert all(one is None or not one.whole for one in found) and any(found)
    page = client_for(world.rolf).get("/audit/integrity").text
    assert "Loggen er ikke hel." in page and "ikke til å lese" in page


def test_a_check_that_nobody_begins_says_that_the_log_may_not_be_sealed(
    world: World, client_for: ClientFor, sealer: Connection
) -> None:
    rolf = client_for(world.rolf)
    rolf.act("/audit/integrity")
    assert "Kontrollen har ikke begynt" not in rolf.get("/audit/integrity").text
    world.migrator.execute("UPDATE audit.log_check SET asked_at = now() - interval '1 minute'")

    assert "Kontrollen har ikke begynt" in rolf.get("/audit/integrity").text
