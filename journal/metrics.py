"""What an operator watches, as Prometheus text on a listener of its own: times, counts and ages, never who or whom.

The web workers are several processes. Each counts in files of its own, which prometheus-client adds up; the listener stands
in the process that started them, so it answers also when every worker is busy, and is on no address that users can reach.
"""

import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from journal.platform.db import POOL_SIZE, connect
from journal.platform.settings import Settings

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"  # prometheus-client's own name, read when it is imported
IN_MEMORY = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it: on a full disk a mapped file would end the worker

REQUESTS = Histogram(
    "akson_request_seconds",
    "Time to answer, by the route's rule, the method and the class of the status.",
    ["route", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
POOL_IN_USE = Gauge("akson_pool_in_use", "Connections to the database in use.", multiprocess_mode="livesum")
POOL_MOST = Gauge("akson_pool_most", "Connections there may be at most.", multiprocess_mode="livesum")

_LIVE_FILE = re.compile(r"gauge_live\w+_(\d+)\.db")
_METHODS = frozenset({"GET", "POST"})

# Ages in seconds. The horizon is how far ahead every order has its doses worked out.
_WORK = sa.text(
    """
    SELECT count(*) AS waiting, coalesce(extract(epoch FROM now() - min(at)), 0) AS oldest,
        extract(epoch FROM medication.horizon() - now()) AS horizon,
        (SELECT extract(epoch FROM now() - c.source_date) FROM medication.catalogue_import c
         ORDER BY c.imported_at DESC, c.id DESC LIMIT 1) AS catalogue,
        audit.seal_lag() AS seal_lag,
        (SELECT extract(epoch FROM now() - coalesce((SELECT h.at FROM platform.heartbeat h), i.made_at))
         FROM platform.installation i) AS heartbeat,
        (SELECT extract(epoch FROM now() - c.checked_at) FROM access.ground_check c) AS checked,
        (SELECT c.found FROM access.ground_check c) AS amiss
    FROM platform.outbox WHERE sent_at IS NULL
    """
)


def watch(app: Flask, sessions: sessionmaker[Session]) -> None:
    """Counts the requests of this application and its connections in use."""
    app.before_request(_begin)
    app.after_request(_count)
    POOL_MOST.set(2 * POOL_SIZE)
    engine = sessions.kw["bind"]
    sa.event.listen(engine, "checkout", _taken)
    sa.event.listen(engine, "checkin", _given_back)


def _taken(_connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    assert record.record_info is not None  # it stays with the place in the pool, whichever connection is in it
    record.record_info["taken"] = True
    POOL_IN_USE.inc()


def _given_back(_connection: Any, record: ConnectionPoolEntry) -> None:
    """Told also when a connection had hung up and no other came about: that one was never in use."""
    if record.record_info is not None and record.record_info.pop("taken", False):
        POOL_IN_USE.dec()


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in _METHODS else "other"
    status = f"{response.status_code // 100}xx"
    REQUESTS.labels(route, method, status).observe(time.perf_counter() - g.began)
    return response


@contextmanager
def published(settings: Settings) -> Iterator[Mapping[str, str]]:
    """Answers on AKSON_METRICS_ADDRESS until the block ends; yields what the web workers' environment must hold.

    Nothing listens when no address is set. Raises OSError when the address is taken.
    """
    if settings.metrics_address is None:
        yield {}
        return
    host, port = settings.metrics_address
    with tempfile.TemporaryDirectory(prefix="akson-metrics-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        registry = CollectorRegistry()
        registry.register(_Workers(folder))
        registry.register(Background(connect(settings.database_url, pool_size=1, pgbouncer=settings.pgbouncer)))
        server, thread = start_http_server(port, host, registry)
        try:
            yield {DIRECTORY: folder}
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Workers(Collector):
    """What all the web workers have counted; what one that was killed held in use is let go."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._files = MultiProcessCollector(None, folder)  # type: ignore[no-untyped-call]

    def collect(self) -> Iterable[Metric]:
        held = (_LIVE_FILE.fullmatch(file.name) for file in Path(self._folder).iterdir())
        for pid in {int(found[1]) for found in held if found}:
            if not _lives(pid):
                mark_process_dead(pid, self._folder)  # type: ignore[no-untyped-call]
        return list(self._files.collect())  # type: ignore[no-untyped-call]


class Background(Collector):
    """How the worker keeps up, asked of the database when somebody wants to know: any of the machines knows it of all."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def collect(self) -> Iterable[Metric]:
        """`akson_database_up` alone when the database does not answer."""
        try:
            with self._sessions() as db:
                found = db.execute(_WORK).one()
        except sa.exc.SQLAlchemyError:
            yield GaugeMetricFamily("akson_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("akson_database_up", "Whether the database answers.", 1)
        yield GaugeMetricFamily("akson_outbox_waiting", "Facts that are not handed on.", found.waiting)
        yield GaugeMetricFamily("akson_outbox_oldest_seconds", "Age of the oldest of them.", found.oldest)
        yield GaugeMetricFamily("akson_worker_heartbeat_seconds", "Since a worker last did its round.", found.heartbeat)
        if found.checked is not None:
            yield GaugeMetricFamily("akson_grounds_checked_seconds", "Since grounds were last checked.", found.checked)
            yield GaugeMetricFamily("akson_grounds_amiss", "Grounds that are open and should not be.", found.amiss)
        yield GaugeMetricFamily("akson_seal_lag_seconds", "Age of the oldest line not sealed.", found.seal_lag)
        if found.horizon is not None:
            yield GaugeMetricFamily("akson_dose_horizon_seconds", "How far ahead all doses are known.", found.horizon)
        if found.catalogue is not None:
            yield GaugeMetricFamily(
                "akson_catalogue_age_seconds", "Since FEST was taken from its source.", found.catalogue
            )


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
