"""A PIN is as good as ever and quick to look at: what a try costs is werkzeug's to test."""

import pytest

from journal.access import pin_rules


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pin_rules, "METHOD", "scrypt:1024:8:1")
