"""A test that reads a national reference is left out where there is none, and never under CI."""

import pytest

from tests import reference


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", "Failed"), (None, "Skipped"), ("false", "Skipped")], ids=["CI", "a machine", "no CI"]
)
def test_without_the_references_a_test_fails_under_ci_and_is_left_out_elsewhere(tmp_path, monkeypatch, ci, outcome):
    monkeypatch.setattr(reference, "REFERENCE", tmp_path / "nowhere")
    monkeypatch.setenv("CI", ci) if ci else monkeypatch.delenv("CI", raising=False)

    with pytest.raises(BaseException, match="beside the clone") as raised:
        reference.references.__wrapped__()

    assert raised.typename == outcome
