"""The technical log: whatever is told, a line is one event that any reader of JSON takes."""

import json

import pytest
import structlog

from journal.platform import log

FORGED = 'ok\n{"event": "sign-in", "level": "info"}\r\u2028\x1b[2J'


def test_a_line_is_one_event_whatever_somebody_wrote_into_it(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    logger = structlog.get_logger()
    logger.warning(FORGED, path=FORGED)
    logger.info("after")

    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["path"], first["level"]) == (FORGED, FORGED, "warning")
    assert second["event"] == "after" and second["timestamp"].endswith("Z")
