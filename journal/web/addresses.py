"""Addresses of pages. A page holds dozens, and the router takes longer to build one than the page to show it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from werkzeug.routing import Rule

_ID = re.compile(r"<uuid:(\w+)>")
# What the router too leaves as it is in a query.
_LEFT = "!$'()*,/:;?@"


class Addresses:
    """Writes the address of an endpoint whose only variable parts are ids straight from its rule."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._paths = {rule.endpoint: (_ID.sub(r"{\1}", rule.rule), rule.arguments) for rule in rules}

    def written(self, endpoint: str, values: Mapping[str, Any]) -> str | None:
        """The address with UUIDs in the path, UUIDs and text in the query; None where the router must do it."""
        path, names = self._paths.get(endpoint, ("<", ()))
        if "<" in path or len(names) > len(values):
            return None
        ids, query = {}, {}
        for name, value in values.items():
            if name in names:
                if type(value) is not UUID:
                    return None
                ids[name] = value
            elif type(value) in (str, UUID) and not name.startswith("_"):
                query[name] = str(value)
            elif value is not None:
                return None
        if len(ids) < len(names):
            return None
        return path.format_map(ids) + (f"?{urlencode(query, safe=_LEFT)}" if query else "")
