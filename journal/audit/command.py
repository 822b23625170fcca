"""`akson log`: the access log is sealed, exported and checked; kept_command.py and proof_command.py have the other acts."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from journal.audit import kept_command, proof_command
from journal.audit.checking import check_on
from journal.audit.exporting import export
from journal.audit.keeping import address_in, municipality, needed, two
from journal.audit.seal import make_seal_key
from journal.audit.sealer import RestoredLog, anchor, anchored, seal
from journal.audit.verifying import Codes, Verdict, verify
from journal.platform.clock import moment

SEAL_SECONDS = 1
_SAY_EVERY = 100_000

Environment = Callable[[Path | None], AbstractContextManager[Mapping[str, str]]]


def add_arguments(command: argparse.ArgumentParser, common: argparse.ArgumentParser, environment: Environment) -> None:
    """The acts of `akson log`; *environment* gives the installation's variables."""
    acts = command.add_subparsers(required=True, metavar="handling")
    key = acts.add_parser("make-key", help="lag nøkkelen som loggen forsegles med, og skriv ut den åpne delen")
    key.add_argument("file", type=Path)
    key.set_defaults(run=make_key)
    sealing = acts.add_parser("seal", parents=[common], help="forsegle loggen, hvert sekund")
    sealing.add_argument("--once", action="store_true", help="forsegle det som er lukket, og slutt")
    sealing.set_defaults(run=lambda arguments: _in(environment, arguments, seal_on))
    out = acts.add_parser("export", parents=[common], help="skriv loggen til en fil som kan kontrolleres")
    out.add_argument("file", type=Path)
    out.add_argument("--municipality", help="bare denne kommunens del (kommunenummer)")
    out.set_defaults(run=lambda arguments: _in(environment, arguments, write))
    check = acts.add_parser("verify", help="kontroller en slik fil: er loggen hel?")
    check.add_argument("file", type=Path)
    check.add_argument("--key", required=True, help="den åpne nøkkelen, heksadesimalt")
    check.add_argument("--anchor", type=Path, help="filen med forseglinger som er oppbevart utenfor databasen")
    check.add_argument("--codes", type=Path, help="fil med AKSON_LOG_KEY: kontroller også koden over hver linje")
    check.add_argument(
        "--codes-since",
        metavar="TID",
        help="fra da av skal hver linje ha en kode (2026-12-01); ellers fra den første som har",
    )
    check.set_defaults(run=check_file)
    renew = acts.add_parser("new-epoch", parents=[common], help="begynn på nytt etter at en kopi er lagt tilbake")
    renew.add_argument("reason", help="hvorfor")
    renew.add_argument("--by", action="append", required=True, help="navnet til en av de to som står for det")
    renew.set_defaults(run=lambda arguments: _in(environment, arguments, begin_epoch))
    proof_command.add_arguments(acts)
    kept_command.add_arguments(acts, common, environment)


def _in(
    environment: Environment,
    arguments: argparse.Namespace,
    run: Callable[[argparse.Namespace, Mapping[str, str]], int],
) -> int:
    with environment(arguments.home) as variables:
        return run(arguments, variables)


def make_key(arguments: argparse.Namespace) -> int:
    """Makes a key file, for its owner alone, and prints the public key. Raises FileExistsError."""
    print(make_seal_key(arguments.file).public_bytes_raw().hex())
    return 0


def key_in(file: Path) -> Ed25519PrivateKey:
    """The key of a file. Raises ValueError for one that others may read, or that holds no key."""
    if file.stat().st_mode & 0o077:
        raise ValueError(f"Andre kan lese {file.name}. Gi bare eieren tilgang (chmod 600).")
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(file.read_text().strip()))
    except ValueError:
        raise ValueError(f"{file.name} er ingen nøkkel. Lag en med «akson log make-key».") from None


def seal_on(arguments: argparse.Namespace, variables: Mapping[str, str]) -> int:
    """Seals each second until it is told to stop, or once, and runs the checks that are asked for beside it.

    A database that is away is waited for. A signal is asked for and not thrown: thrown while the database goes too, it
    would be lost in the database's own error, and this would go on.
    """
    key, file = key_in(Path(needed(variables, "AKSON_SEAL_KEY"))), Path(needed(variables, "AKSON_ANCHOR"))
    address = address_in(variables, "AKSON_SEALER_URL")
    stop = threading.Event()
    if not arguments.once:
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, lambda *_: stop.set())
        _start_checks(address, key.public_key(), file, variables, stop)
    while not stop.is_set():
        try:
            with psycopg.connect(address, autocommit=True) as connection:
                while not stop.is_set():
                    head = seal(connection, key)
                    anchor(connection, file)
                    if head and arguments.once:
                        print(f"Forsegling {head.number}: {head.lines} linjer.")
                    if arguments.once:
                        return 0
                    stop.wait(SEAL_SECONDS)
        except RestoredLog as error:
            print(error, file=sys.stderr)
            return 2
        except psycopg.OperationalError as error:
            if arguments.once:
                raise ValueError("Databasen svarer ikke. Prøv igjen om litt.") from error
            stop.wait(SEAL_SECONDS)
    return 0


def _start_checks(
    address: str, key: Ed25519PublicKey, anchors: Path, variables: Mapping[str, str], stop: threading.Event
) -> None:
    written = variables.get("AKSON_LOG_KEY", "")
    codes = Codes(bytes.fromhex(written)) if written else None

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(address, autocommit=True)

    threading.Thread(target=check_on, args=(connect, key, anchors, codes, stop), daemon=True).start()


def write(arguments: argparse.Namespace, variables: Mapping[str, str]) -> int:
    """Writes the export; a file appears when it is whole, and never replaces another."""
    if arguments.file.exists():
        raise FileExistsError(f"{arguments.file} finnes allerede. Velg et annet navn.")
    unfinished = arguments.file.with_name(f"{arguments.file.name}.unfinished")
    with psycopg.connect(address_in(variables, "AKSON_SEALER_URL")) as connection:
        of = municipality(connection, arguments.municipality) if arguments.municipality else None
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as stream:
            stream.writelines(f"{line}\n" for line in export(connection, of))
    unfinished.rename(arguments.file)
    print(f"{arguments.file} er skrevet. Den sier hvem som har sett hvilke pasienter: ta vare på den deretter.")
    return 0


def check_file(arguments: argparse.Namespace) -> int:
    """Says in a sentence whether the log is whole, or each thing that is wrong; answers with 1 then."""
    key = proof_command.public_key(arguments.key)
    heads = anchored(arguments.anchor) if arguments.anchor else []
    if arguments.anchor and not heads:
        raise ValueError(
            f"{arguments.anchor} har ingen forseglinger. Uten dem ser ingen om slutten av loggen er kuttet."
        )
    codes = (
        Codes(bytes.fromhex(arguments.codes.read_text().strip()), arguments.codes_since) if arguments.codes else None
    )
    said = [0]

    def progress(lines: int) -> None:
        if lines - said[0] >= _SAY_EVERY:
            said[0] = lines
            print(f"{lines} linjer kontrollert …", file=sys.stderr, flush=True)

    with arguments.file.open() as stream:
        verdict = verify(stream, key, heads, progress, codes)
    print("\n".join(sentences(verdict, anchors=len(heads))))
    return 0 if verdict.whole else 1


def sentences(verdict: Verdict, *, anchors: int) -> list[str]:
    """What a check came to, for people."""
    if not verdict.whole:
        return ["Loggen er ikke hel:", *(f"- {finding}" for finding in verdict.findings)]
    part = [f"Filen er bare den delen av loggen som gjelder kommunen {verdict.of}."] if verdict.of else []
    if not verdict.lines:
        return ["Loggen har ingen forseglede linjer.", *part]
    first, last = (moment(datetime.fromisoformat(at)) for at in (verdict.first, verdict.last))
    said = [f"Loggen er hel fra {first} til {last}: {verdict.lines} linjer i {verdict.seals} forseglinger.", *part]
    if verdict.unsealed:
        said.append(f"{verdict.unsealed} nye linjer er ikke forseglet ennå.")
    if verdict.coded:
        said.append(f"{verdict.coded} linjer har en kode fra programmet, og den stemmer.")
    said += [
        f"{month} er slettet etter at tiden for oppbevaring var ute: {of['lines']} linjer, av {' og '.join(of['by'])}."
        for month, of in sorted(verdict.dropped.items())
    ]
    if anchors:
        said.append(
            f"{verdict.anchored} av {verdict.seals} forseglinger er oppbevart utenfor databasen, og er de samme."
        )
    else:
        said.append("Uten filen med oppbevarte forseglinger kan ingen se om slutten av loggen er kuttet.")
    return said


def begin_epoch(arguments: argparse.Namespace, variables: Mapping[str, str]) -> int:
    """Begins anew after a restore: says why and by which two, and new lines are of the next epoch. As journal_migrator."""
    names = two(arguments.by)
    with psycopg.connect(address_in(variables, "AKSON_MIGRATOR_URL")) as connection:
        row = connection.execute(
            "INSERT INTO audit.log_epoch (epoch, reason, names)"
            " SELECT coalesce(max(epoch), 1) + 1, %s, %s FROM audit.log_epoch RETURNING epoch",
            (arguments.reason, names),
        ).fetchone()
        assert row is not None
        connection.execute(f"ALTER TABLE audit.access_log ALTER COLUMN epoch SET DEFAULT {int(row[0])}")
    print(f"Epoke {row[0]} er begynt. Den neste forseglingen sier hvorfor.")
    return 0
