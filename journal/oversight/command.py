"""`akson check-export`: is a package from the auditor as it was made?"""

import argparse
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from journal.oversight.packing import checked


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The file and the public key."""
    command.add_argument("file", type=Path)
    command.add_argument("--key", required=True, help="den åpne nøkkelen, heksadesimalt")
    command.set_defaults(run=check)


def check(arguments: argparse.Namespace) -> int:
    """Says in a sentence whether it is whole; answers 1 when it is not."""
    wrong = checked(arguments.file, Ed25519PublicKey.from_public_bytes(bytes.fromhex(arguments.key)))
    sys.stdout.write("\n".join(wrong or ["Uttrekket er helt, og signert med denne nøkkelen."]) + "\n")
    return int(bool(wrong))
