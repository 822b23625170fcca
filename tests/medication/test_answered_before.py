"""What was answered before is remembered: the same finding takes one tap, and whatever is new or worse is asked again."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from journal.medication import Answers, Medication
from journal.medication.errors import AlertsFound
from journal.medication.rules import every_hours
from journal.medication.rules.safety import Alert, Known, Overridden, Reasoned, Rule, Tier, answered_before, reasoned
from journal.platform.clock import local_date, norwegian_date
from tests import factories
from tests.conftest import Browser, World
from tests.medication.test_judging import PENICILLIN
from tests.medication.test_sign import ONE, prescribe

WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]

REASON = "Tålte det i 2024"
STOP = Alert(Tier.STOP, Rule.INTERACTION, "a:b", "A og B.", "FEST", "Obs", basis="1")
WAS = Overridden(Rule.INTERACTION, Tier.STOP, "a:b", "0", "A og B.", "Obs", REASON)
THEN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("alert", "was", "kept"),
    [
        (STOP, WAS, True),
        (replace(STOP, tier=Tier.CARD), WAS, True),
        (STOP, replace(WAS, tier=Tier.CARD), False),
        (replace(STOP, text="A og B: kan være livstruende."), WAS, False),
        (replace(STOP, key="a:c"), WAS, False),
        (replace(STOP, overridable=False), WAS, False),
        # The dose is what was changed: what is about the dose is always new.
        *((replace(STOP, rule=rule), replace(WAS, rule=rule), False) for rule in (Rule.WEEKLY, Rule.DAILY_MAXIMUM)),
        (replace(STOP, rule=Rule.DOSE_SIZE), replace(WAS, rule=Rule.DOSE_SIZE), False),
        # An allergy is the same as long as nobody has written its reaction anew.
        (replace(STOP, rule=Rule.ALLERGY), replace(WAS, rule=Rule.ALLERGY), False),
        (replace(STOP, rule=Rule.ALLERGY), replace(WAS, rule=Rule.ALLERGY, basis="1"), True),
    ],
)
def test_a_reason_is_kept_for_the_same_finding_that_is_no_worse(alert: Alert, was: Overridden, kept: bool) -> None:
    found = answered_before([alert], [Reasoned(was, "Lars Haugen", THEN)])

    assert list(found) == ([(alert.key, alert.basis)] if kept else [])


def test_a_reason_is_of_whoever_gave_it_first_and_not_of_whoever_kept_it() -> None:
    days = [THEN + timedelta(days=n) for n in range(4)]
    other = replace(WAS, reason="Noe annet")
    versions = [([WAS], "Kari", days[3]), ([WAS], "Per", days[2]), ([other], "Ida", days[1]), ([WAS], "Liv", days[0])]

    assert reasoned(versions) == (Reasoned(WAS, "Per", days[2]),)
    assert reasoned(versions[3:]) == (Reasoned(WAS, "Liv", days[0]),)
    assert reasoned([([], "Kari", days[3]), *versions]) == reasoned([([replace(WAS, reason="")], "P", THEN)]) == ()


@pytest.fixture
def allergic(world: World) -> UUID:
    patient_id = world.patient()
    more = {"code_system": "ATC", "code": "J01C", "reaction": "anafylaksi", "severity": "severe"}
    factories.allergy(world.builder, patient_id, world.nina, "Penicillin", **more)
    world.store()
    return patient_id


@pytest.fixture
def entry_id(world: World, work_of: WorkOf, allergic: UUID) -> UUID:
    with work_of(world.lars) as work:
        return prescribe(work, allergic, medicine=PENICILLIN, dosage=every_hours(ONE, 12))


def change(
    world: World,
    work_of: WorkOf,
    patient_id: UUID,
    entry_id: UUID,
    *,
    hours: int,
    version: int = 1,
    reason: str = "",
    tapped: bool = True,
) -> dict[Known, Reasoned]:
    """The doctor reads what she is told, and taps what was answered before."""
    with work_of(world.lars) as work:
        medication = Medication(work)
        dosage = every_hours(ONE, hours)
        judged = medication.judge_change(patient_id, entry_id, dosage=dosage)
        found = medication.answered_before(patient_id, entry_id, judged)
        seen = [(alert.key, alert.basis) for alert in judged.alerts]
        answers = Answers(seen, reason, list(found) if tapped else ())
        medication.change(patient_id, entry_id, version=version, dosage=dosage, reason="Effekt", answers=answers)
    return found


def test_the_same_finding_takes_one_tap_and_the_first_reason_follows_the_order(
    world: World, work_of: WorkOf, allergic: UUID, entry_id: UUID
) -> None:
    found = change(world, work_of, allergic, entry_id, hours=8)
    again = change(world, work_of, allergic, entry_id, version=2, hours=6)

    (one,), (two,) = found.values(), again.values()
    assert (one.overridden.reason, one.by) == (two.overridden.reason, two.by) == ("Prøve", "Lars Haugen")
    assert one.at == two.at
    with work_of(world.nina) as work:
        assert "Prøve" in Medication(work).history(allergic, entry_id)[0].overridden[0]


def test_without_the_tap_and_for_what_is_worse_a_reason_is_asked_for(
    world: World, work_of: WorkOf, allergic: UUID, entry_id: UUID
) -> None:
    with pytest.raises(AlertsFound) as asked:
        change(world, work_of, allergic, entry_id, hours=8, tapped=False)
    assert "override_reason" in asked.value.fields["errors"]
    more = {"code_system": "ATC", "code": "J01CE", "reaction": "hjertestans", "severity": "severe"}
    factories.allergy(world.builder, allergic, world.nina, "Fenoksymetylpenicillin", **more)
    world.store()

    with pytest.raises(AlertsFound) as asked:
        change(world, work_of, allergic, entry_id, hours=8)

    assert "override_reason" in asked.value.fields["errors"]
    assert len(change(world, work_of, allergic, entry_id, hours=8, reason="Bare denne")) == 1
    with work_of(world.nina) as work:
        kept = " ".join(Medication(work).history(allergic, entry_id)[0].overridden)
    assert "Prøve" in kept and "Bare denne" in kept


def test_a_reason_that_nobody_gave_is_not_kept_by_whoever_says_so(
    world: World, work_of: WorkOf, allergic: UUID
) -> None:
    with work_of(world.lars) as work:
        medication, dosage = Medication(work), every_hours(ONE, 12)
        judged = medication.judge(allergic, medicine=PENICILLIN, dosage=dosage)
        known = [(alert.key, alert.basis) for alert in judged.alerts]
        with pytest.raises(AlertsFound):
            medication.prescribe(allergic, medicine=PENICILLIN, dosage=dosage, answers=Answers(known, "", known))


def test_the_page_says_what_was_answered_by_whom_and_when_and_one_tap_is_enough(
    world: World, client_for: ClientFor, allergic: UUID, entry_id: UUID
) -> None:
    lars, url = client_for(world.lars), f"/patients/{allergic}/medication/{entry_id}/change"
    form = {"amount": "1", "unit": "tablett", "pattern": "daily", "times": "8 20", "reason": "Effekt", "version": "1"}
    shown = html.unescape(lars.act(f"{url}/review", form).text)

    today = norwegian_date(local_date(datetime.now(UTC)))
    assert f"Begrunnet før: Prøve, av Lars Haugen, {today}." in shown
    fields = {
        name: re.findall(rf'name="{re.escape(name)}" value="([^"]*)"', shown)
        for name in ("seen_alerts[]", "same_reason[]")
    }
    said = re.search(r'name="seen" value="([^"]*)"', shown)
    assert said and len(fields["same_reason[]"]) == 1
    whole: dict[str, Any] = form | {"seen": said[1], **fields}
    assert lars.act(url, whole | {"same_reason[]": []}).status_code == 409
    assert lars.act(url, whole).status_code == 303
