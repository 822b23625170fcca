"""What the national references say, read where they lie beside the repository: `../shared/reference`, never a copy in it."""

import os
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[1] / "../shared/reference"
MISSING = (
    f"The national references are not in {REFERENCE.resolve()}, and under CI=true no test is left out for that."
    " Lay the folder `shared` beside the clone, or run without CI=true."
)


@pytest.fixture
def references() -> Path:
    """The folder. Without it the test is left out, on a developer's machine; under CI it fails."""
    if not REFERENCE.exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    return REFERENCE


needs_reference = pytest.mark.usefixtures("references")
