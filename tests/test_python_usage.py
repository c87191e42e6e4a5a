"""The public names as they are met in Python: at a prompt, in a notebook, by a type checker."""

import copy
import importlib
import math
import pickle
import subprocess
import sys
import typing
from xml.etree import ElementTree

import numpy as np
import pytest

import lrdsl
from lrdsl import Diagnostic, Span, Switch, plot
from lrdsl.diagnostics import UNKNOWN_NAME
from tests.support.paths import ROOT

TEXT = "warmup(100) >> cosine(1, 0, 800)"
SPEC = lrdsl.parse(TEXT)
SCHEDULE = lrdsl.compile(TEXT, total_steps=1000)
MISTAKE = Diagnostic(UNKNOWN_NAME, "there is no shape `cosin`", Span(0, 5), "cosin(1, 0, 9)")

SHOWN = {
    "a spec": (SPEC, f"lrdsl.parse({TEXT!r})"),
    "a schedule": (SCHEDULE, f"lrdsl.compile({TEXT!r}, total_steps=1000)"),
    "a program": (
        lrdsl.compile_program({"lr": TEXT, "ema": 0.9}, total_steps=1000),
        f"lrdsl.compile_program({{'lr': {TEXT!r}, 'ema': '0.9'}}, total_steps=1000)",
    ),
    "a context": (SCHEDULE.context, "Context(total_steps=1000)"),
    "no context": (lrdsl.compile("1").context, "Context()"),
    "a segment": (
        SCHEDULE.segments[0],
        "Segment(start=0, stop=100, first=0.0, last=0.99, description='warmup(100)')",
    ),
    "a span": (MISTAKE.span, "Span(start=0, stop=5, sites=())"),
    "a diagnostic": (
        MISTAKE,
        "<Diagnostic error[LR201] at line 1, column 1: there is no shape `cosin`>",
    ),
    "a diagnostic without a place": (
        Diagnostic(UNKNOWN_NAME, "nothing\nis there"),
        "<Diagnostic error[LR201]: nothing is there>",
    ),
    "a switch": (Switch([("a", 3), ("b", None)]), "Switch([('a', 3), ('b', None)])"),
}


@pytest.mark.parametrize(("value", "shown"), SHOWN.values(), ids=SHOWN)
def test_repr_is_short_and_true(value, shown):
    assert repr(value) == shown


@pytest.mark.parametrize("value", [value for value, _ in SHOWN.values()], ids=SHOWN)
def test_what_is_immutable_is_a_value(value):
    copies = [copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))]
    for each in [*copies] if "Segment" not in repr(value) else copies[:1]:
        assert each == value
        assert hash(each) == hash(value)
    assert value != object()
    assert {value: 1}[value] == 1
    assert bool(value)


def test_switches_of_other_objects_are_different():
    assert Switch([("a", 3), ("b", None)]) != Switch([("a", 4), ("b", None)])
    assert Switch([("a", 3), ("b", None)]) != Switch([("a", 3), ("c", None)])


def test_a_diagnostic_as_text_shows_its_line():
    assert str(MISTAKE) == MISTAKE.render()
    assert f"{MISTAKE}".splitlines()[1:] == ["  | cosin(1, 0, 9)", "  | ^^^^^"]
    with pytest.raises(lrdsl.SpecError, match="no shape") as caught:
        lrdsl.compile("cosin(1, 0, 9)")
    assert str(caught.value) == "\n".join(map(str, caught.value.diagnostics))


MODULES = ["lrdsl", "lrdsl.compare", "lrdsl.hydra", "lrdsl.plot", "lrdsl.shapes", "lrdsl.tree"]


@pytest.mark.parametrize("name", [*MODULES, "lrdsl.torch"])
def test_completion_offers_the_public_names(name):
    if name == "lrdsl.torch":
        pytest.importorskip("torch")
    module = importlib.import_module(name)
    offered = [each for each in dir(module) if not each.startswith("_")]
    also = {"build", "hydra", "plot", "torch", "tree"} if name == "lrdsl" else set()
    assert set(offered) - also == {each for each in module.__all__ if not each.startswith("_")}
    for each in offered:
        if each != "torch":
            assert getattr(module, each) is not None


# Notebooks.


def drawing(html):
    """A page in a notebook, which must be well-formed: its texts, and the curves in it."""
    tree = ElementTree.fromstring(html)
    svg = "{http://www.w3.org/2000/svg}"
    return " ".join(tree.itertext()), tree.findall(f".//{svg}svg")


NOTEBOOK = {
    "a schedule": (SCHEDULE, "900 updates", 1),
    "an endless one": (lrdsl.compile("0.1 | plateau(0.5, 3)"), "never ends", 1),
    "a spec": (SPEC, TEXT, 1),
    "a spec that needs a run": (lrdsl.parse("linear(1, 0, 5%)"), "needs total_steps", 0),
    "a spec with a mistake": (lrdsl.parse("cosin(1, 0, 9)"), "there is no shape `cosin`", 0),
    "no updates": (lrdsl.compile("constant(1, 0)"), "0 updates", 1),
    "a function": (lrdsl.compile(lambda t: 1 / (t - 3)), "fails at update 3", 0),
    "marks of HTML": (lrdsl.parse("1 if n < 9 else 2"), "1 if n < 9 else 2", 0),
    "far numbers": (lrdsl.compile("constant(-1.7e308, 4) >> constant(1.7e308, 5)"), "9 updates", 1),
}


@pytest.mark.parametrize(("value", "text", "curves"), NOTEBOOK.values(), ids=NOTEBOOK)
def test_notebooks_show_a_curve_or_why_there_is_none(value, text, curves):
    found, pictures = drawing(value._repr_html_())
    assert text in found
    assert len(pictures) == curves


def test_the_curve_in_a_notebook_is_that_of_the_schedule():
    _, [picture] = drawing(lrdsl.compile("linear(1, 0, 4)")._repr_html_())
    assert picture[-1].get("d") == (
        "M60 10.0H60.0V10.0H181.5V44.0H303.0V78.0H424.5V112.0H546.0V146.0H546"
    )


# Plots take what compiles.


@pytest.mark.parametrize("draw", [plot.terminal, plot.horizon], ids=["terminal", "horizon"])
def test_plots_take_specs(draw):
    expected = draw(lrdsl.compile("linear(1, 0, 40)"))
    assert draw("linear(1, 0, 40)") == expected
    assert draw(lrdsl.parse("linear(1, 0, 40)")) == expected
    assert draw({"spec": "linear(1, 0, 40)"}) == expected
    assert draw("linear(1, 0)", total_steps=40) == expected


def test_samples_take_specs():
    assert plot.sample("linear(1, 0, x)", x=2).values.tolist() == [1.0, 0.5, 0.0]


@pytest.mark.parametrize("draw", [plot.terminal, plot.horizon, plot.sample, plot.figure])
def test_a_context_beside_a_schedule_is_refused(draw):
    with pytest.raises(lrdsl.SpecError, match="`total_steps` would change nothing"):
        draw(SCHEDULE, total_steps=40)


# Types.

TYPED = """
import numpy as np
import lrdsl

schedule = lrdsl.compile("1")
reveal_type(schedule(3))
reveal_type(schedule([1, 2]))
reveal_type(schedule(range(3)))
reveal_type(schedule(((1, 2), (3, 4))))
reveal_type(schedule(np.arange(3)))
lrdsl.compile("1", total_steps="9")
"""
ARRAY = "numpy.ndarray[tuple[Any, ...], numpy.dtype[numpy.float64]]"


@pytest.mark.slow
def test_a_type_checker_knows_what_a_schedule_returns(tmp_path):
    pytest.importorskip("mypy")
    tmp_path.joinpath("usage.py").write_text(TYPED)
    command = [sys.executable, "-m", "mypy", "--config-file", "", "--no-error-summary"]
    options = ["--follow-imports", "silent", "--hide-error-codes", tmp_path / "usage.py"]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True)
    told = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert told[:5] == [f'note: Revealed type is "{each}"' for each in ["float", *[ARRAY] * 4]]
    assert 'error: Argument "total_steps"' in told[-1]


def test_options_are_literals():
    torch = pytest.importorskip("lrdsl.torch")
    wanted = {
        "clock": typing.Literal["calls", "updates"],
        "on_change": typing.Literal["warn", "error", "keep", "rescale"],
        "on_end": typing.Literal["hold", "warn", "error"] | None,
        "metric_reduction": typing.Literal["mean", "min", "max", "same"],
    }
    for function in (torch.Scheduler.__init__, torch.attach):
        hints = typing.get_type_hints(function)
        assert {name: hints[name] for name in wanted} == wanted
    assert typing.get_args(torch.Clock) == ("calls", "updates")
    assert lrdsl.__file__ is not None
    assert (ROOT / "lrdsl" / "py.typed").exists()


def test_values_are_floats_and_arrays():
    assert type(SCHEDULE(np.int64(3))) is float
    assert SCHEDULE([[1], [2]]).shape == (2, 1)
    assert math.isclose(SCHEDULE(np.array(50)), 0.5)
