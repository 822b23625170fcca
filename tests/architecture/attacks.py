"""What an attacker types: markup that would run, words that would be SQL, templates, paths, and what no field expects."""

MARK = "akx7"
"""Stands in every piece of markup: where it comes back as markup, and not as text, somebody's browser would have run it."""

MARKUP = (
    f"<{MARK}>",
    f'"><{MARK} onload=alert(1)>',
    f"'><{MARK} onmouseover=alert(1) x='",
    f"</title><{MARK}>",
    f"</textarea><{MARK}>",
    f"</script><{MARK}>",
    f"--><{MARK}>",
    f"]]><{MARK}>",
    f"<{MARK}/onload=alert(1)//",
    f"<<{MARK}>>",
    f"\u2028<{MARK}>",
    f"<\t{MARK}><{MARK}\n>",
)

SQL = (
    "'",
    "''; DROP TABLE patients.patient; --",
    "' OR '1'='1",
    '" OR ""="',
    "1; SELECT pg_sleep(60)",
    "' UNION SELECT NULL, NULL --",
    "%' AND 1=1 --",
    "\\'; SELECT set_config('journal.who', '', false) --",
    "$$; SELECT 1; $$",
    ":patient_id",
    "%(id)s",
    "{0.__class__}",
)
ODD = (
    "\x00",
    "a\x00b",
    "\ud7ff\ufffe\U0010ffff",
    "\u202eabc",
    "\u0661\u0662",
    "x" * 40_000,
    "{{ 7*7 }}{% raw %}",
    "${7*7}#{7*7}",
    "../../../../etc/passwd",
    "a\r\nSet-Cookie: x=1",
    "1e400",
    "-1",
    "1_0",
    "NaN",
    "99999999999999999999999999",
    "01.01.0001",
    "31.12.9999 23.59",
    "[]",
    '{"a": 1}',
    "true",
)
FEW = (f"\"'><{MARK} onload=alert(1)>; SELECT pg_sleep(60) -- %(id)s {{{{ 7*7 }}}}", "a\x00b")
ALL = (*MARKUP, *SQL, *ODD)
