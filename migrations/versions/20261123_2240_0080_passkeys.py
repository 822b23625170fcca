"""A passkey opens a lock as a PIN does: on devices where its owner is signed in, counted with the PIN, once for each challenge.

Only adds: the version before this asks for no passkey.

Revision ID: 0080
Revises: 0079
"""

from alembic import op

from migrations.helpers import define, guard, let_read

revision, down_revision, branch_labels, depends_on = "0080", "0079", None, None

KEY, ASKED = "access.passkey", "access.passkey_challenge"


def upgrade() -> None:
    op.execute(
        f"""CREATE TABLE {KEY} (
            id uuid PRIMARY KEY, person_id uuid NOT NULL REFERENCES municipalities.practitioner (id),
            credential_id bytea NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
            public_key bytea NOT NULL, sign_count bigint NOT NULL CHECK (sign_count >= 0),
            set_at timestamptz NOT NULL DEFAULT now(), used_at timestamptz, ended_at timestamptz)"""
    )
    op.execute(f"CREATE INDEX passkey_of_person ON {KEY} (person_id) WHERE ended_at IS NULL")
    # One for a session at a time: another takes its place, and an answer uses it up.
    op.execute(
        f"""CREATE TABLE {ASKED} (
            session_id uuid PRIMARY KEY REFERENCES access.session (id) ON DELETE CASCADE,
            challenge bytea NOT NULL CHECK (length(challenge) = 32), asked_at timestamptz NOT NULL DEFAULT now())"""
    )
    for table in (KEY, ASKED):
        guard(table)
        let_read("journal_door", table)
    op.execute(f"GRANT INSERT, UPDATE (sign_count, used_at, ended_at) ON {KEY} TO journal_door")
    op.execute(f"GRANT INSERT, UPDATE (challenge, asked_at), DELETE ON {ASKED} TO journal_door")
    _choosing()
    _unlocking()


def _choosing() -> None:
    """Beside a PIN, after a fresh strong sign-in, as a PIN is chosen (set_pin). NULL: not so."""
    define(
        "access.ask_new_passkey(challenge bytea, within interval) RETURNS bytea[] VOLATILE",
        f"""
        #variable_conflict use_column
        DECLARE
            s access.session;
        BEGIN
            SELECT x.* INTO s FROM access.session x JOIN access.pin n ON n.person_id = x.person_id
            WHERE x.id = (audit.who() ->> 'session_id')::uuid AND x.ended_at IS NULL
              AND x.strong_at > now() - within AND x.proved_at > now() - within;
            IF NOT FOUND THEN RETURN NULL; END IF;
            INSERT INTO {ASKED} AS a (session_id, challenge) VALUES (s.id, ask_new_passkey.challenge)
            ON CONFLICT (session_id) DO UPDATE SET challenge = excluded.challenge, asked_at = now();
            RETURN ARRAY(SELECT k.credential_id FROM {KEY} k WHERE k.person_id = s.person_id AND k.ended_at IS NULL);
        END""",
        owner="journal_door",
    )
    # The challenge of the session that asks, used up.
    define(
        "access.take_challenge() RETURNS bytea VOLATILE",
        f"""
        DECLARE
            told bytea;
        BEGIN
            DELETE FROM {ASKED} a WHERE a.session_id = (audit.who() ->> 'session_id')::uuid
                AND a.asked_at > now() - interval '2 minutes' RETURNING a.challenge INTO told;
            RETURN told;
        END""",
        owner="journal_door",
    )
    define(
        "access.keep_passkey(call text, mac text) RETURNS void VOLATILE",
        f"""
        DECLARE
            c jsonb := access.signed_call(call, mac);
        BEGIN
            INSERT INTO {KEY} (id, person_id, credential_id, public_key, sign_count)
            SELECT (c ->> 'id')::uuid, audit.acting_person(), decode(c ->> 'credential_id', 'hex'),
                decode(c ->> 'public_key', 'hex'), (c ->> 'sign_count')::bigint;
        END""",
        owner="journal_door",
    )
    define(
        "access.own_passkeys() RETURNS TABLE (id uuid, set_at timestamptz, used_at timestamptz) STABLE",
        f"""
        BEGIN
            RETURN QUERY SELECT k.id, k.set_at, k.used_at FROM {KEY} k
            WHERE k.person_id = audit.acting_person() AND k.ended_at IS NULL ORDER BY k.set_at;
        END""",
        owner="journal_door",
    )
    define(
        "access.end_passkey(key uuid) RETURNS void VOLATILE",
        f"""
        BEGIN
            UPDATE {KEY} k SET ended_at = now() WHERE k.id = key AND k.person_id = audit.acting_person() AND k.ended_at IS NULL;
        END""",
        owner="journal_door",
    )


def _unlocking() -> None:
    """Where a PIN may be tried, a passkey may; it is counted with the PIN, and refused where its owner is at work elsewhere."""
    define(
        "access.ask_passkey(token bytea, device bytea, session uuid, longest interval, challenge bytea) RETURNS bytea[] VOLATILE",
        f"""
        #variable_conflict use_column
        DECLARE
            person uuid;
        BEGIN
            SELECT x.person_id INTO person FROM access.unlockable(ask_passkey.token, ask_passkey.device, interval '0', longest) u
            JOIN access.session x ON x.id = u.id WHERE u.id = ask_passkey.session;
            IF NOT FOUND OR NOT EXISTS (SELECT FROM {KEY} k WHERE k.person_id = person AND k.ended_at IS NULL) THEN
                RETURN '{{}}';
            END IF;
            INSERT INTO {ASKED} AS a (session_id, challenge) VALUES (ask_passkey.session, ask_passkey.challenge)
            ON CONFLICT (session_id) DO UPDATE SET challenge = excluded.challenge, asked_at = now();
            RETURN ARRAY(SELECT k.credential_id FROM {KEY} k WHERE k.person_id = person AND k.ended_at IS NULL);
        END""",
        owner="journal_door",
    )
    define(
        "access.try_passkey(token bytea, device bytea, session uuid, longest interval, credential bytea)"
        " RETURNS TABLE (id uuid, challenge bytea, public_key bytea, sign_count bigint) VOLATILE",
        f"""
        #variable_conflict use_column
        BEGIN
            IF access.try_pin(token, device, session, longest) IS NULL THEN RETURN; END IF;
            RETURN QUERY
            WITH asked AS (DELETE FROM {ASKED} a WHERE a.session_id = session RETURNING a.challenge, a.asked_at)
            SELECT k.id, a.challenge, k.public_key, k.sign_count FROM asked a
            JOIN access.session x ON x.id = session
            JOIN {KEY} k ON k.person_id = x.person_id AND k.credential_id = credential AND k.ended_at IS NULL
            WHERE a.asked_at > now() - interval '2 minutes';
        END""",
        owner="journal_door",
    )
    define(
        "access.passkey_used(call text, mac text) RETURNS void VOLATILE",
        f"""
        DECLARE
            c jsonb := access.signed_call(call, mac);
        BEGIN
            UPDATE {KEY} k SET sign_count = (c ->> 'sign_count')::bigint, used_at = now() WHERE k.id = (c ->> 'id')::uuid;
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    for function in (
        "passkey_used(text, text)",
        "try_passkey(bytea, bytea, uuid, interval, bytea)",
        "ask_passkey(bytea, bytea, uuid, interval, bytea)",
        "end_passkey(uuid)",
        "own_passkeys()",
        "keep_passkey(text, text)",
        "take_challenge()",
        "ask_new_passkey(bytea, interval)",
    ):
        op.execute(f"DROP FUNCTION access.{function}")
    op.execute(f"DROP TABLE {ASKED}, {KEY}")
