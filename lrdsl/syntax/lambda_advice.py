"""Advice for a function of torch's LambdaLR, pasted where a spec belongs."""

from __future__ import annotations

import re

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Mistake, Span

_LAMBDA = re.compile(r"\s*lambda\s+(?P<name>[A-Za-z_]\w*)\s*:\s*(?P<body>.+?)\s*", re.DOTALL)
_MODULE = re.compile(r"\b(?:math|np|numpy|torch)\.")
_LOOSER = re.compile(r"(?<![*/eE(])[+-]")
"""What binds looser than a product."""


def formula_of_lambda(text: str) -> str | None:
    """The formula in `t` that a lambda is probably meant to be; None if it has no such form.

    >>> formula_of_lambda("lambda epoch: 0.95 ** (epoch // 30)")
    'base * 0.95 ** (t // 30)'
    >>> formula_of_lambda("lambda e: 1 - math.cos(e)")
    'base * (1 - cos(t))'
    """
    match = _LAMBDA.fullmatch(text)
    if match is None or re.search(r"\bif\b", match["body"]):
        return None  # a condition of lrdsl cannot ask for `t`
    of_t = re.sub(rf"\b{match['name']}\b", "t", match["body"])
    body = _MODULE.sub("", of_t)
    return f"base * ({body})" if _LOOSER.search(_outside_brackets(body)) else f"base * {body}"


def lambda_mistake(text: str, formula: str | None) -> Mistake:
    """The mistake of a text that is a lambda; `formula` is what to write, if that is known."""
    span = Span(len(text) - len(text.lstrip()), len(text.rstrip()))
    fix = "write a formula in `t`, such as `base * 0.95 ** t`"
    if formula is not None:
        fix = f"write `{formula}`"
    message = "a `lambda` is a function of Python, and a spec is a formula"
    return Mistake(diag.UNEXPECTED, message, span, fix=fix, replacement=formula)


def _outside_brackets(text: str) -> str:
    depth, found = 0, []
    for character in text:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        found.append(character if depth == 0 else "_")
    return "".join(found)
