"""What sealing costs: lines that eight writers add with the sealer running beside them, and without it, turn about."""

import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from multiprocessing.pool import Pool
from pathlib import Path
from uuid import UUID

import psycopg

from journal.audit import make_seal_key
from journal.bench.machine import POSTGRES, bench_environment
from journal.permissions import Role
from journal.platform import database
from journal.platform.caller import Actor, Keys
from journal.platform.ids import new_id
from journal.platform.postgres import running
from journal.platform.settings import Settings

WRITERS = 8
GOAL = 0.15
"""The part of the lines that sealing may cost."""

DATABASE = "bench_seal"
_TOLD = "SELECT set_config('journal.who', %s, true), now()"
_UNSEALED = """
SELECT count(*) FROM audit.access_log WHERE (epoch, xid) >= coalesce(
    (SELECT (to_epoch, to_xid) FROM audit.log_seal ORDER BY number DESC LIMIT 1), (1, '0'::xid8))
"""


@dataclass(frozen=True)
class Measured:
    """Lines a second of all writers, in each round; *load*: how many processes wanted the machine before it began."""

    plain: tuple[float, ...]
    sealed: tuple[float, ...]
    seconds: float
    load: float

    @property
    def cost(self) -> float:
        """The part of the lines that is lost, at the median."""
        return 1 - statistics.median(self.sealed) / statistics.median(self.plain)

    @property
    def reached(self) -> bool:
        return self.cost <= GOAL


def run(rounds: int, seconds: float, json_file: Path | None, say: Callable[[str], None]) -> int:
    """Measures and writes the figures; 1 when sealing costs more than the goal."""
    measured = measure(rounds, seconds, say=say)
    print(
        f"{WRITERS} skrivere, {rounds} runder på {seconds:g} s: {statistics.median(measured.plain):.0f} linjer/s uten forsegler,"
        f" {statistics.median(measured.sealed):.0f} med. Forseglingen koster {measured.cost:.1%} (målet er {GOAL:.0%})."
        f" Last på maskinen før start: {measured.load:.1f} på {os.cpu_count()} kjerner."
    )
    if json_file is not None:
        told = asdict(measured) | {"cost": measured.cost, "reached": measured.reached}
        json_file.write_text(json.dumps(told, indent=1) + "\n")
    return int(not measured.reached)


def measure(rounds: int, seconds: float, *, say: Callable[[str], None]) -> Measured:
    """Turn about, so that a machine that is busy for a while is so for both. Call it from the main thread."""
    load, plain, sealed = os.getloadavg()[0], [], []
    with tempfile.TemporaryDirectory(prefix="akson-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder, "home"), settings=POSTGRES) as server:
            environment = bench_environment(server, DATABASE)
            settings = Settings.from_environment(environment)
            database.make_database(server.dsn(), DATABASE)
            database.migrate(settings.migrator_url)
            database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), "demo")
            make_seal_key(Path(folder, "seal.key"))
            environment |= {
                "AKSON_SEALER_URL": server.dsn("journal_sealer", DATABASE),
                "AKSON_SEAL_KEY": str(Path(folder, "seal.key")),
                "AKSON_ANCHOR": str(Path(folder, "heads.jsonl")),
            }
            address = server.conninfo("journal_app", DATABASE)
            with multiprocessing.get_context("spawn").Pool(WRITERS) as writers:
                _round(writers, address, settings.mac_key, 0.5)
                for number in range(rounds):
                    plain.append(_round(writers, address, settings.mac_key, seconds))
                    sealed.append(_beside(environment, writers, address, settings.mac_key, seconds))
                    say(f"Runde {number + 1}: {plain[-1]:.0f} og {sealed[-1]:.0f} linjer i sekundet.")
    return Measured(tuple(plain), tuple(sealed), seconds, load)


def _beside(environment: Mapping[str, str], writers: Pool, address: str, key: bytes, seconds: float) -> float:
    """A round with the sealer running, from when it has sealed what the round before left."""
    command = [sys.executable, "-m", "journal.cli", "log", "seal"]
    sealer = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        with psycopg.connect(address.replace("journal_app", "journal_sealer"), autocommit=True) as connection:
            while connection.execute(_UNSEALED).fetchone() != (0,):
                time.sleep(0.1)
        return _round(writers, address, key, seconds)
    finally:
        sealer.send_signal(signal.SIGTERM)
        sealer.wait()


def _round(writers: Pool, address: str, key: bytes, seconds: float) -> float:
    """Lines a second of all of them together."""
    return sum(writers.starmap(write, [(address, key, seconds)] * WRITERS)) / seconds


def write(address: str, key: bytes, seconds: float) -> int:
    """One writer: short transactions that each say who asks and open one chart, as a page does; answers with how many."""
    keys, unit = Keys(key, key[::-1]), new_id()
    actor = Actor(
        new_id(), "Nina Nordli", Role.NURSE, new_id(), new_id(), "Oslo", unit, "Avdeling 2", (unit,), new_id()
    )
    told, lines = actor.as_json(), 0
    who = told + keys.sign(told)
    with psycopg.connect(address, autocommit=True) as connection:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with connection.transaction():
                row = connection.execute(_TOLD, (who,)).fetchone()
                assert row is not None
                call = _call(row[1].isoformat(), new_id())
                connection.execute("SELECT audit.open_charts(%s, %s)", (call, keys.sign(call)))
            lines += 1
    return lines


def _call(at: str, patient_id: UUID) -> str:
    row = {"patient_id": str(patient_id), "ground": "stay", "purpose": "TREAT", "code": "0" * 64}
    told = {"at": at, "action": "chart:read", "categories": ["patients", "medication"], "object_id": None}
    return json.dumps(told | {"patients": [row], "outcome": "success", "request_id": "bench"})
