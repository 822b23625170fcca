"""Gather every message of the journal, and bring the catalogues of the other languages up to date: `make messages`.

What is gathered from Python: the arguments of what translates (`_`, `phrase`, `counted` …), the words of `phrases`, the
texts of menu entries and tabs, the titles of errors, and every literal that reads as a sentence (capital letter, space,
full stop): an error is raised with its sentence, and is translated where it is shown. From templates: `_` and `ngettext`.

A new message is written with an empty translation, for a person to fill; one that is gone is taken out.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).resolve().parents[1]
JOURNAL = ROOT / "journal"
CATALOGUES = {code: JOURNAL / f"translations/{code}/LC_MESSAGES/messages.po" for code in ("nn", "en")}

# What these say is for whoever runs the installation, at a terminal, in bokmål.
AT_THE_TERMINAL = re.compile(
    r"journal/(cli|demo|serving|worker|metrics|municipalities/joining|access/(gp_list|sign_in_command|openid/providers)"
    r"|platform/(settings|postgres|postgres_programs|database|backup|manifest))\.py"
    r"|journal/(audit/(kept_command|erasure_command|erasure_file|proof_command|proving|keeping|gaps)|oversight/(command|packing))\.py"
    r"|journal/(bench|medication/(mini_)?fest)/"
)

ONE, COUNTED = {"_", "gettext", "phrase"}, {"ngettext", "counted"}
LABELLED = {"MenuEntry": 2, "Tab": 1}
_SENTENCE = re.compile(r"(?:[A-ZÆØÅ«]|%\().* .*[.!?]", re.S)

Message = str | tuple[str, str]


def python_files() -> list[Path]:
    """The modules whose words people read in a browser."""
    return [f for f in sorted(JOURNAL.rglob("*.py")) if not AT_THE_TERMINAL.search(f.relative_to(ROOT).as_posix())]


def templates() -> list[Path]:
    return sorted(JOURNAL.rglob("templates/**/*.html"))


@cache
def messages() -> frozenset[Message]:
    """Every message of the journal; one that counts is a pair (one, many)."""
    found: set[Message] = set()
    for file in python_files():
        found.update(of_python(ast.parse(file.read_text(encoding="utf-8"))))
    for template in templates():
        with template.open("rb") as source:
            for _line, function, said, _comments in babel_extract(source, ["_", "ngettext"], [], {"silent": "false"}):
                texts = [text or "" for text in (said if isinstance(said, tuple) else (said,))]
                found.add((texts[0], texts[1]) if function == "ngettext" else texts[0])
    return frozenset(found - {""})


def of_python(tree: ast.Module) -> Iterator[Message]:
    """The messages of one module."""
    told = {*docstrings(tree), *_counted_texts(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.ClassDef):
            yield from _titles(node)
        elif node in told or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        elif is_sentence(node.value):
            yield node.value


def docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """The literals that stand alone: docstrings of modules, classes and functions, and of what stands above them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _counted_texts(tree: ast.AST) -> Iterator[ast.expr]:
    """The two texts of a message that counts are one message, and none of them another."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and function_name(node) in COUNTED:
            yield from node.args[:2]


def is_sentence(text: str) -> bool:
    """Whether a literal reads as a sentence to the user."""
    return _SENTENCE.fullmatch(text) is not None


def function_name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _of_call(node: ast.Call) -> Iterator[Message]:
    name = function_name(node)
    if name in COUNTED and (texts := _texts(*node.args[:2])) and len(texts) == 2:
        yield texts[0], texts[1]
    elif name in ONE:
        yield from _texts(*node.args[:1])
    elif name in LABELLED:
        yield from _texts(node.args[LABELLED[name]])
    elif name == "phrases":
        yield from _texts(*(each for each in ast.walk(node.args[0]) if not _is_key(each, node.args[0])))


def _is_key(node: ast.AST, mapping: ast.AST) -> bool:
    return isinstance(mapping, ast.Dict) and any(node in ast.walk(key) for key in mapping.keys if key is not None)


def _texts(*nodes: ast.AST) -> list[str]:
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _titles(node: ast.ClassDef) -> Iterator[str]:
    """`title = "…"`, alone or in a row of names."""
    for line in node.body:
        if isinstance(line, ast.Assign):
            names = line.targets[0].elts if isinstance(line.targets[0], ast.Tuple) else line.targets
            values = line.value.elts if isinstance(line.value, ast.Tuple) else [line.value]
            for name, value in zip(names, values, strict=False):
                if isinstance(name, ast.Name) and name.id == "title":
                    yield from _texts(value)


def updated(file: Path, code: str, found: Set[Message]) -> str:
    """The catalogue as it should be written: the messages found, with the translations it has."""
    old = read_po(io.StringIO(file.read_text(encoding="utf-8")), locale=code) if file.exists() else Catalog(locale=code)
    new = Catalog(locale=code)
    for message in found:
        known = old.get(message[0] if isinstance(message, tuple) else message)
        same = known is not None and isinstance(known.id, str) == isinstance(message, str)
        new.add(message, known.string if known is not None and same else None)
    written = io.BytesIO()
    write_po(written, new, width=110, no_location=True, omit_header=True, sort_output=True)
    return written.getvalue().decode()


def main() -> int:
    """Writes the catalogues and says what is missing; answers with how many translations that is."""
    found, missing = messages(), 0
    for code, file in CATALOGUES.items():
        text = updated(file, code, found)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        empty = [
            message.id
            for message in read_po(io.StringIO(text), locale=code)
            if message.id and not any(message.string or [])
        ]
        missing += len(empty)
        print(f"{code}: {len(found)} messages, {len(empty)} without a translation")
        for message in empty:
            print(f"  {message}")
    return missing


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
