"""A restriction never makes a check lie: what is closed is checked too, by the journal itself, and said without a row of it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from journal.access import AskedToClose, Restrictions
from journal.medication import Answers, Medication, Medicine
from journal.medication.errors import AlertsFound
from journal.medication.rules import Dosage, daily, when_needed
from journal.medication.rules.first_dose import beginning_at
from journal.medication.rules.parts import Course
from journal.medication.rules.safety import Judgement, NoneFound, NotAsked, Rule, Tier, beyond
from journal.medication.rules.without_order import Cause
from journal.observations import Observations
from journal.permissions import Permission
from journal.platform.caller import Keys, Known
from journal.platform.clock import local_date
from journal.platform.errors import Denied, Unavailable
from journal.platform.quantity import Quantity
from journal.platform.work import Look
from tests import factories
from tests.architecture.charts import link
from tests.conftest import Browser, World
from tests.factories import Staff
from tests.medication.test_judging import IBUPROFEN, PENICILLIN, WARFARIN, ordered, seen_in
from tests.medication.test_prescribe import PARACETAMOL
from tests.medication.test_sign import ONE, answers

pytestmark = pytest.mark.usefixtures("small_catalogue")

WorkOf = Callable[..., Any]
ClientFor = Callable[[Staff | None], Browser]
DAILY = daily(ONE, [time(8)])
THYROXINE = Medicine("levotyroksin", form="tablett", strength="100 mikrogram", route_code="53", atc_code="H03AA01")
COVERS = "Kontrollen omfatter noe du ikke har tilgang til."


@pytest.fixture
def patient_id(world: World) -> UUID:
    """A grown person who was asked, and has no allergy."""
    patient_id = world.patient()
    factories.no_known_allergies(world.builder, patient_id, world.nina)
    world.store()
    return patient_id


@pytest.fixture
def allergic(world: World) -> UUID:
    patient_id = world.patient()
    more = {"code_system": "ATC", "code": "J01C", "reaction": "anafylaksi", "severity": "severe"}
    factories.allergy(world.builder, patient_id, world.nina, "Penicillin", **more)
    world.store()
    return patient_id


def close(world: World, work_of: WorkOf, patient_id: UUID, part: str) -> None:
    """To Lars, by name."""
    with work_of(world.nina) as work:
        asked = AskedToClose(part, "Pasienten", work.now.date(), person_id=world.lars.actor.person_id)
        Restrictions(work).register(patient_id, asked)


def judged(world: World, work_of: WorkOf, patient_id: UUID, medicine: Medicine, dosage: Dosage = DAILY) -> Judgement:
    with work_of(world.lars) as work:
        judgement: Judgement = Medication(work).judge_beside(patient_id, medicine=medicine, dosage=dosage)
    return judgement


def an_anticoagulant(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    ordered(world, work_of, patient_id, WARFARIN)


def the_same(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    ordered(world, work_of, patient_id, THYROXINE, DAILY)


def the_same_group(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    ordered(world, work_of, patient_id, IBUPROFEN, DAILY)


def four_grams(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    ordered(
        world,
        work_of,
        patient_id,
        PARACETAMOL,
        daily(Quantity(Decimal(2), "tablett"), [time(h) for h in (6, 10, 16, 22)]),
    )


def at_once() -> Dosage:
    """A course whose first dose is given now."""
    now = datetime.now(UTC)
    return beginning_at(daily(ONE, [time(8)], course=Course.of_days(local_date(now), 5)), now)


def given_just_now(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    with work_of(world.nina) as work:
        Medication(work).record_without_order(patient_id, PARACETAMOL, ONE, cause=Cause.EMERGENCY, reason="Feber")


NEEDED = when_needed(ONE, max_doses=1)
CASES: dict[str, tuple[Any, Medicine, Dosage, Rule, Tier]] = {
    "interaction": (an_anticoagulant, IBUPROFEN, DAILY, Rule.INTERACTION, Tier.CARD),
    "double": (the_same, THYROXINE, DAILY, Rule.DUPLICATE_SUBSTANCE, Tier.CARD),
    "group": (the_same_group, IBUPROFEN, DAILY, Rule.DUPLICATE_GROUP, Tier.CARD),
    "maximum": (four_grams, PARACETAMOL, NEEDED, Rule.DAILY_MAXIMUM, Tier.STOP),
    "last given": (given_just_now, PARACETAMOL, NEEDED, Rule.LAST_GIVEN, Tier.CARD),
    "last given, first dose at once": (given_just_now, PARACETAMOL, at_once(), Rule.LAST_GIVEN, Tier.CARD),
}


@pytest.mark.parametrize(("before", "medicine", "dosage", "rule", "tier"), CASES.values(), ids=CASES)
def test_what_is_closed_is_checked_and_said_without_a_word_of_it(
    world: World,
    work_of: WorkOf,
    patient_id: UUID,
    before: Any,
    medicine: Medicine,
    dosage: Dosage,
    rule: Rule,
    tier: Tier,
) -> None:
    before(world, work_of, patient_id)
    close(world, work_of, patient_id, "medication")

    told = judged(world, work_of, patient_id, medicine, dosage)

    (found,) = [alert for alert in told.alerts if alert.rule is rule]
    assert (found.tier, found.about, found.other) == (tier, (), "")
    assert found.text.startswith(COVERS) and "Ring en kollega" in found.text
    assert isinstance(told.interactions, NotAsked) and told.totals == () and told.opioids is None
    said = json.dumps(
        [[str(a.text), a.key, a.basis, str(a.nurse)] for a in told.alerts if a is found or COVERS in a.text]
    )
    assert not re.search(r"warfarin|Marevan|B01A|M01A|N02B|H03A|mg|ibuprofen|paracetamol|levo", said)


def test_an_allergy_is_no_less_loud_than_it_was_and_one_she_sees_stands_in_its_own_words(
    world: World, work_of: WorkOf, allergic: UUID
) -> None:
    """No part holds the allergies alone, so she sees them: the rule is asked itself what it says of one that she does not."""
    close(world, work_of, allergic, "medication")
    told = judged(world, work_of, allergic, PENICILLIN)
    (shown,) = [alert for alert in told.alerts if alert.rule is Rule.ALLERGY]
    assert "Penicillin" in shown.text and shown.tier is Tier.STOP

    blind = replace(told, alerts=tuple(alert for alert in told.alerts if alert is not shown))
    (found,) = beyond(blind, replace(told, interactions=NoneFound(1)), (), Keys(b"key").sign)

    assert (found.rule, found.tier, found.overridable) == (Rule.ALLERGY, Tier.STOP, True)
    assert "enicillin" not in f"{found.text}{found.nurse}{found.key}" and found.text.startswith(COVERS)


def test_that_not_all_could_be_checked_is_said(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    ordered(world, work_of, patient_id, Medicine("hjemmelaget mikstur"), DAILY)
    close(world, work_of, patient_id, "medication")

    said = [str(a.text) for a in judged(world, work_of, patient_id, IBUPROFEN).alerts if a.rule is Rule.NOT_CHECKED]

    assert any("Ikke alt lot seg kontrollere." in text for text in said) and "mikstur" not in "".join(said)


def test_all_entries_are_those_of_every_linked_record(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    other = world.patient()
    an_anticoagulant(world, work_of, other)
    link(world.migrator, world.nina, world.siri, patient_id, other)
    close(world, work_of, patient_id, "medication")

    assert Rule.INTERACTION in {alert.rule for alert in judged(world, work_of, patient_id, IBUPROFEN).alerts}


def test_to_whom_nothing_is_closed_it_is_the_ordinary_check(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    an_anticoagulant(world, work_of, patient_id)

    (found,) = [a for a in judged(world, work_of, patient_id, IBUPROFEN).alerts if a.rule is Rule.INTERACTION]

    assert "warfarin" in found.about


# Who looked, and what may be read


def test_the_log_says_that_the_journal_looked_for_her_and_that_she_read_nothing(
    world: World, work_of: WorkOf, access_log: Any, patient_id: UUID
) -> None:
    an_anticoagulant(world, work_of, patient_id)
    close(world, work_of, patient_id, "medication")
    before = len(access_log(patient_id))

    judged(world, work_of, patient_id, IBUPROFEN)

    hers, check = sorted(access_log(patient_id)[before:], key=lambda row: row.actor_role)
    lars = world.lars.actor
    assert (hers.actor_id, hers.action) == (lars.person_id, "medication:prescribe-beside")
    assert "medication" not in hers.categories
    assert (check.actor_role, check.action, check.ground) == ("system", "medication:check", "check")
    assert (check.supervised_by, check.supervised_by_name) == (lars.person_id, lars.name)
    assert check.decision_ref["on_behalf_of"] == str(lars.person_id) and lars.name in check.actor_name
    assert check.categories == ["patients", "medication", "observations"]
    assert (check.municipality_id, check.request_id) == (lars.municipality_id, hers.request_id)


def test_what_the_check_opened_is_open_to_nothing_else(world: World, work_of: WorkOf, patient_id: UUID) -> None:
    """An injected query has what the transaction of the one who asks has: it sees none of it, before the check or after."""
    an_anticoagulant(world, work_of, patient_id)
    close(world, work_of, patient_id, "medication")
    rows = sa.text("SELECT count(*) FROM medication.medication_request WHERE patient_id = :p")

    with work_of(world.lars) as work:
        Medication(work).judge_beside(patient_id, medicine=IBUPROFEN, dosage=DAILY)
        assert work.db.scalar(rows, {"p": patient_id}) == 0
    with work_of(world.siri) as work:
        Medication(work).lacked(patient_id, [])
        assert work.db.scalar(rows, {"p": patient_id}) == 1, "the look is one that would see it"


@pytest.mark.parametrize("who", ["person", "nobody's system"])
def test_nobody_but_the_journal_itself_opens_a_check(
    world: World, work_of: WorkOf, app: Any, patient_id: UUID, who: str
) -> None:
    """Also a call that is signed as it should be, of this transaction: PostgreSQL looks at who it is."""
    actor = (
        world.lars.actor if who == "person" else replace(world.lars.actor.asked_of_the_journal(), supervised_by=None)
    )
    with pytest.raises((sa.exc.DBAPIError, Unavailable)), app.works.open(Known(actor)) as work:
        row = {"patient_id": str(patient_id), "ground": "check", "purpose": "TREAT", "decision_ref": None}
        look = Look("medication:check", ("medication",), [row | {"relationship_id": None}])
        work._write_log([look], "success")
        work.db.scalar(sa.text("SELECT 1"))
    with app.works.open(Known(world.lars.actor.asked_of_the_journal())) as work:
        work.open(Permission.MEDICATION_CHECK, [patient_id])


@pytest.mark.parametrize("part", ["*", "patients"])
def test_a_whole_record_that_is_closed_is_checked_for_nobody(
    world: World, work_of: WorkOf, access_log: Any, patient_id: UUID, part: str
) -> None:
    """To her there is no such patient, and an answer would say that there is."""
    close(world, work_of, patient_id, part)

    with pytest.raises(Denied):
        judged(world, work_of, patient_id, IBUPROFEN)

    assert not [row for row in access_log(patient_id) if row.action == "medication:check"]


# The act


def test_with_the_medicines_closed_she_is_told_and_signs_nothing(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    an_anticoagulant(world, work_of, patient_id)
    close(world, work_of, patient_id, "medication")
    lars, page = client_for(world.lars), f"/patients/{patient_id}/medication/beside-closed"
    refused = lars.get(f"/patients/{patient_id}/medication")
    assert refused.status_code == 403 and page in refused.text

    item = re.search(r"item=([0-9a-f-]{36})", lars.get(f"{page}?q=ibux").text)
    assert item is not None
    form = {
        "item": item[1],
        "amount": "1",
        "unit": "tablett",
        "pattern": "daily",
        "times": "8",
        "indication": "smerter",
    }
    reviewed = lars.act(f"{page}/review", form)

    assert reviewed.status_code == 200, reviewed.text
    assert f"/patients/{patient_id}/closed" in reviewed.text, "or it is opened on weighty grounds"
    assert COVERS in reviewed.text and "Interaksjon" in reviewed.text and "Det må vurderes." in reviewed.text
    assert "gi ordinasjonen muntlig" in reviewed.text and "Signer forskrivning" not in reviewed.text
    assert not re.search("warfarin|marevan", reviewed.text, re.IGNORECASE)
    assert lars.act(page, form).status_code == 403
    assert client_for(world.nina).get(page).status_code == 403
    number = world.migrator.execute(
        "SELECT count(*) FROM medication.medication_request WHERE patient_id = %s", (patient_id,)
    ).fetchone()
    assert number == (1,)


def test_with_the_measurements_closed_what_is_found_holds_the_signature_back(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    """As the ordinary alert does: it is read first, and a stop wants a reason. What is stored says it as it was said."""
    four_grams(world, work_of, patient_id)
    close(world, work_of, patient_id, "observations")
    asked = {"medicine": PARACETAMOL, "dosage": NEEDED, "use": "3", "indication": "smerter"}

    def sign(answered: Answers) -> UUID:
        with work_of(world.lars) as work:
            entry_id: UUID = Medication(work).prescribe_beside(patient_id, **asked, answers=answered)
        return entry_id

    with pytest.raises(AlertsFound) as unseen:
        sign(Answers())
    seen = answers(unseen.value.judgement).seen
    with pytest.raises(AlertsFound) as unexplained:
        sign(Answers(seen))
    assert unexplained.value.fields["errors"]

    entry_id = sign(Answers(seen, "Avtalt med sykehuset"))

    (issues,) = world.migrator.execute(
        "SELECT detected_issues FROM medication.medication_request WHERE entry_id = %s", (entry_id,)
    ).fetchone() or ([],)
    (stop,) = [issue for issue in issues if issue["rule"] == Rule.DAILY_MAXIMUM]
    assert stop["said"].startswith(COVERS) and stop["reason"] == "Avtalt med sykehuset"
    assert "Legen så ikke hele journalen" in stop["nurse"]


def test_the_page_signs_what_was_answered_and_names_nothing_that_she_does_not_see(
    world: World, work_of: WorkOf, client_for: ClientFor, patient_id: UUID
) -> None:
    an_anticoagulant(world, work_of, patient_id)
    close(world, work_of, patient_id, "observations")
    with work_of(world.lars) as work:
        hit = Medication(work).search_catalogue("ibux").hits[0]
    lars, page = client_for(world.lars), f"/patients/{patient_id}/medication/beside-closed"
    form = {"item": str(hit.id), "amount": "1", "unit": "tablett", "pattern": "daily", "times": "8"}

    unseen = lars.act(page, form | {"indication": "smerter"})
    signed = lars.act(page, form | {"indication": "smerter"} | seen_in(unseen.text))

    assert (unseen.status_code, signed.status_code) == (409, 303)
    assert COVERS in unseen.text and "Signer forskrivning" in unseen.text
    assert not re.search("warfarin|marevan", unseen.text, re.IGNORECASE)
    assert lars.get(signed.location).status_code == 200


def test_a_dose_that_is_too_much_for_her_weight_is_found_where_the_weight_is_closed(
    world: World, work_of: WorkOf, patient_id: UUID
) -> None:
    with work_of(world.nina) as work:
        Observations(work).record(patient_id, "weight", Decimal(38))
    close(world, work_of, patient_id, "observations")
    grams = daily(Quantity(Decimal(2), "tablett"), [time(hour) for hour in (6, 10, 16, 22)])

    (found,) = [
        a for a in judged(world, work_of, patient_id, PARACETAMOL, grams).alerts if a.rule is Rule.DAILY_MAXIMUM
    ]

    assert found.tier is Tier.CARD and found.text.startswith(COVERS) and "38" not in found.text
