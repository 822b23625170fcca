"""Whatever a reader meets is in her language: every message is in every catalogue, and no words go round the catalogue.

`make messages` gathers what is new and says what lacks a translation.
"""

import ast
import io
import re
import subprocess
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from journal.platform.language import LANGUAGES, SOURCE, catalogue, entries
from tools import messages as tool

OTHERS = [code for code in LANGUAGES if code != SOURCE]
ROOT = Path(__file__).parents[2]
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[^%\w]*[a-z]")

# What is the same in every language: names, keys of a keyboard, a class of a page.
NO_LANGUAGE = {"round", "Akson", "– Akson", "Akson journal", "Ctrl K", "Alt F"}

# What stays in bokmål for everybody (docs/decisions/0007-languages.md): the dose sentence and its units, the headings a
# note begins with, letters that are compared with what was written, and the names of the languages.
STAYS = (
    # What is said at a terminal, to whoever runs the installation.
    "audit/command.py",
    "audit/exporting.py",
    "audit/gaps.py",
    "audit/verifying.py",
    "medication/rules/product.py",
    "medication/fhir/orders.py",
    "medication/rules/sentence.py",
    "medication/sources/prescription.py",
    "medication/rules/steps_said.py",
    "medication/rules/strength.py",
    "medication/rules/words.py",
    "platform/quantity.py",
    "notes/rules.py",
    "patients/rules.py",
    "platform/language.py",
)


def texts(message: tool.Message) -> tuple[str, ...]:
    return message if isinstance(message, tuple) else (message,)


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_is_translated(code):
    words = catalogue(code)
    missing = [m for m in tool.messages() if texts(m)[0] not in (words.counts if isinstance(m, tuple) else words.texts)]
    assert missing == [], "run `make messages`, and fill what is empty"


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_is_written_as_the_tool_writes_it_and_read_as_babel_reads_it(code):
    file = tool.CATALOGUES[code]
    written = file.read_text(encoding="utf-8")
    assert tool.updated(file, code, tool.messages()) == written, "run `make messages`"

    ours = {entry["msgid"]: entry.get("msgstr", entry.get("msgstr[0]")) for entry in entries(file)}
    theirs = {
        texts(m.id)[0]: m.string if isinstance(m.string, str) else m.string[0] for m in read_po(io.StringIO(written))
    }
    theirs.pop("", None)
    assert ours == theirs


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_places_of_its_message(code):
    wrong = [
        (message, said)
        for entry in entries(tool.CATALOGUES[code])
        for message, said in _pairs(entry)
        if sorted(_PLACEHOLDER.findall(message)) != sorted(_PLACEHOLDER.findall(said))
        or message[:1].isspace() != said[:1].isspace()
        or ("\N{NO-BREAK SPACE}" in message) != ("\N{NO-BREAK SPACE}" in said)
    ]
    assert wrong == []


def _pairs(entry: dict[str, str]) -> list[tuple[str, str]]:
    if "msgid_plural" in entry:
        return [(entry["msgid"], entry["msgstr[0]"]), (entry["msgid_plural"], entry["msgstr[1]"])]
    return [(entry["msgid"], entry["msgstr"])]


def test_no_words_of_a_template_go_round_the_catalogue():
    """A heuristic: letters between tags, and in attributes that are read aloud, that no expression wrote."""
    found = [
        f"{file.relative_to(ROOT)}: {words}"
        for file in tool.templates()
        for words in bare_words(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def bare_words(template: str) -> list[str]:
    """The words of a template that stand outside every expression."""
    markup = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "\0", template, flags=re.S)
    aloud = re.findall(r"(?:aria-label|title|placeholder|alt)=\"([^\"]*)\"", markup)
    between = re.split(r"<[^>]*>|[\w-]+=\"[^\"]*\"", markup)
    pieces = [piece.strip() for part in [*aloud, *between] for piece in re.split(r"[\0\n]", part)]
    return [piece for piece in pieces if re.search(r"[A-Za-zÆØÅæøå]{2}", piece) and piece not in NO_LANGUAGE]


def test_the_heuristic_sees_bare_words():
    assert bare_words("<p>{{ _('Lagre') }} nå</p>") == ["nå"]
    assert bare_words('<p title="Lukk" class="hi">{% if x %}{{ y }}{% endif %}</p>') == ["Lukk"]


def test_no_words_of_a_module_go_round_the_catalogue():
    """A heuristic: a Norwegian letter, or a sentence put together by an f-string, that no message holds."""
    known = {text for message in tool.messages() for text in texts(message)}
    found = []
    for file in tool.python_files():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        told = set(tool.docstrings(tree))
        if file.as_posix().endswith(STAYS):
            continue
        for node in ast.walk(tree):
            text = _put_together(node) if isinstance(node, ast.JoinedStr) else getattr(node, "value", None)
            if node in told or not isinstance(text, str) or text in known:
                continue
            if (isinstance(node, ast.JoinedStr) and tool.is_sentence(text)) or re.search("[æøåÆØÅ]", text):
                found.append(f"{file.relative_to(ROOT)}:{node.lineno}: {text}")
    assert found == [], "say it with phrase(...), or with _(...) in a view"


def _put_together(node: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "%(x)s" for part in node.values)


def test_nothing_is_said_past_the_reader():
    """flask_babel would know nothing of who reads."""
    found = subprocess.run(
        ["git", "grep", "-lE", "^(from|import) flask_babel"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.stdout == "", "from journal.platform.language import gettext as _"
