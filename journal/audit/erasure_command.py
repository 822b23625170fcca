"""`akson erasures export` and `replay`: what is erased is erased also after a restore (docs/operations/backup.md)."""

import argparse
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg

from journal.audit import erasure_file
from journal.audit.keeping import address_in, needed

Environment = Callable[[Path | None], AbstractContextManager[Mapping[str, str]]]
Act = Callable[[argparse.Namespace, Mapping[str, str]], int]


def add_arguments(command: argparse.ArgumentParser, common: argparse.ArgumentParser, environment: Environment) -> None:
    """The acts; *environment* gives the installation's variables."""
    acts = command.add_subparsers(required=True, metavar="handling")
    out = acts.add_parser("export", parents=[common], help="skriv hva som er slettet til en fil (AKSON_BACKUP_URL)")
    again = acts.add_parser("replay", parents=[common], help="slett på nytt etter at en sikkerhetskopi er lagt tilbake")
    again.add_argument("--by", required=True, help="navnet til den som kjører det; det står i innsynsloggen")
    for parser, act in ((out, write), (again, replay)):
        parser.add_argument("file", type=Path)
        parser.set_defaults(run=lambda arguments, act=act: _in(environment, arguments, act))


def _in(environment: Environment, arguments: argparse.Namespace, act: Act) -> int:
    with environment(arguments.home) as variables:
        return act(arguments, variables)


def write(arguments: argparse.Namespace, variables: Mapping[str, str]) -> int:
    """Says how many erasures the file has."""
    key = bytes.fromhex(needed(variables, "AKSON_LOG_KEY"))
    with psycopg.connect(address_in(variables, "AKSON_BACKUP_URL")) as connection:
        lines = erasure_file.export(connection, arguments.file, key)
    sys.stdout.write(f"{arguments.file} har {lines} slettinger.\n")
    return 0


def replay(arguments: argparse.Namespace, variables: Mapping[str, str]) -> int:
    """Says what was done; answers 1 when something is still to be erased."""
    by = " ".join(arguments.by.split())
    if not by:
        raise ValueError("Skriv hvem som kjører det: --by NAVN.")
    key = bytes.fromhex(needed(variables, "AKSON_LOG_KEY"))
    lines = erasure_file.read(arguments.file, key)
    with psycopg.connect(address_in(variables, "AKSON_MIGRATOR_URL"), autocommit=True) as connection:
        done = erasure_file.replay(connection, lines, by, key)
    told = f"{done['erased']} slettet på nytt, {done['already']} var slettet, {done['absent']} er ikke i kopien."
    if done["in use"]:
        told += f" {done['in use']} er i bruk og står: avslutt dem, og kjør på nytt."
    sys.stdout.write(told + "\n")
    return int(bool(done["in use"]))
