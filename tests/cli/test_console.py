"""Output at the width of a terminal, its colours, and what goes to a pipe."""

from __future__ import annotations

import io
import re
import sys

import click
import pytest

from lrdsl.cli import console
from lrdsl.cli.console import colourful, reflowed, table, wrapped, wrapped_report

REPORT = """\
error[LR405]: no update of the run is left for `constant(0.1)`: the other segments take 19 too many
  | warmup(10) >> cosine(1, 0, 400) >> constant(0.1) >> linear(_, 0, 9) | interval[60%:*0.5]
  |                                    ^^^^^^^^^^^^^ shorten the others, or raise total_steps"""


@pytest.fixture
def narrow(monkeypatch):
    """A terminal of 60 columns."""
    monkeypatch.setattr(console, "width_of", lambda stream: 60)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("short", "short", id="short"),
        pytest.param(
            "Error: `--total-steps` is a number of updates, and not of epochs",
            "Error: `--total-steps` is a number of updates, and not of\n  epochs",
            id="between words",
        ),
        pytest.param(
            "Error: what is written here may end in `linear(1, 0, 100)` only",
            "Error: what is written here may end in `linear(1, 0, 100)`\n  only",
            id="a spec stays whole",
        ),
        pytest.param(
            f"Error: {'folder/' * 12}a.yaml: no such file",
            f"Error:\n  {'folder/' * 12}a.yaml:\n  no such file",
            id="a path stays whole",
        ),
        pytest.param(
            "a first line that is long enough to be broken somewhere near here\n  one   two",
            "a first line that is long enough to be broken somewhere near\n  here\n  one   two",
            id="lines",
        ),
    ],
)
def test_prose_is_wrapped_between_words(narrow, text, expected):
    assert wrapped(text, sys.stdout, "  ") == expected


def test_a_long_line_of_a_source_shows_what_is_marked(narrow):
    lines = wrapped_report(REPORT, sys.stdout).split("\n")
    assert lines == [
        "error[LR405]: no update of the run is left for",
        "  `constant(0.1)`: the other segments take 19 too many",
        "  | warmup(10) >> cosine(1, 0, 400) >> constant(0.1) >> lin…",
        "  |                                    ^^^^^^^^^^^^^",
        "  | shorten the others, or raise total_steps",
    ]


@pytest.mark.parametrize("at", [0, 3, 40, 80, 97])
@pytest.mark.parametrize("size", [1, 3, 60])
def test_carets_stay_under_their_words(narrow, at, size):
    text = "".join([chr(97 + i % 26) for i in range(100)])
    size = min(size, len(text) - at)
    report = f"error: x\n  | {text}\n  | {' ' * at}{'^' * size} advice of some words, which is long"
    _, source, marks, *_ = wrapped_report(report, sys.stdout).split("\n")
    assert max(len(source), len(marks)) <= 60
    start, count = marks.index("^"), marks.count("^")
    assert source[start : start + count].rstrip("…") in text[at : at + size]
    assert source[start] == text[at]


def test_the_last_column_of_a_table_is_wrapped_below_itself(narrow):
    rows = [
        ("LR801", "long", "The schedule is longer than the run, by far or not."),
        ("a", "b", "c"),
    ]
    assert table(rows) == [
        "LR801  long  The schedule is longer than the run, by far or",
        "             not.",
        "a      b     c",
    ]
    assert table([("x" * 50, "a word and another one")]) == ["x" * 50, "    a word and another one"]


def test_paragraphs_are_filled(narrow):
    text = "One line\nand the next.\n\nBad:\n  linear(1)\n  cosine(1)"
    assert reflowed(text, sys.stdout) == "One line and the next.\n\nBad:\n  linear(1)\n  cosine(1)"


@pytest.mark.parametrize("function", [wrapped, wrapped_report, reflowed])
def test_what_is_piped_stays_as_it_is(function):
    assert function(f"{REPORT}\n\nand\nmore", io.StringIO()) == f"{REPORT}\n\nand\nmore"


@pytest.mark.parametrize(
    ("environment", "terminal", "pipe"),
    [
        pytest.param({}, True, False, id="none"),
        pytest.param({"NO_COLOR": "1"}, False, False, id="NO_COLOR"),
        pytest.param({"NO_COLOR": ""}, True, False, id="NO_COLOR is empty"),
        pytest.param({"TERM": "dumb"}, False, False, id="dumb"),
        pytest.param({"FORCE_COLOR": "1"}, True, True, id="FORCE_COLOR"),
        pytest.param({"FORCE_COLOR": "0"}, True, False, id="FORCE_COLOR is 0"),
        pytest.param({"FORCE_COLOR": ""}, True, False, id="FORCE_COLOR is empty"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False, id="both"),
        pytest.param({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True, id="dumb but forced"),
    ],
)
def test_colour(monkeypatch, environment, terminal, pipe):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (colourful(Terminal()), colourful(io.StringIO())) == (terminal, pipe)


def test_no_help_is_wider_than_a_terminal_or_breaks_an_option():
    from lrdsl.cli.main import cli

    names = cli.context_settings["help_option_names"]
    context = click.Context(cli, info_name="lrdsl", help_option_names=names)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        inner = command.context_class(command, info_name=name, parent=context, terminal_width=78)
        text = command.get_help(inner)
        lines = text.split("\n")
        assert max(map(len, lines)) <= 80, name
        assert not [line for line in lines if re.search(r"\w-\Z", line)], name
        assert not set(text) & {"\ue000", "\ue001"}
