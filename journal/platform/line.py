"""Line: one connection to PostgreSQL, on which what is asked is sent together and answered in order.

Each time a program waits for an answer before it asks the next question costs about as much as the question. libpq's pipeline
spares that: what is said on a line lies there until an answer is wanted, and then all of it goes at once. psycopg's own pipeline
does the same, in several times the processor time, since each of its questions is a cursor.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import psycopg
from psycopg import generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

_GOOD = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY})


Prepared = tuple[bytes, Sequence[int]]
"""A statement and the types of its parameters."""


class Reply:
    """What will be answered to one thing that was said.

    *refusal* makes what is raised when PostgreSQL refuses it; *prepares* is what was asked to be prepared, and nothing else.
    """

    __slots__ = ("prepares", "refusal", "result")

    def __init__(self, refusal: Callable[[], Exception] | None = None, prepares: Prepared | None = None) -> None:
        self.refusal, self.prepares = refusal, prepares
        self.result: PGresult | None = None


class Line:
    """One for a connection, for as long as it lives. Nothing else may use the connection before settle()."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection, self._pgconn = connection, connection.pgconn
        self._prepares = connection.prepare_threshold is not None
        self._adapt = Transformer(connection)
        self._names: dict[Prepared, bytes] = {}
        self._numbers = count()
        self._expected: deque[Reply | None] = deque()  # None: where what was sent together ends
        self._unsent = False
        self._awaited = False  # whether the last that lies there is
        self._closing: Reply | None = None

    @property
    def in_transaction(self) -> bool:
        """Whether something has been said since the last commit."""
        return bool(self._expected) or self._pgconn.transaction_status != TransactionStatus.IDLE

    def say(
        self, sql: bytes, values: Sequence[Any], refusal: Callable[[], Exception] | None = None, *, awaited: bool = True
    ) -> Reply:
        """Lays it on the line, in the transaction that is open or that begins with it.

        *awaited*: the answer is read, and is worth having as soon as it is there, whatever is said after it.
        """
        if self._closing is not None:
            raise RuntimeError("the transaction is being committed: nothing more can be asked in it")
        if self._awaited:
            # PostgreSQL would keep it until it has answered everything.
            self._pgconn.send_flush_request()
        self._awaited = awaited
        adapt, pgconn = self._adapt, self._pgconn
        written = adapt.dump_sequence(values, (PyFormat.AUTO,) * len(values))
        types, formats = adapt.types or (), adapt.formats
        if not self._expected:
            self._open()
        if self._prepares:
            pgconn.send_query_prepared(self._named(sql, types), written, formats)
        else:
            pgconn.send_query_params(sql, written, types, formats)
        return self._expect(Reply(refusal))

    def commit(self) -> None:
        """Lays a COMMIT on the line and sends everything; until it is answered nothing more can be said."""
        if not self._expected:
            self._open()
        self._pgconn.send_query_params(b"COMMIT", None)
        self._closing = self._expect(Reply())
        self.send()

    def await_commit(self) -> bool:
        """Returns when it is stored for good; False when there is none to wait for, since something before it was refused.

        Raises as read(), and psycopg's Error when PostgreSQL rolled back instead.
        """
        if (closing := self._closing) is None:
            return False
        result = self.read(closing)
        self.settle()
        if result.command_status != b"COMMIT":
            raise psycopg.errors.error_from_result(result, encoding="utf-8")
        return True

    def send(self) -> None:
        """Sends what lies there. It waits for nothing."""
        if self._unsent:
            self._pgconn.pipeline_sync()
            self._expected.append(None)
            self._unsent = self._awaited = False
            if self._pgconn.flush():
                self._connection.wait(generators.send(self._pgconn))

    def read(self, reply: Reply) -> PGresult:
        """The answer, after all that were asked for before it. Raises psycopg's Error, or what the first refused one says."""
        if reply.result is None:
            self.send()
            while reply.result is None:
                self._take()
            if len(self._expected) == 1 and self._expected[0] is None:
                self._hear()
        if reply.result.status not in _GOOD:
            raise psycopg.errors.error_from_result(reply.result, encoding="utf-8")
        return reply.result

    def rows(self, reply: Reply, make: Callable[[Sequence[Any]], Any]) -> list[Any]:
        """The rows of an answer, each made by *make* of its values."""
        result = self.read(reply)
        self._adapt.set_pgresult(result)
        return self._adapt.load_rows(0, result.ntuples, make)

    def settle(self) -> None:
        """Hears everything that was asked for. Raises as read()."""
        if self._closing is not None:
            raise RuntimeError("the transaction is being committed: nothing more can be asked in it")
        self.send()
        while self._expected:
            self._take()

    def rollback(self) -> None:
        """Hears everything out, minds none of it, and undoes it. Nothing is left to do when the connection is lost.

        psycopg's own rollback would have PostgreSQL forget every statement that is prepared.
        """
        with suppress(psycopg.OperationalError):
            self._hear_out()
            if self._pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                self._open()
                self._pgconn.send_query_params(b"ROLLBACK", None)
                self._expect(Reply())
                self._hear_out()

    def _hear_out(self) -> None:
        self.send()
        while self._expected:
            self._hear()

    def _open(self) -> None:
        idle = self._pgconn.transaction_status == TransactionStatus.IDLE
        self._pgconn.enter_pipeline_mode()
        if idle and not self._connection.autocommit:
            self._pgconn.send_query_params(b"BEGIN", None)
            self._expect(Reply())

    def _named(self, sql: bytes, types: Sequence[int]) -> bytes:
        """The prepared statement's name; it is prepared for the connection the first time."""
        name = self._names.get((sql, types))
        if name is None:
            name = self._names[sql, types] = b"line_%d" % next(self._numbers)
            self._pgconn.send_prepare(name, sql, types)
            self._expect(Reply(prepares=(sql, types)))
        return name

    def _expect(self, reply: Reply) -> Reply:
        self._expected.append(reply)
        self._unsent = True
        return reply

    def _take(self) -> None:
        """Hears the next answer. When it is a refusal the rest is heard out, for nothing of it was done."""
        reply, result = self._hear()
        if reply is not None and result.status not in _GOOD:
            self._hear_out()
            error = psycopg.errors.error_from_result(result, encoding="utf-8")
            if reply.refusal is not None:
                raise reply.refusal() from error
            raise error

    def _hear(self) -> tuple[Reply | None, PGresult]:
        expected = self._expected.popleft()
        result = self._next()
        if result is None or (expected is None) != (result.status == ExecStatus.PIPELINE_SYNC):
            self._expected.clear()
            self._pgconn.finish()
            raise psycopg.OperationalError("the connection to PostgreSQL is lost")
        if expected is None:
            if not self._expected:
                self._pgconn.exit_pipeline_mode()
        else:
            self._next()  # the end of what there was to this one
            expected.result = result
            if expected.prepares is not None and result.status not in _GOOD:
                del self._names[expected.prepares]
            if expected is self._closing:
                self._closing = None
        return expected, result

    def _next(self) -> PGresult | None:
        busy = self._pgconn.is_busy()
        result: PGresult | None = (
            self._connection.wait(generators.fetch(self._pgconn)) if busy else self._pgconn.get_result()
        )
        return result
