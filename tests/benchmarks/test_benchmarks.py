"""The benchmarks run, compare like with like, and say what they found; no figure is looked at."""

from __future__ import annotations

import doctest
import importlib
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")

from benchmarks import catalog, evaluate, readme, resume, start, step, table, text
from benchmarks import peers as others
from benchmarks.__main__ import main
from benchmarks.groups import GROUPS
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import QUICK, Contender, Effort, Spread, calls, contest
from lrdsl.torch import Scheduler
from tests.support.paths import ROOT
from tests.support.warm import warm_python


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[dict[str, Any]]]:
    """The output of a quick run, and the rows that it writes."""
    path = tmp_path_factory.mktemp("benchmarks") / "figures.json"
    script = path.with_name("run.py")
    script.write_text("import runpy\nrunpy.run_module('benchmarks', run_name='__main__')\n")
    done = warm_python(str(script), "--quick", "--json", str(path), folder=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(path.read_text(encoding="utf-8"))["rows"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run `python -m benchmarks` with arguments in this process."""

    def called(*arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
        main()

    return called


def test_all_groups_are_measured(quick: tuple[str, list[dict[str, Any]]]) -> None:
    _, rows = quick
    assert {row["group"] for row in rows} == set(GROUPS)


def test_each_row_has_a_ratio_or_a_reason(quick: tuple[str, list[dict[str, Any]]]) -> None:
    _, rows = quick
    for row in rows:
        if row["missing"] is not None:
            assert row["ratio"] is None
            assert "No module named" in row["missing"]
            continue
        for name in ("costs", "beside", "ratio"):
            spread = row[name]
            assert 0 < spread["low"] <= spread["median"] <= spread["high"], row["what"]
        assert (row["goal"] is None) == (row["is_met"] is None)


def test_goals_are_ratios(quick: tuple[str, list[dict[str, Any]]]) -> None:
    """Every row has its worst beside its best; a limit in seconds holds on one machine only."""
    _, rows = quick
    goals = [row["goal"] for row in rows if row["goal"] is not None]
    assert {key for goal in goals for key in goal} <= {"at least", "at most"}
    steps = [row for row in rows if row["what"].startswith("step(), ") and row["over"] == step.BARE]
    assert len(steps) == len(step.CASES) * len(step.OVER_BARE)
    assert [row["goal"]["at most"] for row in steps] == [*step.OVER_BARE.values()] * len(step.CASES)


def test_the_printed_table_has_each_row(quick: tuple[str, list[dict[str, Any]]]) -> None:
    printed, rows = quick
    lines = printed.splitlines()
    assert lines[0].split("  ")[0] == table.HEAD[0]
    assert len(lines) == len(rows) + 1
    for line, row in zip(lines[1:], rows, strict=True):
        assert line.startswith(row["what"])
        assert row["over"] in line


def without_figures(words: str) -> str:
    return re.sub(r"\d[\d,.e]*", "0", words)


def shown_rows(page: str) -> list[str]:
    """The first two columns that matter of the table in a page, without figures."""
    (section,) = re.findall(f"{readme.BEGIN}(.*?){readme.END}", page, re.S)
    lines = [line for line in section.splitlines() if line.startswith("|")]
    assert lines[0] == f"| {' | '.join(table.HEAD)} |"
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(table.HEAD) + 1}
    assert all(line.count("not measured") == 0 or "No module" in line for line in lines)
    return [
        without_figures(line.split(" | ")[0].lstrip("| ").replace("\\|", "|")) for line in lines[2:]
    ]


def test_the_page_has_each_row(quick: tuple[str, list[dict[str, Any]]]) -> None:
    _, rows = quick
    page = readme.PAGE.read_text(encoding="utf-8")
    assert shown_rows(page) == [without_figures(row["what"]) for row in rows]


def test_the_readme_has_ten_rows_of_them(quick: tuple[str, list[dict[str, Any]]]) -> None:
    _, rows = quick
    known = {(without_figures(row["what"]), row["over"]) for row in rows}
    assert len(readme.SUMMARY) == 10
    assert {(without_figures(what), over) for what, over in readme.SUMMARY} <= known
    page = readme.README.read_text(encoding="utf-8")
    assert shown_rows(page) == [without_figures(what) for what, _ in readme.SUMMARY]


def test_one_group_alone(tmp_path: Path, run: Callable[..., None]) -> None:
    run("--quick", "--only", "resume", "--json", str(tmp_path / "figures.json"))
    found = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert {row["group"] for row in found["rows"]} == {"resume"}
    assert found["measured_with"]["cores"] >= 1


def test_the_readme_takes_no_part_of_the_table(
    run: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    before = readme.README.read_bytes()
    with pytest.raises(SystemExit) as caught:
        run("--readme", "--quick")
    assert caught.value.code == 2
    assert "the README has the whole table" in capsys.readouterr().err
    assert readme.README.read_bytes() == before


@pytest.mark.slow
def test_plots(
    tmp_path: Path, run: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    run("--quick", "--plots", str(tmp_path))
    printed = capsys.readouterr().out
    names = ["groups.svg", "length.svg", "segments.svg", "text.svg"]
    assert [Path(line).name for line in printed.splitlines()] == names
    for name in names:
        assert "<svg" in (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("peer", others.PEERS, ids=lambda peer: peer.name)
@pytest.mark.parametrize("groups", [1, 3])
def test_a_peer_sets_what_the_spec_does(peer: others.Peer, groups: int) -> None:
    """A comparison of speeds is one only where both do the same."""
    theirs, ours = others.optimizer(groups), others.optimizer(groups)
    try:
        step_theirs = peer.stepper(theirs)
    except ImportError as error:
        pytest.skip(str(error))
    scheduler = Scheduler(ours, peer.spec)
    for made in range(1, others.WARMUP + 200):
        theirs.step()
        ours.step()
        step_theirs()
        scheduler.step()
        if made % 50 < 3:
            found = [group["lr"] for group in theirs.param_groups]
            wanted = [group["lr"] for group in ours.param_groups]
            assert found == pytest.approx(wanted, rel=1e-9 + peer.accuracy, abs=peer.accuracy), made


@pytest.mark.parametrize("case", step.CASES, ids=lambda case: case.name)
def test_a_bare_function_sets_all_groups(case: step.Case) -> None:
    made = []

    def recorded(count: int) -> Any:
        made.append(case.make(count))
        return made[-1]

    contenders = replace(case, make=recorded).contenders(3)
    assert [*contenders] == ["lrdsl", step.BARE, step.TORCH]
    assert contenders[step.BARE].seconds(4) > 0
    for key in case.keys:
        assert [float(group[key]) for group in made[1].param_groups] == pytest.approx([0.2] * 3)


@pytest.mark.parametrize("case", step.CASES, ids=lambda case: case.name)
def test_the_bare_function_makes_the_calls_of_a_callback(case: step.Case) -> None:
    if case.callback is None:
        return
    told: list[Any] = []
    both = replace(case, callback=lambda update, values: told.append(values)).contenders(2)
    both["lrdsl"].seconds(3)
    ours, told[:] = len(told), []
    both[step.BARE].seconds(3)
    assert ours == len(told) == 3
    assert all(len(values["lr"]) == 2 for values in told)


def test_a_missing_peer_is_a_row_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(optimizer: object) -> Any:
        raise ModuleNotFoundError("No module named 'acme'")

    monkeypatch.setattr(step, "PEERS", [others.Peer("acme Scheduler", "1", missing)])
    (row,) = step._beside_peers(QUICK)
    assert table.cells(row)[2:4] == ("acme Scheduler", "not measured: No module named 'acme'")
    assert row.is_met is None


def test_contenders_take_turns() -> None:
    order = []
    names = "abc"
    contest({n: calls(lambda n=n: order.append(n)) for n in names}, Effort(rounds=3, seconds=0))
    assert "".join(order) == "aabbcc" + "abc" + "bca" + "cab"  # the first two warm each up


def test_what_is_prepared_is_not_measured() -> None:
    prepared = []

    def prepare(n: int) -> int:
        prepared.append(n)
        return 10 * n

    seen = []
    Contender(seen.append, prepare).seconds(7)
    assert (prepared, seen) == ([7], [70])


def test_each_round_has_its_own_ratio() -> None:
    times = {"lrdsl": [1.0, 2.0, 6.0], "other": [2.0, 8.0, 12.0]}
    row = compared("step", "what", times, "other", is_faster=True, count=10)
    assert row.ratio == Spread(2.0, 2.0, 3.0)
    assert row.costs == Spread(20.0, 15.0, 40.0)
    assert compared("step", "what", times, "other").ratio == Spread(0.5, 0.375, 0.5)


@pytest.mark.parametrize(
    ("goal", "is_faster", "expected"),
    [
        pytest.param(Goal(2.0), False, True, id="at most, at it"),
        pytest.param(Goal(1.9), False, False, id="at most, over it"),
        pytest.param(Goal(2.0), True, True, id="at least, at it"),
        pytest.param(Goal(2.1), True, False, id="at least, under it"),
        pytest.param(None, False, None, id="no goal"),
    ],
)
def test_goal_is_met(goal: Goal | None, is_faster: bool, expected: bool | None) -> None:
    three, two = Spread(3.0, 3.0, 3.0), Spread(2.0, 2.0, 2.0)
    row = Row("g", "w", "o", three, three, two, is_faster=is_faster, goal=goal)
    assert row.is_met is expected


def test_the_section_of_a_page() -> None:
    with pytest.raises(ValueError, match="once"):
        readme.with_section("no marks", "")
    row = Row("g", "a | b", "o", *[Spread(1.0, 1.0, 1.0)] * 3, goal=Goal(1))
    section = readme.section([row])
    assert "1 of 1 goals are met." in section
    assert section.splitlines()[-1] == r"| a \| b | 1 s | o: 1 s | 1× (1–1) | ≤ 1× | yes |"


@pytest.mark.parametrize("size", [60, 61, 100, 2000, 16000])
def test_specs_of_a_size_are_new_each_time(size: int) -> None:
    first, second = text.of_size(size), text.of_size(size)
    assert first != second
    assert len(first) == len(second) == size


@pytest.mark.parametrize(
    "module", [catalog, evaluate, readme, resume, start, step, table, text, others]
)
def test_examples_in_the_code(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def test_examples_in_the_timing() -> None:
    result = doctest.testmod(importlib.import_module("benchmarks.timing"))
    assert (result.failed, result.attempted > 0) == (0, True)
