"""The chart overview and my list: what they show, what they cost, and what they leave in the log."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from journal.platform.ids import new_id
from journal.platform.line import Line
from tests import factories


def test_the_overview_takes_at_most_eight_statements_however_long_the_lists_are(world, client_for, count_queries):
    patient_id, _dose = factories.due_dose(world)
    for _ in range(12):
        factories.note(
            world.builder, patient_id, world.nina, body="Sov godt.", at=datetime.now(UTC) - timedelta(hours=2)
        )
    world.store()
    nina = client_for(world.nina)
    count_queries.clear()

    answer = nina.get(f"/patients/{patient_id}")

    assert answer.status_code == 200
    assert len(count_queries) <= 8, "\n".join(count_queries)


def test_an_overview_that_breaks_halfway_shows_nothing_and_is_in_the_log_as_failed(
    world, client_for, access_log, migrator
):
    patient_id, _dose = factories.due_dose(world)
    nina = client_for(world.nina)
    migrator.execute("REVOKE SELECT ON observations.observation FROM journal_app")
    try:
        answer = nina.get(f"/patients/{patient_id}")
    finally:
        migrator.execute("GRANT SELECT ON observations.observation TO journal_app")

    assert answer.status_code == 500
    assert "Metoprolol" not in answer.text
    assert [row.outcome for row in access_log(patient_id)] == ["failed"]


def test_my_list_takes_at_most_eight_statements_however_many_patients(world, client_for, count_queries):
    for _ in range(12):
        factories.due_dose(world)
    nina = client_for(world.nina)
    count_queries.clear()

    assert nina.get("/my-list").text.count('class="room"') == 12
    assert len(count_queries) <= 8, "\n".join(count_queries)


def test_signing_takes_at_most_eight_statements_and_one_commit(app, world, client_for, count_queries, monkeypatch):
    patient_id, dose_id = factories.due_dose(world)
    nina, commits, commit = client_for(world.nina), [], Line.commit
    engine = app.works.sessions.kw["bind"]

    def note(line):
        commits.append(line)
        return commit(line)

    monkeypatch.setattr(Line, "commit", note)
    heard = commits.append
    sa.event.listen(engine, "commit", heard)
    count_queries.clear()

    signed = nina.act(f"/patients/{patient_id}/doses/{dose_id}/given", {"request_version": 1})

    sa.event.remove(engine, "commit", heard)
    assert signed.status_code == 303
    assert len(count_queries) <= 8, "\n".join(count_queries)
    assert len(commits) == 1


def test_the_overview_says_why_one_may_see_it_and_leaves_one_row(world, client_for, access_log):
    patient_id = world.patient(family_name="Grunnvik")

    page = client_for(world.nina).get(f"/patients/{patient_id}").text

    assert "Du ser dette fordi pasienten bor på Avdeling 2" in page
    row, *more = access_log(patient_id)
    assert not more
    assert (row.outcome, row.action, row.ground) == ("success", "chart:read", "stay")
    assert set(row.categories) == {"patients", "medication", "observations", "notes", "care"}


def test_who_has_no_ground_is_shown_the_ways_in_and_the_attempt_is_logged(world, client_for, access_log):
    patient_id = world.patient(family_name="Ukjentsen")

    answer = client_for(world.unn).get(f"/patients/{patient_id}")

    assert answer.status_code == 403
    assert "Ukjentsen" not in answer.text
    assert "Ta inn pasienten" in answer.text
    assert [row.outcome for row in access_log(patient_id)] == ["refused"]


def test_a_page_with_nothing_says_what_to_do(world, client_for):
    patient_id = world.patient()

    page = client_for(world.nina).get(f"/patients/{patient_id}").text

    assert "Ingen legemidler i bruk er registrert" in page
    assert "Ingen notater ennå" in page


def test_an_auditor_sees_who_opened_the_chart_and_is_in_the_log_herself(world, client_for):
    patient_id = world.patient(family_name="Loggvik")
    client_for(world.nina).get(f"/patients/{patient_id}")
    rolf = client_for(world.rolf)

    first = rolf.get(f"/audit/patients/{patient_id}").text
    second = rolf.get(f"/audit/patients/{patient_id}").text

    assert "Nina Nordli" in first
    assert "åpnet journalen" in first
    assert "Loggvik" not in first
    assert "Rolf Revisor" in second


def test_the_colour_scheme_stays_with_the_session(world, client_for):
    nina = client_for(world.nina)

    nina.act("/color-scheme", {"color_scheme": "dark"})

    assert 'data-color-scheme="dark"' in nina.get("/my-list").text


def test_a_command_that_is_sent_again_gets_the_same_answer_and_is_done_once(world, client_for, migrator):
    patient_id, dose_id = factories.due_dose(world)
    nina, command_id = client_for(world.nina), new_id()
    form, path = {"request_version": 1}, f"/patients/{patient_id}/doses/{dose_id}/given"

    first = nina.act(path, form, command_id=command_id)
    again = nina.act(path, form, command_id=command_id)

    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["Location"] == again.headers["Location"]
    stored = migrator.execute(
        "SELECT count(*) FROM medication.medication_administration WHERE dose_id = %s", (dose_id,)
    )
    assert stored.fetchone() == (1,)


def test_changing_the_colours_leads_back_to_the_page_and_never_out_of_the_journal(world, client_for):
    nina, dark = client_for(world.nina), {"color_scheme": "dark"}

    assert "/color-scheme?back=/my-list" in nina.get("/my-list").text
    assert nina.act("/color-scheme?back=/my-list", dark).headers["Location"] == "/my-list"
    for elsewhere in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "elsewhere"):
        assert nina.act("/color-scheme", dark, query_string={"back": elsewhere}).headers["Location"] == "/"


def test_a_choice_that_no_form_offers_is_refused_in_norwegian(world, client_for):
    refused = client_for(world.nina).act("/color-scheme", {"color_scheme": "pink"})

    assert refused.status_code == 422
    assert "Velg en av mulighetene." in refused.text
    assert "Must be one of" not in refused.text
