"""Measures, in rounds that go back and forth between the two, so that what else the machine does falls on both."""

import io
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from journal.bench import catalogue
from journal.bench.jobs import BLOCKS_GOAL, JOBS, JOURNAL, LIMIT, Draws, Job
from journal.bench.machine import POSTGRES, Contestant, bench_environment, contestants, counts, reset_counts
from journal.bench.world import make_world
from journal.medication import import_catalogue
from journal.platform import database
from journal.platform.caller import Keys
from journal.platform.postgres import EmbeddedPostgres, running
from journal.platform.settings import Settings

CATALOGUE_MB = 5


@dataclass(frozen=True)
class Effort:
    """How much is asked: *seconds* for one job of one contestant in each round, and how many requests to warm up and to count."""

    rounds: int = 5
    seconds: float = 1.5
    warm_up: int = 60
    counted: int = 40
    seed: int = 1


@dataclass(frozen=True)
class Cost:
    """What one job costs one contestant: milliseconds (median over the rounds of each round's median), and exact counts."""

    p50_ms: float
    best_ms: float
    cpu_ms: float
    statements: float
    blocks: float


@dataclass(frozen=True)
class Result:
    """One job in one database."""

    job: str
    text: str
    patients: int
    journal: Cost
    limit: Cost
    goal: float

    @property
    def ratio(self) -> float:
        return self.journal.p50_ms / self.limit.p50_ms

    @property
    def cpu_ratio(self) -> float:
        return self.journal.cpu_ms / self.limit.cpu_ms

    @property
    def reached(self) -> bool:
        return self.ratio <= self.goal


@dataclass(frozen=True)
class Growth:
    """How many times as many blocks a job of the journal touches in the largest database as in the smallest."""

    job: str
    text: str
    blocks: float

    @property
    def reached(self) -> bool:
        return self.blocks <= BLOCKS_GOAL


@dataclass(frozen=True)
class Measured:
    results: tuple[Result, ...]
    growth: tuple[Growth, ...]

    def as_json(self) -> dict[str, Any]:
        """For a file that the next measurement is compared with."""
        more = [{**asdict(r), "ratio": r.ratio, "cpu_ratio": r.cpu_ratio, "reached": r.reached} for r in self.results]
        return {"results": more, "growth": [{**asdict(g), "reached": g.reached} for g in self.growth]}


def measure(sizes: Sequence[int], effort: Effort, *, say: Callable[[str], None]) -> Measured:
    """Makes a database of each size and measures every job in it. Call it from the main thread."""
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="akson-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder, "home"), settings=POSTGRES) as server:
            for size in sizes:
                results.extend(_measure_one(server, size, effort, say))
    return Measured(tuple(results), tuple(_growth(results)))


def _measure_one(server: EmbeddedPostgres, size: int, effort: Effort, say: Callable[[str], None]) -> list[Result]:
    name, began, seed = f"bench_{size}", time.monotonic(), effort.seed
    settings = Settings.from_environment(environment := bench_environment(server, name))
    database.make_database(server.dsn(), name)
    database.migrate(settings.migrator_url)
    database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), "demo")
    _load_catalogue(settings)
    draws = Draws(make_world(server.conninfo(dbname=name), settings.secret_key, size), seed)
    say(f"{size} pasienter er laget på {time.monotonic() - began:.0f} sekunder.")
    with (
        psycopg.connect(server.conninfo(dbname=name), autocommit=True) as connection,
        contestants(server, environment, name) as both,
    ):
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        for contestant in both:
            for job in JOBS:
                _repeat(contestant, job, draws, random.Random(f"warm {seed}"), times=effort.warm_up)
        taken = _rounds(both, draws, effort, say)
        counted = {(c.who, j.name): _count(connection, c, j, draws, effort) for c in both for j in JOBS}
    costs = {key: _cost(taken[key], counted[key]) for key in taken}
    return [Result(j.name, j.text, size, costs[JOURNAL, j.name], costs[LIMIT, j.name], j.goal) for j in JOBS]


def _load_catalogue(settings: Settings) -> None:
    """Of a size at which what is asked of it is found by its indexes."""
    file = io.BytesIO()
    catalogue.write(file, CATALOGUE_MB, 0)
    file.seek(0)
    import_catalogue(settings.migrator_url, file)


Taken = dict[tuple[str, str], list[tuple[list[float], float]]]


def _rounds(both: Sequence[Contestant], draws: Draws, effort: Effort, say: Callable[[str], None]) -> Taken:
    """By contestant and job, for each round: the times of all requests, and the processor time of them together."""
    taken: Taken = {(contestant.who, job.name): [] for contestant in both for job in JOBS}
    for number in range(effort.rounds):
        for job in JOBS:
            # The one that goes second finds pages that the first has fetched: so they take turns, and draw others.
            for contestant in both if number % 2 == 0 else both[::-1]:
                chance = random.Random(f"{effort.seed} {number} {job.name} {contestant.who}")
                before = contestant.processor_seconds()
                times = _repeat(contestant, job, draws, chance, seconds=effort.seconds, times=job.most)
                taken[contestant.who, job.name].append((times, contestant.processor_seconds() - before))
        say(f"Runde {number + 1} av {effort.rounds}")
    return taken


def _repeat(
    contestant: Contestant,
    job: Job,
    draws: Draws,
    chance: random.Random,
    *,
    seconds: float = 60.0,
    times: int = 1_000_000,
) -> list[float]:
    end, taken = time.monotonic() + seconds, list[float]()
    while time.monotonic() < end and len(taken) < times:
        taken.append(contestant.answer(job.draw(contestant.who, chance, draws)))
    return taken


def _count(
    connection: psycopg.Connection[Any], contestant: Contestant, job: Job, draws: Draws, effort: Effort
) -> tuple[float, float]:
    reset_counts(connection)
    _repeat(contestant, job, draws, random.Random(f"count {effort.seed} {job.name}"), times=effort.counted)
    statements, blocks = counts(connection, contestant.who)
    return statements / effort.counted, blocks / effort.counted


def _cost(rounds: list[tuple[list[float], float]], counted: tuple[float, float]) -> Cost:
    medians = [statistics.median(times) * 1000 for times, _ in rounds]
    cpu = sum(used for _, used in rounds) / sum(len(times) for times, _ in rounds) * 1000
    return Cost(statistics.median(medians), min(medians), cpu, *counted)


def _growth(results: Sequence[Result]) -> list[Growth]:
    sizes = sorted({result.patients for result in results})
    if len(sizes) < 2:
        return []
    of = {(result.job, result.patients): result.journal.blocks for result in results}
    return [Growth(job.name, job.text, of[job.name, sizes[-1]] / of[job.name, sizes[0]]) for job in JOBS]
