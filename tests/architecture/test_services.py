"""What the code of the services must and must not say: by asking the classes, and by reading the text.

Every rule of the second kind has an example that breaks it, so that a rule that has gone blind is seen.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from marshmallow import RAISE, Schema

import journal
from journal.app import JournalApp
from journal.permissions import OPENS, ROLE_PERMISSIONS, Permission, Role, permissions_of
from journal.platform.caller import Known
from journal.platform.errors import Denied
from journal.platform.ids import new_id
from journal.platform.service import Service, on_patient, on_patients
from tests.architecture import rights
from tests.conftest import World

ROOT = Path(__file__).parents[2]
JOURNAL = ROOT / "journal"


def every_service() -> list[type[Service]]:
    for module in pkgutil.walk_packages(journal.__path__, "journal."):
        if ".service" in module.name or module.name.endswith("_service"):
            importlib.import_module(module.name)

    def below(cls: type[Service]) -> Iterator[type[Service]]:
        for sub in cls.__subclasses__():
            yield sub
            yield from below(sub)

    return sorted(
        {cls for cls in below(Service) if cls.__module__.startswith("journal.")}, key=lambda cls: cls.__qualname__
    )


def public_methods() -> list[tuple[str, Any]]:
    return [
        (f"{c.__module__}.{c.__qualname__}.{n}", m)
        for c in every_service()
        for n, m in vars(c).items()
        if not n.startswith("_")
    ]


def taken_twice(service: type[Service]) -> dict[str, list[str]]:
    """What more than one part of a service is called: the first would take the place of the others, and nobody would see."""
    said: dict[str, list[str]] = {}
    for part in service.__mro__:
        for name in vars(part):
            if not name.startswith("__"):
                said.setdefault(name, []).append(part.__name__)
    return {name: parts for name, parts in said.items() if len(parts) > 1}


def test_no_part_of_a_service_takes_the_place_of_anothers_by_its_name() -> None:
    first, second = (type(name, (Service,), {"_in_use": None}) for name in ("First", "Second"))
    assert taken_twice(type("Both", (first, second), {})) == {"_in_use": ["First", "Second"]}

    assert {cls.__qualname__: twice for cls in every_service() if (twice := taken_twice(cls))} == {}


def test_a_service_with_a_public_method_that_says_no_permission_stops_the_program() -> None:
    with pytest.raises(TypeError, match=r"Careless\.read is public"):
        type("Careless", (Service,), {"read": lambda self, patient_id: None})


def test_so_does_a_property_or_a_value_that_is_public() -> None:
    with pytest.raises(TypeError, match="is public"):
        type("Careless", (Service,), {"everything": property(lambda self: None)})


@pytest.mark.parametrize("guard", [on_patient, on_patients])
def test_a_guard_of_a_patient_must_open_a_part_of_the_chart(guard: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="opens no part"):
        guard(Permission.CHART_LIST)


def test_every_public_method_of_every_service_says_who_may_call_it() -> None:
    methods = public_methods()

    assert len(methods) > 50
    assert [name for name, method in methods if not isinstance(getattr(method, "permission", None), Permission)] == []


def test_no_method_of_a_service_begins_before_its_guard_has_asked(world: World, app: JournalApp) -> None:
    """Called by somebody without its permission, with an argument that no method has: a body that begins says so."""
    asked = 0
    for service in every_service():
        for name, method in [(n, m) for n, m in vars(service).items() if not n.startswith("_")]:
            role = next(r for r in Role if method.permission not in ROLE_PERMISSIONS[r])
            who = Known(replace(world.siri.actor, role=role))
            with app.works.open(who) as work, pytest.raises(Denied):
                method(service(work), new_id(), such_an_argument_is_nobodys=True)
                pytest.fail(f"{service.__qualname__}.{name} answered somebody without {method.permission}")
            asked += 1

    assert asked > 200


def test_what_each_role_may_is_what_was_read() -> None:
    """After a change: python -m tests.architecture.rights, and read what changed in rights.txt."""
    assert rights.table() == rights.written()


def test_every_permission_belongs_to_somebody_and_no_role_has_them_all() -> None:
    assert set().union(*ROLE_PERMISSIONS.values()) == set(Permission)
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert all(held < frozenset(Permission) for held in ROLE_PERMISSIONS.values())


def test_whoever_manages_or_audits_opens_no_chart() -> None:
    """Operators have no clinical permission, and an auditor sees who looked, not what they saw."""
    opens_a_chart = {permission for permission, parts in OPENS.items() if parts != ("audit",)}

    assert not ROLE_PERMISSIONS[Role.TENANT_ADMINISTRATOR] & opens_a_chart
    assert not ROLE_PERMISSIONS[Role.AUDITOR] & opens_a_chart
    assert not ROLE_PERMISSIONS[Role.AUDITOR] & {Permission.ACCESS_MANAGE, Permission.MUNICIPALITIES_MANAGE}


def test_a_role_that_nobody_knows_may_nothing() -> None:
    assert permissions_of("superuser") == permissions_of("") == frozenset()


# --- What the text must not say ------------------------------------------------------------------------------------


def called(node: ast.AST, *names: str) -> bool:
    """A call of one of these names, however it is reached."""
    if not isinstance(node, ast.Call):
        return False
    return (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in names


def built(node: ast.expr) -> bool:
    """A text that is put together when the program runs."""
    return (
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod))
        or called(node, "format")
    )


def names_the_patient(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "patient_id"


def is_model(node: ast.expr) -> bool:
    """`Note.patient_id`, `models.Note.patient_id` or `aliased.c.patient_id`: a column, not a value."""
    value = node.value if isinstance(node, ast.Attribute) else node
    name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
    return name[:1].isupper() or name == "c"


def bare_patient(node: ast.AST) -> bool:
    if called(node, "filter_by"):
        return isinstance(node, ast.Call) and any(word.arg == "patient_id" for word in node.keywords)
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq):
        return False
    sides = [node.left, *node.comparators]
    columns = [side for side in sides if names_the_patient(side) and is_model(side)]
    return len(columns) == 1


def text_put_together(node: ast.AST) -> bool:
    return (
        called(node, "text", "exec_driver_sql")
        and isinstance(node, ast.Call)
        and any(built(argument) for argument in node.args)
    )


def markup(node: ast.AST) -> bool:
    return called(node, "Markup")


def clock_without_a_zone(node: ast.AST) -> bool:
    if called(node, "utcnow", "utcfromtimestamp"):
        return True
    return (
        called(node, "now", "fromtimestamp")
        and isinstance(node, ast.Call)
        and _of_datetime(node)
        and not _has_zone(node)
    )


def _of_datetime(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).split(".")[-1] == "datetime"


def _has_zone(node: ast.Call) -> bool:
    return any(word.arg == "tz" for word in node.keywords) or len(node.args) > (0 if called(node, "now") else 1)


def own_clock(node: ast.AST) -> bool:
    """The time is an argument: the database's now() in `work.now`."""
    return (
        called(node, "now", "today")
        and isinstance(node, ast.Call)
        and not node.args
        and not node.keywords
        and _of_clock(node)
    )


def _of_clock(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).split(".")[-1] in ("datetime", "date")


def floats(node: ast.AST) -> bool:
    return called(node, "float") or (isinstance(node, ast.Constant) and isinstance(node.value, float))


def likes(node: ast.AST) -> bool:
    if called(node, "like", "ilike", "contains", "startswith", "endswith", "match") and isinstance(node, ast.Call):
        return called(node, "like", "ilike") or (isinstance(node.func, ast.Attribute) and _is_column(node.func.value))
    sql = (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"\bI?LIKE\b\s+(:|%|\()|~~\*?\s", node.value)
    )
    return bool(sql)


def _is_column(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id[:1].isupper()


def raw_set(node: ast.AST) -> bool:
    """A setting that stays on the pooled connection: SET without LOCAL, or set_config(…, false)."""
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    return bool(re.match(r"\s*SET (SESSION|[a-z_.]+ *(=|TO))", text) or re.search(r"set_config\([^)]*false\)", text))


def dangerous(node: ast.AST) -> bool:
    return (called(node, "eval", "exec", "loads") and "pickle" in ast.unparse(node)) or called(node, "eval", "exec")


_PATTERNS = ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")


def pattern_of_input(node: ast.AST) -> bool:
    """A pattern that is put together of anything but constants: whoever writes what goes in it may make it run for ever."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _PATTERNS):
        return False
    if ast.unparse(node.func.value) != "re":
        return False
    return "re.escape" not in ast.unparse(node.args[0]) and not _is_constant(node.args[0])


def format_of_input(node: ast.AST) -> bool:
    """A text that is filled in and is not written here: `{0.__class__}` reads what nobody meant to show. SQL quotes its own."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"):
        return False
    return "sql." not in ast.unparse(node) and not _is_constant(node.func.value)


def _is_constant(node: ast.expr) -> bool:
    """Written here: a text, a name in capitals, or these put together."""
    if isinstance(node, ast.JoinedStr):
        return all(_is_constant(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _is_constant(node.value)
    if isinstance(node, ast.BinOp):
        return _is_constant(node.left) and _is_constant(node.right)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id.isupper())


def imported(*modules: str) -> Callable[[ast.AST], bool]:
    """An import of one of these, or of what is in it."""

    def rule(node: ast.AST) -> bool:
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        return any(name == module or name.startswith(f"{module}.") for name in names for module in modules)

    return rule


def template_of_text(node: ast.AST) -> bool:
    return called(node, "from_string", "render_template_string", "Template")


def another_cipher(node: ast.AST) -> bool:
    """Whatever enciphers and is not AES-GCM; the padding of RSA is OAEP."""
    if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(
        "cryptography.hazmat.primitives.ciphers"
    ):
        return called(node, "PKCS1v15")
    return {alias.name for alias in node.names} != {"AESGCM"}


def another_hash(node: ast.AST) -> bool:
    of_hashlib = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "hashlib"
    return of_hashlib and isinstance(node, ast.Attribute) and node.attr not in ("sha256", "scrypt", "pbkdf2_hmac")


def cookie_without_its_marks(node: ast.AST) -> bool:
    """Over TLS alone, out of reach of scripts, and not with another site's form. Each is a value, and Secure is worked out."""
    if not (isinstance(node, ast.Call) and called(node, "set_cookie")):
        return False
    said = {word.arg: ast.unparse(word.value) for word in node.keywords}
    return "secure" not in said or said.get("httponly") != "True" or said.get("samesite") not in ("'Lax'", "'Strict'")


SERVICES = ("*/service.py", "*/service/**/*.py", "*/*_service.py")
EVERYTHING = ("**/*.py",)
# All but what starts the product and its database.
PAGES = tuple(
    f"{part}/**/*.py"
    for part in (
        *("access", "audit", "care", "chart", "medication", "municipalities", "notes", "observations"),
        *("oversight", "patients"),
    )
)
# The speed test fills an empty database by itself, as the superuser, and serves nobody.
NOT_THE_PROGRAM = "bench"
RULES: dict[str, tuple[Callable[[ast.AST], bool], tuple[str, ...], str]] = {
    "patient_id == in a service": (
        bare_patient,
        SERVICES,
        "db.execute(select(Note).where(Note.patient_id == patient_id))",
    ),
    "patient_id in filter_by": (bare_patient, SERVICES, "db.query(Note).filter_by(patient_id=patient_id)"),
    "SQL with an f-string": (text_put_together, EVERYTHING, 'sa.text(f"SELECT * FROM note ORDER BY {column}")'),
    "SQL with a plus": (text_put_together, EVERYTHING, 'text("SELECT " + column)'),
    "SQL with a percent": (text_put_together, EVERYTHING, 'text("SELECT %s" % column)'),
    "SQL with format": (text_put_together, EVERYTHING, 'text("SELECT {}".format(column))'),
    "Markup": (markup, EVERYTHING, 'Markup("<b>" + name + "</b>")'),
    "now without a zone": (clock_without_a_zone, EVERYTHING, "datetime.now()"),
    "utcnow": (clock_without_a_zone, EVERYTHING, "datetime.utcnow()"),
    "the computer's own date in a service": (own_clock, SERVICES, "date.today()"),
    "float in medication": (floats, ("medication/**/*.py", "platform/quantity.py"), 'float("0.1")'),
    "a float's constant in medication": (floats, ("medication/**/*.py", "platform/quantity.py"), "amount = 0.1"),
    "LIKE with a bound value": (likes, EVERYTHING, 'sa.text("SELECT 1 FROM note WHERE body LIKE :q")'),
    "like()": (likes, EVERYTHING, "Note.body.like(pattern)"),
    "startswith() of a column": (likes, EVERYTHING, "Patient.family_name.startswith(word)"),
    "a setting that outlives its transaction": (raw_set, EVERYTHING, "db.execute(text(\"SET journal.who = 'x'\"))"),
    "set_config that outlives its transaction": (
        raw_set,
        EVERYTHING,
        "text(\"SELECT set_config('journal.who', :who, false)\")",
    ),
    "a program that a page starts": (imported("subprocess", "os.system", "pty"), PAGES, "import subprocess"),
    "objects that are read back": (
        imported("pickle", "marshal", "shelve", "dill", "jsonpickle", "yaml"),
        EVERYTHING,
        "from pickle import loads",
    ),
    "a template made of a text": (template_of_text, PAGES, "env.from_string(body)"),
    "another cipher than AES-GCM": (
        another_cipher,
        EVERYTHING,
        "from cryptography.hazmat.primitives.ciphers import Cipher, modes",
    ),
    "another hash than SHA-256": (another_hash, EVERYTHING, "hashlib.md5(data)"),
    "a cookie without its marks": (
        cookie_without_its_marks,
        EVERYTHING,
        "answer.set_cookie(name, value, secure=True, samesite='Lax')",
    ),
    "eval": (dangerous, EVERYTHING, "eval(expression)"),
    "a pattern made of input": (pattern_of_input, EVERYTHING, 're.search(f"{word}$", text)'),
    "a text made of input that is filled in": (format_of_input, EVERYTHING, "sentence.format(name)"),
}


def found_in(tree: ast.AST, rule: Callable[[ast.AST], bool]) -> list[int]:
    return [getattr(node, "lineno", 0) for node in ast.walk(tree) if rule(node)]


def files(patterns: tuple[str, ...]) -> list[Path]:
    found = {file for pattern in patterns for file in JOURNAL.glob(pattern)}
    return sorted(file for file in found if file.relative_to(JOURNAL).parts[0] != NOT_THE_PROGRAM)


@pytest.mark.parametrize("name", RULES)
def test_the_code_does_not_say(name: str) -> None:
    rule, where, _example = RULES[name]
    read = files(where)

    assert read
    assert [
        f"{file.relative_to(ROOT)}:{line}" for file in read for line in found_in(ast.parse(file.read_text()), rule)
    ] == []


@pytest.mark.parametrize("name", RULES)
def test_the_rule_sees_its_example(name: str) -> None:
    rule, _where, example = RULES[name]

    assert found_in(ast.parse(example), rule)


INNOCENT = "work.chart(patient_id, Note); row.patient_id == patient_id; datetime.now(UTC); text('SELECT 1'); name.startswith('x')"


@pytest.mark.parametrize("name", RULES)
def test_the_rule_lets_good_code_pass(name: str) -> None:
    assert found_in(ast.parse(INNOCENT), RULES[name][0]) == []


TEMPLATE_RULES = {
    "safe": (re.compile(r"\|\s*safe\b"), "{{ note.body | safe }}"),
    "autoescape off": (re.compile(r"autoescape\s+false"), "{% autoescape false %}"),
    "script in the page": (re.compile(r"<script(?![^>]*\bsrc=)[^>]*>"), "<script>alert(1)</script>"),
    "style in the page": (re.compile(r"<style\b|\sstyle\s*="), '<p style="color: red">'),
    "handler in the page": (
        re.compile(r"\son(?:click|load|error|submit|change|input)\s*=|\shx-on"),
        '<a onclick="x()">',
    ),
    "address of another host": (
        re.compile(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//"),
        '<script src="https://cdn.example/x.js">',
    ),
}


@pytest.mark.parametrize("name", TEMPLATE_RULES)
def test_no_template_says(name: str) -> None:
    rule, example = TEMPLATE_RULES[name]
    templates = sorted(JOURNAL.glob("**/templates/**/*.html"))

    assert len(templates) > 20
    assert rule.search(example)
    assert [str(file.relative_to(ROOT)) for file in templates if rule.search(_without_comments(file.read_text()))] == []


def _without_comments(template: str) -> str:
    return re.sub(r"\{#.*?#\}", "", template, flags=re.DOTALL)


FILE_NAME = re.compile(r"Content-Disposition\W+([^\n]*)")
OF_OURS = re.compile(r"(?:inline|attachment); filename=[a-z]+\.(?:pdf|zip)\"\}")


def test_the_name_of_a_file_that_is_sent_out_is_a_word_of_ours() -> None:
    """Nothing that somebody typed, and nothing of a patient, is in it."""
    found = [said for file in JOURNAL.rglob("*.py") for said in FILE_NAME.findall(file.read_text(encoding="utf-8"))]

    assert len(found) > 5
    assert [said for said in found if not OF_OURS.fullmatch(said)] == []
    assert not OF_OURS.fullmatch('inline; filename={name}.pdf"}')


def test_no_form_takes_a_field_that_it_does_not_know() -> None:
    """What a page does not ask for cannot be sent in beside it: who, when and where are the database's to say."""
    for module in pkgutil.walk_packages(journal.__path__, "journal."):
        if module.name.endswith("schemas") or module.name.endswith("web"):
            importlib.import_module(module.name)

    def below(kind: type[Schema]) -> Iterator[type[Schema]]:
        for sub in kind.__subclasses__():
            yield sub
            yield from below(sub)

    ours = {kind for kind in below(Schema) if kind.__module__.startswith("journal.")}
    assert len(ours) > 100
    assert {kind.__qualname__ for kind in ours if kind().unknown != RAISE} == set()


SCRIPT_RULES = {
    "a text taken for markup": (
        re.compile(r"\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write"),
        "a.innerHTML = b",
    ),
    "code made of a text": (re.compile(r"\beval\(|new Function\(|setTimeout\(\s*[\"'`]"), 'setTimeout("go()")'),
    "objects that are merged": (
        re.compile(r"Object\.assign|__proto__|\.constructor\b|setPrototypeOf"),
        "Object.assign(x, told)",
    ),
    # What tabs and our own worker say to each other goes on channels of one origin.
    "a message from anybody": (
        re.compile(r"window\.(?:onmessage|addEventListener\(\"message\")|postMessage\([^)]*,\s*[\"']\*"),
        "window.onmessage = take",
    ),
}


@pytest.mark.parametrize("name", SCRIPT_RULES)
def test_no_script_of_ours_says(name: str) -> None:
    """Those in the vendor's folder are others': the policy of the page holds them."""
    rule, example = SCRIPT_RULES[name]
    scripts = sorted((JOURNAL / "web/static").glob("*.js"))

    assert len(scripts) > 3
    assert rule.search(example)
    assert [file.name for file in scripts if rule.search(file.read_text())] == []
