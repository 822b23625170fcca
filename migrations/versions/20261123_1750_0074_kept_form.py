"""What somebody had typed when she was asked to prove anew who she is, sealed and kept while she is at the provider.

Only adds: the version before this keeps nothing.

Revision ID: 0074
Revises: 0073
"""

from alembic import op

from migrations.helpers import define, guard, let_read

revision, down_revision, branch_labels, depends_on = "0074", "0073", None, None

KEPT = "access.kept_form"
WHO = """
            IF w IS NULL THEN
                RAISE EXCEPTION 'nobody asks' USING ERRCODE = 'insufficient_privilege';
            END IF;"""


def upgrade() -> None:
    # Sealed with a secret that the browser alone has; one for a person, and no longer than a quarter of an hour.
    op.execute(
        f"""CREATE TABLE {KEPT} (
            person_id uuid PRIMARY KEY, role_id uuid NOT NULL, device_id uuid, key bytea NOT NULL CHECK (length(key) = 32),
            sealed bytea NOT NULL CHECK (length(sealed) <= 300000), valid_until timestamptz NOT NULL)"""
    )
    op.execute(f"CREATE INDEX kept_form_until ON {KEPT} (valid_until)")
    guard(KEPT)
    let_read("journal_door", KEPT)
    op.execute(f"GRANT INSERT, DELETE ON {KEPT} TO journal_door")
    define(
        "access.keep_form(key bytea, sealed bytea) RETURNS void VOLATILE",
        f"""
        #variable_conflict use_variable
        DECLARE w jsonb := audit.who();
        BEGIN{WHO}
            DELETE FROM {KEPT} k WHERE k.valid_until < now() OR k.person_id = (w ->> 'person_id')::uuid;
            INSERT INTO {KEPT} (person_id, role_id, device_id, key, sealed, valid_until)
            VALUES ((w ->> 'person_id')::uuid, (w ->> 'role_id')::uuid, (w ->> 'device_id')::uuid, key, sealed,
                now() + interval '15 minutes');
        END""",
        owner="journal_door",
    )
    # To her who typed it, in the same employment, browser and device; *taken*, it is not there any more.
    define(
        "access.kept_form(key bytea, taken boolean) RETURNS bytea VOLATILE",
        f"""
        #variable_conflict use_variable
        DECLARE
            w jsonb := audit.who();
            found bytea;
        BEGIN{WHO}
            found := (SELECT k.sealed FROM {KEPT} k
                WHERE k.person_id = (w ->> 'person_id')::uuid AND k.role_id = (w ->> 'role_id')::uuid AND k.key = key
                  AND k.device_id IS NOT DISTINCT FROM (w ->> 'device_id')::uuid AND k.valid_until > now());
            IF taken AND found IS NOT NULL THEN
                DELETE FROM {KEPT} k WHERE k.person_id = (w ->> 'person_id')::uuid;
            END IF;
            RETURN found;
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION access.kept_form(bytea, boolean)")
    op.execute("DROP FUNCTION access.keep_form(bytea, bytea)")
    op.execute(f"DROP TABLE {KEPT}")
