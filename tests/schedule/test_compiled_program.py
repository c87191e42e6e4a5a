"""Programs that need no optimizer: `compile_program` and what it makes."""

from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl import CompiledProgram, SpecError, compile_program


def root(update: float) -> float:
    return float(update) ** 0.5


RATE = "warmup(10%) >> cosine(1, 0)"
PROGRAMS = {
    "one number": {"lr": RATE},
    "in any order": {"weight_decay": "0.1 * lr", "lr": RATE, "ema": "1 - weight_decay"},
    "a tree": {"lr": [{"warmup": 10}, {"cosine": {"start": 1, "end": 0}}], "ema": {"constant": 5}},
    "a function": {"lr": root, "ema": "1 - lr / 100"},
    "a number and a Spec": {"lr": 0.1, "ema": lrdsl.parse("1 - lr")},
    "definitions beside": {
        "definitions": "def half(a) = a / 2",
        "lr": "half(1)",
        "ema": "half(lr)",
    },
    "definitions of a spec": {
        "lr": {"spec": "half(1)", "definitions": "def half(a) = a / 2"},
        "ema": "lr",
    },
    "wrapped": {"spec": {"spec": {"lr": RATE}, "definitions": "def half(a) = a / 2"}},
    "groups": {"lr": {"head": 1, "*": RATE}, "weight_decay": "0.1 * lr", "momentum": 0.9},
    "keys of tuples": {"lr": 1, "betas[0]": "linear(0.8, 0.9)", "betas.1": 0.99},
    "a single spec": RATE,
    "a program of the library": "torch.OneCycleLR(0.1, 100)",
}


@pytest.mark.parametrize("spec", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_is_a_mapping_of_schedules_that_can_be_called(spec):
    program = compile_program(spec, total_steps=100)
    assert isinstance(program, CompiledProgram)
    assert len(program) == len([*program]) == len(program.schedules)
    updates = np.arange(100).reshape(4, 25)
    arrays = program(updates)
    for name, schedule in program.items():
        assert program[name] is schedule
        np.testing.assert_array_equal(arrays[name], schedule(updates))
        for update in (0, 50, 99):
            assert program(update)[name] == schedule(update) == arrays[name].flat[update]
            assert type(program(update)[name]) is float
    assert program.keys() == arrays.keys()
    assert str(program).split("\n") == [f"{name}: {x.spec}" for name, x in program.items()]


@pytest.mark.parametrize("spec", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_is_equal_by_content_and_survives_pickling(spec):
    program = compile_program(spec, total_steps=100)
    again = compile_program(spec, total_steps=100)
    others = [pickle.loads(pickle.dumps(program)), copy.deepcopy(program), again]
    for other in others:
        assert other == program
        assert hash(other) == hash(program)
        assert repr(other) == repr(program)
    assert program != compile_program(spec, total_steps=101)
    assert program == dict(program)
    assert len({program, *others}) == 1


@pytest.mark.parametrize("spec", PROGRAMS.values(), ids=PROGRAMS)
def test_its_repr_makes_it_again(spec):
    if spec is PROGRAMS["a function"]:
        return  # its name is no text of a spec
    program = compile_program(spec, total_steps=100)
    assert eval(repr(program), {"lrdsl": lrdsl}) == program


def test_a_program_does_not_change():
    program = compile_program({"lr": RATE}, total_steps=100)
    with pytest.raises(AttributeError, match="immutable"):
        program.schedules = ()
    with pytest.raises(AttributeError, match="immutable"):
        del program.context
    with pytest.raises(TypeError):
        program["lr"] = program["lr"]
    with pytest.raises(KeyError):
        program["ema"]
    assert "ema" not in program


def test_what_names_a_number_of_some_groups_is_told_apart_by_their_patterns():
    program = compile_program(
        {
            "lr": {"head": 1, "*": 2},
            "momentum": {"body": 4, "*": 8},
            "weight_decay": "lr / momentum",
            "eps": "lr",
        }
    )
    assert program(0) == {
        "lr[head]": 1,
        "lr[*]": 2,
        "momentum[*]": 8,
        "momentum[body]": 4,
        "weight_decay[head]": 1 / 8,
        "weight_decay[*]": 2 / 8,
        "weight_decay[body]": 2 / 4,
        "eps[head]": 1,
        "eps[*]": 2,
    }
    assert [each.number for each in program.schedules][-2:] == ["eps", "eps"]


def test_base_is_that_of_lr():
    program = compile_program({"lr": "base", "weight_decay": "lr / 2"}, base_lr=0.5)
    assert program(0) == {"lr": 0.5, "weight_decay": 0.25}


MISTAKES = {
    "a circle": (
        {"a": "0.1 * b", "b": "a"},
        r"LR602\]: .* in a circle: `a` -> `b` -> `a`(.|\n)*\^ write what `a` is without `b`",
    ),
    "itself": ({"a": "0.1 * a"}, r"in a circle: `a` -> `a`"),
    "a base of another": (
        {"lr": "base", "weight_decay": "2 * base"},
        r"LR302\]: `weight_decay`: `base` is known for `lr` alone, as there is no optimizer\n"
        r".*\n.*\^\^\^\^ write the value, or pass it as a variable",
    ),
    "all of them": (
        {"lr": "cosin(1, 0, 9)", "ema": "hold(", "x": "0.1 * lr"},
        r"`lr`: there is no shape `cosin`(.|\n)*`ema`: this `\(` is never closed",
    ),
    "in a tree": (
        {"lr": {"cosine": {"start": 1, "ending": 0}}, "ema": 1},
        r"`lr`: .*`ending`(.|\n)*at lr\.cosine",
    ),
    "a number that is not there": ({"lr": 1, "ema": "0.1 * lrr"}, "did you mean `lr`?"),
    "a word of the language": ({"t": "1", "lr": "t"}, "no number of a program can be called `t`"),
    "a tree by mistake": ({"noise": 1}, r"`\{noise: …\}` is the tree of one schedule"),
    "a variable too": ({"lr": "peak", "peak": "2"}, "`peak` is both a variable and a schedule"),
    "a pattern that never applies": ({"lr": {"*": 1, "head": 2}}, "`head` of `lr` never applies"),
    "nothing drives it there": (
        {"lr": {"head": 1}, "momentum": {"*": 0.9}, "weight_decay": "lr / 10"},
        r"`weight_decay` names `lr`, which nothing drives in the groups `\*`",
    ),
    "one name twice": ({"lr": {"a": 1}, "lr[a]": 2}, r"would be called `lr\[a\]`"),
    "nothing": ({}, "there is no number in the program"),
    "definitions alone": ({"definitions": "def f(x) = x"}, "there is no number in the program"),
    "too many in all": (
        {**{f"n{i}": f"n{i + 1} + n{i + 1}" for i in range(40)}, "n40": "1"},
        "LR109.*`n.*` names numbers that name others, too many in all",
    ),
    "too deep": ({**{f"n{i}": f"n{i + 1} + 1" for i in range(2000)}, "n2000": "1"}, "LR109"),
    "None": ({"lr": None, "ema": 1}, "`lr`: a spec is text, a number or a Spec"),
    "keys beside a spec": ({"spec": "1", "lr": "1"}, "a mapping for a schedule has `spec`"),
}


@pytest.mark.parametrize(("spec", "match"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_of_a_program(spec, match):
    variables = {"peak": 3} if "peak" in spec else {}
    with pytest.raises(SpecError) as caught:
        compile_program(spec, base_lr=0.1, **variables)
    assert re.search(match, str(caught.value)), caught.value


def test_what_names_a_number_with_mistakes_is_not_reported_too():
    with pytest.raises(SpecError) as caught:
        compile_program({"lr": "cosin(1, 0, 9)", "a": "lr", "b": "a"})
    assert len(caught.value.diagnostics) == 1


def test_a_notebook_shows_each_curve():
    program = compile_program({"lr": "warmup(9) >> cosine(1, 0, 90)", "<b>": "1"})
    page = program._repr_html_()
    assert page.count("<svg") == 2
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


NUMBERS = ("lr", "weight_decay", "momentum", "dampening")
SPECS = st.sampled_from(
    [
        "linear(1, 0, 50)",
        "warmup(10) >> cosine(0.5, 0.1)",
        "0.25",
        "{a} / 2",
        "0.1 * {a} + {b}",
        "{a}",
    ]
)


@st.composite
def drawn_programs(draw):
    """Programs that name numbers drawn before, in any order."""
    done: list[str] = []
    entries = {}
    for key in draw(st.permutations(NUMBERS)):
        text = draw(SPECS)
        if "{" in text and not done:
            text = "0.125"
        names = {x: draw(st.sampled_from(done)) for x in ("a", "b")} if done else {}
        patterns = draw(st.sampled_from([None, None, ("head", "*")]))
        spec = text.format(**names)
        entries[key] = spec if patterns is None else {"head": "0.75", "*": spec}
        done.append(key)
    return {key: entries[key] for key in draw(st.permutations([*entries]))}


@given(spec=drawn_programs())
def test_a_scheduler_sets_the_same_numbers(spec):
    torch = pytest.importorskip("torch")
    from lrdsl.torch import Scheduler

    groups = [{"params": [torch.zeros(1)], "name": name} for name in ("head", "body")]
    scheduler = Scheduler(torch.optim.SGD(groups, lr=0.1), spec, total_steps=50)
    program = compile_program(spec, total_steps=50)
    values, shown = program(range(50)), scheduler.preview(50)
    for key in NUMBERS:
        for i, pattern in enumerate(("head", "*")):
            expected = values[key] if key in values else values[f"{key}[{pattern}]"]
            np.testing.assert_array_equal(shown[key][i], expected)
