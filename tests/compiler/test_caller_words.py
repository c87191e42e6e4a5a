"""Mistakes in the arguments of a definition speak of the call, not of the definition's body."""

from __future__ import annotations

import re
from typing import Any

import pytest

import lrdsl
from lrdsl.language.language import current
from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.parser import parse_tree
from lrdsl.syntax.unparse import unparse

RUN: dict[str, Any] = {
    "total_steps": 1000,
    "steps_per_epoch": 100,
    "base_lr": 0.1,
    "samples_per_step": 32,
    "tokens_per_step": 4096,
}

WRONG = {
    "negative": "-1",
    "a negative share": "-0.5",
    "zero": "0",
    "too large": "1e300",
    "longer than any run": "1e16",
    "longer than this run": "150%",
    "a fraction": "1.5",
    "a duration": "3ep",
    "a list": "[1, 2]",
    "an empty list": "[]",
    "a text": "'foo'",
    "a mistyped word": "linaer",
    "a schedule": "linear(1, 0, 9)",
    "none": "none",
    "a flag": "true",
    "a division by zero": "1 / 0",
    "an expression": "2 * -1",
    "a formula": "0.1 * t",
}

LITERALS = {"true", "false", "inf", "none", "_"}
"""Words that any message may offer."""

EXAMPLE = re.compile(r"Example: `([^`]*)`")


def example_of(definition: Definition) -> tuple[str, dict[str, str]]:
    """A spec with `{}` in the place of a call, and the arguments of the call."""
    found = EXAMPLE.search(definition.doc)
    assert found is not None, f"{definition.name} has no example"
    tree = parse_tree(found[1])
    names = [each.name for each in definition.parameters]
    for node, _ in ast.walk(tree):
        if isinstance(node, ast.Call) and node.name.id == definition.name:
            given = [each.name or names[i] for i, each in enumerate(node.arguments)]
            values = [unparse(each.value) for each in node.arguments]
            return unparse(tree).replace(unparse(node), "{}"), dict(zip(given, values, strict=True))
    raise AssertionError(f"the example of {definition.name} does not call it")


def words_of_others(message: str, text: str, definition: Definition) -> list[str]:
    """The quoted words of a message that are no words of the caller, nor of the signature."""
    own = {definition.name, *LITERALS}
    for each in definition.parameters:
        own |= {each.name, *each.words}
    return [x for x in re.findall(r"`([^`]*)`", message) if x not in own and x not in text]


DEFINITIONS = [
    each
    for each in map(current().definitions.get, current().definitions)
    if each is not None and not each.bracket and each.parameters
]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: each.name)
def test_messages_speak_of_the_call(definition: Definition) -> None:
    around, given = example_of(definition)
    told = 0
    for parameter in definition.parameters:
        for wrong in WRONG.values():
            arguments = {**given, parameter.name: wrong}
            listed = ", ".join([f"{name}={value}" for name, value in arguments.items()])
            text = around.replace("{}", f"{definition.name}({listed})")
            try:
                lrdsl.compile(text, **RUN)
            except lrdsl.SpecError as error:
                for found in error.diagnostics:
                    told += 1
                    assert not words_of_others(found.message, text, definition), (text, str(found))
                    assert found.source == text, text
                    assert 0 <= found.span.start < found.span.stop <= len(text), text
    assert told > 0


OWN = """
def scaled(share, n) = linear(1, 0, n * share)
def rooted(a) = constant(sqrt(a - 2))
def through(x, y) = rooted(x / y)
def tight(low, high) = cosine(1, 0, 50) | clip(low + 1, high)
def late(n) = constant(1, n) >> hold(until=20) >> hold()
def stepped(gamma, at) = multistep(1, gamma, at)
def joined(parts) = sequence(parts, [10])
def moded(n, way=cosine) = warmup(way, n)
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "scaled('a', 9)", "`'a'` is not a number, and `share` of `scaled` takes", id="text"
        ),
        pytest.param("scaled(2, [9])", "`[9]` is not a number, and `n` of `scaled`", id="list"),
        pytest.param(
            "rooted(1)", "`a` of `rooted` leads to a number that does not exist", id="root"
        ),
        pytest.param("through(1, 0)", "`y` of `through` leads to a division by zero", id="zero"),
        pytest.param("through(1e300, 1e-300)", "leads to too large a number", id="overflow"),
        pytest.param("through(1, 1)", "`x` and `y` of `through` lead to a num", id="handed on"),
        pytest.param(
            "tight(1, 0.5)", "`low` of `tight` (2) lies above `high` of `tight` (0.5)", id="order"
        ),
        pytest.param(
            "stepped([1], [3, 9])",
            "`gamma` of `stepped` must have as many factors as `at` of `stepped` has milestones",
            id="lists",
        ),
        pytest.param("joined(3)", "`parts` of `joined` is a list", id="no list"),
        pytest.param("moded(5, 3)", "`way` of `moded` takes the name of a curve", id="no curve"),
        pytest.param("late(-5)", "the segment has -5 updates by `n` of `late`", id="one mistake"),
    ],
)
def test_of_own_definitions(text: str, message: str) -> None:
    with pytest.raises(lrdsl.SpecError) as caught:
        lrdsl.compile(text, definitions=OWN, **RUN)
    assert message in caught.value.diagnostics[0].message
    assert len(caught.value.diagnostics) == 1
