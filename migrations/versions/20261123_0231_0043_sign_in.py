"""Sign-in through a provider: what is under way, whom a number stands for, and which sessions a provider may end.

Revision ID: 0043
"""

from alembic import op

from migrations.helpers import define, guard, let_read, municipality_table

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

FUNCTIONS = (
    "signed_call",
    "begin_sign_in",
    "return_to_sign_in",
    "employments",
    "prove_sign_in",
    "proved_roles",
    "take_role",
)
MORE = ("change_role", "end_issuer_sessions")


def upgrade() -> None:
    _tables()
    _begin()
    _prove()
    _end()


def _tables() -> None:
    # A provider may end what it began; role_ids are the roles that were proved, and no other is changed to.
    op.execute(
        """ALTER TABLE access.session ADD COLUMN issuer text, ADD COLUMN issuer_session text, ADD COLUMN issuer_subject bytea,
           ADD COLUMN security_level text CHECK (security_level IN ('high')), ADD COLUMN role_ids uuid[],
           ADD CHECK ((issuer IS NULL) = (security_level IS NULL))"""
    )
    op.execute("CREATE INDEX session_of_issuer ON access.session (issuer, issuer_session) WHERE ended_at IS NULL")
    op.execute("CREATE INDEX session_of_subject ON access.session (issuer, issuer_subject) WHERE ended_at IS NULL")
    op.execute(
        "GRANT UPDATE (issuer, issuer_session, issuer_subject, security_level, role_ids) ON access.session TO journal_door"
    )
    # By the hash of the state. No secret of a sign-in is here, nor anything that says who tries.
    op.execute(
        """CREATE TABLE access.sign_in (
            key bytea PRIMARY KEY CHECK (length(key) = 32),
            provider text NOT NULL, municipality text NOT NULL, next text,
            started_at timestamptz NOT NULL DEFAULT now(), returned_at timestamptz,
            proved_at timestamptz, issuer text, issuer_session text, issuer_subject bytea, role_ids uuid[], taken_at timestamptz,
            CHECK ((proved_at IS NULL) = (role_ids IS NULL)), CHECK ((proved_at IS NULL) = (issuer IS NULL)),
            CHECK (proved_at IS NULL OR returned_at IS NOT NULL), CHECK (taken_at IS NULL OR proved_at IS NOT NULL))"""
    )
    op.execute("CREATE INDEX sign_in_started ON access.sign_in (started_at)")
    op.execute(
        """CREATE TABLE access.logout_token (
            key bytea PRIMARY KEY CHECK (length(key) = 32), received_at timestamptz NOT NULL DEFAULT now())"""
    )
    op.execute("CREATE INDEX logout_token_received ON access.logout_token (received_at)")
    for table in ("access.sign_in", "access.logout_token"):
        guard(table)
        let_read("journal_door", table)
        op.execute(f"GRANT INSERT, UPDATE, DELETE ON {table} TO journal_door")
    # Whom a number stands for in a municipality: the number itself is nowhere.
    op.execute(
        """CREATE TABLE access.sign_in_identity (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            person_hash bytea NOT NULL CHECK (length(person_hash) = 32),
            practitioner_id uuid NOT NULL REFERENCES municipalities.practitioner (id),
            recorded_at timestamptz NOT NULL DEFAULT now(), recorded_by uuid DEFAULT audit.acting_person(),
            PRIMARY KEY (municipality_id, person_hash),
            CHECK (recorded_by IS NULL OR recorded_by <> practitioner_id))"""
    )
    municipality_table("access.sign_in_identity")
    let_read("journal_door", "access.sign_in_identity")


def _begin() -> None:
    # What the program says to the functions below, and nobody else can: a call of this transaction, with its MAC.
    define(
        "access.signed_call(call text, mac text) RETURNS jsonb STABLE",
        """
        BEGIN
            IF mac IS DISTINCT FROM audit.mac(call) THEN
                RAISE EXCEPTION 'forged call' USING ERRCODE = 'insufficient_privilege';
            END IF;
            IF (call::jsonb ->> 'at')::timestamptz IS DISTINCT FROM now() THEN
                RAISE EXCEPTION 'call of another transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN call::jsonb;
        END""",
        owner="journal_door",
    )
    op.execute("REVOKE EXECUTE ON FUNCTION access.signed_call(text, text) FROM journal_app")
    define(
        "access.begin_sign_in(call text, mac text) RETURNS void VOLATILE",
        """
        DECLARE c jsonb := access.signed_call(call, mac);
        BEGIN
            DELETE FROM access.sign_in WHERE started_at < now() - interval '1 hour';
            INSERT INTO access.sign_in (key, provider, municipality, next)
            VALUES (decode(c ->> 'key', 'hex'), c ->> 'provider', c ->> 'municipality', c ->> 'next');
        END""",
        owner="journal_door",
    )
    # Once: whoever comes back a second time with the same state finds nothing.
    define(
        "access.return_to_sign_in(call text, mac text) RETURNS TABLE (provider text, municipality text) VOLATILE",
        """
        #variable_conflict use_column
        DECLARE c jsonb := access.signed_call(call, mac);
        BEGIN
            RETURN QUERY UPDATE access.sign_in s SET returned_at = now()
            WHERE s.key = decode(c ->> 'key', 'hex') AND s.returned_at IS NULL AND s.started_at > now() - interval '10 minutes'
            RETURNING s.provider, s.municipality;
        END""",
        owner="journal_door",
    )


def _prove() -> None:
    # The roles in force, in one municipality, of whoever a provider vouches for: by HPR number, or by the hash of her number
    # that this municipality has recorded. Two different people for the two is for the program to refuse.
    define(
        "access.employments(call text, mac text) RETURNS TABLE (practitioner_id uuid, role_id uuid, role text, hpr_number text) STABLE",
        """
        #variable_conflict use_column
        DECLARE c jsonb := access.signed_call(call, mac);
        BEGIN
            RETURN QUERY SELECT p.id, r.id, r.role, p.hpr_number
            FROM municipalities.municipality m
            JOIN municipalities.practitioner_role r ON r.municipality_id = m.id AND r.valid_from <= now()
                AND (r.valid_until IS NULL OR r.valid_until > now())
            JOIN municipalities.practitioner p ON p.id = r.practitioner_id
            WHERE m.number = c ->> 'municipality' AND m.valid_until IS NULL
              AND (p.hpr_number = c ->> 'hpr_number' OR p.id = (
                SELECT i.practitioner_id FROM access.sign_in_identity i
                WHERE i.municipality_id = m.id AND i.person_hash = decode(c ->> 'person_hash', 'hex')));
        END""",
        owner="journal_door",
    )
    define(
        "access.prove_sign_in(call text, mac text) RETURNS void VOLATILE",
        """
        DECLARE c jsonb := access.signed_call(call, mac);
        BEGIN
            UPDATE access.sign_in SET proved_at = now(), issuer = c ->> 'issuer', issuer_session = c ->> 'issuer_session',
                issuer_subject = decode(c ->> 'issuer_subject', 'hex'),
                role_ids = ARRAY(SELECT jsonb_array_elements_text(c -> 'role_ids')::uuid)
            WHERE key = decode(c ->> 'key', 'hex') AND returned_at IS NOT NULL AND proved_at IS NULL;
        END""",
        owner="journal_door",
    )
    # Those she may choose among: of a sign-in that waits for it (by its key), or of the session she has (by its token).
    define(
        "access.proved_roles(call text, mac text) RETURNS TABLE (role_id uuid, role text, unit_name text, municipality_name text,"
        " person_name text, next text) STABLE",
        """
        #variable_conflict use_column
        DECLARE c jsonb := access.signed_call(call, mac);
        BEGIN
            RETURN QUERY SELECT r.id, r.role, coalesce(parent.name || ' · ', '') || u.name, m.name, p.name, s.next
            FROM (SELECT s.role_ids, s.next FROM access.sign_in s WHERE s.key = decode(c ->> 'key', 'hex') AND s.taken_at IS NULL
                      AND s.proved_at > now() - interval '5 minutes'
                  UNION ALL SELECT x.role_ids, NULL FROM access.session x
                  WHERE x.token_hash = decode(c ->> 'session', 'hex') AND x.ended_at IS NULL) s
            JOIN municipalities.practitioner_role r ON r.id = ANY (s.role_ids) AND (r.valid_until IS NULL OR r.valid_until > now())
            JOIN municipalities.practitioner p ON p.id = r.practitioner_id
            JOIN municipalities.municipality m ON m.id = r.municipality_id
            JOIN municipalities.unit u ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
            LEFT JOIN municipalities.unit parent ON (parent.municipality_id, parent.id) = (u.municipality_id, u.parent_id)
                AND parent.kind <> 'municipality'
            ORDER BY 3, r.role;
        END""",
        owner="journal_door",
    )
    # The sign-in becomes a session in one of the roles that were proved, once.
    define(
        "access.take_role(call text, mac text) RETURNS boolean VOLATILE",
        """
        DECLARE
            c jsonb := access.signed_call(call, mac);
            s access.sign_in;
        BEGIN
            UPDATE access.sign_in SET taken_at = now()
            WHERE key = decode(c ->> 'key', 'hex') AND taken_at IS NULL AND proved_at > now() - interval '5 minutes'
              AND (c ->> 'role_id')::uuid = ANY (role_ids) RETURNING * INTO s;
            IF NOT FOUND THEN RETURN false; END IF;
            PERFORM access.start_session(call, mac);
            UPDATE access.session SET issuer = s.issuer, issuer_session = s.issuer_session, issuer_subject = s.issuer_subject,
                security_level = 'high', role_ids = s.role_ids
            WHERE token_hash = decode(c ->> 'token_hash', 'hex');
            RETURN true;
        END""",
        owner="journal_door",
    )


def _end() -> None:
    # Another role, another session: all that the old one knows goes with it (also when it began), but its secret and its id.
    define(
        "access.change_role(call text, mac text) RETURNS boolean VOLATILE",
        """
        DECLARE
            c jsonb := access.signed_call(call, mac);
            s access.session;
        BEGIN
            UPDATE access.session SET ended_at = now()
            WHERE token_hash = decode(c ->> 'session', 'hex') AND ended_at IS NULL AND (c ->> 'role_id')::uuid = ANY (role_ids)
            RETURNING * INTO s;
            IF NOT FOUND THEN RETURN false; END IF;
            INSERT INTO access.session SELECT (jsonb_populate_record(s, jsonb_build_object('id', c ->> 'id', 'role_id', c ->> 'role_id',
                'token_hash', '\\x' || (c ->> 'token_hash'), 'ended_at', NULL, 'seen_at', now()))).*;
            RETURN true;
        END""",
        owner="journal_door",
    )
    # NULL when the token came before.
    define(
        "access.end_issuer_sessions(call text, mac text) RETURNS integer VOLATILE",
        """
        DECLARE
            c jsonb := access.signed_call(call, mac);
            ended integer;
        BEGIN
            DELETE FROM access.logout_token WHERE received_at < now() - interval '1 day';
            INSERT INTO access.logout_token (key) VALUES (decode(c ->> 'key', 'hex')) ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN RETURN NULL; END IF;
            UPDATE access.session SET ended_at = now()
            WHERE issuer = c ->> 'issuer' AND ended_at IS NULL AND (issuer_session = c ->> 'issuer_session'
                OR (c ->> 'issuer_session' IS NULL AND issuer_subject = decode(c ->> 'issuer_subject', 'hex')));
            GET DIAGNOSTICS ended = ROW_COUNT;
            -- Nor is one begun by a sign-in that is on its way.
            UPDATE access.sign_in SET taken_at = now()
            WHERE issuer = c ->> 'issuer' AND taken_at IS NULL AND (issuer_session = c ->> 'issuer_session'
                OR (c ->> 'issuer_session' IS NULL AND issuer_subject = decode(c ->> 'issuer_subject', 'hex')));
            RETURN ended;
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    for name in (*MORE, *reversed(FUNCTIONS)):
        op.execute(f"DROP FUNCTION access.{name}(text, text)")
    for table in ("sign_in_identity", "logout_token", "sign_in"):
        op.execute(f"DROP TABLE access.{table}")
    op.execute("DROP INDEX access.session_of_issuer, access.session_of_subject")
    op.execute(
        "ALTER TABLE access.session DROP COLUMN issuer, DROP COLUMN issuer_session, DROP COLUMN issuer_subject,"
        " DROP COLUMN security_level, DROP COLUMN role_ids"
    )
