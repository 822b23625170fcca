"""The command: its options, and what it writes."""

import argparse
import json
import sys
from pathlib import Path

from journal.bench import catalogue, seal
from journal.bench.measure import Effort, measure
from journal.bench.report import table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options, for whoever lends this a place among its own commands."""
    parser.add_argument(
        "--patients", type=int, action="append", metavar="N", help="antall pasienter; kan gis flere ganger"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="runder, minst fem for tall man kan stole på"
    )
    parser.add_argument("--seconds", type=float, default=1.5, metavar="S", help="tid for hver jobb i hver runde")
    parser.add_argument(
        "--catalogue",
        type=int,
        nargs="?",
        const=100,
        metavar="MB",
        help="mål i stedet innhenting av en legemiddelkatalog på så mange megabyte (100)",
    )
    parser.add_argument(
        "--seal", action="store_true", help="mål i stedet hva forseglingen av innsynsloggen koster med åtte skrivere"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FIL", help="skriv tallene hit også")


def run(arguments: argparse.Namespace) -> int:
    """Measures and writes the table; 1 when a goal is not reached."""
    if arguments.catalogue is not None:
        return catalogue.run(arguments.catalogue, arguments.json, _say)
    if arguments.seal:
        return seal.run(arguments.rounds, arguments.seconds, arguments.json, _say)
    measured = measure(
        arguments.patients or [10_000],
        Effort(rounds=arguments.rounds, seconds=arguments.seconds, seed=arguments.seed),
        say=_say,
    )
    print(table(measured))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(measured.as_json(), indent=1) + "\n")
    reached = [result.reached for result in measured.results] + [growth.reached for growth in measured.growth]
    return int(not all(reached))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
