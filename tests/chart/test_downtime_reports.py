"""What a device tells of its use, when it tells it twice at once: the first answer was slow, and it asks again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

from journal.app import JournalApp
from journal.platform.ids import new_id
from tests.conftest import World

AT_ONCE, TIMES = 8, 10


def test_a_use_that_is_told_many_times_at_once_stands_once_in_the_log(
    world: World, app: JournalApp, access_log: Callable[[UUID], list[Any]]
) -> None:
    patient_id, device_id, part, token = world.patient(), new_id(), new_id(), new_id().bytes * 2
    by = {name: world.nina.stamp[name] for name in ("municipality_id", "unit_id", "recorded_by", "recorded_by_name")}
    world.migrator.execute(
        """INSERT INTO chart.downtime_device
               (id, name, public_key, token_hash, municipality_id, unit_id, recorded_by, recorded_by_name)
           VALUES (%(id)s, 'PC', %(key)s, sha256(%(token)s), %(municipality_id)s, %(unit_id)s, %(recorded_by)s,
               %(recorded_by_name)s)""",
        {"id": device_id, "key": bytes(400), "token": token, **by},
    )
    world.migrator.execute(
        """INSERT INTO chart.downtime_part (patient_id, device_id, id, built_at, seen, sealed)
           VALUES (%s, %s, %s, now(), '1:1:', '-')""",
        (patient_id, device_id, part),
    )
    together, answered = Barrier(AT_ONCE), list[int]()

    def tell(event: UUID) -> int:
        told = {"token": token, "at": datetime.now(UTC), "event": event, "part": part}
        with app.works.sessions() as db:
            together.wait(30)
            logged: int = db.connection().exec_driver_sql(_REPORT, told).scalar_one()
            db.commit()
        return logged

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(TIMES):
            answered.append(sum(pool.map(tell, [uuid4()] * AT_ONCE)))

    assert answered == [1] * TIMES
    assert len([row for row in access_log(patient_id) if row.action == "downtime:opened"]) == TIMES


_REPORT = (
    """SELECT chart.report_downtime(%(token)s, 'opened', %(at)s, 'Nina på natt', %(event)s, ARRAY[%(part)s::uuid])"""
)
