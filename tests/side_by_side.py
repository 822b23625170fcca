"""The whole suite runs in one process more than there are cores, file by file: each has a PostgreSQL and a browser of its own."""

import os
from pathlib import Path

import pytest

FIRST = (
    "tests/crash/test_crash.py",
    "tests/browser/test_axe.py",
    "tests/platform/test_metrics.py",
    "tests/medication/test_order_life.py",
    "tests/crash/test_faults.py",
    "tests/architecture/test_authorisation_matrix.py",
    "tests/bench/test_bench.py",
    "tests/test_demo.py",
    "tests/platform/test_backup.py",
    "tests/architecture/test_routes.py",
    "tests/architecture/test_static.py",
    "tests/architecture/test_attacks.py",
    "tests/browser/test_click_budgets.py",
    "tests/medication/test_catalogue_killed.py",
)
"""What takes longest by itself, the longest first: it is begun first, so that at the end nobody waits for one of them. The
worker of test_metrics does all that the tests before it have left to be done: it comes while that is little."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than the cores when a folder is run: a browser, a kill and a disk are waited for. Files that are named run
    here, where a debugger reaches them."""
    folder = any(Path(argument).is_dir() for argument in config.args)
    return (os.cpu_count() or 1) + 1 if folder else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the rest, and the tests within a file, as they were."""
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(FIRST)))
