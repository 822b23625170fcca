"""Statement: what is asked at every page, written out once for the process and given to the driver as it is."""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import psycopg as postgresql
from sqlalchemy.orm import Session, sessionmaker

from journal.platform.line import Line, Reply

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
        return self.ask(db, list, **values).answer()

    def one(self, db: Session, **values: Any) -> Any:
        """The only row of a statement that always has one."""
        (row,) = self.rows(db, **values)
        return row

    def run(self, db: Session, **values: Any) -> int:
        """For a statement that answers with no rows: how many it touched."""
        line, reply = self._say(db, values)
        with _errors(db, self._sql.decode()):
            return line.read(reply).command_tuples or 0

    def tell(self, db: Session, refusal: Callable[[], Exception] | None = None, **values: Any) -> None:
        """Asks for no answer: it goes with the next question, and before it.

        When PostgreSQL refuses it, what comes after it is not done, and *refusal*, or DBAPIError, is raised where the next
        answer is wanted.
        """
        self._say(db, values, refusal, awaited=False)

    def ask(self, db: Session, read: Callable[[list[Any]], T], **values: Any) -> "Asked[T]":
        """Asks, and leaves the answer until it is wanted; *read* makes it from the rows."""
        line, reply = self._say(db, values)
        return Asked(lambda: read(self._rows_of(db, line, reply)))

    def _rows_of(self, db: Session, line: Line, reply: Reply) -> list[Any]:
        with _errors(db, self._sql.decode()):
            if self._row is None:
                result = line.read(reply)
                self._row = _row_of([(result.fname(i) or b"").decode() for i in range(result.nfields)])
            return line.rows(reply, self._row._make)

    def _say(
        self,
        db: Session,
        values: Mapping[str, Any],
        refusal: Callable[[], Exception] | None = None,
        *,
        awaited: bool = True,
    ) -> tuple[Line, Reply]:
        db.flush()
        said = {**self._said, **values}
        line = line_of(db)
        with _errors(db, self._sql.decode()):
            return line, line.say(self._sql, [_written(said[name]) for name in self._names], refusal, awaited=awaited)


@dataclass(frozen=True)
class Asked(Generic[T]):
    """What is asked and not yet read. *answer* reads it, once."""

    answer: Callable[[], T]


@contextmanager
def together(db: Session) -> Iterator[None]:
    """What is asked in the block goes to PostgreSQL at once when it ends, and is answered while the answers are read.

    To wait for each answer before the next question costs more than most of the questions do. Raises as Statement.rows.
    """
    yield
    with _errors(db, "several statements"):
        line_of(db).send()


def send_commit(db: Session) -> None:
    """Commits, and leaves it to await_commit to see whether that went well; until then nothing more can be asked."""
    db.flush()
    with _errors(db, "COMMIT"):
        line_of(db).commit()


def await_commit(db: Session) -> bool:
    """Returns when what was sent by send_commit is stored for good. Raises as Statement.rows when it is not; False when
    something that was asked before it was refused, which is raised where it was wanted.
    """
    with _errors(db, "COMMIT"):
        return line_of(db).await_commit()


def line_of(db: Session) -> Line:
    """The line of the connection that the session's transaction has."""
    return cast(Line, db.info.get("line") or _line(db.connection()))


@contextmanager
def transaction(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """A session for one transaction: commits when the block ends, if that is not done already, and rolls back when it raises.

    A request that has nothing for SQLAlchemy to ask or write never begins what SQLAlchemy has around a transaction, which
    costs as much as several questions.
    """
    with sessions.kw["bind"].connect() as connection:
        line, db = _line(connection), sessions(bind=connection)
        db.info["line"] = line
        try:
            yield db
            if line.in_transaction:
                send_commit(db)
                await_commit(db)
        finally:
            line.rollback()
            if db.in_transaction():
                db.close()


@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def _wait(connection: sa.Connection, *_: Any) -> None:
    """What SQLAlchemy asks itself waits until what is on the connection's line is answered."""
    if line := connection.info.get("line"):
        line.settle()


@sa.event.listens_for(sa.Engine, "commit")
def _hear(connection: sa.Connection) -> None:
    _wait(connection)


@sa.event.listens_for(sa.Engine, "rollback")
def _undo(connection: sa.Connection) -> None:
    if not connection.invalidated and (line := connection.info.get("line")):
        line.rollback()


def _line(connection: sa.Connection) -> Line:
    line: Line | None = connection.info.get("line")
    if line is None:
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        line = connection.info["line"] = Line(driver)
    return line


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
