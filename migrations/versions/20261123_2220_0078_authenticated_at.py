"""A proof is as old as the provider says that it is: one who was signed in there already has proved nothing anew.

Only adds: the version before this says no time, and its proof is as old as its sign-in, as before.

Revision ID: 0078
Revises: 0077
"""

from alembic import op

from migrations.helpers import in_place

revision, down_revision, branch_labels, depends_on = "0078", "0077", None, None

# A provider that is asked and says nothing has proved nothing that an act can stand on.
CHANGES = (
    (
        "access.prove_sign_in(text, text)",
        "SET proved_at = now(),",
        "SET proved_at = now(), authenticated_at = CASE WHEN c ? 'authenticated_at'\n"
        "                    THEN coalesce((c ->> 'authenticated_at')::timestamptz, now() - interval '1 day') END,",
    ),
    (
        "access.take_role(text, text)",
        "security_level = 'high', role_ids = s.role_ids",
        "security_level = 'high', role_ids = s.role_ids,\n"
        "                proved_at = least(now(), coalesce(s.authenticated_at, now()))",
    ),
    # A PIN is chosen by whoever has proved who she is, and not by whoever the provider let through.
    (
        "access.set_pin(text, interval)",
        "x.strong_at > now() - within",
        "x.strong_at > now() - within AND x.proved_at > now() - within",
    ),
)


def upgrade() -> None:
    op.execute("ALTER TABLE access.sign_in ADD COLUMN authenticated_at timestamptz")
    op.execute("GRANT UPDATE (authenticated_at) ON access.sign_in TO journal_door")
    for change in CHANGES:
        in_place(*change)


def downgrade() -> None:
    for function, old, new in CHANGES:
        in_place(function, new, old)
    op.execute("ALTER TABLE access.sign_in DROP COLUMN authenticated_at")
