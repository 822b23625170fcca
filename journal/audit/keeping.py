"""How long the log is kept: the years, months that go, and what must not. Acts of two persons, by an operator's command."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import make_url

Connection = psycopg.Connection[Any]

LEAST_YEARS = 3
USUAL_YEARS = 5


def two(names: Sequence[str]) -> list[str]:
    """The two who stand for an act. Raises ValueError for fewer, more, or one twice."""
    found = sorted({" ".join(name.split()) for name in names} - {""})
    if len(found) != 2 or len(names) != 2:
        raise ValueError("To personer må stå for det: skriv --by to ganger, med hvert sitt navn.")
    return found


def keep_years(connection: Connection, years: int, names: Sequence[str]) -> None:
    """From now on a month is kept for so many years. Raises ValueError for fewer than the least."""
    if not LEAST_YEARS <= years <= 100:
        raise ValueError(f"Loggen må oppbevares i minst {LEAST_YEARS} år.")
    connection.execute("INSERT INTO audit.log_retention (years, names) VALUES (%s, %s)", (years, two(names)))


def hold(
    connection: Connection,
    municipality_id: UUID,
    patient_id: UUID | None,
    since: date,
    until: date | None,
    reason: str,
    names: Sequence[str],
) -> UUID:
    """Nothing of this municipality, or of one patient in it, goes from these days until it is lifted; answers with its id."""
    row = connection.execute(
        "INSERT INTO audit.log_hold (municipality_id, patient_id, since, until, reason, names)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
        (municipality_id, patient_id, since, until, reason, two(names)),
    ).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


def lift(connection: Connection, hold_id: UUID, names: Sequence[str]) -> None:
    """The hold is over. Raises ValueError when there is none with this id, or it is lifted."""
    done = connection.execute(
        "UPDATE audit.log_hold SET lifted_at = now(), lifted_names = %s WHERE id = %s AND lifted_at IS NULL",
        (two(names), hold_id),
    )
    if not done.rowcount:
        raise ValueError("Det er ikke noe slikt vern, eller det er alt opphevet.")


def drop_month(connection: Connection, month: date, names: Sequence[str]) -> int:
    """Drops a whole month; answers with how many lines went. The seals stay, and the next one says who did it.

    Raises ValueError inside the retention, under a hold, and for a month that is not there.
    """
    try:
        row = connection.execute("SELECT audit.drop_month(%s, %s)", (month, two(names))).fetchone()
    except psycopg.errors.UndefinedTable:
        raise ValueError(f"Loggen har ingen måned {month:%Y-%m}.") from None
    except psycopg.errors.ObjectInUse as error:
        if "held" in str(error):
            raise ValueError(f"Noe i {month:%Y-%m} er vernet mot sletting. Opphev vernet først.") from None
        raise ValueError(f"{month:%Y-%m} er innenfor tiden loggen skal oppbevares.") from None
    assert row is not None
    return int(row[0])


def municipality(connection: Connection, number: str) -> UUID:
    """The municipality with this number. Raises ValueError when it is not in use."""
    row = connection.execute("SELECT id FROM municipalities.municipality WHERE number = %s", (number,)).fetchone()
    if row is None:
        raise ValueError(f"Kommune {number} er ikke i bruk her.")
    found: UUID = row[0]
    return found


def needed(variables: Mapping[str, str], name: str) -> str:
    """A variable of the installation. Raises ValueError with its name when it is not set."""
    if not variables.get(name):
        raise ValueError(f"{name} mangler. Se docs/operations/log.md.")
    return variables[name]


def address_in(variables: Mapping[str, str], name: str) -> str:
    """The address of the database in a variable, as psycopg reads it."""
    return make_url(needed(variables, name)).set(drivername="postgresql").render_as_string(hide_password=False)
