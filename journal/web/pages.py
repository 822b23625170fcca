"""How a template becomes a program: once for each language, with all that is always the same already written in it.

A page holds hundreds of words, icons and addresses of files that are alike for every reader of its language. They are
looked up, escaped and put together when the template is compiled, and cost nothing when a page is shown.
"""

from collections.abc import Callable, Container, Mapping, MutableMapping
from functools import cache
from typing import Any, cast

from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]

from journal.platform.language import Phrase, current

Constant = Callable[..., str]


class _Program(CodeGenerator):
    def _output_child_pre(self, node: nodes.Expr, frame: Any, finalize: Any) -> None:
        """What is shown is escaped by `shown`; a page is never written in another way than escaped."""
        self.write("environment.shown(")

    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:
        self.write("environment.quick(")
        super().macro_def(macro_ref, frame)
        self.write(")")


class _Shown(Context):
    def call(self, function: Any, /, *words: Any, _block_vars: Any = None, _loop_vars: Any = None, **named: Any) -> Any:
        """No function of ours asks for the context; Jinja would look for that at every call."""
        return function(*words, **named)


class Pages(Environment):
    """The templates, in the language that is spoken when one is fetched."""

    code_generator_class = _Program
    context_class = _Shown

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._in_language: dict[str, Pages] = {}
        self._constant: dict[str, Constant] = {}

    def write_in(self, **functions: Constant) -> None:
        """Globals that are called when a template is compiled, where all they are asked with stands in the template.

        A function answers the same each time it is asked the same in one language.
        """
        self._constant.update(functions)
        self.globals.update(functions)

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        language = current()
        if language not in self._in_language:
            self._in_language[language] = self.overlay()
        return Environment.get_template(self._in_language[language], name, parent, globals)

    def macro(self, template: str, name: str) -> Constant:
        """A macro as a function, which remembers what it answered: for pictures, never for anything of a patient."""

        @cache
        def written(_language: str, words: tuple[Any, ...]) -> str:
            return cast(str, getattr(self.get_template(template).module, name)(*words))

        return lambda *words: written(current(), words)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """A plain dict: Jinja's own is chained, and is walked in Python for every template of a page."""
        return {**self.globals, **(d or {})}

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        return super()._generate(_WrittenIn(self._constant, _own_names(source)).visit(source), *args, **options)

    @staticmethod
    def quick(macro: Macro) -> Constant:
        """A macro that is handed all it takes, in order, as nearly all are; Jinja finds that out anew at every call."""
        if macro.catch_kwargs or macro.catch_varargs or macro.caller:
            return macro
        count, invoke = len(macro.arguments), macro._invoke

        def called(*words: Any, **named: Any) -> str:
            return macro(*words, **named) if named or len(words) != count else invoke([*words], True)

        return called

    @staticmethod
    def shown(value: Any) -> str:
        """What `escape` makes of a value. A page has hundreds: text goes straight to the C that `escape` itself calls."""
        kind = type(value)
        if kind is str:
            return _escape_inner(value)
        if kind is int or kind is float:
            return str(value)
        if kind is Phrase:
            return _escape_inner(value.spoken())
        safe: str = value if kind is Markup else escape(value)
        return safe


class _WrittenIn(NodeTransformer):
    """Puts the answers in the place of the calls."""

    def __init__(self, functions: Mapping[str, Constant], own_names: Container[str]) -> None:
        self._functions, self._own_names = functions, own_names

    def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802 - the visitor goes by the names of the nodes
        self.generic_visit(call)
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        words = [word.value for word in call.args if isinstance(word, nodes.Const)]
        alike = len(words) == len(call.args) and not (call.kwargs or call.dyn_args or call.dyn_kwargs)
        if name not in self._functions or name in self._own_names or not alike:
            return call
        return nodes.Const(self._functions[name](*words), lineno=call.lineno, environment=call.environment)


def _own_names(template: nodes.Template) -> set[str]:
    """What a template itself gives a name: there it means something else than the global."""
    given = {name.name for name in template.find_all(nodes.Name) if name.ctx != "load"}
    made = {macro.name for macro in template.find_all(nodes.Macro)}
    imported = [name for found in template.find_all(nodes.FromImport) for name in found.names]
    return given | made | {name[-1] if isinstance(name, tuple) else name for name in imported}
