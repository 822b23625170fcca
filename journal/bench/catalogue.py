"""The catalogue at its real size: a file like FEST is made, imported in a process of its own, changed, and asked of.

The file is nobody's: so many brands, packages, substances, warnings and interactions as FEST has, with long invented texts,
and as much again that the journal passes over. Beside the import stands the least it could take: the XML parser alone.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID
from xml.parsers import expat

from journal.app import create_app
from journal.bench.machine import POSTGRES, bench_environment
from journal.medication import Asked, Medication, Progress, import_catalogue
from journal.permissions import Role
from journal.platform import database
from journal.platform.caller import Actor, Keys, Known
from journal.platform.postgres import running
from journal.platform.settings import Settings

MEMORY_GOAL_MB = 150
"""Of the whole process, whatever the size of the file."""

CHECK_GOAL_MS = 20.0
"""To find the interactions between twelve medicines."""

CHECK_GOAL = 2.5
"""The most that may take, in times of the limit: one statement by hand, on the same connection, asked in turn with it."""

_LIMIT = """
    WITH code AS MATERIALIZED (
        SELECT m.n, left(m.code, k) AS start FROM unnest(%s::text[]) WITH ORDINALITY m (code, n), unnest('{1,3,4,5,7}'::int[]) k),
    side AS (
        SELECT DISTINCT ON (s.fest_id, s.side, c.n) s.fest_id, s.side, c.n, s.name
        FROM code c JOIN medication.catalogue_interaction_substance s ON s.atc_code = c.start
        ORDER BY s.fest_id, s.side, c.n, s.position)
    SELECT json_agg(f)::text FROM (
        SELECT DISTINCT ON (i.fest_id, least(a.n, b.n), greatest(a.n, b.n)) i.relevance, i.situation, i.consequence, i.mechanism,
            i.handling, a.n AS one, a.name AS one_name, b.n AS other, b.name AS other_name
        FROM side a JOIN side b ON b.fest_id = a.fest_id AND b.side > a.side AND b.n <> a.n
        JOIN medication.catalogue_interaction i ON i.fest_id = a.fest_id AND i.active
        ORDER BY i.fest_id, least(a.n, b.n), greatest(a.n, b.n)) f"""

_M30 = "http://www.kith.no/xmlstds/eresept/m30/2014-12-01"
_FS = "http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01"
_TEXT = "Oppdiktet tekst om hvordan legemidlet virker og hva man skal følge med på. "
_NOBODY = UUID(int=1)
_NURSE = Actor(_NOBODY, "Måling", Role.NURSE, _NOBODY, _NOBODY, "Måling", _NOBODY, "", ())


@dataclass(frozen=True)
class Cost:
    """What one import took: seconds in all and in the transaction that made it current, entries, and the process's memory."""

    seconds: float
    switch_seconds: float
    entries: int
    changed: int
    withdrawn: int
    memory_mb: float


@dataclass(frozen=True)
class Measured:
    """The first import, one of the next version, the parser alone, and the medians of asking for twelve medicines."""

    megabytes: float
    first: Cost
    next: Cost
    parser_seconds: float
    check_ms: float
    check_limit_ms: float
    interactions_found: int

    @property
    def reached(self) -> bool:
        small = max(self.first.memory_mb, self.next.memory_mb) <= MEMORY_GOAL_MB
        return small and self.check_ms <= min(CHECK_GOAL_MS, CHECK_GOAL * self.check_limit_ms)


def run(megabytes: int, json_file: Path | None, say: Callable[[str], None]) -> int:
    """Measures and writes the table; 1 when a goal is not reached."""
    measured = measure(megabytes, say=say)
    print("\n".join(_lines(measured)))
    if json_file is not None:
        json_file.write_text(json.dumps(asdict(measured), indent=1) + "\n")
    return int(not measured.reached)


def measure(megabytes: int, *, say: Callable[[str], None]) -> Measured:
    """Of a file of so many megabytes."""
    with tempfile.TemporaryDirectory(prefix="akson-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        files = [Path(folder, name) for name in ("first.xml", "next.xml")]
        for version, file in enumerate(files):
            with file.open("wb") as out:
                write(out, megabytes, version)
        size = files[0].stat().st_size / 1e6
        say(f"En katalog på {size:.0f} MB er laget.")
        began = time.perf_counter()
        with files[0].open("rb") as stream:
            expat.ParserCreate().ParseFile(stream)
        parser = time.perf_counter() - began
        with running(Path(folder, "home"), settings=POSTGRES) as server:
            settings = Settings.from_environment(bench_environment(server, "bench_fest"))
            database.make_database(server.dsn(), "bench_fest")
            database.migrate(settings.migrator_url)
            database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), "demo")
            first, later = (_import(settings.migrator_url, file) for file in files)
            say("Den er hentet inn, og neste versjon også.")
            check = _check(settings)
    return Measured(size, first, later, parser, *check)


def write(out: BinaryIO, megabytes: int, version: int) -> None:
    """A file of about so many megabytes. In version 1 each fiftieth name is another, and each five-hundredth brand is gone."""
    brands = max(megabytes * 130, 1)
    out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<FEST xmlns="{_M30}" xmlns:fs="{_FS}">'.encode())
    out.write(f"<HentetDato>2026-11-{version + 1:02}T06:00:00</HentetDato>".encode())
    for name, entries in (
        ("LegemiddelMerkevare", (_brand(n, version) for n in range(brands) if not (version and n % 500 == 7))),
        ("Legemiddelpakning", (_package(n) for n in range(2 * brands))),
        ("Virkestoff", (each for n in range(brands // 4 + 1) for each in _substance(n))),
        ("Refusjon", (_passed_over(n) for n in range(brands))),
        ("VarselSlv", (_warning(n) for n in range(brands // 20))),
        ("Interaksjon", (_interaction(n) for n in range(brands // 4))),
    ):
        out.write(f"<Kat{name}>".encode())
        for entry in entries:
            out.write(entry.encode())
        out.write(f"</Kat{name}>".encode())
    out.write(b"</FEST>")


def _id(kind: int, n: int) -> str:
    return f"ID_{n:08}-0000-4000-8000-{kind:012}"


def _listing(name: str, kind: int, n: int, inside: str) -> str:
    head = f'<Id>{_id(kind + 50, n)}</Id><Tidspunkt>2026-10-01T06:00:00</Tidspunkt><Status V="A" DN="Aktiv oppføring"/>'
    return f"<Oppf{name}>{head}{inside}</Oppf{name}>"


def _atc(n: int) -> str:
    return f"{'ABCDGHJLMNPRSV'[n % 14]}{n % 16 + 1:02}{'ABCDEF'[n % 6]}{'ABCDEFGHX'[n // 6 % 9]}{n // 54 % 30 + 1:02}"


def _product(n: int, name: str) -> str:
    return (
        f'<fs:Atc V="{_atc(n // 4)}" S="2.16.578.1.12.4.1.1.7180" DN="Stoff {n // 4}"/>'
        f"<fs:NavnFormStyrke>{name}</fs:NavnFormStyrke>"
        '<fs:Reseptgruppe V="C" DN="Reseptgruppe C"/><fs:LegemiddelformKort V="53" S="2.16.578.1.12.4.1.1.7448" DN="Tablett"/>'
        '<fs:Preparattype V="7" DN="Legemiddel"/><fs:AdministreringLegemiddel><fs:Administrasjonsvei V="53" DN="Oral bruk"/>'
        '<fs:KanKnuses V="1" DN="Ja"/><fs:EnhetDosering V="13" DN="tablett"/></fs:AdministreringLegemiddel>'
    )


def _brand(n: int, version: int) -> str:
    name = f"Prøvemiddel {n}{' ny' if version and n % 50 == 0 else ''} tab {n % 40 + 1} mg"
    ref = f"<fs:RefVirkestoffMedStyrke>{_id(4, n // 4)}</fs:RefVirkestoffMedStyrke>"
    more = f"<fs:Preparatomtaleavsnitt><fs:Avsnitt>{_TEXT * 12}</fs:Avsnitt></fs:Preparatomtaleavsnitt>"
    return _listing(
        "LegemiddelMerkevare",
        1,
        n,
        f"<fs:LegemiddelMerkevare>{_product(n, name)}<fs:Id>{_id(1, n)}</fs:Id><fs:Varenavn>Prøvemiddel {n}</fs:Varenavn>"
        f"<fs:SortertVirkestoffMedStyrke><fs:Sortering>1</fs:Sortering>{ref}</fs:SortertVirkestoffMedStyrke>{more}"
        "</fs:LegemiddelMerkevare>",
    )


def _package(n: int) -> str:
    brand = f"<fs:RefLegemiddelMerkevare>{_id(1, n // 2)}</fs:RefLegemiddelMerkevare>"
    price = "<fs:PrisVare><fs:Type V='1'/><fs:Pris V='100.50' U='NOK'/><fs:Fra>2026-01-01</fs:Fra></fs:PrisVare>"
    return _listing(
        "Legemiddelpakning",
        2,
        n,
        f"<fs:Legemiddelpakning>{_product(n // 2, f'Prøvemiddel {n // 2} tab')}<fs:Id>{_id(2, n)}</fs:Id>"
        f"<fs:Varenr>{n:06}</fs:Varenr>"
        f'<fs:Ean>{7_000_000_000_000 + n}</fs:Ean><fs:Oppbevaring V="R" DN="Rom"/><fs:Pakningsinfo>{brand}'
        f'<fs:Pakningsstr>100</fs:Pakningsstr><fs:EnhetPakning V="stk"/></fs:Pakningsinfo>{price * 8}</fs:Legemiddelpakning>',
    )


def _substance(n: int) -> Iterator[str]:
    yield _listing(
        "Virkestoff", 3, n, f"<fs:Virkestoff><fs:Id>{_id(3, n)}</fs:Id><fs:Navn>Stoff {n}</fs:Navn></fs:Virkestoff>"
    )
    yield _listing(
        "Virkestoff",
        4,
        n,
        f'<fs:VirkestoffMedStyrke><fs:Id>{_id(4, n)}</fs:Id><fs:Styrke V="{n % 40 + 1}" U="mg"/>'
        f'<fs:RefVirkestoff>{_id(3, n)}</fs:RefVirkestoff><fs:Styrkeoperator V="L" DN="Lik"/></fs:VirkestoffMedStyrke>',
    )


def _passed_over(n: int) -> str:
    return _listing(
        "Refusjon", 5, n, f"<Refusjonsgruppe><Id>{_id(5, n)}</Id><Tekst>{_TEXT * 20}</Tekst></Refusjonsgruppe>"
    )


def _warning(n: int) -> str:
    about = f"<Referanseelement><Klasse V='1'/><RefElement>{_id(1, n * 20)}</RefElement></Referanseelement>"
    said = f'<Type V="1" DN="Sikkerhet"/><Overskrift>Om {n}</Overskrift><Varseltekst>{_TEXT * 10}</Varseltekst>'
    return _listing("VarselSlv", 6, n, f"<VarselSlv>{said}<FraDato>2026-01-01</FraDato>{about}</VarselSlv>")


def _interaction(n: int) -> str:
    sides = "".join(
        f"<Substansgruppe><Navn>Gruppe {n} {side}</Navn>"
        + "".join(
            f'<Substans><Substans>Stoff</Substans><Atc V="{_atc(each)}"/></Substans>' for each in range(at, at + 8)
        )
        + "</Substansgruppe>"
        for side, at in ((1, n), (2, n + 20))
    )
    said = f'<Relevans V="{n % 3 + 1}" DN="Relevans"/><KliniskKonsekvens>{_TEXT * 4}</KliniskKonsekvens><Kildegrunnlag V="4"/>'
    return _listing(
        "Interaksjon",
        7,
        n,
        f"<Interaksjon><Id>{_id(7, n)}</Id>{said}<Handtering>{_TEXT * 6}</Handtering>{sides}</Interaksjon>",
    )


def _import(migrator_url: str, file: Path) -> Cost:
    """In a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "journal.bench.catalogue", migrator_url, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Cost(**json.loads(done.stdout))


def _import_here(migrator_url: str, file: Path) -> Cost:
    switched: list[tuple[float, int]] = []

    def note(progress: Progress) -> None:
        if progress.stage == "switching":
            switched.append((time.perf_counter(), progress.entries))

    began = time.perf_counter()
    with file.open("rb") as stream:
        led_to = import_catalogue(migrator_url, stream, progress=note)
    ended = time.perf_counter()
    ((switching, entries),) = switched
    return Cost(ended - began, ended - switching, entries, led_to.changed, led_to.withdrawn, _peak_megabytes())


def _peak_megabytes() -> float:
    """Of this process since it began. getrusage would count the one that started it."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _check(settings: Settings) -> tuple[float, float, int]:
    """Milliseconds, the limit's, and how many both found: a check that finds nothing would say nothing of the time."""
    works = create_app(settings).works
    codes = [_atc(2 * n) for n in range(12)]
    medicines, taken, of_limit = [Asked(code) for code in codes], list[float](), list[float]()
    with works.open(Known(_NURSE)) as work, closing(works.sessions.kw["bind"].raw_connection()) as other:
        driver: Any = other.driver_connection
        for _ in range(60):
            began = time.perf_counter()
            found = Medication(work).interactions(medicines).found
            between = time.perf_counter()
            (told,) = driver.execute(_LIMIT, (codes,), prepare=True).fetchone()
            of_limit.append((time.perf_counter() - between) * 1000)
            taken.append((between - began) * 1000)
            assert len(json.loads(told)) == len(found)
    return statistics.median(taken[10:]), statistics.median(of_limit[10:]), len(found)


def _lines(measured: Measured) -> Iterator[str]:
    yield f"\nLegemiddelkatalog på {measured.megabytes:.0f} MB (XML-leseren alene: {measured.parser_seconds:.1f} s)"
    for name, cost in (("første gang", measured.first), ("neste versjon", measured.next)):
        yield (
            f"{name:15} {cost.seconds:6.1f} s, {cost.entries / cost.seconds:6.0f} oppføringer/s, tatt i bruk på"
            f" {cost.switch_seconds:.2f} s ({cost.changed} endret, {cost.withdrawn} utgått),"
            f" {cost.memory_mb:.0f} MB minne (mål: høyst {MEMORY_GOAL_MB})"
        )
    ratio = measured.check_ms / measured.check_limit_ms
    yield (
        f"interaksjonene mellom 12 legemidler: {measured.check_ms:.1f} ms (mål: høyst {CHECK_GOAL_MS:.0f}),"
        f" {measured.interactions_found} funnet; grensen {measured.check_limit_ms:.1f} ms,"
        f" forhold {ratio:.1f} (mål: høyst {CHECK_GOAL})"
    )


def _main(arguments: list[str]) -> Any:
    print(json.dumps(asdict(_import_here(arguments[0], Path(arguments[1])))))


if __name__ == "__main__":
    _main(sys.argv[1:])
