"""One line of the log, proved to whoever has the public key: its bytes, its way up to a signed head, and nothing of other lines.

And two sets of heads that were kept at different times, proved to be of one log.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from journal.audit import merkle
from journal.audit.exporting import read
from journal.audit.merkle import leaf
from journal.audit.seal import NOBODY, Head, Part
from journal.audit.sealer import Sealed
from journal.platform.line_code import said


def prove(written: Iterable[str], line_id: str) -> dict[str, Any]:
    """The proof of the line with this id, from an export of the log. Raises ValueError when it is not there, or not sealed."""
    for sealed, lines in _seals(read(written)):
        if line_id not in [line["id"] for line in lines]:
            continue
        if sealed is None:
            raise ValueError("Linjen er ikke forseglet ennå. Hent loggen på nytt om litt.")
        return _proof(sealed, lines, line_id)
    raise ValueError("Linjen er ikke i filen.")


def check_proof(proof: dict[str, Any], key: Ed25519PublicKey) -> str | None:
    """What is wrong with it, as a sentence; None for a proof that holds. Raises ValueError for what is no proof."""
    try:
        head, line = Head.read(proof["head"]), proof["line"]
        part = Part(proof["part"]["municipality_id"], proof["part"]["lines"], proof["part"]["root"])
        in_part, in_seal = _way(proof["in_part"], leaf(said(line))), _way(proof["in_seal"], part.leaf())
        size, signature = proof["in_part"]["size"], proof["signature"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("Filen er ikke et bevis for en linje i innsynsloggen.") from error
    if not head.is_signed(key, signature):
        return "Forseglingen er ikke signert med denne nøkkelen."
    if in_part != part.root or size != part.lines:
        return "Linjen er ikke den som ble forseglet."
    if in_seal != head.root:
        return "Kommunens del fører ikke til det som er signert."
    return None


def inconsistent(kept: Sequence[Sealed], now: Sequence[Sealed], key: Ed25519PublicKey) -> str | None:
    """Why heads that were kept once and the heads that are shown now are not of one log; None when each head follows the one
    before it from the first that was kept to the last that is shown. Raises ValueError when there is nothing to compare."""
    if not kept or not now:
        raise ValueError("Det er ingen forsegling i en av filene.")
    shown = {one.head.number: one for one in now}
    if two := next((one.head.number for one in now if shown[one.head.number].head != one.head), None):
        return f"Forsegling {two} står i to utgaver blant dem som vises nå."
    for old in kept:
        if not old.head.is_signed(key, old.signature):
            return f"Forsegling {old.head.number}, som ble oppbevart, er ikke signert med denne nøkkelen."
        if (new := shown.get(old.head.number)) is None:
            return f"Forsegling {old.head.number} ble oppbevart, men er ikke blant dem som vises nå."
        if new.head != old.head:
            return f"Forsegling {old.head.number} er en annen enn den som ble oppbevart."
    first = min(old.head.number for old in kept)
    before: Head | None = None
    for number in range(first, max(shown) + 1):
        one = shown.get(number)
        if one is None:
            return f"Forsegling {number} mangler."
        if not one.head.is_signed(key, one.signature):
            return f"Forsegling {number} er ikke signert med denne nøkkelen."
        if before and one.head.previous != before.hash():
            return f"Forsegling {number} følger ikke etter forsegling {number - 1}."
        before = one.head
    return None


def _seals(contents: Iterator[dict[str, Any]]) -> Iterator[tuple[dict[str, Any] | None, list[dict[str, Any]]]]:
    """Each seal as it is written, with its lines; last None."""
    sealed: dict[str, Any] | None = None
    for is_line, group in groupby(contents, lambda content: "line" in content):
        if is_line:
            yield sealed, [content["line"] for content in group]
        else:
            sealed = [content.get("seal") for content in group][-1]


def _proof(sealed: dict[str, Any], lines: list[dict[str, Any]], line_id: str) -> dict[str, Any]:
    line = next(line for line in lines if line["id"] == line_id)
    mine = [one for one in lines if one["municipality_id"] == line["municipality_id"]]
    leaves, index = [leaf(said(one)) for one in mine], mine.index(line)
    parts = [Part(**part) for part in sealed["parts"]]
    whose = line["municipality_id"] or str(NOBODY)
    place = next(index for index, part in enumerate(parts) if part.municipality_id == whose)
    way = sealed.get("way") or _way_in([part.leaf() for part in parts], place)
    return {
        "line": line,
        "in_part": _way_in(leaves, index),
        "part": asdict(parts[place]),
        "in_seal": way,
        "head": sealed["head"],
        "signature": sealed["signature"],
    }


def _way_in(leaves: list[bytes], index: int) -> dict[str, Any]:
    return {"index": index, "size": len(leaves), "beside": [each.hex() for each in merkle.path(leaves, index)]}


def _way(way: dict[str, Any], of: bytes) -> str | None:
    root = merkle.root_by_path(of, way["index"], way["size"], [bytes.fromhex(each) for each in way["beside"]])
    return root.hex() if root else None


def read_proof(text: str) -> dict[str, Any]:
    """A proof from its file. Raises ValueError for what is none."""
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError("Filen er ikke et bevis for en linje i innsynsloggen.")
    return content
