"""`quote`: what plain Hydra takes, from Python and from bash, zsh and PowerShell."""

import random
import re
import shlex
import shutil
import subprocess

import pytest
from click.testing import CliRunner
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.hydra import quote
from tests.support import powershell
from tests.support.paths import ROOT

PARSER = OverridesParser.create()
SIGNS = "ab19 \t\n\r\x01\x7f\"'\\\\\\$`!#%&|><;,:=()[]{}*?~@^+-/.é→‘’‚‛“”„\U0001f600"
PIECES = [
    "${peak}",
    '\\"',
    "\\'",
    "''",
    '""',
    "\\\\",
    "$(id)",
    "`id`",
    "!!",
    "--%",
    "cosine(1, 0, 9)",
]
HEADLINE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"


def texts(count=20_000, seed=6):
    """Short strings of what quotes, shells and Hydra mind; the same ones in every run."""
    chance = random.Random(seed)
    for _ in range(count):
        parts = chance.choices([*SIGNS, *PIECES], k=chance.randint(0, 8))
        yield "".join(parts)


def chunks(items, size):
    items = list(items)
    return [items[i : i + size] for i in range(0, len(items), size)]


@pytest.mark.parametrize("shell", [pytest.param(None, id='"'), pytest.param("powershell", id="'")])
def test_hydra_reads_what_was_quoted(shell):
    """10,000 strings for each shell, 40 to a list, and each of some by itself."""

    def quoted(text):
        return quote(text) if shell is None else powershell.read(quote(text, shell=shell))

    seed = 6 if shell is None else 9
    for chunk in chunks(texts(10_000, seed), 40):
        read = PARSER.parse_override(f"lr=[{','.join(map(quoted, chunk))}]").value()
        assert read == chunk
    for text in texts(500, seed=7):
        assert PARSER.parse_override(f"lr={quoted(text)}").value() == text


def test_sweeps_hand_quoted_text_on():
    """A sweep over quoted values: the override of each job, which Hydra writes itself, is read."""
    for chunk in chunks(texts(1_000, seed=8), 20):
        sweep = PARSER.parse_override(f"lr={','.join(map(quote, chunk))}")
        jobs = [PARSER.parse_override(f"lr={x}").value() for x in sweep.sweep_string_iterator()]
        assert jobs == chunk


@pytest.mark.parametrize(
    ("shell", "setup"),
    [
        pytest.param("bash", "set -o history -o histexpand; shopt -s extglob nullglob", id="bash"),
        pytest.param("zsh", "setopt extendedglob rcquotes nullglob bang_hist", id="zsh"),
        pytest.param("zsh", "emulate sh", id="zsh as sh"),
    ],
)
def test_shells_hand_over_what_was_quoted(tmp_path, shell, setup):
    """20,000 strings through a real shell, with the options on that change what quotes mean."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    every = list(texts())
    lines = [f"printf '%s\\0' {quote(text, key='lr', shell=shell)}" for text in every]
    script = tmp_path / "script"
    script.write_text("\n".join([setup, *lines, ""]), encoding="utf-8")
    done = subprocess.run([program, str(script)], capture_output=True, timeout=900, check=True)
    assert done.stderr == b""
    received = done.stdout.decode("utf-8").split("\0")
    assert received.pop() == ""
    assert received == [quote(text, key="lr") for text in every]


def test_powershell_hands_over_what_was_quoted():
    """Text without double quotes arrives by both ways of handing it over, others by the new one."""
    both = 0
    for text in texts():
        override = powershell.read(quote(text, key="lr", shell="powershell"))
        assert override.startswith("lr='")
        if '"' not in text:
            both += 1
            assert powershell.legacy_arguments(override) == [override]
    assert both > 5_000


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        pytest.param('a "b c" d', ["a", "b c", "d"], id="quotes"),
        pytest.param(r'"a\"b" "c\\" d\e', ['a"b', "c\\", r"d\e"], id="backslashes"),
        pytest.param('"a""b" ""', ['a"b', ""], id="doubled and empty"),
    ],
)
def test_the_model_of_a_command_line(line, arguments):
    assert powershell.split(line) == arguments


@pytest.mark.parametrize(
    ("token", "text"),
    [
        pytest.param("'it''s'", "it's", id="doubled"),
        pytest.param("'a\u2019\u2019b'", "a\u2019b", id="typographic"),
        pytest.param('"it\'s"', "it's", id="single in double"),
        pytest.param("'${x} `n'", "${x} `n", id="nothing expands"),
        pytest.param('"${x}"', None, id="a variable"),
        pytest.param('"a`n"', None, id="an escape"),
        pytest.param("'a'b'", None, id="ends early"),
        pytest.param("'a", None, id="does not end"),
        pytest.param("a", None, id="no string"),
    ],
)
def test_the_model_of_powershell(token, text):
    if text is None:
        with pytest.raises(ValueError, match=r"string|expanded"):
            powershell.read(token)
    else:
        assert powershell.read(token) == text


def test_double_quotes_are_lost_on_the_old_way():
    """Why Hydra's single quotes are used for PowerShell."""
    assert powershell.legacy_arguments('lr="a b"') != ['lr="a b"']


@pytest.mark.parametrize(
    ("options", "line"),
    [
        pytest.param({}, f'"{HEADLINE}"', id="a value"),
        pytest.param({"key": "lr"}, f'lr="{HEADLINE}"', id="an override"),
        pytest.param({"key": "+a.b"}, f'+a.b="{HEADLINE}"', id="a key that is added"),
        pytest.param({"key": "lr", "shell": "bash"}, f"'lr=\"{HEADLINE}\"'", id="bash"),
        pytest.param({"key": "lr", "shell": "zsh"}, f"'lr=\"{HEADLINE}\"'", id="zsh"),
        pytest.param({"key": "lr", "shell": "powershell"}, f"\"lr='{HEADLINE}'\"", id="powershell"),
    ],
)
def test_forms(options, line):
    assert quote(HEADLINE, **options) == line
    arguments = [f"--{name}={value}" for name, value in {"shell": "none", **options}.items()]
    done = CliRunner().invoke(cli, ["quote", *arguments, HEADLINE])
    assert (done.exit_code, done.stdout) == (0, f"{line}\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("it's", "'lr=\"it'\\''s\"'", id="a single quote"),
        pytest.param("''", "'lr=\"'\\'\\''\"'", id="two single quotes"),
        pytest.param("a\nb\t", "'lr=\"a'$'\\n''b'$'\\t''\"'", id="a line end and a tab"),
        pytest.param('a "b"', '\'lr="a \\"b\\""\'', id="double quotes"),
    ],
)
def test_quotes_in_bash(text, line):
    assert quote(text, key="lr", shell="bash") == line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"text": None}, "a spec is text, a number or a Spec", id="no spec"),
        pytest.param({"text": "1", "key": "l r"}, "'l r' is not a key", id="a key with a space"),
        pytest.param({"text": "1", "key": ""}, "'' is not a key", id="an empty key"),
        pytest.param({"text": "1", "key": "lr="}, "'lr=' is not a key", id="a key with a sign"),
        pytest.param({"text": "1", "shell": "fish"}, "`bash`, `zsh`, `powershell`", id="a shell"),
        pytest.param({"text": "\0", "shell": "bash"}, "a null character", id="null"),
    ],
)
def test_what_cannot_be_quoted(arguments, message):
    with pytest.raises(lrdsl.SpecError, match=message):
        quote(**arguments)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["hold(5)"], 0, "'\"hold(5)\"'", id="bash is the default"),
        pytest.param(["hold(5)", "--key", "a b"], 2, "'a b' is not a key", id="no key"),
        pytest.param(["hold(5)", "--shell", "fish"], 2, "'fish' is not one of", id="no shell"),
        pytest.param([], 2, "Missing argument 'SPEC'", id="no spec"),
        pytest.param(
            ["warmup('a', 1)", "--shell", "powershell"], 0, "\"'warmup(\\'a\\', 1)'\"", id="no note"
        ),
        pytest.param(
            ['warmup("a", 1)', "--shell", "powershell"], 0, "before 7.3 loses", id="a note"
        ),
    ],
)
def test_command(arguments, code, said):
    done = CliRunner().invoke(cli, ["quote", *arguments])
    assert done.exit_code == code
    assert said in done.output
    assert ("note:" in done.stderr) == ("before" in said)


def test_command_reads_standard_input():
    done = CliRunner().invoke(cli, ["quote", "-", "--key", "lr"], input="hold(5)\n")
    assert done.stdout == "'lr=\"hold(5)\"'\n"


DOCS = ROOT / "docs" / "hydra.md"
ROW = re.compile(r"^\| `(.+)` \| `(.+?)`.* \| `(.+)` \|$", re.MULTILINE)
ROWS = ROW.findall(DOCS.read_text(encoding="utf-8").replace("\\|", "|"))


def jobs(cell):
    """What plain Hydra makes of a command line, by job; raises what it says."""
    *_, argument = shlex.split(cell)
    [override] = PARSER.parse_overrides([argument])
    if not override.is_sweep_override():
        return [override.value()]
    found = [f"lr={value}" for value in override.sweep_string_iterator()]
    return [each.value() for each in PARSER.parse_overrides(found)]


@pytest.mark.parametrize(("typed", "said", "instead"), ROWS)
def test_what_the_docs_say_of_plain_hydra(typed, said, instead):
    with pytest.raises(HydraException, match=re.escape(said)):
        jobs(typed)
    assert len(jobs(instead)) == (2 if "-m" in instead else 1)


def test_the_docs_have_rows():
    assert len(ROWS) == 6


def test_long_text_is_quoted_fast():
    text = "\\" * 60_000
    assert len(quote(text)) == 2 * len(text) + 2
