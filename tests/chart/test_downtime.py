"""Nødlisten: what is sealed for whom, when it is built anew, and what stands in the log."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from journal.app import JournalApp
from journal.chart import Downtime
from journal.medication import Medication
from journal.patients import NewAllergy, NewRelative, Patients
from journal.platform.errors import Invalid
from journal.worker import _keep_downtime_lists
from tests.conftest import Browser, World
from tests.medication.dosetts import laid_in
from tests.medication.test_sign import order

OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
WorkOf = Callable[..., Any]
ClientFor = Callable[..., Browser]


@dataclass
class Device:
    """What a ward's computer has: its key, its secret, and nobody signed in."""

    key: rsa.RSAPrivateKey
    browser: Browser

    def parts(self, since: str | None = None) -> Any:
        asked = self.browser.get("/downtime/list/parts", query_string={"since": since} if since else {})
        return asked.get_json() if asked.status_code == 200 else asked.status_code

    def read(self) -> dict[str, dict[str, Any]]:
        """By name: what is held, opened with the device's own key."""
        contents = [self._opened(part["sealed"]) for part in self.parts()["parts"]]
        return {content["name"]: content for content in contents}

    def _opened(self, sealed: str) -> dict[str, Any]:
        part = {name: base64.b64decode(value) for name, value in json.loads(sealed).items()}
        own = AESGCM(self.key.decrypt(part["key"], OAEP))
        opened: dict[str, Any] = json.loads(own.decrypt(part["nonce"], part["sealed"], None))
        return opened


def der(key: Any) -> str:
    public = key.public_key()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(public.public_bytes(serialization.Encoding.DER, info)).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def enrol(client_for: ClientFor, app: JournalApp, key: rsa.RSAPrivateKey) -> Callable[..., Device]:
    def enrolled(staff: Any, name: str = "PC på vaktrommet") -> Device:
        answer = client_for(staff).act("/downtime/devices", {"name": name, "public_key": der(key)})
        assert answer.status_code == 303
        cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("akson-downtime="))
        assert "HttpOnly" in cookie and "Path=/downtime/list/" in cookie and "SameSite=Strict" in cookie
        browser = Browser(app, None, None)
        browser.client.set_cookie("akson-downtime", cookie.split("=", 1)[1].split(";")[0], path="/downtime/list/")
        return Device(key, browser)

    return enrolled


@pytest.fixture
def looks(world: World) -> Callable[..., list[Any]]:
    def of(patient_id: UUID, action: str) -> list[Any]:
        query = """SELECT actor_name, unit_name, ground, decision_ref FROM audit.access_log
                   WHERE patient_id = %s AND action = %s ORDER BY at"""
        return world.migrator.execute(query, (patient_id, action)).fetchall()

    return of


def test_what_a_ward_must_know_is_sealed_for_its_device_and_for_no_other(
    world: World, work_of: WorkOf, app: JournalApp, enrol: Callable[..., Device]
) -> None:
    anna = world.patient(family_name="Myrvang", given_name="Anna")
    world.patient(family_name="Ås", given_name="Per", at=world.other_ward)
    world.store()
    with work_of(world.nina) as work:
        Patients(work).record_allergy(anna, NewAllergy(kind="allergy", substance="penicillin"))
        Patients(work).add_related_person(anna, NewRelative(name="Kari Myrvang", relation="datter", phone="900 00 001"))
    order(world, work_of, anna)
    device, elsewhere = enrol(world.nina), enrol(world.bodil)

    _keep_downtime_lists(app.works)

    held = device.read()
    assert list(held) == ["Myrvang, Anna"]
    one = held["Myrvang, Anna"]
    assert one["room"].endswith("204")
    assert "penicillin" in " ".join(one["allergies"]["texts"])
    assert one["phones"] == [{"name": "Kari Myrvang", "relation": "datter", "phone": "900 00 001"}]
    times = [datetime.fromisoformat(dose["at"]) for dose in one["doses"]]
    assert max(times) > datetime.now(UTC) + timedelta(hours=12)
    assert all(dose["line"] and dose["hand"] for dose in one["doses"])
    # It is read on another day than it was written.
    assert "i morgen" not in str(one) and "i dag" not in str(one)
    assert "Myrvang, Anna" not in elsewhere.read()
    sealed = device.parts()["parts"][0]["sealed"]
    assert "Myrvang" not in sealed and "penicillin" not in sealed
    with pytest.raises((ValueError, InvalidTag)):
        Device(rsa.generate_private_key(public_exponent=65537, key_size=2048), device.browser).read()


def test_a_part_is_built_by_one_logged_look_and_anew_only_when_the_chart_was_written_in(
    world: World, work_of: WorkOf, app: JournalApp, enrol: Callable[..., Device], looks: Callable[..., list[Any]]
) -> None:
    anna, berit = world.patient(family_name="Alm"), world.patient(family_name="Berg")
    world.store()
    device = enrol(world.nina)
    enrol(world.mona, "Nettbrett")
    _keep_downtime_lists(app.works)
    assert [len(looks(p, "chart:prepare")) for p in (anna, berit)] == [1, 1]
    (ground,) = {row[2] for row in looks(anna, "chart:prepare")}
    assert ground == "downtime"

    with work_of(world.nina) as work:
        Medication(work).list_with_strip(anna)
        Patients(work).banner(berit)
    _keep_downtime_lists(app.works)
    assert [len(looks(p, "chart:prepare")) for p in (anna, berit)] == [1, 1]

    order(world, work_of, anna)
    _keep_downtime_lists(app.works)
    assert [len(looks(p, "chart:prepare")) for p in (anna, berit)] == [2, 1]
    assert [name.split(",")[0] for name, one in device.read().items() if one["doses"]] == ["Alm"]

    world.migrator.execute("UPDATE chart.downtime_part SET built_at = built_at - interval '13 hours'")
    _keep_downtime_lists(app.works)
    assert [len(looks(p, "chart:prepare")) for p in (anna, berit)] == [3, 2]


def test_a_change_that_was_on_its_way_when_the_list_was_built_has_it_built_again(
    world: World, work_of: WorkOf, app: JournalApp, enrol: Callable[..., Device]
) -> None:
    anna = world.patient()
    world.store()
    device = enrol(world.nina)
    with work_of(world.nina) as work:
        Patients(work).record_allergy(anna, NewAllergy(kind="allergy", substance="penicillin"))
        work.db.flush()
        _keep_downtime_lists(app.works)
        (one,) = device.read().values()
        assert one["allergies"]["texts"] == []
    _keep_downtime_lists(app.works)
    (one,) = device.read().values()
    assert one["allergies"]["texts"] == ["penicillin"]


def test_what_lies_ready_and_is_outdated_says_what_to_take_out(
    world: World, work_of: WorkOf, app: JournalApp, enrol: Callable[..., Device]
) -> None:
    laid = laid_in(world, work_of)
    device = enrol(world.nina)
    _keep_downtime_lists(app.works)
    (one,) = device.read().values()
    assert one["bags"] == []

    with work_of(world.lars) as work:
        Medication(work).stop(laid.patient_id, laid.pentoxifyllin, version=1, reason="Blødning")
    _keep_downtime_lists(app.works)

    (one,) = device.read().values()
    assert one["bags"] and all("Ta ut 1" in said for said in one["bags"])


def test_who_leaves_the_unit_is_taken_out_of_the_list_and_a_device_that_is_removed_gets_nothing(
    world: World, app: JournalApp, enrol: Callable[..., Device], client_for: ClientFor, work_of: WorkOf
) -> None:
    anna, berit = world.patient(family_name="Alm"), world.patient(family_name="Berg")
    world.store()
    device = enrol(world.nina)
    _keep_downtime_lists(app.works)
    assert len(device.read()) == 2

    world.migrator.execute(
        "UPDATE access.care_relationship SET valid_until = now() - interval '1 minute' WHERE patient_id = %s", (berit,)
    )
    _keep_downtime_lists(app.works)
    assert [name.split(",")[0] for name in device.read()] == ["Alm"]

    with work_of(world.nina) as work:
        (listed,) = Downtime(work).devices()
    assert client_for(world.bodil).act(f"/downtime/devices/{listed.id}/end").status_code == 404
    assert client_for(world.nina).act(f"/downtime/devices/{listed.id}/end").status_code == 303
    assert device.parts() == 404
    _keep_downtime_lists(app.works)
    query = "SELECT count(*) FROM chart.downtime_part WHERE patient_id = ANY (%s) AND sealed IS NOT NULL"
    assert world.migrator.execute(query, ([anna, berit],)).fetchone() == (0,)


def test_fetching_opens_no_chart_and_gives_only_what_is_new(
    world: World, app: JournalApp, enrol: Callable[..., Device], work_of: WorkOf
) -> None:
    anna, _berit = world.patient(), world.patient()
    world.store()
    device = enrol(world.nina)
    _keep_downtime_lists(app.works)
    counted = "SELECT count(*) FROM audit.access_log WHERE patient_id = ANY (%s)"
    (before,) = world.migrator.execute(counted, ([anna, _berit],)).fetchone()  # type: ignore[misc]

    held = device.parts()

    assert world.migrator.execute(counted, ([anna, _berit],)).fetchone() == (before,)
    assert all(part["sealed"] for part in held["parts"])
    since = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    assert [part["sealed"] for part in device.parts(since)["parts"]] == [None, None]
    assert Browser(app, None, None).get("/downtime/list/parts").status_code == 404


def test_a_use_that_is_told_afterwards_stands_once_in_the_log_of_each_patient(
    world: World, app: JournalApp, enrol: Callable[..., Device], looks: Callable[..., list[Any]]
) -> None:
    anna, other = world.patient(), world.patient(at=world.other_ward)
    world.store()
    device = enrol(world.nina)
    _keep_downtime_lists(app.works)
    held = device.parts()
    at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    use = {"what": "opened", "at": at, "by": "Nina på natt", "event": str(uuid4()), "csrf_token": held["csrf_token"]}
    use["parts[]"] = [part["id"] for part in held["parts"]]

    told = [device.browser.client.post("/downtime/list/report", data=use) for _ in range(2)]

    assert [answer.get_json() for answer in told] == [{"logged": 1}, {"logged": 0}]
    ((name, unit, ground, how),) = looks(anna, "downtime:opened")
    assert (name, unit, ground) == ("Nina på natt", world.ward["name"], "downtime")
    assert datetime.fromisoformat(how["at"]) == datetime.fromisoformat(at) and how["device"] == "PC på vaktrommet"
    assert looks(other, "downtime:opened") == []
    future = use | {"at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(), "event": str(uuid4())}
    assert device.browser.client.post("/downtime/list/report", data=future).get_json() == {"logged": 0}
    stranger = Browser(app, None, None).client.post("/downtime/list/report", data=use | {"event": str(uuid4())})
    assert stranger.get_json() in ({"logged": 0}, None) and len(looks(anna, "downtime:opened")) == 1


def test_a_key_that_is_too_short_or_of_another_kind_is_refused(world: World, work_of: WorkOf) -> None:
    world.store()
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    other = ec.generate_private_key(ec.SECP256R1())
    for wrong in (der(short), der(other), "aGVp", "ikke base64!"):
        with pytest.raises(Invalid, match="ikke en nøkkel"), work_of(world.nina) as work:
            Downtime(work).enrol("PC", wrong)


def test_nobody_but_the_worker_is_told_what_is_to_be_built(as_app: Any, world: World, work_of: WorkOf) -> None:
    world.store()
    with pytest.raises(Exception, match="the worker alone"):
        as_app.execute("SELECT * FROM chart.downtime_due(5)")
