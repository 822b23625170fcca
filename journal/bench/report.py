"""The measurement as a table for a terminal."""

from collections.abc import Iterator

from journal.bench.jobs import BLOCKS_GOAL
from journal.bench.measure import Measured, Result
from journal.bench.words import mark, number

_HEAD = (
    f"{'':30} {'journalen':>10} {'grensen':>10} {'forhold':>8} {'mål':>5}   {'prosessor':>16} {'forhold':>8}"
    f"   {'setninger':>11} {'blokker':>13}"
)


def table(measured: Measured) -> str:
    """In Norwegian: for each size a line a job, then how the blocks grow."""
    return "\n".join(_lines(measured))


def _lines(measured: Measured) -> Iterator[str]:
    for size in sorted({result.patients for result in measured.results}):
        thousands = f"{size:,}".replace(",", " ")
        yield f"\n{thousands} pasienter (millisekunder; grensen er den ene setningen loven krever, bak Flask)"
        yield _HEAD
        yield from (_line(result) for result in measured.results if result.patients == size)
    if measured.growth:
        yield f"\nBlokker i den største databasen mot den minste (mål: høyst {number(BLOCKS_GOAL, 2)})"
        yield from (f"{g.text:30} {number(g.blocks, 2):>10} {mark(g.reached)}" for g in measured.growth)


def _line(result: Result) -> str:
    journal, limit = result.journal, result.limit
    cpu = f"{number(journal.cpu_ms)} / {number(limit.cpu_ms)}"
    statements = f"{number(journal.statements, 0)} / {number(limit.statements, 0)}"
    blocks = f"{number(journal.blocks, 0)} / {number(limit.blocks, 0)}"
    return (
        f"{result.text:30} {number(journal.p50_ms):>10} {number(limit.p50_ms):>10} {number(result.ratio):>7}x"
        f" {number(result.goal):>5} {mark(result.reached)} {cpu:>16} {number(result.cpu_ratio):>7}x"
        f"   {statements:>11} {blocks:>13}"
    )
