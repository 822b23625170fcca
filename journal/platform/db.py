"""Base and Record: what every table has. Types of the columns, and the columns of a row that somebody answers for."""

import select
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from journal.platform.ids import new_id


class Base(DeclarativeBase):
    """Text for words (a status is text with a CHECK: only its operators reach an index past row-level security)."""

    type_annotation_map = {
        str: sa.Text,
        UUID: sa.Uuid,
        datetime: sa.DateTime(timezone=True),
        date: sa.Date,
        Decimal: sa.Numeric(12, 4),
        dict[str, Any]: JSONB,
    }


class Stamped:
    """Who answers for a row (municipality), who wrote it, in which employment, when.

    Never edited. A mistake is marked by setting in_error_reason; PostgreSQL writes when and by whom.
    """

    municipality_id: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    unit_id: Mapped[UUID | None] = mapped_column(server_default=sa.FetchedValue())
    recorded_by: Mapped[UUID] = mapped_column(server_default=sa.FetchedValue())
    recorded_by_name: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_as: Mapped[UUID | None] = mapped_column(server_default=sa.FetchedValue())
    recorded_role: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
    source_id: Mapped[UUID | None]
    in_error_at: Mapped[datetime | None] = mapped_column(server_default=sa.FetchedValue())
    in_error_by: Mapped[UUID | None] = mapped_column(server_default=sa.FetchedValue())
    in_error_reason: Mapped[str | None]
    erasure_id: Mapped[UUID | None] = mapped_column(server_default=sa.FetchedValue())


class Record(Stamped):
    """A row in a patient's chart."""

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class Entry(Record):
    """A record that can change: a change is a new row with the same entry_id and version + 1, unique together."""

    entry_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(default=1)


def _refuse_hung_up(connection: Any, _record: Any, _proxy: Any) -> None:
    """A connection at rest has nothing to say: when there is something to read, PostgreSQL has hung up, and the pool gets
    another. It costs no round trip, which a question to PostgreSQL before each request would.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise sa.exc.DisconnectionError()


POOL_SIZE = 8  # connections kept by each process; when all are in use it may open as many again


def connect(url: str, *, pool_size: int = POOL_SIZE, pgbouncer: bool = False) -> sessionmaker[Session]:
    """Sessions over one engine. Behind a pooler in transaction mode prepared statements are off.

    Every chart is read by the same indexes, so a statement is planned once for a connection and not for each patient, and
    is short, so it is never compiled. What is found for one patient or dose is not remembered in case it is asked for again: it
    never is.
    """
    arguments: dict[str, Any] = {"prepare_threshold": None} if pgbouncer else {"prepare_threshold": 3}
    # A machine that does not answer, or is gone in the middle of an answer, is given up: a thread never waits for it for ever.
    arguments |= {"connect_timeout": 4, "tcp_user_timeout": 8000, "keepalives_idle": 5, "keepalives_interval": 2}
    limits = "-c statement_timeout=5s -c lock_timeout=4s -c idle_in_transaction_session_timeout=30s"
    arguments["options"] = f"{limits} -c plan_cache_mode=force_generic_plan -c jit=off -c enable_memoize=off"
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        hide_parameters=True,
        connect_args=arguments,
    )
    sa.event.listen(engine, "checkout", _refuse_hung_up)
    return sessionmaker(engine, expire_on_commit=False, autoflush=True)
