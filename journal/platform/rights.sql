-- A line for each thing that row-level security stands on: to compare the lines is to compare the rights.
WITH ours AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), things (told, owner, acl) AS (
    SELECT format('skjema %s', nspname), nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM ours
    UNION ALL
    SELECT format('tabell %s.%s (%s), radvern %s, også for eieren %s', n.nspname, c.relname, c.relkind, c.relrowsecurity,
        c.relforcerowsecurity), c.relowner, coalesce(c.relacl, acldefault('r', c.relowner))
    FROM pg_class c JOIN ours n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT format('kolonne %s.%s.%s', n.nspname, c.relname, a.attname), c.relowner, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN ours n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT format('funksjon %s, med eierens rettigheter %s, oppsett %s, innhold %s', p.oid::regprocedure, p.prosecdef,
        p.proconfig, md5(p.prosrc)), p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace
)
SELECT format('%s: eier %s, rettigheter %s', told, owner::regrole, coalesce((
    SELECT string_agg(DISTINCT format('%s:%s', CASE a.grantee WHEN 0 THEN 'alle' ELSE a.grantee::regrole::text END,
                                      lower(a.privilege_type)), ' ')
    FROM aclexplode(acl) a WHERE a.grantee <> owner), 'ingen')) AS line
FROM things
UNION ALL
SELECT format('rolle %s: innlogging %s, superbruker %s, utenom radvernet %s, medlem av %s', r.rolname, r.rolcanlogin, r.rolsuper,
    r.rolbypassrls, ARRAY(SELECT DISTINCT m.roleid::regrole::text FROM pg_auth_members m WHERE m.member = r.oid ORDER BY 1))
FROM pg_roles r WHERE r.rolname LIKE 'journal\_%'
UNION ALL
SELECT format('regel %s på %s: %s, utvidende %s, for %s, leser %s, skriver %s', p.polname, p.polrelid::regclass, p.polcmd,
    p.polpermissive, ARRAY(SELECT r::regrole::text FROM unnest(p.polroles) r ORDER BY 1), pg_get_expr(p.polqual, p.polrelid),
    pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p
UNION ALL
SELECT format('utløser %s på %s: %s, %s', t.tgname, t.tgrelid::regclass, t.tgenabled, t.tgfoid::regproc)
FROM pg_trigger t WHERE NOT t.tgisinternal
ORDER BY line
