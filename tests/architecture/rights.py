"""What each role may, as the program has it. `python -m tests.architecture.rights` writes it to rights.txt.

A change of that file is read by somebody: a role may more than it did, or no longer what somebody's work stands on.
"""

from pathlib import Path

from journal.permissions import ROLE_PERMISSIONS

FILE = Path(__file__).with_name("rights.txt")
HEADER = "role permission"


def table() -> list[str]:
    """A line for each permission of each role."""
    return sorted(f"{role} {permission}" for role, held in ROLE_PERMISSIONS.items() for permission in held)


def written() -> list[str]:
    """The table that somebody has read."""
    return FILE.read_text().splitlines()[1:]


if __name__ == "__main__":
    FILE.write_text("\n".join([HEADER, *table()]) + "\n")
