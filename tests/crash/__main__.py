"""The long faults, by name: python -m tests.crash kill cut disk sign change race [--seconds 150] [--seed 7]."""

import argparse
import os
import sys
from collections.abc import Callable

from tests.crash import crowd, harness, races
from tests.crash.harness import WIRE, Plan

SECONDS = 150.0


def _kill(seconds: float, seed: int) -> harness.Report:
    """Processes of the journal and of PostgreSQL are killed while doses are signed, 60 of them at least."""
    return harness.run(Plan(seconds=seconds, seed=seed, least_kills=60))


def _cut(seconds: float, seed: int) -> harness.Report:
    """The wire to PostgreSQL is cut before, in and after COMMIT, and anywhere else, 500 times at least."""
    return harness.run(
        Plan(seconds=seconds, seed=seed, victims=dict.fromkeys(WIRE, 1), pause=(0.0, 0.1), least_kills=500)
    )


def _disk(seconds: float, seed: int) -> harness.Report:
    """The disk of PostgreSQL is full again and again. Needs root, to mount a small one."""
    return harness.run(Plan(seconds=seconds, seed=seed, victims={"disk": 1}, least_kills=5))


def _sign(_seconds: float, _seed: int) -> crowd.Report:
    """200 doses, each signed by 50 nurses at once."""
    return crowd.sign(doses=200, signers=50)


def _change(_seconds: float, _seed: int) -> crowd.Report:
    """500 orders, each changed by 20 doctors at once."""
    return crowd.change(orders=500, writers=20)


def _race(_seconds: float, seed: int) -> races.Report:
    """10 000 times a doctor stops an order while a nurse signs its dose."""
    return races.run(10_000, seed)


PARTS: dict[str, Callable[[float, int], harness.Report | crowd.Report | races.Report]] = {
    "kill": _kill,
    "cut": _cut,
    "disk": _disk,
    "sign": _sign,
    "change": _change,
    "race": _race,
}


def main() -> int:
    """Says what came of each part; 1 when anything was lost, doubled or not logged."""
    told = "\n".join(f"  {name:8}{part.__doc__}" for name, part in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash", epilog=told, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="part", help="all of them when none is named")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of kill, cut and disk, each")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    wrong = 0
    for name in arguments.parts or PARTS:
        load = os.getloadavg()[0]
        try:
            report = PARTS[name](arguments.seconds, arguments.seed)
        except PermissionError as refusal:
            print(f"{name}: left out, {refusal}\n", flush=True)  # noqa: T201
            continue
        wrong += report.wrong
        print(f"{name} (load {load:.1f} at the start): {report}\n", flush=True)  # noqa: T201
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
