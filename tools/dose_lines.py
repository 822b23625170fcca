"""Looks at a million generated medication lines: `python -m tools.dose_lines [number] [seed]`; 1 when one breaks a display rule."""

import secrets
import sys
import time

from tests.medication.dose_lines import look_at


def main(arguments: list[str]) -> int:
    number = int(arguments[0]) if arguments else 1_000_000
    seed = int(arguments[1]) if len(arguments) > 1 else secrets.randbelow(2**32)
    began = time.monotonic()
    found = look_at(number, seed, lambda text: print(text, flush=True), each=max(number // 20, 1))
    said = f"{found.total()} feil: {dict(found)}" if found else "alle følger visningsreglene L1–L12"
    print(f"{number} linjer på {time.monotonic() - began:.0f} sekunder (frø {seed}): {said}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
