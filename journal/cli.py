"""The `akson` command."""

import argparse
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from journal.access import sign_in_command
from journal.audit import command as access_log
from journal.audit import erasure_command
from journal.bench import command as bench
from journal.oversight import command as oversight
from journal.platform import database
from journal.platform.backup import RestoreError, back_up, manifest_of, restore
from journal.platform.caller import Keys
from journal.platform.clock import local_date, moment, norwegian_date
from journal.platform.errors import JournalError
from journal.platform.postgres import EmbeddedPostgres, default_home, running
from journal.platform.postgres_programs import PostgresError
from journal.platform.settings import InsecureStart, Settings

if TYPE_CHECKING:
    from journal.medication import Progress

DATABASE = "akson"


def main(argv: list[str] | None = None) -> int:
    """Runs a command; answers with the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except (InsecureStart, PostgresError, RestoreError, JournalError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--home", type=Path, default=None, help="der den innebygde databasen ligger (eller AKSON_HOME)")
    parser = argparse.ArgumentParser(prog="akson", description="Akson journal: felles journal for kommunene")
    commands = parser.add_subparsers(required=True, metavar="kommando")

    demo = commands.add_parser("demo", parents=[common], help="start alt med oppdiktede personer")
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument("--patients", type=int, default=2000, metavar="N")
    demo.set_defaults(run=_demo)

    serve = commands.add_parser("serve", parents=[common], help="start nettjeneren (AKSON_DATABASE_URL)")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--workers", type=int, default=2)
    serve.set_defaults(run=_serve)

    worker = commands.add_parser("worker", parents=[common], help="start arbeideren: utboks, dosehorisont, loggmåneder")
    worker.add_argument("--once", action="store_true", help="gjør det som venter, og slutt")
    worker.add_argument("--check", action="store_true", help="si om en arbeider lever; status 1 hvis ikke")
    worker.set_defaults(run=_worker)

    db = commands.add_parser("db", help="databasen").add_subparsers(required=True, metavar="handling")
    db.add_parser("roles", parents=[common], help="skriv SQL for databaseadministratoren").set_defaults(run=_roles)
    db.add_parser("upgrade", parents=[common], help="kjør migreringene (AKSON_MIGRATOR_URL)").set_defaults(run=_upgrade)

    downtime = commands.add_parser("downtime", help="når journalen er borte").add_subparsers(
        required=True, metavar="handling"
    )
    for name, said in (
        ("begin", "journalen tas ned nå"),
        ("end", "journalen er tilbake: dosene fra nedetiden er ukjente"),
    ):
        away = downtime.add_parser(name, parents=[common], help=said)
        away.add_argument("--municipality", required=True, metavar="NUMMER", help="kommunenummer, fire sifre")
        away.add_argument("--why", default="", help="hvorfor")
        away.set_defaults(run=_downtime, ends=name == "end")

    access = commands.add_parser("access", help="tilganger").add_subparsers(required=True, metavar="handling")
    check = access.add_parser(
        "check", parents=[common], help="finn tilganger som ikke skulle vært åpne; status 1 hvis noen"
    )
    check.set_defaults(run=_check_access)

    backup = commands.add_parser("backup", parents=[common], help="ta en sikkerhetskopi (AKSON_BACKUP_URL)")
    backup.add_argument("file", type=Path)
    backup.set_defaults(run=_backup)

    restore = commands.add_parser("restore", parents=[common], help="legg en sikkerhetskopi inn i en tom database")
    restore.add_argument("file", type=Path)
    restore.set_defaults(run=_restore)

    imports = commands.add_parser("import", help="hent inn").add_subparsers(required=True, metavar="hva")
    fest = imports.add_parser("fest", parents=[common], help="legemiddelkatalogen FEST (M30)")
    fest.add_argument("file", type=Path)
    fest.add_argument(
        "--replace", action="store_true", help="også når filen er eldre eller mye mindre enn katalogen i bruk"
    )
    fest.set_defaults(run=_import_fest)

    gp_list = imports.add_parser("gp-list", parents=[common], help="fastlegelisten: patient;hpr;from;until")
    gp_list.add_argument("file", type=Path)
    gp_list.add_argument("--municipality", required=True, metavar="NUMMER", help="kommunenummer, fire sifre")
    gp_list.add_argument("--dry-run", action="store_true", help="si hva som ville skjedd, og gjør ingenting")
    gp_list.add_argument(
        "--replace", action="store_true", help="også når over halvparten av tilgangene ville blitt avsluttet"
    )
    gp_list.set_defaults(run=_import_gp_list)

    bench_command = commands.add_parser("bench", help="mål farten mot grensen (egen database)")
    bench.add_arguments(bench_command)
    bench_command.set_defaults(run=bench.run)

    log_command = commands.add_parser("log", help="innsynsloggen: forsegle, skrive ut, kontrollere")
    access_log.add_arguments(log_command, common, lambda home: _environment(home, 8000))
    erasures = commands.add_parser(
        "erasures", help="slettinger: skrive dem ut, og kjøre dem på nytt etter gjenoppretting"
    )
    erasure_command.add_arguments(erasures, common, lambda home: _environment(home, 8000))
    oversight.add_arguments(commands.add_parser("check-export", help="kontroller et signert uttrekk av innsynsloggen"))

    sign_in = commands.add_parser("sign-in", help="innloggingen: lage nøkkel, prøve tilbyderne, koble ansatte")
    sign_in_command.add_arguments(sign_in, common, lambda home: _environment(home, 8000))

    municipality = commands.add_parser("municipality", help="kommuner").add_subparsers(
        required=True, metavar="handling"
    )
    add = municipality.add_parser("add", parents=[common], help="ta en kommune i bruk")
    add.add_argument("number", help="kommunenummer, fire sifre")
    add.add_argument("--administrator", required=True, help="navn på den første administratoren")
    add.set_defaults(run=_add_municipality)
    return parser


@contextmanager
def _installation(home: Path | None) -> Iterator[Settings]:
    """The settings of _environment."""
    with _environment(home, 8000) as environment:
        yield Settings.from_environment(environment)


@contextmanager
def _environment(home: Path | None, port: int) -> Iterator[Mapping[str, str]]:
    """The environment, or that of the embedded database in *home*, which is joined or started."""
    if os.environ.get("AKSON_DATABASE_URL"):
        yield os.environ
        return
    place = home or default_home()
    if not (place / "data").exists():
        raise InsecureStart(["AKSON_DATABASE_URL mangler. Vil du bare prøve, så kjør `./akson demo`."])
    with running(place) as server:
        yield {**os.environ, **_embedded_environment(server, place, port)}


def _embedded_environment(server: EmbeddedPostgres, home: Path, port: int) -> dict[str, str]:
    """The environment of everything that the demo starts: keys made once and kept beside the data."""
    keys = {name: _kept_key(home / f"{name}.key") for name in ("secret", "mac", "seal", "log")}
    return {
        "AKSON_ENVIRONMENT": "demo",
        "AKSON_DATABASE_URL": server.dsn("journal_app", DATABASE),
        "AKSON_MIGRATOR_URL": server.dsn("journal_migrator", DATABASE),
        "AKSON_BACKUP_URL": server.dsn("journal_backup", DATABASE),
        "AKSON_SEALER_URL": server.dsn("journal_sealer", DATABASE),
        "AKSON_SEAL_KEY": str(home / "seal.key"),
        "AKSON_ANCHOR": str(home / "heads.jsonl"),
        "AKSON_SECRET_KEY": keys["secret"],
        "AKSON_MAC_KEY": keys["mac"],
        "AKSON_LOG_KEY": keys["log"],
        "AKSON_ALLOW_SYNTHETIC_IDS": "1",
        "AKSON_PUBLIC_URL": f"http://localhost:{port}",
        "AKSON_SESSION_IDLE_MINUTES": "60",
    }


def _kept_key(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text().strip()


def _demo(arguments: argparse.Namespace) -> int:
    from journal import demo

    home = arguments.home or default_home()
    with running(home) as server:
        environment = _embedded_environment(server, home, arguments.port)
        settings = Settings.from_environment(environment)
        new = database.make_database(server.dsn(), DATABASE)
        database.migrate(settings.migrator_url)
        database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), "demo")
        return demo.run(settings, environment, port=arguments.port, patients=arguments.patients, new=new)


def _serve(arguments: argparse.Namespace) -> int:
    from journal import serving

    with _environment(arguments.home, arguments.port) as environment:
        return serving.serve(environment, host=arguments.host, port=arguments.port, workers=arguments.workers)


def _worker(arguments: argparse.Namespace) -> int:
    from journal import worker

    with _installation(arguments.home) as settings:
        if not arguments.check:
            return worker.run(settings, once=arguments.once)
        seconds = worker.seconds_since_heartbeat(settings)
    _say(
        "Ingen arbeider har vært i gang." if seconds is None else f"Arbeideren var i gang for {seconds} sekunder siden."
    )
    return int(seconds is None or seconds > worker.DEAD_AFTER_SECONDS)


def _downtime(arguments: argparse.Namespace) -> int:
    from journal import worker

    with _installation(arguments.home) as settings:
        done = worker.declare_downtime(settings, arguments.municipality, ends=arguments.ends, why=arguments.why)
    if not done:
        raise ValueError("Det går ikke: kommunen er ikke i bruk her, eller nedetiden er alt begynt eller avsluttet.")
    _say("Nedetiden er avsluttet. Dosene fra den er ukjente." if arguments.ends else "Nedetiden er begynt.")
    return 0


def _check_access(arguments: argparse.Namespace) -> int:
    from journal import worker

    with _installation(arguments.home) as settings:
        found = worker.grounds_amiss(settings)
    for one in found:
        _say(f"{one.municipality_name}: {one.text} (tilgang {one.relationship_id}, fra {moment(one.since)})")
    _say(f"{len(found)} tilganger er åpne og skulle ikke vært det.")
    return int(bool(found))


def _backup(arguments: argparse.Namespace) -> int:
    with _installation(arguments.home) as settings:
        if not settings.backup_url:
            raise InsecureStart(["AKSON_BACKUP_URL mangler: adressen til databasen som journal_backup."])
        content = back_up(settings.backup_url, arguments.file, _say)
    _say(f"{arguments.file} er skrevet: {content.rows} rader i {len(content.tables)} tabeller.")
    _say(
        f"Ta vare på den sammen med {manifest_of(arguments.file)}. Begge inneholder helseopplysninger eller peker til dem."
    )
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from journal import serving

    with _empty_installation(arguments.home) as settings:
        if not settings.migrator_url:
            raise InsecureStart(["AKSON_MIGRATOR_URL mangler: adressen til den tomme databasen som journal_migrator."])
        content = restore(settings.migrator_url, arguments.file, settings.environment, _say)
        database.migrate(settings.migrator_url)
        database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), settings.environment)
        serving.check(settings)
    _say(
        f"Databasen er som da kopien ble tatt: {content.rows} rader, siste linje i innsynsloggen {content.last_log_row}."
    )
    return 0


@contextmanager
def _empty_installation(home: Path | None) -> Iterator[Settings]:
    """As _installation, but an embedded database that is not there is made, with its roles."""
    place = home or default_home()
    if os.environ.get("AKSON_DATABASE_URL"):
        with _installation(home) as settings:
            yield settings
        return
    with running(place) as server:
        database.make_database(server.dsn(), DATABASE)
        yield Settings.from_environment(_embedded_environment(server, place, 8000))


def _say(text: str) -> None:
    print(text, flush=True)


def _import_fest(arguments: argparse.Namespace) -> int:
    from journal.medication import import_catalogue

    with _installation(arguments.home) as settings, arguments.file.open("rb") as stream:
        if not settings.migrator_url:
            raise InsecureStart(["AKSON_MIGRATOR_URL mangler: adressen til databasen som journal_migrator."])
        done = import_catalogue(settings.migrator_url, stream, replace=arguments.replace, progress=_say_progress)
    fetched = norwegian_date(local_date(done.source_date))
    if done.again:
        _say(f"Katalogen i bruk er fra den samme filen, hentet fra FEST {fetched}. Det er notert at den er sjekket nå.")
        return 0
    _say(f"Katalogen fra FEST, hentet {fetched}, er tatt i bruk.")
    _say(
        f"{done.active} legemidler og virkestoff i bruk, {done.changed} nye eller endret, {done.withdrawn} utgått."
        f" {done.interactions} interaksjoner."
    )
    return 0


def _import_gp_list(arguments: argparse.Namespace) -> int:
    from journal.access.gp_list import import_gp_list

    how = {"dry_run": arguments.dry_run, "replace": arguments.replace}
    with _installation(arguments.home) as settings, arguments.file.open(encoding="utf-8-sig", newline="") as file:
        if not settings.migrator_url:
            raise InsecureStart(["AKSON_MIGRATOR_URL mangler: adressen til databasen som journal_migrator."])
        done = import_gp_list(settings.migrator_url, arguments.municipality, file, **how)
    _say("Prøve, ingenting er endret." if arguments.dry_run else "Fastlegelisten er hentet inn.")
    _say(f"{done.begun} nye tilganger, {done.kept} som før, {done.ended} avsluttet.")
    _say(
        f"{done.unknown_patients} linjer om pasienter som ikke er i journalen, {done.unknown_doctors} om ukjente leger."
    )
    return 0


def _say_progress(progress: "Progress") -> None:
    """A line that is written over at a terminal; in a log a line for each tenth."""
    if progress.stage == "switching":
        _say("\nTar katalogen i bruk …" if sys.stdout.isatty() else "Tar katalogen i bruk …")
    elif sys.stdout.isatty():
        print(f"\rLeser filen: {progress.percent} %, {progress.entries} oppføringer", end="", flush=True)
    elif progress.percent % 10 == 0:
        _say(f"Leser filen: {progress.percent} %, {progress.entries} oppføringer")


def _add_municipality(arguments: argparse.Namespace) -> int:
    from journal.municipalities.joining import add_municipality

    with _installation(arguments.home) as settings:
        print(add_municipality(settings.migrator_url, arguments.number, arguments.administrator))
    return 0


def _roles(_arguments: argparse.Namespace) -> int:
    print(database.ROLES)
    print("\n".join(f"{statement};" for statement in database.database_sql(DATABASE)))
    return 0


def _upgrade(arguments: argparse.Namespace) -> int:
    with _installation(arguments.home) as settings:
        database.migrate(settings.migrator_url)
        database.hand_over_key(settings.migrator_url, Keys(settings.mac_key), settings.environment)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
