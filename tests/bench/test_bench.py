"""The measurement itself: both contestants are asked the same and answer right, and what comes out can be read."""

import json
import sys

import pytest

from journal.bench.jobs import JOBS
from journal.bench.measure import Cost, Effort, Growth, Measured, Result, measure
from journal.bench.report import table

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processor time is read in /proc")


@pytest.fixture(scope="module")
def measured() -> Measured:
    """Far too small to say anything of speed. Every answer is looked at, also here."""
    said: list[str] = []
    return measure([180, 360], Effort(rounds=1, seconds=0.2, warm_up=3, counted=5), say=said.append)


def test_every_job_is_measured_in_every_database(measured: Measured) -> None:
    assert [(r.job, r.patients) for r in measured.results] == [(job.name, n) for n in (180, 360) for job in JOBS]
    assert all(r.journal.p50_ms > 0 and r.limit.cpu_ms > 0 and r.limit.blocks > 0 for r in measured.results)


def test_the_limit_is_one_statement_and_the_one_that_says_which_municipality(measured: Measured) -> None:
    assert {r.limit.statements for r in measured.results} == {2.0}


def test_a_job_of_the_journal_is_at_most_eight_statements_but_for_a_weeks_dosett_and_where_the_rules_are_asked(
    measured: Measured,
) -> None:
    most = {"prescribe": 13, "lay_in": 10}
    over = {r.job: r.journal.statements for r in measured.results if r.journal.statements > most.get(r.job, 8)}
    assert over == {}


def test_the_figures_are_written_as_json(measured: Measured) -> None:
    written = json.loads(json.dumps(measured.as_json()))

    assert written["results"][0]["job"] == "chart"
    assert {growth["job"] for growth in written["growth"]} == {job.name for job in JOBS}


def test_the_table_says_whether_each_goal_is_reached() -> None:
    limit, fast, slow = (Cost(ms, ms, ms, 2, 40) for ms in (2.0, 5.0, 7.0))
    results = [Result("chart", "Åpne journal", 10_000, cost, limit, 3.0) for cost in (fast, slow)]

    lines = table(Measured(tuple(results), (Growth("chart", "Åpne journal", 1.2),))).splitlines()

    assert [("2,5x" in line, "✓" in line) for line in lines if line.startswith("Åpne journal")] == [
        (True, True),
        (False, False),
        (False, False),
    ]
