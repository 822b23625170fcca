"""Kills the journal while doses are being signed over HTTP, and compares what was answered with what is stored.

What a nurse was told is signed must be stored once, with one line in the access log, one command and one fact in the
outbox, whatever died meanwhile. Run it for long: python -m tests.crash.harness --seconds 150 --seed 7

SIGKILL does not test a power cut: what the kernel has been handed survives it. For that, see the check of fsync at start.
"""

import argparse
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from journal.cli import DATABASE, _embedded_environment
from journal.platform import database
from journal.platform.postgres import EmbeddedPostgres, running
from journal.platform.settings import Settings
from journal.platform.work import Keys
from tests.crash.clients import Answers, Client
from tests.crash.processes import WebServer, kill_backend, kill_postgres
from tests.crash.ward import OpenDose, Ward, make_ward

CLIENTS = 6
KILLS_EVERY_SECONDS = (0.3, 0.9)
LONGEST_RECOVERY_SECONDS = 30.0
MOST_DOSES_PER_SECOND = 400
SETTLING_SECONDS = 30.0


@dataclass(frozen=True)
class Plan:
    """What is to be done, and what is to be wrong in a control.

    On a machine with much else to do it goes on after `seconds` until there is enough, three times as long at most.
    """

    seconds: float = 45.0
    seed: int = 1
    least_kills: int = 0
    least_acknowledged: int = 0
    victims: Mapping[str, int] = field(
        default_factory=lambda: {"worker": 35, "application": 15, "backend": 30, "postgres": 20}
    )
    application: str | None = None
    one_id: bool = True
    unique_index: bool = True
    postgres: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """What came of it. The counts after `acknowledged` must be 0."""

    kills: Counter[str]
    acknowledged: int
    answered_anew: int
    tries: int
    recovery_p50: float
    recovery_p95: float
    refused: Counter[str]
    lost: int
    doubled: int
    not_logged_once: int
    without_command: int
    without_fact: int

    def __str__(self) -> str:
        kills = ", ".join(f"{count} {victim}" for victim, count in sorted(self.kills.items()))
        return (
            f"kills {self.kills.total()} ({kills}); acknowledged {self.acknowledged} in {self.tries} tries,"
            f" {self.answered_anew} of them answered anew; recovery p50 {self.recovery_p50:.1f} s,"
            f" p95 {self.recovery_p95:.1f} s; refused {dict(self.refused)}\n"
            f"lost {self.lost}, doubled {self.doubled}, not logged exactly once {self.not_logged_once},"
            f" without command {self.without_command}, without fact {self.without_fact}"
        )


def run(plan: Plan) -> Report:
    """Does it all in a folder of its own. Call it from the main thread: the database dies with the thread that started it."""
    with _installation(plan) as (server, environment, settings, home):
        doses = max(2000, int(plan.seconds * MOST_DOSES_PER_SECOND))
        with psycopg.connect(server.conninfo("journal_migrator", DATABASE), autocommit=True) as connection:
            ward = make_ward(connection, settings, doses=doses, nurses=CLIENTS)
            if not plan.unique_index:
                connection.execute("DROP INDEX medication.one_live_signature_per_dose")
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")  # else the first recovery goes through the making of the ward too
        web = WebServer(environment, _free_port(), home / "web.log", plan.application)
        web.start()
        try:
            kills, answers = _wreak_havoc(plan, server, web, ward)
        finally:
            web.stop()
        with psycopg.connect(server.conninfo("journal_migrator", DATABASE)) as connection:
            return _compare(connection, kills, answers)


@contextmanager
def _installation(plan: Plan) -> Iterator[tuple[EmbeddedPostgres, dict[str, str], Settings, Path]]:
    """A durable database of its own, made as `akson demo` makes it."""
    with tempfile.TemporaryDirectory(prefix="akson-crash-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        home = Path(folder, "home")
        with running(home, settings=plan.postgres) as server:
            environment = _embedded_environment(server, home, 8000)
            settings = Settings.from_environment(environment)
            database.make_database(server.dsn(), DATABASE)
            database.migrate(settings.migrator_url)
            database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), "demo")
            yield server, environment, settings, home


def _wreak_havoc(plan: Plan, server: EmbeddedPostgres, web: WebServer, ward: Ward) -> tuple[Counter[str], Answers]:
    answers, enough, doses = Answers(), threading.Event(), _Shared(ward.doses)
    clients = [Client(web.port, nurse, doses, answers, enough, one_id=plan.one_id) for nurse in ward.nurses]
    answers.killed(time.monotonic())  # the first start is a recovery too: nothing is killed before something is signed
    for client in clients:
        client.start()
    kills = _kill_until_the_end(plan, server, web, answers)
    enough.set()
    for client in clients:
        client.gives_up_at = time.monotonic() + SETTLING_SECONDS
    for client in clients:
        while client.is_alive():
            web.mend()
            client.join(0.2)
    return kills, answers


def _kill_until_the_end(plan: Plan, server: EmbeddedPostgres, web: WebServer, answers: Answers) -> Counter[str]:
    """Kills at random moments, each time when work has begun again since the last: a kill of what is dead shows nothing."""
    chance, kills = random.Random(plan.seed), Counter[str]()
    act: dict[str, Callable[[], bool]] = {
        "worker": lambda: web.kill_worker(chance),
        "application": web.kill,
        "backend": lambda: kill_backend(server, chance),
        "postgres": lambda: kill_postgres(server),
    }
    _wait_for_work(web, server, answers)
    began = time.monotonic()
    while not _enough(plan, time.monotonic() - began, kills, answers):
        time.sleep(chance.uniform(*KILLS_EVERY_SECONDS))
        victim, at = chance.choices([*plan.victims], [*plan.victims.values()])[0], time.monotonic()
        if act[victim]():
            kills[victim] += 1
            answers.killed(at)
        _wait_for_work(web, server, answers)
    return kills


def _enough(plan: Plan, seconds: float, kills: Counter[str], answers: Answers) -> bool:
    some = kills.total() >= plan.least_kills and len(answers.acknowledged) >= plan.least_acknowledged
    return seconds > plan.seconds * (1 if some else 3)


def _wait_for_work(web: WebServer, server: EmbeddedPostgres, answers: Answers) -> None:
    """Until something has been signed since the last kill."""
    while waited := answers.recovering():
        web.mend()
        if waited > LONGEST_RECOVERY_SECONDS:
            logs = (log.read_text(errors="replace")[-2000:] for log in (web.log, server.log))
            raise TimeoutError("\n".join([f"nothing is signed any more; refused: {answers.refused}", *logs]))
        time.sleep(0.02)


_STORED = """
    SELECT a.dose_id, count(*), min(extract(epoch FROM a.recorded_at)),
        sum((SELECT count(*) FROM audit.access_log l
             WHERE l.at = a.recorded_at AND l.patient_id = a.patient_id AND l.outcome = 'success'
               AND l.action = 'medication:administer'
               AND l.xid::text::bigint & 4294967295 = a.xmin::text::bigint)),
        sum((SELECT count(*) FROM platform.outbox o
             WHERE o.body ->> 'administration_id' = a.id::text AND o.kind = 'DoseGiven'))
    FROM medication.medication_administration a
    WHERE a.kind = 'signature' AND a.in_error_at IS NULL
    GROUP BY a.dose_id
"""


def _compare(connection: psycopg.Connection[Any], kills: Counter[str], answers: Answers) -> Report:
    """By membership: every dose that was acknowledged against every dose that has a signature."""
    connection.execute("CREATE INDEX ON platform.outbox ((body ->> 'administration_id'))")
    stored = {row[0]: row[1:] for row in connection.execute(_STORED)}
    answered = connection.execute("SELECT id FROM platform.command WHERE answer IS NOT NULL")
    commands = {row[0] for row in answered}
    acknowledged = answers.acknowledged
    recoveries = sorted(answers.recoveries[1:]) or [0.0]
    return Report(
        kills=kills,
        acknowledged=len(acknowledged),
        answered_anew=sum(dose in stored and stored[dose][1] < began for dose, began in answers.last_try.items()),
        tries=answers.tries,
        recovery_p50=statistics.median(recoveries),
        recovery_p95=recoveries[int(0.95 * (len(recoveries) - 1))],
        refused=answers.refused,
        lost=len(acknowledged.keys() - stored.keys()),
        doubled=sum(signatures > 1 for signatures, *_ in stored.values()),
        not_logged_once=sum(logged != signatures for signatures, _, logged, _facts in stored.values()),
        without_command=sum(command not in commands for command in acknowledged.values()),
        without_fact=sum(facts != signatures for signatures, _, _logged, facts in stored.values()),
    )


class _Shared(Iterator[OpenDose]):
    """Hands each dose to one client."""

    def __init__(self, doses: tuple[OpenDose, ...]) -> None:
        self._doses, self._lock = iter(doses), threading.Lock()

    def __next__(self) -> OpenDose:
        with self._lock:
            return next(self._doses)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Runs the test for as long as is asked, and says what came of it; 1 when anything was lost, doubled or unlogged."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    report = run(Plan(seconds=arguments.seconds, seed=arguments.seed))
    print(report)  # noqa: T201
    return int(
        bool(report.lost or report.doubled or report.not_logged_once or report.without_command or report.without_fact)
    )


if __name__ == "__main__":
    sys.exit(main())
