"""Patches on the skin: where the new one may sit, which old ones are still on, and that they come off.

A patch goes on giving its medicine until it is taken off: an old one that is forgotten is a second dose. Each one is put
where none has sat lately, so that the skin heals and lets the medicine through as before.
Source: the SPC of each medicine; where it names no number of days, a week.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from journal.medication.rules.dosage import Dosage
from journal.medication.rules.once import once_at
from journal.medication.rules.parts import InvalidDosage
from journal.platform.clock import local_date, short_date, spoken
from journal.platform.language import counted, phrase, phrases

PATCH = "plaster"
"""The unit of the hand that is a patch."""


class Site(StrEnum):
    """Where on the body a patch sits; right and left are the patient's own."""

    UPPER_ARM_RIGHT = "upper-arm-right"
    UPPER_ARM_LEFT = "upper-arm-left"
    CHEST_RIGHT = "chest-right"
    CHEST_LEFT = "chest-left"
    UPPER_BACK_RIGHT = "upper-back-right"
    UPPER_BACK_LEFT = "upper-back-left"
    ABDOMEN_RIGHT = "abdomen-right"
    ABDOMEN_LEFT = "abdomen-left"
    HIP_RIGHT = "hip-right"
    HIP_LEFT = "hip-left"
    THIGH_RIGHT = "thigh-right"
    THIGH_LEFT = "thigh-left"
    EAR_RIGHT = "ear-right"
    EAR_LEFT = "ear-left"


SITES = phrases(
    {
        Site.UPPER_ARM_RIGHT: "høyre overarm",
        Site.UPPER_ARM_LEFT: "venstre overarm",
        Site.CHEST_RIGHT: "høyre side av brystet",
        Site.CHEST_LEFT: "venstre side av brystet",
        Site.UPPER_BACK_RIGHT: "høyre side øverst på ryggen",
        Site.UPPER_BACK_LEFT: "venstre side øverst på ryggen",
        Site.ABDOMEN_RIGHT: "høyre side av magen",
        Site.ABDOMEN_LEFT: "venstre side av magen",
        Site.HIP_RIGHT: "høyre hofte",
        Site.HIP_LEFT: "venstre hofte",
        Site.THIGH_RIGHT: "høyre lår",
        Site.THIGH_LEFT: "venstre lår",
        Site.EAR_RIGHT: "bak høyre øre",
        Site.EAR_LEFT: "bak venstre øre",
    }
)
_UNKNOWN = phrase("sted ikke skrevet")

REST_DAYS = {"N02AE01": 21, "N04BC09": 14, "N06DA03": 14}
"""ATC: how many days a site rests. Buprenorphine 3 weeks, rotigotine and rivastigmine 14 days (SPC)."""
REST = 7
"""How many days it rests where the SPC names no number."""


class OldPatch(StrEnum):
    """What became of the patch from before, when the skin was looked over."""

    NONE = "none"
    REMOVED = "removed"
    NOT_FOUND = "not-found"


class PatchChange(NamedTuple):
    """One thing that was done with a patch of an order: `amount` put on at `site` (0: none), and what became of the old.

    `old` None: nobody said. `keeps`: it was put on beside the others, as by a second who gave the same dose. `ended_at`: when
    the order was stopped, None for one in use.
    """

    order: UUID
    at: datetime
    amount: int
    site: Site | None = None
    old: OldPatch | None = None
    keeps: bool = False
    ended_at: datetime | None = None


class OnBody(NamedTuple):
    """A patch that sits on the body as far as is known. `sought`: somebody looked for it and did not find it."""

    order: UUID
    at: datetime
    amount: int
    site: Site | None
    sought: bool
    ended_at: datetime | None

    def said(self, now: datetime) -> str:
        """`høyre overarm, satt på i går kl. 08`."""
        where = SITES[self.site] if self.site else _UNKNOWN
        if self.sought:
            return phrase("%(site)s, satt på %(time)s, ikke funnet", site=where, time=spoken(self.at, now))
        return phrase("%(site)s, satt på %(time)s", site=where, time=spoken(self.at, now))


def patches_on(changes: Iterable[PatchChange]) -> tuple[OnBody, ...]:
    """What sits on the body after these changes of one medicine, in whatever order they are given.

    Only what somebody has taken off is off: one that was not found counts until the body was looked over and none was left.
    A change is of the patches of its own order, and of those whose order was stopped before: two orders may go side by side,
    as when a strength is made of two.
    """
    on: list[OnBody] = []
    for change in sorted(changes, key=lambda each: each.at):
        mine = of_order(on, change.order, change.at)
        if change.old is OldPatch.NOT_FOUND:
            on = [each._replace(sought=True) if each in mine else each for each in on]
        elif not change.keeps:
            on = [each for each in on if each not in mine]
        if change.amount:
            on.append(
                OnBody(change.order, change.at, change.amount, change.site, sought=False, ended_at=change.ended_at)
            )
    return tuple(on)


def of_order(on: Iterable[OnBody], order: UUID, at: datetime) -> tuple[OnBody, ...]:
    """The patches that come off at `at` when the next one of this order is put on."""
    return tuple(each for each in on if each.order == order or (each.ended_at is not None and each.ended_at <= at))


def count_text(on: Iterable[OnBody]) -> str:
    """`2 plastre på`; empty when there are none."""
    number = sum(each.amount for each in on)
    return counted("%(num)s plaster på", "%(num)s plastre på", number) if number else ""


def resting(changes: Iterable[PatchChange], atc_code: str | None, now: datetime) -> dict[Site, tuple[date, date]]:
    """The sites that are to rest at `now`: the day each was used last, and the first day it may be used again (Oslo)."""
    days, found = timedelta(days=REST_DAYS.get(atc_code or "", REST)), dict[Site, tuple[date, date]]()
    for change in sorted(changes, key=lambda each: each.at):
        used = local_date(change.at)
        if change.site is not None and change.amount and local_date(now) < used + days:
            found[change.site] = (used, used + days)
    return found


def rest_text(site: Site, rest: tuple[date, date]) -> str:
    """`høyre overarm – brukt 14.11., hviler til 21.11.`: the mark on a site before it is chosen."""
    used, until = map(short_date, rest)
    return phrase("%(site)s – brukt %(used)s, hviler til %(until)s", site=SITES[site], used=used, until=until)


def chosen_resting_text(site: Site, rest: tuple[date, date]) -> str:
    """What whoever chose it all the same must have seen."""
    used, until = map(short_date, rest)
    return phrase(
        "Stedet (%(site)s) ble brukt %(used)s og skal hvile til %(until)s. Velg et annet sted om det går.",
        site=SITES[site],
        used=used,
        until=until,
    )


NOT_FOUND_TEXT = phrase(
    "Det gamle plasteret er ikke funnet. Let over hele kroppen, i klærne og i senga. Sitter det på ennå, får pasienten"
    " dobbel dose. Spør lege før du setter på et nytt."
)


def check_patch(dosage: Dosage) -> None:
    """Raises InvalidDosage for a patch that no next change would take off: as needed, or once."""
    if dosage.unit == PATCH and (dosage.as_needed is not None or once_at(dosage) is not None):
        raise InvalidDosage(
            "Et plaster virker til noen tar det av. Velg faste bytter, for eksempel hver 3. dag, så det gamle blir tatt av."
        )
