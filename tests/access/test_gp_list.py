"""The list of general practitioners: the ground follows from the file, and goes when the line does."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from journal import cli
from journal.access.gp_list import GpList, import_gp_list
from journal.permissions import Permission
from journal.platform.errors import NoGround
from tests import factories
from tests.architecture.charts import national_id
from tests.conftest import World
from tests.factories import Staff

WorkOf = Callable[..., Any]
HEADER = "patient;hpr;from;until"


@pytest.fixture
def lege(world: World) -> Staff:
    """A doctor who has no other ground, with a number nobody else has."""
    centre = factories.unit(world.builder, world.oslo, "Legesenteret", "doctors")
    hpr = str(10_000_000 + int(world.oslo["number"]))
    made = factories.staff(world.builder, world.oslo, centre, "Gro Fastlege", "doctor", hpr=hpr[-8:])
    world.store()
    return made


def hpr_of(world: World) -> str:
    return str(10_000_000 + int(world.oslo["number"]))[-8:]


def patients(world: World, n: int) -> list[tuple[UUID, str]]:
    numbers = [national_id() for _ in range(n)]
    return [(world.patient(national_id=number), number) for number in numbers]


def take(world: World, settings: Any, *lines: str, dry_run: bool = False, replace: bool = False) -> GpList:
    how = {"dry_run": dry_run, "replace": replace}
    return import_gp_list(settings.migrator_url, world.oslo["number"], [HEADER, *lines], **how)


def reads(work_of: WorkOf, who: Staff, patient_id: UUID) -> bool:
    try:
        with work_of(who) as work:
            return str(work.open(Permission.CHART_READ, [patient_id])[patient_id].code) == "general_practitioner"
    except NoGround:
        return False


def test_the_doctor_on_the_list_may_read_and_one_who_is_taken_off_it_may_not_after_the_grace(
    world: World, settings: Any, work_of: WorkOf, lege: Staff
) -> None:
    hpr, (kari, ola, per) = hpr_of(world), patients(world, 3)
    lines = [f"{number};{hpr};2025-01-01;" for _, number in (kari, ola, per)]
    unknown = [f"{national_id()};{hpr};2025-01-01;", f"{kari[1]};9999;2025-01-01;"]

    assert take(world, settings, *lines, *unknown, dry_run=True) == GpList(3, 0, 0, 1, 1)
    assert not reads(work_of, lege, kari[0]), "a dry run changes nothing"
    assert take(world, settings, *lines, *unknown) == GpList(3, 0, 0, 1, 1)
    assert reads(work_of, lege, kari[0]) and reads(work_of, lege, per[0])
    assert take(world, settings, *lines) == GpList(0, 3, 0, 0, 0), "twice changes nothing"

    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert take(world, settings, lines[0] + tomorrow, lines[1]) == GpList(0, 2, 1, 0, 0)
    found = dict(
        world.migrator.execute(
            "SELECT patient_id, valid_until > now() FROM access.care_relationship WHERE practitioner_id = %s",
            (lege.actor.person_id,),
        ).fetchall()
    )
    assert found == {kari[0]: True, ola[0]: None, per[0]: False}
    assert reads(work_of, lege, per[0]), "the hours of grace"
    world.migrator.execute(
        "UPDATE access.care_relationship SET grace_until = valid_until WHERE patient_id = %s", (per[0],)
    )
    assert not reads(work_of, lege, per[0])


def test_a_list_that_was_cut_off_ends_nobodys_ground(world: World, settings: Any, lege: Staff, work_of: WorkOf) -> None:
    hpr, (kari, ola) = hpr_of(world), patients(world, 2)
    take(world, settings, *(f"{number};{hpr};2025-01-01;" for _, number in (kari, ola)))
    with pytest.raises(ValueError, match="2 av 2"):
        take(world, settings)
    assert reads(work_of, lege, kari[0])
    assert take(world, settings, replace=True).ended == 2


@pytest.mark.parametrize(
    "line",
    ["1;2", "x1234567890;1234;2025-01-01;", "14848012345;1234;01.01.2025;", "14848012345;1234;2025-02-01;2025-01-01"],
)
def test_a_line_that_cannot_be_read_stops_it_and_its_number_is_never_said(line: str) -> None:
    with pytest.raises(ValueError, match="Linje 3") as refusal:
        import_gp_list(
            "postgresql+psycopg://", "0301", [HEADER, "14848012345;1234;2025-01-01;", line], dry_run=True, replace=False
        )
    assert "14848012345" not in str(refusal.value)


def test_the_command_wants_its_own_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, capsys: Any
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("\ufeffpatient,hpr\n", encoding="utf-8")
    monkeypatch.setattr(cli, "_installation", lambda _home: contextlib.nullcontext(settings))
    assert cli.main(["import", "gp-list", str(file), "--municipality", "0301"]) == 2
    assert HEADER in capsys.readouterr().err
    file.write_text(f"\ufeff{HEADER}\n", encoding="utf-8")
    assert cli.main(["import", "gp-list", str(file), "--municipality", "0000", "--dry-run"]) == 2
    assert "0000 er ikke i bruk" in capsys.readouterr().err


def test_each_reading_of_the_list_is_told_also_when_nothing_was_changed_and_an_old_one_is_marked(
    world: World, settings: Any, client_for: Any, lege: Staff
) -> None:
    tora, bodo = client_for(world.tora), client_for(world.administrator("Berit Bodø", world.bodo))
    assert "Listen er aldri hentet inn." in tora.get("/access/sources").text
    ((_, number),) = patients(world, 1)
    line, unknown = f"{number};{hpr_of(world)};2025-01-01;", f"{national_id()};{hpr_of(world)};2025-01-01;"
    take(world, settings, line, unknown, dry_run=True)
    assert "Listen er aldri hentet inn." in tora.get("/access/sources").text, "what was only tried was not read"
    take(world, settings, line, unknown)
    assert (
        "Linjer: 2. Nye tilganger: 1. Avsluttet: 0. Linjer om noen journalen ikke kjenner: 1."
        in tora.get("/access/sources").text
    )
    take(world, settings, line)
    page = tora.get("/access/sources").text
    assert "Linjer: 1. Nye tilganger: 0." in page and "Listen er for gammel" not in page
    assert "Listen er aldri hentet inn." in bodo.get("/access/sources").text
    world.migrator.execute("UPDATE access.source_read SET read_at = read_at - interval '36 days'")
    assert "Listen er for gammel" in tora.get("/access/sources").text
