"""Kills the journal while doses are being signed over HTTP, and compares what was answered with what is stored.

Signed are doses one by one, whole bags and second signatures; controlled drugs are taken out of an account, and a device
reports that the offline list was opened. What was answered must be stored once, with one line in the access log, one command and
one fact in the outbox, whatever died meanwhile, wherever the wire to the database was cut, and however full the disk was; and the
account must say what was given.
Run it for long: python -m tests.crash --help

SIGKILL does not test a power cut: what the kernel has been handed survives it. For that, see the check of fsync at start.
"""

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import psycopg

from journal.cli import DATABASE
from journal.platform.postgres import EmbeddedPostgres
from tests.crash.acts import OPENING, Act
from tests.crash.clients import Answers, Client
from tests.crash.disk import SmallDisk, small_disk
from tests.crash.place import free_port, place
from tests.crash.processes import WebServer, kill_backend, kill_postgres, mend_postgres
from tests.crash.ward import Ward, make_ward
from tests.crash.wire import Wire, after_commit, anywhere, before_commit

CLIENTS = 6
KILLS_EVERY_SECONDS = (0.3, 0.9)
LONGEST_START_SECONDS = 180.0
LONGEST_RECOVERY_SECONDS = 60.0
MOST_DOSES_PER_SECOND = 400
MOST_SECONDS_MORE = 240.0
FULL_SECONDS = (2.0, 4.0)
WIRE = {"before commit": before_commit, "after commit": after_commit, "anywhere": anywhere}


@dataclass(frozen=True)
class Plan:
    """What is to be done, and what is to be wrong in a control.

    It goes on after `seconds` until there is enough, `MOST_SECONDS_MORE` at most: a machine may have much else to do.
    """

    seconds: float = 45.0
    seed: int = 1
    least_kills: int = 0
    least_acknowledged: int = 0
    victims: Mapping[str, int] = field(
        default_factory=lambda: {"worker": 35, "application": 15, "backend": 30, "postgres": 20}
    )
    pause: tuple[float, float] = KILLS_EVERY_SECONDS
    settling_seconds: float = 30.0
    """How long each client may take at the end to get an answer to what she has begun."""
    application: str | None = None
    one_id: bool = True
    unique_index: bool = True
    everything: bool = True
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
    unaccounted: int
    """Controlled doses and withdrawals that do not answer to each other, and a balance that is not the sum of its rows."""
    done: Counter[str] = field(default_factory=Counter)
    """What was acknowledged, by kind."""
    withdrawn: int = 0
    """Controlled doses that were given, each of them withdrawn."""
    faults: Counter[int] = field(default_factory=Counter)
    """Answers of 500 and above, which were asked for again."""
    slowest_fault: float = 0.0

    @property
    def wrong(self) -> int:
        """What must be 0."""
        return (
            self.lost
            + self.doubled
            + self.not_logged_once
            + self.without_command
            + self.without_fact
            + self.unaccounted
        )

    def __str__(self) -> str:
        kills = ", ".join(f"{count} {victim}" for victim, count in sorted(self.kills.items()))
        return (
            f"kills {self.kills.total()} ({kills}); acknowledged {self.acknowledged} {dict(self.done)} in {self.tries}"
            f" tries,"
            f" {self.answered_anew} of them answered anew; recovery p50 {self.recovery_p50:.1f} s,"
            f" p95 {self.recovery_p95:.1f} s; refused {dict(self.refused)};"
            f" faults {dict(self.faults)}, the slowest after {self.slowest_fault:.1f} s\n"
            f"lost {self.lost}, doubled {self.doubled}, not logged exactly once {self.not_logged_once},"
            f" without command {self.without_command}, without fact {self.without_fact},"
            f" of {self.withdrawn} withdrawals unaccounted {self.unaccounted}"
        )


def run(plan: Plan) -> Report:
    """Does it all in a folder of its own. Call it from the main thread: the database dies with the thread that started it."""
    with ExitStack() as until_done:
        disk = until_done.enter_context(small_disk()) if "disk" in plan.victims else None
        at = until_done.enter_context(place(plan.postgres, home=disk.folder / "home" if disk else None))
        doses = max(4000, int(plan.seconds * MOST_DOSES_PER_SECOND))
        with psycopg.connect(at.conninfo(), autocommit=True) as connection:
            ward = make_ward(connection, at.settings, doses=doses, nurses=CLIENTS, everything=plan.everything)
            if not plan.unique_index:
                connection.execute("DROP INDEX medication.one_live_signature_per_dose")
            (began,) = connection.execute("SELECT now()").fetchone() or ()
        with psycopg.connect(at.server.conninfo(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")  # else the first recovery goes through the making of the ward too
        wire, environment = None, at.environment
        if WIRE.keys() & plan.victims.keys():
            wire = until_done.enter_context(closing(Wire(at.server, at.folder / "wire")))
            environment = {**environment, "AKSON_DATABASE_URL": wire.dsn("journal_app", DATABASE)}
        web = WebServer(environment, free_port(), at.folder / "web.log", plan.application)
        web.start()
        until_done.callback(web.stop)
        kills, answers = _wreak_havoc(plan, at.server, web, ward, wire, disk)
        web.stop()
        with psycopg.connect(at.conninfo()) as connection:
            return _compare(connection, kills, answers, began, OPENING if plan.everything else None)


def _wreak_havoc(
    plan: Plan, server: EmbeddedPostgres, web: WebServer, ward: Ward, wire: Wire | None, disk: SmallDisk | None
) -> tuple[Counter[str], Answers]:
    answers, enough, acts = Answers(), threading.Event(), _Shared(ward.acts)
    clients = [Client(web.port, nurse, ward.device, acts, answers, enough, one_id=plan.one_id) for nurse in ward.nurses]
    answers.killed(time.monotonic())  # the first start is a recovery too: nothing is killed before something is signed
    for client in clients:
        client.start()
    chance = random.Random(plan.seed)
    kills = _kill_until_the_end(plan, server, web, answers, chance, _faults(server, web, answers, wire, disk, chance))
    enough.set()
    for client in clients:
        client.gives_up_at = time.monotonic() + plan.settling_seconds
    for client in clients:
        while client.is_alive():
            web.mend()
            client.join(0.2)
    return kills, answers


def _faults(
    server: EmbeddedPostgres,
    web: WebServer,
    answers: Answers,
    wire: Wire | None,
    disk: SmallDisk | None,
    chance: random.Random,
) -> dict[str, Callable[[], bool]]:
    """What can go wrong, by its name in a plan; each answers whether it happened."""
    faults: dict[str, Callable[[], bool]] = {
        "worker": lambda: web.kill_worker(chance),
        "application": web.kill,
        "backend": lambda: kill_backend(server, chance),
        "postgres": lambda: kill_postgres(server),
    }
    if wire is not None:
        faults |= {name: partial(wire.cut, cut, chance) for name, cut in WIRE.items()}
    if disk is not None:
        faults["disk"] = lambda: _full_for_a_while(disk, answers, chance)
    return faults


def _full_for_a_while(disk: SmallDisk, answers: Answers, chance: random.Random) -> bool:
    """Full until nothing has been signed for some seconds; what is stored in what was preallocated is stored."""
    disk.fill()
    end = time.monotonic() + LONGEST_RECOVERY_SECONDS
    while answers.silent() < chance.uniform(*FULL_SECONDS):
        if time.monotonic() > end:
            raise TimeoutError("the disk is full, and signatures are still acknowledged")
        time.sleep(0.1)
    disk.free()
    return True


def _kill_until_the_end(
    plan: Plan,
    server: EmbeddedPostgres,
    web: WebServer,
    answers: Answers,
    chance: random.Random,
    faults: Mapping[str, Callable[[], bool]],
) -> Counter[str]:
    """Kills at random moments, each time when work has begun again since the last: a kill of what is dead shows nothing."""
    kills = Counter[str]()
    _wait_for_work(web, server, answers, LONGEST_START_SECONDS)
    began = time.monotonic()
    while not _enough(plan, time.monotonic() - began, kills, answers):
        time.sleep(chance.uniform(*plan.pause))
        victim, at = chance.choices([*plan.victims], [*plan.victims.values()])[0], time.monotonic()
        if faults[victim]():
            kills[victim] += 1
            answers.killed(time.monotonic() if victim == "disk" else at)
        _wait_for_work(web, server, answers)
    return kills


def _enough(plan: Plan, seconds: float, kills: Counter[str], answers: Answers) -> bool:
    each = kills.keys() == plan.victims.keys()
    some = each and kills.total() >= plan.least_kills and len(answers.acknowledged) >= plan.least_acknowledged
    return seconds > plan.seconds + (0 if some else MOST_SECONDS_MORE)


def _wait_for_work(
    web: WebServer, server: EmbeddedPostgres, answers: Answers, patience: float = LONGEST_RECOVERY_SECONDS
) -> None:
    """Until something has been signed since the last kill. What gave up since then, with nothing to recover from, is mended too."""
    while True:
        mend_postgres(server)
        web.mend()
        if not (waited := answers.recovering()):
            return
        if waited > patience:
            logs = (log.read_text(errors="replace")[-2000:] for log in (web.log, server.log))
            raise TimeoutError("\n".join([f"nothing is signed any more; refused: {answers.refused}", *logs]))
        time.sleep(0.02)


# What was stored, its time, its lines in the log and its facts: signatures by dose, second signatures by the first, and reports.
# Those that were signed before anything began have no command.
_STORED = """
    SELECT CASE a.kind WHEN 'witness' THEN a.witness_of_id ELSE a.dose_id END, count(*), min(extract(epoch FROM a.recorded_at)),
        sum((SELECT count(*) FROM audit.access_log l
             WHERE l.at = a.recorded_at AND l.patient_id = a.patient_id AND l.outcome = 'success'
               AND l.action = 'medication:administer'
               AND l.xid::text::bigint & 4294967295 = a.xmin::text::bigint)),
        sum((SELECT count(*) FROM platform.outbox o
             WHERE o.body ->> 'administration_id' = a.id::text
               AND o.kind = CASE a.kind WHEN 'witness' THEN 'DoseWitnessed' ELSE 'DoseGiven' END))
    FROM medication.medication_administration a
    WHERE a.kind IN ('signature', 'witness') AND a.in_error_at IS NULL AND a.recorded_at > %(began)s
    GROUP BY 1
    UNION ALL
    SELECT l.request_id::uuid, count(*), min(extract(epoch FROM l.at)), count(*), count(*)
    FROM audit.access_log l WHERE l.action = 'downtime:opened' GROUP BY 1
"""
# Doses of the controlled drug without just one withdrawal, withdrawals without a dose, and whether the balance is all of it.
_LEDGER = """
    WITH given AS (
        SELECT a.id FROM medication.medication_administration a
        JOIN medication.medication_request r ON (r.patient_id, r.id) = (a.patient_id, a.request_id)
        WHERE r.prescription_group = 'A' AND a.kind = 'signature'),
    taken AS (SELECT administration_id, amount FROM medication.ledger_entry WHERE kind = 'withdrawal')
    SELECT (SELECT count(*) FROM given),
        (SELECT count(*) FROM given g WHERE 1 <> (SELECT count(*) FROM taken t WHERE t.administration_id = g.id))
        + (SELECT count(*) FROM taken t WHERE NOT EXISTS (SELECT FROM given g WHERE g.id = t.administration_id))
        + (SELECT count(*) FROM (
            SELECT FROM medication.ledger_entry
            HAVING sum(amount) IS DISTINCT FROM (array_agg(balance ORDER BY number DESC))[1]
                OR sum(amount) IS DISTINCT FROM %(opening)s - (SELECT count(*) FROM given)) AS unlike)
"""


def _compare(
    connection: psycopg.Connection[Any], kills: Counter[str], answers: Answers, began: datetime, opening: int | None
) -> Report:
    """By membership: everything that was acknowledged against everything that is stored. `opening`: of the account, if any."""
    connection.execute("CREATE INDEX ON platform.outbox ((body ->> 'administration_id'))")
    stored = {row[0]: row[1:] for row in connection.execute(_STORED, {"began": began})}
    answered = connection.execute("SELECT id FROM platform.command WHERE answer IS NOT NULL")
    commands = {row[0] for row in answered}
    acknowledged = answers.acknowledged
    withdrawn, unaccounted = 0, 0
    if opening is not None:
        withdrawn, unaccounted = connection.execute(_LEDGER, {"opening": opening}).fetchone() or (0, 1)
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
        without_command=sum(
            command not in commands for thing, command in acknowledged.items() if thing not in answers.by_device
        ),
        done=answers.done,
        withdrawn=withdrawn,
        unaccounted=unaccounted,
        faults=answers.faults,
        slowest_fault=answers.slowest_fault,
        without_fact=sum(facts != signatures for signatures, _, _logged, facts in stored.values()),
    )


class _Shared(Iterator[Act]):
    """Hands each act to one client."""

    def __init__(self, acts: tuple[Act, ...]) -> None:
        self._acts, self._lock = iter(acts), threading.Lock()

    def __next__(self) -> Act:
        with self._lock:
            return next(self._acts)
