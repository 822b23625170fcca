"""`akson log keep`, `hold`, `lift` and `drop`: how long the log is kept. As journal_migrator, and by two."""

import argparse
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from uuid import UUID

import psycopg

from journal.audit import keeping

Environment = Callable[[Path | None], AbstractContextManager[Mapping[str, str]]]
Act = Callable[[keeping.Connection, argparse.Namespace], str]


def add_arguments(
    acts: "argparse._SubParsersAction[argparse.ArgumentParser]",
    common: argparse.ArgumentParser,
    environment: Environment,
) -> None:
    """The acts; *environment* gives the installation's variables."""
    years = acts.add_parser(
        "keep", parents=[common], help="bestem hvor mange år loggen skal oppbevares (fem er vanlig)"
    )
    years.add_argument("years", type=int)
    hold = acts.add_parser("hold", parents=[common], help="vern en del av loggen mot sletting")
    hold.add_argument("reason", help="hvorfor")
    hold.add_argument("--municipality", required=True, help="kommunenummer")
    hold.add_argument("--patient", type=UUID, help="bare det som gjelder denne journalen")
    hold.add_argument("--since", type=date.fromisoformat, required=True, help="fra og med, 2026-03-01")
    hold.add_argument("--until", type=date.fromisoformat, help="til og med; ellers til vernet oppheves")
    lift = acts.add_parser("lift", parents=[common], help="opphev et slikt vern")
    lift.add_argument("hold", type=UUID)
    drop = acts.add_parser("drop", parents=[common], help="slett en hel måned som er eldre enn tiden for oppbevaring")
    drop.add_argument("month", help="måneden, 2021-03")
    for parser, act in ((years, _keep), (hold, _hold), (lift, _lift), (drop, _drop)):
        parser.add_argument("--by", action="append", required=True, help="navnet til en av de to som står for det")
        parser.set_defaults(run=lambda arguments, act=act: _done(environment, arguments, act))


def _done(environment: Environment, arguments: argparse.Namespace, act: Act) -> int:
    with environment(arguments.home) as variables:
        with psycopg.connect(keeping.address_in(variables, "AKSON_MIGRATOR_URL")) as connection:
            said = act(connection, arguments)
        print(said)
    return 0


def _keep(connection: keeping.Connection, arguments: argparse.Namespace) -> str:
    keeping.keep_years(connection, arguments.years, arguments.by)
    return f"Loggen oppbevares i {arguments.years} år fra nå av."


def _hold(connection: keeping.Connection, arguments: argparse.Namespace) -> str:
    of = keeping.municipality(connection, arguments.municipality)
    held = (of, arguments.patient, arguments.since, arguments.until, arguments.reason, arguments.by)
    return f"Vern {keeping.hold(connection, *held)} gjelder fra nå."


def _lift(connection: keeping.Connection, arguments: argparse.Namespace) -> str:
    keeping.lift(connection, arguments.hold, arguments.by)
    return "Vernet er opphevet."


def _drop(connection: keeping.Connection, arguments: argparse.Namespace) -> str:
    lines = keeping.drop_month(connection, date.fromisoformat(f"{arguments.month}-01"), arguments.by)
    return f"{arguments.month} er slettet: {lines} linjer. Forseglingene står, og den neste sier hvem som gjorde det."
