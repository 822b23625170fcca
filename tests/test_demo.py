"""The first command a newcomer runs: it starts, another command joins it, and nothing of it outlives its parent."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE_SECONDS = 240


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def akson(home: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """A command of the journal, which knows of no other database than that of its home."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AKSON_")}
    command = [sys.executable, "-m", "journal.cli", *arguments, "--home", str(home)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def of_home(home: Path) -> set[int]:
    """Every process that was started for this home: the name of the home stands in its environment or its command line."""
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if str(home).encode() in told:
                found.add(int(process.name))
    return found


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="akson-demo-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder, "home")


@pytest.mark.timeout(3 * PATIENCE_SECONDS)
def test_the_demo_starts_is_joined_by_another_command_and_leaves_nothing_behind(home: Path) -> None:
    here, beside = free_port(), free_port()
    demo = akson(home, "demo", "--port", str(here), "--patients", "30")
    try:
        until(lambda: answers(here) or demo.poll() is not None, "the demo did not start")
        assert demo.poll() is None
        with urllib.request.urlopen(f"http://127.0.0.1:{here}/sign-in", timeout=10) as page:
            assert "Bergen" in page.read().decode()

        serve = akson(home, "serve", "--port", str(beside))
        try:
            until(lambda: answers(beside) or serve.poll() is not None, "the second server did not start")
            assert serve.poll() is None
        finally:
            serve.send_signal(signal.SIGTERM)
            serve.wait(30)
        assert answers(here) and of_home(home), "the demo goes on"
    finally:
        demo.kill()
        demo.wait()
    until(lambda: not of_home(home), "something outlived the demo")
