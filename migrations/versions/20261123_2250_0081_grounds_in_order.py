"""An ordinary ground goes before a reason somebody gave herself; a visit of what is closed to everyone is nobody else's to take;
and a PIN or a passkey is chosen on a new proof at the provider.

Only adds: the version before this says no time of a proof, which is then the sign-in's, as before.

Revision ID: 0081
Revises: 0080
"""

from alembic import op

from migrations.helpers import in_place

revision, down_revision, branch_labels, depends_on = "0081", "0080", None, None

FRESH = "x.strong_at > now() - within AND x.proved_at > now() - within"
ANEW = "coalesce(x.authenticated_at, x.strong_at) > now() - within"
CHANGES = (
    (
        "access.standing_of(uuid[], uuid, uuid[], timestamptz)",
        "ORDER BY r.ground = 'weighty' DESC,",
        "ORDER BY r.ground = 'weighty' DESC, r.ground IN ('emergency', 'justified'),",
    ),
    (
        "access.visits_to_take()",
        "(x.against_person_id = person OR x.against_unit_id = ANY (units))",
        "(x.against_person_id = person OR x.against_unit_id = ANY (units) OR x.against_everyone)",
    ),
    (
        "access.take_role(text, text)",
        "proved_at = least(now(), coalesce(s.authenticated_at, now()))",
        "proved_at = least(now(), coalesce(s.authenticated_at, now())), authenticated_at = s.authenticated_at",
    ),
    (
        "access.prove_session(text, text)",
        "strong_at = CASE WHEN (c ->> 'strong')::boolean THEN now() ELSE x.strong_at END,",
        "strong_at = CASE WHEN (c ->> 'strong')::boolean THEN now() ELSE x.strong_at END,\n"
        "                authenticated_at = CASE WHEN (c ->> 'strong')::boolean THEN now() ELSE x.authenticated_at END,",
    ),
    ("access.set_pin(text, interval)", FRESH, ANEW),
    ("access.ask_new_passkey(bytea, interval)", FRESH, ANEW),
)


def upgrade() -> None:
    op.execute("ALTER TABLE access.session ADD COLUMN authenticated_at timestamptz")
    op.execute("GRANT UPDATE (authenticated_at) ON access.session TO journal_door")
    for change in CHANGES:
        in_place(*change)


def downgrade() -> None:
    for function, old, new in CHANGES:
        in_place(function, new, old)
    op.execute("ALTER TABLE access.session DROP COLUMN authenticated_at")
