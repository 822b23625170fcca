"""The environment, read once into one frozen dataclass. An installation that is not safe does not start.

Every sentence in `InsecureStart` is for the person who runs the installation: which variable, and what to do.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

import psycopg
from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError

Environment = Literal["production", "demo", "test"]

KEY_BYTES = 32
LEAST_POSTGRES = 150000
MAX_PROXIES = 5
IDLE_MINUTES = range(1, 61)
SESSION_HOURS = range(1, 17)  # a long shift with its handovers
VERIFIED_TLS = {"verify-ca", "verify-full"}
NOT_FOR_THE_APPLICATION = {
    "postgres",
    "root",
    "admin",
    "journal_owner",
    "journal_migrator",
    "journal_backup",
    "journal_sealer",
}
SYNCHRONOUS = {"on", "remote_apply"}  # a dose answered as signed must be on disk: not `local` with standbys, not `off`


class InsecureStart(Exception):
    """Akson refuses to start like this; `problems` holds one sentence (bokmål) for each thing to put right."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(
            "Akson starter ikke, fordi oppsettet ikke er trygt:\n" + "\n".join(f"- {line}" for line in problems)
        )
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one installation may decide. Keys and addresses with passwords do not show in its repr."""

    database_url: str = field(repr=False)
    migrator_url: str = field(default="", repr=False)
    backup_url: str = field(default="", repr=False)
    environment: Environment = "production"
    secret_key: bytes = field(repr=False)
    mac_key: bytes = field(repr=False)
    log_key: bytes = field(default=b"", repr=False)
    allow_synthetic_ids: bool = False
    public_url: str = ""
    trusted_proxies: int = 0
    metrics_at: str = ""
    sign_in_file: str = ""
    export_key: str = ""
    session_idle_minutes: int = 15
    session_max_hours: int = 12
    idle_ward_pc_minutes: int = 3
    idle_tablet_minutes: int = 10
    proof_minutes: int = 15
    sign_ins_per_address: int = 600
    sign_ins_in_all: int = 6000
    pgbouncer: bool = False
    debug: bool = False

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "Settings":
        """Read AKSON_…; raises InsecureStart with everything that is wrong, not only the first thing."""
        reader = _Reader(env)
        settings = cls(
            database_url=reader.text("AKSON_DATABASE_URL"),
            migrator_url=reader.text("AKSON_MIGRATOR_URL"),
            backup_url=reader.text("AKSON_BACKUP_URL"),
            environment=reader.environment("AKSON_ENVIRONMENT"),
            secret_key=reader.key("AKSON_SECRET_KEY"),
            mac_key=reader.key("AKSON_MAC_KEY"),
            log_key=reader.key("AKSON_LOG_KEY"),
            allow_synthetic_ids=reader.switch("AKSON_ALLOW_SYNTHETIC_IDS"),
            public_url=reader.text("AKSON_PUBLIC_URL"),
            metrics_at=reader.text("AKSON_METRICS_ADDRESS"),
            sign_in_file=reader.text("AKSON_SIGN_IN"),
            export_key=reader.text("AKSON_EXPORT_KEY"),
            trusted_proxies=reader.number("AKSON_TRUSTED_PROXIES", 0),
            session_idle_minutes=reader.number("AKSON_SESSION_IDLE_MINUTES", 15),
            session_max_hours=reader.number("AKSON_SESSION_MAX_HOURS", 12),
            idle_ward_pc_minutes=reader.number("AKSON_IDLE_WARD_PC_MINUTES", 3),
            idle_tablet_minutes=reader.number("AKSON_IDLE_TABLET_MINUTES", 10),
            proof_minutes=reader.number("AKSON_PROOF_MINUTES", 15),
            sign_ins_per_address=reader.number("AKSON_SIGN_INS_PER_ADDRESS", 600),
            sign_ins_in_all=reader.number("AKSON_SIGN_INS_IN_ALL", 6000),
            pgbouncer=reader.switch("AKSON_PGBOUNCER"),
            debug=reader.switch("AKSON_DEBUG") | reader.switch("FLASK_DEBUG"),
        )
        if problems := reader.problems + settings.problems():
            raise InsecureStart(problems)
        return settings

    @property
    def metrics_address(self) -> tuple[str, int] | None:
        """Host and port where the figures are told; None when they are not, or when what is set is no address."""
        try:
            parts = urlsplit(f"//{self.metrics_at}")
            return (parts.hostname, parts.port) if parts.hostname and parts.port else None
        except ValueError:
            return None

    def problems(self) -> list[str]:
        """What makes these settings unsafe, as sentences; empty when they are fit to start with."""
        return [*self._key_problems(), *self._database_problems(), *self._web_problems(), *self._mode_problems()]

    def _key_problems(self) -> list[str]:
        found = _weakness("AKSON_SECRET_KEY", self.secret_key) + _weakness("AKSON_MAC_KEY", self.mac_key)
        if self.secret_key and self.secret_key == self.mac_key:
            found.append("AKSON_SECRET_KEY og AKSON_MAC_KEY er like. De må være hver sin nøkkel.")
        if self.log_key:
            found += _weakness("AKSON_LOG_KEY", self.log_key)
        if self.log_key and self.log_key in (self.mac_key, self.secret_key):
            found.append(
                "AKSON_LOG_KEY er lik en annen nøkkel. Databasen kjenner AKSON_MAC_KEY, men skal ikke kjenne denne."
            )
        return found

    def _database_problems(self) -> list[str]:
        if not self.database_url:
            return ["AKSON_DATABASE_URL mangler."]
        url = _parse(self.database_url)
        if url is None or url.get_backend_name() != "postgresql":
            return ["AKSON_DATABASE_URL er ikke en adresse til PostgreSQL."]
        found = []
        if not url.username or url.username in NOT_FOR_THE_APPLICATION:
            found.append(
                f"AKSON_DATABASE_URL logger inn som «{url.username or ''}». Bruk journal_app, som radvernet gjelder for."
            )
        if not _hosts(url) or "service" in url.query:
            found.append(
                "AKSON_DATABASE_URL må nevne tjeneren (eller mappen med sokkelen), ellers velges den et annet sted."
            )
        others = {"AKSON_MIGRATOR_URL": self.migrator_url, "AKSON_BACKUP_URL": self.backup_url}
        addresses = {name: _parse(text) for name, text in others.items()}
        for name, text in others.items():
            other = addresses[name]
            if text and (other is None or other.username == url.username):
                found.append(f"{name} må være en PostgreSQL-adresse med en annen bruker enn AKSON_DATABASE_URL.")
        for name, address in {"AKSON_DATABASE_URL": url, **addresses}.items():
            if address is not None and not _is_local(address) and address.query.get("sslmode") not in VERIFIED_TLS:
                found.append(f"{name} går til en annen maskin uten kontrollert TLS. Sett sslmode=verify-full.")
        if self.environment != "production" and not _is_local(url):
            found.append("Demo og test kan bare bruke en database på samme maskin, aldri en som kan ha ekte pasienter.")
        return found

    def _web_problems(self) -> list[str]:
        found = []
        parts = urlsplit(self.public_url)
        if self.environment == "production" and (parts.scheme != "https" or not parts.hostname):
            found.append("AKSON_PUBLIC_URL må være adressen brukerne ser, og begynne med https://.")
        if parts.username or parts.password or parts.query or parts.fragment:
            found.append("AKSON_PUBLIC_URL skal bare ha tjenernavn, og eventuelt port og sti.")
        if not 0 <= self.trusted_proxies <= MAX_PROXIES:
            found.append(
                f"AKSON_TRUSTED_PROXIES må være mellom 0 og {MAX_PROXIES}, ellers kan hvem som helst dikte IP-adresser."
            )
        if self.metrics_at and (self.metrics_address is None or not _is_closed(self.metrics_address[0])):
            found.append(
                "AKSON_METRICS_ADDRESS må være en adresse på denne maskinen eller et lukket nett, og en port: "
                "127.0.0.1:9464, aldri 0.0.0.0."
            )
        minutes = {
            "AKSON_SESSION_IDLE_MINUTES": self.session_idle_minutes,
            "AKSON_IDLE_WARD_PC_MINUTES": self.idle_ward_pc_minutes,
            "AKSON_IDLE_TABLET_MINUTES": self.idle_tablet_minutes,
            "AKSON_PROOF_MINUTES": self.proof_minutes,
        }
        found += [f"{name} må være mellom 1 og 60." for name, set in minutes.items() if set not in IDLE_MINUTES]
        if self.session_max_hours not in SESSION_HOURS:
            found.append("AKSON_SESSION_MAX_HOURS må være mellom 1 og 16.")
        if not 1 <= self.sign_ins_per_address <= self.sign_ins_in_all:
            found.append("AKSON_SIGN_INS_PER_ADDRESS må være minst 1, og ikke mer enn AKSON_SIGN_INS_IN_ALL.")
        return found

    def _mode_problems(self) -> list[str]:
        found = []
        if self.environment not in get_args(Environment):
            found.append("AKSON_ENVIRONMENT må være production, demo eller test.")
        if self.debug and self.environment != "test":
            found.append("Feilsøking er slått på (AKSON_DEBUG eller FLASK_DEBUG). Da kan en feilside vise pasientdata.")
        if self.allow_synthetic_ids and self.environment not in ("demo", "test"):
            found.append("AKSON_ALLOW_SYNTHETIC_IDS kan ikke være på i produksjon: oppdiktede numre skal ikke godtas.")
        return found


def refuse_insecure_database(settings: Settings, connection: "Connection | psycopg.Connection[Any]") -> None:
    """Raise InsecureStart when this database could lose what it has answered for, or does not restrain us.

    Only the test environment goes without: its server trades durability for speed.
    """
    if settings.environment != "test" and (problems := database_problems(connection)):
        raise InsecureStart(problems)


def database_problems(connection: "Connection | psycopg.Connection[Any]") -> list[str]:
    """What is unsafe about the server and about the role this connection has; empty when all is well."""
    fsync, full_page, synchronous, version, user, privileged, owns = _ask(connection)
    found = []
    if fsync != "on":
        found.append("Databasen har fsync slått av: et strømbrudd kan slette signerte doser.")
    if full_page != "on":
        found.append("Databasen har full_page_writes slått av: et strømbrudd kan ødelegge journalen.")
    if synchronous not in SYNCHRONOUS:
        found.append(f"Databasen har synchronous_commit={synchronous}. Den må være on eller remote_apply.")
    if version < LEAST_POSTGRES:
        found.append("Databasen må være PostgreSQL 15 eller nyere.")
    if privileged:
        found.append(f"Databasebrukeren «{user}» er superbruker eller går utenom radvernet. Bruk journal_app.")
    if owns:
        found.append(f"Databasebrukeren «{user}» eier tabeller, og kan slå av radvernet. Bruk journal_app.")
    return found


QUESTIONS = """
SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
       current_setting('server_version_num')::int, session_user::text,
       EXISTS (SELECT FROM pg_catalog.pg_roles AS r
               WHERE (r.rolsuper OR r.rolbypassrls) AND pg_has_role(session_user, r.oid, 'MEMBER')),
       EXISTS (SELECT FROM pg_catalog.pg_class AS c
               WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND pg_has_role(session_user, c.relowner, 'MEMBER'))
"""


def _ask(connection: "Connection | psycopg.Connection[Any]") -> tuple[str, str, str, int, str, bool, bool]:
    if isinstance(connection, psycopg.Connection):
        answer = connection.execute(QUESTIONS).fetchone()
    else:
        answer = connection.exec_driver_sql(QUESTIONS).one()
    return cast(tuple[str, str, str, int, str, bool, bool], answer)


def _weakness(name: str, key: bytes) -> list[str]:
    """Too short, or not made by chance: one byte repeated, a count, an example from a manual, a written word."""
    if len(key) < KEY_BYTES:
        return [f"{name} mangler eller er for kort. Lag en med «openssl rand -hex {KEY_BYTES}»."]
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    if len(set(key)) < KEY_BYTES // 2 or len(steps) == 1 or all(32 <= byte < 127 for byte in key):
        return [f"{name} er ikke tilfeldig. Lag en med «openssl rand -hex {KEY_BYTES}»."]
    return []


def _parse(address: str) -> URL | None:
    try:
        return make_url(address) if address else None
    except (ArgumentError, ValueError):
        return None


def _hosts(url: URL) -> list[str]:
    """Every machine the address can lead to; SQLAlchemy and libpq take them from more than one place."""
    hosts = [url.host] if url.host else []
    for name in ("host", "hostaddr"):
        given = url.query.get(name, ())
        for value in [given] if isinstance(given, str) else given:
            hosts += value.split(",")
    return hosts


def _is_local(url: URL) -> bool:
    """Whether all the hosts of the address are this machine: a socket, or a loopback address."""
    return all(_is_this_machine(host) for host in _hosts(url))


def _is_closed(host: str) -> bool:
    """Whether an address is out of reach from the internet: one of a private network, and not all there are."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_private and not address.is_unspecified


def _is_this_machine(host: str) -> bool:
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Reader:
    """Reads variables, and remembers the ones that could not be read."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        return self.env.get(name, "").strip()

    def environment(self, name: str) -> Environment:
        """Anything unknown is passed on: `Settings.problems` says so."""
        return cast(Environment, self.text(name) or "production")

    def key(self, name: str) -> bytes:
        try:
            return bytes.fromhex(self.text(name))
        except ValueError:
            self.problems.append(f"{name} er ikke skrevet heksadesimalt.")
            return b""

    def switch(self, name: str) -> bool:
        value = self.text(name).lower()
        if value not in ("", "0", "1", "false", "true"):
            self.problems.append(f"{name} må være 0 eller 1.")
        return value in ("1", "true")

    def number(self, name: str, default: int) -> int:
        value = self.text(name)
        try:
            return int(value) if value else default
        except ValueError:
            self.problems.append(f"{name} må være et helt tall.")
            return default
