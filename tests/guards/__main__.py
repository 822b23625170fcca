"""`make guards`: is there a test for each guard? `python -m tests.guards [--only WORD] [--limit N] [--afresh]`.

A policy of row-level security lets everything through, a unique index is gone, a route or a method of a service asks for no
permission, a role has lost one, a form's token is not looked at: one at a time, in a database of this run alone. The tests that
should notice are run until one fails. A guard that none notices has survived. What has been tried stands in the file of results
and is not tried again, unless --afresh.
Answers 1 when a guard survived.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.guards.trying import Trying

ROOT = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make guards")
    parser.add_argument("--only", default="", help="guards with this in their name")
    parser.add_argument("--limit", type=int, default=100_000, help="at most so many, the first that are not tried yet")
    parser.add_argument("--results", type=Path, default=Path(tempfile.gettempdir()) / "akson-guards.json")
    parser.add_argument("--afresh", action="store_true", help="forget what was tried before")
    asked = parser.parse_args()
    tried = json.loads(asked.results.read_text()) if asked.results.exists() and not asked.afresh else {}
    trying, begun = Trying(asked.only, asked.limit, asked.results, tried), time.monotonic()
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "--disable-warnings", "--tb=native", "-o", "timeout=0"]
    ended = pytest.main([*options, str(ROOT / "tests")], plugins=[trying])
    if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or trying.broken:
        print("\n".join(["Not tried to the end:", *trying.broken]))  # noqa: T201
        return 2
    print(trying.told(), f"{time.monotonic() - begun:.0f} s")  # noqa: T201
    return 1 if trying.survivors() else 0


sys.exit(main())
