"""A locked screen, another person on the same device, a PIN, and a session that is over: asked through the real application."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest
from werkzeug.test import TestResponse

from journal.access import locking, pin_rules
from journal.app import JournalApp
from journal.platform.postgres import EmbeddedPostgres
from tests.conftest import DATABASE, Browser, World
from tests.factories import Staff

Migrator = psycopg.Connection[Any]
ClientFor = Callable[[Staff | None], Browser]

PIN = "480264"
OTHER = "917350"
WRONG = "480265"


@dataclass
class Screen:
    """A browser on a device: what a person at it does, with the forms of the pages she sees."""

    app: JournalApp
    migrator: Migrator
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def sign_in(self, staff: Staff) -> TestResponse:
        answer: TestResponse = self.post("/sign-in", role_id=str(staff.actor.role_id))
        return answer

    def post(self, path: str, csrf: str | None = None, **form: Any) -> TestResponse:
        answer: TestResponse = self.client.post(path, data={"csrf_token": csrf or self.csrf, **form})
        return answer

    def get(self, path: str) -> TestResponse:
        answer: TestResponse = self.client.get(path)
        return answer

    def unlock(self, staff: Staff, pin: str, **headers: str) -> TestResponse:
        form = {"csrf_token": self.csrf, "session_id": str(self.session_of(staff)), "pin": pin}
        answer: TestResponse = self.client.post("/unlock", data=form, headers=headers)
        return answer

    def session_of(self, staff: Staff) -> UUID:
        """Of this person, on this device when it has one; the newest."""
        row = self.migrator.execute(
            "SELECT id FROM access.session WHERE person_id = %s ORDER BY created_at DESC LIMIT 1",
            (staff.actor.person_id,),
        ).fetchone()
        assert row is not None
        return UUID(str(row[0]))

    @property
    def token(self) -> bytes | None:
        cookie = self.client.get_cookie("akson")
        return base64.urlsafe_b64decode(cookie.value) if cookie else None

    @property
    def csrf(self) -> str:
        """As the page that is shown would have it."""
        found = self.migrator.execute(
            """SELECT id FROM access.session WHERE token_hash = sha256(%s) AND ended_at IS NULL AND locked_at IS NULL
               AND seen_at > now() - coalesce(idle, interval '15 minutes')""",
            (self.token,),
        ).fetchone()
        return Browser(self.app, None, UUID(str(found[0])) if found else None).csrf

    def waits(self, minutes: int) -> None:
        """Nobody touches anything for so long."""
        self.migrator.execute(
            "UPDATE access.session SET seen_at = seen_at - make_interval(mins => %s) WHERE token_hash = sha256(%s)",
            (minutes, self.token),
        )


@pytest.fixture
def screen(app: JournalApp, migrator: Migrator) -> Callable[[], Screen]:
    return lambda: Screen(app, migrator)


@pytest.fixture
def with_pin(migrator: Migrator, app: JournalApp) -> Callable[..., None]:
    def choose(*people: Staff, pin: str = PIN) -> None:
        for staff in people:
            migrator.execute(
                "INSERT INTO access.pin (person_id, hash) VALUES (%s, %s)",
                (staff.actor.person_id, pin_rules.kept(pin, app.settings.secret_key)),
            )

    return choose


@pytest.fixture
def ward_pc(world: World, screen: Callable[[], Screen], client_for: ClientFor) -> Screen:
    """Enrolled by the unit's manager, where nobody is signed in yet."""
    pc, mona = screen(), client_for(world.mona)
    answer = mona.act("/devices", {"name": "PC 204", "kind": "ward_pc"})
    cookie = mona.client.get_cookie("akson-device")
    assert answer.status_code == 303
    assert cookie is not None
    pc.client.set_cookie("akson-device", cookie.value)
    return pc


def chart(patient_id: UUID) -> str:
    return f"/patients/{patient_id}/medication"


def hidden(screen: Screen, path: str, name: str = "Ringstad") -> tuple[int, str | None]:
    """What a request by hand, a second tab, Back and a reload all are: the same address asked for again."""
    answers = [screen.get(path), screen.client.get(path, headers={"HX-Request": "true"}), screen.get("/my-list")]
    assert all(name not in answer.text for answer in answers)
    return answers[0].status_code, answers[0].headers.get("Location")


def test_a_locked_screen_shows_no_patient_and_is_opened_at_the_same_page(
    world: World, screen: Callable[[], Screen], with_pin: Callable[..., None], count_queries: list[str]
) -> None:
    patient_id, pc = world.patient(family_name="Ringstad"), screen()
    with_pin(world.nina)
    pc.sign_in(world.nina)
    before = pc.token
    assert "RINGSTAD" in pc.get(chart(patient_id)).text

    count_queries.clear()
    assert pc.post(f"/lock?back={chart(patient_id)}").headers["Location"] == "/locked"
    assert hidden(pc, chart(patient_id)) == (303, "/locked")
    page = pc.get("/locked")
    assert "Nina Nordli" in page.text
    assert str(patient_id) not in page.text

    count_queries.clear()
    opened = pc.unlock(world.nina, PIN)
    assert (opened.status_code, opened.headers["Location"]) == (303, chart(patient_id))
    assert len([q for q in count_queries if "access." in q]) == 3, "who asks, the try, and the proof"
    assert pc.token != before, "a secret that was read off the locked screen opens nothing"
    assert "RINGSTAD" in pc.get(chart(patient_id)).text


@pytest.mark.parametrize(("kind", "stays", "locks"), [("ward_pc", 2, 3), ("tablet", 9, 10), (None, 14, 15)])
def test_a_session_is_locked_after_the_time_of_its_device(
    world: World,
    screen: Callable[[], Screen],
    client_for: ClientFor,
    with_pin: Callable[..., None],
    kind: str | None,
    stays: int,
    locks: int,
) -> None:
    here, mona = screen(), client_for(world.mona)
    with_pin(world.nina)
    if kind:
        mona.act("/devices", {"name": "Maskin", "kind": kind})
        here.client.set_cookie("akson-device", mona.client.get_cookie("akson-device").value)
    here.sign_in(world.nina)

    here.waits(stays)
    page = here.get("/my-list")
    assert page.status_code == 200
    assert f'data-idle="{locks * 60}"' in page.text
    here.waits(locks)
    assert here.get("/my-list").headers["Location"] == "/locked"
    assert here.unlock(world.nina, PIN).headers["Location"] == "/my-list", "she was on her way there"


def test_two_nurses_change_on_a_ward_pc_and_each_comes_to_her_own_page(
    world: World, ward_pc: Screen, migrator: Migrator, with_pin: Callable[..., None]
) -> None:
    patient_id = world.patient(family_name="Ringstad")
    with_pin(world.nina)
    with_pin(world.siri, pin=OTHER)
    ward_pc.sign_in(world.siri)
    ward_pc.post("/switch-user?back=/tasks")
    ward_pc.sign_in(world.nina)
    siri_was = ward_pc.session_of(world.siri)
    nina_was = ward_pc.token

    switched = ward_pc.post(f"/switch-user?back={chart(patient_id)}")
    assert switched.headers["Location"] == "/locked"
    assert hidden(ward_pc, chart(patient_id)) == (303, "/locked")
    listed = ward_pc.get("/locked").text
    assert [name in listed for name in ("Nina Nordli", "Siri Strand", ">NN<", ">SS<", "Lars")] == [True] * 4 + [False]

    assert ward_pc.unlock(world.siri, OTHER).headers["Location"] == "/tasks"
    page = ward_pc.get("/my-list").text
    assert "Siri Strand" in page
    assert "Nina Nordli" not in page
    assert ward_pc.session_of(world.siri) == siri_was, "her own session, and no new one"
    with_nina = ward_pc.app.test_client()
    with_nina.set_cookie("akson", base64.urlsafe_b64encode(nina_was or b"").decode())
    assert with_nina.get(chart(patient_id)).status_code == 303, "the other's secret opens nothing while she is away"

    ward_pc.post("/lock?back=/my-list")
    assert ward_pc.unlock(world.nina, PIN).headers["Location"] == chart(patient_id)
    rows = migrator.execute(
        "SELECT count(*), count(locked_at) FROM access.session WHERE device_id IS NOT NULL AND ended_at IS NULL"
        " AND person_id = ANY (%s)",
        ([world.siri.actor.person_id, world.nina.actor.person_id],),
    ).fetchone()
    assert rows == (2, 1), "one is open, the other locked"


def test_what_is_done_after_a_switch_carries_the_new_person_alone(
    world: World,
    ward_pc: Screen,
    migrator: Migrator,
    with_pin: Callable[..., None],
    access_log: Callable[..., list[Any]],
) -> None:
    patient_id = world.patient()
    with_pin(world.nina)
    with_pin(world.siri, pin=OTHER)
    ward_pc.sign_in(world.siri)
    ward_pc.sign_in(world.nina)
    ninas_form = ward_pc.csrf
    ward_pc.unlock(world.siri, OTHER)

    sent = {"what": "Ring pårørende", "command_id": str(patient_id)}
    assert ward_pc.post(f"/patients/{patient_id}/tasks", csrf=ninas_form, **sent).status_code == 403
    assert ward_pc.post(f"/patients/{patient_id}/tasks", **sent).status_code == 303
    names = migrator.execute("SELECT recorded_by_name FROM care.task WHERE patient_id = %s", (patient_id,)).fetchall()
    assert names == [("Siri Strand",)]
    assert {row.actor_name for row in access_log(patient_id)} == {"Siri Strand"}


def test_five_wrong_pins_end_it_until_the_next_strong_sign_in(
    world: World, ward_pc: Screen, with_pin: Callable[..., None]
) -> None:
    with_pin(world.nina)
    ward_pc.sign_in(world.nina)
    ward_pc.post("/lock?back=/tasks")

    said = {ward_pc.unlock(world.nina, WRONG).status_code for _ in range(5)}
    assert said == {422}
    assert ward_pc.unlock(world.nina, PIN).status_code == 422, "right, and too late"
    assert ward_pc.sign_in(world.nina).headers["Location"] == "/tasks", "a strong sign-in comes back there too"
    ward_pc.post("/lock")
    assert ward_pc.unlock(world.nina, PIN).status_code == 303


def test_a_try_waits_for_the_one_before_it(
    world: World,
    ward_pc: Screen,
    migrator: Migrator,
    as_app: Migrator,
    with_pin: Callable[..., None],
    server: EmbeddedPostgres,
) -> None:
    """Else a hundred at once were a hundred tries."""
    with_pin(world.nina)
    ward_pc.sign_in(world.nina)
    ward_pc.post("/lock")
    migrator.execute("UPDATE access.pin SET failures = 4 WHERE person_id = %s", (world.nina.actor.person_id,))
    asked = (ward_pc.token, None, ward_pc.session_of(world.nina))
    tried = "SELECT access.try_pin(%s, %s, %s, interval '12 hours')"

    with psycopg.connect(server.conninfo("journal_app", DATABASE)) as first:
        assert first.execute(tried, asked).fetchone() != (None,), "the fifth"
        as_app.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            as_app.execute(tried, asked)
        first.commit()
    assert as_app.execute(tried, asked).fetchone() == (None,)


def test_a_device_takes_ten_tries_in_five_minutes_whoevers_they_are(
    world: World, ward_pc: Screen, migrator: Migrator, with_pin: Callable[..., None]
) -> None:
    with_pin(world.nina, world.siri, world.lars)
    for staff in (world.nina, world.siri, world.lars):
        ward_pc.sign_in(staff)
    ward_pc.post("/lock")
    for staff in (world.nina, world.siri):
        for _ in range(5):
            ward_pc.unlock(staff, WRONG)

    assert ward_pc.unlock(world.lars, PIN).status_code == 422
    migrator.execute("UPDATE access.device SET tries_since = tries_since - interval '5 minutes'")
    assert ward_pc.unlock(world.lars, PIN).status_code == 303


def test_it_is_never_told_whether_the_person_or_the_pin_was_wrong(
    world: World, ward_pc: Screen, screen: Callable[[], Screen], with_pin: Callable[..., None]
) -> None:
    with_pin(world.nina, world.siri, world.lars)
    tablet = screen()
    tablet.sign_in(world.siri)  # signed in, and not on this device
    ward_pc.sign_in(world.lars)
    ward_pc.sign_in(world.nina)
    ward_pc.post("/lock")

    said = []
    for staff, pin in ((world.lars, WRONG), (world.siri, PIN), (world.siri, WRONG)):
        page = ward_pc.unlock(staff, pin)
        said.append((page.status_code, page.text.split('role="alert" data-said>')[1].split("<")[0]))
    assert len(set(said)) == 1
    assert tablet.get("/my-list").status_code == 200


def test_a_pin_that_is_used_while_its_owner_is_at_work_elsewhere_is_refused_and_she_is_told(
    world: World, ward_pc: Screen, screen: Callable[[], Screen], migrator: Migrator, with_pin: Callable[..., None]
) -> None:
    with_pin(world.nina)
    ward_pc.sign_in(world.nina)
    ward_pc.post("/lock")
    tablet = screen()
    tablet.sign_in(world.nina)
    pc_session = migrator.execute(
        "SELECT id FROM access.session WHERE person_id = %s AND device_id IS NOT NULL", (world.nina.actor.person_id,)
    ).fetchone()
    assert pc_session is not None
    warning = "Noen prøvde å åpne en låst skjerm"
    assert warning not in tablet.get("/my-list").text

    stolen = {"csrf_token": ward_pc.csrf, "session_id": str(pc_session[0]), "pin": PIN}
    assert ward_pc.client.post("/unlock", data=stolen).status_code == 422
    assert warning in tablet.get("/my-list").text
    tablet.post("/own-sessions/warning")
    assert warning not in tablet.get("/my-list").text

    tablet.waits(6)
    assert ward_pc.client.post("/unlock", data=stolen).status_code == 303, "she has left the other one"


def test_only_a_fresh_strong_sign_in_chooses_a_pin_and_no_obvious_one(
    world: World, screen: Callable[[], Screen], migrator: Migrator
) -> None:
    pc = screen()
    pc.sign_in(world.nina)
    assert "for lett å gjette" in pc.post("/pin", pin="123456", again="123456").text
    assert "ikke like" in pc.post("/pin", pin=PIN, again=WRONG).text
    assert pc.post("/pin", pin=PIN, again=PIN).headers["Location"] == "/own-sessions"
    stored = migrator.execute(
        "SELECT hash FROM access.pin WHERE person_id = %s", (world.nina.actor.person_id,)
    ).fetchone()
    assert stored is not None
    assert stored[0].startswith("scrypt:")
    assert not pin_rules.matches(stored[0], PIN, b"another secret"), "a copy of the table can be tried against nothing"

    migrator.execute(
        "UPDATE access.session SET strong_at = now() - interval '1 hour' WHERE id = %s", (pc.session_of(world.nina),)
    )
    assert pc.post("/pin", pin=OTHER, again=OTHER).status_code == 403
    pc.post("/lock")
    assert pc.unlock(world.nina, PIN).status_code == 303, "the one she had"
    assert pc.post("/pin", pin=OTHER, again=OTHER).status_code == 403, "a PIN proves not so much"


def test_one_comes_back_to_pages_of_the_house_alone(
    world: World, screen: Callable[[], Screen], migrator: Migrator
) -> None:
    pc, stored = screen(), {}
    pc.sign_in(world.nina)
    for back in (
        "https://elsewhere.example/", "//elsewhere.example", "/search?q=Hansen", "/nothing-here", "/sign-in", "/locked",
        "/patients/12019212345", "/" + "a" * 400, "/round", f"/patients/{pc.session_of(world.nina)}/notes",
    ):  # fmt: skip
        pc.client.post("/lock", query_string={"back": back}, data={"csrf_token": pc.csrf})
        row = migrator.execute(
            "UPDATE access.session s SET locked_at = NULL, last_path = NULL FROM access.session o"
            " WHERE o.id = s.id AND s.id = %s RETURNING o.last_path",
            (pc.session_of(world.nina),),
        ).fetchone()
        stored[back] = row and row[0]

    assert {back for back, path in stored.items() if path} == {"/round", f"/patients/{pc.session_of(world.nina)}/notes"}


def test_ones_own_sessions_are_listed_and_one_that_is_ended_is_nobody(
    world: World, ward_pc: Screen, screen: Callable[[], Screen], migrator: Migrator
) -> None:
    own, others = screen(), screen()
    ward_pc.sign_in(world.nina)
    on_ward = ward_pc.session_of(world.nina)
    own.sign_in(world.nina)
    others.sign_in(world.siri)

    page = own.get("/own-sessions").text
    assert [words in page for words in ("PC 204", "en egen maskin", "denne", "Siri")] == [True] * 3 + [False]
    own.post(f"/own-sessions/{others.session_of(world.siri)}/end")
    assert others.get("/my-list").status_code == 200, "another's is not hers to end"
    own.post(f"/own-sessions/{on_ward}/end")
    assert ward_pc.get("/my-list").headers["Location"].startswith("/sign-in")
    assert own.get("/my-list").status_code == 200
    own.post("/own-sessions/end")
    assert own.get("/own-sessions").headers["Location"].startswith("/sign-in")


def test_a_device_that_is_taken_away_holds_nobody(
    world: World, ward_pc: Screen, migrator: Migrator, client_for: ClientFor, with_pin: Callable[..., None]
) -> None:
    with_pin(world.nina)
    ward_pc.sign_in(world.nina)
    device = migrator.execute("SELECT id FROM access.device WHERE municipality_id = %s", (world.oslo["id"],)).fetchone()
    assert device is not None
    tora, mona, britt = client_for(world.tora), client_for(world.mona), client_for(world.bodil)

    assert britt.act(f"/devices/{device[0]}/end").status_code == 403
    assert "PC 204" in mona.get("/devices").text
    assert mona.act(f"/devices/{device[0]}/end").status_code == 303
    assert "PC 204" not in mona.get("/devices").text
    assert ward_pc.get("/my-list").headers["Location"].startswith("/sign-in")
    assert tora.act(f"/devices/{device[0]}/end").status_code in (303, 404)


def test_a_role_that_is_lost_is_lost_behind_the_lock_too(
    world: World, ward_pc: Screen, migrator: Migrator, with_pin: Callable[..., None]
) -> None:
    with_pin(world.nina)
    ward_pc.sign_in(world.nina)
    ward_pc.post("/lock")
    migrator.execute(
        "UPDATE municipalities.practitioner_role SET valid_until = now() WHERE id = %s", (world.nina.actor.role_id,)
    )

    assert ward_pc.get("/locked").headers["Location"] == "/sign-in"
    ward_pc.unlock(world.nina, PIN)
    assert ward_pc.get("/my-list").headers["Location"].startswith("/sign-in")


def test_a_script_is_told_whose_session_it_is_now_and_nothing_else(
    world: World, ward_pc: Screen, with_pin: Callable[..., None]
) -> None:
    with_pin(world.nina)
    ward_pc.sign_in(world.nina)
    mine = ward_pc.csrf
    assert ward_pc.post("/still-here").status_code == 200
    ward_pc.post("/lock?back=/tasks")
    assert ward_pc.post("/still-here").status_code == 303
    assert ward_pc.post("/still-here", csrf=mine).status_code == 403

    refused = ward_pc.unlock(world.nina, WRONG, Accept="application/json")
    assert (refused.status_code, list(refused.get_json())) == (422, ["detail"])
    opened = ward_pc.unlock(world.nina, PIN, Accept="application/json")
    assert opened.get_json() == {"location": "/tasks", "csrf_token": mine}
    assert ward_pc.post("/still-here", csrf=mine).status_code == 200


def test_the_initials_are_of_the_first_and_the_last_name() -> None:
    one = locking.Waiting(UUID(int=1), "Nina Marie Nordli", "nurse", "Avdeling 2", own=True, with_pin=True)

    assert (one.initials, one._replace(name="Nina").initials) == ("NN", "N")
