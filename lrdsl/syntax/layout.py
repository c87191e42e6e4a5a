"""Tree to canonical text in lines: what is too long for one is a segment, a modifier, a term each.

The text parses back to the same tree.
"""

from __future__ import annotations

from collections.abc import Sequence

from lrdsl.syntax import nodes as n
from lrdsl.syntax.definitions import Definition
from lrdsl.syntax.printer import write, write_condition, write_part

WIDTH = 88
"""Characters in a line, as far as there are places to break it."""

_INDENT = "    "


def lay_out(node: n.Node, width: int = WIDTH) -> str:
    """The canonical text of a tree in lines of `width` where that can be done.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> print(lay_out(parse_tree("warmup(linear, 100) >> cosine(1, 0, 800) | clip(1e-3, _)"), 40))
    warmup(linear, 100)
    >> cosine(1, 0, 800)
    | clip(1e-3, _)
    """
    text = write(node)
    if len(text) <= width:
        return text
    inner = width - len(_INDENT)
    match node:
        case n.Scope(body=only) | n.Outer(argument=only):
            return lay_out(only, width)
        case n.Pipe(parts=parts):
            return _joined(node, ["|"] * (len(parts) - 1), width)
        case n.Chain(parts=parts):
            return _joined(node, [">>"] * (len(parts) - 1), width)
        case n.Arithmetic(operators=operators):
            return _joined(node, operators, width)
        case n.If(then=then, condition=condition, otherwise=otherwise):
            lines = (_part(then, node, width), f"if {write_condition(condition)}")
            return "\n".join([*lines, f"else {lay_out(otherwise, inner)}"])
        case n.Modifiers(parts=parts):
            return "\n".join([f"| {_indented(_part(part, node, inner))}" for part in parts])
        case n.Program(names=names, values=values):
            fields = [
                f"{name.id}: {lay_out(value, inner)}"
                for name, value in zip(names, values, strict=True)
            ]
            return _bracketed("{", fields, "}")
        case n.Call(name=name, arguments=arguments) if arguments:
            listed = [
                ("" if a.name is None else f"{a.name}=") + lay_out(a.value, inner)
                for a in arguments
            ]
            return _bracketed(f"{name.id}(", listed, ")")
        case n.List(items=items) if items:
            return _bracketed("[", [lay_out(item, inner) for item in items], "]")
        case n.Bracket(name=name, entries=entries):
            return _bracketed(f"{name.id}[", [write(entry) for entry in entries], "]")
    return text


def lay_out_definition(definition: Definition, width: int = WIDTH) -> str:
    """The canonical text of a definition in lines.

    >>> from lrdsl.syntax.parser import parse_definitions
    >>> print(lay_out_definition(parse_definitions("def half(a) = linear(a, a/2, 9)")[0], 30))
    def half(a) =
        linear(a, a / 2, 9)
    """
    text = str(definition)
    if len(text) <= width:
        return text
    head, body = definition.head, lay_out(definition.body, width - len(_INDENT))
    if len(head) + len(" =") > width and definition.parameters and not definition.bracket:
        opening = f"def {definition.name}("
        head = _bracketed(opening, [p.written for p in definition.parameters], ")")
    return f"{head} =\n{_INDENT}{_indented(body)}"


def _joined(node: n.Node, operators: Sequence[str], width: int) -> str:
    """The parts of a node, each but the first on a line with the operator before it."""
    first, *others = [_part(part, node, width - len(_INDENT)) for part in node.children]
    lines = [f"{o} {_indented(text)}" for o, text in zip(operators, others, strict=True)]
    return "\n".join([first, *lines])


def _part(part: n.Node, whole: n.Node, width: int) -> str:
    text = write_part(part, whole)
    if len(text) <= width:
        return text
    lines = lay_out(part, width)
    return lines if text == write(part) else f"(\n{_INDENT}{_indented(lines)}\n)"


def _bracketed(opening: str, parts: Sequence[str], closing: str) -> str:
    inside = f",\n{_INDENT}".join([_indented(part) for part in parts])
    return f"{opening}\n{_INDENT}{inside}\n{closing}"


def _indented(text: str) -> str:
    return text.replace("\n", f"\n{_INDENT}")
