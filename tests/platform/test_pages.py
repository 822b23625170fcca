"""What is written into a template when it is compiled: constant words and pictures, in the reader's language, escaped."""

import pytest

from journal.app import JournalApp
from journal.platform import language


@pytest.fixture
def pages(app: JournalApp):
    with app.test_request_context("/"):
        yield app.jinja_env
    language.use(language.SOURCE)


def program(pages, text: str) -> str:
    return str(pages.compile(text, raw=True))


def test_words_and_pictures_that_are_constant_are_in_the_program(pages):
    written = program(pages, "<p>{{ _('Lagre') }} {{ icon('pen') }}</p>")

    assert "<p>Lagre <svg class=" in written
    assert "context.call" not in written


@pytest.mark.parametrize(
    "text",
    [
        "{{ _(text) }}",
        "{{ _('Rom %(room)s', room=text) }}",
        "{% macro icon(name) %}{{ name }}{% endmacro %}{{ icon('pen') }}",
        "{% set icon = other %}{{ icon('pen') }}",
        "{% from 'macros/form.html' import button as icon %}{{ icon('pen') }}",
    ],
)
def test_what_is_known_only_when_the_page_is_shown_is_called_then(pages, text):
    assert "context.call" in program(pages, text)


@pytest.mark.parametrize(
    ("code", "said"), [("nb", "Ikke gitt"), ("nn", "Ikkje gitt"), ("en", "Not given"), ("nb", "Ikke gitt")]
)
def test_a_page_and_its_pictures_are_in_the_language_that_is_spoken(pages, code, said):
    language.use(code)

    assert said in pages.globals["legend"]()
    assert f"</svg> {said}</li>" in pages.get_template("macros/medication.html").module.legend()


@pytest.mark.parametrize(
    ("value", "shown"),
    [("<b>&'\"", "&lt;b&gt;&amp;&#39;&#34;"), (7, "7"), (0.5, "0.5"), (None, "None"), (["<"], "[&#39;&lt;&#39;]")],
)
def test_what_is_shown_is_escaped(pages, value, shown):
    assert pages.from_string("<p>{{ value }}</p>").render(value=value) == f"<p>{shown}</p>"


def test_a_value_is_escaped_once_on_its_way_through_a_macro(pages):
    shown = pages.get_template("macros/entry.html").module.words({"erased": False, "in_error": True}, "<b>")

    assert shown == "<s>&lt;b&gt;</s>"
