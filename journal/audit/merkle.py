"""The tree of hashes over lines that cannot be changed unseen: RFC 6962's, with SHA-256."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY = sha256().digest()


def leaf(content: bytes) -> bytes:
    """The hash of a line. Another first byte than a node has, so that neither passes for the other."""
    return sha256(b"\x00" + content).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two hashes."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows leaf by leaf and keeps no more than a hash for each doubling, so a year of lines needs no memory."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf_hash: bytes) -> None:
        """One more leaf, after the others."""
        self._peaks.append(leaf_hash)
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self._peaks.pop()
            self._peaks.append(node(self._peaks.pop(), right))

    def root(self) -> bytes:
        """The hash of all of it."""
        if not self._peaks:
            return EMPTY
        *rest, folded = self._peaks
        for peak in reversed(rest):
            folded = node(peak, folded)
        return folded


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The hash of these leaves, in this order."""
    tree = Tree()
    for each in leaves:
        tree.add(each)
    return tree.root()


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What one needs beside a leaf to come to the root: the hashes next to its way up, the nearest first."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path(leaves[:split], index), root_of(leaves[split:])]
    return [*path(leaves[split:], index - split), root_of(leaves[:split])]


def root_by_path(leaf_hash: bytes, index: int, size: int, beside: Sequence[bytes]) -> bytes | None:
    """The root that a leaf at this place of so many leads to by its path; None for a path that cannot be of that tree."""
    if not 0 <= index < size:
        return None
    hashed, last, left = leaf_hash, size - 1, list(beside)
    while last:
        if index % 2 or index == last:
            if not left:
                return None
            hashed = node(left.pop(0), hashed)
            while index % 2 == 0:
                index, last = index >> 1, last >> 1
        else:
            if not left:
                return None
            hashed = node(hashed, left.pop(0))
        index, last = index >> 1, last >> 1
    return None if left else hashed
