"""Mutation testing of the clinical rules: `make mutation`, or `python -m tools.mutation [file …] [--jobs 2] [--most N]`.

Each rule is changed in one place at a time (a limit moved, a comparison turned, an "and" made an "or"), and the tests of that
rule are run. A change that no test notices has survived: either a test is lacking, or the change makes no difference. What
survives and why is in docs/mutation.md; the command answers 1 when something survives that is not explained there.

The files are never touched. A change inside a function is made to the function in memory, in a process of its own whose
tests are read already; every other change, and what survives that, in one that reads the changed rule instead of the file.
"""

import argparse
import ast
import copy
import gc
import importlib.abc
import importlib.util
import json
import os
import random
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
RULES = ROOT / "journal" / "medication" / "rules"
EXPLAINED = ROOT / "docs" / "mutation.md"
PATIENCE_SECONDS = 5
_SLOWEST_SECONDS = 12
"""Of processor time: a change may take five times what its tests need as the rule is, and this. A machine with much to do is
no change noticed."""

_SAFETY = (
    *("safety_cases", "safety_alerts", "safety_doses", "safety_interactions"),
    *("rule_cases_safety", "rule_cases_alerts"),
)
TESTS = {
    "downtime.py": ("rule_cases_downtime",),
    "rounds.py": ("rule_cases",),
    "alone.py": ("rule_cases_alone",),
    "stock.py": ("rule_cases_stock",),
    "supervised.py": ("supervised",),
    "asking.py": ("rule_cases",),
    "transfer.py": ("rule_cases",),
    "go_live.py": ("rule_cases",),
    "laid_out.py": ("rule_cases_laid_out",),
    "registry.py": ("rule_cases_since",),
    "since.py": ("rule_cases_since",),
    "leave.py": ("rule_cases_leave",),
    "door.py": ("rule_cases",),
    "verbal.py": ("rule_cases",),
    "procedures.py": ("rule_cases",),
    "insulin.py": ("rule_cases",),
    "product.py": ("product_rule",),
    "review.py": ("reviewing", "rule_cases"),
    "supply.py": ("supply", "rule_cases"),
    "once.py": ("once", "rule_cases"),
    "pausing.py": ("pausing", "rule_cases"),
    "first_dose.py": ("first_dose", "rule_cases_dosage"),
    "favourites.py": ("course_doses", "rule_cases_dosage"),
    "renewal.py": ("renewing", "once", "rule_cases"),
    "course_doses.py": ("course_doses",),
    "timeline.py": ("timeline", "rule_cases_dosage"),
    "week.py": ("week", "rule_cases_dosage"),
    "words.py": ("sentence", "steps", "once"),
    "picture.py": ("status", "timeline", "rule_cases_dosage"),
    "patches.py": ("patches", "rule_cases_dosage"),
    "steps.py": ("steps", "course_doses", "dosage", "first_dose", "rule_cases_dosage"),
    "steps_said.py": ("steps", "sentence"),
    "stored.py": ("steps", "dosage", "course_doses", "first_dose", "rule_cases_dosage"),
    "reconciling.py": ("reconciling_rules",),
    "schedule.py": ("schedule", "first_dose", "steps", "rule_limits"),
    "as_needed.py": ("status",),
    "status.py": ("status", "rule_limits", "week", "rule_cases_downtime"),
    "reasons.py": ("status", "conditions", "rule_limits", "rule_cases_dosage"),
    "caution.py": ("caution", "rule_limits", "rule_cases_downtime"),
    "interval.py": ("interval",),
    "settings.py": ("dose_settings", "rule_limits"),
    "dosage.py": ("dosage", "steps", "course_doses", "rule_cases_dosage"),
    "parts.py": ("dosage", "steps", "first_dose", "course_doses", "rule_cases_dosage"),
    "strength.py": ("rule_cases_dosage",),
    "sentence.py": ("sentence", "once", "steps", "rule_cases_dosage"),
    "safety/closed.py": ("rule_cases_closed",),
    "safety/counted.py": ("rule_cases_safety",),
    "safety/last_given.py": ("rule_cases_closed",),
    "safety/basis.py": _SAFETY,
    "safety/groups.py": _SAFETY,
    "safety/opioids_given.py": ("opioids",),
    "safety/remembered.py": ("answered_before", "rule_cases_safety"),
    "safety/substances.py": _SAFETY,
    **{
        f"safety/{name}.py": _SAFETY
        for name in ("daily_maximum", "weekly", "dose_size", "duplicates", "interactions", "allergy", "alerts")
    },
    **{f"safety/{name}.py": _SAFETY for name in ("answers", "judge", "medicine")},
    "safety/amounts.py": (*_SAFETY, "steps", "opioids"),
    "safety/opioids.py": (*_SAFETY, "rule_limits", "opioids"),
    "authority.py": ("authority_rule",),
    "dispenser.py": ("rule_cases_dispenser",),
    "ledger.py": ("rule_cases_giving", "ledger"),
    "next_step.py": ("next_step", "rule_cases_giving"),
    "prepared.py": ("rule_cases_giving",),
    "roll.py": ("rule_cases_giving",),
    "rota.py": ("rota_rules",),
    "without_order.py": ("facts_never_refused",),
}
"""The tests that hold each rule, by the middle of their names; those alone are run."""


class Change(NamedTuple):
    """One changed place: `what` names it, the same at each run as long as the line says the same."""

    file: str
    line: int
    what: str
    place: int
    """Its number among the nodes of the file."""
    variant: int
    inside: str | None = None
    """The function that alone is changed, as "function" or "Class.method"; None when more is."""


# What is changed

_TURNED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
_CHANGEABLE = (
    *(ast.Compare, ast.BoolOp, ast.BinOp, ast.Constant, ast.IfExp, ast.If, ast.UnaryOp, ast.Return),
    *(ast.Call, ast.comprehension),
)


def changes(file: str) -> Iterator[Change]:
    """Every change of this rule, in the order of its lines."""
    tree, written = _tree(file), (RULES / file).read_text().splitlines()
    inside = _functions(tree)
    kept = {place for node in tree.body for one in getattr(node, "decorator_list", ()) for place in ast.walk(one)}
    for number, place in enumerate(ast.walk(tree)):
        for variant in range(3 if isinstance(place, _CHANGEABLE) and place not in kept else 0):
            changed = copy.deepcopy(place)
            if not _change(changed, variant):
                break
            before, after = _said(place), _said(changed)
            if before != after:
                line = getattr(place, "lineno", 0)
                where = f" in {' '.join(written[line - 1].split())}" if isinstance(place, ast.Constant) else ""
                yield Change(file, line, f"{before} → {after}{where}", number, variant, inside.get(place))


def _tree(file: str) -> ast.Module:
    tree = ast.parse((RULES / file).read_text())
    _without_docstrings(tree)
    return ast.fix_missing_locations(tree)


def _functions(tree: ast.Module) -> dict[ast.AST, str]:
    """The function that each place stands in: of the module or of a class of it. Defaults and decorators are in none."""
    owners = [(tree, ""), *((node, f"{node.name}.") for node in tree.body if isinstance(node, ast.ClassDef))]
    return {
        place: owner_name + function.name
        for owner, owner_name in owners
        for function in owner.body
        if isinstance(function, ast.FunctionDef)
        for statement in function.body
        for place in ast.walk(statement)
    }


def _said(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:110]


def _change(node: ast.AST, variant: int) -> bool:
    """Changes this node in its n-th way; False when it has none left."""
    ways: list[Callable[[], None]] = []
    match node:
        case ast.Compare():
            ways = (
                [lambda: node.ops.__setitem__(0, _TURNED[type(node.ops[0])]())] if type(node.ops[0]) in _TURNED else []
            )
            if isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                around = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
                ways.append(lambda: node.ops.__setitem__(0, around[type(node.ops[0])]()))
        case ast.BoolOp() | ast.BinOp() if type(node.op) in _TURNED:
            ways = [lambda: setattr(node, "op", _TURNED[type(node.op)]())]
        case ast.Constant(value=bool(value)):
            ways = [lambda: setattr(node, "value", not value)]
        case ast.Constant(value=int(value)):
            ways = [lambda: setattr(node, "value", value + 1)]
        case ast.IfExp(test=test) | ast.If(test=test):
            ways = [lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test))]
        case ast.UnaryOp(op=ast.Not()):
            ways = [
                lambda: setattr(node, "op", ast.Not()) or setattr(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
            ]
        case ast.Return(value=value) if value is not None and not _is(value, None):
            ways = [lambda: setattr(node, "value", ast.Constant(None))]
        case ast.Call(func=ast.Name(id="any" | "all" as which)):
            ways = [lambda: setattr(node.func, "id", "all" if which == "any" else "any")]
        case ast.Call(func=ast.Name(id="min" | "max" as which)):
            ways = [lambda: setattr(node.func, "id", "max" if which == "min" else "min")]
        case ast.comprehension(ifs=[_, *_]):
            ways = [lambda: node.ifs.pop()]
    if variant < len(ways):
        ways[variant]()
        ast.fix_missing_locations(node)
        return True
    return False


def _is(node: ast.AST, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _without_docstrings(tree: ast.Module) -> None:
    """What is said to readers is not changed; nor are annotations, which nothing runs."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [
                one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
            ] or [  # type: ignore[attr-defined]
                ast.Pass()
            ]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            for argument in (*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs):
                argument.annotation = None


# What is run


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the changed rule to whoever imports it."""

    def __init__(self, change: Change) -> None:
        self.name = _module(change.file)
        self.change = change

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def exec_module(self, module: Any) -> None:
        exec(_compiled(self.change), module.__dict__)  # noqa: S102


def _nothing(file: str) -> Change:
    return Change(file, 0, "nothing", 0, 0)


def _compiled(change: Change) -> CodeType:
    tree = _tree(change.file)
    if change != _nothing(change.file):
        _change(next(node for number, node in enumerate(ast.walk(tree)) if number == change.place), change.variant)
    return compile(tree, str(RULES / change.file), "exec")


def _module(file: str) -> str:
    return "journal.medication.rules." + file.removesuffix(".py").replace("/", ".")


def _in_memory(change: Change) -> tuple[FunctionType, CodeType] | None:
    """The function that is changed, and what it does then; None when it cannot be changed where it stands."""
    if change.inside is None:
        return None
    function: Any = sys.modules[_module(change.file)]
    code: CodeType | None = _compiled(change)
    for name in change.inside.split("."):
        function = vars(function)[name]
        found = [one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == name] if code else []
        code = found[0] if len(found) == 1 else None
    while not isinstance(function, FunctionType):
        inner = ("__wrapped__", "fget", "__func__", "func")
        function = next((found for name in inner if (found := getattr(function, name, None))), None)
        if function is None:
            return None
    same = code is not None and code.co_freevars == function.__code__.co_freevars
    return (function, code) if same and code else None


def _tests(file: str) -> list[str]:
    return [str(ROOT / "tests" / "medication" / f"test_{name}.py") for name in TESTS[file]]


def _run(tests: Iterable[str], *plugins: object, first_failure: bool = True) -> int:
    """Runs these tests in this process: 0 when they pass."""
    import hypothesis
    import pytest

    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutation", derandomize=True, database=None, phases=phases, deadline=None)
    hypothesis.settings.load_profile("mutation")
    # No test is stopped by the clock: what a busy machine does to it would look like a change noticed.
    options = ["-q", "-p", "no:cacheprovider", "--capture=no", "--disable-warnings", "-o", "timeout=0"]
    # Nobody reads why a test failed.
    options += ["--tb=native", "--assert=plain", *(["-x"] if first_failure else [])]
    return int(pytest.main([*options, *tests], plugins=[_WithoutDatabase(), *plugins]))


def _with_the_rule_read_anew(change: Change, *plugins: object, first_failure: bool = True) -> int:
    """Runs the tests of the rule where all but the rules and the tests is read already."""
    import journal.medication

    for name in [name for name in sys.modules if name.startswith("journal.medication.rules")]:
        del sys.modules[name]
    del journal.medication.rules
    sys.meta_path.insert(0, _Changed(change))
    return _run(_tests(change.file), *plugins, first_failure=first_failure)


def _seeing_the_old_rule(file: str) -> set[str]:
    """The tests that fail when the rule as it is is read anew: what they ask was read before, and holds the old one."""
    failed = _Failed()

    def found() -> list[str]:
        _be_still()
        _with_the_rule_read_anew(_nothing(file), failed, first_failure=False)
        return failed.names

    return set(_answer_of(found) or ())


class _Failed:
    """Which tests failed."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.names.append(report.nodeid)


class _Without:
    """Leaves out these tests."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [item for item in items if item.nodeid not in self.names]


class _WithoutDatabase:
    """Leaves out what needs a database: these rules are to be held by their own tests, which are quick.

    What draws its cases by chance draws few, always the same: the rules are to be held by cases that somebody wrote.
    """

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        import hypothesis

        items[:] = [item for item in items if not {"server", "app", "world"} & set(item.fixturenames)]
        for test in {item.obj for item in items if hasattr(item.obj, "hypothesis")}:
            own = test._hypothesis_internal_use_settings
            test._hypothesis_internal_use_settings = hypothesis.settings(own, max_examples=min(own.max_examples, 10))


_Place = tuple[str, int]
"""A function: its file, and its first line."""


class _Called:
    """Which functions of the rules are called between `begin` and `end`."""

    def begin(self) -> None:
        self.places = set[_Place]()
        sys.setprofile(self._look)

    def end(self) -> set[_Place]:
        sys.setprofile(None)
        return self.places

    def _look(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and _IN_RULES in frame.f_code.co_filename:
            self.places.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))


_IN_RULES = f"{os.sep}medication{os.sep}rules{os.sep}"


class _Tries:
    """In the place of running the tests that are read: runs those that reach a change, in a process of its own for each.

    What is left of each rule is told through `tell`; nothing when a test fails as the rules are. A change of a function that
    was called while the tests were read may have been seen too late, and is to be tried anew, as all that is not inside one
    function.
    """

    def __init__(self, tried: Mapping[str, Sequence[Change]], jobs: int, tell: Callable[[object], None]) -> None:
        self.tried, self.jobs, self.tell = tried, jobs, tell
        self.called = _Called()

    def pytest_runtestloop(self, session: Any) -> bool:
        while_read = self.called.end()
        reached = _answer_of(lambda: [_looked_at(item, session) for item in session.items])
        gc.freeze()
        for file, changes in self.tried.items() if reached else ():
            of_rule = _tests(file)
            looked_at = [
                (took, {tuple(place) for place in places}, item)
                for item, (took, places) in zip(session.items, reached, strict=True)
                if str(item.path) in of_rule
            ]
            self.tell(_left_of_rule(session, changes, sorted(looked_at, key=lambda one: one[0]), while_read, self.jobs))
        return True


def _left_of_rule(
    session: Any, changes: Sequence[Change], looked_at: Sequence[Any], while_read: set[_Place], jobs: int
) -> dict[str, Any]:
    """The numbers of the changes that are not noticed, and of those that are to be tried anew."""
    began, again = time.monotonic(), set[Change]()
    seconds, run = dict[Change, float](), dict[Change, Callable[[], int]]()
    for change in changes:
        if (made := _in_memory(change)) is None:
            again.add(change)
            continue
        place = made[0].__code__.co_filename, made[0].__code__.co_firstlineno
        reaching = [(took, item) for took, places, item in looked_at if place in places]
        seconds[change] = sum(took for took, _ in reaching)
        run[change] = partial(_tried, session, made, [item for _, item in reaching])
        if place in while_read:
            again.add(change)
    left = set(_unnoticed(list(run), lambda change: run[change](), jobs, lambda change: seconds[change]))
    return {
        "file": changes[0].file,
        "left": [n for n, change in enumerate(changes) if change in left - again],
        "again": [n for n, change in enumerate(changes) if change in again and (change in left or change not in run)],
        "seconds": time.monotonic() - began,
    }


def _looked_at(item: Any, session: Any) -> tuple[float, list[_Place]]:
    """How long the test takes, and which functions it calls. Ends the process when it fails."""
    for module in [module for name, module in sys.modules.items() if name.startswith("journal.medication.rules")]:
        for kept in [kept for kept in vars(module).values() if hasattr(kept, "cache_clear")]:
            kept.cache_clear()  # or only the first test would be seen to call what it keeps
    called, began = _Called(), time.process_time()
    called.begin()
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    places = called.end()
    if session.testsfailed:
        os._exit(1)
    return time.process_time() - began, list(places)


def _tried(session: Any, made: tuple[FunctionType, CodeType], items: Sequence[Any]) -> int:
    function, function.__code__ = made
    for item in items:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if session.testsfailed:
            return 1
    return 0


def _answer_of(asked: Callable[[], Any]) -> Any:
    """What this answers in a process of its own, which leaves no trace in ours; None when it did not come to an end."""
    there, here = os.pipe()
    if (pid := os.fork()) == 0:
        with suppress(BaseException), os.fdopen(here, "w") as told:
            json.dump(asked(), told)
        os._exit(0)
    os.close(here)
    with os.fdopen(there) as told:
        answer = told.read()
    os.waitpid(pid, 0)
    return json.loads(answer) if answer else None


def _left_in_memory(tried: Mapping[str, Sequence[Change]], jobs: int) -> Iterator[Any]:
    """What `_Tries` tells, rule by rule; all tests are read once, in a process of its own, so that this one reads nothing."""
    there, here = os.pipe()
    if os.fork() == 0:
        with suppress(BaseException):
            _be_still()
            tries = _Tries(tried, jobs, lambda told: os.write(here, json.dumps(told).encode() + b"\n"))
            tries.called.begin()
            _run(dict.fromkeys(test for file in tried for test in _tests(file)), tries)
        os._exit(0)
    os.close(here)
    with os.fdopen(there) as told:
        yield from map(json.loads, told)


def _unnoticed(
    tried: Sequence[Change], run: Callable[[Change], int], jobs: int, seconds: Callable[[Change], float]
) -> list[Change]:
    """Those that their process, which lets `run` answer, ends with 0 for. Not to come to an end is also noticed."""
    waiting, running, left = list(tried)[::-1], dict[int, Change](), []
    while waiting or running:
        while waiting and len(running) < jobs:
            change = waiting.pop()
            if (pid := os.fork()) == 0:
                code = 1
                with suppress(BaseException):
                    _be_still()
                    patience = PATIENCE_SECONDS + int(5 * seconds(change))
                    resource.setrlimit(resource.RLIMIT_CPU, (patience, patience))
                    code = run(change)
                os._exit(code)
            running[pid] = change
        pid, status = os.wait()
        change = running.pop(pid, None)
        if change is not None and status == 0:
            left.append(change)
    return left


def _be_still() -> None:
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)


def _warm_up() -> None:
    """What takes long to read and is none of the rules, read once for all the processes."""
    for name in ("pytest", "hypothesis", "sqlalchemy.orm", "flask", "marshmallow", "psycopg", "jinja2", "structlog"):
        importlib.import_module(name)


def _read_the_rest() -> None:
    """What is around the rules, for the changes that are tried with the rule read anew."""
    importlib.import_module("tests.conftest")


def main(arguments: Sequence[str]) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*", default=list(TESTS), metavar="schedule.py")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--most", type=int, help="so many changes of each file, drawn by chance")
    chosen = options.parse_args(arguments)
    _warm_up()
    why = explained()
    tried = {file: _drawn(list(changes(file)), chosen.most) for file in chosen.files}
    unexplained, ended = 0, 0
    for told in _left_in_memory(tried, max(chosen.jobs - 1, 1)):
        unexplained += _told(tried[told["file"]], told, why.get(told["file"], set()))
        ended += 1
    if ended < len(tried):
        print("the tests fail as the rules are", flush=True)
        return 2
    return int(unexplained > 0)


def _drawn(made: list[Change], most: int | None) -> list[Change]:
    if most is None or most >= len(made):
        return made
    return sorted(random.Random(1).sample(made, most), key=lambda change: change.line)  # noqa: S311  chance, and no secret


def explained() -> dict[str, set[str]]:
    """The changes that docs/mutation.md explains, by the file of the rule: an explanation excuses nothing in another."""
    points = re.findall(r"^- `([a-z_/]+\.py)`:\s(.*?)(?=^- |\Z)", EXPLAINED.read_text(), re.MULTILINE | re.DOTALL)
    said: dict[str, set[str]] = {}
    for file, point in points:
        quoted = re.findall(r"`([^`]+)`", " ".join(point.split()))
        said.setdefault(file, set()).update(what for what in quoted if " → " in what)
    return said


def _told(tried: Sequence[Change], told: Any, why: set[str]) -> int:
    """Says what survives of one rule, and answers with how much of it is unexplained."""
    began = time.monotonic()
    left, again = ([tried[number] for number in told[which]] for which in ("left", "again"))
    if again:
        _read_the_rest()
        without = _Without(_seeing_the_old_rule(told["file"]))
        # The rule as it is must pass, or every change would look noticed.
        survived = _unnoticed(
            [_nothing(told["file"]), *again],
            lambda change: _with_the_rule_read_anew(change, without),
            1,
            lambda change: _SLOWEST_SECONDS,
        )
        if not survived or survived[0] != _nothing(told["file"]):
            raise AssertionError(f"{told['file']}: the tests fail as the rule is, read anew")
        left += survived[1:]
    unexplained = [change for change in sorted(left, key=lambda change: change.line) if change.what not in why]
    took = told["seconds"] + time.monotonic() - began
    print(
        f"{told['file']}: {len(tried)} changes, {len(left)} survive, {len(unexplained)} unexplained ({took:.0f} s)",
        flush=True,
    )
    for change in unexplained:
        print(f"  {change.file}:{change.line}: `{change.what}`", flush=True)
    return len(unexplained)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
