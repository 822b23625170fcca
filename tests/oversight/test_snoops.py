"""A seeded log with forty snoops: nearly all are found, and hardly anybody else."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from journal.oversight.unusual import UnusualAccess
from journal.platform.caller import Known
from tests import snoops

Connection = psycopg.Connection[Any]


def test_of_forty_snoops_in_twenty_thousand_lines_nearly_all_are_found_and_few_others(
    app: Any, migrator: Connection
) -> None:
    made = snoops.seed(migrator, "0941", 20_000, datetime.now(UTC))
    with app.works.open(Known(made.rolf.actor)) as work:
        found = UnusualAccess(work).found(made.since, made.until)

    told = snoops.measured(made, found)

    assert told["planted"] == 40
    assert told["found"] >= 38, told
    assert told["false_share"] <= 0.001, told
    assert not {each.look.actor_id for each in found} & {made.rolf.actor.person_id}


@pytest.mark.parametrize("ask", ["looks(now(), now(), '[]')", "crowds(now(), now(), 1)", "hours(now(), now())"])
def test_the_finder_answers_nobody_whose_transaction_does_not_say_that_the_log_is_read(
    world: Any, work_of: Any, ask: str
) -> None:
    for who in (world.nina, world.rolf):
        with pytest.raises(Exception, match="log is not being read"), work_of(who) as work:
            work.db.connection().exec_driver_sql(f"SELECT * FROM oversight.{ask}")
