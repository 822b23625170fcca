"""A file of FEST becomes the catalogue in use whole or not at all, in one short moment, and nothing in it is ever lost."""

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journal.app import JournalApp
from journal.medication import Imported, Medication, Progress, import_catalogue
from journal.medication.fest import BrokenCatalogue
from journal.medication.fest.store import LOCK
from journal.platform.errors import Conflict, NotFound
from journal.platform.settings import Settings
from tests.conftest import Browser, World
from tests.medication.test_fest import BRAND_ID, brand, catalogue, listing, m30, package, strength

Connection = psycopg.Connection[Any]
WorkOf = Callable[..., Any]
ROOT = Path(__file__).parents[2]
OTHER_ID = "ID_00000009-AAAA-4AAA-8AAA-AAAAAAAAAAAA"


def other_brand(name: str = "Annetium tab 10 mg", **kwargs: Any) -> str:
    return brand(name=name, number=9, **kwargs).replace(BRAND_ID, OTHER_ID)


def small(*brands: str) -> io.BytesIO:
    """A catalogue of these brands, and the strength they have."""
    return m30(catalogue("LegemiddelMerkevare", *brands), catalogue("Virkestoff", strength(number=7)))


def of_day(day: str, file: io.BytesIO) -> io.BytesIO:
    """The same file, taken from FEST another day of November 2026."""
    return io.BytesIO(file.getvalue().replace(b"2026-11-01T06:00:00", f"2026-11-{day}T06:00:00".encode(), 1))


@pytest.fixture
def url(app: JournalApp, settings: Settings) -> str:
    return settings.migrator_url


@pytest.fixture
def load(url: str) -> Callable[..., Imported]:
    """Makes a file the catalogue, whatever was there."""
    return lambda file, **more: import_catalogue(url, file, **({"replace": True} | more))


@pytest.fixture
def loaded(load: Callable[..., Imported], migrator: Connection) -> Iterator[Imported]:
    """Two brands in use. Afterwards other tests find no catalogue of this one."""
    yield load(small(brand(), other_brand()))
    load(m30())


def state(migrator: Connection) -> dict[str, Any]:
    """Everything that stands in the catalogue, and the version in use."""
    tables = [
        name
        for (name,) in migrator.execute(
            """SELECT relname FROM pg_class WHERE relnamespace = 'medication'::regnamespace AND relkind = 'r'
               AND relname ~ '^catalogue_' AND relname <> 'catalogue_setting' ORDER BY 1"""
        )
    ]
    query = "SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM medication.{} t"
    return {name: migrator.execute(query.format(name)).fetchone() for name in tables}


def item(migrator: Connection, fest_id: str) -> Any:
    with migrator.cursor(row_factory=psycopg.rows.namedtuple_row) as cursor:
        return cursor.execute(
            "SELECT *, xmin::text FROM medication.catalogue_item WHERE fest_id = %s", (fest_id[3:],)
        ).fetchone()


def order(chosen: Any) -> dict[str, str]:
    """What the doctor writes to order it."""
    dose = {"amount": "1", "unit": "tablett", "pattern": "daily", "times": "8"}
    return {"item": str(chosen.id), "indication": "prøve", **dose}


def nothing_waits(migrator: Connection) -> bool:
    found = migrator.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'waiting\\_%'").fetchone()
    return found == (0,)


# A version after the other


def test_what_is_as_it_was_is_not_touched_and_what_is_changed_keeps_its_id(
    load: Callable[..., Imported], loaded: Imported, migrator: Connection
) -> None:
    before, other_before = item(migrator, BRAND_ID), item(migrator, OTHER_ID)

    led_to = load(small(brand(), other_brand("Annetium tab 20 mg")))

    after, other_after = item(migrator, BRAND_ID), item(migrator, OTHER_ID)
    assert (led_to.active, led_to.changed, led_to.withdrawn) == (2, 1, 0)
    assert after == before
    assert (other_after.id, other_after.name_form_strength) == (other_before.id, "Annetium tab 20 mg")
    words = migrator.execute("SELECT word FROM medication.catalogue_word WHERE item_id = %s", (other_after.id,))
    assert {"20", "annetium"} <= {word for (word,) in words} and ("10",) not in words.fetchall()


@pytest.mark.parametrize("gone", ["absent", "U", "U without content"])
def test_what_is_gone_is_withdrawn_and_comes_back_as_the_same(
    load: Callable[..., Imported], loaded: Imported, migrator: Connection, gone: str
) -> None:
    before = item(migrator, OTHER_ID)
    left = {
        "absent": [],
        "U": [other_brand(status="U")],
        "U without content": [listing("LegemiddelMerkevare", "", status="U", number=9)],
    }[gone]

    led_to = load(small(brand(), *left))

    withdrawn = item(migrator, OTHER_ID)
    assert (led_to.active, led_to.withdrawn) == (1, 1)
    assert (withdrawn.id, withdrawn.active, withdrawn.name_form_strength) == (before.id, False, "Annetium tab 10 mg")
    assert withdrawn.withdrawn_at is not None
    substances = "SELECT count(*) FROM medication.catalogue_reference WHERE fest_id = %s"
    assert (
        migrator.execute(substances, (OTHER_ID[3:],)).fetchone()
        == migrator.execute(substances, (BRAND_ID[3:],)).fetchone()
    )

    load(small(brand(), other_brand()))
    back = item(migrator, OTHER_ID)
    assert (back.id, back.active, back.withdrawn_at) == (before.id, True, None)


def test_of_two_active_entries_of_the_same_thing_the_last_change_is_right(
    load: Callable[..., Imported], loaded: Imported, migrator: Connection
) -> None:
    old = brand(name="Gammelt navn", at="2026-05-01T12:00:00", number=21)
    new = brand(name="Nytt navn", at="2026-07-01T12:00:00", number=22)

    for order in ((old, new), (new, old)):
        assert load(of_day("02", small(*order))).active == 1
        assert item(migrator, BRAND_ID).name_form_strength == "Nytt navn"
        words = "SELECT word FROM medication.catalogue_word WHERE item_id = %s"
        found = {word for (word,) in migrator.execute(words, (item(migrator, BRAND_ID).id,))}
        assert "nytt" in found and "gammelt" not in found


def test_the_same_file_again_only_says_that_it_was_checked(
    load: Callable[..., Imported], loaded: Imported, url: str, migrator: Connection
) -> None:
    version = "SELECT count(*), max(checked_at), max(imported_at) FROM medication.catalogue_import"
    before = migrator.execute(version).fetchone()
    contents = {name: said for name, said in state(migrator).items() if name != "catalogue_import"}

    again = import_catalogue(url, small(brand(), other_brand()))

    after = migrator.execute(version).fetchone()
    assert before is not None and after is not None
    assert again.again and (again.active, again.withdrawn) == (2, 0)
    assert (after[0], after[2]) == (before[0], before[2]) and after[1] > before[1]
    assert {name: said for name, said in state(migrator).items() if name != "catalogue_import"} == contents


def test_a_program_that_takes_more_from_a_file_reads_the_same_file_again(
    load: Callable[..., Imported], loaded: Imported, url: str, migrator: Connection
) -> None:
    migrator.execute("DELETE FROM medication.catalogue_ingredient")
    migrator.execute("UPDATE medication.catalogue_import SET reader = 1")

    read = import_catalogue(url, small(brand(), other_brand()))

    assert not read.again


def test_those_who_search_see_the_old_catalogue_until_the_new_one_is_whole(
    load: Callable[..., Imported], loaded: Imported, world: World, work_of: WorkOf
) -> None:
    def found() -> set[str]:
        with work_of(world.lars) as work:
            return {hit.name for hit in Medication(work).search_catalogue("tab").hits}

    seen: list[tuple[Progress, set[str]]] = []
    load(small(brand(name="Nytt tab 5 mg")), progress=lambda progress: seen.append((progress, found())))

    assert {frozenset(names) for _, names in seen} == {frozenset({"Prøvium tab 5 mg", "Annetium tab 10 mg"})}
    assert [progress.stage for progress, _ in seen][-1] == "switching"
    percents = [progress.percent for progress, _ in seen]
    assert percents == sorted(percents) and percents[-1] == 100
    assert found() == {"Nytt tab 5 mg"}


def test_an_order_of_what_is_withdrawn_is_shown_as_before_and_cannot_be_written_anew(
    load: Callable[..., Imported],
    loaded: Imported,
    migrator: Connection,
    world: World,
    work_of: WorkOf,
    client_for: Callable[..., Browser],
) -> None:
    patient_id, lars = world.patient(), client_for(world.lars)
    chosen, url = item(migrator, OTHER_ID), f"/patients/{patient_id}/medication"
    form = order(chosen)
    assert lars.act(f"{url}/prescribe", form).status_code == 303

    load(small(brand()))

    assert "oksykodon" in lars.get(url).text
    ordered = "SELECT catalogue_item_id FROM medication.medication_request WHERE patient_id = %s"
    assert migrator.execute(ordered, (patient_id,)).fetchone() == (chosen.id,)
    assert "finnes ikke i katalogen lenger" in lars.act(f"{url}/prescribe", form).text
    with work_of(world.lars) as work:
        assert Medication(work).catalogue_facts([chosen.id])[chosen.id].active is False
        with pytest.raises(NotFound):
            Medication(work).catalogue_item(chosen.id)


# What is refused


def broken(kind: str) -> bytes:
    whole = small(brand(), other_brand()).getvalue()
    bomb = b'<!DOCTYPE FEST [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return {
        "truncated": whole[: len(whole) // 2],
        "not well-formed": whole.replace(b"</fs:Varenavn>", b"</fs:Navn>", 1),
        "bomb": bomb + whole,
        "foreign": b"<html><body>Siden finnes ikke</body></html>",
        "empty": b"",
        "zip": b"PK\x03\x04" + whole,
        "without a date": whole.replace(b"HentetDato", b"AnnenDato"),
        "deep": whole.replace(b"<fs:Varenavn>", b"<a>" * 5000 + b"</a>" * 5000 + b"<fs:Varenavn>", 1),
        "one entry without end": whole.replace(b"<fs:Varenavn>", b"<fs:Varenavn>" + b"x" * (17 << 20), 1),
        "far too small": m30().getvalue(),
        "older": of_day("01", small(brand(), other_brand())).getvalue().replace(b"2026-11-01", b"2026-10-01", 1),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("truncated", "ikke hel"),
        ("not well-formed", "ikke hel"),
        ("bomb", "ikke hører hjemme"),
        ("foreign", "ikke en legemiddelkatalog"),
        ("empty", "ikke hel"),
        ("zip", "Pakk den ut"),
        ("without a date", "HentetDato"),
        ("deep", "ikke hel"),
        ("one entry without end", "ikke hel"),
        ("far too small", "neppe hele katalogen"),
        ("older", "Filen er fra 01.10.2026, og katalogen i bruk er fra 01.11.2026"),
    ],
)
def test_a_file_that_is_no_whole_and_newer_catalogue_is_refused_and_the_old_one_stays(
    loaded: Imported, url: str, migrator: Connection, kind: str, said: str
) -> None:
    before = state(migrator)

    with pytest.raises(BrokenCatalogue, match=rf"{said}.*Katalogen dere hadde fra før, gjelder fortsatt"):
        import_catalogue(url, io.BytesIO(broken(kind)))

    assert state(migrator) == before
    assert nothing_waits(migrator)


def test_half_of_the_interactions_gone_is_no_whole_catalogue(
    load: Callable[..., Imported], loaded: Imported, url: str, migrator: Connection
) -> None:
    out = io.BytesIO()
    write_large(out, 20)
    whole = out.getvalue()
    load(io.BytesIO(whole))
    start, end = whole.index(b"<KatInteraksjon>"), whole.index(b"</KatInteraksjon>")

    with pytest.raises(BrokenCatalogue, match=r"interaksjoner.*neppe hele katalogen"):
        import_catalogue(url, io.BytesIO(whole[:start] + whole[end + len(b"</KatInteraksjon>") :]))

    assert migrator.execute("SELECT count(*) FROM medication.catalogue_interaction WHERE active").fetchone() == (20,)


def test_of_two_imports_at_once_the_second_is_refused(
    load: Callable[..., Imported], loaded: Imported, url: str, migrator: Connection
) -> None:
    refused: list[str] = []

    def second(_progress: Progress) -> None:
        with pytest.raises(Conflict) as raised:
            import_catalogue(url, m30())
        refused.append(str(raised.value))

    load(small(brand(name="Nytt tab 5 mg")), progress=second)

    assert set(refused) == {"Noen andre henter inn legemiddelkatalogen nå. Vent til de er ferdige, og prøv igjen."}
    assert item(migrator, BRAND_ID).name_form_strength == "Nytt tab 5 mg"


# Killed

IMPORT = """
import sys
from journal.medication import import_catalogue
def stop(progress):
    if progress.percent >= int(sys.argv[3]):
        print(progress.percent, flush=True)
        sys.stdin.read()
with open(sys.argv[2], "rb") as file:
    import_catalogue(sys.argv[1], file, replace=True, progress=stop)
"""


@pytest.fixture
def killed(url: str, tmp_path: Path) -> Callable[[int, Callable[[], None]], None]:
    """An import in a process of its own, killed when it has come so far (percent; more than 100 is never) and `until` is over."""

    def run(percent: int, until: Callable[[], None] = lambda: None) -> None:
        file = tmp_path / "fest.xml"
        with file.open("wb") as out:
            write_large(out, 150)
        command = [sys.executable, "-c", IMPORT, url, str(file), str(percent)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            if percent <= 100:
                assert process.stdout.readline().strip()
            until()
            process.kill()

    return run


def its_connection_has_ended(migrator: Connection) -> None:
    migrator.execute("SELECT pg_advisory_lock(%s), pg_advisory_unlock(%s)", (LOCK, LOCK))


@pytest.mark.parametrize("percent", [30, 80, 100])
def test_an_import_that_is_killed_leaves_the_old_catalogue_and_nothing_behind(
    load: Callable[..., Imported],
    loaded: Imported,
    killed: Callable[..., None],
    migrator: Connection,
    percent: int,
) -> None:
    before = state(migrator)

    killed(percent)
    its_connection_has_ended(migrator)

    assert state(migrator) == before
    assert nothing_waits(migrator)
    assert load(small(brand())).active == 1


def test_while_it_is_made_current_nobody_waits_and_killed_there_it_leaves_the_old_catalogue(
    loaded: Imported,
    killed: Callable[..., None],
    migrator: Connection,
    world: World,
    client_for: Callable[..., Browser],
) -> None:
    before, lars, patient_id = state(migrator), client_for(world.lars), world.patient()
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'medication.catalogue_import'::regclass"
    answers: list[int] = []

    def until_the_last_statement() -> None:
        """All is written and nothing committed: the other brand is withdrawn in there, and ordered out here."""
        while migrator.execute(waits).fetchone() == (0,):
            pass
        answers.append(
            lars.act(f"/patients/{patient_id}/medication/prescribe", order(item(migrator, OTHER_ID))).status_code
        )

    with migrator.transaction():
        migrator.execute("LOCK TABLE medication.catalogue_import IN SHARE MODE")
        killed(101, until_the_last_statement)
    its_connection_has_ended(migrator)

    assert answers == [303]
    assert state(migrator) == before


# Large

MEASURE = """
import sys
from journal.medication import import_catalogue
with open(sys.argv[2], "rb") as file:
    done = import_catalogue(sys.argv[1], file, replace=True)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(done.active, peak.split()[1])
"""


def test_memory_does_not_grow_with_the_file(loaded: Imported, url: str, tmp_path: Path) -> None:
    """Four times the packages, warnings and interactions in four times the bytes: at most a few megabytes more."""
    peaks = []
    for times in (1, 4):
        file = tmp_path / f"fest{times}.xml"
        with file.open("wb") as out:
            write_large(out, 700 * times)
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, url, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        active, kilobytes = map(int, done.stdout.split())
        assert active == 700 * times + 1
        peaks.append((file.stat().st_size, kilobytes))
    (size, peak), (larger, higher) = peaks
    assert larger > 3.5 * size > 5_000_000
    assert higher - peak < 8_000


def write_large(out: Any, number: int) -> None:
    """So many packages of one brand, and as many warnings and interactions, each with a long text."""
    text = "Lang tekst om behandlingen. " * 120
    head, tail = m30("<!-- -->").getvalue().split(b"<!-- -->")
    out.write(head + catalogue("LegemiddelMerkevare", brand()).encode() + b"<KatLegemiddelpakning>")
    for n in range(number):
        own = f"ID_{n:08}-CCCC-4CCC-8CCC-CCCCCCCCCCCC"
        written = package(number=n + 10).replace("ID_00000003-AAAA-4AAA-8AAA-AAAAAAAAAAAA", own)
        out.write(written.encode())
    out.write(b"</KatLegemiddelpakning><KatVarselSlv>")
    for n in range(number):
        inside = (
            f'<Type V="1"/><Overskrift>Om</Overskrift><Varseltekst>{text}</Varseltekst><FraDato>2026-01-01</FraDato>'
        )
        out.write(listing("VarselSlv", f"<VarselSlv>{inside}</VarselSlv>", number=n + 200_000).encode())
    out.write(b"</KatVarselSlv><KatInteraksjon>")
    for n in range(number):
        inside = f'<Id>ID_{n:08}-DDDD-4DDD-8DDD-DDDDDDDDDDDD</Id><Relevans V="2"/><KliniskKonsekvens>{text}</KliniskKonsekvens>'
        out.write(listing("Interaksjon", f"<Interaksjon>{inside}</Interaksjon>", number=n + 400_000).encode())
    out.write(b"</KatInteraksjon>" + tail)
