"""An import that is killed wherever it stands leaves the catalogue as it was; a large one needs no more memory than a small."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from journal.medication import Imported
from journal.medication.fest.store import LOCK
from tests.conftest import Browser, World
from tests.medication.catalogue_files import OTHER_ID, Connection, item, nothing_waits, order, small, state, write_large
from tests.medication.test_fest import brand

ROOT = Path(__file__).parents[2]

IMPORT = """
import sys
from journal.medication import import_catalogue
def stop(progress):
    if progress.percent >= int(sys.argv[3]):
        print(progress.percent, flush=True)
        sys.stdin.read()
with open(sys.argv[2], "rb") as file:
    import_catalogue(sys.argv[1], file, replace=True, progress=stop)
"""


@pytest.fixture
def killed(url: str, tmp_path: Path) -> Callable[[int, Callable[[], None]], None]:
    """An import in a process of its own, killed when it has come so far (percent; more than 100 is never) and `until` is over."""

    def run(percent: int, until: Callable[[], None] = lambda: None) -> None:
        file = tmp_path / "fest.xml"
        with file.open("wb") as out:
            write_large(out, 150)
        command = [sys.executable, "-c", IMPORT, url, str(file), str(percent)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            if percent <= 100:
                assert process.stdout.readline().strip()
            until()
            process.kill()

    return run


def its_connection_has_ended(migrator: Connection) -> None:
    migrator.execute("SELECT pg_advisory_lock(%s), pg_advisory_unlock(%s)", (LOCK, LOCK))


@pytest.mark.parametrize("percent", [30, 80, 100])
def test_an_import_that_is_killed_leaves_the_old_catalogue_and_nothing_behind(
    load: Callable[..., Imported],
    loaded: Imported,
    killed: Callable[..., None],
    migrator: Connection,
    percent: int,
) -> None:
    before = state(migrator)

    killed(percent)
    its_connection_has_ended(migrator)

    assert state(migrator) == before
    assert nothing_waits(migrator)
    assert load(small(brand())).active == 1


def test_while_it_is_made_current_nobody_waits_and_killed_there_it_leaves_the_old_catalogue(
    loaded: Imported,
    killed: Callable[..., None],
    migrator: Connection,
    world: World,
    client_for: Callable[..., Browser],
) -> None:
    before, lars, patient_id = state(migrator), client_for(world.lars), world.patient()
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'medication.catalogue_import'::regclass"
    answers: list[int] = []

    def until_the_last_statement() -> None:
        """All is written and nothing committed: the other brand is withdrawn in there, and ordered out here."""
        while migrator.execute(waits).fetchone() == (0,):
            pass
        answers.append(
            lars.act(f"/patients/{patient_id}/medication/prescribe", order(item(migrator, OTHER_ID))).status_code
        )

    with migrator.transaction():
        migrator.execute("LOCK TABLE medication.catalogue_import IN SHARE MODE")
        killed(101, until_the_last_statement)
    its_connection_has_ended(migrator)

    assert answers == [303]
    assert state(migrator) == before


# Large

MEASURE = """
import sys
from journal.medication import import_catalogue
with open(sys.argv[2], "rb") as file:
    done = import_catalogue(sys.argv[1], file, replace=True)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(done.active, peak.split()[1])
"""


def test_memory_does_not_grow_with_the_file(loaded: Imported, url: str, tmp_path: Path) -> None:
    """Four times the packages, warnings and interactions in four times the bytes: at most a few megabytes more."""
    peaks = []
    for times in (1, 4):
        file = tmp_path / f"fest{times}.xml"
        with file.open("wb") as out:
            write_large(out, 700 * times)
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, url, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        active, kilobytes = map(int, done.stdout.split())
        assert active == 700 * times + 1
        peaks.append((file.stat().st_size, kilobytes))
    (size, peak), (larger, higher) = peaks
    assert larger > 3.5 * size > 5_000_000
    assert higher - peak < 8_000
