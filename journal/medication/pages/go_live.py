"""The lists of the go-live as pages show them: line by line, and ward by ward."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from journal.medication.pages.reconciling import found_by, understood
from journal.medication.rules.go_live import STAGES, Checked, Stage
from journal.medication.service.checking import Check, GoLive
from journal.medication.service.sources import SourceMedicine
from journal.platform.language import phrase


class CheckedLine(NamedTuple):
    """A line as it was written and as it is understood. `said`: what a nurse found, of the line as it stands now."""

    id: UUID
    version: int
    written: str
    understood: str | None
    said: str | None
    is_right: bool


class Ward(NamedTuple):
    """How many patients of a ward have come to each stage."""

    name: str
    confirmed: int
    of: int
    to_check: int
    to_sign: int
    without: int


class Waiting(NamedTuple):
    """A patient whose list is not confirmed, and what it waits for, in words."""

    patient_id: UUID
    stage: str
    ward: str


class ShownGoLive(NamedTuple):
    """Nothing at all where no list of a go-live was ever taken in."""

    wards: tuple[Ward, ...]
    waiting: tuple[Waiting, ...]


def lines_checked(medicines: Sequence[SourceMedicine], checks: Mapping[UUID, Check]) -> tuple[CheckedLine, ...]:
    """The lines that are not over, each with what a nurse said of it as it stands."""
    return tuple(_line(each, checks.get(each.id)) for each in medicines if not each.said.stopped)


def go_live(progress: Sequence[GoLive]) -> ShownGoLive:
    """Ward by ward, and those who wait: what a doctor may sign first."""
    if all(each.stage is Stage.NONE for each in progress):
        return ShownGoLive((), ())
    names = dict.fromkeys(each.unit_name or "" for each in progress)
    wards = tuple(_ward(name, [each for each in progress if (each.unit_name or "") == name]) for name in names)
    order = (Stage.TO_SIGN, Stage.TO_CHECK, Stage.NONE)
    left = sorted((each for each in progress if each.stage in order), key=lambda each: order.index(each.stage))
    return ShownGoLive(wards, tuple(Waiting(each.patient_id, _said(each), each.unit_name or "") for each in left))


def _ward(name: str, of: Sequence[GoLive]) -> Ward:
    stages = [each.stage for each in of]
    count = {stage: stages.count(stage) for stage in Stage}
    return Ward(name, count[Stage.CONFIRMED], len(of), count[Stage.TO_CHECK], count[Stage.TO_SIGN], count[Stage.NONE])


def _said(one: GoLive) -> str:
    if one.stage is not Stage.TO_CHECK:
        return STAGES[one.stage]
    return phrase("%(stage)s: %(a)s av %(b)s linjer", stage=STAGES[one.stage], a=one.checked, b=one.lines)


def _line(of: SourceMedicine, check: Check | None) -> CheckedLine:
    said = of.said
    written = ", ".join(filter(None, (said.name, said.strength, said.dosage_text)))
    holds = check if check and check.match_version == of.version else None
    is_right = holds is None or holds.outcome is Checked.RIGHT
    return CheckedLine(of.id, of.version, written, understood(of), found_by(holds) if holds else None, is_right)
