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
import importlib.abc
import importlib.util
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
RULES = ROOT / "journal" / "medication" / "rules"
EXPLAINED = ROOT / "docs" / "mutation.md"
PATIENCE_SECONDS = 60
"""Of processor time, five times what the slowest tests need: a machine with much to do is no change noticed."""

_SAFETY = ("safety_cases", "safety_alerts", "safety_doses", "safety_interactions", "safety_properties")
TESTS = {
    "schedule.py": ("schedule", "every_clock_change", "steps", "rule_limits"),
    "as_needed.py": ("status",),
    "status.py": ("status", "rule_limits"),
    "reasons.py": ("status", "conditions", "rule_limits"),
    "caution.py": ("caution", "rule_limits"),
    "settings.py": ("dose_settings", "rule_limits"),
    "dosage.py": ("dosage",),
    "parts.py": ("dosage",),
    "strength.py": ("dose_lines",),
    "sentence.py": ("sentence", "dose_lines"),
    **{
        f"safety/{name}.py": _SAFETY
        for name in ("daily_maximum", "amounts", "weekly", "dose_size", "duplicates", "interactions")
    },
    **{f"safety/{name}.py": _SAFETY for name in ("allergy", "alerts", "answers", "judge", "medicine")},
    "safety/opioids.py": (*_SAFETY, "rule_limits"),
}
"""The tests that hold each rule, by the middle of their names; those alone are run."""


class Change(NamedTuple):
    """One changed place: `what` names it, the same at each run as long as the line says the same."""

    file: str
    line: int
    what: str
    source: str
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


def changes(file: str) -> Iterator[Change]:
    """Every change of this rule, in the order of its lines."""
    source = (RULES / file).read_text()
    tree, written = ast.parse(source), source.splitlines()
    _without_docstrings(tree)
    inside = _functions(tree)
    kept = {place for node in tree.body for one in getattr(node, "decorator_list", ()) for place in ast.walk(one)}
    for number, place in enumerate(ast.walk(tree)):
        for variant in range(3 if place not in kept else 0):
            changed = copy.deepcopy(tree)
            node = next(node for n, node in enumerate(ast.walk(changed)) if n == number)
            before = _said(node)
            if not _change(node, variant):
                break
            after = _said(node)
            if before != after:
                line = getattr(node, "lineno", 0)
                where = f" in {written[line - 1].strip()}" if isinstance(node, ast.Constant) else ""
                yield Change(file, line, f"{before} → {after}{where}", ast.unparse(changed), inside.get(place))


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


def _compiled(change: Change) -> CodeType:
    return compile(change.source, str(RULES / change.file), "exec")


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
    found = [ROOT / "tests" / "medication" / f"test_{name}.py" for name in TESTS[file]]
    return [str(path) for path in found if path.exists()]


def _run(file: str, plugin: object) -> int:
    """Runs the tests of the file in this process: 0 when they pass."""
    import hypothesis
    import pytest

    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutation", derandomize=True, database=None, phases=phases, deadline=None)
    hypothesis.settings.load_profile("mutation")
    # No test is stopped by the clock: what a busy machine does to it would look like a change noticed.
    options = ("-x", "-q", "-p", "no:cacheprovider", "--capture=no", "--disable-warnings", "-o", "timeout=0")
    return int(pytest.main([*options, *_tests(file)], plugins=[_WithoutDatabase(), plugin]))


def _with_the_rule_read_anew(change: Change, file: str) -> int:
    sys.meta_path.insert(0, _Changed(change))
    return _run(file, object())


class _WithoutDatabase:
    """Leaves out what needs a database: these rules are to be held by their own tests, which are quick."""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [item for item in items if not {"server", "app", "world"} & set(item.fixturenames)]


class _Tries:
    """In the place of running the tests that are read: runs them once for each change, each in a process of its own."""

    def __init__(self, tried: Sequence[Change], jobs: int) -> None:
        self.tried, self.jobs = tried, jobs
        self.left: list[Change] = []

    def pytest_runtestloop(self, session: Any) -> bool:
        def run(change: Change) -> int:
            made = _in_memory(change)
            if made is None:
                return 0  # looked at anew with the rest that is left
            function, function.__code__ = made
            for item in session.items:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                if session.testsfailed:
                    return 1
            return 0

        self.left = _unnoticed(self.tried, run, self.jobs)
        return True


def unnoticed(tried: Sequence[Change], file: str, jobs: int) -> list[Change]:
    """Those of the changes that no test says anything of. Not to come to an end is also noticed."""
    noticed = set(tried) - set(_left_in_memory(tried, file, jobs))
    again = [change for change in tried if change not in noticed]
    return _unnoticed(again, lambda change: _with_the_rule_read_anew(change, file), jobs)


def _left_in_memory(tried: Sequence[Change], file: str, jobs: int) -> list[Change]:
    """As unnoticed, by changing functions that are read; in a process of its own, so that this one reads nothing of ours."""
    there, here = os.pipe()
    if (pid := os.fork()) == 0:
        with suppress(BaseException):
            _be_still()
            tries = _Tries(tried, jobs)
            _run(file, tries)
            os.write(here, " ".join(["all", *(str(tried.index(change)) for change in tries.left)]).encode())
        os._exit(0)
    os.close(here)
    with os.fdopen(there) as told:
        done, *left = told.read().split() or ["none"]
    os.waitpid(pid, 0)
    return [tried[int(number)] for number in left] if done == "all" else list(tried)


def _unnoticed(tried: Sequence[Change], run: Callable[[Change], int], jobs: int) -> list[Change]:
    """Those that their process, which lets `run` answer, ends with 0 for."""
    waiting, running, left = list(tried)[::-1], dict[int, Change](), []
    while waiting or running:
        while waiting and len(running) < jobs:
            change = waiting.pop()
            if (pid := os.fork()) == 0:
                code = 1
                with suppress(BaseException):
                    _be_still()
                    resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE_SECONDS, PATIENCE_SECONDS))
                    code = run(change)
                os._exit(code)
            running[pid] = change
        pid, status = os.wait()
        change = running.pop(pid)
        if status == 0:
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


def main(arguments: Sequence[str]) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*", default=list(TESTS), metavar="schedule.py")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--most", type=int, help="so many changes of each file, drawn by chance")
    chosen = options.parse_args(arguments)
    _warm_up()
    explained = EXPLAINED.read_text() if EXPLAINED.exists() else ""
    left = 0
    for file in chosen.files:
        source = (RULES / file).read_text()
        as_it_is = Change(file, 0, "nothing", source, next(iter(_functions(ast.parse(source)).values()), None))
        if not unnoticed([as_it_is], file, 1):
            print(f"{file}: the tests fail as the rule is", flush=True)
            return 2
        left += _try(file, chosen.jobs, chosen.most, explained)
    return int(left > 0)


def _try(file: str, jobs: int, most: int | None, explained: str) -> int:
    """Tries the changes of one rule, and answers with how many survive unexplained."""
    made, began = list(changes(file)), time.monotonic()
    if most is not None and most < len(made):
        drawn = random.Random(1).sample(made, most)  # noqa: S311  chance, and no secret
        made = sorted(drawn, key=lambda change: change.line)
    survived = sorted(unnoticed(made, file, jobs))
    unexplained = [change for change in survived if change.what not in explained]
    took = time.monotonic() - began
    print(
        f"{file}: {len(made)} changes, {len(survived)} survive, {len(unexplained)} unexplained ({took:.0f} s)",
        flush=True,
    )
    for change in unexplained:
        print(f"  {file}:{change.line}: `{change.what}`", flush=True)
    return len(unexplained)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
