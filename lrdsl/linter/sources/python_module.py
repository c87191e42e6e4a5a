"""A Python module as far as it can be read without running it: names, calls and literals.

A name that the module gives to one value, and never to anything else, stands for that value.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter, defaultdict

from lrdsl.linter.source_file import Malformed
from lrdsl.linter.sources.document import Scalar
from lrdsl.linter.sources.entry_points import ENTRY_POINTS, MAKE_NAMES_KNOWN, public_name
from lrdsl.linter.sources.python_literals import read_literal
from lrdsl.syntax.spec import as_number

_LINE_END = re.compile(r"\r\n|[\r\n]")

MAX_TEXTS = 100
"""Texts that one argument is looked for."""

MAX_NAME_DEPTH = 10
"""Names of names that are followed."""


class PythonModule:
    """The syntax tree of a module, with its imports, the values of its names, and its calls.

    `assigned` has the values that a name is given; None is one that is unknown. `meant_to_fail`
    are the nodes in the blocks that expect an exception. `loads` counts how often a name is read,
    `attribute_loads` how often that is for an attribute. `named` has the names of values: of
    variables, arguments and keys. `loops` has the items of lists that names go through, `usual` the
    values that attributes have at first, `classes` those that are defined. Raises Malformed.

    >>> module = PythonModule("from torch.optim import SGD as S\\nN = 9\\nS(p, lr=N)")
    >>> [call] = module.calls
    >>> module.dotted(call.func), module.number(call.keywords[0].value)
    ('torch.optim.SGD', 9)
    """

    def __init__(self, text: str) -> None:
        shift = 1 if text.startswith("\ufeff") else 0
        self.text = text
        self.tree = _parsed(text[shift:])
        self.aliases: dict[str, str] = {}
        self.assigned: defaultdict[str, list[ast.expr | None]] = defaultdict(list)
        self.defaults: defaultdict[str, list[ast.expr | None]] = defaultdict(list)
        self.loads: Counter[str] = Counter()
        self.attribute_loads: Counter[str] = Counter()
        self.calls: list[ast.Call] = []
        self.loops: dict[str, list[ast.expr]] = {}
        self.usual: defaultdict[str, list[ast.expr]] = defaultdict(list)
        self.classes: defaultdict[str, list[ast.ClassDef]] = defaultdict(list)
        self.meant_to_fail: set[ast.AST] = set()
        self.named: dict[ast.expr, str] = {}
        self._starts = [shift, *[found.end() for found in _LINE_END.finditer(text)]]
        for node in ast.walk(self.tree):
            self._note(node)

    def _note(self, node: ast.AST) -> None:
        self._note_name(node)
        self._note_usual(node)
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                self.loads[name] += 1
            case ast.Attribute(value=ast.Name(id=name)):
                self.attribute_loads[name] += 1
            case ast.Call():
                self.calls.append(node)
            case ast.ClassDef(name=name):
                self.classes[name].append(node)
            case ast.Import(names=names):
                for each in names:
                    whole = each.name if each.asname else each.name.partition(".")[0]
                    self.aliases[each.asname or whole] = whole
            case ast.ImportFrom(module=str(module), names=[ast.alias(name="*")], level=0):
                own = [name.rpartition(".") for name in (*ENTRY_POINTS, *MAKE_NAMES_KNOWN)]
                self.aliases |= {last: f"{at}.{last}" for at, _, last in own if at == module}
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for each in names:
                    self.aliases[each.asname or each.name] = f"{module}.{each.name}"
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.assigned[name].append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                self.assigned[name].append(value)
            case ast.arg(arg=name):
                self.assigned[name].append(None)
            case ast.arguments(posonlyargs=first, args=others, defaults=defaults):
                args = [*first, *others]
                with_default = [*args[len(args) - len(defaults) :], *node.kwonlyargs]
                usual = [*defaults, *node.kw_defaults]
                for parameter, default in zip(with_default, usual, strict=True):
                    self.defaults[parameter.arg].append(default)
            case ast.AugAssign() | ast.NamedExpr() | ast.For() | ast.comprehension():
                items = node.iter if isinstance(node, (ast.For, ast.comprehension)) else None
                if isinstance(node.target, ast.Name) and isinstance(items, (ast.List, ast.Tuple)):
                    self.loops[node.target.id] = items.elts
                for inner in ast.walk(node.target):
                    if isinstance(inner, ast.Name):
                        self.assigned[inner.id].append(None)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for inner in body if any(map(_expects, items)) else ():
                    self.meant_to_fail.update(ast.walk(inner))

    def _note_usual(self, node: ast.AST) -> None:
        """Note the value that an attribute has at first, or if an option is left out."""
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value):
                self.usual[name].append(value)
            case ast.ClassDef(body=body):
                for each in body:
                    match each:
                        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                            self.usual[name].append(value)
                        case ast.Assign(targets=[ast.Name(id=name)], value=value):
                            self.usual[name].append(value)
            case ast.Call(func=ast.Attribute(attr="add_argument"), args=args, keywords=keywords):
                named = [x.value for x in args if isinstance(x, ast.Constant)]
                flags = [x.lstrip("-") for x in named if isinstance(x, str) and x[:2] == "--"]
                default = [x.value for x in keywords if x.arg == "default"]
                if flags and default:
                    self.usual[flags[0].replace("-", "_")] += default

    def _note_name(self, node: ast.AST) -> None:
        """Note the name that code gives a value: a variable, an argument, a key."""
        match node:
            case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value):
                self.named[value] = name
            case ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name), value=value):
                if value is not None:
                    self.named[value] = name
            case ast.keyword(arg=str(name), value=value):
                self.named[value] = name
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        self.named[value] = key.value

    def makes_names_known(self) -> bool:
        """Whether the module uses any function that makes names known to all specs."""
        nodes = (x for x in ast.walk(self.tree) if isinstance(x, (ast.Name, ast.Attribute)))
        return not MAKE_NAMES_KNOWN.isdisjoint(map(self.dotted, nodes))

    def dotted(self, node: ast.AST) -> str:
        """The full name that an expression is, as lrdsl documents it; "" for what has none."""
        names: list[str] = []
        if isinstance(node, ast.Name) and node.id not in self.aliases:
            node = self.value(node)  # `compile = lrdsl.compile`
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return public_name(".".join([self.aliases.get(node.id, ""), *reversed(names)]))

    def value(self, node: ast.expr) -> ast.expr:
        """The value of a name that the module sets once; else the expression itself."""
        for _ in range(MAX_NAME_DEPTH):
            values = self.assigned.get(node.id, []) if isinstance(node, ast.Name) else []
            if len(values) != 1 or values[0] is None:
                break
            node = values[0]
        return node

    def texts(self, node: ast.expr) -> list[ast.expr]:
        """The texts that an expression can be as far as the module shows them; else itself.

        Both ways of a condition are looked at, all items of a list that is gone through, an entry
        of a dict, the default of a parameter, an option or an attribute.
        """
        found: list[ast.expr] = []
        waiting, seen = [node], set[ast.expr]()
        while waiting and len(found) < MAX_TEXTS:
            each = self.value(waiting.pop(0))
            if each in seen:  # `a = a if b else c` leads back to itself
                continue
            seen.add(each)
            match each:
                case ast.IfExp(body=one, orelse=other):
                    waiting += [one, other]
                case ast.BoolOp(values=values):
                    waiting += values
                case ast.NamedExpr(value=value):
                    waiting.append(value)
                case ast.Subscript(value=ast.Name() as whole, slice=ast.Constant(value=key)):
                    found += self._entry(self.value(whole), key)
                case ast.Attribute(attr=name) if len(self.usual[name]) == 1:
                    found += [x for x in self.usual[name] if self.literal(x) is not None]
                case ast.Name(id=name) if name in self.loops and len(self.assigned[name]) == 1:
                    found += self.loops[name]
                case ast.Name():
                    found.append(self._default_text(each))
                case _:
                    found.append(each)
        texts = [each for each in found if self.literal(self.value(each)) is not None]
        return texts or [node]

    def _entry(self, whole: ast.expr, key: object) -> list[ast.expr]:
        """The value of a dict at a key."""
        if not isinstance(whole, ast.Dict):
            return []
        keys = [x.value if isinstance(x, ast.Constant) else None for x in whole.keys]
        return [x for name, x in zip(keys, whole.values, strict=True) if name == key]

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """The class that a name stands for, if the module defines one of the name."""
        found = self.classes.get(node.id, []) if isinstance(node, ast.Name) else []
        return found[0] if len(found) == 1 else None

    def _default_text(self, node: ast.expr) -> ast.expr:
        """The text that a parameter has if it is left out; else the expression itself."""
        values = self.defaults.get(node.id, []) if isinstance(node, ast.Name) else []
        is_text = len(values) == 1 and isinstance(values[0], (ast.Constant, ast.JoinedStr))
        found = values[0] if is_text else None
        return node if found is None or self.literal(found) is None else found

    def number(self, node: ast.expr) -> int | float | None:
        """The number that an expression is written as; None for anything else."""
        node = self.value(node)
        sign = 1
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sign, node = -1, node.operand
        number = as_number(node.value) if isinstance(node, ast.Constant) else None
        return None if number is None else sign * number

    def literal(self, node: ast.expr) -> Scalar | None:
        """The string that an expression is written as; None for anything else."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            first, second = self.literal(node.left), self.literal(node.right)
            return None if first is None or second is None else first.followed_by(second)
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if not is_text and not isinstance(node, ast.JoinedStr):
            return None
        literal = read_literal(self.text, *self.extent(node))
        if literal is not None and isinstance(node, ast.Constant) and literal.value != node.value:
            return None
        return literal

    def extent(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """The offsets at which an expression or a statement begins and ends."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        start = self._offset(node.lineno, node.col_offset)
        return start, self._offset(node.end_lineno, node.end_col_offset)

    def _offset(self, line: int, column: int) -> int:
        """The offset of a place that Python gives as a line and a column in UTF-8."""
        start = self._starts[line - 1]
        stop = self._starts[line] if line < len(self._starts) else len(self.text)
        return start + len(self.text[start:stop].encode()[:column].decode(errors="ignore"))


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise Malformed("Python", f"line {error.lineno or 1}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise Malformed("Python", "it is nested too deep, or holds null characters") from None


def _expects(item: ast.withitem) -> bool:
    """Whether a `with` expects its body to fail: `pytest.raises`, `self.assertRaises`."""
    call = item.context_expr
    name = call.func if isinstance(call, ast.Call) else call
    last = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
    return "raises" in last.lower()
