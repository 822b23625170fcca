"""Sessions that are locked and unlocked: devices with a kind, a PIN for each person, when somebody last proved who she is.

Only adds. The version before this starts sessions of no device, which idle as it says and are proved when they begin.

Revision ID: 0044
"""

from alembic import op

from migrations.helpers import define, guard, let_read, municipality_table, with_other_words

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_RESUME = "access.resume(bytea, interval, interval)"
_IDLE = (
    "x.seen_at > now() - idle AND",
    "x.locked_at IS NULL AND x.seen_at > now() - coalesce(x.idle, resume.idle) AND",
)
# What is seen is written down so often that a lock never comes more than a tenth of the time too early.
_SEEN = ("now() - interval '1 minute' THEN", "now() - least(interval '1 minute', coalesce(s.idle, idle) / 10) THEN")
_TELL = "PERFORM set_config('journal.who', told"
_TOLD = (
    _TELL,
    f"""told := (told::jsonb || jsonb_build_object('proved_at', s.proved_at, 'warned_at', s.warned_at,
                'device_id', s.device_id, 'idle_seconds', extract(epoch FROM coalesce(s.idle, idle))::integer))::text;
            {_TELL}""",
)
_CHANGES = (_IDLE, _SEEN, _TOLD)

# A session that somebody may come back to. `longest` is what a session lasts from a strong sign-in.
_ALIVE = "x.ended_at IS NULL AND x.created_at > now() - longest"

# What the program signed in this transaction, and nothing that was injected into a statement.
_SIGNED = """
            IF mac IS DISTINCT FROM audit.mac(call) THEN
                RAISE EXCEPTION 'forged call' USING ERRCODE = 'insufficient_privilege';
            END IF;
            c := call::jsonb;
            IF (c ->> 'at')::timestamptz IS DISTINCT FROM now() THEN
                RAISE EXCEPTION 'call of another transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;
"""


def upgrade() -> None:
    _devices()
    _pins()
    _sessions()
    with_other_words(_RESUME, "journal_door", *_CHANGES)
    _begin()
    _lock()
    _unlock()
    _own()


def _devices() -> None:
    op.execute(
        """CREATE TABLE access.device (
            municipality_id uuid NOT NULL DEFAULT audit.acting_for() REFERENCES municipalities.municipality (id),
            id uuid NOT NULL UNIQUE,
            unit_id uuid NOT NULL,
            name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
            kind text NOT NULL CHECK (kind IN ('ward_pc', 'tablet')),
            token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
            recorded_by uuid NOT NULL DEFAULT audit.acting_person(),
            recorded_by_name text NOT NULL DEFAULT audit.acting_name(),
            recorded_at timestamptz NOT NULL DEFAULT now(),
            ended_at timestamptz,
            tries integer NOT NULL DEFAULT 0,
            tries_since timestamptz,
            PRIMARY KEY (municipality_id, id),
            FOREIGN KEY (municipality_id, unit_id) REFERENCES municipalities.unit (municipality_id, id))"""
    )
    municipality_table("access.device", updates=("ended_at",))
    let_read("journal_door", "access.device")
    op.execute("GRANT UPDATE (tries, tries_since) ON access.device TO journal_door")


def _pins() -> None:
    op.execute(
        """CREATE TABLE access.pin (
            person_id uuid PRIMARY KEY REFERENCES municipalities.practitioner (id),
            hash text NOT NULL CHECK (hash LIKE 'scrypt:%'),
            set_at timestamptz NOT NULL DEFAULT now(),
            failures integer NOT NULL DEFAULT 0 CHECK (failures BETWEEN 0 AND 5))"""
    )
    guard("access.pin")
    let_read("journal_door", "access.pin")
    op.execute("GRANT INSERT, UPDATE (hash, set_at, failures) ON access.pin TO journal_door")


def _sessions() -> None:
    op.execute(
        """ALTER TABLE access.session
            ADD COLUMN proved_at timestamptz NOT NULL DEFAULT now(),
            ADD COLUMN strong_at timestamptz NOT NULL DEFAULT now(),
            ADD COLUMN device_id uuid REFERENCES access.device (id),
            ADD COLUMN idle interval CHECK (idle > interval '0'),
            ADD COLUMN locked_at timestamptz,
            ADD COLUMN last_path text CHECK (last_path LIKE '/%' AND length(last_path) <= 300),
            ADD COLUMN warned_at timestamptz"""
    )
    op.execute("CREATE INDEX session_on_device ON access.session (device_id) WHERE ended_at IS NULL")
    op.execute(
        """GRANT UPDATE (token_hash, proved_at, strong_at, device_id, idle, locked_at, last_path, warned_at)
           ON access.session TO journal_door"""
    )


def _begin() -> None:
    """After a strong sign-in, in its transaction: the device, how long it idles there, and what stood open before.

    Her own session on the device ends, and where it stood is answered; another's is locked and stays hers. What the browser
    held of no device ends: its secret goes with the cookie. A PIN that was tried too often is good again.
    """
    define(
        "access.begin_session(token bytea, held bytea, device bytea, ward_pc interval, tablet interval) RETURNS text VOLATILE",
        """
        DECLARE
            s access.session;
            d access.device;
            stood text;
        BEGIN
            SELECT * INTO s FROM access.session x WHERE x.token_hash = sha256(token) AND x.created_at = now();
            IF NOT FOUND THEN
                RAISE EXCEPTION 'no sign-in in this transaction' USING ERRCODE = 'insufficient_privilege';
            END IF;
            UPDATE access.pin p SET failures = 0 WHERE p.person_id = s.person_id;
            SELECT v.* INTO d FROM access.device v
            JOIN municipalities.practitioner_role r ON r.id = s.role_id AND r.municipality_id = v.municipality_id
            WHERE v.token_hash = sha256(device) AND v.ended_at IS NULL;
            UPDATE access.session x SET device_id = d.id, idle = CASE d.kind WHEN 'ward_pc' THEN ward_pc WHEN 'tablet' THEN tablet END
            WHERE x.id = s.id;
            SELECT x.last_path INTO stood FROM access.session x
            WHERE x.role_id = s.role_id AND x.id <> s.id AND x.ended_at IS NULL AND x.last_path IS NOT NULL
              AND (x.device_id = d.id OR x.token_hash = sha256(held))
            ORDER BY x.locked_at DESC LIMIT 1;
            UPDATE access.session x SET ended_at = now()
            WHERE x.id <> s.id AND x.ended_at IS NULL AND (
                x.person_id = s.person_id AND (x.device_id = d.id OR x.token_hash = sha256(held))
                OR x.token_hash = sha256(held) AND x.device_id IS DISTINCT FROM d.id);
            UPDATE access.session x SET locked_at = now()
            WHERE x.device_id = d.id AND x.id <> s.id AND x.ended_at IS NULL AND x.locked_at IS NULL;
            RETURN stood;
        END""",
        owner="journal_door",
    )


def _lock() -> None:
    define(
        "access.lock_session(token bytea, path text) RETURNS void VOLATILE",
        """
        BEGIN
            UPDATE access.session x SET locked_at = now(), last_path = path
            WHERE x.token_hash = sha256(token) AND x.ended_at IS NULL AND x.locked_at IS NULL;
        END""",
        owner="journal_door",
    )
    # Who may come back here: whose session the browser holds, and on an enrolled device those with a PIN who are signed in on it.
    define(
        "access.unlockable(token bytea, device bytea, idle interval, longest interval)"
        " RETURNS TABLE (id uuid, name text, role text, unit text, own boolean, with_pin boolean) STABLE",
        f"""
        BEGIN
            RETURN QUERY
            SELECT x.id, p.name, r.role, u.name, x.token_hash = sha256(token), n.person_id IS NOT NULL
            FROM access.session x
            JOIN municipalities.practitioner_role r ON r.id = x.role_id AND r.valid_from <= now()
                AND (r.valid_until IS NULL OR r.valid_until > now())
            JOIN municipalities.practitioner p ON p.id = x.person_id
            JOIN municipalities.unit u ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
            LEFT JOIN access.pin n ON n.person_id = x.person_id
            WHERE {_ALIVE}
              AND (x.token_hash = sha256(token) AND (x.locked_at IS NOT NULL OR x.seen_at <= now() - coalesce(x.idle, unlockable.idle))
                   OR n.person_id IS NOT NULL AND x.device_id = (
                       SELECT v.id FROM access.device v WHERE v.token_hash = sha256(device) AND v.ended_at IS NULL))
            ORDER BY 5 DESC NULLS LAST, p.name;
        END""",
        owner="journal_door",
    )


def _unlock() -> None:
    """A PIN is counted before it is looked at, so that many at once are not more tries than one after the other.

    The answer is its hash; none when the session is not here, has no PIN that is good, or its owner is at work elsewhere, which
    she is told there. The same answer for all of it.
    """
    define(
        "access.try_pin(token bytea, device bytea, session uuid, longest interval) RETURNS text VOLATILE",
        f"""
        DECLARE
            s access.session;
            d access.device;
            told text;
        BEGIN
            SELECT * INTO d FROM access.device v WHERE v.token_hash = sha256(device) AND v.ended_at IS NULL FOR NO KEY UPDATE;
            IF d.tries_since > now() - interval '5 minutes' THEN
                IF d.tries >= 10 THEN RETURN NULL; END IF;
                UPDATE access.device v SET tries = v.tries + 1 WHERE v.id = d.id;
            ELSE
                UPDATE access.device v SET tries = 1, tries_since = now() WHERE v.id = d.id;
            END IF;
            SELECT * INTO s FROM access.session x
            WHERE x.id = session AND {_ALIVE} AND (x.token_hash = sha256(token) OR x.device_id = d.id);
            IF NOT FOUND THEN RETURN NULL; END IF;
            -- An open session proves itself anew where its owner is; a locked one is not opened while she is elsewhere.
            IF audit.who() ->> 'session_id' IS DISTINCT FROM s.id::text THEN
                UPDATE access.session x SET warned_at = now()
                WHERE x.person_id = s.person_id AND x.id <> s.id AND {_ALIVE} AND x.locked_at IS NULL
                  AND x.seen_at > now() - least(interval '5 minutes', coalesce(x.idle, interval '5 minutes'));
                IF FOUND THEN RETURN NULL; END IF;
            END IF;
            UPDATE access.pin n SET failures = n.failures + 1 WHERE n.person_id = s.person_id AND n.failures < 5 RETURNING n.hash INTO told;
            RETURN told;
        END""",
        owner="journal_door",
    )
    # After a proof: with a new secret the session is open again, and the others on the device are locked.
    define(
        "access.prove_session(call text, mac text) RETURNS text VOLATILE",
        f"""
        DECLARE
            c jsonb;
            s access.session;
        BEGIN
            {_SIGNED}
            UPDATE access.session x SET proved_at = now(), seen_at = now(), locked_at = NULL,
                strong_at = CASE WHEN (c ->> 'strong')::boolean THEN now() ELSE x.strong_at END,
                token_hash = coalesce(decode(c ->> 'token_hash', 'hex'), x.token_hash)
            WHERE x.id = (c ->> 'session_id')::uuid AND x.ended_at IS NULL RETURNING x.* INTO s;
            UPDATE access.pin n SET failures = 0 WHERE n.person_id = s.person_id;
            UPDATE access.device v SET tries = greatest(v.tries - 1, 0) WHERE v.id = s.device_id;
            UPDATE access.session x SET locked_at = now()
            WHERE x.device_id = s.device_id AND x.id <> s.id AND x.ended_at IS NULL AND x.locked_at IS NULL;
            RETURN s.last_path;
        END""",
        owner="journal_door",
    )
    define(
        "access.set_pin(scrypt text, within interval) RETURNS boolean VOLATILE",
        """
        BEGIN
            INSERT INTO access.pin AS n (person_id, hash)
            SELECT x.person_id, scrypt FROM access.session x
            WHERE x.id = (audit.who() ->> 'session_id')::uuid AND x.ended_at IS NULL AND x.strong_at > now() - within
            ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, set_at = now(), failures = 0;
            RETURN FOUND;
        END""",
        owner="journal_door",
    )


def _own() -> None:
    define(
        "access.own_sessions(longest interval) RETURNS TABLE (id uuid, device text, kind text, unit text,"
        " created_at timestamptz, seen_at timestamptz, locked_at timestamptz, with_pin boolean) STABLE",
        f"""
        BEGIN
            RETURN QUERY
            SELECT x.id, v.name, v.kind, u.name, x.created_at, x.seen_at, x.locked_at,
                EXISTS (SELECT FROM access.pin n WHERE n.person_id = x.person_id)
            FROM access.session x
            JOIN municipalities.practitioner_role r ON r.id = x.role_id
            JOIN municipalities.unit u ON (u.municipality_id, u.id) = (r.municipality_id, r.unit_id)
            LEFT JOIN access.device v ON v.id = x.device_id
            WHERE x.person_id = audit.acting_person() AND {_ALIVE}
            ORDER BY x.seen_at DESC;
        END""",
        owner="journal_door",
    )
    define(
        "access.end_own(session uuid) RETURNS void VOLATILE",
        """
        BEGIN
            UPDATE access.session x SET ended_at = now()
            WHERE x.person_id = audit.acting_person() AND x.ended_at IS NULL AND (session IS NULL OR x.id = session);
        END""",
        owner="journal_door",
    )
    define(
        "access.warning_seen() RETURNS void VOLATILE",
        """
        BEGIN
            UPDATE access.session x SET warned_at = NULL WHERE x.id = (audit.who() ->> 'session_id')::uuid;
        END""",
        owner="journal_door",
    )
    # Whoever may close a device closes what is open on it.
    define(
        "access.end_on_device(device uuid) RETURNS void VOLATILE",
        """
        BEGIN
            UPDATE access.session x SET ended_at = now()
            WHERE x.device_id = device AND x.ended_at IS NULL AND EXISTS (
                SELECT FROM access.device v WHERE v.id = device AND v.ended_at IS NOT NULL
                AND v.municipality_id = audit.acting_for());
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    for function in (
        "end_on_device(uuid)",
        "warning_seen()",
        "end_own(uuid)",
        "own_sessions(interval)",
        "set_pin(text, interval)",
        "prove_session(text, text)",
        "try_pin(bytea, bytea, uuid, interval)",
        "unlockable(bytea, bytea, interval, interval)",
        "lock_session(bytea, text)",
        "begin_session(bytea, bytea, bytea, interval, interval)",
    ):
        op.execute(f"DROP FUNCTION access.{function}")
    with_other_words(_RESUME, "journal_door", *((new, old) for old, new in _CHANGES))
    columns = ("proved_at", "strong_at", "device_id", "idle", "locked_at", "last_path", "warned_at")
    op.execute(f"ALTER TABLE access.session {', '.join(f'DROP COLUMN {column}' for column in columns)}")
    op.execute("DROP TABLE access.pin")
    op.execute("DROP TABLE access.device")
