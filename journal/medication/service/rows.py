"""Many rows of a table in one statement."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from journal.platform.statement import Statement


def insert_rows(model: Any, columns: Mapping[str, Any]) -> Statement:
    """Stores rows of these columns, each with its type: takes for every column the list of its values."""
    lists = (sa.bindparam(name, type_=sa.ARRAY(kind)) for name, kind in columns.items())
    given = sa.func.unnest(*lists).table_valued(*columns).render_derived()
    rows = sa.select(*(given.c[name] for name in columns))
    return Statement(sa.insert(model).from_select(list(columns), rows, include_defaults=False))


def as_lists(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> dict[str, Any]:
    """The rows as insert_rows takes them. An id that may be missing goes as text: a list of ids has no place for none."""
    lists = {name: [row[name] for row in rows] for name in columns}
    return {name: [one and str(one) for one in of] if _lacks_ids(of) else of for name, of in lists.items()}


def _lacks_ids(values: Sequence[Any]) -> bool:
    return None in values and any(isinstance(value, UUID) for value in values)
