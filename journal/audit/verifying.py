"""Whether an exported access log is whole: by the public key, the export and the heads that were kept outside, and nothing else."""

import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from journal.audit import merkle
from journal.audit.exporting import read
from journal.audit.gaps import Gaps
from journal.audit.merkle import Tree, leaf
from journal.audit.seal import FIRST, Head, Part, name_of, root_over
from journal.audit.sealer import Sealed, Written, municipality_of
from journal.platform.line_code import code_of, said

LONGEST_TRANSACTION = timedelta(hours=1)
"""A line is of the time its transaction began, which may be a while before it was closed and sealed."""


@dataclass
class Verdict:
    """What a check came to. `findings`: sentences, none for a whole log. `first` and `last`: the times of the lines, in UTC.

    `of`: the id of the municipality whose own part the file says that it is; None for the whole log.
    """

    seals: int = 0
    lines: int = 0
    unsealed: int = 0
    anchored: int = 0
    first: str = ""
    last: str = ""
    coded: int = 0
    coded_since: str | None = None
    uncoded: int = 0
    uncoded_id: str = ""
    dropped: dict[str, Any] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    of: str | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass(frozen=True)
class Codes:
    """The key of the codes over lines, and from when (`2026-12-01T00:00:00.000000Z`) each line of the program has one: from the
    first that has, unless said. Else whoever alters a line would take its code away."""

    key: bytes
    since: str | None = None


class _Sealed(NamedTuple):
    head: Head
    signature: str
    parts: list[Part]
    way: dict[str, Any] | None
    between: list[dict[str, Any]]


def verify(
    written: Iterable[str],
    key: Ed25519PublicKey,
    anchors: Sequence[Sealed] = (),
    progress: Callable[[int], None] = lambda lines: None,
    codes: Codes | None = None,
) -> Verdict:
    """Checks an export line by line; needs memory for one seal's heads and no more.

    `progress` hears of how many lines, now and then. With the key of the codes, what was altered before it was sealed is found
    too. Raises ValueError for a file that is no export, and where something in it cannot be read as it was written.
    """
    try:
        return _verified(written, key, anchors, progress, codes)
    except (KeyError, TypeError, AttributeError, AssertionError) as error:
        raise ValueError(
            "Noe i uttrekket er ikke til å lese slik en forsegling eller en linje blir skrevet."
        ) from error


def _verified(
    written: Iterable[str],
    key: Ed25519PublicKey,
    anchors: Sequence[Sealed],
    progress: Callable[[int], None],
    codes: Codes | None,
) -> Verdict:
    verdict, kept, gaps = Verdict(), {one.head.number: one for one in anchors}, Gaps()
    before: Head | None = None
    contents = read(written)
    of = verdict.of = next(contents)["log"]["municipality_id"]
    for sealed, lines in _by_seal(contents):
        if sealed is None:
            for each in lines:
                verdict.unsealed += 1
                _check_code(verdict, each, codes)
            break
        _check_head(verdict, sealed, before, key)
        _check_lines(verdict, sealed, (_coded(verdict, each, codes) for each in lines), of, before, gaps)
        if (anchor := kept.get(sealed.head.number)) is not None:
            verdict.anchored += 1
            if anchor.head != sealed.head:
                verdict.findings.append(
                    f"Forsegling {sealed.head.number} er en annen enn den som er oppbevart utenfor databasen."
                )
        before, verdict.seals = sealed.head, verdict.seals + 1
        progress(verdict.lines)
    if verdict.uncoded:
        said_of = f"{verdict.uncoded} linjer har ingen kode fra programmet. Den første er {verdict.uncoded_id}."
        verdict.findings.append(said_of)
    verdict.dropped = gaps.dropped
    verdict.findings += gaps.findings()
    if kept and max(kept) > (before.number if before else 0):
        verdict.findings.append(
            f"Loggen slutter ved forsegling {before.number if before else 0}, men forsegling {max(kept)} er oppbevart utenfor"
            " databasen. Det som kom etter, er borte."
        )
    verdict.findings += [
        f"Forsegling {one.head.number} er oppbevart i to utgaver utenfor databasen."
        for one in anchors
        if kept[one.head.number].head != one.head
    ]
    verdict.findings += [
        f"Den oppbevarte forseglingen {number} er ikke signert med denne nøkkelen."
        for number, one in kept.items()
        if not one.head.is_signed(key, one.signature)
    ]
    return verdict


def _by_seal(contents: Iterator[dict[str, Any]]) -> Iterator[tuple[_Sealed | None, Iterator[Written]]]:
    """Each seal with its lines; last None, with those that are not sealed yet."""
    group: list[Any] = [None]

    def begins(content: dict[str, Any]) -> Any:
        if "line" not in content:
            group[0] = content
        return group[0]

    for content, rows in groupby(contents, begins):
        lines = (Written(row["line"], row.get("code")) for row in rows if "line" in row)
        if content is None or "unsealed" in content:
            yield None, lines
            continue
        of = content["seal"]
        parts = [Part(**part) for part in of["parts"]]
        yield _Sealed(Head.read(of["head"]), of["signature"], parts, of.get("way"), of.get("between", [])), lines


def _check_head(verdict: Verdict, sealed: _Sealed, before: Head | None, key: Ed25519PublicKey) -> None:
    head = sealed.head
    if not head.is_signed(key, sealed.signature):
        other = "" if head.key == name_of(key) else " Den sier at den er signert med en annen nøkkel."
        verdict.findings.append(f"Forsegling {head.number} er ikke signert med denne nøkkelen.{other}")
    number, previous, begins = (before.number + 1, before.hash(), before.ends) if before else (1, FIRST, (1, 0))
    if (head.number, head.previous, head.begins) != (number, previous, begins):
        verdict.findings.append(f"Forsegling {head.number} følger ikke etter forsegling {number - 1}. En mangler.")
    if before and head.ends[0] > head.begins[0] and not head.begins_epoch:
        verdict.findings.append(f"Forsegling {head.number} begynner en ny epoke uten at noen sier hvorfor.")


def _check_lines(
    verdict: Verdict, sealed: _Sealed, lines: Iterator[Written], of: str | None, before: Head | None, gaps: Gaps
) -> None:
    head, expected = sealed.head, {part.municipality_id: part for part in sealed.parts}
    found: list[Part] = []
    gap = gaps.at(head, before)
    for municipality_id, rows in groupby(lines, municipality_of):
        tree = Tree()
        for each in rows:
            tree.add(leaf(said(each.line)))
            gap.left.add(each.line["at"][:7])
            _check_line(verdict, each.line, head, before)
        found.append(Part(municipality_id, tree.size, tree.root().hex()))
    for part in found:
        wanted = expected.pop(part.municipality_id, None)
        if wanted is None:
            verdict.findings.append(f"Forsegling {head.number}: {part.lines} linjer er satt inn etterpå.")
        elif wanted.lines != part.lines:
            said_of = f"Forsegling {head.number}: {wanted.lines} linjer ble forseglet, og {part.lines} er her."
            (gap.findings if part.lines < wanted.lines else verdict.findings).append(said_of)
        elif wanted.root != part.root:
            verdict.findings.append(f"Forsegling {head.number}: minst én av {part.lines} linjer er endret.")
    gap.findings += [f"Forsegling {head.number}: {part.lines} linjer er fjernet." for part in expected.values()]
    if not _leads_to_root(sealed, of):
        verdict.findings.append(f"Forsegling {head.number}: tallene for kommunene stemmer ikke med det som er signert.")


def _leads_to_root(sealed: _Sealed, of: str | None) -> bool:
    head, parts, way = sealed.head, sealed.parts, sealed.way
    if of is None:
        return root_over(parts) == head.root and sum(part.lines for part in parts) == head.lines
    if not parts:
        return head.lines == 0 or _stands_outside(sealed.between, of, head.root)
    return len(parts) == 1 and parts[0].municipality_id == of and way is not None and _root(parts[0], way) == head.root


def _stands_outside(between: list[dict[str, Any]], of: str, root: str) -> bool:
    """Whether nothing of this municipality was sealed: two parts next to each other by id, and it would have stood between them; or
    the first or the last, and it would have stood outside."""
    found = [(Part(**each["part"]), each["way"]) for each in between]
    if not 1 <= len(found) <= 2 or any(_root(part, way) != root for part, way in found):
        return False
    (first, begins), (last, ends) = found[0], found[-1]
    if len(found) == 2:
        next_to = (begins["index"] + 1, begins["size"]) == (ends["index"], ends["size"])
        return next_to and first.municipality_id < of < last.municipality_id
    before_all, after_all = begins["index"] == 0, ends["index"] == ends["size"] - 1
    return (before_all and of < first.municipality_id) or (after_all and last.municipality_id < of)


def _root(part: Part, way: dict[str, Any]) -> str | None:
    root = merkle.root_by_path(part.leaf(), way["index"], way["size"], [bytes.fromhex(each) for each in way["beside"]])
    return root.hex() if root else None


def _check_line(verdict: Verdict, line: dict[str, Any], head: Head, before: Head | None) -> None:
    verdict.lines += 1
    verdict.first, verdict.last = min(verdict.first or line["at"], line["at"]), max(verdict.last, line["at"])
    if not head.begins <= (line["epoch"], int(line["xid"])) < head.ends:
        verdict.findings.append(f"Forsegling {head.number}: linjen {line['id']} er av en annen forsegling.")
    if before and not head.begins_epoch and _at(line["at"]) < _at(before.sealed_at) - LONGEST_TRANSACTION:
        verdict.findings.append(f"Forsegling {head.number}: linjen {line['id']} er datert tilbake.")


def _coded(verdict: Verdict, each: Written, codes: Codes | None) -> Written:
    _check_code(verdict, each, codes)
    return each


def _check_code(verdict: Verdict, each: Written, codes: Codes | None) -> None:
    if codes is None:
        return
    if each.code:
        verdict.coded += 1
        verdict.coded_since = min(verdict.coded_since or each.line["at"], each.line["at"])
        if not hmac.compare_digest(each.code, code_of(codes.key, each.line)):
            verdict.findings.append(
                f"Linjen {each.line['id']} er endret etter at programmet skrev den: koden stemmer ikke."
            )
    elif each.line["at"] >= (codes.since or verdict.coded_since or "9") and not _of_the_database(each.line):
        verdict.uncoded += 1
        verdict.uncoded_id = verdict.uncoded_id or each.line["id"]


def _of_the_database(line: dict[str, Any]) -> bool:
    """A hit of a search, and a look at a downtime list, are written by functions that the program does not dictate."""
    return line["outcome"] == "search-hit" or str(line["action"]).startswith("downtime:")


def _at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)
