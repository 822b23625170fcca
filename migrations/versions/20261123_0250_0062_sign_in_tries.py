"""How often somebody tries to sign in, and comes back from a provider: by address and in all.

Only adds. The version before this counts nothing.

Revision ID: 0062
"""

from alembic import op

from migrations.helpers import define, guard, let_read

revision = "0062"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of an address the keyed hash, whose key is not in the database, and not longer than a quarter of an hour.
    op.execute(
        """CREATE TABLE access.sign_in_try (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            step text NOT NULL CHECK (step IN ('begin', 'callback')),
            address bytea NOT NULL CHECK (length(address) = 32), at timestamptz NOT NULL DEFAULT now())"""
    )
    op.execute("CREATE INDEX sign_in_try_of_address ON access.sign_in_try (step, address, at)")
    op.execute("CREATE INDEX sign_in_try_at ON access.sign_in_try (at, step)")
    guard("access.sign_in_try")
    let_read("journal_door", "access.sign_in_try")
    op.execute("GRANT INSERT, UPDATE, DELETE ON access.sign_in_try TO journal_door")
    # One that is refused is not counted: whoever waits is let in. Nobody waits for another's transaction, which asks a
    # provider meanwhile: what is counted are rows, and those that another takes away are passed over.
    define(
        "access.try_sign_in(call text, mac text) RETURNS boolean VOLATILE",
        """
        DECLARE
            c jsonb := access.signed_call(call, mac);
            since timestamptz := now() - interval '10 minutes';
            from_here bytea := decode(c ->> 'address', 'hex');
            counted integer;
        BEGIN
            DELETE FROM access.sign_in_try WHERE id IN (
                SELECT o.id FROM access.sign_in_try o WHERE o.at < now() - interval '15 minutes'
                ORDER BY o.at LIMIT 100 FOR UPDATE SKIP LOCKED);
            SELECT count(*) INTO counted FROM access.sign_in_try t
            WHERE t.step = c ->> 'step' AND t.address = from_here AND t.at > since;
            IF counted >= (c ->> 'per_address')::integer THEN
                RETURN false;
            END IF;
            SELECT count(*) INTO counted FROM access.sign_in_try t WHERE t.step = c ->> 'step' AND t.at > since;
            IF counted >= (c ->> 'in_all')::integer THEN
                RETURN false;
            END IF;
            INSERT INTO access.sign_in_try (step, address) VALUES (c ->> 'step', from_here);
            RETURN true;
        END""",
        owner="journal_door",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION access.try_sign_in(text, text)")
    op.execute("DROP TABLE access.sign_in_try")
