"""What the catalogue of the database must say after `upgrade head`, whatever tables have come since.

Row-level security holds or does not hold by what stands here: each rule is a query over the whole catalogue, so that a
new table is under it from the day it is made.
"""

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory

from journal.platform.ids import new_id
from journal.platform.outbox import Fact
from migrations.helpers import STAMPED, STAMPS
from tests.architecture.charts import CHART_SCHEMAS, link, marked_chart, store
from tests.conftest import World

ROOT = Path(__file__).parents[2]
Connection = psycopg.Connection[Any]
UNIQUE_INDEXES = Path(__file__).with_name("unique_indexes.txt")

# The journal's schemas: all but the job queue's own, and what is not ours.
OURS = "n.nspname NOT IN ('jobs', 'public', 'information_schema') AND n.nspname !~ '^pg_'"

# Functions that look past row-level security, and who they look as. A new one is a decision: read it, then add it here.
SECURITY_DEFINERS = {
    ("access.begin_session(bytea, bytea, bytea, interval, interval)", "journal_door"),
    ("access.end_on_device(uuid)", "journal_door"),
    ("access.end_own(uuid)", "journal_door"),
    ("access.lock_session(bytea, text)", "journal_door"),
    ("access.own_sessions(interval)", "journal_door"),
    ("access.prove_session(text, text)", "journal_door"),
    ("access.set_pin(text, interval)", "journal_door"),
    ("access.try_pin(bytea, bytea, uuid, interval)", "journal_door"),
    ("access.unlockable(bytea, bytea, interval, interval)", "journal_door"),
    ("access.warning_seen()", "journal_door"),
    ("access.demo_people()", "journal_finder"),
    ("access.end_grounds()", "journal_finder"),
    ("access.end_session(bytea)", "journal_door"),
    ("access.grounds_amiss()", "journal_finder"),
    ("access.identity(uuid, uuid, text, text)", "journal_door"),
    ("access.justified_elsewhere(timestamp with time zone)", "journal_door"),
    ("access.nearness(uuid[])", "journal_finder"),
    ("access.keep_form(bytea, bytea)", "journal_door"),
    ("access.kept_form(bytea, boolean)", "journal_door"),
    ("access.own_charts()", "journal_finder"),
    ("access.whose_own(uuid[])", "journal_finder"),
    ("notes.written_by_oneself(uuid[])", "journal_finder"),
    ("medication.signed_by_oneself(uuid[])", "journal_finder"),
    ("oversight.warned(timestamp with time zone, timestamp with time zone)", "journal_door"),
    ("access.opened_kinds(uuid[])", "journal_door"),
    ("access.resume(bytea, interval, interval)", "journal_door"),
    ("access.set_color_scheme(bytea, text)", "journal_door"),
    ("access.set_language(bytea, text)", "journal_door"),
    ("access.sources()", "journal_finder"),
    ("access.standing(uuid[])", "journal_finder"),
    ("access.standing_of(uuid[], uuid, uuid[], timestamp with time zone)", "journal_finder"),
    ("access.start_session(text, text)", "journal_door"),
    ("access.take_visit(uuid, uuid)", "journal_finder"),
    ("access.visits_taken()", "journal_finder"),
    ("access.visits_to_take()", "journal_finder"),
    ("access.begin_sign_in(text, text)", "journal_door"),
    ("access.change_role(text, text)", "journal_door"),
    ("access.employments(text, text)", "journal_door"),
    ("access.end_issuer_sessions(text, text)", "journal_door"),
    ("access.proved_roles(text, text)", "journal_door"),
    ("access.prove_sign_in(text, text)", "journal_door"),
    ("access.return_to_sign_in(text, text)", "journal_door"),
    ("access.signed_call(text, text)", "journal_door"),
    ("access.take_role(text, text)", "journal_door"),
    ("access.try_sign_in(text, text)", "journal_door"),
    ("access.who_knows(text, text)", "journal_door"),
    ("access.words_of_protected(uuid[])", "journal_door"),
    ("audit.erase(text, text)", "journal_eraser"),
    ("audit.erased_since(uuid, timestamp with time zone)", "journal_door"),
    ("audit.keep_months_ahead()", "journal_owner"),
    ("audit.open_charts(text, text)", "journal_door"),
    ("audit.opened_charts(text)", "journal_door"),
    ("audit.reading_log()", "journal_door"),
    ("audit.records_of(uuid)", "journal_door"),
    ("audit.written_by(uuid[])", "journal_door"),
    ("audit.seal_lag()", "journal_door"),
    ("audit.shielded(uuid[])", "journal_door"),
    ("audit.who()", "journal_door"),
    ("care.raise_overdue(jsonb, integer)", "journal_finder"),
    ("chart.downtime_due(integer)", "journal_door"),
    ("chart.downtime_parts(bytea, timestamp with time zone)", "journal_door"),
    ("chart.empty_downtime_parts()", "journal_door"),
    ("chart.report_downtime(bytea, text, timestamp with time zone, text, uuid, uuid[])", "journal_door"),
    ("care.kept_back()", "journal_finder"),
    ("care.patients_with_tasks()", "journal_finder"),
    ("medication.go_live_lists()", "journal_finder"),
    ("medication.orders_ending(timestamp with time zone)", "journal_finder"),
    ("medication.reviews_due(date)", "journal_finder"),
    ("medication.verbal_orders()", "journal_finder"),
    (
        "medication.cross_door(uuid[], uuid, text, uuid, text, timestamp with time zone, timestamp with time zone, uuid, text)",
        "journal_finder",
    ),
    ("medication.declare_downtime(text, boolean, text)", "journal_finder"),
    ("medication.mark_downtime(uuid)", "journal_finder"),
    ("medication.propose_downtime(timestamp with time zone, timestamp with time zone, integer)", "journal_finder"),
    ("medication.entrust_waiting(uuid)", "journal_finder"),
    ("access.last_here()", "journal_door"),
    ("access.person_beside(text, text)", "journal_door"),
    ("access.closed_to(uuid, uuid[], text[])", "journal_finder"),
    ("access.gives(uuid)", "journal_finder"),
    ("access.gives_to(uuid, uuid, uuid[], timestamp with time zone)", "journal_finder"),
    ("access.notes_closed_to(uuid[], uuid, uuid[], timestamp with time zone)", "journal_finder"),
    ("access.staying_here()", "journal_finder"),
    ("access.ask_new_passkey(bytea, interval)", "journal_door"),
    ("access.ask_passkey(bytea, bytea, uuid, interval, bytea)", "journal_door"),
    ("access.end_passkey(uuid)", "journal_door"),
    ("access.keep_passkey(text, text)", "journal_door"),
    ("access.own_passkeys()", "journal_door"),
    ("access.passkey_used(text, text)", "journal_door"),
    ("access.take_challenge()", "journal_door"),
    ("access.try_passkey(bytea, bytea, uuid, interval, bytea)", "journal_door"),
    ("access.weighed(uuid[], uuid, text, uuid, timestamp with time zone)", "journal_finder"),
    ("medication.overridden_stops(timestamp with time zone)", "journal_finder"),
    ("medication.lacking_for_registry(timestamp with time zone, text[])", "journal_finder"),
    ("medication.answer_for_dose()", "journal_finder"),
    ("medication.horizon()", "journal_finder"),
    ("medication.own_authority()", "journal_finder"),
    ("medication.patients_with_dispenser()", "journal_finder"),
    ("medication.settle_stock()", "journal_finder"),
    ("medication.plan_anew_from(timestamp with time zone)", "journal_finder"),
    ("medication.plans_running_out(timestamp with time zone, integer)", "journal_finder"),
    ("medication.worklist(timestamp with time zone, timestamp with time zone)", "journal_finder"),
    ("medication.worklist_by_patient(timestamp with time zone, timestamp with time zone)", "journal_finder"),
    ("access.answer_rule(uuid, text, text)", "journal_finder"),
    ("municipalities.administrator_named(text, text)", "journal_finder"),
    ("municipalities.answer_proposal(uuid, uuid, text, text)", "journal_finder"),
    ("municipalities.in_force(uuid)", "journal_finder"),
    ("municipalities.may_hold(uuid, text)", "journal_finder"),
    ("municipalities.practitioner_by_hpr(text)", "journal_finder"),
    ("notes.drawer_holds(uuid[])", "journal_finder"),
    ("notes.is_there(uuid[], uuid)", "journal_finder"),
    ("notes.keep_mark()", "journal_finder"),
    ("notes.kept_back()", "journal_finder"),
    ("notes.written(uuid[], uuid[])", "journal_finder"),
    ("notes.rest_holds(uuid[])", "journal_finder"),
    ("observations.rest_holds(uuid[])", "journal_finder"),
    ("notes.within_reach(uuid, uuid, uuid[], uuid, boolean)", "journal_finder"),
    ("oversight.asked(uuid)", "journal_door"),
    ("oversight.by_grace(timestamp with time zone, timestamp with time zone, integer)", "journal_door"),
    ("oversight.grounds_then(uuid[], uuid, timestamp with time zone)", "journal_door"),
    ("oversight.without(timestamp with time zone, timestamp with time zone, text, text, text, text[])", "journal_door"),
    ("oversight.notes_closed_then(uuid[], uuid, timestamp with time zone)", "journal_door"),
    ("oversight.standing_then(uuid[], uuid, timestamp with time zone)", "journal_door"),
    ("oversight.barred(uuid, uuid)", "journal_door"),
    ("oversight.crowds(timestamp with time zone, timestamp with time zone, integer)", "journal_door"),
    ("oversight.family_of(uuid)", "journal_door"),
    ("oversight.hours(timestamp with time zone, timestamp with time zone)", "journal_door"),
    ("oversight.looks(timestamp with time zone, timestamp with time zone, jsonb)", "journal_door"),
    ("oversight.managers_of(uuid)", "journal_door"),
    ("patients.diets(uuid[])", "journal_finder"),
    ("patients.find(text, text)", "journal_door"),
}

# Tables with a patient that are seen while charts are closed, and by whom: ids, times and counts, one's own draft, and that one is
# named.
SEEN_WHILE_CLOSED = {
    "access.address_reader": "reader",
    "access.care_relationship": "unit",
    "access.drawer_opening": "author",
    "access.justified_access": "unit",
    "access.notice": "unit",
    "access.restriction": "unit",
    "medication.alone_check": "unit",
    "medication.controlled_dose": "unit",
    "medication.patient_holding": "unit",
    "medication.signed_alone": "unit",
    "notes.draft": "author",
}

# The relay has no person. The outbox holds ids and times, which test_the_outbox_tells_ids_and_times_alone holds it to.
READ_BY_THE_RELAY = {"platform.outbox"}

# Seen only while the log is read, or by who is asked: tests/oversight/test_unusual.py and test_requests.py have rows in them.
OF_THE_AUDITOR = {"oversight.inquiry", "oversight.marked_record", "oversight.request"}

# A relationship is begun for any unit of one's own municipality, not only for the unit one sits in. A ward's favourite is
# taken away by whoever acts for the ward, in it or above it, and so is an authority given.
STAMPED_BUT_GIVEN = {
    ("municipalities.practitioner_role", "unit_id"),
    ("municipalities.role_proposal", "unit_id"),
    ("municipalities.shift_person", "unit_id"),
    ("access.care_relationship", "unit_id"),
    ("access.device", "unit_id"),
    ("chart.downtime_device", "unit_id"),
    ("medication.downtime", "unit_id"),
    ("medication.favourite", "unit_id"),
    ("medication.signing_setting", "unit_id"),
    ("medication.stand_in_window", "unit_id"),
    ("medication.unit_setting", "unit_id"),
    ("medication.authority", "unit_id"),
    ("care.no_answer_setting", "unit_id"),
}

# A link is between two charts: its second key says which the other is. What is sent along on leave stands in the chart of its
# order, which of two linked records may be the other than the one she left from.
KEYS_TO_ANOTHER_CHART = {("medication.sent_along", ("leave_id",)), ("patients.link", ("linked_patient_id",))}


def rows(connection: Connection, query: str, *values: Any) -> list[Any]:
    return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]


def names(connection: Connection, query: str, *values: Any) -> set[str]:
    return {row[0] for row in rows(connection, query, *values)}


def tables_without_forced_security(connection: Connection) -> set[str]:
    return names(
        connection,
        f"""SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'f') AND {OURS} AND NOT (c.relrowsecurity AND c.relforcerowsecurity)""",
    )


def tables_without_a_policy(connection: Connection) -> set[str]:
    """But for those that nobody but the owner may touch: partitions of the log, and the protocol of erasures."""
    return names(
        connection,
        f"""SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND {OURS} AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
              AND (EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee <> c.relowner)
                   OR EXISTS (SELECT FROM pg_attribute t, aclexplode(t.attacl) a
                              WHERE t.attrelid = c.oid AND a.grantee <> c.relowner))""",
    )


def chart_tables(connection: Connection) -> set[str]:
    return names(
        connection,
        """SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'patient_id' AND NOT a.attisdropped
           WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY (%s)""",
        list(CHART_SCHEMAS),
    )


def patient_tables(connection: Connection) -> set[str]:
    """Every table of the journal with a column that says which patient."""
    return names(
        connection,
        f"""SELECT DISTINCT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname ~ 'patient_id$' AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {OURS}""",
    )


def primary_keys(connection: Connection) -> dict[str, list[str]]:
    found = rows(
        connection,
        f"""SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text ORDER BY k.nr)
            FROM pg_constraint p JOIN pg_class c ON c.oid = p.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL unnest(p.conkey) WITH ORDINALITY k (attnum, nr)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
            WHERE p.contype = 'p' AND {OURS} GROUP BY 1""",
    )
    return dict(found)


OPEN_TO_ALL = {
    ("access.ground_check", "seen"),
    ("access.ground_check", "written"),
    ("audit.erasable", "seen"),
    ("audit.log_seal", "seen"),
    ("audit.log_seal_part", "seen"),
    ("medication.catalogue_import", "seen"),
    ("medication.catalogue_ingredient", "seen"),
    ("medication.catalogue_interaction", "seen"),
    ("medication.catalogue_interaction_substance", "seen"),
    ("medication.catalogue_item", "seen"),
    ("medication.catalogue_not_assessed", "seen"),
    ("medication.catalogue_reference", "seen"),
    ("medication.catalogue_substitution_group", "seen"),
    ("medication.catalogue_warning", "seen"),
    ("medication.catalogue_warning_about", "seen"),
    ("medication.catalogue_word", "seen"),
    ("municipalities.municipality", "seen"),
    ("municipalities.role_authorisation", "seen"),
    ("platform.heartbeat", "seen"),
    ("platform.heartbeat", "written"),
    ("platform.installation", "seen"),
    ("platform.outbox", "seen"),
    ("platform.outbox", "written"),
}
"""What has no owner: registers of the land and of the installation, seals of the log that name nobody, beats of the worker."""


def policies_of_the_application(connection: Connection) -> list[Any]:
    return rows(
        connection,
        f"""SELECT n.nspname || '.' || c.relname, p.polname, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
                pg_get_expr(p.polwithcheck, p.polrelid)
            FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE {OURS} AND (0 = ANY (p.polroles) OR 'journal_app'::regrole = ANY (p.polroles))""",
    )


def policies_that_open_too_much(connection: Connection) -> set[str]:
    """Policies of the application on a chart table that do not compare with the charts the log says are open. A restrictive one
    opens nothing: what it says must hold besides."""
    charts = chart_tables(connection)
    loose = set()
    for table, name, permissive, using, check in policies_of_the_application(connection):
        if table not in charts or not permissive:
            continue
        category = table.split(".")[0] if table not in SEEN_WHILE_CLOSED else ""
        if name in ("author", "reader"):
            parts = [(using, "acting_person"), (check, "opened_charts")]
        elif table in SEEN_WHILE_CLOSED:
            parts = [(using, "acting_units"), (using, "opened_charts"), (check, "acting_for"), (check, "opened_charts")]
        else:
            parts = [(using, f"opened_charts('{category}'"), (check, f"opened_charts('{category}'")]
        if not all(wanted in (text or "") for text, wanted in parts):
            loose.add(f"{table}: {name}")
    return loose


def policies_that_ask_nobody(connection: Connection) -> set[tuple[str, str]]:
    """Halves of the application's policies (what is seen, what is written) that let everybody through."""
    return {
        (table, half)
        for table, _name, _permissive, using, check in policies_of_the_application(connection)
        for half, text in (("seen", using), ("written", check))
        if text is not None and text != "false" and "audit." not in text and "municipalities." not in text
    }


def keys_out_of_the_chart(connection: Connection) -> set[tuple[str, tuple[str, ...]]]:
    """Foreign keys between chart tables that do not pair patient_id with patient_id."""
    found = rows(
        connection,
        """SELECT n.nspname || '.' || c.relname, m.nspname || '.' || d.relname,
               array_agg(a.attname::text ORDER BY k.nr), array_agg(b.attname::text ORDER BY k.nr)
           FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_class d ON d.oid = f.confrelid JOIN pg_namespace m ON m.oid = d.relnamespace
           CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY k (own, other, nr)
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.own
           JOIN pg_attribute b ON b.attrelid = d.oid AND b.attnum = k.other
           WHERE f.contype = 'f' GROUP BY f.oid, 1, 2""",
    )
    charts = chart_tables(connection)
    return {
        (table, tuple(own))
        for table, other, own, others in found
        if table in charts and other in charts and ("patient_id", "patient_id") not in zip(own, others, strict=True)
    }


def views_past_security(connection: Connection) -> set[str]:
    return names(
        connection,
        f"""SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE {OURS} AND (c.relkind = 'm' OR c.relkind = 'v'
                AND NOT coalesce(c.reloptions, '{{}}') @> '{{security_invoker=true}}')""",
    )


def security_definers(connection: Connection) -> list[Any]:
    """Of every schema, also the queue's and public: name, owner, settings, and whether everybody may call it."""
    return rows(
        connection,
        """SELECT n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
               p.proowner::regrole::text, p.proconfig,
               p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0)
           FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')""",
    )


def test_every_table_of_the_journal_has_row_level_security_that_holds_for_its_owner_too(migrator: Connection) -> None:
    assert len(chart_tables(migrator)) > 20
    assert tables_without_forced_security(migrator) == set()


def test_every_table_has_a_policy_or_is_nobodys(migrator: Connection) -> None:
    assert tables_without_a_policy(migrator) == set()


def test_every_chart_table_is_keyed_by_its_patient(migrator: Connection) -> None:
    keys = primary_keys(migrator)

    assert {
        table: keys.get(table) for table in chart_tables(migrator) if keys.get(table, [""])[0] != "patient_id"
    } == {}


def test_every_policy_of_a_chart_table_asks_the_log_which_charts_are_open(migrator: Connection) -> None:
    assert policies_that_open_too_much(migrator) == set()


def test_a_row_of_a_chart_is_stamped_by_one_trigger_and_by_no_default(migrator: Connection) -> None:
    """Six defaults would ask six times who asks. What a unit may say itself (STAMPED_BUT_GIVEN) keeps its default."""
    stamped = names(migrator, "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'a_stamp'")
    by_default = names(
        migrator,
        """SELECT DISTINCT d.adrelid::regclass::text FROM pg_attrdef d
           WHERE pg_get_expr(d.adbin, d.adrelid) = 'audit.acting_name()'""",
    )

    assert len(stamped) > 15
    assert by_default & chart_tables(migrator) == {"access.care_relationship", "access.restriction"} & by_default
    assert stamped & by_default == set()


def test_what_there_is_one_of_is_what_was_read(migrator: Connection) -> None:
    """A unique index that is gone lets two people do at the same time what may be done once. After a change: unique_indexes.txt.

    Those of the job queue are its library's, and here too: a job that two workers take is done twice.
    """
    found = names(
        migrator,
        """SELECT c.oid::regclass || ' ' || regexp_replace(pg_get_indexdef(x.indexrelid), '^.* USING btree ', '')
            FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE x.indisunique AND NOT x.indisprimary AND NOT c.relispartition
                AND n.nspname NOT IN ('public', 'information_schema') AND n.nspname !~ '^pg_'""",
    )

    assert sorted(found) == sorted(UNIQUE_INDEXES.read_text().splitlines()[1:])


def test_no_chart_table_has_a_second_policy_that_would_widen_the_first(migrator: Connection) -> None:
    charts = chart_tables(migrator)
    found = [
        table
        for table, _name, permissive, *_ in policies_of_the_application(migrator)
        if table in charts and permissive
    ]

    assert sorted(found) == sorted(set(found)) == sorted(charts)


def test_what_anybody_may_see_or_write_is_on_the_list(migrator: Connection) -> None:
    """A policy that was widened by mistake would show a municipality's own rows to all the others."""
    assert policies_that_ask_nobody(migrator) == OPEN_TO_ALL


def test_a_key_between_chart_tables_stays_in_the_chart(migrator: Connection) -> None:
    assert keys_out_of_the_chart(migrator) == KEYS_TO_ANOTHER_CHART


def test_a_key_between_a_municipalitys_own_tables_stays_in_the_municipality(migrator: Connection) -> None:
    loose = rows(
        migrator,
        """SELECT f.conrelid::regclass::text, f.conname FROM pg_constraint f
           WHERE f.contype = 'f' AND f.confrelid IN ('municipalities.unit'::regclass) AND NOT EXISTS (
               SELECT FROM unnest(f.conkey, f.confkey) k (own, other)
               JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.own
               JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.other
               WHERE a.attname = 'municipality_id' AND b.attname = 'municipality_id')""",
    )

    assert loose == []


def test_nothing_shows_rows_past_row_level_security_but_by_a_function_on_the_list(migrator: Connection) -> None:
    assert views_past_security(migrator) == set()
    assert {(name, owner) for name, owner, *_ in security_definers(migrator)} == SECURITY_DEFINERS


def test_a_function_that_looks_past_security_has_its_search_path_pinned_and_is_not_for_everybody(
    migrator: Connection,
) -> None:
    loose = [
        name
        for name, _owner, settings, everybody in security_definers(migrator)
        if everybody or "search_path=pg_catalog, pg_temp" not in (settings or ())
    ]

    assert loose == []


def test_only_the_door_the_finder_and_the_eraser_may_reach_past_a_closed_chart(migrator: Connection) -> None:
    """A policy for a role that is not the application's, and does not log in; but the sealer, who sees the log and no chart."""
    seen = names(
        migrator,
        f"""SELECT DISTINCT r.rolname::text FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN unnest(p.polroles) g (oid) JOIN pg_roles r ON r.oid = g.oid
            WHERE {OURS}""",
    )
    logging_in = names(
        migrator, "SELECT rolname::text FROM pg_roles WHERE rolcanlogin AND rolname = ANY (%s)", list(seen)
    )

    of_sealer = names(
        migrator, "SELECT polrelid::regclass::text FROM pg_policy WHERE 'journal_sealer'::regrole = ANY (polroles)"
    )

    assert seen == {"journal_app", "journal_door", "journal_eraser", "journal_finder", "journal_sealer"}
    assert logging_in == {"journal_app", "journal_sealer"}
    log = {
        "audit.access_log",
        "audit.log_check",
        "audit.log_dropped",
        "audit.log_epoch",
        "audit.log_seal",
        "audit.log_seal_part",
    }
    assert of_sealer == {*log, "municipalities.municipality"}


def test_the_application_is_an_ordinary_role_that_owns_nothing(migrator: Connection) -> None:
    roles = rows(
        migrator,
        """SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
               (SELECT count(*) FROM pg_auth_members m WHERE m.member = r.oid)
           FROM pg_roles r WHERE rolname = 'journal_app'""",
    )
    owned = rows(
        migrator,
        """SELECT 'table', oid::regclass::text FROM pg_class WHERE relowner = 'journal_app'::regrole
           UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc WHERE proowner = 'journal_app'::regrole
           UNION ALL SELECT 'schema', nspname::text FROM pg_namespace WHERE nspowner = 'journal_app'::regrole
           UNION ALL SELECT 'database', datname::text FROM pg_database WHERE datdba = 'journal_app'::regrole""",
    )

    assert roles == [(False, False, False, False, False, 0)]
    assert owned == []


def test_the_application_may_make_nothing_anywhere(migrator: Connection) -> None:
    may = names(
        migrator,
        """SELECT nspname::text FROM pg_namespace
           WHERE has_schema_privilege('journal_app', oid, 'CREATE') AND nspname !~ '^pg_(toast|temp)'""",
    )
    database = rows(
        migrator,
        """SELECT has_database_privilege('journal_app', current_database(), 'CREATE'),
               has_database_privilege('journal_app', current_database(), 'TEMP')""",
    )

    assert may == set()
    assert database == [(False, False)]


def test_the_application_removes_nothing(migrator: Connection) -> None:
    may = rows(
        migrator,
        f"""SELECT n.nspname || '.' || c.relname, p FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
            WHERE c.relkind IN ('r', 'p') AND {OURS} AND has_table_privilege('journal_app', c.oid, p)""",
    )

    assert may == []


@pytest.mark.parametrize("act", ["INSERT", "UPDATE"])
def test_the_application_writes_no_column_that_says_who_where_or_when(migrator: Connection, act: str) -> None:
    """But in the tables where stamping is the trigger's: there the trigger writes over what was sent."""
    may = rows(
        migrator,
        f"""SELECT n.nspname || '.' || c.relname, a.attname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY (%s)
            WHERE c.relkind IN ('r', 'p') AND {OURS} AND has_column_privilege('journal_app', c.oid, a.attnum, %s)""",
        list(STAMPED),
        act,
    )

    assert set(may) == (STAMPED_BUT_GIVEN if act == "INSERT" else set())


def test_every_stamped_column_that_must_be_filled_is_filled_by_the_database(migrator: Connection) -> None:
    """A column nobody may insert and nothing fills would make a table nobody can write."""
    unfilled = rows(
        migrator,
        f"""SELECT n.nspname || '.' || c.relname, a.attname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped AND a.attnum > 0 AND a.attnotnull AND NOT a.atthasdef
            WHERE c.relkind = 'r' AND {OURS} AND has_any_column_privilege('journal_app', c.oid, 'INSERT')
              AND NOT has_column_privilege('journal_app', c.oid, a.attnum, 'INSERT')
              AND NOT (a.attname = ANY (%s)
                       AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'a_stamp'))""",
        list(STAMPS),
    )

    assert unfilled == []


def test_nobody_but_the_door_writes_the_log(migrator: Connection) -> None:
    may = rows(
        migrator,
        """SELECT r.rolname::text, p FROM pg_roles r CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
           CROSS JOIN pg_class c
           WHERE c.relnamespace = 'audit'::regnamespace AND c.relname ~ '^access_log' AND c.relkind IN ('r', 'p')
             AND r.rolname ~ '^journal_' AND r.rolname NOT IN ('journal_owner', 'journal_migrator')
             AND (has_table_privilege(r.oid, c.oid, p)
                  OR p IN ('INSERT', 'UPDATE') AND has_any_column_privilege(r.oid, c.oid, p))""",
    )

    assert set(may) == {("journal_door", "INSERT")}


def test_the_application_cannot_write_the_log(as_app: Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute("INSERT INTO audit.access_log (action, outcome) VALUES ('chart:read', 'success')")


@pytest.mark.parametrize(
    "table",
    [
        "audit.mac_key",
        "access.session",
        "access.pin",
        "audit.erasure",
        "patients.search_attempt",
        "audit.access_log_default",
    ],
)
def test_the_application_cannot_read(as_app: Connection, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute(f"SELECT FROM {table}")


def test_with_nobody_signed_in_every_table_with_patients_shows_no_row(
    world: World, migrator: Connection, as_app: Connection
) -> None:
    here, other = (marked_chart(migrator, world.nina, ward_id=world.ward["id"]) for _ in range(2))
    link(migrator, world.nina, world.lars, here.patient_id, other.patient_id)
    told = {
        "table_name": "notes.note",
        "row_id": here.ids["note_entry_id"],
        "paragraph": "hpl. § 43",
        "decision": "vedtak",
    }
    stamp = {
        "municipality_id": world.oslo["id"],
        "proposed_by": world.mona.actor.person_id,
        "proposed_by_name": "Mona Moe",
    }
    store(migrator, "audit.erasure_proposal", id=here.patient_id, patient_id=here.patient_id, **told, **stamp)
    told_to = {"id": new_id(), "patient_id": here.patient_id, "municipality_id": world.oslo["id"]}
    wrote = {"recorded_by": world.rolf.actor.person_id, "recorded_by_name": "Rolf Revisor"}
    period = {"since": datetime.now(UTC), "until": datetime.now(UTC)}
    store(migrator, "audit.log_report", **told_to, **wrote, **period, language="nb", looks=1)
    asked = {"look_at": datetime.now(UTC), "look_id": new_id(), "question": "Hvorfor?", "deadline": date(2100, 1, 1)}
    reader = {"reader_name": "Nina", "reader_role": "nurse", "unit_name": "Avdeling 2", "action": "chart:read"}
    owner = {"owner_id": world.rolf.actor.person_id, "owner_name": "Rolf Revisor"}
    store(migrator, "audit.log_question", **told_to, **wrote, **asked, **reader, **owner)
    readable = (
        {table for table in patient_tables(migrator) if _may_read(migrator, table)}
        - READ_BY_THE_RELAY
        - {"audit.access_log"}
    )
    stored = {table: rows(migrator, f"SELECT count(*) FROM {table}")[0][0] for table in readable}
    shown = {table: rows(as_app, f"SELECT count(*) FROM {table}")[0][0] for table in readable}

    assert readable == chart_tables(migrator) | {
        "audit.erasure_proposal", "audit.log_question", "audit.log_report", *OF_THE_AUDITOR,
    }  # fmt: skip
    empty = [table for table, n in stored.items() if n == 0 and table not in OF_THE_AUDITOR]
    assert empty == [], "an empty table would prove nothing"
    assert {table: n for table, n in shown.items() if n} == {}
    assert rows(as_app, "SELECT count(*) FROM audit.access_log") == [(0,)]


def test_the_outbox_tells_ids_and_times_alone() -> None:
    def every(kind: type[Fact]) -> set[type[Fact]]:
        return {kind}.union(*(every(below) for below in kind.__subclasses__()))

    said = {
        getattr(field.type, "__name__", str(field.type)) for kind in every(Fact) for field in dataclasses.fields(kind)
    }

    assert said <= {"UUID", "datetime", "int"} | {
        f"{name} | None" for name in ("uuid.UUID", "datetime.datetime", "int")
    }


def test_a_new_table_without_its_line_of_policy_is_found(migrator: Connection) -> None:
    """What each rule above is for, made once and taken back."""
    with migrator.transaction(force_rollback=True):
        migrator.execute("CREATE TABLE notes.careless (patient_id uuid, id uuid PRIMARY KEY, note uuid)")
        migrator.execute("GRANT SELECT, DELETE, INSERT ON notes.careless TO journal_app")
        migrator.execute("CREATE VIEW notes.seen AS SELECT * FROM notes.note")
        migrator.execute(
            "CREATE FUNCTION notes.all() RETURNS SETOF notes.note LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM notes.note'"
        )

        assert tables_without_forced_security(migrator) == {"notes.careless"}
        assert tables_without_a_policy(migrator) == {"notes.careless"}
        assert primary_keys(migrator)["notes.careless"] == ["id"]
        assert views_past_security(migrator) == {"notes.seen"}
        assert [
            (everybody, settings)
            for name, _o, settings, everybody in security_definers(migrator)
            if name == "notes.all()"
        ] == [(True, None)]
        migrator.execute("CREATE POLICY open ON notes.careless TO journal_app USING (true)")
        assert policies_that_open_too_much(migrator) == {"notes.careless: open"}
        migrator.execute("ALTER TABLE notes.careless ADD UNIQUE (patient_id, id)")
        migrator.execute("ALTER TABLE notes.note ADD COLUMN careless uuid REFERENCES notes.careless (id)")
        assert ("notes.note", ("careless",)) in keys_out_of_the_chart(migrator)
        with pytest.raises(AssertionError):
            test_the_application_removes_nothing(migrator)


def test_the_catalogue_that_is_walked_here_is_that_of_the_newest_migration(migrator: Connection) -> None:
    newest = ScriptDirectory(str(ROOT / "migrations")).get_current_head()

    assert rows(migrator, "SELECT version_num FROM public.alembic_version") == [(newest,)]


def _may_read(connection: Connection, table: str) -> bool:
    return bool(rows(connection, "SELECT has_table_privilege('journal_app', %s, 'SELECT')", table)[0][0])
