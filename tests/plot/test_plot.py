"""Pictures show the schedule's own values."""

from __future__ import annotations

import subprocess
import sys
import warnings
from decimal import Decimal

import numpy as np
import pytest

import lrdsl
from lrdsl import SpecError
from lrdsl.plot import figure, horizon, sample, save, terminal
from lrdsl.plot.panels import panels as panels_of
from lrdsl.plot.ticks import axis_limits, labels, log_limits, share, ticks

EXAMPLE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"


def line(picture, i=0):
    return picture.axes[0].lines[i].get_data()


@pytest.mark.parametrize(
    ("spec", "context", "expected"),
    [
        pytest.param("cosine(1, 0, 90)", {}, 90, id="its length"),
        pytest.param("cosine(1, 0, 90)", {"total_steps": 500}, 90, id="its length, not the run's"),
        pytest.param("0.1", {"total_steps": 500}, 500, id="the run's length"),
        pytest.param("0.1", {}, 1000, id="endless in an unknown run"),
    ],
)
def test_horizon(spec, context, expected):
    assert horizon(lrdsl.compile(spec, **context)) == expected


def test_sample_takes_every_update_and_the_final_value():
    schedule = lrdsl.compile(EXAMPLE)
    curve = sample(schedule)
    assert curve.complete
    assert curve.end == 900
    np.testing.assert_array_equal(curve.steps, np.arange(901))
    np.testing.assert_array_equal(curve.values, schedule(np.arange(901)))


def test_sample_of_an_endless_schedule_stops_before_the_end_of_the_run():
    # Updates are counted from 0: a run of 100 has no update 100.
    curve = sample(lrdsl.compile("t", total_steps=100))
    assert (curve.steps[-1], curve.end) == (99, 100)


def test_sample_of_many_updates_has_both_sides_of_each_boundary():
    schedule = lrdsl.compile("constant(1, 333333) >> constant(0.5, 333334) >> constant(0.1, 5M)")
    curve = sample(schedule, most=1000)
    assert not curve.complete
    assert len(curve.steps) < 1010
    assert {0, 333_332, 333_333, 666_666, 666_667, 5_666_667} <= set(curve.steps.tolist())
    np.testing.assert_array_equal(curve.values, schedule(curve.steps))


def test_sample_refuses_no_updates():
    with pytest.raises(ValueError, match="`stop` is 1 or more, not 0"):
        sample(lrdsl.compile("0.1"), 0)


def test_figure_draws_the_values_of_the_schedule():
    x, y = line(figure(EXAMPLE))
    np.testing.assert_array_equal(x, [*range(901), 900])
    np.testing.assert_array_equal(y[:-1], lrdsl.compile(EXAMPLE)(np.arange(901)))


def test_figure_holds_each_value_until_the_next_update():
    picture = figure(EXAMPLE)
    assert picture.axes[0].lines[0].get_drawstyle() == "steps-post"


def test_figure_marks_the_inner_boundaries():
    marks = [x.get_xdata()[0] for x in figure(EXAMPLE).axes[0].lines[1:]]
    assert marks == [100, 600]


def test_figure_names_its_axes_and_starts_at_update_0():
    axes = figure(EXAMPLE).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("update", "learning rate")
    assert axes.get_xlim() == (0, 900)


def test_figure_of_several_holds_the_shorter_ones_and_names_them():
    picture = figure(["linear(1, 0, 50)", lrdsl.compile("cosine(1, 0.5, 100)"), "0.1"])
    ends = [(x[-1], y[-1]) for x, y in (line(picture, i) for i in range(3))]
    assert ends == [(100, 0.0), (100, 0.5), (100, 0.1)]
    names = [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
    assert names == ["linear(1, 0, 50)", "cosine(1, 0.5, 100)", "0.1"]


def test_figure_of_endless_ones_alone_shows_1000_updates():
    assert figure(["0.1", "inverse_sqrt(1, 10)"]).axes[0].get_xlim() == (0, 1000)


def test_figure_takes_the_context():
    x, y = line(figure("linear(peak, 0, 50%)", total_steps=200, peak=0.3))
    assert (x[-1], y[0]) == (100, 0.3)


def test_figure_stops_where_it_is_told():
    x, _ = line(figure(EXAMPLE, stop=300))
    assert (x[-2], x[-1]) == (299, 300)


def test_figure_on_a_logarithmic_axis_hides_what_has_no_logarithm():
    picture = figure("linear(0, 1, 10)", log=True)
    assert picture.axes[0].get_yscale() == "log"
    y = line(picture)[1]
    assert np.isnan(y[0])
    assert np.isfinite(y[1:]).all()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param("cosine(1, 0.2, 90)", ["0.2", "0.4", "0.6", "0.8", "1"], id="in a decade"),
        pytest.param("linear(0.95, 0.9, 9)", ["0.9", "0.91", "0.92"], id="in a tenth of one"),
        pytest.param("exponential(1, 1e-4, 9)", ["1e-4", "0.001", "0.01", "0.1", "1"], id="some"),
        pytest.param("0.3", ["0.2", "0.3", "0.4", "0.5", "0.6"], id="one value"),
        pytest.param("exponential(1e200, 1e-200, 9)", ["1e-200", "1e-149"], id="hundreds"),
    ],
)
def test_a_logarithmic_axis_has_ticks_in_any_range(spec, expected):
    picture = figure(spec, log=True)
    picture.draw_without_rendering()
    axes = picture.axes[0]
    shown = [text.get_text() for text in axes.yaxis.get_ticklabels()]
    assert shown[: len(expected)] == expected
    assert len(shown) <= 8
    assert {text.get_fontsize() for text in axes.yaxis.get_ticklabels()} == {9}
    assert all(line.get_visible() for line in axes.yaxis.get_gridlines())
    drawn = terminal(lrdsl.compile(spec), width=60, height=12, log=True)
    assert sum("┤" in row for row in drawn.split("\n")) >= 2


def test_the_terminal_leaves_out_what_has_no_logarithm():
    drawn = terminal(
        lrdsl.compile("constant(0, 50) >> constant(1, 50)"),
        width=44, height=4, ascii=True, log=True,
    )  # fmt: skip
    rows = [row.partition("|")[2] or row.partition("+")[2] for row in drawn.split("\n")[:4]]
    assert all(not row[:19].strip() for row in rows)
    with pytest.raises(ValueError, match="no value is above 0"):
        terminal(lrdsl.compile("-1"), log=True)


@pytest.mark.parametrize(
    ("specs", "options", "message"),
    [
        pytest.param([], {}, "there is no schedule to draw", id="none at all"),
        pytest.param(
            "-cosine(1, 0, 9)", {"log": True}, "no value is above 0", id="log of negatives"
        ),
        pytest.param("0.1", {"stop": 0}, "`stop` is 1 or more", id="no updates"),
        pytest.param("cosin(1, 0, 9)", {}, "did you mean `cosine`", id="faulty spec"),
    ],
)
def test_figure_refuses(specs, options, message):
    with pytest.raises(ValueError, match=message):
        figure(specs, **options)


def test_titles_are_never_read_as_tex():
    picture = figure("0.1", title="$\\oops")
    picture.draw_without_rendering()
    assert picture.axes[0].get_title(loc="left") == r"\$\oops"


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_save_gives_the_same_bytes_each_time(kind, tmp_path):
    first, second = (save(EXAMPLE, tmp_path / f"{name}.{kind}") for name in "ab")
    data = first.read_bytes()
    assert data == second.read_bytes()
    assert data.startswith({"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[kind])


@pytest.mark.parametrize("name", ["lr.jpg", "lr", ".svg"])
def test_save_refuses_other_extensions(name, tmp_path):
    with pytest.raises(ValueError, match=r"a picture is \.svg, \.png or \.pdf"):
        save("0.1", tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_figures_leave_pyplot_alone(tmp_path):
    code = (
        "import sys, lrdsl.plot\n"
        f"lrdsl.plot.save('0.1', {str(tmp_path / 'lr.svg')!r})\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'lrdsl\[plot\]'"):
        figure("0.1")


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        pytest.param(0, 1, 6, ["0", "0.2", "0.4", "0.6", "0.8", "1"], id="unit"),
        pytest.param(0, 900, 9, ["0", "200", "400", "600", "800"], id="hundreds"),
        pytest.param(-1, 0, 3, ["-1", "-0.5", "0"], id="below zero"),
        pytest.param(1e-5, 3e-5, 6, ["1e-5", "1.5e-5", "2e-5", "2.5e-5", "3e-5"], id="tiny"),
        pytest.param(0, 2_000_000, 5, ["0", "0.5M", "1M", "1.5M", "2M"], id="millions"),
        pytest.param(0, 1e300, 3, ["0", "5e299", "1e300"], id="huge"),
    ],
)
def test_ticks_are_round_and_short(low, high, most, expected):
    assert labels(ticks(low, high, most)) == expected


def test_labels_of_nothing_but_zero():
    assert labels([Decimal(0)]) == ["0"]


@pytest.mark.parametrize("log", [False, True], ids=["linear", "log"])
@pytest.mark.parametrize("ascii", [False, True], ids=["braille", "ascii"])
@pytest.mark.parametrize("width", [24, 50, 80, 160])
@pytest.mark.parametrize(
    "spec",
    [
        EXAMPLE,
        "0.1",
        "constant(0, 1)",
        "-linear(1, 0, 3)",
        "cosine(1, 0, 10) | repeat()",
        "linear(1e-300, 0, 7)",
        "linear(8e307, 0, 7) - linear(0, 8e307, 7)",
        "linear(1, 0, 1B)",
        "constant(0.1, 9) >> constant(0.1000000001, 9)",
    ],
)
def test_terminal_keeps_to_its_width(spec, width, ascii, log):
    schedule = lrdsl.compile(spec)
    if log and schedule.bounds(0, 100)[1] <= 0:
        pytest.skip("has no logarithm")
    drawn = terminal(schedule, width=width, height=8, ascii=ascii, log=log)
    lines = drawn.split("\n")
    assert len(lines) == 8 + 3
    assert max(map(len, lines)) <= width
    assert drawn.isascii() == ascii
    assert all(text == text.rstrip() for text in lines)


def test_terminal_draws_a_jump_upright_where_it_happens():
    drawn = terminal(
        lrdsl.compile("constant(1, 50) >> constant(0, 50)"), width=44, height=4, ascii=True
    )
    top, *middle, bottom = [
        row.partition("|")[2] or row.partition("+")[2] for row in drawn.split("\n")[:4]
    ]
    column = top.rindex(":") if ":" in top else len(top) - 1
    assert abs(column - 20) <= 1
    assert all(row.strip() == ":" and row.index(":") == column for row in middle)
    assert bottom.index(":") == column


SIZES = [0.0, 1.0, 1e300, 1e308, sys.float_info.max, 5e-324, 1e-308]
SIZES += [-size for size in SIZES[1:]]


@pytest.mark.parametrize("high", SIZES)
@pytest.mark.parametrize("low", SIZES)
def test_floats_of_any_size_are_drawn(low, high):
    ends = sorted([low, high])
    for first, last in [axis_limits(*ends), *[log_limits(*ends) for _ in range(ends[0] > 0)]]:
        assert first <= ends[0] <= ends[1] <= last
        assert (share(first, first, last), share(last, first, last)) == (0, 1)
        assert all([first <= float(tick) <= last for tick in ticks(first, last, 6)])
    try:
        schedule = lrdsl.compile(f"linear({low!r}, {high!r}, 50)")
        schedule.values(51)
    except lrdsl.SpecError:
        return
    assert terminal(schedule)
    assert "</svg>" in schedule._repr_html_()


def test_pictures_end_where_matplotlib_does(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert figure("linear(1e280, -1e280, 50)")
        assert save("linear(1e-280, 1e280, 50)", tmp_path / "a.svg", log=True).exists()
    with pytest.raises(ValueError, match=r"a value of 2e\+300 cannot be drawn"):
        figure("linear(1, -2e300, 50)")


PROGRAM = lrdsl.compile_program(
    {"lr": "warmup(9) >> cosine(0.1, 0, 90)", "ema": "cosine(0.996, 1, 99)", "wd": "0.04"}
)


def test_a_program_has_an_axis_for_each_number_that_needs_one(tmp_path):
    picture = figure(PROGRAM)
    shown = [(axes.get_ylabel(), len(axes.lines)) for axes in picture.axes]
    assert shown == [("learning rate, wd", 2), ("ema", 1)]
    assert {axes.get_xlim() for axes in picture.axes} == {(0, 99)}
    names = [x.get_text() for axes in picture.axes for x in axes.get_legend().get_texts()]
    assert [name.partition(":")[0] for name in names] == ["lr", "wd", "ema"]
    assert save(PROGRAM, tmp_path / "program.png").read_bytes()[:4] == b"\x89PNG"


def test_programs_and_schedules_are_drawn_together():
    picture = figure([PROGRAM, "linear(0.1, 0, 50)"])
    names = [x.get_text() for axes in picture.axes for x in axes.get_legend().get_texts()]
    assert {name.partition(": w")[0] for name in names} >= {"1: lr", "linear(0.1, 0, 50)"}


@pytest.mark.parametrize(
    ("specs", "panels"),
    [
        pytest.param({"lr": "linear(1, 0, 9)", "b": "linear(0, 1, 9)"}, [["lr", "b"]], id="alike"),
        pytest.param({"lr": "0.9", "b": "0.8"}, [["lr", "b"]], id="constants"),
        pytest.param({"lr": "0.9", "b": "0.1"}, [["lr"], ["b"]], id="constants of other sizes"),
        pytest.param({"lr": "linear(1, 0, 9)", "b": "0.1 * lr"}, [["lr"], ["b"]], id="a tenth"),
        pytest.param(
            {"lr": "linear(1, 0, 9)", "b": "linear(0.99, 1, 9)", "c": "0.5 * lr"},
            [["lr", "c"], ["b"]],
            id="near in size, hardly changing",
        ),
        pytest.param(
            {"lr": {"a": "1", "*": "1e-3"}, "b": "0.1 * lr"},
            [["lr[a]", "lr[*]"], ["b[a]", "b[*]"]],
            id="one number in all groups",
        ),
        pytest.param({"lr": "-1", "b": "0", "c": "1e300"}, [["lr"], ["b"], ["c"]], id="extremes"),
    ],
)
def test_which_numbers_share_an_axis(specs, panels):
    found = panels_of(lrdsl.compile_program(specs).schedules)
    assert [[each.name for _, each, _ in panel.drawn] for panel in found] == panels


def test_terminal_draws_the_numbers_one_below_the_other():
    drawn = terminal(PROGRAM, width=60, height=5, ascii=True)
    parts = drawn.split("\n\n")
    assert [part.split(":")[0] for part in parts] == ["lr", "ema", "wd"]
    assert max(map(len, drawn.split("\n"))) <= 60
    assert len({line.index("+-") for line in drawn.split("\n") if "+-" in line}) == 1
    assert terminal(PROGRAM, stop=20).count("update") == 3


def test_a_program_has_its_context():
    for draw in (figure, terminal):
        with pytest.raises(SpecError, match="a CompiledProgram has its context: `total_steps`"):
            draw(PROGRAM, total_steps=9)
