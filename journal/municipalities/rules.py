"""What a municipality is made of: 219 people or 700 000, the same house."""

from collections import defaultdict
from typing import Any

KINDS_BELOW = {
    "municipality": ("nursing_home", "home_care", "doctors", "office"),
    "nursing_home": ("ward",),
    "home_care": ("district",),
}


def in_tree_order(rows: list[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], int]]:
    """Rows (id, parent id, …) as one reads a tree: each followed by what lies below it, with its depth."""
    below: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        below[row[1]].append(row)
    ordered: list[tuple[tuple[Any, ...], int]] = []
    waiting = [(row, 0) for row in reversed(below[None])]
    while waiting:
        row, depth = waiting.pop()
        ordered.append((row, depth))
        waiting.extend((child, depth + 1) for child in reversed(below[row[0]]))
    return ordered
