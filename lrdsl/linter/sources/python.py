"""Specs in Python: string literals that are given to lrdsl's functions.

They are found in the syntax tree, under whatever name the functions were imported; a name that the
file gives to one string, and never to anything else, stands for it. Nothing is run.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lrdsl.compiler.context import PARTS
from lrdsl.diagnostics import SpecError
from lrdsl.language.reserved import RESERVED
from lrdsl.linter.program_context import facts_of
from lrdsl.linter.source_file import Role, Snippet
from lrdsl.linter.sources.placeholders import fill
from lrdsl.linter.sources.python_literals import Literal, read_literal
from lrdsl.linter.sources.python_optimizers import told
from lrdsl.linter.sources.suppressions import Control
from lrdsl.syntax.grammar import NAME
from lrdsl.syntax.spec import as_number
from lrdsl.tree.coerce import spec_text
from lrdsl.tree.keywords import is_tree


class NotPython(Exception):
    """Text that is no Python; the message says why, and where."""


class _Takes(NamedTuple):
    """What one of lrdsl's functions takes: which argument is the spec, and what it is for."""

    position: int
    keyword: str
    role: Role = "spec"


_FUNCTIONS = {
    "lrdsl.compile": _Takes(0, "spec"),
    "lrdsl.lint": _Takes(0, "spec"),
    "lrdsl.parse": _Takes(0, "text", "piece"),
    "lrdsl.format": _Takes(0, "text", "piece"),
    "lrdsl.define": _Takes(0, "text", "definitions"),
    "lrdsl.hydra.quote": _Takes(0, "text"),
    "lrdsl.torch.Scheduler": _Takes(1, "spec"),
}
_HOMES = {
    "lrdsl.schedule.schedule.compile": "lrdsl.compile",
    "lrdsl.linter.lint": "lrdsl.lint",
    "lrdsl.syntax.spec.parse": "lrdsl.parse",
    "lrdsl.compiler.define.define": "lrdsl.define",
    "lrdsl.compiler.define.load": "lrdsl.load",
    "lrdsl.language.custom_shapes.shape": "lrdsl.shape",
    "lrdsl.torch.scheduler.Scheduler": "lrdsl.torch.Scheduler",
}
_DEFINE = {"lrdsl.shape", "lrdsl.load", "lrdsl.define"}
"""What makes names known to all specs of a process, wherever it is called."""

_NO_VARIABLES = PARTS | RESERVED | {"last_epoch", "metric_reduction"}
_LINE_END = re.compile(r"\r\n|[\r\n]")
_DEEP = 10


def snippets(text: str, control: Control) -> Iterator[Snippet]:
    """The specs in the text of a Python file. Raises NotPython.

    >>> code = "from lrdsl import compile as c\\nc('hold(5)', total_steps=9)"
    >>> [(found.text, found.context) for found in snippets(code, Control(code))]
    [('hold(5)', {'total_steps': 9})]
    """
    if "lrdsl" not in text:
        return
    shift = 1 if text.startswith("\ufeff") else 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text[shift:])
    except SyntaxError as error:
        raise NotPython(f"line {error.lineno or 1}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise NotPython("it is nested too deep, or holds null characters") from None
    yield from _Module(text, shift, tree, control).snippets()


class _Module:
    def __init__(self, text: str, shift: int, tree: ast.Module, control: Control) -> None:
        self.text = text
        self.control = control
        self.tree = tree
        self.starts = [shift, *[found.end() for found in _LINE_END.finditer(text)]]
        self.aliases: dict[str, str] = {}
        self.assigned: dict[str, list[ast.expr | None]] = {}
        self.meant_to_fail: set[ast.AST] = set()
        self.calls: list[ast.Call] = []
        self.defines = False
        self.found: dict[tuple[int, int], Snippet] = {}
        """By place, so that a string which two calls take is told of once."""

    def snippets(self) -> Iterator[Snippet]:
        for node in ast.walk(self.tree):
            self._note(node)
        used = {self._dotted(node) for node in ast.walk(self.tree) if _is_name(node)}
        self.defines = not used.isdisjoint(_DEFINE)
        for call in self.calls:
            takes = _FUNCTIONS.get(self._dotted(call.func))
            if takes is not None and call not in self.meant_to_fail:
                self._call(call, takes)
        yield from sorted(self.found.values(), key=lambda snippet: snippet.start)

    def _note(self, node: ast.AST) -> None:
        """Imports, names with their values, calls, and the blocks that expect an exception."""
        if isinstance(node, ast.Import):
            for each in node.names:
                whole = each.name if each.asname else each.name.partition(".")[0]
                self.aliases[each.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                self.aliases[each.asname or each.name] = f"{node.module}.{each.name}"
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name):
                self.assigned.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            self.assigned.setdefault(node.target.id, []).append(node.value)
        elif isinstance(node, ast.arg):
            self.assigned.setdefault(node.arg, []).append(None)
        elif isinstance(node, (ast.AugAssign, ast.NamedExpr, ast.For)):
            for name in ast.walk(node.target):
                if isinstance(name, ast.Name):
                    self.assigned.setdefault(name.id, []).append(None)
        elif isinstance(node, ast.Call):
            self.calls.append(node)
        elif isinstance(node, (ast.With, ast.AsyncWith)) and any(map(_expects, node.items)):
            for inner in node.body:
                self.meant_to_fail.update(ast.walk(inner))

    def _dotted(self, node: ast.AST) -> str:
        """The full name of what is called, "" for what has none."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        whole = ".".join([self.aliases.get(node.id, ""), *reversed(names)])
        return _HOMES.get(whole, whole)

    def _call(self, call: ast.Call, takes: _Takes) -> None:
        if any([isinstance(argument, ast.Starred) for argument in call.args]):
            return
        keywords = {each.arg: each.value for each in call.keywords if each.arg is not None}
        spec = keywords.get(takes.keyword)
        if spec is None and len(call.args) > takes.position:
            spec = call.args[takes.position]
        if spec is None:
            return
        context, facts = self._context(keywords)
        if len(keywords) < len(call.keywords):  # `**` may bring definitions
            facts["definitions_unknown"] = True
        if takes == _FUNCTIONS["lrdsl.torch.Scheduler"]:
            around = told(call, self.assigned, self.calls, self.tree, self._number, self._value)
            context.pop("base_lr", None)
            context, facts = {**around[0], **context}, {**around[1], **facts}
        if takes.role == "spec":
            self._spec(spec, context, facts)
        else:
            self._string(spec, takes.role, {}, facts)

    def _context(self, keywords: Mapping[str, ast.expr]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the keyword arguments tell of the run, and other facts."""
        context: dict[str, Any] = {}
        facts: dict[str, Any] = {"definitions_unknown": True} if self.defines else {}
        for name, value in keywords.items():
            if name == "definitions":
                self._definitions(value, context, facts)
            elif name in PARTS or (NAME.fullmatch(name) and name not in _NO_VARIABLES):
                number = self._number(value)
                if number is not None:
                    context[name] = number
        return context, facts

    def _definitions(self, value: ast.expr, context: dict[str, Any], facts: dict[str, Any]) -> None:
        node = self._value(value)
        if isinstance(node, ast.Constant) and node.value is None:
            return
        literal = self._literal(node)
        if literal is None or literal.holes or literal.text.strip().endswith(".lr"):
            facts["definitions_unknown"] = True
            return
        context["definitions"] = literal.text
        self._string(value, "definitions", {}, facts)

    def _spec(self, value: ast.expr, context: dict[str, Any], facts: dict[str, Any]) -> None:
        """A spec, a mapping with one, a tree, or a program of them."""
        node = self._value(value)
        if _is_tree(node):
            self._tree(node, context, facts)
            return
        if not isinstance(node, ast.Dict):
            self._string(node, "spec", context, facts)
            return
        pairs = self._pairs(node)
        if pairs is None:
            return
        context, facts = dict(context), dict(facts)
        if "definitions" in pairs:
            self._definitions(pairs.pop("definitions"), context, facts)
        if "spec" in pairs:
            self._spec(pairs["spec"], context, facts)
            return
        beside = facts_of({str(name): self._plain(each) for name, each in pairs.items()})
        for name, each in pairs.items():
            own = None if _is_tree(self._value(each)) else self._pairs(each)
            if own is None or "spec" in own:
                self._spec(each, context, {**facts, **beside.get((str(name), None), {})})
                continue
            for pattern, one in own.items():
                place = beside.get((str(name), str(pattern)), {})
                self._spec(one, context, {**facts, **place})

    def _pairs(self, node: ast.expr) -> dict[Any, ast.expr] | None:
        """The values of a mapping by key; None for what is none, or has keys that are not known."""
        node = self._value(node)
        if not isinstance(node, ast.Dict):
            return None
        pairs = {
            key.value: each
            for key, each in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        return pairs if len(pairs) == len(node.keys) else None

    def _plain(self, node: ast.expr) -> Any:
        """A spec, or the mapping of a program, as data; None for what is not known."""
        if _is_tree(self._value(node)):
            return self._text_of_tree(self._value(node))
        pairs = self._pairs(node)
        if pairs is not None:
            return {str(name): self._plain(each) for name, each in pairs.items()}
        literal = self._literal(self._value(node))
        if literal is not None:
            return None if literal.holes else literal.text
        return self._number(node)

    @staticmethod
    def _text_of_tree(node: ast.expr) -> str | None:
        """The text of a tree; None if it is not all literals, or is no tree after all."""
        try:
            return spec_text(ast.literal_eval(node))
        except (ValueError, TypeError, SpecError, RecursionError, MemoryError):
            return None

    def _tree(self, node: ast.expr, context: dict[str, Any], facts: dict[str, Any]) -> None:
        """A tree that is nothing but literals; what is wrong with it stands where it begins."""
        text = self._text_of_tree(node)
        if text is None:
            return
        start, stop = self._extent(node)
        offsets = (*[start] * len(text), stop)
        control = self.control.within(start, stop)
        self.found.setdefault(
            (start, stop),
            Snippet(text, offsets, "python", "single", facts, context, control, writable=False),
        )

    def _value(self, node: ast.expr) -> ast.expr:
        """What a name stands for, if the file says so once; else the expression itself."""
        for _ in range(_DEEP):
            values = self.assigned.get(node.id, []) if isinstance(node, ast.Name) else []
            if len(values) != 1 or values[0] is None:
                break
            node = values[0]
        return node

    def _number(self, node: ast.expr) -> int | float | None:
        node = self._value(node)
        sign = 1
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sign, node = -1, node.operand
        number = as_number(node.value) if isinstance(node, ast.Constant) else None
        return None if number is None else sign * number

    def _literal(self, node: ast.expr) -> Literal | None:
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if not is_text and not isinstance(node, ast.JoinedStr):
            return None
        literal = read_literal(self.text, *self._extent(node))
        if literal is not None and isinstance(node, ast.Constant) and literal.text != node.value:
            return None
        return literal

    def _string(
        self, node: ast.expr, role: Role, context: dict[str, Any], facts: dict[str, Any]
    ) -> None:
        node = self._value(node)
        literal = self._literal(node)
        if literal is None:
            return
        text, offsets = literal.text, literal.offsets
        unknown: tuple[tuple[int, int], ...] = ()
        if literal.holes:
            filled = fill(text, offsets, literal.holes)
            if filled is None:
                return
            text, offsets, unknown = filled
        if role == "definitions" and text.strip().endswith(".lr"):
            return
        self.found.setdefault(
            (offsets[0], offsets[-1]),
            Snippet(
                text,
                offsets,
                "python",
                literal.style,
                facts,
                context,
                self.control.within(*self._extent(node)),
                literal.is_single and not literal.holes,
                role,
                unknown,
            ),
        )

    def _extent(self, node: ast.expr) -> tuple[int, int]:
        """Where an expression begins and ends."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        start = self._offset(node.lineno, node.col_offset)
        return start, self._offset(node.end_lineno, node.end_col_offset)

    def _offset(self, line: int, column: int) -> int:
        """The offset of a place that Python gives as a line and a column in UTF-8."""
        start = self.starts[line - 1]
        stop = self.starts[line] if line < len(self.starts) else len(self.text)
        return start + len(self.text[start:stop].encode()[:column].decode(errors="ignore"))


def _is_tree(node: ast.expr) -> bool:
    """Whether a list or a dict in the code is the tree of a schedule."""
    if isinstance(node, ast.List):
        return True
    if not isinstance(node, ast.Dict):
        return False
    keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
    return len(keys) == len(node.keys) and keys != ["spec"] and is_tree(dict.fromkeys(keys))


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute))


def _expects(item: ast.withitem) -> bool:
    """Whether a `with` expects its body to fail: `pytest.raises`, `self.assertRaises`."""
    call = item.context_expr
    name = call.func if isinstance(call, ast.Call) else call
    last = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
    return "raises" in last.lower()
