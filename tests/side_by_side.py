"""The whole suite runs in as many processes as there are cores, file by file: each has a PostgreSQL and a browser of its own."""

import os
from pathlib import Path

import pytest

FIRST = (
    "tests/browser/test_axe.py",
    "tests/crash/test_crash.py",
    "tests/medication/test_order_life.py",
    "tests/crash/test_faults.py",
    "tests/architecture/test_authorisation_matrix.py",
    "tests/test_demo.py",
    "tests/platform/test_backup.py",
    "tests/architecture/test_routes.py",
    "tests/architecture/test_static.py",
    "tests/bench/test_bench.py",
    "tests/browser/test_click_budgets.py",
    "tests/medication/test_catalogue_killed.py",
)
"""What takes longest by itself, the longest first: it is begun first, so that at the end nobody waits for one of them."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One for each core when a folder is run; files that are named run here, where a debugger reaches them."""
    folder = any(Path(argument).is_dir() for argument in config.args)
    return (os.cpu_count() or 1) if folder else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the rest, and the tests within a file, as they were."""
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(FIRST)))
