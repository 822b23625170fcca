"""What is said to a reader, in the reader's language. The source is bokmål; the others are catalogues beside the pages.

Two ways to say something:

* `gettext` (imported as `_`, and `_` in templates) where a request is being answered: the words, now;
* `phrase` and its kin where no reader is known: in rules, services, constants and errors. A Phrase is the bokmål text
  and stays so when it is stored, compared or logged. Written on a page it is in the reader's language.

A catalogue is the .po file itself, read once: nothing to compile, nothing that can be older than its source.
"""

import ast
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from markupsafe import Markup, escape

SOURCE = "nb"
LANGUAGES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
TRANSLATIONS = Path(__file__).parents[1] / "translations"

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Words:
    """A catalogue in memory; none of a message: the message. Our languages count alike: one, and everything else."""

    code: str
    texts: Mapping[str, str]
    counts: Mapping[str, tuple[str, str]]

    def gettext(self, message: str) -> str:
        return self.texts.get(message, message)

    def ngettext(self, one: str, many: str, num: int) -> str:
        return self.counts.get(one, (one, many))[num != 1]


_source = Words(SOURCE, {}, {})
_current: ContextVar[Words] = ContextVar("language", default=_source)


def current() -> str:
    """The code of the language that is spoken now."""
    return _current.get().code


def use(code: str) -> None:
    """Everything said from here on in this request is in this language; bokmål for one that is not known."""
    _current.set(catalogue(code if code in LANGUAGES else SOURCE))


@cache
def catalogue(code: str) -> Words:
    """The words of a language in LANGUAGES, read the first time somebody uses it."""
    if code == SOURCE:
        return _source
    texts: dict[str, str] = {}
    counts: dict[str, tuple[str, str]] = {}
    for entry in entries(TRANSLATIONS / code / "LC_MESSAGES/messages.po"):
        if entry.get("msgid_plural") and entry["msgstr[0]"]:
            counts[entry["msgid"]] = (entry["msgstr[0]"], entry["msgstr[1]"])
        elif entry.get("msgstr"):
            texts[entry["msgid"]] = entry["msgstr"]
    return Words(code, texts, counts)


def entries(file: Path) -> Iterator[dict[str, str]]:
    """The messages of a .po file as `make messages` writes it, each as its keywords with their texts. Raises OSError."""
    for entry in file.read_text(encoding="utf-8").split("\n\n"):
        parts: dict[str, str] = {}
        name = ""
        for line in entry.splitlines():
            if not line or line.startswith("#"):
                continue
            word, quoted = ("", line) if line.startswith('"') else line.split(" ", 1)
            name = word or name
            parts[name] = parts.get(name, "") + ast.literal_eval(quoted)
        if parts.get("msgid"):
            yield parts


class Phrase(str):
    """A text in bokmål that knows how to be written in other languages; `__html__` is what templates ask for."""

    __slots__ = ("write",)
    write: Callable[[Words], str]

    def __new__(cls, text: str, write: Callable[[Words], str]) -> "Phrase":
        """*text* in bokmål; *write* says it in the language it is given."""
        self = super().__new__(cls, text)
        self.write = write
        return self

    def __html__(self) -> str:
        return escape(self.spoken())

    def spoken(self) -> str:
        """In the reader's language."""
        words = _current.get()
        return str(self) if words is _source else self.write(words)

    def in_a_sentence(self) -> "Phrase":
        """The same with a small first letter, for the middle of a sentence."""
        return Phrase(self[:1].lower() + self[1:], lambda words: (text := self.write(words))[:1].lower() + text[1:])


def gettext(message: str, **values: Any) -> str:
    """The message in the reader's language, with the values in their places."""
    return _filled(_current.get(), _current.get().gettext(message), values)


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """The message for `num` (also a value) of something."""
    return _filled(_current.get(), _current.get().ngettext(one, many, num), {"num": num, **values})


def phrase(message: str, **values: Any) -> Phrase:
    """The message, written in the reader's language when it is shown."""
    text = message % values if values else message
    return Phrase(text, lambda words: _filled(words, words.gettext(message), values))


def counted(one: str, many: str, num: int, **values: Any) -> Phrase:
    """The message for `num` (also a value) of something, written when it is shown."""
    values["num"] = num
    text = (one if num == 1 else many) % values
    return Phrase(text, lambda words: _filled(words, words.ngettext(one, many, num), values))


def joined(between: str, parts: Iterable[str]) -> str:
    """The parts that are not empty, with `between` between them; a phrase if any of them is one."""
    kept = [part for part in parts if part]
    if len(kept) == 1:
        return kept[0]
    text = between.join(kept)
    if not any(isinstance(part, Phrase) for part in kept):
        return text
    return Phrase(text, lambda words: between.join([_written(words, part) for part in kept]))


def phrases(texts: Mapping[K, str]) -> dict[K, str]:
    """Words for codes."""
    return {code: phrase(text) for code, text in texts.items()}


def as_phrase(text: str) -> Phrase:
    """A whole sentence that somebody raised: in the reader's language if the catalogue has it."""
    return text if isinstance(text, Phrase) else phrase(text)


def in_reader_language(text: str) -> str:
    """What stands where no template writes it: JSON, plain text."""
    return str(_written(_current.get(), text))


def in_language(text: str, code: str) -> str:
    """For a reader who is not the one that asks: what is printed for a patient."""
    return str(_written(catalogue(code), text))


def on_page(message: str, **values: Any) -> Markup:
    """`_` of the templates: the message and its values are text, never markup."""
    text = _current.get().gettext(message)
    return _with_values(text, values) if values else escape(text)


def on_page_counted(one: str, many: str, num: int, **values: Any) -> Markup:
    """`ngettext` of the templates."""
    return _with_values(_current.get().ngettext(one, many, num), {"num": num, **values})


def _with_values(text: str, values: Mapping[str, Any]) -> Markup:
    # Most values are numbers, which are escaped with the sentence they stand in: each by itself takes longer than all of it.
    if all(type(value) is int for value in values.values()):
        return escape(text % values)
    return escape(text) % values


def _filled(words: Words, text: str, values: Mapping[str, Any]) -> str:
    if not values:
        return text
    # In bokmål a phrase is its own text already.
    return text % (values if words is _source else {name: _written(words, value) for name, value in values.items()})


def _written(words: Words, value: Any) -> Any:
    return value.write(words) if isinstance(value, Phrase) else value
