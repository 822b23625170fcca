"""`akson sign-in`: an operator makes the keys, tries the providers, and writes down whom a number stands for."""

import argparse
import getpass
import json
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from joserfc.jwk import ECKey

from journal.access.openid import Client, Providers, SignInRefused, providers
from journal.platform.ids import new_id
from journal.platform.settings import Settings

Environment = Callable[[Path | None], AbstractContextManager[Mapping[str, str]]]


def add_arguments(command: argparse.ArgumentParser, common: argparse.ArgumentParser, environment: Environment) -> None:
    """The acts of `akson sign-in`; *environment* gives the installation's variables."""
    acts = command.add_subparsers(required=True, metavar="handling")
    key = acts.add_parser("make-key", help="lag nøkkelen vi beviser hvem vi er med, og skriv ut den åpne delen")
    key.add_argument("file", type=Path)
    key.set_defaults(run=lambda arguments: make_key(arguments.file))
    check = acts.add_parser("check", parents=[common], help="prøv tilbyderne i AKSON_SIGN_IN")
    check.set_defaults(run=lambda arguments: _in(environment, arguments, lambda settings: try_all(providers(settings))))
    link = acts.add_parser("link", parents=[common], help="skriv ned hvem et fødselsnummer eller en bruker er")
    link.add_argument("--municipality", required=True, metavar="NUMMER", help="kommunenummer, fire sifre")
    link.add_argument("--name", required=True, help="navnet, slik det står på listen over ansatte")
    link.add_argument("--provider", required=True, help="navnet på tabellen i filen")
    link.set_defaults(run=lambda arguments: _in(environment, arguments, lambda settings: _link(settings, arguments)))


def make_key(file: Path) -> int:
    """Makes a key file, for its owner alone, and prints the public key for the provider. Raises FileExistsError."""
    key = ECKey.generate_key("P-256", {"kid": new_id().hex, "alg": "ES256", "use": "sig"})
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w") as stream:
        json.dump(key.as_dict(private=True), stream)
    print(json.dumps(key.as_dict(private=False)))
    return 0


def try_all(known: Providers) -> int:
    """Asks each provider who it is and for its keys; says what each answered. 1 when one did not answer as it must."""
    failed = 0
    for provider in known.by_id.values():
        try:
            Client(provider).try_out()
            print(f"{provider.name}: i orden.")
        except SignInRefused as refusal:
            failed += 1
            print(f"{provider.name}: svarer ikke som den skal ({refusal.kind}).")
    if not known.by_id:
        print("Ingen tilbyder er satt opp: AKSON_SIGN_IN er tom.")
    return int(failed > 0 or not known.by_id)


def link(settings: Settings, municipality: str, name: str, provider_id: str, value: str) -> None:
    """Writes down that *value* (a national number, or the provider's own name for her) is this employee; keeps its hash alone.

    Raises ValueError when the provider, the employee or the form of the value is not known, or the value is another's.
    """
    known = providers(settings)
    provider = known.by_id.get(provider_id)
    if provider is None or municipality not in provider.municipalities:
        raise ValueError("Filen i AKSON_SIGN_IN har ingen slik tilbyder for denne kommunen.")
    kind = "pid" if provider.helseid else provider.person_is
    if kind == "hpr" or not value or (kind == "pid" and not (value.isascii() and value.isdigit() and len(value) == 11)):
        raise ValueError("Et fødselsnummer er 11 sifre. Der tilbyderen gir HPR-nummer, skal ingenting skrives ned.")
    hashed = known.person_hash(kind, provider.issuer, value)
    with sa.create_engine(settings.migrator_url, poolclass=sa.NullPool).begin() as connection:
        of, who = _employee(connection, municipality, name)
        stored = {"m": of, "hash": hashed, "who": who}
        connection.execute(_STORE, stored)
        if connection.execute(_STORED, stored).scalar_one() != who:
            raise ValueError("Nummeret er skrevet ned på en annen i denne kommunen. Kontroller det.")


def _link(settings: Settings, arguments: argparse.Namespace) -> int:
    """Asked for, and not given on the command line, where others could read it afterwards."""
    value = getpass.getpass("Fødselsnummer eller brukernavn hos tilbyderen: ").strip()
    link(settings, arguments.municipality, arguments.name, arguments.provider, value)
    print(f"{arguments.name} kan logge inn. Nummeret selv er ikke lagret.")
    return 0


def _employee(connection: sa.Connection, municipality: str, name: str) -> tuple[UUID, UUID]:
    found = connection.execute(_EMPLOYEE, {"number": municipality, "name": name}).all()
    if len(found) != 1:
        raise ValueError(f"{len(found)} ansatte i kommunen heter {name}. Skriv navnet som på listen over ansatte.")
    return found[0][0], found[0][1]


_EMPLOYEE = sa.text(
    "SELECT DISTINCT m.id, p.id FROM municipalities.municipality m"
    " JOIN municipalities.practitioner_role r ON r.municipality_id = m.id AND (r.valid_until IS NULL OR r.valid_until > now())"
    " JOIN municipalities.practitioner p ON p.id = r.practitioner_id"
    " WHERE m.number = :number AND m.valid_until IS NULL AND p.name = :name"
)
_STORE = sa.text(
    "INSERT INTO access.sign_in_identity (municipality_id, person_hash, practitioner_id) VALUES (:m, :hash, :who)"
    " ON CONFLICT DO NOTHING"
)
_STORED = sa.text(
    "SELECT practitioner_id FROM access.sign_in_identity WHERE municipality_id = :m AND person_hash = :hash"
)


def _in(environment: Environment, arguments: argparse.Namespace, run: Callable[[Settings], int]) -> int:
    with environment(arguments.home) as variables:
        return run(Settings.from_environment(variables))
