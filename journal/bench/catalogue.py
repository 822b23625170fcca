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
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID
from xml.parsers import expat

import sqlalchemy as sa

from journal.app import create_app
from journal.bench.machine import POSTGRES, bench_environment, ended_seconds, used_seconds
from journal.bench.words import mark, number
from journal.medication import Asked, Medication, Progress, import_catalogue
from journal.permissions import Role
from journal.platform import database
from journal.platform.caller import Actor, Keys, Known
from journal.platform.postgres import EmbeddedPostgres, running
from journal.platform.settings import Settings

MEMORY_GOAL_MB = 150
"""Of the whole process, whatever the size of the file."""

IMPORT_GOAL = 40.0
"""The most an import may take of the processor, in times of the limit: the XML parser alone, which reads once and keeps nothing."""

CHECK_GOAL_MS = 20.0
"""To find the interactions between twelve medicines: of the processor, so that others on the machine do not count."""

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

_ASKED = 300
"""Times; the first ten of them warm up."""

_M30 = "http://www.kith.no/xmlstds/eresept/m30/2014-12-01"
_FS = "http://www.kith.no/xmlstds/eresept/forskrivning/2014-12-01"
_TEXT = "Oppdiktet tekst om hvordan legemidlet virker og hva man skal følge med på. "
_NOBODY = UUID(int=1)
_NURSE = Actor(_NOBODY, "Måling", Role.NURSE, _NOBODY, _NOBODY, "Måling", _NOBODY, "", ())


@dataclass(frozen=True)
class Cost:
    """What one import took: seconds in all, in the transaction that made it current, and of the processor (its own process and
    those that served it in PostgreSQL); entries, and the process's memory."""

    seconds: float
    switch_seconds: float
    cpu_seconds: float
    entries: int
    changed: int
    withdrawn: int
    memory_mb: float


@dataclass(frozen=True)
class Check:
    """Median milliseconds of asking for twelve medicines, of the limit's question, what both take of the processor, and how many
    interactions were found: a check that finds nothing would say nothing of the time."""

    ms: float
    limit_ms: float
    cpu_ms: float
    limit_cpu_ms: float
    found: int

    @property
    def ratio(self) -> float:
        return self.ms / self.limit_ms

    @property
    def cpu_ratio(self) -> float:
        return self.cpu_ms / self.limit_cpu_ms


@dataclass(frozen=True)
class Measured:
    """The first import, one of the next version, the parser alone (the limit of both), and asking for twelve medicines."""

    megabytes: float
    first: Cost
    next: Cost
    parser_seconds: float
    parser_cpu_seconds: float
    check: Check

    @property
    def imports(self) -> tuple[tuple[str, str, Cost], ...]:
        return ("first", "første innhenting", self.first), ("next", "neste versjon", self.next)

    def cpu_ratio(self, cost: Cost) -> float:
        """Of the processor, in times of the parser alone."""
        return cost.cpu_seconds / self.parser_cpu_seconds

    def import_reached(self, cost: Cost) -> bool:
        return cost.memory_mb <= MEMORY_GOAL_MB and self.cpu_ratio(cost) <= IMPORT_GOAL

    @property
    def check_reached(self) -> bool:
        return self.check.cpu_ms <= CHECK_GOAL_MS and self.check.ratio <= CHECK_GOAL

    @property
    def reached(self) -> bool:
        return self.check_reached and all(self.import_reached(cost) for *_, cost in self.imports)

    def as_json(self) -> dict[str, Any]:
        """For a file that the next measurement is compared with."""
        more: dict[str, Any] = {
            name: {
                **asdict(cost),
                "ratio": cost.seconds / self.parser_seconds,
                "cpu_ratio": self.cpu_ratio(cost),
                "entries_per_second": cost.entries / cost.seconds,
                "reached": self.import_reached(cost),
            }
            for name, _, cost in self.imports
        }
        check = {**asdict(self.check), "ratio": self.check.ratio, "cpu_ratio": self.check.cpu_ratio}
        return asdict(self) | more | {"check": check | {"reached": self.check_reached}}


def run(megabytes: int, json_file: Path | None, say: Callable[[str], None]) -> int:
    """Measures and writes the table; 1 when a goal is not reached."""
    measured = measure(megabytes, say=say)
    print("\n".join(_lines(measured)))
    if json_file is not None:
        json_file.write_text(json.dumps(measured.as_json(), indent=1) + "\n")
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
        began, used = time.perf_counter(), time.process_time()
        with files[0].open("rb") as stream:
            expat.ParserCreate().ParseFile(stream)
        parser = time.perf_counter() - began, time.process_time() - used
        with running(Path(folder, "home"), settings=POSTGRES) as server:
            settings = Settings.from_environment(bench_environment(server, "bench_fest"))
            database.make_database(server.dsn(), "bench_fest")
            database.migrate(settings.migrator_url)
            database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), "demo")
            first, later = (_import(server, settings.migrator_url, file) for file in files)
            say("Den er hentet inn, og neste versjon også.")
            return Measured(size, first, later, *parser, _check(settings))


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


def _import(server: EmbeddedPostgres, migrator_url: str, file: Path) -> Cost:
    """In a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "journal.bench.catalogue", migrator_url, str(file)]
    before = ended_seconds(server)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cost = Cost(**json.loads(done.stdout))
    return replace(cost, cpu_seconds=cost.cpu_seconds + ended_seconds(server) - before)


def _import_here(migrator_url: str, file: Path) -> Cost:
    switched: list[tuple[float, int]] = []

    def note(progress: Progress) -> None:
        if progress.stage == "switching":
            switched.append((time.perf_counter(), progress.entries))

    began, used = time.perf_counter(), time.process_time()
    with file.open("rb") as stream:
        led_to = import_catalogue(migrator_url, stream, progress=note)
    ended = time.perf_counter()
    ((switching, entries),) = switched
    took = ended - began, ended - switching, time.process_time() - used
    return Cost(*took, entries, led_to.changed, led_to.withdrawn, _peak_megabytes())


def _peak_megabytes() -> float:
    """Of this process since it began. getrusage would count the one that started it."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _check(settings: Settings) -> Check:
    """Asked in turn with the limit, each on a connection of its own."""
    works = create_app(settings).works
    codes = [_atc(2 * n) for n in range(12)]
    medicines, taken, of_limit = [Asked(code) for code in codes], list[float](), list[float]()
    own, limit = list[float](), list[float]()
    with works.open(Known(_NURSE)) as work, closing(works.sessions.kw["bind"].raw_connection()) as other:
        driver: Any = other.driver_connection
        pids = [work.db.scalar(sa.select(sa.func.pg_backend_pid())), driver.info.backend_pid]
        began_with = [used_seconds(pid) for pid in pids]
        for _ in range(_ASKED):
            began, used = time.perf_counter(), time.thread_time()
            found = Medication(work).interactions(medicines).found
            between, used_between = time.perf_counter(), time.thread_time()
            (told,) = driver.execute(_LIMIT, (codes,), prepare=True).fetchone()
            of_limit.append((time.perf_counter() - between) * 1000)
            taken.append((between - began) * 1000)
            own.append(used_between - used)
            limit.append(time.thread_time() - used_between)
            assert len(json.loads(told)) == len(found)
        there = [used_seconds(pid) - before for pid, before in zip(pids, began_with, strict=True)]
    cpu, limit_cpu = ((sum(here) + served) * 1000 / _ASKED for here, served in zip((own, limit), there, strict=True))
    return Check(statistics.median(taken[10:]), statistics.median(of_limit[10:]), cpu, limit_cpu, len(found))


def _lines(measured: Measured) -> Iterator[str]:
    yield f"\nLegemiddelkatalog på {measured.megabytes:.0f} MB (grensen for innhenting er XML-leseren alene)"
    yield _HEAD
    for _, name, cost in measured.imports:
        yield _line(
            f"{name} (s)",
            (cost.seconds, measured.parser_seconds),
            (cost.cpu_seconds, measured.parser_cpu_seconds),
            f"{number(IMPORT_GOAL)} {mark(measured.import_reached(cost))}",
        )
    check = measured.check
    yield _line(
        "interaksjoner, 12 legemidler (ms)",
        (check.ms, check.limit_ms),
        (check.cpu_ms, check.limit_cpu_ms),
        f"{number(CHECK_GOAL)} {mark(measured.check_reached)}",
    )
    for _, name, cost in measured.imports:
        yield (
            f"{name}: {cost.entries / cost.seconds:.0f} oppføringer i sekundet, tatt i bruk på {number(cost.switch_seconds, 2)} s"
            f" ({cost.changed} endret, {cost.withdrawn} utgått), {cost.memory_mb:.0f} MB minne (mål: høyst {MEMORY_GOAL_MB})"
        )
    yield f"interaksjoner: {check.found} funnet, {number(check.cpu_ms)} ms av prosessoren (mål: høyst {CHECK_GOAL_MS:.0f})"


_HEAD = f"{'':34} {'journalen':>10} {'grensen':>9} {'forhold':>8} {'prosessor':>15} {'forhold':>8} {'mål':>7}"


def _line(name: str, took: tuple[float, float], cpu: tuple[float, float], goal: str) -> str:
    used = f"{number(cpu[0])} / {number(cpu[1])}"
    ratio, cpu_ratio = (number(own / limit) for own, limit in (took, cpu))
    return f"{name:34} {number(took[0]):>10} {number(took[1]):>9} {ratio:>7}x {used:>15} {cpu_ratio:>7}x {goal:>7}"


def _main(arguments: list[str]) -> Any:
    print(json.dumps(asdict(_import_here(arguments[0], Path(arguments[1])))))


if __name__ == "__main__":
    _main(sys.argv[1:])
