"""`akson demo`: fills a new installation with invented people; runs web, worker and the log's sealer until it is stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from types import FrameType

from journal import serving
from journal.platform.postgres import end_with
from journal.platform.settings import Settings

PATIENCE_SECONDS = 60


def run(settings: Settings, environment: Mapping[str, str], *, port: int, patients: int, new: bool) -> int:
    """Fills (a new database only), starts, prints where to go, and waits. Answers with the exit status."""
    if not _is_free(port):
        print(f"Port {port} er opptatt. Prøv `./akson demo --port {port + 1}`.", file=sys.stderr)
        return 1
    if new:
        # The demo is built by the same factories as the tests, which stand beside the program in a checkout.
        from tests.demo_world import fill

        fill(settings, patients=patients, say=lambda text: print(text, flush=True))
    serving.check(settings)
    # The log is sealed as at a real installation. A sealer that stops stops nobody: it is not among those that are waited for.
    sealer = _start([sys.executable, "-m", "journal.cli", "log", "seal"], environment)
    processes = [
        _start(serving.command("127.0.0.1", port, 2), environment),
        _start([sys.executable, "-m", "journal.cli", "worker"], environment),
    ]
    signal.signal(signal.SIGTERM, _stop)
    try:
        if not _answers(port, processes[0]):
            print("Nettjeneren startet ikke. Se meldingene over.", file=sys.stderr)
            return 1
        _greet(port)
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        return 1
    except KeyboardInterrupt:
        print("\nAkson stopper. Alt som er signert, er lagret.")
        return 0
    finally:
        for process in (*processes, sealer):
            process.terminate()
        for process in (*processes, sealer):
            process.wait()


def _start(command: list[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """A process that stops with this one, also when this one is killed."""
    environment = {**os.environ, **environment}
    return subprocess.Popen(command, env=environment, start_new_session=True, preexec_fn=end_with(os.getpid()))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _answers(port: int, server: "subprocess.Popen[bytes]") -> bool:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    return False


def _greet(port: int) -> None:
    print(
        f"""
Akson journal er klar:  http://localhost:{port}

Velg hvem du vil være. For eksempel i Bergen:
  en sykepleier      ser medisinrunden på avdelingen sin og signerer doser
  en lege            åpner journaler og forskriver
  en revisor         ser hvem som har åpnet hvilken journal
  en administrator   legger inn enheter og ansatte

Alle personer er oppdiktet. Avslutt med Ctrl C; det du har gjort, er der neste gang.
""",
        flush=True,
    )
