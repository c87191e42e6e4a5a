"""The arguments of a call that led to a mistake inside a definition, in the words of the caller."""

from __future__ import annotations

import math
import re

from lrdsl import diagnostics as diag
from lrdsl.compiler.arithmetic import DIVIDING
from lrdsl.diagnostics import Mistake
from lrdsl.language.curves import CURVES
from lrdsl.language.reserved import RESERVED
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse_short

_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?![\w.]*[\w(]|\s*=(?!=))")
"""A name in a definition that is not called, and no parameter of what is."""


def blamed(node: ast.Node) -> str | None:
    """The parameters whose arguments a part of a definition's body is made of, with their call.

    None where there are none: the mistake is the body's own, or no definition is called.

    >>> from lrdsl.compiler.expand import expand
    >>> from lrdsl.language.language import Language
    >>> from lrdsl.syntax.parser import parse_tree
    >>> tree = expand(parse_tree("wsd(peak, 5, 9, n)"), Language()).tree
    >>> blamed(tree.parts[0]), blamed(tree.parts[1])
    ('`warmup` of `wsd`', '`peak` and `stable` of `wsd`')
    """
    found: dict[tuple[str, str], None] = {}
    for part, _ in ast.walk(node):
        if part.span.start < 0 or any([child.span.start >= 0 for child in part.children]):
            continue  # a number that was computed while the body was simplified; or a whole
        sites = part.span.sites
        words = [site.source[site.start : site.stop] for site in sites]
        while len(words) > 1 and words[-1].isidentifier():  # it was handed on as an argument
            words.pop()
        if words and _names(words[-1]):
            found |= dict.fromkeys([(name, sites[0].name) for name in _names(words[0])])
    if not found:
        return None
    *names, last = [f"`{name}`" for name, _ in found]
    listed = f"{', '.join(names)} and {last}" if names else last
    return f"{listed} of `{next(iter(found))[1]}`"


def _names(text: str) -> list[str]:
    """The parameters in the text of a part of a body."""
    return [x for x in _NAME.findall(text) if x not in RESERVED and x not in CURVES]


def leads_to(node: ast.Node, what: str) -> str | None:
    """The sentence that the arguments in a node lead to something; None where there are none."""
    names = blamed(node)
    return None if names is None else f"{names} lead{'' if ' and ' in names else 's'} to {what}"


def no_outcome(name: str, operands: tuple[float, ...], outcome: float, node: ast.Node) -> Mistake:
    """The mistake of an operator or a function whose outcome is no finite number."""
    problem, message = _sentence(name, operands, outcome, node)
    what = {diag.DIVISION_BY_ZERO: "a division by zero", diag.OVERFLOW: "too large a number"}
    said = leads_to(node, what.get(problem, "a number that does not exist"))
    return Mistake(problem, said or message, node.span)


def _sentence(
    name: str, operands: tuple[float, ...], outcome: float, node: ast.Node
) -> tuple[diag.Problem, str]:
    if name in DIVIDING and operands[1] == 0:
        # Of an operator the node is its second operand, which may be a call as well.
        divisor = node
        if name == "mod" and isinstance(node, ast.Call):
            divisor = node.arguments[1].value
        shown = f": `{unparse_short(divisor)}` is 0 here"
        known = "" if isinstance(divisor, ast.Number) else shown
        return diag.DIVISION_BY_ZERO, f"division by zero{known}"
    if name == "**" and operands[0] == 0:
        message = f"division by zero: `{unparse_short(node)}` is 0 to a negative power"
        return diag.DIVISION_BY_ZERO, message
    if math.isnan(outcome) or name == "log":
        shown = (" ** " if name == "**" else ", ").join([f"{operand:g}" for operand in operands])
        text = shown if name == "**" else f"{name}({shown})"
        return diag.BAD_ARITHMETIC, f"`{text}` has no value"
    return diag.OVERFLOW, "this result is too large for a number"
