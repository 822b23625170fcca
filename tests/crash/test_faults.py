"""The wire to the database is cut, the disk is full, everybody comes at once: told is stored, once. The long runs: make soak."""

import dataclasses
import os
import socket
import sys
import time
from pathlib import Path

import pytest

from journal.app import create_app
from journal.platform.postgres import PORT
from journal.platform.settings import Settings
from tests.crash import crowd, harness, races
from tests.crash.harness import WIRE, Plan
from tests.crash.wire import SOCKET

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds its processes in /proc"),
    pytest.mark.timeout(600),
]

TRIES = 3


def test_what_was_told_is_stored_once_wherever_the_wire_is_cut() -> None:
    report = harness.run(Plan(seconds=6, victims=dict.fromkeys(WIRE, 1), pause=(0.0, 0.1), least_kills=30))

    assert set(report.kills) == set(WIRE), report
    assert report.answered_anew > 0, report
    assert report.wrong == 0, report
    assert not report.refused and set(report.faults) <= {503}, report


def test_a_cut_after_the_commit_doubles_a_signature_when_nothing_stands_in_its_way() -> None:
    faulty = "tests.crash.faulty:application"
    runs = (
        harness.run(
            Plan(
                seconds=5,
                seed=seed,
                victims={"after commit": 1},
                settling_seconds=5.0,  # what other guards refuse, is never answered
                application=faulty,
                one_id=False,
                unique_index=False,
            )
        )
        for seed in range(TRIES)
    )
    assert any(report.doubled for report in runs)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk to fill")
def test_a_full_disk_is_said_and_nothing_told_is_lost_and_it_passes_by_itself() -> None:
    report = harness.run(Plan(seconds=1, victims={"disk": 1}, least_kills=1))

    assert report.kills["disk"] > 0, report
    assert report.wrong == 0, report
    assert not report.refused and set(report.faults) == {503}, report
    assert report.slowest_fault < 6, report


def test_of_fifty_who_sign_one_dose_one_does() -> None:
    report = crowd.sign(doses=4, signers=50)

    assert report.wrong == 0, report
    assert report.answers[303] == 4, report


def test_of_twenty_who_change_one_order_one_does() -> None:
    report = crowd.change(orders=5, writers=20)

    assert report.wrong == 0, report
    assert report.answers[303] == 5, report


def test_no_signature_is_later_than_the_stop_and_what_was_given_after_it_is_an_incident() -> None:
    report = races.run(50)

    assert report.wrong == 0, report
    assert report.signed_first > 0 and report.stopped_first > 0, report


def test_a_database_that_takes_the_call_and_says_nothing_is_given_up(settings: Settings, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / SOCKET))
        silent.listen()
        address = f"postgresql+psycopg://journal_app@/akson?host={tmp_path}&port={PORT}"
        browser = create_app(dataclasses.replace(settings, database_url=address)).test_client()
        began = time.monotonic()

        answer = browser.get("/healthz")

    assert (answer.status_code, answer.text) == (503, "Databasen svarer ikke.\n")
    assert time.monotonic() - began < 6
