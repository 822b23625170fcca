"""Who stands in at which hour: windows of the week beside the one doctor who stood in at all hours.

Only adds. The version before this names one doctor, who stands in at every hour that no window takes. Who stands in is asked of
one function, for an instant; the functions that let somebody into a chart ask it too, and let in nobody else.

Revision ID: 0025
Revises: 0024
"""

from importlib import import_module

from alembic import op

from migrations.helpers import define, let_read, municipality_table

revision, down_revision, branch_labels, depends_on = "0025", "0024", None, None

_CROSS_DOOR = "medication.cross_door(uuid[], uuid, text, uuid, text, timestamptz, timestamptz, uuid, text)"
_NAMED_ONCE = """IF NOT EXISTS (SELECT FROM medication.signing_setting s
                               WHERE s.municipality_id = audit.acting_for() AND s.stand_in_id = stand_in) THEN"""
_NAMED_THEN = (
    "IF stand_in IS DISTINCT FROM (SELECT s.id FROM medication.stand_in_at(audit.acting_unit(), before) s) THEN"
)
# At a minute of the week, 0 is Monday 00.00 in Oslo: whose window it is.
_BY_WINDOW = """(SELECT w.stand_in_id FROM medication.stand_in_window w
             WHERE (w.municipality_id, w.unit_id, w.version) = (s.municipality_id, s.unit_id, s.version)
               AND (h.minute - w.starts + 10080) % 10080 < w.minutes LIMIT 1)"""


def upgrade() -> None:
    _windows()
    _stand_in_at(_BY_WINDOW)
    _entrust()
    _change(_NAMED_ONCE, _NAMED_THEN)
    _acts("'prescribe', 'change', 'hold', 'resume', 'stop'")


def _windows() -> None:
    op.execute(
        """CREATE TABLE medication.stand_in_window (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for(), unit_id uuid NOT NULL, version integer NOT NULL,
            starts integer NOT NULL CHECK (starts BETWEEN 0 AND 10079),
            minutes integer NOT NULL CHECK (minutes BETWEEN 1 AND 1440),
            stand_in_id uuid NOT NULL REFERENCES municipalities.practitioner (id),
            PRIMARY KEY (municipality_id, unit_id, version, starts),
            FOREIGN KEY (municipality_id, unit_id, version)
                REFERENCES medication.signing_setting (municipality_id, unit_id, version))"""
    )
    municipality_table("medication.stand_in_window")
    let_read("journal_finder", "medication.stand_in_window")


def _stand_in_at(by_window: str) -> None:
    """Who stands in for a unit at an instant: named by the unit itself, or by the nearest above it that names somebody who is a
    doctor there at that time. No row: nobody. With the rights of who asks: it says nothing of another municipality."""
    op.execute(
        f"""CREATE OR REPLACE FUNCTION medication.stand_in_at(unit uuid, at timestamptz) RETURNS TABLE (id uuid, name text)
        LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp SET jit = off AS $$
        #variable_conflict use_column
        DECLARE wall timestamp := at AT TIME ZONE 'Europe/Oslo';
        BEGIN
            RETURN QUERY
            WITH RECURSIVE up AS (
                SELECT u.municipality_id, u.id, u.parent_id, 0 AS far FROM municipalities.unit u WHERE u.id = unit
                UNION ALL
                SELECT u.municipality_id, u.id, u.parent_id, up.far + 1 FROM municipalities.unit u
                JOIN up ON (u.municipality_id, u.id) = (up.municipality_id, up.parent_id))
            SELECT p.id, p.name FROM up
            CROSS JOIN LATERAL (SELECT s.* FROM medication.signing_setting s
                WHERE (s.municipality_id, s.unit_id) = (up.municipality_id, up.id) ORDER BY s.version DESC LIMIT 1) s
            CROSS JOIN LATERAL (SELECT (extract(isodow FROM wall)::integer - 1) * 1440
                + extract(hour FROM wall)::integer * 60 + extract(minute FROM wall)::integer AS minute) h
            CROSS JOIN LATERAL (VALUES (0, {by_window}), (1, s.stand_in_id)) AS chosen (turn, person)
            JOIN municipalities.practitioner p ON p.id = chosen.person
            WHERE EXISTS (SELECT FROM municipalities.practitioner_role r
                WHERE r.practitioner_id = p.id AND r.municipality_id = up.municipality_id AND r.role = 'doctor'
                  AND r.valid_from <= at AND (r.valid_until IS NULL OR r.valid_until > at))
            ORDER BY up.far, chosen.turn LIMIT 1;
        END $$"""
    )
    op.execute("ALTER FUNCTION medication.stand_in_at(uuid, timestamptz) OWNER TO journal_owner")
    op.execute("REVOKE ALL ON FUNCTION medication.stand_in_at(uuid, timestamptz) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION medication.stand_in_at(uuid, timestamptz) TO journal_app, journal_finder")


def _entrust() -> None:
    """Everything that waits for a doctor, by word of mouth or at the hospital door, is with who stands in from its limit or now.

    Of the acting unit and those below it; of every unit what is overdue, when the journal itself asks. Whoever was named when it
    became overdue keeps it until it is answered; whoever was to have it and is named no more never has it. `stand_in`, said by the
    version before: somebody whom the acting unit has named. Whoever calls opens no chart, and sees no row.
    """
    op.execute("CREATE INDEX verbal_order_limit ON medication.verbal_order (sign_before)")
    op.execute(
        "CREATE INDEX crossing_limit ON medication.crossing (reconcile_before) WHERE reconcile_before IS NOT NULL"
    )
    op.execute("GRANT UPDATE (valid_until, grace_until) ON access.care_relationship TO journal_finder")
    op.execute("DROP FUNCTION medication.entrust_waiting(uuid)")
    define(
        "medication.entrust_waiting(stand_in uuid) RETURNS integer VOLATILE",
        """
        DECLARE
            taken integer;
            everywhere boolean := audit.acting_role() = 'system';
            earliest timestamptz := CASE WHEN everywhere THEN now() - interval '31 days' ELSE '-infinity' END;
            latest timestamptz := CASE WHEN everywhere THEN now() ELSE 'infinity' END;
        BEGIN
            IF stand_in IS NOT NULL AND NOT EXISTS (
                SELECT FROM (SELECT s.* FROM medication.signing_setting s
                             WHERE s.municipality_id = audit.acting_for() AND s.unit_id = audit.acting_unit()
                             ORDER BY s.version DESC LIMIT 1) s
                LEFT JOIN medication.stand_in_window w
                    ON (w.municipality_id, w.unit_id, w.version) = (s.municipality_id, s.unit_id, s.version)
                WHERE stand_in IN (s.stand_in_id, w.stand_in_id)) THEN
                RAISE EXCEPTION 'nobody has named this stand-in' USING ERRCODE = 'insufficient_privilege';
            END IF;
            WITH RECURSIVE below AS (
                SELECT u.id FROM municipalities.unit u WHERE u.id = audit.acting_unit()
                UNION ALL
                SELECT u.id FROM municipalities.unit u JOIN below b ON u.parent_id = b.id),
            waiting AS (
                SELECT v.municipality_id, v.unit_id, v.patient_id, v.relationship_id, v.sign_before AS before,
                       jsonb_build_object('verbal_order_id', v.id) AS what
                FROM medication.verbal_order v
                WHERE v.sign_before > earliest AND v.sign_before <= latest AND v.in_error_at IS NULL
                  AND NOT EXISTS (SELECT FROM medication.verbal_answer a
                                  WHERE a.patient_id = v.patient_id AND a.verbal_order_id = v.id)
                UNION ALL
                SELECT c.municipality_id, c.unit_id, c.patient_id, c.relationship_id, c.reconcile_before,
                       jsonb_build_object('crossing_id', c.id)
                FROM medication.crossing c
                WHERE c.reconcile_before > earliest AND c.reconcile_before <= latest AND c.in_error_at IS NULL
                  AND NOT EXISTS (SELECT FROM medication.crossing_act a WHERE (a.patient_id, a.crossing_id) = (c.patient_id, c.id)
                                  AND a.act = 'reconciled' AND a.in_error_at IS NULL)
                  AND NOT EXISTS (SELECT FROM medication.crossing later
                                  WHERE later.patient_id = c.patient_id AND later.in_error_at IS NULL AND later.since <= now()
                                  AND (later.since, later.recorded_at) > (c.since, c.recorded_at))),
            named AS MATERIALIZED (
                SELECT w.*, greatest(w.before, now()) AS since, s.id AS person
                FROM waiting w
                LEFT JOIN LATERAL medication.stand_in_at(w.unit_id, greatest(w.before, now())) s ON true
                WHERE everywhere OR w.municipality_id = audit.acting_for() AND w.unit_id IN (SELECT b.id FROM below b)),
            held AS MATERIALIZED (
                SELECT n.what, n.person, r.patient_id, r.id, r.practitioner_id, r.valid_from
                FROM named n JOIN access.care_relationship r ON r.patient_id = n.patient_id
                WHERE r.valid_until IS NULL AND r.in_error_at IS NULL
                  AND (r.id = n.relationship_id OR r.decision_ref @> n.what)),
            let_go AS (
                UPDATE access.care_relationship r SET valid_until = r.valid_from, grace_until = r.valid_from
                FROM held h WHERE (r.patient_id, r.id) = (h.patient_id, h.id)
                AND h.valid_from > now() AND h.practitioner_id IS DISTINCT FROM h.person),
            entrusted AS (
                INSERT INTO access.care_relationship (municipality_id, patient_id, id, unit_id, practitioner_id, ground,
                                                      valid_from, decision_ref)
                SELECT n.municipality_id, n.patient_id, gen_random_uuid(), NULL, n.person, 'task', n.since, n.what
                FROM named n
                WHERE n.person IS NOT NULL
                  AND NOT EXISTS (SELECT FROM held h WHERE h.patient_id = n.patient_id AND h.what = n.what
                                  AND h.practitioner_id = n.person)
                RETURNING 1)
            SELECT count(*)::integer INTO taken FROM entrusted;
            RETURN taken;
        END""",
        owner="journal_finder",
    )


def _change(old: str, new: str) -> None:
    """The door, with another condition for who is let in; owner and grants as they were."""
    op.execute(
        f"""DO $do$ DECLARE told text := pg_get_functiondef('{_CROSS_DOOR}'::regprocedure);
        BEGIN
            ASSERT position($old${old}$old$ IN told) > 0;
            EXECUTE replace(told, $old${old}$old$, $new${new}$new$);
        END $do$"""
    )


def _acts(allowed: str) -> None:
    """What may be said by word of mouth of an order: the end of a pause too."""
    op.execute(
        f"""ALTER TABLE medication.verbal_order DROP CONSTRAINT verbal_order_act_check,
            ADD CONSTRAINT verbal_order_act_check CHECK (act IN ({allowed})) NOT VALID"""
    )
    op.execute("ALTER TABLE medication.verbal_order VALIDATE CONSTRAINT verbal_order_act_check")


def downgrade() -> None:
    """Who stands in is asked of the function still: it knows of no windows."""
    _acts("'prescribe', 'change', 'hold', 'stop'")
    _change(_NAMED_THEN, _NAMED_ONCE)
    _stand_in_at("NULL::uuid")
    op.execute("DROP FUNCTION medication.entrust_waiting(uuid)")
    import_module("migrations.versions.20261122_1018_0023_by_word_of_mouth")._stand_in()
    op.execute("DROP INDEX medication.verbal_order_limit")
    op.execute("DROP INDEX medication.crossing_limit")
    op.execute("REVOKE UPDATE (valid_until, grace_until) ON access.care_relationship FROM journal_finder")
    op.execute("DROP TABLE medication.stand_in_window")
