"""Statement: what is asked at every page, written out once for the process and given to the driver as it is."""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg import generators
from psycopg.raw_cursor import RawCursor
from sqlalchemy.dialects.postgresql import psycopg as postgresql
from sqlalchemy.orm import Session

T = TypeVar("T")

_DIALECT = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Statement:
    """A Core statement or sa.text() with named parameters.

    SQLAlchemy writes it, once; psycopg runs it and reads the types. SQLAlchemy's own way through an execution takes several
    times as long as psycopg's, for rows that need nothing of it. Built in a module, or by a function with functools.cache.
    """

    def __init__(self, statement: sa.Executable) -> None:
        compiled: Any = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})  # type: ignore[attr-defined]
        self._sql: bytes = compiled.string.encode()
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._said: dict[str, Any] = {name: value for name, value in compiled.params.items() if value is not None}
        self._row: Any = None

    def rows(self, db: Session, **values: Any) -> list[Any]:
        """The rows, as named tuples. What the session has yet to write is written first.

        Raises SQLAlchemy's DBAPIError, as the session does, and KeyError when a parameter is left out.
        """
        return self._rows_of(self._execute(db, values, _cursor(db)))

    def one(self, db: Session, **values: Any) -> Any:
        """The only row of a statement that always has one."""
        (row,) = self.rows(db, **values)
        return row

    def run(self, db: Session, **values: Any) -> int:
        """For a statement that answers with no rows: how many it touched."""
        return self._execute(db, values, _cursor(db)).rowcount

    def ask(self, db: Session, read: Callable[[list[Any]], T], **values: Any) -> "Asked[T]":
        """Asks, and leaves the answer until it is wanted; *read* makes it from the rows."""
        cursor = self._execute(db, values, RawCursor(_driver(db)))
        return Asked(lambda: read(self._rows_of(cursor)))

    def _rows_of(self, cursor: RawCursor[Any]) -> list[Any]:
        if self._row is None:
            self._row = _row_of([column.name for column in cursor.description or ()])
        return list(map(self._row._make, cursor.fetchall()))

    def _execute(self, db: Session, values: Mapping[str, Any], cursor: RawCursor[Any]) -> RawCursor[Any]:
        db.flush()
        values = {**self._said, **values}
        with _errors(db, self._sql.decode()):
            return cursor.execute(self._sql, [_written(values[name]) for name in self._names])


@dataclass(frozen=True)
class Asked(Generic[T]):
    """What is asked and not yet read. *answer* reads it, once."""

    answer: Callable[[], T]


@contextmanager
def together(db: Session) -> Iterator[None]:
    """What is asked in the block goes to PostgreSQL at once, and the answers come at once when it ends.

    To wait for each answer before the next question costs more than most of the questions do. Raises as Statement.rows.
    """
    with _errors(db, "several statements"), _driver(db).pipeline():
        yield


def send_commit(db: Session) -> None:
    """Commits, and leaves it to await_commit to see whether that went well; until then nothing more can be asked."""
    db.flush()
    _driver(db).pgconn.send_query(b"COMMIT")


def await_commit(db: Session) -> None:
    """Returns when what was sent by send_commit is stored for good. Raises as Statement.rows when it is not."""
    connection = _driver(db)
    with _errors(db, "COMMIT"):
        (result,) = connection.wait(generators.execute(connection.pgconn))
        if result.command_status != b"COMMIT":
            raise psycopg.errors.error_from_result(result)


@contextmanager
def _errors(db: Session, sql: str) -> Iterator[None]:
    """The driver's errors as SQLAlchemy has them."""
    try:
        yield
    except psycopg.Error as error:
        connection: Any = db.connection()
        if connection.connection.driver_connection.closed:
            connection.invalidate(error)
        raise sa.exc.DBAPIError.instance(sql, None, error, psycopg.Error, hide_parameters=True) from error


def _row_of(names: list[str]) -> Any:
    return namedtuple("Row", names, rename=True)


def _written(value: Any) -> Any:
    """A list of ids as PostgreSQL writes one: the driver looks for what a list is of anew at each execution."""
    return f"{{{','.join(map(str, value))}}}" if isinstance(value, list) and value and type(value[0]) is UUID else value


def _driver(db: Session) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", db.connection().connection.driver_connection)


def _cursor(db: Session) -> RawCursor[Any]:
    """One for each session, which has one connection for its one transaction."""
    cursor: RawCursor[Any] | None = db.info.get("cursor")
    if cursor is None:
        cursor = db.info["cursor"] = RawCursor(_driver(db))
    return cursor
