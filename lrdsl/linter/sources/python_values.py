"""The values of a Python module as nodes: literals, lists, dicts, and the classes of configs."""

from __future__ import annotations

import ast

from lrdsl.linter.sources.document import Mapping, Node, Scalar, ScalarKind, Sequence
from lrdsl.linter.sources.entry_points import CONFIG_CLASSES
from lrdsl.linter.sources.python_module import PythonModule

MAX_LITERAL_DEPTH = 200
"""Levels of the deepest list or dict that is read, over all the names in it."""


class PythonValues:
    """The values of a module: an expression is one node, however often it is named.

    >>> module = PythonModule("S = {'lr': ['hold(5)', 0.1]}\\nf(S)")
    >>> node = PythonValues(module).node(module.calls[0].args[0])
    >>> [each.value for each in node["lr"]]
    ['hold(5)', 0.1]
    """

    def __init__(self, module: PythonModule) -> None:
        self.module = module
        self._nodes: dict[int, Node] = {}
        """By the identity of the expression; one that is being read is an unknown scalar."""

    def node(self, node: ast.expr | ast.ClassDef, depth: int = 0) -> Node:
        """An expression or a class as a node, names replaced by what they stand for."""
        if isinstance(node, ast.expr):
            node = self.module.value(node)
            node = self.module.class_of(node) or node
        if id(node) not in self._nodes:
            start, stop = self.module.extent(node)
            self._nodes[id(node)] = Scalar(None, "unknown", start, stop, "plain")
            if depth <= MAX_LITERAL_DEPTH:
                self._nodes[id(node)] = self._read(node, start, stop, depth + 1)
        return self._nodes[id(node)]

    def pairs(self, node: ast.expr) -> dict[str, ast.expr] | None:
        """The keys and values of a dict with words for keys; None of anything else."""
        match self.module.value(node):
            case ast.Dict(keys=keys, values=values):
                words = [key.value if isinstance(key, ast.Constant) else None for key in keys]
                pairs = {w: x for w, x in zip(words, values, strict=True) if isinstance(w, str)}
                return pairs if len(pairs) == len(keys) else None
            case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
                found = {each.arg: each.value for each in keywords if each.arg is not None}
                return found if len(found) == len(keywords) else None
        return None

    def _read(self, node: ast.expr | ast.ClassDef, start: int, stop: int, depth: int) -> Node:
        fields = self._fields(node, depth)
        if fields is not None:
            return self.mapping(fields, start, stop)
        if isinstance(node, ast.ClassDef):
            return Scalar(None, "unknown", start, stop, "plain")
        if isinstance(node, (ast.List, ast.Tuple)):
            items = [self.node(each, depth) for each in node.elts]
            return Sequence(tuple(items), start, stop)
        if isinstance(node, ast.Dict) and all([isinstance(x, ast.Constant) for x in node.keys]):
            values = [self.node(each, depth) for each in node.values]
            pairs = zip(map(self._key, node.keys), values, strict=True)
            return Mapping(tuple(pairs), start, stop)
        if isinstance(node, ast.Call) and (given := self.pairs(node)) is not None:
            found = {word: self.node(each, depth) for word, each in given.items()}
            return self.mapping(found, start, stop)
        literal = self.module.literal(node)
        if literal is not None:
            return literal
        number = self.module.number(node)
        kind: ScalarKind = "unknown" if number is None else "number"
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool)):
            number, kind = node.value, "null" if node.value is None else "bool"
        return Scalar(number, kind, start, stop, "plain")

    def _key(self, node: ast.expr | None) -> Scalar:
        assert isinstance(node, ast.Constant)
        return Scalar(str(node.value), "text", *self.module.extent(node), "plain")

    def mapping(self, nodes: dict[str, Node], start: int, stop: int) -> Mapping:
        """Nodes by words that stand nowhere themselves."""
        words = [Scalar(word, "text", start, start, "plain") for word in nodes]
        return Mapping(tuple(zip(words, nodes.values(), strict=True)), start, stop)

    def _fields(self, node: ast.expr | ast.ClassDef, depth: int) -> dict[str, Node] | None:
        """The fields of a config's class, or of an object of one; None of anything else."""
        cls = node.func if isinstance(node, ast.Call) else node
        found: dict[str, Node] = {}
        names = ["spec"]
        if (target := CONFIG_CLASSES.get(self.module.dotted(cls))) is not None:
            start, _ = self.module.extent(node)
            found |= {"_target_": Scalar(target, "text", start, start, "plain")} if target else {}
        else:
            own = cls if isinstance(cls, ast.ClassDef) else self.module.class_of(cls)
            if own is None or depth > MAX_LITERAL_DEPTH or not _is_dataclass(own):
                return None
            for base in own.bases:
                found |= self._fields(base, depth + 1) or {}
            fields = [(x.target, x.value) for x in own.body if isinstance(x, ast.AnnAssign)]
            names = [name.id for name, _ in fields if isinstance(name, ast.Name)]
            for name, value in fields:
                if isinstance(name, ast.Name) and value is not None:
                    found[name.id] = self.node(_default(value), depth)
        if isinstance(node, ast.Call):
            given = dict(zip(names, node.args, strict=False))
            given |= {each.arg: each.value for each in node.keywords if each.arg is not None}
            found |= {name: self.node(value, depth) for name, value in given.items()}
        return found


def _is_dataclass(node: ast.ClassDef) -> bool:
    """Whether a class is decorated as a dataclass, of the standard library or another's."""
    functions = [x.func if isinstance(x, ast.Call) else x for x in node.decorator_list]
    return any(["dataclass" in last_name(function) for function in functions])


def _default(value: ast.expr) -> ast.expr:
    """The value of a field that is not given."""
    if not (isinstance(value, ast.Call) and last_name(value.func) == "field"):
        return value
    given = {each.arg: each.value for each in value.keywords}
    default = given.get("default", given.get("default_factory", value))
    return default.body if isinstance(default, ast.Lambda) else default


def last_name(function: ast.expr) -> str:
    """The name of a function without its module."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
