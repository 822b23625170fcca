"""The language is chosen with one tap, and words may be a third longer than ours without anything sticking out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from journal.platform import language
from journal.platform.language import Words
from tests import factories
from tests.browser.counting import Counting
from tests.browser.test_axe import STICKS_OUT
from tests.conftest import World

OpenAs = Callable[..., Counting]

_WORD = re.compile(r"(?<![%(\w])[^\W\d_]{3,}")


class _Longer(dict[str, str]):
    """Every message with words that are 35 per cent longer."""

    def get(self, message: str, default: object = None) -> str:
        return _WORD.sub(lambda word: word[0] + word[0][: round(len(word[0]) * 0.35)].lower(), message)


class _LongerCounts(dict[str, tuple[str, str]]):
    def get(self, message: str, default: object = None) -> tuple[str, str]:
        assert isinstance(default, tuple)
        return _Longer().get(default[0]), _Longer().get(default[1])


def test_the_language_is_chosen_and_kept_without_javascript(world: World, open_as: OpenAs) -> None:
    tab = open_as(world.nina, "/my-list", javascript=False)

    for code, heading in (("nn", "Lista mi"), ("en", "My list"), ("nb", "Min liste")):
        tab.tap("button[name=language]")
        expect(tab.find("html")).to_have_attribute("lang", code)
        expect(tab.find(".rail a[aria-current]")).to_have_text(heading)


def test_words_a_third_longer_stick_out_of_no_page_on_a_telephone(
    world: World, open_as: OpenAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient_id, _ = factories.due_dose(world)
    monkeypatch.setattr(language, "catalogue", lambda code: Words("longer", _Longer(), _LongerCounts()))
    tab = open_as(world.nina, "/my-list", width=390)
    assert "Min" not in tab.find(".rail a[aria-current]").inner_text().split()

    chart = f"/patients/{patient_id}"
    pages = [
        "/my-list",
        "/round",
        chart,
        f"{chart}/medication",
        f"{chart}/as-needed",
        f"{chart}/stay",
        f"{chart}/notes",
    ]
    pages += [f"{chart}/notes/write", f"{chart}/tasks", f"{chart}/observations", f"{chart}/allergies", "/search"]
    found = {}
    for path in pages:
        tab.open(path)
        found[path] = tab.page.evaluate(STICKS_OUT)
    assert found == {path: [] for path in pages}
