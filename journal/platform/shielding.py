"""What tells where a person with a protected address is, taken out of what a reader is sent. Pure.

It is done where an answer leaves the journal, not in each template: a page, a print or an export that is made next year is
covered too, and so is what somebody wrote in a note.
"""

import json
import re
from collections.abc import Collection, Iterable

from markupsafe import escape

from journal.platform.language import in_reader_language, phrase

HIDDEN = phrase("[skjermet]")
_SHORTEST = 3
"""A unit called "A" or "2" tells nobody where it is, and would take letters and doses out of the page."""


def hidden() -> str:
    """What stands in the place of a word that is taken out, in the reader's language."""
    return in_reader_language(HIDDEN)


def without(text: str, words: Collection[str], own: Iterable[str] = ()) -> str:
    """The text, be it plain, HTML or JSON, with a mark for each of the words; *own* are the reader's, and stay.

    A word is whole and written as it is: "Moss" leaves "Mosseveien" and "moss" as they are. A number is never taken out unless
    it is as long as a telephone's: it may be a dose.
    """
    taken = {word for word in words if len(word) >= _SHORTEST and not (word.isdigit() and len(word) < 8)}
    kept = {spelt for word in own if word for spelt in _spelt(word)}
    if not taken - kept:
        return text
    return _pattern(frozenset(taken), frozenset(kept)).sub(
        lambda found: found[0] if found[0] in kept else hidden(), text
    )


def _spelt(word: str) -> tuple[str, ...]:
    """As it stands in plain text, in HTML and in JSON."""
    return tuple({word, str(escape(word)), json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1]})


def _pattern(taken: frozenset[str], kept: frozenset[str]) -> re.Pattern[str]:
    """The longest first: "Solbakken sykehjem" of the reader's own is not cut by another "Solbakken"."""
    spelt = kept.union(*map(_spelt, taken))
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(spelt, key=len, reverse=True))) + r")(?!\w)")
