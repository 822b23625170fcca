"""The list for when the journal is away: the devices that hold it, and each patient's part sealed for each device.

Revision ID: 0031
"""

from alembic import op

from migrations.helpers import chart_table, define, let_read, municipality_table, stays

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA chart AUTHORIZATION journal_owner")
    op.execute(
        "GRANT USAGE ON SCHEMA chart TO journal_app, journal_door, journal_finder, journal_backup, journal_sealer"
    )
    op.execute("GRANT CREATE ON SCHEMA chart TO journal_door")
    _devices()
    _parts()
    _for_the_worker()
    _for_the_device()


def _devices() -> None:
    op.execute(
        """CREATE TABLE chart.downtime_device (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            id uuid NOT NULL UNIQUE,
            unit_id uuid NOT NULL,
            name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
            public_key bytea NOT NULL CHECK (length(public_key) BETWEEN 200 AND 1200),
            token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            fetched_at timestamptz,
            ended_at timestamptz,
            PRIMARY KEY (municipality_id, id),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id))"""
    )
    municipality_table("chart.downtime_device", updates=("ended_at",))


def _parts() -> None:
    # Not a record: written over when the patient's chart has changed. What is sealed can be read on the device alone.
    op.execute(
        """CREATE TABLE chart.downtime_part (
            patient_id uuid NOT NULL REFERENCES patients.patient (patient_id),
            device_id uuid NOT NULL REFERENCES chart.downtime_device (id),
            id uuid NOT NULL UNIQUE,
            built_at timestamptz NOT NULL,
            seen text NOT NULL CHECK (seen::pg_snapshot IS NOT NULL),
            sealed text,
            PRIMARY KEY (patient_id, device_id))"""
    )
    op.execute("CREATE INDEX downtime_part_device ON chart.downtime_part (device_id)")
    chart_table("chart.downtime_part", projection=True, updates=("built_at", "seen", "sealed"))
    stays("chart.downtime_part", "numbers of transactions, and no words", "seen")
    stays("chart.downtime_part", "sealed for a device alone, and built anew when the chart has changed", "sealed")
    let_read("journal_door", "chart.downtime_device", "chart.downtime_part")
    op.execute("GRANT UPDATE (sealed) ON chart.downtime_part TO journal_door")
    op.execute("GRANT UPDATE (fetched_at) ON chart.downtime_device TO journal_door")


_IN_UNIT = """
    SELECT r.patient_id FROM access.care_relationship r
    WHERE r.unit_id IN (
        WITH RECURSIVE below AS (
            SELECT d.municipality_id, d.unit_id AS id
            UNION ALL
            SELECT u.municipality_id, u.id FROM below b
            JOIN municipalities.unit u ON u.municipality_id = b.municipality_id AND u.parent_id = b.id)
        SELECT b.id FROM below b)
      AND r.in_error_at IS NULL AND r.ground IN ('stay', 'service', 'route')
      AND r.valid_from <= now() AND (r.valid_until IS NULL OR r.valid_until > now())
"""


def _for_the_worker() -> None:
    # A chart is opened to be written in, and that look stands in the log: who has not been opened so has not changed. A part knows
    # its snapshot, since a look is dated a while before what was done is there for others to see.
    define(
        "chart.downtime_due(most integer) RETURNS TABLE (patient_id uuid, devices json) STABLE",
        f"""
        BEGIN
            IF audit.acting_role() IS DISTINCT FROM 'system' THEN
                RAISE EXCEPTION 'the worker alone' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN QUERY
            SELECT n.patient_id, json_agg(json_build_object('id', d.id, 'public_key', encode(d.public_key, 'base64')))
            FROM chart.downtime_device d
            CROSS JOIN LATERAL (SELECT DISTINCT i.patient_id FROM ({_IN_UNIT}) i) n
            LEFT JOIN chart.downtime_part p ON (p.device_id, p.patient_id) = (d.id, n.patient_id)
            WHERE d.ended_at IS NULL AND (
                p.sealed IS NULL OR p.built_at < now() - interval '12 hours'
                OR EXISTS (SELECT FROM audit.access_log l
                           WHERE l.patient_id = n.patient_id AND l.at > p.built_at - interval '1 hour' AND l.outcome = 'success'
                             AND NOT pg_visible_in_snapshot(l.xid, p.seen::pg_snapshot)
                             AND l.action ~ ':(administer|admit|appoint|confirm|discharge|erase|grant|import|prescribe|receive|register|write)$'))
            GROUP BY n.patient_id LIMIT most;
        END""",
        owner="journal_door",
    )
    define(
        "chart.empty_downtime_parts() RETURNS void VOLATILE",
        f"""
        BEGIN
            UPDATE chart.downtime_part p SET sealed = NULL
            FROM chart.downtime_device d
            WHERE d.id = p.device_id AND p.sealed IS NOT NULL
              AND (d.ended_at IS NOT NULL OR p.patient_id NOT IN ({_IN_UNIT}));
        END""",
        owner="journal_door",
    )


def _for_the_device() -> None:
    """A device has a secret of its own and no person: it gets what is sealed for it, and says afterwards what it was used for."""
    define(
        "chart.downtime_parts(token bytea, since timestamptz)"
        " RETURNS TABLE (device_name text, unit_name text, id uuid, built_at timestamptz, sealed text) VOLATILE",
        """
        #variable_conflict use_column
        BEGIN
            UPDATE chart.downtime_device d SET fetched_at = now() WHERE d.token_hash = sha256(token) AND d.ended_at IS NULL;
            RETURN QUERY
            SELECT d.name, u.name, p.id, p.built_at, CASE WHEN since IS NULL OR p.built_at > since - interval '5 minutes' THEN p.sealed END
            FROM chart.downtime_device d
            JOIN municipalities.unit u ON (u.municipality_id, u.id) = (d.municipality_id, d.unit_id)
            LEFT JOIN chart.downtime_part p ON p.device_id = d.id AND p.sealed IS NOT NULL
            WHERE d.token_hash = sha256(token) AND d.ended_at IS NULL;
        END""",
        owner="journal_door",
    )
    define(
        "chart.report_downtime(token bytea, what text, opened_at timestamptz, by_name text, event uuid, parts uuid[])"
        " RETURNS integer VOLATILE",
        """
        DECLARE
            logged integer;
        BEGIN
            IF what NOT IN ('opened', 'printed') OR length(by_name) NOT BETWEEN 1 AND 80 THEN
                RAISE EXCEPTION 'no such use' USING ERRCODE = 'check_violation';
            END IF;
            INSERT INTO audit.access_log (
                municipality_id, unit_id, unit_name, actor_id, actor_name, actor_role, origin, request_id,
                action, object_id, outcome, patient_id, ground, purpose, decision_ref)
            SELECT d.municipality_id, d.unit_id, u.name, d.id, by_name, 'downtime_list', 'downtime', event::text,
                'downtime:' || what, d.id, 'success', p.patient_id, 'downtime', 'TREAT',
                jsonb_build_object('id', 'downtime', 'device', d.name, 'at', opened_at)
            FROM chart.downtime_device d
            JOIN municipalities.unit u ON (u.municipality_id, u.id) = (d.municipality_id, d.unit_id)
            JOIN chart.downtime_part p ON p.device_id = d.id AND p.id = ANY (parts)
            WHERE d.token_hash = sha256(token) AND opened_at <= now() + interval '5 minutes'
              AND NOT EXISTS (SELECT FROM audit.access_log l
                              WHERE l.patient_id = p.patient_id AND l.at > opened_at - interval '1 day' AND l.request_id = event::text);
            GET DIAGNOSTICS logged = ROW_COUNT;
            RETURN logged;
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA chart CASCADE")
