"""A patch on its card and in the list: what sits on the body, where the next one may go, and what became of the old one."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from flask import url_for

from journal.medication.rules.patches import PATCH, SITES, OldPatch, OnBody, count_text, of_order, rest_text
from journal.medication.service import DueDose, PatchesOf
from journal.platform.ids import new_id
from journal.platform.language import phrases

_KNOWN = phrases({OldPatch.REMOVED: "Fjernet, og ingen er igjen på kroppen", OldPatch.NOT_FOUND: "Ikke funnet"})
_NONE_KNOWN = phrases(
    {OldPatch.NONE: "Det satt ingen plaster der fra før", OldPatch.REMOVED: "Det satt et gammelt på, og det er fjernet"}
)

Choices = tuple[tuple[str, str], ...]


class PatchFields(NamedTuple):
    """The fields of a patch: `worn` and `on` say what sits on the body. What is chosen is never filled in for her."""

    worn: str
    on: tuple[str, ...]
    sites: Choices
    site: str
    olds: Choices
    old: str
    error: str | None


class WornPatches(NamedTuple):
    """What sits on the body of one order's patches, for the list. `ended`: the order is in use no more."""

    medicine: str
    worn: str
    on: tuple[str, ...]
    ended: bool
    remove_url: str
    command_id: UUID
    olds: Choices


def patch_fields(
    dose: DueDose, patches: PatchesOf, now: datetime, *, typed: Mapping[str, str], error: str | None
) -> PatchFields | None:
    """The fields of this dose; None for what is no patch, or is not to be signed now."""
    if dose.amount.unit != PATCH or not dose.can_sign:
        return None
    on = of_order(patches.on, dose.request_entry_id, now)
    sites = (
        (site.value, rest_text(site, patches.resting[site]) if site in patches.resting else text)
        for site, text in SITES.items()
    )
    olds = _KNOWN if on else _NONE_KNOWN
    return PatchFields(
        count_text(on),
        tuple(each.said(now) for each in on),
        tuple(sites),
        typed.get("site", ""),
        _choices(olds),
        typed.get("old_patch", ""),
        error,
    )


def worn(patient_id: UUID, patches: Iterable[PatchesOf], in_use: set[UUID], now: datetime) -> list[WornPatches]:
    """The patches on the body by order; those whose order is in use no more come first."""
    found: dict[UUID, tuple[str, list[OnBody]]] = {}
    for of_medicine in patches:
        for each in of_medicine.on:
            found.setdefault(each.order, (of_medicine.medicine, []))[1].append(each)
    shown = [
        WornPatches(
            medicine,
            count_text(on),
            tuple(each.said(now) for each in on),
            order not in in_use,
            url_for("medication.remove_patches", patient_id=patient_id, request_entry_id=order),
            new_id(),
            _choices(_KNOWN),
        )
        for order, (medicine, on) in found.items()
    ]
    return sorted(shown, key=lambda each: (not each.ended, each.medicine.lower()))


def _choices(olds: Mapping[OldPatch, str]) -> Choices:
    return tuple((old.value, text) for old, text in olds.items())
