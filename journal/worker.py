"""The worker: makes jobs of the outbox, runs them, keeps doses a week ahead and the log's months made, and hands what
is overdue to who stands in. Holds no person's rights."""

import asyncio
import itertools
import signal
import threading
from datetime import timedelta
from typing import Any

import procrastinate
import psycopg
import sqlalchemy as sa
import structlog

from journal.access import Amiss, Sources
from journal.app import create_app
from journal.care import Care
from journal.chart import Downtime
from journal.medication import Medication, found_gap
from journal.permissions import Role
from journal.platform import log
from journal.platform.caller import JOURNAL, Actor, Known
from journal.platform.db import connect
from journal.platform.outbox import relay
from journal.platform.settings import Settings
from journal.platform.work import Works

_log = structlog.get_logger()

SYSTEM = Actor(JOURNAL, "Akson journal", Role.SYSTEM, JOURNAL, JOURNAL, "", JOURNAL, "", (), origin="worker")

RELAY_SECONDS = 1
BEAT_SECONDS = 10
PLAN_SECONDS = 60
ACCESS_SECONDS = 3600
DEAD_AFTER_SECONDS = 60
DOWNTIME_BATCH = 20
RAISE_BATCH = 100
ASK_BATCH = 20

_BEAT = sa.text("INSERT INTO platform.heartbeat DEFAULT VALUES ON CONFLICT (single) DO UPDATE SET at = now()")
_LAST_BEAT = sa.text("SELECT at, now() FROM platform.heartbeat")
_SINCE_BEAT = sa.text("SELECT extract(epoch FROM now() - at)::integer FROM platform.heartbeat")


def run(settings: Settings, *, once: bool) -> int:
    """Works until it is told to stop; with *once*, does what waits and ends."""
    log.configure()
    works = create_app(settings).works
    stop = threading.Event()
    if not once:
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        signal.signal(signal.SIGINT, lambda *_: stop.set())
    while not stop.is_set():
        try:
            asyncio.run(_work(works, job_queue(settings), stop, once=once))
        except (sa.exc.SQLAlchemyError, psycopg.Error, procrastinate.exceptions.ConnectorException) as error:
            # The database is away or busy: nothing is lost, the next round tries again.
            _log.warning("worker waits", error=type(error).__name__)
            stop.wait(RELAY_SECONDS)
        if once:
            break
    return 0


def seconds_since_heartbeat(settings: Settings) -> int | None:
    """How long it is since a worker, here or elsewhere, last did its round; None when none ever did."""
    with connect(settings.database_url, pgbouncer=settings.pgbouncer)() as db:
        seconds: int | None = db.scalar(_SINCE_BEAT)
        return seconds


def job_queue(settings: Settings) -> procrastinate.App:
    """The queue, in the journal's own database and a schema of its own."""
    url = sa.make_url(settings.database_url).set(drivername="postgresql")
    queue = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=url.render_as_string(hide_password=False), kwargs={"options": "-c search_path=jobs"}
        )
    )
    queue.task(name="tell", retry=procrastinate.RetryStrategy(max_attempts=8, exponential_wait=2))(tell)
    return queue


def declare_downtime(settings: Settings, number: str, *, ends: bool, why: str) -> bool:
    """Whoever runs the journal says that it goes away, or is back; False where that cannot be."""
    with create_app(settings).works.open(Known(SYSTEM)) as work:
        return Medication(work).declare_downtime(number, ends=ends, why=why)


def look_for_gap(works: Works) -> None:
    """Asks every municipality whether the journal was away, where no worker has been for some minutes: started anew, or let
    in again by the database. Before the beat that would hide it."""
    with works.sessions.begin() as db:
        beat = db.execute(_LAST_BEAT).one_or_none()
    if gap := found_gap(*beat) if beat else None:
        asked, more = 0, True
        while more:
            with works.open(Known(SYSTEM)) as work:
                told = Medication(work).propose_downtime(*gap, most=ASK_BATCH)
            asked, more = asked + told, told == ASK_BATCH
        _log.warning("the journal was away", minutes=(gap[1] - gap[0]) // timedelta(minutes=1), asked=asked)


async def tell(kind: str, body: dict[str, Any]) -> None:
    """A fact, told after it happened. Its listeners outside the journal (messages, registers) come with their contexts."""
    _log.info("fact", kind=kind, fact_id=body["id"])


async def _work(works: Works, queue: procrastinate.App, stop: threading.Event, *, once: bool) -> None:
    async with queue.open_async():
        for second in itertools.count():
            if second % BEAT_SECONDS == 0:
                look_for_gap(works)
            while await relay(works.sessions, lambda facts: _defer(queue, facts)):
                pass
            await queue.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
            if second % PLAN_SECONDS == 0:
                _plan(works)
                _keep_downtime_lists(works)
                with works.open(Known(SYSTEM)) as work:
                    Medication(work).hand_over()
                _raise_tasks(works)
                with works.open(Known(SYSTEM)) as work:
                    Medication(work).settle_stock()
            if second % BEAT_SECONDS == 0:
                # Last: a round that was not done has no beat.
                with works.sessions.begin() as db:
                    db.execute(_BEAT)
            if second % ACCESS_SECONDS == 0:
                _check_grounds(works)
            if once or stop.is_set():
                return
            await asyncio.sleep(RELAY_SECONDS)


async def _defer(queue: procrastinate.App, facts: list[dict[str, Any]]) -> None:
    for fact in facts:
        try:
            # The lock is the outbox row's id: if the worker dies between this and marking the row sent, it is not queued twice.
            await queue.configure_task("tell", queueing_lock=fact["id"]).defer_async(kind=fact["kind"], body=fact)
        except procrastinate.exceptions.AlreadyEnqueued:
            continue


def _plan(works: Works) -> None:
    with works.sessions.begin() as db:
        db.execute(sa.text("SELECT audit.keep_months_ahead()"))
    planned = True
    while planned:
        with works.open(Known(SYSTEM)) as work:
            medication = Medication(work)
            patients = medication.plans_running_out()
            planned = bool(patients)
            if patients:
                medication.extend_horizon(patients)


def _raise_tasks(works: Works) -> None:
    """What nobody has done in time is told further up, a batch at a time."""
    told = RAISE_BATCH
    while told == RAISE_BATCH:
        with works.open(Known(SYSTEM)) as work:
            told = Care(work).raise_overdue(RAISE_BATCH)


def _check_grounds(works: Works) -> None:
    """Ends what those who left still had, and counts what is open and should not be. The doses come first: where it cannot be
    done the worker goes on, and the age of the last count tells whoever watches."""
    try:
        with works.open(Known(SYSTEM)) as work:
            found = Sources(work).end_and_check()
    except sa.exc.SQLAlchemyError as error:
        _log.warning("grounds were not checked", error=type(error).__name__)
        return
    if found:
        _log.warning("grounds are open that should not be", found=found)


def grounds_amiss(settings: Settings) -> list[Amiss]:
    """What `akson access check` shows: every ground that is open and should not be, in all municipalities."""
    with create_app(settings).works.open(Known(SYSTEM)) as work:
        return Sources(work).amiss()


def _keep_downtime_lists(works: Works) -> None:
    """Few at a time, each with its own line in the log: a page that somebody waits for comes first."""
    built = True
    while built:
        with works.open(Known(SYSTEM)) as work:
            downtime = Downtime(work)
            waiting = downtime.waiting(DOWNTIME_BATCH)
            built = bool(waiting)
            for patient_id, devices in waiting:
                downtime.lay_ready(patient_id, devices)
