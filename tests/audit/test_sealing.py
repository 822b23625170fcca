"""The access log is sealed: every change of what was sealed is found, and a clean log is said to be whole."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from journal.audit import merkle
from journal.audit.exporting import export, parts_for
from journal.audit.seal import COLUMNS, FIRST, Head, Part, line_of, name_of, root_over
from journal.audit.sealer import RestoredLog, Sealed, anchor, anchored, heads, seal
from journal.audit.verifying import Verdict, verify
from journal.cli import main
from journal.platform.line_code import moment, said
from journal.platform.postgres import EmbeddedPostgres
from tests.conftest import DATABASE, Browser, World

ClientFor = Callable[..., Browser]
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()
PLACES = 100


@pytest.fixture
def sealer(server: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server.conninfo("journal_sealer", DATABASE), autocommit=True) as connection:
        yield connection


def look(world: World, client_for: ClientFor) -> UUID:
    patient_id = world.patient()
    assert client_for(world.nina).get(f"/patients/{patient_id}").status_code == 200
    return patient_id


# The tree


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33])
def test_a_line_leads_to_the_root_by_its_path_and_no_other_line_does(size: int) -> None:
    leaves = [merkle.leaf(bytes([n])) for n in range(size)]
    root = merkle.root_of(leaves)
    for index in range(size):
        beside = merkle.path(leaves, index)
        assert merkle.root_by_path(leaves[index], index, size, beside) == root
        assert merkle.root_by_path(merkle.leaf(b"other"), index, size, beside) != root
        assert merkle.root_by_path(leaves[index], size, size, beside) is None
        assert merkle.root_by_path(leaves[index], index, size, [*beside, root]) is None


def test_the_root_is_that_of_rfc_6962() -> None:
    """Its own test: of no leaf, of one empty leaf, and of the first three of its list."""
    first = [bytes.fromhex(text) for text in ("", "00", "10")]
    assert merkle.root_of(()).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root_of([merkle.leaf(b"")]).hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert merkle.root_of(map(merkle.leaf, first)).hex() == (
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    )


# The bytes


def test_the_bytes_of_a_line_and_of_a_head_are_what_they_always_were() -> None:
    row = dict.fromkeys(COLUMNS) | {
        "at": datetime(2026, 3, 1, 8, 0, 0, 5, tzinfo=UTC),
        "epoch": 1,
        "xid": "77",
        "id": UUID(int=1),
        "actor_name": "Åse Lund",
        "action": "chart:read",
        "categories": ["patients", "medication"],
        "decision_ref": {"b": 1, "a": "Opphold"},
        "outcome": "success",
    }
    assert said(line_of(row)).decode() == (
        '{"acting_as":null,"action":"chart:read","actor_id":null,"actor_name":"Åse Lund","actor_role":null,'
        '"at":"2026-03-01T08:00:00.000005Z","categories":["patients","medication"],"decision_ref":{"a":"Opphold","b":1},'
        '"epoch":1,"ground":null,"id":"00000000-0000-0000-0000-000000000001","municipality_id":null,"object_id":null,'
        '"origin":null,"outcome":"success","patient_id":null,"purpose":null,"relationship_id":null,"request_id":null,'
        '"session_id":null,"unit_id":null,"unit_name":null,"xid":"77"}'
    )
    head = Head(1, (1, 0), (1, 9), 3, "ab", FIRST, "2026-03-01T08:00:00.000000Z", "00")
    assert said(asdict(head)) == head.content()
    assert head.content().decode() == (
        f'{{"begins":[1,0],"ends":[1,9],"key":"00","lines":3,"number":1,"previous":"{FIRST}","renewed":null,'
        '"root":"ab","sealed_at":"2026-03-01T08:00:00.000000Z"}'
    )
    assert Head.read(json.loads(head.content())) == head


# Tampering


def made(seals: int = 12, lines: int = 6) -> tuple[list[dict[str, Any]], list[Sealed]]:
    """An export of so many seals, each of so many lines in two municipalities, and its anchored heads."""
    chance, written, kept = random.Random(41), [{"log": {"municipality_id": None}}], []
    begun = datetime(2026, 3, 1, tzinfo=UTC)
    for number in range(1, seals + 1):
        rows = [a_line(begun, number, n, chance) for n in range(lines)]
        rows.sort(key=lambda line: (line["municipality_id"], int(line["xid"]), line["id"]))
        parts = parts_of(rows)
        head = Head(
            *(number, (1, (number - 1) * 100), (1, number * 100), lines, root_over(parts)),
            *(kept[-1].head.hash() if kept else FIRST, moment(begun + timedelta(minutes=number)), name_of(PUBLIC)),
        )
        kept.append(Sealed(head, head.signed(KEY)))
        written.append(sealed_line(kept[-1], parts))
        written += [{"line": line} for line in rows]
    return [*written, {"unsealed": True}], kept


def a_line(begun: datetime, number: int, n: int, chance: random.Random) -> dict[str, Any]:
    told = {
        "at": begun + timedelta(minutes=number - 1, seconds=n),
        "epoch": 1,
        "xid": str((number - 1) * 100 + n),
        "id": UUID(int=chance.getrandbits(128)),
        "municipality_id": UUID(int=n % 2 + 1),
        "actor_name": f"Ansatt {n}",
        "action": "chart:read",
        "categories": ["patients"],
        "outcome": "success",
    }
    return line_of(dict.fromkeys(COLUMNS) | told)


def parts_of(rows: list[dict[str, Any]]) -> list[Part]:
    by: dict[str, list[bytes]] = {}
    for line in rows:
        by.setdefault(line["municipality_id"], []).append(merkle.leaf(said(line)))
    return [Part(of, len(leaves), merkle.root_of(leaves).hex()) for of, leaves in sorted(by.items())]


def sealed_line(sealed: Sealed, parts: list[Part]) -> dict[str, Any]:
    told = {"head": asdict(sealed.head), "signature": sealed.signature, "parts": [asdict(part) for part in parts]}
    return {"seal": told}


def places(written: list[dict[str, Any]], kind: str) -> list[int]:
    return [index for index, content in enumerate(written) if kind in content]


def edit(written: list[dict[str, Any]], chance: random.Random) -> None:
    line = written[chance.choice(places(written, "line"))]["line"]
    line[chance.choice(["actor_name", "action", "at", "outcome"])] = "2026-03-01T00:00:00.000007Z"


def delete(written: list[dict[str, Any]], chance: random.Random) -> None:
    del written[chance.choice(places(written, "line"))]


def insert(written: list[dict[str, Any]], chance: random.Random) -> None:
    place = chance.choice(places(written, "line"))
    copied = json.loads(json.dumps(written[place]))
    copied["line"]["id"] = str(UUID(int=chance.getrandbits(128)))
    written.insert(place, copied)


def reorder(written: list[dict[str, Any]], chance: random.Random) -> None:
    """Who looked at two lines changes places: the lines stand where they did."""
    first, second = chance.sample(places(written, "line"), 2)
    one, other = written[first]["line"], written[second]["line"]
    one["id"], other["id"] = other["id"], one["id"]


def cut_tail(written: list[dict[str, Any]], chance: random.Random) -> None:
    del written[chance.choice(places(written, "seal")[1:]) : -1]


def rewrite(written: list[dict[str, Any]], chance: random.Random) -> None:
    """By one who knows the format but not the key: a line is changed, and every hash from there on made anew."""
    forger, index = Ed25519PrivateKey.generate(), chance.choice(places(written, "line"))
    written[index]["line"]["actor_name"] = "Noen andre"
    seals = places(written, "seal")
    begun = max(place for place in seals if place < index)
    before: Head | None = None
    for place in seals:
        of = written[place]["seal"]
        head = Head.read(of["head"])
        if place >= begun:
            following = [one for one in seals if one > place]
            rows = [row["line"] for row in written[place + 1 : (following or [len(written) - 1])[0]]]
            parts = parts_of(rows)
            told = asdict(head) | {"root": root_over(parts), "previous": before.hash() if before else FIRST}
            head = Head.read(told)
            written[place] = sealed_line(Sealed(head, head.signed(forger)), parts)
        before = head


def old_dump(written: list[dict[str, Any]], chance: random.Random) -> None:
    """The log as it was a while ago, with lines that came after it: not sealed yet."""
    place = chance.choice(places(written, "seal")[1:])
    rows = [content for content in written[place:] if "line" in content]
    written[place:] = [{"unsealed": True}, *rows]


def remove_seal(written: list[dict[str, Any]], chance: random.Random) -> None:
    """A seal goes, and its lines with it, or to the one before."""
    place = chance.choice(places(written, "seal"))
    del written[place]
    while chance.random() < 0.5 and place < len(written) and "line" in written[place]:
        del written[place]


ATTACKS = (edit, delete, insert, reorder, cut_tail, rewrite, old_dump, remove_seal)


def checked(written: list[dict[str, Any]], kept: list[Sealed]) -> Verdict:
    return verify(map(json.dumps, written), PUBLIC, kept)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_each_attack_is_found_at_a_hundred_places(attack: Callable[..., None]) -> None:
    written, kept = made()
    clean = checked(written, kept)
    assert (clean.findings, clean.seals, clean.lines, clean.anchored) == ([], 12, 72, 12)
    found, chance = 0, random.Random(attack.__name__)
    for _ in range(PLACES):
        changed = json.loads(json.dumps(written))
        attack(changed, chance)
        assert json.dumps(changed) != json.dumps(written)
        found += not checked(changed, kept).whole
    assert found == PLACES


def test_a_log_that_was_cut_is_found_by_what_was_kept_outside_and_by_nothing_else() -> None:
    written, kept = made()
    cut_tail(written, random.Random(1))

    assert checked(written, []).whole
    assert "oppbevart utenfor databasen" in checked(written, kept).findings[-1]


def test_a_line_that_is_dated_back_before_it_is_sealed_is_found() -> None:
    written, kept = made(seals=2)
    rows = [content["line"] for content in written[places(written, "seal")[1] + 1 : -1]]
    rows[0]["at"] = "2026-02-01T00:00:00.000000Z"
    parts = parts_of(rows)
    head = Head.read(asdict(kept[1].head) | {"root": root_over(parts)})
    written[places(written, "seal")[1]] = sealed_line(Sealed(head, head.signed(KEY)), parts)

    (finding,) = checked(written, kept[:1]).findings

    assert "datert tilbake" in finding


# In the database


def test_what_is_looked_at_is_sealed_and_the_export_is_whole(
    world: World, client_for: ClientFor, sealer: psycopg.Connection[Any], tmp_path: Path
) -> None:
    file = tmp_path / "anchor.jsonl"
    look(world, client_for)
    first = seal(sealer, KEY)
    look(world, client_for)
    second = seal(sealer, KEY)
    assert first is not None and second is not None and second.previous == first.hash()
    anchor(sealer, file)
    assert anchor(sealer, file) == 0, "each head stands once"
    (mine,) = [one.head for one in anchored(file) if one.head.number == second.number]

    looked = world.migrator.execute(
        "SELECT count(*) FROM audit.access_log WHERE xid < %s::text::xid8", (str(second.ends[1]),)
    ).fetchone()
    verdict = verify(export(sealer), PUBLIC, [Sealed(mine, heads(sealer, second.number - 1)[0].signature)])

    assert [finding for finding in verdict.findings if "denne nøkkelen" not in finding] == []
    assert looked == (verdict.lines,)


def test_one_municipality_checks_its_own_part_without_the_lines_of_others(
    world: World, client_for: ClientFor, sealer: psycopg.Connection[Any]
) -> None:
    look(world, client_for)
    patient = world.patient(at=world.bodo_ward, by=world.bodil)
    client_for(world.bodil).get(f"/patients/{patient}")
    assert seal(sealer, KEY)

    written = [json.loads(text) for text in export(sealer, world.bodo["id"])]

    lines = [content["line"] for content in written if "line" in content]
    assert lines and {line["municipality_id"] for line in lines} == {str(world.bodo["id"])}
    assert not [one for one in checked(written, []).findings if "denne nøkkelen" not in one]
    of_mine = next(content["seal"] for content in written if content.get("seal", {}).get("parts"))
    of_mine["parts"][0]["lines"] += 1
    assert [one for one in checked(written, []).findings if "stemmer ikke" in one]


def own(written: list[dict[str, Any]], of: int) -> list[dict[str, Any]]:
    """As one municipality is given it, of an export of all: its part, or the parts that it would have stood between."""
    mine, changed = str(UUID(int=of)), json.loads(json.dumps(written))
    changed[0] = {"log": {"municipality_id": mine}}
    for content in changed:
        if "seal" in content:
            parts = [Part(**part) for part in content["seal"].pop("parts")]
            content["seal"] |= parts_for(mine, parts)
    return [one for one in changed if "line" not in one or one["line"]["municipality_id"] == mine]


def test_what_was_left_out_of_one_municipalitys_own_export_is_found_at_every_seal() -> None:
    written, kept = made(seals=4)
    mine = own(written, 2)
    assert checked(mine, kept).findings == [] and checked(own(written, 3), kept).findings == []
    assert checked(own(written, 0), kept).findings == [], "before all the others"
    for place in places(mine, "seal"):
        emptied = json.loads(json.dumps(mine))
        others = own(written, 3)[places(own(written, 3), "seal")[places(mine, "seal").index(place)]]["seal"]
        of = emptied[place]["seal"]
        for told in ({"between": []}, {"between": others["between"]}, {}):
            emptied[place]["seal"] = {"head": of["head"], "signature": of["signature"], "parts": [], **told}
            left = [one for index, one in enumerate(emptied) if "line" not in one or not place < index <= place + 3]
            assert [one for one in checked(left, kept).findings if "stemmer ikke" in one]


def test_a_part_beside_ones_own_vouches_for_no_line() -> None:
    """The true part leads to the head; a made one after it, with lines that fit it, does not."""
    written, kept = made(seals=2)
    mine = own(written, 2)
    mine[2]["line"]["actor_name"] = "Noen andre"
    lines = [content["line"] for content in mine[2:5]]
    mine[1]["seal"]["parts"] += [asdict(part) for part in parts_of(lines)]

    assert [one for one in checked(mine, kept).findings if "stemmer ikke" in one]


def test_a_line_that_a_superuser_changes_or_takes_out_is_found(
    world: World, client_for: ClientFor, sealer: psycopg.Connection[Any]
) -> None:
    patient_id = look(world, client_for)
    assert seal(sealer, KEY)

    def findings() -> list[str]:
        return [one for one in verify(export(sealer), PUBLIC).findings if "denne nøkkelen" not in one]

    assert findings() == []
    world.migrator.execute("UPDATE audit.access_log SET actor_name = 'Noen andre' WHERE patient_id = %s", (patient_id,))
    assert "endret" in findings()[0]
    world.migrator.execute("DELETE FROM audit.access_log WHERE patient_id = %s", (patient_id,))
    assert "ble forseglet" in findings()[0] or "fjernet" in findings()[0]


def test_nothing_new_is_no_seal_and_an_open_transaction_is_sealed_when_it_is_over(
    world: World, client_for: ClientFor, sealer: psycopg.Connection[Any], server: EmbeddedPostgres
) -> None:
    look(world, client_for)
    with psycopg.connect(server.conninfo("journal_migrator", DATABASE)) as slow:
        slow.execute("INSERT INTO audit.access_log (action, outcome) VALUES ('chart:read', 'refused')")
        look(world, client_for)
        before = seal(sealer, KEY)
        assert seal(sealer, KEY) is None
    after = seal(sealer, KEY)

    assert after is not None and after.lines >= 2, "the slow one, and the look that came while it was open"
    assert before is None or before.ends == after.begins


def test_the_application_can_neither_seal_nor_change_a_seal(as_app: psycopg.Connection[Any]) -> None:
    for statement in (
        "DELETE FROM audit.log_seal",
        "UPDATE audit.log_seal SET lines = 0",
        "INSERT INTO audit.log_seal_part VALUES (1, gen_random_uuid(), 1, ''::bytea)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_app.execute(statement)


def test_the_sealer_changes_nothing_and_sees_no_chart(sealer: psycopg.Connection[Any]) -> None:
    for statement in (
        "UPDATE audit.access_log SET actor_name = 'x'",
        "DELETE FROM audit.log_seal",
        "SELECT * FROM medication.dose",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sealer.execute(statement)


# The command


@pytest.fixture
def installed(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    told = {
        "DATABASE_URL": server.dsn("journal_app", DATABASE),
        "SEALER_URL": server.dsn("journal_sealer", DATABASE),
        "SEAL_KEY": str(tmp_path / "seal.key"),
        "ANCHOR": str(tmp_path / "heads.jsonl"),
    }
    for name, value in told.items():
        monkeypatch.setenv(f"AKSON_{name}", value)
    return tmp_path


def test_the_command_seals_exports_and_says_in_a_sentence_whether_the_log_is_whole(
    world: World, client_for: ClientFor, installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.migrator.execute("TRUNCATE audit.log_seal, audit.log_seal_part")
    assert main(["log", "make-key", str(installed / "seal.key")]) == 0
    public = capsys.readouterr().out.strip()
    look(world, client_for)
    assert main(["log", "seal", "--once"]) == 0
    assert main(["log", "export", str(installed / "log.jsonl")]) == 0
    capsys.readouterr()
    check = ["log", "verify", str(installed / "log.jsonl"), "--key", public, "--anchor", str(installed / "heads.jsonl")]

    assert main(check) == 0
    told = capsys.readouterr().out
    assert "Loggen er hel fra" in told and "1 av 1 forseglinger er oppbevart" in told

    text = (installed / "log.jsonl").read_text()
    (installed / "log.jsonl").write_text(text.replace("Nina Nordli", "Noen Andre", 1))
    assert main(check) == 1
    assert "endret" in capsys.readouterr().out
    (installed / "seal.key").chmod(0o644)
    assert main(["log", "seal", "--once"]) == 2
    assert "Andre kan lese" in capsys.readouterr().err


def test_a_restored_database_is_sealed_again_when_two_persons_say_why(
    world: World, client_for: ClientFor, sealer: psycopg.Connection[Any], server: EmbeddedPostgres
) -> None:
    """As after a restore: the newest seal speaks of transactions that this database has not come to."""
    with psycopg.connect(server.conninfo("journal_migrator", DATABASE)) as migrator:
        look(world, client_for)
        far = Head(1, (1, 0), (1, 2**40), 0, merkle.EMPTY.hex(), FIRST, moment(datetime.now(UTC)), name_of(PUBLIC))
        migrator.execute("TRUNCATE audit.log_seal, audit.log_seal_part")
        _insert(migrator, Sealed(far, far.signed(KEY)))
        migrator.commit()
        with pytest.raises(RestoredLog, match="new-epoch"):
            seal(sealer, KEY)
        migrator.execute("INSERT INTO audit.log_epoch VALUES (2, 'Diskfeil', '{Kari,Ola}')")
        migrator.execute("ALTER TABLE audit.access_log ALTER COLUMN epoch SET DEFAULT 2")
        migrator.commit()
        try:
            look(world, client_for)
            head = seal(sealer, KEY)
        finally:
            migrator.execute("ALTER TABLE audit.access_log ALTER COLUMN epoch SET DEFAULT 1")
            migrator.execute("TRUNCATE audit.log_seal, audit.log_seal_part, audit.log_epoch")
            migrator.execute("UPDATE audit.access_log SET epoch = 1 WHERE epoch = 2")
            migrator.commit()
    assert head is not None and head.renewed == {"reason": "Diskfeil", "by": ["Kari", "Ola"]} and head.lines >= 1
    assert (head.number, head.begins, head.ends[0]) == (2, (1, 2**40), 2)


def _insert(connection: psycopg.Connection[Any], sealed: Sealed) -> None:
    head = sealed.head
    connection.execute(
        "INSERT INTO audit.log_seal VALUES (%s, %s, %s::text::xid8, %s, %s::text::xid8, %s, %s, %s, %s, %s, NULL, %s)",
        (
            *(head.number, head.begins[0], str(head.begins[1]), head.ends[0], str(head.ends[1]), head.lines),
            *(bytes.fromhex(head.root), bytes.fromhex(head.previous), head.sealed_at, head.key),
            bytes.fromhex(sealed.signature),
        ),
    )
