"""What is said on a line is answered in order, or not done at all."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from journal.app import JournalApp
from journal.platform.errors import Unavailable
from journal.platform.line import Line
from journal.platform.postgres import EmbeddedPostgres
from journal.platform.statement import Statement, await_commit, line_of, send_commit, together, transaction

SAY = Statement(sa.text("SELECT CAST(:number AS integer) AS number"))
DIVIDE = Statement(sa.text("SELECT 1 / CAST(:number AS integer) AS number"))
SET = Statement(sa.text("SELECT set_config('test.said', :said, true)"))
SAID = Statement(sa.text("SELECT current_setting('test.said', true) AS said"))
NOBODYS = Statement(sa.text("SELECT nothing FROM nowhere"))


@pytest.fixture
def db(app: JournalApp) -> Iterator[Session]:
    with transaction(app.works.sessions) as db:
        yield db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much went each time that something was sent."""
    times: list[int] = []
    send = Line.send

    def note(line: Line) -> None:
        if line._unsent:
            times.append(len(line._expected))
        send(line)

    monkeypatch.setattr(Line, "send", note)
    return times


def number(db: Session, wanted: int) -> int:
    return int(SAY.one(db, number=wanted).number)


def test_what_wants_no_answer_goes_with_the_next_question(db: Session, sent: list[int]) -> None:
    number(db, 1)
    SET.tell(db, said="først")
    sent.clear()

    assert SAID.one(db).said == "først"
    assert len(sent) == 1, "one journey for both"


def test_what_is_asked_together_goes_at_once_and_is_read_in_any_order(db: Session, sent: list[int]) -> None:
    number(db, 0)
    sent.clear()
    with together(db):
        asked = [SAY.ask(db, lambda rows: rows[0].number, number=n) for n in range(5)]

    assert [one.answer() for one in reversed(asked)] == [4, 3, 2, 1, 0]
    assert len(sent) == 1


def test_what_comes_after_a_refusal_is_not_done_and_the_refusal_says_why(app: JournalApp) -> None:
    with pytest.raises(Unavailable, match="loggen"), transaction(app.works.sessions) as db:
        DIVIDE.tell(db, lambda: Unavailable("loggen er stengt"), number=0)
        number(db, 1)
    with pytest.raises(sa.exc.DBAPIError), transaction(app.works.sessions) as db:
        with together(db):
            DIVIDE.ask(db, len, number=0)
            second = SAY.ask(db, len, number=1)
        with pytest.raises(sa.exc.DBAPIError, match="division by zero"):
            second.answer()
        second.answer()


def test_a_refusal_of_what_nobody_waited_for_stops_the_commit(app: JournalApp) -> None:
    with pytest.raises(Unavailable), transaction(app.works.sessions) as db:
        DIVIDE.tell(db, lambda: Unavailable("loggen er stengt"), number=0)
    with pytest.raises(Unavailable), transaction(app.works.sessions) as db:
        number(db, 1)
        DIVIDE.tell(db, lambda: Unavailable("loggen er stengt"), number=0)
        send_commit(db)
        await_commit(db)


def test_the_connection_is_whole_after_a_refusal(app: JournalApp) -> None:
    """What was to be prepared and was not is prepared the next time; what was prepared still is."""
    new = Statement(sa.text(f"SELECT 2 AS n{uuid4().hex}"))
    for _ in range(3):
        with pytest.raises(sa.exc.DBAPIError), transaction(app.works.sessions) as db:
            with together(db):
                DIVIDE.ask(db, len, number=0)
                late = new.ask(db, len)
            late.answer()
        with pytest.raises(sa.exc.ProgrammingError), transaction(app.works.sessions) as db:
            NOBODYS.rows(db)
        with transaction(app.works.sessions) as db:
            assert new.one(db) == (2,)


def test_sqlalchemy_waits_for_its_turn_and_is_in_the_same_transaction(db: Session) -> None:
    SET.tell(db, said="på linjen")
    asked = SAY.ask(db, lambda rows: rows[0].number, number=7)

    assert db.scalar(sa.text("SELECT current_setting('test.said')")) == "på linjen"
    assert asked.answer() == 7
    assert number(db, 3) == 3


def test_what_raises_is_undone_though_it_was_never_sent(app: JournalApp) -> None:
    with pytest.raises(KeyError), transaction(app.works.sessions) as db:
        db.execute(sa.text("SELECT set_config('test.said', 'borte', false)"))
        SET.tell(db, said="aldri")
        raise KeyError
    with transaction(app.works.sessions) as db:
        assert not SAID.one(db).said


def test_a_session_of_sqlalchemys_own_has_a_line_too(app: JournalApp) -> None:
    with app.works.sessions.begin() as db:
        SET.tell(db, said="her")
        assert SAID.one(db).said == "her"
        assert line_of(db) is line_of(db)
    with app.works.sessions.begin() as db:
        assert not SAID.one(db).said


@pytest.mark.parametrize("by_itself", [True, False], ids=["before SQLAlchemy", "in SQLAlchemy's transaction"])
def test_a_lost_connection_is_said_and_the_next_one_is_another(
    app: JournalApp, server: EmbeddedPostgres, by_itself: bool
) -> None:
    backend = Statement(sa.text("SELECT pg_backend_pid() AS pid"))
    with pytest.raises(sa.exc.OperationalError), transaction(app.works.sessions) as db:
        pid = backend.one(db).pid if by_itself else db.scalar(sa.text("SELECT pg_backend_pid()"))
        with psycopg.connect(server.conninfo(), autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 2000)", (pid,))
        number(db, 1)
    with transaction(app.works.sessions) as db:
        assert backend.one(db).pid != pid
