"""The command line: what it prints, and with which exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import lrdsl
from lrdsl.cli.main import cli
from tests.support.paths import ROOT

GOLDEN = ROOT / "tests" / "golden" / "cli"
EXAMPLE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"
EXACT = "warmup(100) >> linear(1, 1e-3, 800) | interval[600:*0.5]"
"""Has no cosine, whose last digit differs between machines."""
CONTEXT = (
    "warmup(5%) >> cosine(_, 0, 2ep) >> constant(low)",
    *(
        "--total-steps",
        "1000",
        "--steps-per-epoch",
        "300",
        "--base-lr",
        "0.01",
        "--set",
        "low=1e-4",
    ),
)


def call(*arguments, stdin=None):
    return CliRunner().invoke(cli, arguments, input=stdin, prog_name="lrdsl")


def shown(*arguments, **options):
    """What `show` has to say of the only schedule."""
    done = call("show", *arguments, "--format", "json")
    [facts] = json.loads(done.stdout, **options)["schedules"]
    return facts


def process(*arguments, **options):
    """Run `python -m lrdsl` with the environment changed by `env`."""
    environment = {**os.environ, **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "lrdsl", *arguments],
        capture_output=True,
        env=environment,
        timeout=900,
        **options,
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("show_example", ["show", EXAMPLE], id="example"),
        pytest.param("show_endless", ["show", "step(0.1, 0.5, 300)"], id="endless"),
        pytest.param(
            "show_endless_in_a_run",
            ["show", "inverse_sqrt(1e-3, 500)", "--total-steps", "20k"],
            id="endless in a run",
        ),
        pytest.param("show_constant", ["show", "0.1"], id="constant"),
        pytest.param("show_negative", ["show", "--", "-cosine(1, 0, 9)"], id="negative"),
        pytest.param("show_many", ["show", "linear(1, 0, 10) | repeat(30)"], id="many segments"),
        pytest.param("show_context", ["show", *CONTEXT], id="every part of the context"),
        pytest.param(
            "show_expand", ["show", "wsd(1, 100, 700, 200) | clip(0.1, _)", "--expand"], id="expand"
        ),
        pytest.param("show_log", ["show", "linear(1, 0.2, 90)", "--log"], id="show log"),
        pytest.param(
            "show_reactive",
            ["show", "linear(1, 0.5, 90) | plateau(0.5, patience=3)"],
            id="show reactive",
        ),
        pytest.param(
            "show_program",
            ["show", "{lr: 'linear(1, 0, 90)', weight_decay: 0.5 * lr}"],
            id="show a program",
        ),
        pytest.param("values_usual", ["values", EXACT], id="values as usual"),
        pytest.param("shapes_linear", ["shapes", "linear"], id="shapes linear"),
        pytest.param("shapes_wsd", ["shapes", "wsd"], id="shapes wsd"),
        pytest.param("show_json", ["show", EXACT, "--format", "json"], id="json"),
        pytest.param("values_at", ["values", EXACT, "--at", "0,50,100,600,10k"], id="values at"),
        pytest.param("values_steps", ["values", EXACT, "--steps", "0:900:100"], id="values steps"),
        pytest.param(
            "values_csv",
            ["values", EXACT, "--steps", "598:602", "--format", "csv"],
            id="values csv",
        ),
        pytest.param(
            "values_json", ["values", EXACT, "--at", "600, 0", "--format", "json"], id="values json"
        ),
    ],
)
def test_output(name, arguments):
    done = call(*arguments)
    assert done.exit_code == 0, done.output
    expected = GOLDEN / f"{name}.txt"
    if os.environ.get("LRDSL_UPDATE_GOLDEN"):
        expected.write_text(done.stdout, encoding="utf-8")
    assert done.stdout == expected.read_text(encoding="utf-8")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--help"], ["lrdsl show", "Exit codes: 0 fine"], id="lrdsl"),
        pytest.param(["show", "-h"], ["--format", "--set NAME=VALUE", "Put -- before"], id="show"),
        pytest.param(["values", "-h"], ["START:STOP", "0:900:100 ends with 800"], id="values"),
        pytest.param(
            ["shapes", "-h"], ["NAME", "--library FILE", "lrdsl shapes cosine"], id="shapes"
        ),
        pytest.param(["plot", "-h"], ["-o, --output FILE", "--log", "Examples:"], id="plot"),
    ],
)
def test_help(arguments, said):
    done = call(*arguments)
    assert done.exit_code == 0
    words = " ".join(done.stdout.split())
    assert [text for text in said if text not in words] == []


def test_every_golden_file_is_used():
    [table] = [m for m in test_output.pytestmark if m.name == "parametrize"]
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {
        case.values[0] for case in table.args[1]
    }


SPEC_AT_FAULT = [
    pytest.param(["show", "cosin(1, 0, 9)"], "error[LR201]", id="unknown shape"),
    pytest.param(["show", "cosine(1, 0"], "error[LR104]", id="unclosed bracket"),
    pytest.param(["show", ""], "error[LR101]", id="empty"),
    pytest.param(["show", "\udcff"], "error[LR102]", id="bytes that are no text"),
    pytest.param(
        ["show", "cosine(peak, 0, 9)"], "hint: on the command line, --set peak=", id="unbound"
    ),
    pytest.param(["show", "cosine(1, 0, 3ep)"], "--steps-per-epoch N", id="no epoch"),
    pytest.param(["show", "cosine(1, 0)"], "--total-steps N", id="no run"),
    pytest.param(["show", "hold(9)"], "--base-lr LR", id="no base"),
    pytest.param(["show", "linear(1, 0, 5Msp)"], "--samples-per-step N", id="no samples"),
    pytest.param(["show", "linear(1, 0, 5Mtok)"], "--tokens-per-step N", id="no tokens"),
    pytest.param(["values", "cosin(1, 0, 9)", "--at", "3"], "error[LR201]", id="values"),
    pytest.param(["plot", "0.1", "cosin(1)", "-o", "x.svg"], "error[LR201]", id="plot"),
    pytest.param(["show", "wsd(1)", "--expand"], "error[LR205]", id="expand"),
]

CALL_AT_FAULT = [
    pytest.param(["shapes", "cosin"], "did you mean `cosine`?", id="shapes"),
    pytest.param(["shapes", "zzzz"], "`lrdsl shapes` lists all", id="shapes, nothing near"),
    pytest.param(["shoe", "0.1"], "there is no command 'shoe'", id="unknown command"),
    pytest.param(["show"], "Missing argument 'SPEC…'", id="no spec"),
    pytest.param(["show", "-cosine(1, 0, 9)"], "Put -- before a SPEC", id="a minus sign"),
    pytest.param(["show", "0.1", "--total-step", "5", "--jsn"], "No such option", id="no option"),
    pytest.param(["show", "0.1", "--total-steps", "-5"], "--total-steps", id="negative run"),
    pytest.param(["show", "0.1", "--total-steps", "1.5"], "--total-steps", id="half an update"),
    pytest.param(
        ["show", "0.1", "--total-steps", "many"], "'many' is not a number", id="no number"
    ),
    pytest.param(["show", "0.1", "--total-steps", "inf"], "'inf' is not a number", id="infinite"),
    pytest.param(["show", "0.1", "--base-lr", "nan"], "'nan' is not a number", id="not a number"),
    pytest.param(["show", "0.1", "--base-lr", "1e999"], "'1e999' is not a number", id="overflow"),
    pytest.param(["show", "0.1", "--steps-per-epoch", "0"], "--steps-per-epoch", id="empty epoch"),
    pytest.param(["show", "0.1", "--set", "peak"], "not NAME=VALUE", id="set without a value"),
    pytest.param(
        ["show", "0.1", "--set", "peak=high"], "'high', the value of 'peak'", id="set text"
    ),
    pytest.param(["show", "0.1", "--set", "=3"], "no variable", id="set without a name"),
    pytest.param(["show", "0.1", "--set", "pi=3"], "`pi`", id="set a reserved name"),
    pytest.param(["show", "0.1", "--set", "base_lr=3"], "--base-lr", id="set an option"),
    pytest.param(
        ["show", "0.1", "--set", "a=1", "--set", "a=2"], "'a' is set twice", id="set twice"
    ),
    pytest.param(
        ["show", "0.1", "--expand", "--format", "json"], "goes without", id="expand and json"
    ),
    pytest.param(["show", "0.1", "--json"], "write --format json", id="json as it was"),
    pytest.param(["compare", ".", "--csv"], "write --format csv", id="csv as it was"),
    pytest.param(
        ["show", "0.1", "--library", "no.lr"], "cannot read definitions from 'no.lr'", id="library"
    ),
    pytest.param(["shapes", "cosine", "linear"], "unexpected extra argument", id="two shapes"),
    pytest.param(["values", "0.1", "--at", "1", "--steps", "0:9"], "--at or by --steps", id="both"),
    pytest.param(["values", "0.1", "--at", ""], "not nothing", id="at nothing"),
    pytest.param(["values", "0.1", "--at", "1,,2"], "not nothing", id="at with a gap"),
    pytest.param(["values", "0.1", "--at", "1,x"], "not 'x'", id="at text"),
    pytest.param(["values", "0.1", "--at", "1.5"], "not '1.5'", id="at half an update"),
    pytest.param(["values", "0.1", "--at", "-1"], "there is no -1", id="at a negative update"),
    pytest.param(["values", "0.1", "--at", "1e17"], "up to 2**53", id="at a huge update"),
    pytest.param(["values", "0.1", "--steps", "9"], "not START:STOP", id="steps without a stop"),
    pytest.param(["values", "0.1", "--steps", "0:9:1:1"], "not START:STOP", id="steps of four"),
    pytest.param(["values", "0.1", "--steps", "0:9:0"], "1 or more, not 0", id="steps of none"),
    pytest.param(["values", "0.1", "--steps", "0:9:-1"], "there is no -1", id="steps backwards"),
    pytest.param(["values", "0.1", "--steps", "5:5"], "no update from 5", id="steps of nothing"),
    pytest.param(["values", "0.1", "--steps", "0:"], "not nothing", id="steps without an end"),
    pytest.param(["values", "0.1", "--at", "1", "--format", "xml"], "'xml'", id="unknown format"),
    pytest.param(["plot", "0.1"], "give -o FILE, or --format svg", id="plot without a file"),
    pytest.param(["plot", "-o", "x.svg"], "Missing argument", id="plot without a spec"),
    pytest.param(
        ["plot", "0.1", "-o", "x.jpg"], ".svg, .png or .pdf, not 'x.jpg'", id="plot a jpg"
    ),
    pytest.param(["plot", "0.1", "-o", "no/x.svg"], "No such file", id="plot into no folder"),
    pytest.param(["plot", "-", "-", "-o", "x.svg"], "read once", id="plot standard input twice"),
    pytest.param(
        ["plot", "--log", "-o", "x.svg", "--", "-1"], "no value is above 0", id="plot no log"
    ),
]


@pytest.mark.parametrize(
    ("code", "arguments", "message"),
    [
        *(pytest.param(1, *case.values, id=f"spec: {case.id}") for case in SPEC_AT_FAULT),
        *(pytest.param(2, *case.values, id=f"call: {case.id}") for case in CALL_AT_FAULT),
    ],
)
def test_exit_code_and_message(code, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call(*arguments)
    assert done.exit_code == code, done.output
    assert message in done.stderr
    assert done.stdout == ""
    assert isinstance(done.exception, SystemExit)
    assert not list(tmp_path.iterdir())


def test_all_the_mistakes_are_shown_without_colour():
    done = call("show", "cosin(1, 0, 9) >> liner(1, 0, 9)")
    assert done.stderr == (
        "error[LR201]: there is no shape `cosin`\n"
        "  | cosin(1, 0, 9) >> liner(1, 0, 9)\n"
        "  | ^^^^^ did you mean `cosine`?\n"
        "error[LR201]: there is no shape `liner`\n"
        "  | cosin(1, 0, 9) >> liner(1, 0, 9)\n"
        "  |                   ^^^^^ did you mean `linear`?\n"
    )


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        pytest.param({}, True, id="terminal"),
        pytest.param({"NO_COLOR": "1"}, False, id="NO_COLOR"),
        pytest.param({"TERM": "dumb"}, False, id="dumb terminal"),
    ],
)
def test_colour_is_for_terminals(environment, coloured):
    pty = pytest.importorskip("pty")
    outer, inner = pty.openpty()
    clean = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    subprocess.run(
        [sys.executable, "-m", "lrdsl", "show", "cosin(1)"],
        stderr=inner,
        env={**clean, "TERM": "xterm", **environment},
        timeout=900,
    )
    os.close(inner)
    seen = os.read(outer, 10_000).decode()
    os.close(outer)
    assert ("\x1b[" in seen) == coloured
    assert "there is no shape `cosin`" in seen


def test_show_fits_the_terminal():
    pty = pytest.importorskip("pty")
    outer, inner = pty.openpty()
    sizes = {"COLUMNS": "46", "LINES": "30"}
    subprocess.run(
        [sys.executable, "-m", "lrdsl", "show", "cosine(1, 1e-3, 800) | interval[300:*0.123456]"],
        stdout=inner,
        env={**os.environ, **sizes, "PYTHONIOENCODING": "utf-8"},
        timeout=900,
    )
    os.close(inner)
    seen = b""
    try:
        while block := os.read(outer, 10_000):
            seen += block
    except OSError:  # the other end is closed
        pass
    os.close(outer)
    _, *lines = seen.decode().splitlines()
    assert len(lines) < 30
    assert max(map(len, lines)) <= 46
    assert any(line.endswith("…") for line in lines)


def test_show_json_has_it_all():
    facts = shown(EXAMPLE)
    schedule = lrdsl.compile(EXAMPLE)
    assert facts["spec"] == str(schedule.spec)
    assert (facts["length"], facts["total_steps"], facts["shown"]) == (900, None, 900)
    assert facts["low"] == {"value": 0.0, "step": 0}
    assert facts["high"] == {"value": 1.0, "step": 100}
    assert facts["final"] == schedule(900)
    assert facts["boundaries"] == [100, 600, 900]
    assert facts["segments"] == [segment.facts() for segment in schedule.segments]


def test_show_json_of_an_endless_schedule_is_strict_json():
    def refuse(token):
        raise AssertionError(token)

    facts = shown("0.1", parse_constant=refuse)
    assert (facts["length"], facts["final"], facts["shown"]) == (None, None, 1000)
    assert (facts["segments"][0]["stop"], facts["segments"][0]["last"]) == (None, None)


def test_show_of_a_very_long_schedule_says_that_it_looked_at_a_part():
    facts = shown("linear(1, 0, 1e12)")
    assert facts["sampled"] is True
    assert (facts["low"]["value"], facts["high"]["value"]) == (0.0, 1.0)
    assert "about 0 at update 1000000000000" in call("show", "linear(1, 0, 1e12)").stdout


@pytest.mark.parametrize("form", ["text", "csv", "json"])
def test_values_are_exact_and_streamed_in_blocks(form):
    steps = np.arange(0, 10_000, 1)
    done = call("values", EXAMPLE, "--steps", "0:10k", "--format", form)
    if form == "json":
        rows = [(row["step"], row["value"]) for row in json.loads(done.stdout)]
    else:
        lines = done.stdout.splitlines()[1:]
        rows = [line.split("," if form == "csv" else None) for line in lines]
    assert [int(step) for step, _ in rows] == steps.tolist()
    assert [float(value) for _, value in rows] == lrdsl.compile(EXAMPLE)(steps).tolist()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("linear(1, 0, 4)\n", id="a line"),
        pytest.param("\ufefflinear(1,   # down\n  0, 4)\n\n", id="lines, a comment, a mark"),
    ],
)
def test_a_spec_comes_from_standard_input(text):
    done = call("values", "-", "--at", "1", "--format", "csv", stdin=text)
    assert done.stdout == "step,value\n1,0.75\n"


def test_standard_input_that_is_no_text():
    done = call("show", "-", stdin=b"\xff\xfe")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "standard input: this is no UTF-8 text: see byte" in done.stderr


@pytest.mark.parametrize("kind", ["svg", "png", "pdf", "SVG"])
def test_plot_writes_a_file(kind, tmp_path):
    target = tmp_path / f"lr.{kind}"
    done = call("plot", EXAMPLE, "linear(peak, 0, 9)", "--set", "peak=1", "-o", str(target))
    assert (done.exit_code, done.output) == (0, "")
    assert target.stat().st_size > 1000


def test_plot_draws_what_the_options_say(tmp_path):
    target = tmp_path / "lr.svg"
    call("plot", "0.1", "--log", "--title", "Mine", "--total-steps", "20k", "-o", str(target))
    assert {"<!-- Mine -->", "<!-- 20k -->"} <= set(
        target.read_text().replace("  ", "").split("\n")
    )


def test_plot_without_matplotlib_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    done = call("plot", "0.1", "-o", str(tmp_path / "lr.svg"))
    assert done.exit_code == 2
    assert "pip install 'lrdsl[plot]'" in done.stderr


def test_version():
    done = process("--version")
    assert (done.returncode, done.stdout.decode()) == (0, f"lrdsl {lrdsl.__version__}\n")


def test_exit_codes_of_the_process():
    assert process("show", "0.1").returncode == 0
    assert process("show", "cosin(1)").returncode == 1
    assert process("show").returncode == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_output_that_is_not_utf8_is_plain(encoding):
    done = process("show", "linear(1, 0, 40) | repeat(40)", env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0
    assert done.stderr == b""
    text = done.stdout.decode(encoding)
    assert not set(text) & set("⠀┤│┬\\")
    assert "1 +" in text


def test_a_reader_that_stops_reading_is_no_error():
    command = [sys.executable, "-m", "lrdsl", "values", "0.1", "--steps", "0:10M"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.readline() == b"   step  value\n"
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_output_that_cannot_be_written():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lrdsl", "show", "0.1"], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 2
    assert done.stderr == b"Error: the output cannot be written: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGINT for a child")
def test_an_interrupt_leaves_no_traceback():
    # More updates than could be walked through: the first line comes at once all the same.
    command = [sys.executable, "-m", "lrdsl", "values", "0.1", "--steps", "0:1e15"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Tests that run in the background may have been told to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as running:
        running.stdout.readline()
        running.send_signal(signal.SIGINT)
        running.stdout.read()
        assert running.stderr.read().strip() == b""
        assert running.wait(60) == 130


HEAVY = ("torch", "hydra", "omegaconf", "matplotlib")


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        pytest.param("import lrdsl", (*HEAVY, "numpy", "lark", "pydantic"), id="import lrdsl"),
        pytest.param(
            "import lrdsl.cli.main", (*HEAVY, "numpy", "lark", "pydantic"), id="the command line"
        ),
        pytest.param(
            f"from lrdsl.cli.main import cli; cli(['show', {EXAMPLE!r}], standalone_mode=False)",
            HEAVY,
            id="show",
        ),
    ],
)
def test_nothing_heavy_is_loaded(code, absent):
    script = f"{code}\nimport sys\nprint(sorted({set(absent)!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


MINE = """\
# Up and down again.
#
# Example: `mine.hill(0.1, 100)`
def mine.hill(high, n, swing=true) = {
    lr: linear(0, high, n) >> linear(high, 0, n),
    momentum: linear(0.95, 0.85, n) >> linear(0.85, 0.95, n) if swing else none
}
def mine.long(a, n) =
    warmup(linear, n) >> constant(a, n) >> cooldown(sqrt, n, a / 10) >> linear(_, 0, n)
    | clip(a / 20, a) | every(3)
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.lr"
    path.write_text(MINE, encoding="utf-8")
    return str(path)


def test_library_is_for_every_command(mine, tmp_path):
    two = tmp_path / "two.lr"
    two.write_text("def two.hills(a) = mine.hill(a, 5) | repeat(2)")
    done = call(
        *("values", "two.hills(1)", "--at", "5,15", "--format", "csv"),
        *("--library", mine, "--library", str(two)),
    )
    assert done.stdout == "step,value\n5,1.0\n15,1.0\n"
    assert call("show", "mine.hill(1, 5)", "--library", mine).exit_code == 0
    target = tmp_path / "lr.svg"
    done = call("plot", "mine.hill(1, 5)", "--library", mine, "-o", str(target))
    assert (done.exit_code, target.exists()) == (0, True)


def test_mistakes_in_a_library_name_the_file(tmp_path):
    path = tmp_path / "bad.lr"
    path.write_text("def f(a) = cosin(a)")
    done = call("show", "0.1", "--library", str(path))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error[LR201]: there is no shape `cosin`\n  in bad.lr:\n  | def f(a)" in done.stderr


def test_expand_shows_the_core_terms_of_each_field(mine):
    done = call("show", "mine.hill(0.1, 100)", "--expand", "--library", mine)
    assert done.stdout.splitlines() == [
        "linear(0, 0.1, 100) >> linear(0.1, 0, 100)",
        "momentum: linear(0.95, 0.85, 100) >> linear(0.85, 0.95, 100)",
    ]
    done = call("show", "mine.hill(0.1, 100, swing=false)", "--expand", "--library", mine)
    assert done.stdout.splitlines() == ["linear(0, 0.1, 100) >> linear(0.1, 0, 100)"]


def test_expand_writes_long_chains_in_lines_that_can_be_read_again(mine):
    spec = "mine.long(base, 20)"
    done = call("show", spec, "--expand", "--library", mine, "--base-lr", "2")
    lines = done.stdout.splitlines()
    assert lines[:2] == ["warmup(linear, 20)", ">> constant(base, 20)"]
    again = lrdsl.compile(done.stdout, base_lr=2)
    assert (again.values() == lrdsl.compile(spec, base_lr=2).values()).all()


def test_expand_says_where_prev_is_meant(mine):
    spec = "linear(1, 0.5, 10) >> mine.hill(prev, 20)"
    done = call("show", spec, "--expand", "--library", mine)
    assert done.stdout.splitlines()[-1].startswith("# prev, next and rest in an argument are meant")


def test_show_says_what_else_is_driven(mine):
    done = call("show", "mine.hill(0.1, 100)", "--library", mine)
    assert "drives   lr, shown here; momentum too\n" in done.stdout
    assert "drives" not in call("show", "mine.hill(1, 9, swing=false)", "--library", mine).stdout
    facts = shown("mine.hill(0.1, 9)", "--library", mine)
    assert facts["fields"] == {
        "lr": "mine.hill.lr(0.1, 9)",
        "momentum": "mine.hill.momentum(0.1, 9)",
    }


def test_shapes_lists_everything(mine):
    from lrdsl.language.catalog import entries

    listed = call("shapes", "--library", mine).stdout
    groups = [line for line in listed.splitlines() if line and not line.startswith(" ")]
    assert groups[:5] == ["shapes", "modifiers", "curves", "functions", "std"]
    assert groups[-1] == "mine.lr"
    functions = call("shapes", "functions").stdout.splitlines()
    assert functions[0] == "functions"
    assert [line.split("(")[0].strip() for line in functions[1:]] == [
        entry.name for entry in entries() if entry.group == "functions"
    ]
    lines = {" ".join(line.split()) for line in listed.splitlines()}
    for entry in entries():
        summary = " ".join(entry.doc.summary.split())
        assert [x for x in lines if x.startswith(entry.name) and x.endswith(summary)], entry.name
    assert "mine.hill(high, n, swing=true) Up and down again." in lines


def test_shapes_shows_a_definition(mine):
    shown = call("shapes", "mine.hill", "--library", mine).stdout
    assert "mine.hill(high, n, swing=true)   (definition in mine.lr)\n\nUp and down" in shown
    assert "  high   a value\n  n      a duration\n  swing  true or false  default true" in shown
    assert "Example: mine.hill(0.1, 100)" in shown
    assert "that is:\n\nlinear(0, 0.1, 100) >> linear(0.1, 0, 100)\nmomentum: " in shown
    assert "0.1 ┤" in shown
    assert call("shapes", "mine.lr", "--library", mine).stdout.startswith("mine.lr\n  mine.hill(")


def test_shapes_whose_example_is_wrong_says_so(tmp_path):
    path = tmp_path / "mine.lr"
    path.write_text("# Half.\n#\n# Example: `halve(1)`\ndef my_half(a) = a / 2")
    done = call("shapes", "my_half", "--library", str(path))
    assert done.exit_code == 0
    assert "error[LR201]: there is no shape `halve`" in done.stdout


def test_shapes_of_one_name_are_all_shown():
    shown = call("shapes", "sqrt").stdout
    assert "sqrt   (curve)" in shown
    assert "sqrt(a)   (function)" in shown
    assert "Also called poly." in call("shapes", "poly").stdout


@pytest.mark.parametrize("name", [[], ["cosine"], ["sqrt"]], ids=["all", "cosine", "sqrt"])
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_shapes_can_be_written_in_any_encoding(name, encoding):
    done = process("shapes", *name, env={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    assert not set(text) & set("\\?┤│")
    assert not name or "pi p" in text or "sqrt p" in text
