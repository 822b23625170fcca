"""The technical log: JSON lines that say what the program does, never whom it is about."""

import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO, cast

import structlog

# Eleven or twelve digits in a row may be a national number; grouped or not.
_NUMBER = re.compile(r"(?<!\d)\d{6}[\s.\-]?\d{5,6}(?!\d)")
_FORBIDDEN = frozenset({"name", "family_name", "given_name", "national_id", "text", "body", "note", "address", "phone"})


def without_persons(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drops fields that could hold a person, and blanks anything that looks like a national number."""
    return {
        key: _NUMBER.sub("…", value) if isinstance(value, str) else value
        for key, value in event.items()
        if key not in _FORBIDDEN
    }


class _StandardError:
    """Standard error as it is when a line is written, and not as it was when the program started."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure() -> None:
    """One line of JSON per event on standard error; control characters are escaped, so a line is an event."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_persons,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _StandardError())),
        cache_logger_on_first_use=True,
    )
