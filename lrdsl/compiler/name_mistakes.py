"""The mistakes of names that are unknown, or stand where something of their kind does not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import RUN, Inputs
from lrdsl.diagnostics import Mistake, Span, Suggestion, ask
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import CONSTANTS, FUNCTIONS
from lrdsl.language.language import Language
from lrdsl.language.presets import is_preset
from lrdsl.language.reserved import DURATIONS
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short
from lrdsl.util.forks import import_late


def duration(node: ast.Node) -> Mistake:
    """The mistake of a duration where a schedule or a value belongs."""
    message = f"`{unparse(node)}` is a duration, and a schedule or a value belongs here"
    return Mistake(diag.WRONG_KIND, message, node.span)


def bare_name(node: ast.Name, language: Language, is_all: bool) -> Mistake | None:
    """The mistake of the name of something to be called that stands alone; None for others.

    `is_all` says that the name is the whole spec, as `lr=cosine` makes it in Hydra.
    """
    name, span = node.id, node.span
    shape = language.shapes.get(name)
    preset = f"`schedule@lr={name}`" if is_all and is_preset(name) else ""
    if shape is not None:
        call = f"{name}[…]" if shape.bracket else f"{name}()"
        message = f"`{name}` is the name of a shape, not a schedule"
        other = f", or the preset {preset}" if preset else ""
        if shape.bracket:
            return Mistake(diag.BARE_NAME, message, span, fix=f"write `{call}`")
        fix = f"did you mean `{call}`{other}?"
        return Mistake(diag.BARE_NAME, message, span, fix=fix, replacement=call)
    if name in language.modifiers:
        fix = "write it after `|`" + (f", or choose the preset with {preset}" if preset else "")
        return Mistake(diag.WRONG_PLACE, f"`{name}` is a modifier", span, fix=fix)
    if name in language.definitions:
        other = f", or choose a preset of that name with `schedule@lr={name}`" if is_all else ""
        message = f"`{name}` is the name of a definition"
        return Mistake(diag.BARE_NAME, message, span, fix=f"write `{name}(…)`{other}")
    if name in language.functions:
        message = f"`{name}` is the name of a function, not a value"
        return Mistake(diag.BARE_NAME, message, span, fix=f"write `{name}(…)`")
    return None


def no_shape(node: ast.Call | ast.Bracket, language: Language) -> Mistake:
    """The mistake of a call, where a schedule belongs, of no shape, function or definition."""
    name, is_call = node.name.id, isinstance(node, ast.Call)
    if name in language.modifiers:
        message = f"`{name}` is a modifier{', not a shape' if is_call else ''}"
        return Mistake(diag.WRONG_PLACE, message, node.span, fix="write it after `|`")
    known = [*language.shapes, *language.definitions]
    functions = language.functions if is_call else ()
    return _unknown(node.name, "shape", known, _foreign().SCHEDULES, language, functions)


def no_modifier(right: ast.Node, language: Language) -> Mistake:
    """The mistake of a part after `|` that is not a modifier."""
    problem, fix = diag.WRONG_PLACE, "such as `clip(0, 1)`"
    message = f"a modifier belongs after `|`, not `{unparse_short(right)}`"
    match right:
        case ast.Call(name=name) | ast.Bracket(name=name) if name.id in language.shapes:
            message = f"`{name.id}` is a shape, and a modifier belongs after `|`"
            fix = "segments are joined by `>>`"
        case ast.Call(name=name) | ast.Bracket(name=name):
            known = [*language.modifiers, *language.definitions]
            return _unknown(name, "modifier", known, _foreign().MODIFIERS, language)
        case ast.Name(id=word) if word in language.modifiers:
            problem, message = diag.BARE_NAME, f"`{word}` is the name of a modifier"
            fix = f"write `{word}(…)`"
        case ast.Chain():
            message = "a modifier belongs after `|`, not a chain"
            fix = "`>>` binds tighter than `|`: put `( )` around what the modifier is for"
    return Mistake(problem, message, right.span, fix=fix)


def brackets(node: ast.Call | ast.Bracket, example: str) -> Mistake:
    """The mistake of a call with brackets of the other kind; `example` has the right ones."""
    kind = "square" if isinstance(node, ast.Call) else "round"
    message = f"`{node.name.id}` takes {kind} brackets"
    return Mistake(diag.WRONG_PLACE, message, node.span, fix=f"write `{example}`")


def _foreign() -> Any:
    """The names that other frameworks have, which only mistakes need."""
    return import_late("lrdsl.language.foreign_names")


def _unknown(
    name: ast.Name,
    kind: str,
    known: Collection[str],
    foreign: Mapping[str, str],
    language: Language,
    functions: Collection[str] = (),
) -> Mistake:
    """The mistake of a name that nothing has.

    The last component of a known name comes before names of other frameworks, then names that are
    near: nearly the last component of any, or of `functions`, then the core's, then the dialects'.
    """
    word, span = name.id, name.span
    broken = language.shapes.why_broken(word)
    if broken is not None:
        return Mistake(diag.BAD_SHAPE, broken, span, fix="mend, or uninstall, that package")
    message = f"there is no {kind} `{word}`"
    names = _foreign()
    meant = names.same_last_component(word, known)
    if meant is not None:
        return Mistake(diag.UNKNOWN_NAME, message, span, fix=ask(meant), replacement=meant)
    plain = names.plain_name(word)
    core = [each for each in known if "." not in each]
    instead = foreign.get(plain)
    same = next((each for each in core if names.plain_name(each) == plain), None)
    if instead is not None or same is not None:
        # Its arguments mean something else: that is no text to put in its place.
        fix = ask(str(same)) if instead is None else f"in lrdsl that is written like `{instead}`"
        return Mistake(diag.UNKNOWN_NAME, message, span, fix=fix)
    dialects = [each for each in known if "." in each]
    lasts = {each.rpartition(".")[2]: each for each in [*dialects, *functions, *core]}
    of_core = Suggestion(word, core, otherwise=Suggestion(word, dialects))
    last = word.rpartition(".")[2]
    meant_last = Suggestion(last, lasts, otherwise=of_core, alike=0.85, texts=lasts)
    return Mistake(diag.UNKNOWN_NAME, message, span, meant_last)


def unbound(node: ast.Name, inputs: Inputs, requirement: str) -> Mistake:
    """The mistake of a name that has no value.

    `requirement` says what belongs there: "`steps` of `cosine` takes a duration".
    """
    name, language = node.id, inputs.language
    if name in inputs.schedules:
        message = f"`{name}` is a schedule, which changes, and {requirement}"
        fix = f"arithmetic with a schedule stands alone: `0.1 * {name}`"
        return Mistake(diag.WRONG_KIND, message, node.span, fix=fix)
    if name in language.shapes or name in language.modifiers or name in FUNCTIONS:
        message = f"`{name}` is not a number, and {requirement}"
        return Mistake(diag.WRONG_KIND, message, node.span)
    values = [*inputs.context.variables, *inputs.schedules, *DURATIONS, *CONSTANTS]
    message = f"`{name}` has no value"
    meant = Suggestion(name, [*values, "base", "prev", "next", *CURVES])
    fix = f"give it a value: {name}=…"
    word = _foreign().VALUES.get(name.replace("_", "").lower())
    if word is not None:
        # The names of parts of the run cannot be variables.
        is_free = name not in RUN
        fix = f"write `{word}`, or {fix}" if is_free else f"write `{word}`"
        return Mistake(diag.UNBOUND, message, node.span, fix=fix)
    if node.span == Span(0, len(inputs.source.strip())):  # the name is the whole spec
        if is_preset(name):
            fix = f"did you mean the preset, `schedule@lr={name}`?"
            return Mistake(diag.UNBOUND, message, node.span, fix=fix)
        meant = meant._replace(otherwise=Suggestion(name, language.shapes, "{}()"))
        fix = f"give it a value, or choose a preset of that name with `schedule@lr={name}`"
    return Mistake(diag.UNBOUND, message, node.span, meant, fix)


def wrong_kind(node: ast.Node, inputs: Inputs, requirement: str) -> Mistake:
    """The mistake of a node that is no number at all; `requirement` says what belongs there."""
    if isinstance(node, ast.Call):
        name, language = node.name, inputs.language
        if name.id not in language.shapes and name.id not in language.modifiers:
            message, meant = f"there is no function `{name.id}`", Suggestion(name.id, FUNCTIONS)
            return Mistake(diag.UNKNOWN_NAME, message, name.span, meant)
    is_schedule = isinstance(node, (ast.Call, ast.Bracket, ast.Chain, ast.Pipe))
    what = "a schedule" if is_schedule else "not a number"
    message = f"`{unparse_short(node)}` is {what}, and {requirement}"
    return Mistake(diag.WRONG_KIND, message, node.span)


def error_mistake(node: ast.Error) -> Mistake:
    """The mistake that a definition makes of its arguments by `error(…)`."""
    if not node.span.sites:
        message = "`error(…)` is for definitions"
        return Mistake(diag.WRONG_PLACE, message, node.span, fix="leave it out")
    return Mistake(diag.OUT_OF_RANGE, node.words, node.span)
