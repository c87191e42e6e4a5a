"""Batches that grow in a run, against loops that add up."""

from __future__ import annotations

import json
import pickle
import textwrap
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.diagnostics import SpecError
from lrdsl.language.length import round_half_up

STEPS = "768 | interval[250Btok:1536, 500Btok:3072, 750Btok:6144]"


def added_up(size_of, updates: int) -> list[int]:
    """What was consumed before each update, by a size that depends on the update and on that."""
    found, before = [], 0
    for update in range(updates):
        found.append(before)
        before += size_of(update, before)
    return found


def position(before: list[int], consumed: float) -> Fraction:
    """The position at which so much is consumed, by its share of an update."""
    i = next(i for i in reversed(range(len(before) - 1)) if before[i] <= consumed)
    return i + (Fraction(consumed) - before[i]) / (before[i + 1] - before[i])


def test_a_batch_switches_before_the_first_update_that_finds_as_much_consumed():
    run = {"samples_per_step": STEPS, "tokens_per_sample": 4096}
    schedule = lrdsl.compile("1", **run)
    tokens = [schedule.consumed(t).tokens for t in (79_472, 79_473, 79_474, 119_210, 139_078)]
    assert tokens[1] >= 250 * 10**9 > tokens[0]
    assert tokens[2] - tokens[1] == 1536 * 4096
    for update, batch in ((119_210, 3072), (139_078, 6144)):
        samples = [schedule.consumed(update + i).samples for i in (-1, 0, 1)]
        assert np.diff(samples).tolist() == [batch // 2, batch]
    # Another boundary there is rounded as all are.
    assert lrdsl.compile("linear(1, 0, 500Btok)", **run).length == 119_209


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_what_is_consumed_is_what_a_loop_adds_up(data):
    """Ramps that count updates or samples, with constant parts around them."""
    unit = data.draw(st.sampled_from(["", "sp"]))
    low, high = sorted(data.draw(st.lists(st.integers(1, 64), min_size=2, max_size=2)))
    before, ramp = data.draw(st.integers(0, 200)), data.draw(st.integers(1, 900))
    spec = f"constant({low}, {before}{unit}) >> linear({low}, {high}, {ramp}{unit})"
    growing = lrdsl.compile(f"constant({low}, {before}) >> linear({low}, {high}, {ramp})")

    def size_of(update, consumed):
        return int(np.floor(growing(update if unit == "" else consumed) + 0.5))

    expected = added_up(size_of, 150)
    schedule = lrdsl.compile("1", samples_per_step=spec)
    assert [schedule.consumed(t).samples for t in range(150)] == expected
    length = data.draw(st.integers(0, expected[-2]))
    boundary = lrdsl.compile(f"linear(1, 0, {length}sp)", samples_per_step=spec).length
    assert boundary == round_half_up(position(expected, length))
    falling = f"linear(1, 0, {expected[-1]})"
    on_clock = lrdsl.compile(f"{falling} | clock(sp)", samples_per_step=spec)
    assert on_clock(np.arange(150)).tolist() == lrdsl.compile(falling)(expected).tolist()


def test_a_warmup_and_a_stable_part_in_samples_under_a_batch_that_doubles():
    batch = "linear(8, 16, 100)"
    spec = "warmup(linear, 300sp) >> constant(0.1, 2000sp) >> cosine(0.1, 0, 100)"
    schedule = lrdsl.compile(spec, samples_per_step=batch)
    growing = lrdsl.compile(batch)
    before = added_up(lambda update, _: int(np.floor(growing(update) + 0.5)), 400)
    first, second = [position(before, consumed) for consumed in (300, 2300)]
    ends = [round_half_up(each) for each in (first, second, second + 100)]
    assert [segment.stop for segment in schedule.segments] == ends


@pytest.mark.parametrize(
    ("start", "step", "over", "goal"),
    [(32, 32, 1_953_125, 1024), (16, 8, 300_000, 256), (1, 1, 777, 64), (64, 64, 10**6, 64 * 33)],
)
def test_megatron_rates_go_by_samples_while_the_batch_ramps_up(start, step, over, goal):
    """By a loop over 10^5 updates."""
    per_stage = over / ((goal - start) // step)

    def size_of(_, consumed):
        return goal if consumed > over else start + int(consumed / per_stage) * step

    consumed = np.array(added_up(size_of, 100_000))
    spec = "linear(0, 3e-4, 1M) >> cosine(3e-4, 3e-5, 99M)"
    batch = f"megatron.rampup({start}, {step}, {over}, {goal})"
    schedule = lrdsl.compile(f"({spec}) | clock(sp)", samples_per_step=batch)
    updates = [*range(999), 50_000, 99_999]
    assert [schedule.consumed(t).samples for t in updates] == consumed[updates].tolist()
    plain = lrdsl.compile(spec)
    np.testing.assert_array_equal(schedule(np.arange(100_000)), plain(consumed))


def test_a_list_of_tokens_and_sizes_is_a_spec():
    run = {"samples_per_step": "0:768 250B:1536 500B:3072 750B:6144", "tokens_per_sample": 4096}
    schedule = lrdsl.compile("1", **run)
    assert schedule.context.samples_per_step == STEPS
    assert schedule.consumed(79_473) == lrdsl.compile(
        "1", **run | {"samples_per_step": STEPS}
    ).consumed(79_473)


def test_lengths_behind_the_rest_end_with_the_run():
    run = {"samples_per_step": STEPS, "tokens_per_sample": 4096, "total_tokens": 1e12}
    schedule = lrdsl.compile("warmup(10Btok) >> constant(1) >> cooldown(linear, 100Btok)", **run)
    stop = schedule.context.total_steps
    assert schedule.length == stop
    assert abs(schedule.consumed(stop).tokens - 10**12) <= 6144 * 4096 / 2
    begin = schedule.segments[-1].start
    taken = schedule.consumed(stop).tokens - schedule.consumed(begin).tokens
    assert abs(taken - 100 * 10**9) <= 6144 * 4096


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param("linear(1, 0, 48sp)", [1, 3 / 4, 2 / 4], id="a length"),
        pytest.param("constant(1, 1) >> linear(1, 0, 40sp)", [1, 1, 2 / 3], id="from its start"),
        pytest.param("1 | interval[8sp: 0.5, 24sp: 0.25]", [1, 0.5, 0.25], id="entries"),
        pytest.param("multistep(1, 0.5, [8sp, 24sp])", [1, 0.5, 0.25], id="milestones"),
        pytest.param("constant(1, until=24sp) >> 0.5", [1, 1, 0.5], id="until"),
        pytest.param("linear(1, 0, 40) | clock(sp)", [1, 32 / 40, 16 / 40], id="clock"),
        pytest.param("linear(1, 0, 5) | stretch(8sp)", [1, 4 / 5, 2 / 5], id="stretch"),
        pytest.param("linear(1, 0, 40sp) | take(24sp)", [1, 2 / 3, 1 / 3], id="take"),
    ],
)
def test_lengths_are_distances_on_the_clock(spec, expected):
    """The first update takes 8 samples, all others 16."""
    schedule = lrdsl.compile(spec, samples_per_step="8 | interval[1: 16]", base_lr=1)
    np.testing.assert_allclose(schedule([0, 1, 2]), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("spec", "run", "code", "words"),
    [
        pytest.param("linear(1, 0, 9sp) | repeat()", {}, "LR401", "clock", id="in a repeat"),
        pytest.param("1 | every(8sp)", {}, "LR", r"clock\(sp\)", id="a period"),
        pytest.param(
            "linear(1, 0, 5%) | clock(sp)", {}, "LR209", "no length by", id="% by a clock"
        ),
        pytest.param(
            "1",
            {"samples_per_step": "linear(8, 16, 100) >> constant(16, 5sp)"},
            "LR209",
            "goes by `sp`",
            id="mixed clocks",
        ),
        pytest.param(
            "1", {"samples_per_step": "linear(8, 0, 5)"}, "LR303", "comes to 0", id="none"
        ),
        pytest.param("1", {"steps_per_epoch": 10}, "LR303", "samples_per_epoch", id="epochs"),
        pytest.param("1", {"samples_per_step": "linear(8, 16"}, "LR104", "closed", id="syntax"),
        pytest.param(
            "1",
            {"samples_per_step": "linear(8, 16, 5%)", "total_samples": 10},
            "LR302",
            "total_steps",
            id="a length that it determines",
        ),
        pytest.param("1", {"samples_per_step": "0.1 * lr"}, "LR301", "lr", id="lr"),
        pytest.param(
            "1", {"samples_per_step": "8tok"}, "LR", "tok", id="tokens of unknown samples"
        ),
        pytest.param("1", {"samples_per_step": "base"}, "LR302", "base", id="base"),
        pytest.param("1", {"samples_per_step": "8 + t % 3"}, "LR", "", id="syntax of %"),
        pytest.param(
            "1", {"total_samples": 160, "total_steps": 7}, "LR303", "10 updates", id="both"
        ),
    ],
)
def test_mistakes(spec, run, code, words):
    given = {"samples_per_step": "8 | interval[1: 16]", **run}
    if "total_steps" in run:
        given["samples_per_step"] = 16
    with pytest.raises(SpecError, match=f"(?s){code}.*{words}"):
        lrdsl.compile(spec, **given)(0)


@pytest.mark.parametrize(
    ("run", "total"),
    [
        pytest.param({"samples_per_step": 16, "total_samples": 168}, 11, id="half up"),
        pytest.param({"tokens_per_step": 100, "total_tokens": 1e4}, 100, id="tokens"),
        pytest.param(
            {"samples_per_step": 4, "tokens_per_sample": 25, "total_tokens": 1e4}, 100, id="both"
        ),
        pytest.param(
            {"samples_per_step": "8 | interval[1: 16]", "total_samples": 40}, 3, id="grows"
        ),
    ],
)
def test_a_run_may_be_so_many_samples_or_tokens_long(run, total):
    schedule = lrdsl.compile("linear(1, 0)", **run)
    assert schedule.length == schedule.context.total_steps == total


def test_epochs_are_samples_where_the_batch_grows():
    run = {
        "samples_per_step": "8 | interval[80sp: 16]",
        "samples_per_epoch": 80,
    }
    schedule = lrdsl.compile("step(1, 0.5, 1) | clock(ep)", **run)
    assert schedule.consumed(15).epochs == 2
    assert schedule([0, 9, 10, 14, 15]).tolist() == [1, 1, 0.5, 0.5, 0.25]
    assert lrdsl.compile("linear(1, 0, 2ep)", **run).length == 15


def test_the_clock_is_the_same_where_all_updates_are_alike():
    even = lrdsl.compile("cosine(1, 0, 640) | clock(sp)", samples_per_step=16)
    same = lrdsl.compile("cosine(1, 0, 640) | stretch(1sp)", samples_per_step=16)
    np.testing.assert_array_equal(even.values(50), same.values(50))
    grown = lrdsl.compile("cosine(1, 0, 640) | clock(sp)", samples_per_step="constant(16, 9)")
    np.testing.assert_allclose(grown.values(50), even.values(50), rtol=1e-14)


def test_a_schedule_with_a_growing_batch_is_pickled():
    schedule = lrdsl.compile("linear(1, 0, 48sp)", samples_per_step="8 | interval[1: 16]")
    again = pickle.loads(pickle.dumps(schedule))
    assert again == schedule
    assert again.values().tolist() == schedule.values().tolist()


def test_a_batch_that_goes_on_changing_is_looked_at_as_far_as_it_is_asked():
    schedule = lrdsl.compile("1", samples_per_step="8 + 4 * t")
    assert schedule.consumed(10**6).samples == 8 * 10**6 + 4 * (10**6 * (10**6 - 1) // 2)
    with pytest.raises(SpecError, match=r"(?s)LR303.*let it end"):
        schedule.consumed(10**9)


def test_a_program_has_the_size_of_its_batches():
    batch = "768 | interval[250Btok:1536, 500Btok:3072]"
    program = lrdsl.compile_program(
        {"batch_size": batch, "lr": "cosine(3e-4, 3e-5, 1T) | clock(tok)", "wd": "0.1 * lr"},
        tokens_per_sample=4096,
    )
    assert program["batch_size"]([79_472, 79_473, 119_209, 119_210]).tolist() == [
        768,
        1536,
        1536,
        3072,
    ]
    assert program["lr"] == lrdsl.compile(
        "cosine(3e-4, 3e-5, 1T) | clock(tok)", samples_per_step=batch, tokens_per_sample=4096
    )
    assert pickle.loads(pickle.dumps(program)) == program


@pytest.mark.parametrize("size", ["linear(8, 16, 100)", 16, "megatron.rampup(8, 8, 999, 64)"])
def test_sizes_of_a_program_add_up_to_what_is_consumed(size):
    program = lrdsl.compile_program({"batch_size": size, "lr": "linear(1, 0, 500sp)"})
    sizes = program["batch_size"](np.arange(200))
    assert program["lr"].consumed(200).samples == sizes.sum()


def test_batch_sizes_are_said_once():
    with pytest.raises(SpecError, match=r"(?s)LR303.*both say"):
        lrdsl.compile_program({"batch_size": 8, "lr": "1"}, samples_per_step=8)
    with pytest.raises(SpecError, match="`lr` has no value"):
        lrdsl.compile_program({"batch_size": "8 + lr", "lr": "linear(1, 0, 500sp)"})


@pytest.mark.parametrize("name", ["run.yaml", "run.py"])
def test_files_say_sizes_as_well(name, tmp_path):
    """The linter and the command line know them of a program in a file."""
    texts = {
        "run.yaml": """
            scheduler:
              _target_: lrdsl.torch.Scheduler
              spec:
                batch_size: "8 | interval[100sp: 16]"
                lr: "linear(1, 0, 1000) | clock(sp)"
              values:
                ema: 1 - lr / 100
        """,
        "run.py": """
            Scheduler(optimizer, {
                "batch_size": "8 | interval[100sp: 16]", "lr": "linear(1, 0, 1000) | clock(sp)",
            }, values={"ema": "1 - lr / 100"})
        """,
    }
    head = "from lrdsl.torch import Scheduler\n" if name.endswith(".py") else ""
    file = tmp_path / name
    file.write_text(head + textwrap.dedent(texts[name]).lstrip(), encoding="utf-8")
    linted = CliRunner().invoke(cli, ["lint", str(file)])
    assert (linted.exit_code, linted.output[:17]) == (0, "Nothing was found")
    shown = CliRunner().invoke(cli, ["values", str(file), "--at", "14", "--format", "json"])
    (said,) = json.loads(shown.output)
    assert said == {"step": 14, "batch_size": 16.0, "lr": 0.88, "ema": 0.9912}
