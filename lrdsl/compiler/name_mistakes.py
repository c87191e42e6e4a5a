"""What is wrong with names that are unknown, or stand where something of their kind does not."""

from __future__ import annotations

from collections.abc import Iterable

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Reporter, Span
from lrdsl.language.language import Language
from lrdsl.language.presets import is_preset
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short
from lrdsl.util.registry import did_you_mean


class NameMistakes:
    """Reports mistakes about names of a language."""

    def __init__(self, language: Language, reporter: Reporter) -> None:
        self.language = language
        self.reporter = reporter

    def report(
        self,
        problem: diag.Problem,
        message: str,
        node: ast.Node,
        suggestion: tuple[str, str] | None = None,
        fix: str | None = None,
    ) -> None:
        """Report a mistake at a node."""
        self.reporter.report(problem, message, node.span, suggestion=suggestion, fix=fix)

    def duration(self, node: ast.Node) -> None:
        """A duration stands where a schedule or a value belongs."""
        message = f"`{unparse(node)}` is a duration, and a schedule or a value belongs here"
        self.report(diag.WRONG_KIND, message, node)

    def bare_name(self, node: ast.Name) -> bool:
        """Whether a name that stands alone is that of something to be called, which is reported."""
        name, language = node.id, self.language
        shape = language.shapes.get(name)
        preset = self._is_all(node) and is_preset(name)
        if shape is not None:
            call = f"{name}[…]" if shape.bracket else f"{name}()"
            message = f"`{name}` is the name of a shape, not a schedule"
            other = f", or the preset `schedule@lr={name}`" if preset else ""
            fix = (f"did you mean `{call}`{other}?", call) if not shape.bracket else None
            self.report(diag.BARE_NAME, message, node, fix, f"write `{call}`")
        elif name in language.modifiers:
            other = f", or choose the preset with `schedule@lr={name}`" if preset else ""
            what = f"write it after `|`{other}"
            self.report(diag.WRONG_PLACE, f"`{name}` is a modifier", node, fix=what)
        elif name in language.definitions:
            call = f"write `{name}(…)`"
            if self._is_all(node):
                call += f", or choose a preset of that name with `schedule@lr={name}`"
            self.report(diag.BARE_NAME, f"`{name}` is the name of a definition", node, fix=call)
        elif name in language.functions:
            message = f"`{name}` is the name of a function, not a value"
            self.report(diag.BARE_NAME, message, node, fix=f"write `{name}(…)`")
        else:
            return False
        return True

    def _is_all(self, node: ast.Node) -> bool:
        """Whether a node is the whole spec, as `lr=cosine` makes it in Hydra."""
        return node.span == Span(0, len(self.reporter.source.strip()))

    def no_shape(self, node: ast.Call | ast.Bracket) -> None:
        """A call that stands where a schedule belongs is of no shape, function or definition."""
        name, language = node.name.id, self.language
        functions: Iterable[str] = ()
        if isinstance(node, ast.Call):
            functions, what = language.functions, f"`{name}` is a modifier, not a shape"
        else:
            what = f"`{name}` is a modifier"
        if name in language.modifiers:
            self.report(diag.WRONG_PLACE, what, node, fix="write it after `|`")
        else:
            known = [*language.shapes, *functions, *language.definitions]
            self._unknown(node.name, "shape", known)

    def no_modifier(self, right: ast.Node) -> None:
        """Report a part after `|` that is not a modifier."""
        modifiers = self.language.modifiers
        if isinstance(right, (ast.Call, ast.Bracket)):
            name = right.name
            if name.id in self.language.shapes:
                message = f"`{name.id}` is a shape, and a modifier belongs after `|`"
                self.report(diag.WRONG_PLACE, message, right, fix="segments are joined by `>>`")
            else:
                self._unknown(name, "modifier", [*modifiers, *self.language.definitions])
        elif isinstance(right, ast.Name) and right.id in modifiers:
            message = f"`{right.id}` is the name of a modifier"
            self.report(diag.BARE_NAME, message, right, fix=f"write `{right.id}(…)`")
        elif isinstance(right, ast.Chain):
            message = "a modifier belongs after `|`, not a chain"
            fix = "`>>` binds tighter than `|`: put `( )` around what the modifier is for"
            self.report(diag.WRONG_PLACE, message, right, fix=fix)
        else:
            message = f"a modifier belongs after `|`, not `{unparse_short(right)}`"
            self.report(diag.WRONG_PLACE, message, right, fix="such as `clip(0, 1)`")

    def brackets(self, node: ast.Call | ast.Bracket, example: str) -> None:
        """A call has brackets of the other kind; `example` has the right ones."""
        kind = "square" if isinstance(node, ast.Call) else "round"
        message = f"`{node.name.id}` takes {kind} brackets"
        self.report(diag.WRONG_PLACE, message, node, fix=f"write `{example}`")

    def _unknown(self, name: ast.Name, kind: str, known: list[str]) -> None:
        broken = self.language.shapes.why_broken(name.id)
        if broken is not None:
            fix = "mend, or uninstall, that package"
            self.report(diag.BAD_SHAPE, broken, name, fix=fix)
            return
        message = f"there is no {kind} `{name.id}`"
        self.report(diag.UNKNOWN_NAME, message, name, did_you_mean(name.id, known))
