"""What the tools say about the code: style, types and who imports whom. The message of a failure is the tool's own."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import side_by_side

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent

CHECKS = {
    "ruff finds nothing": [str(PROGRAMS / "ruff"), "check", "."],
    "every type is right": [sys.executable, "-m", "mypy", "--strict", "journal"],
    "nobody imports what stands above or belongs to another": [str(PROGRAMS / "lint-imports")],
}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("command", CHECKS.values(), ids=CHECKS.keys())
def test_the_code_passes(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"


def test_what_is_begun_first_is_there() -> None:
    assert [name for name in side_by_side.FIRST if not (ROOT / name).exists()] == []


def test_every_context_is_entered_by_its_package_alone() -> None:
    """A contract for each, in pyproject.toml: what its `__init__` does not export, the others do not import."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    protected = {module for contract in contracts for module in contract.get("protected_modules", ())}
    contexts = {models.parent.name for models in ROOT.glob("journal/*/models*") if models.parent.name != "platform"}

    assert {f"journal.{context}.*" for context in contexts} <= protected
