"""Formulas are expressions of pointwise functions, and numpy's functions agree with their laws."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lrdsl
from lrdsl.compiler.leaf_signals import ShapeSignal
from lrdsl.language import catalog, curves, modifiers, shapes
from lrdsl.language.curves import CURVES
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.language.modifiers.base import Filter, FilteredSignal
from lrdsl.language.pointwise.functions import NUMPY
from lrdsl.language.pointwise.times import Range
from lrdsl.language.shapes import SHAPES, Shape
from lrdsl.language.shapes.ramp import Ramp
from lrdsl.language.signal import Signal
from tests.support.recorder import FUNCTIONS, Compositions, Expression, record

TIMES = np.arange(1000.0)
MODES = [
    *[f"{name}()" for name in sorted(CURVES)],
    *("polynomial(power=0.9)", "polynomial(power=1)", "tanh(lb=-6, ub=3)"),
]
VARIATIONS = [
    *("linear(1, 0, 100, closed=true)", "cosine(0, 1, 1, closed=true)", "hold(5)"),
    *("exponential(-1, -1e-3, 300)", "step(1, half_life=33.3 * 1)", "step(1, 0.5, 2.5ep)"),
    *("multistep(1, [0.5, 2, 0.1], at=[30, 80, 300])", "time_based(1, 1e-9)", "time_based(1, 3)"),
    "exponential_decay(1, 0.5, every=0.3ep, staircase=true)",
]


def leaves(signal: Signal) -> Iterator[Signal]:
    """A signal, and those that it is made of."""
    yield signal
    for name in ("parts", "source", "regions", "signal"):
        inside = getattr(signal, name, ())
        for each in inside if isinstance(inside, tuple) else (inside,):
            yield from leaves(each)


def shapes_of(spec: str) -> list[Shape]:
    schedule = lrdsl.compile(spec, **catalog.EXAMPLE_RUN)
    return [leaf.shape for leaf in leaves(schedule._signal) if isinstance(leaf, ShapeSignal)]


EXAMPLES = [entry.doc.example for entry in catalog.entries() if entry.group != catalog.OWN]
MODE_SPECS = [
    f"ramp({mode.replace('(', ', 1, 0.2, 300, ', 1)}".replace(", )", ")") for mode in MODES
]


@pytest.mark.parametrize("spec", [*EXAMPLES, *MODE_SPECS, *VARIATIONS])
def test_formulas_of_shapes_and_curves_can_be_recorded(spec: str) -> None:
    """The graph, evaluated with numpy, gives the same bits as the formula."""
    for shape in shapes_of(spec):
        graph = record(shape.values)
        times = np.minimum(TIMES, shape.end_time)
        expected = shape.values(times, NUMPY)
        assert graph.evaluate(times, NUMPY).tolist() == expected.tolist()
        assert functions(graph) <= FUNCTIONS | set(dir(operator))


def functions(graph: object) -> set[str]:
    """The names of the functions in a graph."""
    if not isinstance(graph, Expression) or not graph.arguments:
        return set()
    return {graph.function}.union(*[functions(each) for each in graph.arguments])


def test_every_shape_and_curve_of_the_catalog_is_recorded() -> None:
    recorded = [shape for spec in [*EXAMPLES, *MODE_SPECS] for shape in shapes_of(spec)]
    own = {SHAPES[name] for name in SHAPES}
    assert own <= {type(shape) for shape in recorded}
    ramps = [type(shape.mode) for shape in recorded if isinstance(shape, Ramp)]
    assert set(ramps) == {CURVES[name] for name in CURVES}


FILTERS = [
    *("skip(5)", "skip(0.05ep)", "take(30)", "take(0.33ep)", "stretch(3)", "stretch(1 / 3)"),
    *("every(4)", "every(0.07ep)", "clip(0.2, 0.7)", "clip(_, 0.7)", "clock(ep)"),
]


@pytest.mark.parametrize("call", FILTERS)
def test_filters_can_be_recorded(call: str) -> None:
    signal = lrdsl.compile(f"linear(1, 0, 900) | {call}", **catalog.EXAMPLE_RUN)._signal
    assert isinstance(signal, FilteredSignal)
    changed, time_map = signal.filter.changed, signal.filter.time_map()
    values = np.linspace(-1, 2, 1000)
    times = record(lambda t, xp: time_map.source_times(t, xp))
    assert times.evaluate(TIMES, NUMPY).tolist() == time_map.source_times(TIMES, NUMPY).tolist()
    graph = record(lambda x, xp: changed(x, xp))
    assert graph.evaluate(values, NUMPY).tolist() == changed(values, NUMPY).tolist()


def test_every_filter_of_the_catalog_is_recorded() -> None:
    filters = {name for name in MODIFIERS if issubclass(MODIFIERS[name], Filter)}
    assert filters == {call.partition("(")[0] for call in FILTERS}


@pytest.mark.parametrize(
    ("formula", "match"),
    [
        pytest.param(lambda t, xp: t if t > 3 else 2 * t, "cannot branch", id="a branch"),
        pytest.param(lambda t, xp: np.sqrt(t), "functions of `xp`", id="a function of numpy"),
        pytest.param(lambda t, xp: 3.0, "returns an expression of `t`", id="no expression"),
    ],
)
def test_what_is_no_formula_is_not_recorded(formula: object, match: str) -> None:
    with pytest.raises(TypeError, match=match):
        record(formula)  # type: ignore[arg-type]


FORMULA_FILES = [
    path
    for package in (curves, shapes, modifiers)
    for path in sorted(Path(package.__path__[0]).glob("*.py"))
    if package is not modifiers
    or (path.stem in MODIFIERS and issubclass(MODIFIERS[path.stem], Filter))
]


@pytest.mark.parametrize("path", FORMULA_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_shapes_curves_and_filters_do_not_know_numpy(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [
        name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in [getattr(node, "module", None), *[alias.name for alias in node.names]]
    ]
    assert "numpy" not in imported
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.AugAssign)]
    keywords = [node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)]
    assert "out" not in keywords


VALUES = np.array([-2.0, -0.5, 0.0, 0.25, 1.0, 7.0])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("clip", (VALUES, -0.5, 1.0), id="clip"),
        pytest.param("blend", (VALUES, 0.1, 0.3), id="blend"),
        pytest.param("pin", (VALUES, VALUES, 0.25, 5.0), id="pin"),
        pytest.param("pin", (VALUES, VALUES, 0.3, 5.0), id="pin nothing"),
        pytest.param("pin", (VALUES, Range(3.0, 6), 5.0, 9.0), id="pin in a range"),
        pytest.param("pin", (VALUES, Range(3.0, 6), 9.0, 9.0), id="pin past a range"),
        pytest.param("pin", (VALUES, Range(3.0, 6), 5.5, 9.0), id="pin between updates"),
    ],
)
def test_buffered_functions_are_their_definitions(name: str, arguments: tuple[object, ...]) -> None:
    before = VALUES.copy()
    expected = getattr(Compositions(), name)(*arguments)
    assert getattr(NUMPY, name)(*arguments).tolist() == expected.tolist()
    assert VALUES.tolist() == before.tolist(), "an argument was changed"


@pytest.mark.parametrize("times", [Range(3.0, 1), Range(1.0, 5)], ids=["one time", "five times"])
@pytest.mark.parametrize(
    "apply",
    [
        pytest.param(getattr(operator, name), id=name)
        for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
    ]
    + [pytest.param(getattr(operator, name), id=name) for name in ("lt", "le", "gt", "ge")],
)
def test_a_range_computes_as_its_array(times: Range, apply: Callable[..., Any]) -> None:
    array = np.asarray(times)
    for other in (2.0, 1.5):
        np.testing.assert_array_equal(np.asarray(apply(times, other)), apply(array, other))
        np.testing.assert_array_equal(np.asarray(apply(other, times)), apply(other, array))
    assert (-times).tolist() == (-array).tolist()
    assert abs(times).tolist() == array.tolist()
