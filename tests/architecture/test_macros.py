"""A macro is called, never shown: where a page is given a value of a macro's name, the macro takes its place."""

from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(ROOT.glob("journal/**/templates/**/*.html"))


@cache
def macros() -> set[str]:
    """What is brought in may also be a constant, which is there to be shown."""
    return {each.name for path in TEMPLATES for each in Environment().parse(path.read_text()).find_all(nodes.Macro)}


def shown(source: str) -> set[str]:
    """Macros that a template brings in and uses as values."""
    tree = Environment().parse(source)
    names = {name for each in tree.find_all(nodes.FromImport) for name in each.names if name in macros()}
    called = {id(call.node) for call in tree.find_all(nodes.Call)}
    return {
        name.name
        for name in tree.find_all(nodes.Name)
        if name.ctx == "load" and name.name in names and id(name) not in called
    }


def test_no_template_shows_a_macro_for_a_value() -> None:
    assert len(TEMPLATES) > 50
    assert {str(path.relative_to(ROOT)): found for path in TEMPLATES if (found := shown(path.read_text()))} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [("{{ hidden(1) }}", set()), ("{% if hidden %}{{ _('%(n)s', n=hidden) }}{% endif %}", {"hidden"})],
)
def test_a_macro_for_a_value_is_seen(source: str, found: set[str]) -> None:
    assert shown("{% from 'macros/form.html' import hidden %}" + source) == found
