"""An installation that is not safe does not start (safety bar B26)."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy

from journal.platform.postgres import EmbeddedPostgres, running
from journal.platform.settings import InsecureStart, Settings, database_problems, refuse_insecure_database

SECRET, MAC = os.urandom(32), os.urandom(32)
SAFE = {
    "AKSON_DATABASE_URL": "postgresql+psycopg://journal_app@/journal?host=/run/akson",
    "AKSON_MIGRATOR_URL": "postgresql+psycopg://journal_migrator@/journal?host=/run/akson",
    "AKSON_SECRET_KEY": SECRET.hex(),
    "AKSON_MAC_KEY": MAC.hex(),
    "AKSON_PUBLIC_URL": "https://journal.kommune.example",
}
REMOTE = "postgresql+psycopg://journal_app@db.kommune.example/journal"
DEMO = {"AKSON_ENVIRONMENT": "demo"}

INSECURE = {
    "no secret key": ({"AKSON_SECRET_KEY": ""}, "AKSON_SECRET_KEY mangler"),
    "short secret key": ({"AKSON_SECRET_KEY": SECRET[:16].hex()}, "AKSON_SECRET_KEY mangler eller er for kort"),
    "secret key of zeros": ({"AKSON_SECRET_KEY": "00" * 32}, "AKSON_SECRET_KEY er ikke tilfeldig"),
    "secret key that counts": ({"AKSON_SECRET_KEY": bytes(range(32)).hex()}, "AKSON_SECRET_KEY er ikke tilfeldig"),
    "secret key of words": ({"AKSON_SECRET_KEY": b"change-me-please-I-am-an-example".hex()}, "SECRET_KEY er ikke tilfeldig"),
    "secret key in plain text": ({"AKSON_SECRET_KEY": "hemmelig"}, "ikke skrevet heksadesimalt"),
    "no mac key": ({"AKSON_MAC_KEY": ""}, "AKSON_MAC_KEY mangler"),
    "short mac key": ({"AKSON_MAC_KEY": MAC[:31].hex()}, "AKSON_MAC_KEY mangler eller er for kort"),
    "one key for both": ({"AKSON_MAC_KEY": SECRET.hex()}, "er like"),
    "plain http": ({"AKSON_PUBLIC_URL": "http://journal.kommune.example"}, "begynne med https"),
    "no public address": ({"AKSON_PUBLIC_URL": ""}, "begynne med https"),
    "password in the public address": ({"AKSON_PUBLIC_URL": "https://a:b@journal.example"}, "bare ha tjenernavn"),
    "no database": ({"AKSON_DATABASE_URL": ""}, "AKSON_DATABASE_URL mangler"),
    "another kind of database": ({"AKSON_DATABASE_URL": "sqlite:///journal.db"}, "ikke en adresse til PostgreSQL"),
    "as the superuser": ({"AKSON_DATABASE_URL": "postgresql://postgres@localhost/journal"}, "logger inn som «postgres»"),
    "as the owner": ({"AKSON_DATABASE_URL": "postgresql://journal_owner@localhost/journal"}, "«journal_owner»"),
    "as the migrator": ({"AKSON_DATABASE_URL": "postgresql://journal_migrator@localhost/journal"}, "«journal_migrator»"),
    "as nobody in particular": ({"AKSON_DATABASE_URL": "postgresql://localhost/journal"}, "logger inn som «»"),
    "a host from elsewhere": ({"AKSON_DATABASE_URL": "postgresql://journal_app@/journal"}, "må nevne tjeneren"),
    "the migrator is the application": ({"AKSON_MIGRATOR_URL": SAFE["AKSON_DATABASE_URL"]}, "en annen bruker"),
    "remote without TLS": ({"AKSON_DATABASE_URL": f"{REMOTE}?sslmode=disable"}, "uten kontrollert TLS"),
    "remote with TLS of chance": ({"AKSON_DATABASE_URL": REMOTE}, "uten kontrollert TLS"),
    "one remote of several": (
        {"AKSON_DATABASE_URL": "postgresql://journal_app@/journal?host=/run/akson,10.0.0.7"},
        "uten kontrollert TLS",
    ),
    "demo on a remote database": (
        {**DEMO, "AKSON_DATABASE_URL": f"{REMOTE}?sslmode=verify-full"},
        "bare bruke en database på samme maskin",
    ),
    "synthetic numbers in production": ({"AKSON_ALLOW_SYNTHETIC_IDS": "1"}, "oppdiktede numre"),
    "debugging in production": ({"AKSON_DEBUG": "1"}, "Feilsøking er slått på"),
    "Flask's debugging in a demo": ({**DEMO, "FLASK_DEBUG": "1"}, "Feilsøking er slått på"),
    "fewer than no proxies": ({"AKSON_TRUSTED_PROXIES": "-1"}, "AKSON_TRUSTED_PROXIES"),
    "any number of proxies": ({"AKSON_TRUSTED_PROXIES": "99"}, "AKSON_TRUSTED_PROXIES"),
    "figures for everybody": ({"AKSON_METRICS_ADDRESS": "0.0.0.0:9464"}, "AKSON_METRICS_ADDRESS må være"),
    "figures for everybody on IPv6": ({"AKSON_METRICS_ADDRESS": "[::]:9464"}, "AKSON_METRICS_ADDRESS må være"),
    "figures on the internet": ({"AKSON_METRICS_ADDRESS": "8.8.8.8:9464"}, "AKSON_METRICS_ADDRESS må være"),
    "figures at a name that may be anything": ({"AKSON_METRICS_ADDRESS": "journal:9464"}, "AKSON_METRICS_ADDRESS må være"),
    "figures at no port": ({"AKSON_METRICS_ADDRESS": "127.0.0.1"}, "AKSON_METRICS_ADDRESS må være"),
    "the backup is the application": ({"AKSON_BACKUP_URL": SAFE["AKSON_DATABASE_URL"]}, "AKSON_BACKUP_URL må være"),
    "the backup remote without TLS": (
        {"AKSON_BACKUP_URL": "postgresql://journal_backup@db.kommune.example/journal"},
        "AKSON_BACKUP_URL går til en annen maskin",
    ),
    "sessions that never idle": ({"AKSON_SESSION_IDLE_MINUTES": "0"}, "AKSON_SESSION_IDLE_MINUTES"),
    "sessions idle all day": ({"AKSON_SESSION_IDLE_MINUTES": "1440"}, "AKSON_SESSION_IDLE_MINUTES"),
    "sessions without end": ({"AKSON_SESSION_MAX_HOURS": "720"}, "AKSON_SESSION_MAX_HOURS"),
    "a number in words": ({"AKSON_SESSION_MAX_HOURS": "tolv"}, "må være et helt tall"),
    "a switch half on": ({"AKSON_PGBOUNCER": "kanskje"}, "må være 0 eller 1"),
    "an unknown environment": ({"AKSON_ENVIRONMENT": "staging"}, "AKSON_ENVIRONMENT må være"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), INSECURE.values(), ids=INSECURE.keys())
def test_an_insecure_start_is_refused_for_the_one_thing_that_is_wrong(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(InsecureStart) as refused:
        Settings.from_environment({**SAFE, **change})

    assert sentence in str(refused.value)


def test_a_safe_production_start_is_accepted() -> None:
    settings = Settings.from_environment({**SAFE, "AKSON_TRUSTED_PROXIES": "1", "AKSON_PGBOUNCER": "1"})

    assert (settings.environment, settings.trusted_proxies, settings.pgbouncer) == ("production", 1, True)
    assert (settings.secret_key, settings.mac_key) == (SECRET, MAC)
    assert not settings.allow_synthetic_ids


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9464", ("127.0.0.1", 9464)),
        ("10.2.0.5:9464", ("10.2.0.5", 9464)),
        ("[fd00::5]:9464", ("fd00::5", 9464)),
        ("", None),
    ],
)
def test_figures_are_told_on_a_closed_net_or_nowhere(text: str, address: tuple[str, int] | None) -> None:
    assert Settings.from_environment({**SAFE, "AKSON_METRICS_ADDRESS": text}).metrics_address == address


def test_a_remote_database_is_accepted_when_its_certificate_is_checked() -> None:
    settings = Settings.from_environment({**SAFE, "AKSON_DATABASE_URL": f"{REMOTE}?sslmode=verify-full"})

    assert settings.problems() == []


def test_a_demo_may_use_synthetic_numbers_and_plain_http_on_this_machine() -> None:
    change = {**DEMO, "AKSON_ALLOW_SYNTHETIC_IDS": "1", "AKSON_PUBLIC_URL": "http://127.0.0.1:8000"}

    assert Settings.from_environment({**SAFE, **change}).allow_synthetic_ids


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InsecureStart) as refused:
        Settings.from_environment({})

    assert {line.split(" ", 1)[0] for line in refused.value.problems} == {
        "AKSON_SECRET_KEY", "AKSON_MAC_KEY", "AKSON_DATABASE_URL", "AKSON_PUBLIC_URL",
    }  # fmt: skip


def test_neither_keys_nor_passwords_show_when_settings_are_printed() -> None:
    secret_url = "postgresql://journal_app:hysj@localhost/journal"
    settings = Settings.from_environment({**SAFE, "AKSON_DATABASE_URL": secret_url})

    shown = repr(settings)

    assert "hysj" not in shown
    assert repr(SECRET) not in shown and repr(MAC) not in shown


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """A durable server, as in production: the one thing these tests cannot have is speed."""
    with tempfile.TemporaryDirectory(prefix="akson-settings-") as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder, "home")) as server:
            with psycopg.connect(server.conninfo(), autocommit=True) as connection:
                connection.execute("CREATE ROLE journal_app LOGIN")
                connection.execute("CREATE ROLE bypasser LOGIN BYPASSRLS")
                connection.execute("CREATE ROLE member LOGIN IN ROLE bypasser")
                connection.execute("CREATE ROLE owner LOGIN")
                connection.execute("CREATE SCHEMA owned AUTHORIZATION owner CREATE TABLE chart (id int)")
                connection.execute("ALTER TABLE owned.chart OWNER TO owner")
            yield server


def problems_as(server: EmbeddedPostgres, user: str, **options: Any) -> list[str]:
    with psycopg.connect(server.conninfo(user=user), **options) as connection:
        return database_problems(connection)


def test_a_durable_database_and_a_restrained_role_have_no_problems(server: EmbeddedPostgres) -> None:
    assert problems_as(server, "journal_app") == []


def test_the_database_can_be_asked_through_sqlalchemy_as_well(server: EmbeddedPostgres) -> None:
    with sqlalchemy.create_engine(server.dsn("journal_app")).connect() as connection:
        assert database_problems(connection) == []


@pytest.mark.parametrize("user", ["postgres", "bypasser", "member"])
def test_a_role_that_passes_row_level_security_is_refused(server: EmbeddedPostgres, user: str) -> None:
    assert any("går utenom radvernet" in line for line in problems_as(server, user))


def test_a_role_that_owns_tables_is_refused(server: EmbeddedPostgres) -> None:
    assert problems_as(server, "owner") == [
        "Databasebrukeren «owner» eier tabeller, og kan slå av radvernet. Bruk journal_app."
    ]


@pytest.mark.parametrize("value", ["off", "local", "remote_write"])
def test_commits_that_may_be_lost_are_refused(server: EmbeddedPostgres, value: str) -> None:
    found = problems_as(server, "journal_app", options=f"-c synchronous_commit={value}")

    assert found == [f"Databasen har synchronous_commit={value}. Den må være on eller remote_apply."]


@pytest.fixture
def careless() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="akson-settings-") as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder, "home"), fast=True) as server:
            with psycopg.connect(server.conninfo(), autocommit=True) as connection:
                connection.execute("CREATE ROLE journal_app LOGIN")
            yield server


def test_a_database_without_fsync_is_refused_except_in_tests(careless: EmbeddedPostgres) -> None:
    production = Settings.from_environment(SAFE)
    test = Settings.from_environment({**SAFE, "AKSON_ENVIRONMENT": "test"})

    with psycopg.connect(careless.conninfo(user="journal_app")) as connection:
        refuse_insecure_database(test, connection)
        with pytest.raises(InsecureStart) as refused:
            refuse_insecure_database(production, connection)

    assert [line.split(" ", 3)[2] for line in refused.value.problems] == [
        "fsync",
        "full_page_writes",
        "synchronous_commit=off.",
    ]


def test_an_older_server_is_refused() -> None:
    class OldServer:
        def exec_driver_sql(self, _: str) -> "OldServer":
            return self

        def one(self) -> tuple[object, ...]:
            return ("on", "on", "on", 140012, "journal_app", False, False)

    assert database_problems(OldServer()) == ["Databasen må være PostgreSQL 15 eller nyere."]  # type: ignore[arg-type]
