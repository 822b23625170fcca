"""Looks at a million generated medication lines: `python -m tools.dose_lines [number] [seed]`; 1 when one breaks a display rule.

On every processor at once, a part at a time; the parts of a seed are the same whatever number of processors there is.
"""

import secrets
import sys
import time
from collections import Counter
from multiprocessing import Pool

from tests.medication.dose_lines import look_at

PART = 10_000


def main(arguments: list[str]) -> int:
    number = int(arguments[0]) if arguments else 1_000_000
    seed = int(arguments[1]) if len(arguments) > 1 else secrets.randbelow(2**32)
    began, found, seen = time.monotonic(), Counter[str](), 0
    parts = [(min(PART, number - first), seed + first // PART) for first in range(0, number, PART)]
    with Pool() as pool:
        for size, broken, said in pool.imap(_look_at, parts):
            found += broken
            seen += size
            for text in said:
                print(text, flush=True)
            if seen % max(number // 20, PART) < PART:
                print(f"{seen} linjer, {found.total()} feil", flush=True)
    told = f"{found.total()} feil: {dict(found)}" if found else "alle følger visningsreglene L1–L12"
    print(f"{number} linjer på {time.monotonic() - began:.0f} sekunder (frø {seed}): {told}")
    return int(bool(found))


def _look_at(part: tuple[int, int]) -> tuple[int, Counter[str], list[str]]:
    """How many were looked at, what they break, and the first of them in words."""
    size, seed = part
    said: list[str] = []
    return size, look_at(size, seed, said.append), said


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
