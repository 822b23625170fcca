"""Starts the web server, after it has looked at what it is about to serve."""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Mapping

import sqlalchemy as sa

from journal import metrics
from journal.app import JournalApp, create_app
from journal.platform.settings import Settings, refuse_insecure_database


def application() -> JournalApp:
    """The WSGI application of this environment: what granian (or any WSGI server) is pointed at."""
    app = create_app(Settings.from_environment(os.environ))
    # What the program itself is made of stays as long as it runs: to look through it for waste takes a tenth of each request.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)
    return app


def command(host: str, port: int, workers: int) -> list[str]:
    """The web server's command line."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "journal.serving:application"),
        *("--host", host, "--port", str(port), "--workers", str(workers), "--blocking-threads", "4", "--no-access-log"),
        *("--log-level", "warning", "--respawn-failed-workers", "--workers-kill-timeout", "5"),
    ]


def serve(environment: Mapping[str, str], *, host: str, port: int, workers: int) -> int:
    """Serves until it is told to stop. Raises InsecureStart when the database could lose what it has answered for."""
    settings = Settings.from_environment(environment)
    check(settings)
    with (
        metrics.published(settings) as counting,
        subprocess.Popen(command(host, port, workers), env={**environment, **counting}) as server,
    ):
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        return server.wait()


def check(settings: Settings) -> None:
    """The database must be durable, and the role that the program logs in as must be under row-level security."""
    engine = sa.create_engine(settings.database_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        refuse_insecure_database(settings, connection)
