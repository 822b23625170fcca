"""`akson log prove`, `check-proof` and `consistent`: what whoever has the public key can hold the log to."""

import argparse
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from journal.audit.proving import check_proof, inconsistent, prove, read_proof
from journal.audit.sealer import anchored


def add_arguments(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The acts that need no database."""
    one = acts.add_parser("prove", help="skriv beviset for én linje, fra et uttrekk av loggen")
    one.add_argument("log", type=Path)
    one.add_argument("line", help="linjens id")
    one.add_argument("proof", type=Path, help="filen som beviset skrives til")
    one.set_defaults(run=write_proof)
    check = acts.add_parser("check-proof", help="kontroller beviset for en linje")
    check.add_argument("proof", type=Path)
    check.add_argument("--key", required=True, help="den åpne nøkkelen, heksadesimalt")
    check.set_defaults(run=read)
    both = acts.add_parser("consistent", help="er forseglingene som ble oppbevart, av den samme loggen som vises nå?")
    both.add_argument("kept", type=Path, help="fil med forseglinger som ble oppbevart")
    both.add_argument("now", type=Path, help="fil med forseglinger som vises nå")
    both.add_argument("--key", required=True, help="den åpne nøkkelen, heksadesimalt")
    both.set_defaults(run=compare)


def public_key(text: str) -> Ed25519PublicKey:
    """Raises ValueError for what is none."""
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        raise ValueError("Den åpne nøkkelen må være 64 heksadesimale tegn.") from None


def write_proof(arguments: argparse.Namespace) -> int:
    """Writes the proof of a line; it holds nothing of other lines but hashes. Raises FileExistsError."""
    with arguments.log.open() as stream:
        proof = prove(stream, arguments.line)
    with arguments.proof.open("x") as out:
        json.dump(proof, out, ensure_ascii=False, indent=1)
    print(f"{arguments.proof} er skrevet. Den sier hvem som så hvilken pasient: ta vare på den deretter.")
    return 0


def read(arguments: argparse.Namespace) -> int:
    """Says what was proved, or what is wrong; answers with 1 then."""
    proof = read_proof(arguments.proof.read_text())
    if wrong := check_proof(proof, public_key(arguments.key)):
        print(wrong)
        return 1
    line, head = proof["line"], proof["head"]
    print(
        f"Linjen {line['id']} sto i loggen da forsegling {head['number']} ble signert {head['sealed_at']}, slik den står her."
    )
    return 0


def compare(arguments: argparse.Namespace) -> int:
    """Says whether the heads are of one log; answers with 1 when they are not."""
    kept, now = anchored(arguments.kept), anchored(arguments.now)
    if wrong := inconsistent(kept, now, public_key(arguments.key)):
        print(wrong)
        return 1
    last = max(one.head.number for one in now)
    print(f"Det er den samme loggen: ingenting er skrevet om fram til forsegling {last}.")
    return 0
