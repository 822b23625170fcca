"""What guards there are, how each is taken away and put back, and which tests should notice."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, NamedTuple

import psycopg
from flask import Flask
from psycopg import sql

from journal import app as application
from journal.permissions import ROLE_PERMISSIONS, Permission, Role
from tests.architecture.test_services import every_service

Connection = psycopg.Connection[Any]


OF_THE_DATABASE = ("test_database.py", "test_log_opens_charts.py")
OF_ROUTES, OF_SERVICES = ("test_routes.py",), ("test_services.py",)


class Guard(NamedTuple):
    """`without()` is a block in which the guard is gone; *files* are asked first, and then those that name the table *about*."""

    name: str
    files: tuple[str, ...]
    without: Callable[[], AbstractContextManager[None]]
    about: str | None = None


def all_guards(superuser: Connection, app: Flask) -> list[Guard]:
    of_the_database = (*_policies(superuser), *_unique_indexes(superuser))
    return [*of_the_database, *_routes(app), _token(), *_services(), *_rights()]


def _policies(superuser: Connection) -> Iterator[Guard]:
    """Each half of a policy by itself: what may be seen, what may be written. A half that is not said is not opened."""
    found = superuser.execute(
        """SELECT n.nspname, c.relname, p.polname, half.word, half.said FROM pg_policy p
           JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
           LATERAL (VALUES ('USING', pg_get_expr(p.polqual, p.polrelid)),
                           ('WITH CHECK', pg_get_expr(p.polwithcheck, p.polrelid))) half (word, said)
           WHERE half.said IS NOT NULL AND half.said <> 'true' ORDER BY 1, 2, 3, 4"""
    ).fetchall()
    for schema, table, policy, word, said in found:
        name = f"policy {schema}.{table} {policy} {word.lower()}"

        @contextmanager
        def without(
            schema: str = schema, table: str = table, policy: str = policy, word: str = word, said: str = said
        ) -> Iterator[None]:
            alter = sql.SQL("ALTER POLICY {} ON {} ").format(sql.Identifier(policy), sql.Identifier(schema, table))
            superuser.execute(alter + sql.SQL(f"{word} (true)"))  # type: ignore[arg-type]
            try:
                yield
            finally:
                superuser.execute(alter + sql.SQL(f"{word} ({said})"))  # type: ignore[arg-type]

        yield Guard(name, OF_THE_DATABASE, without, f"{schema}.{table}")


def _unique_indexes(superuser: Connection) -> Iterator[Guard]:
    """Those that no key of another table rests on (the database itself refuses to lose those), and no primary keys."""
    found = superuser.execute(
        """SELECT n.nspname, t.relname, i.relname, pg_get_indexdef(x.indexrelid), pg_get_constraintdef(c.oid)
           FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
           JOIN pg_namespace n ON n.oid = t.relnamespace
           LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.contype IN ('u', 'x')
           WHERE x.indisunique AND NOT x.indisprimary AND NOT t.relispartition
               AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema', 'public')
               AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conindid = x.indexrelid AND f.contype = 'f')
           ORDER BY 1, 2, 3"""
    ).fetchall()
    for schema, table, index, made, constraint in found:

        @contextmanager
        def without(
            schema: str = schema,
            table: str = table,
            index: str = index,
            made: str = made,
            constraint: str | None = constraint,
        ) -> Iterator[None]:
            alter = sql.SQL("ALTER TABLE {} ").format(sql.Identifier(schema, table))
            one = sql.Identifier(index)
            away = alter + sql.SQL("DROP CONSTRAINT {}").format(one)
            back = alter + sql.SQL("ADD CONSTRAINT {} ").format(one) + sql.SQL(constraint or "")  # type: ignore[arg-type]
            if constraint is None:
                away, back = sql.SQL("DROP INDEX {}").format(sql.Identifier(schema, index)), sql.SQL(made)  # type: ignore[arg-type,assignment]
            superuser.execute(away)
            try:
                yield
            finally:
                try:
                    superuser.execute(back)
                except psycopg.errors.UniqueViolation:  # the twins that a test made meanwhile
                    superuser.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(schema, table)))
                    superuser.execute(back)

        yield Guard(f"index {schema}.{table} {index}", OF_THE_DATABASE, without, f"{schema}.{table}")


def _routes(app: Flask) -> Iterator[Guard]:
    """A route that is open to everybody: no permission is asked for, nor that anybody is signed in."""
    for endpoint, view in sorted(app.view_functions.items()):
        if getattr(view, "permission", None) is None:
            continue

        @contextmanager
        def without(view: Any = view) -> Iterator[None]:
            said, view.permission = view.permission, None
            try:
                yield
            finally:
                view.permission = said

        yield Guard(f"route {endpoint}", OF_ROUTES, without)


def _token() -> Guard:
    @contextmanager
    def without() -> Iterator[None]:
        kept = application.security.refuse_forgery  # type: ignore[attr-defined]
        application.security.refuse_forgery = lambda *_: None  # type: ignore[attr-defined]
        try:
            yield
        finally:
            application.security.refuse_forgery = kept  # type: ignore[attr-defined]

    return Guard("form token and origin", OF_ROUTES, without)


def _services() -> Iterator[Guard]:
    """A method of a service that asks nothing, and still says what it should have asked."""
    for service in every_service():
        for name, guarded in sorted(vars(service).items()):
            if name.startswith("_"):
                continue

            @contextmanager
            def without(service: Any = service, name: str = name, guarded: Any = guarded) -> Iterator[None]:
                @wraps(guarded.__wrapped__)
                def bare(*args: Any, **kwargs: Any) -> Any:
                    return guarded.__wrapped__(*args, **kwargs)

                bare.permission = guarded.permission  # type: ignore[attr-defined]
                setattr(service, name, bare)
                try:
                    yield
                finally:
                    setattr(service, name, guarded)

            yield Guard(f"service {service.__module__}.{service.__qualname__}.{name}", OF_SERVICES, without)


def _rights() -> Iterator[Guard]:
    """A role without one of its permissions: what somebody's work stands on is gone and nobody said so."""
    for role, held in ROLE_PERMISSIONS.items():
        for permission in sorted(held):

            @contextmanager
            def without(role: Role = role, held: Any = held, permission: Permission = permission) -> Iterator[None]:
                ROLE_PERMISSIONS[role] = held - {permission}
                try:
                    yield
                finally:
                    ROLE_PERMISSIONS[role] = held

            yield Guard(f"right {role} {permission}", OF_SERVICES, without)
