"""Whatever a shape, a modifier or a user's function raises: it is told, and all else is linted."""

import numpy as np
import pytest
from click.testing import CliRunner

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.diagnostics import SpecError
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.linter.rule import RULES
from lrdsl.shapes import Shape, Value
from tests.support.counting import MOST_CALLS, bounded

RUN = {"total_steps": 100, "base_lr": 1.0}

BEYOND = [
    pytest.param("hold() | repeat(1e6, 2)", "LR210", "1e6", id="too many rounds"),
    pytest.param("linear(1) | repeat(3, 1e-300)", "LR210", "3", id="too short rounds"),
    pytest.param("cosine(1) | repeat(1e6, 2)", "LR210", "1e6", id="a body that fills the rest"),
    pytest.param("hold(2) >> (linear(1) | repeat(9e9, 0.5))", "LR210", "9e9", id="in a chain"),
    pytest.param("def f(n) = hold() | repeat(n, 2)\nf(1e6)", "LR210", "1e6", id="definition"),
    pytest.param("cosine(1, 0, 10) | repeat(5, 2, 1e200)", "LR503", None, id="values overflow"),
    pytest.param("cosine(1, 0, 5) | repeat(scale=1e300)", "LR503", None, id="equal rounds"),
    pytest.param("hold(5) | repeat(inf, stretch=1e308)", "LR503", "repeat(inf, stretch=1e308)",
                 id="boundaries overflow"),
    pytest.param("(cosine(1, 0, 9) | repeat(5, 2, 1e200)) >> linear(_, 0, 9)", "LR503", None,
                 id="what leans on it"),
    pytest.param("hold(9) | interval[5: warmup(3) * (cosine(1, 0, 1) | repeat(5, 2, 1e200))]",
                 "LR503", None, id="in an entry"),
    pytest.param("step(1, 1e300, 1)", "LR503", None, id="a shape"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "marked"), BEYOND)
def test_arithmetic_beyond_all_numbers(text, code, marked):
    *definitions, spec = text.split("\n")
    with pytest.raises(SpecError, match=code) as caught:
        lrdsl.compile(spec, definitions=definitions, **RUN)
    [found] = caught.value.diagnostics
    assert spec[found.span.start : found.span.stop] == (marked or spec)
    linted = lrdsl.lint(spec, definitions=definitions, **RUN)
    assert code in [each.code for each in linted]


@pytest.mark.parametrize("ask", ["call", "bounds", "values", "segments", "cycle_ends"])
def test_arithmetic_that_fails_far_away(ask):
    schedule = lrdsl.compile("sgdr(1, period=40, mult=10, shrink=9e79)")
    asked = {
        "call": lambda: schedule(10**6),
        "bounds": lambda: schedule.bounds(0, 10**6),
        "values": lambda: schedule.values(10**5),
        "segments": lambda: schedule.segments,
        "cycle_ends": lambda: schedule.cycle_ends(0, 10**6),
    }
    if ask in ("segments", "cycle_ends"):  # they have no value
        asked[ask]()
        return
    with pytest.raises(SpecError, match="LR503"):
        asked[ask]()


ERRORS = [
    (OverflowError("too much"), "LR503", "leads to a number that no float can be"),
    (ZeroDivisionError("by 0"), "LR503", "leads to a number that no float can be"),
    (FloatingPointError(), "LR503", "leads to a number that no float can be"),
    (MemoryError(), "LR404", "needs more memory than there is"),
    (RecursionError(), "LR109", "too deeply"),
    (ValueError("no\ngood"), "LR606", "fails: ValueError: no good"),
    (TypeError("x" * 1000), "LR606", "fails: TypeError: xxx"),
    (KeyError("k"), "LR606", "fails: KeyError: 'k'"),
    (AssertionError(), "LR606", "fails: AssertionError"),
]


@pytest.mark.parametrize(("error", "code", "words"), ERRORS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("method", ["length", "room", "apply", "model_post_init"])
@pytest.mark.parametrize(
    "spec", ["linear(1, 0, 9) | every(2)", "hold(3) >> (linear(1) | every(2))"]
)
def test_whatever_a_modifier_raises(monkeypatch, error, code, words, method, spec):
    def fail(*_, **__):
        raise error

    cls = MODIFIERS["every"]
    fills_rest = "hold" in spec
    if method == ("length" if fills_rest else "room"):
        return  # it is asked of the other one
    if method == "model_post_init":
        monkeypatch.setattr(cls, "__init__", fail)
    else:
        monkeypatch.setattr(cls, method, fail)
    with pytest.raises(SpecError, match=code) as caught:
        lrdsl.compile(spec, **RUN)
    assert words in str(caught.value)
    if code != "LR109":
        span = caught.value.diagnostics[0].span
        assert spec[span.start : span.stop] == "every(2)"


class Failing(Shape):
    """A shape whose methods raise what they are told to."""

    at: Value = 0.0

    def values(self, t, xp):
        times = np.asarray(t)
        if times[0] >= self.at:
            raise self.error
        return times * 0.0


@pytest.mark.parametrize(("error", "code", "words"), ERRORS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("at", [0, 50])
def test_whatever_a_shape_raises(error, code, words, at):
    Failing.error = error
    lrdsl.shape(name="failing")(Failing)
    with pytest.raises(SpecError) as caught:
        lrdsl.compile(f"failing({at})", **RUN)(99)
    if code != "LR404":
        assert code in str(caught.value)
    found = lrdsl.lint(f"failing({at}) | take(100)", **RUN)
    assert [each for each in found if each.severity == "error"]


GOOD = "cosin(1, 0, 9)"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(*arguments):
    done = CliRunner().invoke(cli, ["lint", *arguments])
    assert isinstance(done.exception, (SystemExit, type(None))), done.exception
    return done


@pytest.mark.parametrize(("text", "code", "_"), BEYOND)
@pytest.mark.parametrize("name", ["a.yaml", "a.md", "a.py"])
def test_the_other_specs_of_a_file_are_linted(folder, text, code, _, name):
    spec = text.rpartition("\n")[2]
    if text != spec:
        return
    pages = {
        "a.yaml": "total_steps: 100\nbase_lr: 1\na_lr: '{}'\nb_lr: '{}'\n",
        "a.md": "<!-- lrdsl: total_steps=100 base_lr=1 -->\n```lr\n{}\n{}\n```\n",
        "a.py": "import lrdsl\nrun = dict(total_steps=100, base_lr=1.0)\n"
                "lrdsl.compile('{}', total_steps=100, base_lr=1.0)\nlrdsl.compile('{}')\n",
    }  # fmt: skip
    (folder / name).write_text(pages[name].format(spec, GOOD))
    done = lint(name)
    assert (done.exit_code, "LR201" in done.output, code in done.output) == (1, True, True)


@pytest.mark.parametrize("broken", ["rule", "analysis", "file"])
def test_a_mistake_of_lrdsl_itself_ends_no_lint(folder, monkeypatch, broken):
    def fail(*_, **__):
        raise AttributeError("oops")

    (folder / "a.yaml").write_text("lr: warmup(5) >> cosine(1, 0, 9)\nb_lr: 'cosin(1, 0, 9)'\n")
    if broken == "rule":
        monkeypatch.setattr(RULES["joint-jump"], "check", fail)
        done = lint("a.yaml")
        assert ("LR201" in done.output, "LR606" in done.output) == (True, True)
    elif broken == "analysis":
        monkeypatch.setattr("lrdsl.linter.engine.program_contexts", fail)
        done = lint("a.yaml")
        assert done.output.count("LR901") == 2
        assert "please report it" in done.output
    else:
        (folder / "b.md").write_text(f"```lr\n{GOOD}\n```\n")
        monkeypatch.setattr("lrdsl.linter.sources.yaml_document.read_yaml", fail)
        done = lint(".")
        assert (done.exit_code, "LR201" in done.output) == (2, True)
        assert "a.yaml: lrdsl fails on this file" in done.output


LONG = {
    "a cosine that rises again": ("torch.CosineAnnealingLR(5) / hold()", 10**12),
    "a cosine of many cycles": ("cosine(1, 0, 7) | repeat()", 10**12),
    "cyclic": ("cyclic(0.1, 1, 5)", 10**12),
    "a step": ("torch.StepLR(3, 0.999999)", 10**12),
    "warm restarts": ("torch.CosineAnnealingWarmRestarts(1, 2)", 10**15),
    "rounds shorter than an update": ("cyclic(0.1, 1, 1e-9%)", 100),
    "stretched rounds shorter than an update": ("linear(1, 0, 1e-9%) | repeat(stretch=1.5)", 100),
    "a running product": ("torch.MultiplicativeLR(time_based(2, 0.1))", 10**5),
    "rounds of which few are seen": ("(linear(1, 0, 6) | repeat()) | every(33%)", 10**12),
    "rounds in rounds": ("linear(1, 0, 1e-7%) | repeat(1e6) | repeat()", 100),
}


@pytest.mark.parametrize(("text", "total"), LONG.values(), ids=LONG)
def test_the_length_of_a_run_costs_nothing(text, total):
    lrdsl.lint("1", total_steps=9)  # what is imported is
    with bounded(MOST_CALLS // 6):
        lrdsl.lint(text, total_steps=total, base_lr=0.1)


def test_rounds_shorter_than_an_update_end_once_an_update():
    schedule = lrdsl.compile("linear(1, 0, 0.25ep) | repeat()", steps_per_epoch=1)
    assert schedule.cycle_ends(0, 5) == (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    "spec",
    [
        "torch.CyclicLR(0.1, 0.3, cycle_momentum=false, base_momentum=2k)",
        "grow(0.1)",
        "torch.CyclicLR(base_lr=0.1, max_lr=0.3)",
    ],
)
def test_a_finding_about_a_default_stands_at_the_call(spec):
    own = "# Some words.\ndef grow(a, gamma=2) = a * gamma ** t"
    run = {"total_steps": 10, "steps_per_epoch": 33333, "definitions": own}
    found = [x for x in lrdsl.lint(spec, **run) if x.source == spec]
    assert found
    assert all([0 <= x.span.start < x.span.stop <= len(spec) for x in found])


def test_a_schedule_of_no_updates_is_shown():
    done = CliRunner().invoke(cli, ["show", "constant(1, 0)"])
    assert done.exit_code == 0, done.output
