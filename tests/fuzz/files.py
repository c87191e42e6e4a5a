"""Files with specs, logs of runs, and states: whole ones, and broken ones."""

from __future__ import annotations

import io
import json
import os
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import lrdsl
from lrdsl import SpecError
from lrdsl.compare import ranked, read_runs
from lrdsl.compare.table import as_csv, as_data, table
from lrdsl.linter.autofix import fix
from lrdsl.linter.config import Project
from lrdsl.linter.format_files import rewrite
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text
from lrdsl.linter.reports import report
from lrdsl.linter.runner import check_files
from lrdsl.linter.source_file import Unreadable
from tests.fuzz.choices import Choices
from tests.fuzz.laws import OWN_MISTAKES
from tests.fuzz.specs import RUNS, SpecWriter, broken

EXTENSIONS = (".yaml", ".md", ".py", ".lr", ".yml")


def page(choices: Choices) -> tuple[str, str]:
    """The name and the text of a file with specs."""
    writer = SpecWriter(choices)
    extension = choices.pick(EXTENSIONS)
    specs = [writer.spec(len(choices.some(0, 2))) for _ in choices.some(1, 3)]
    run = "".join([f"{name}: {value}\n" for name, value in choices.pick(RUNS).items()])
    match extension:
        case ".md":
            lines = "\n".join(specs)
            text = f"# Page\n<!-- lrdsl: total_steps=100 base_lr=1 -->\n```lr\n{lines}\n```\n"
            text += f"```library\n{writer.definitions()}\n```\n" * choices.chance(30)
        case ".py":
            calls = [f"lrdsl.compile({spec!r}, total_steps=100)" for spec in specs]
            text = "import lrdsl\n" + "\n".join(calls) + "\n"
            text += f'lrdsl.define("""{writer.definitions()}""")\n' * choices.chance(30)
        case ".lr":
            text = "# A comment.\n#\n# Example: `f0(1)`\n" + writer.definitions() + "\n"
        case _:
            keys = ("lr", "spec", "schedule", "max_lr", "weight_decay", "x")
            text = run + "".join([f"{choices.pick(keys)}{i}: {_scalar(choices, spec)}\n"
                                  for i, spec in enumerate(specs)])  # fmt: skip
            text += f"definitions: {json.dumps(writer.definitions())}\n" * choices.chance(20)
            text += _anchors(choices) * choices.chance(20)
    if choices.chance(40):
        text = broken(choices, text)
    if choices.chance(20):
        text = text.replace("\n", "\r\n")
    if choices.chance(10):
        text = "\ufeff" + text
    return f"a{extension}", text


def _scalar(choices: Choices, spec: str) -> str:
    match choices.below(5):
        case 0:
            return json.dumps(spec)
        case 1:
            return "'" + spec.replace("'", "''") + "'"
        case 2:
            return "|\n  " + spec.replace("\n", "\n  ")
        case 3:
            return f"{{spec: {json.dumps(spec)}, total_steps: 100}}"
        case _:
            return spec


def _anchors(choices: Choices) -> str:
    """Aliases of aliases, and references in circles."""
    form = choices.pick(("[*a{0}, *a{0}]", "{{<<: [*a{0}, *a{0}]}}", "{{lr: *a{0}, x: *a{0}}}"))
    first = choices.pick(("a0: &a0 {lr: cosine(1, 0, 9)}\n", "a0: &a0 [hold(5), 0.1]\n"))
    lines = [f"a{i + 1}: &a{i + 1} {form.format(i)}\n" for i in range(choices.below(40))]
    return first + "".join(lines) + "b: ${c}\nc: ${b}\nlr: hold(${b})\n"


def check_page(name: str, text: str) -> None:
    """Lint, format and fix a file; each twice gives what it gives once."""
    try:
        file = read_text(name, text)
    except Unreadable:
        return
    project = Project(context={"total_steps": 100, "base_lr": 0.1})
    found = lint_source(file, project)
    for each in found:
        assert each.diagnostic.code not in OWN_MISTAKES, each.diagnostic.message
        assert 0 <= each.start <= each.stop <= len(text), "a finding beyond the file"
    written, _ = rewrite(file)
    again = read_text(name, written)
    assert rewrite(again)[0] == written, "formatting twice changes the file"
    assert len(again.snippets) == len(file.snippets), "formatting changes how many specs there are"
    fixed = fix(file, project).text
    assert fix(read_text(name, fixed), project).fixes == 0, "a fix leaves something to be fixed"


def check_folder(choices: Choices, folder: Path) -> None:
    """Lint the files in a folder, as the command does, in every form of report."""
    for i in choices.some(1, 4):
        name, text = page(choices)
        content = text.encode("utf-8", "surrogatepass")
        if choices.chance(20):
            content = content[: choices.below(len(content) + 1)] + bytes([choices.below(256)])
        (folder / f"{i}{name}").write_bytes(content)
    done = check_files([str(folder)], Project())
    assert not [each for each in done.unreadable if "lrdsl fails" in each], done.unreadable
    for form in ("text", "json", "sarif", "github"):
        report(done, form)


def check_runs(choices: Choices, folder: Path) -> None:
    """Compare runs whose logs and configs are broken in some way."""
    header = choices.pick(("step,lr,loss,result", "update,lr[0]", "a", "step,lr,lr", "", '"step'))
    cells = ("0", "1", "nan", "inf", "-1", "1e999", "", "x", '"', "=1+1", "\0", "1_0", "é")
    for i in choices.some(1, 4):
        run = folder / choices.pick((str(i), f"=x{i}", f"é{i}"))
        (run / ".hydra").mkdir(parents=True, exist_ok=True)
        rows = [",".join([choices.pick(cells) for _ in range(4)]) for _ in choices.some(0, 6)]
        log = "\n".join([header, *rows]) + choices.pick(("\n", "", "\r\n", ","))
        (run / "lr.csv").write_text(broken(choices, log) if choices.chance(30) else log,
                                    encoding="utf-8", errors="replace")  # fmt: skip
        spec = SpecWriter(choices).spec(1)
        config = f"lr: {_scalar(choices, spec)}\n{_anchors(choices)}"
        overrides = f"- lr={json.dumps(spec)}\n- x={choices.pick(cells)}\n"
        for name, text in (("config.yaml", config), ("overrides.yaml", overrides)):
            text = broken(choices, text) if choices.chance(50) else text
            (run / ".hydra" / name).write_text(text, encoding="utf-8", errors="replace")
    runs = ranked(read_runs([folder]))
    table(runs)
    as_csv(runs)
    json.dumps(as_data(runs), allow_nan=False)


TREES: tuple[Any, ...] = (
    0.1, -1, 1e400, float("nan"), True, None, "", "cosine(1, 0, 9)", "_", "5%", "${x}", [], {},
    b"x", 10**400, {1: 2}, {"chain": []}, {"if": "total > 5", "then": 1}, {"repeat": {"times": -1}},
)  # fmt: skip


def tree(choices: Choices, depth: int = 4) -> Any:
    """A tree: mostly one that a spec has, with nodes put in at random."""
    if depth and choices.chance(70):
        try:
            made = lrdsl.tree.to_tree(SpecWriter(choices).spec(2))
        except SpecError:
            made = {"cosine": {"end": tree(choices, depth - 1)}}
        return _changed(choices, made)
    return choices.pick(TREES)


def _changed(choices: Choices, node: Any) -> Any:
    if choices.chance(10):
        return choices.pick(TREES)
    if isinstance(node, list):
        return [_changed(choices, each) for each in node]
    if isinstance(node, dict):
        return {key: _changed(choices, value) for key, value in node.items()}
    return node


def check_tree(choices: Choices) -> None:
    """A tree is a spec or an error; as a spec it has the laws of one."""
    made = tree(choices)
    run = choices.pick(RUNS)
    for use in (lrdsl.parse, lambda x: lrdsl.compile(x, **run), lambda x: lrdsl.lint(x, **run)):
        try:
            use(made)
        except SpecError as error:
            str(error)


COMMANDS = (
    ("show",), ("values", "--steps", "5"), ("lint", "-e"), ("fmt", "-e"), ("quote",),
    ("convert", "--to", "yaml", "-e"), ("convert", "--to", "text", "-e"),
)  # fmt: skip


def _argument(choices: Choices, folder: Path) -> str:
    """A file of the folder with a key, a tree or a program."""
    match choices.below(3):
        case 0:
            name, text = page(choices)
            (folder / name).write_text(text, encoding="utf-8", errors="replace")
            return name + choices.pick(("", "::lr", "::1", "::2", "::spec.lr", "::", "::x"))
        case 1:
            return json.dumps(tree(choices), default=str)
        case _:
            specs = [json.dumps(SpecWriter(choices).spec(1)) for _ in range(2)]
            return choices.pick(PROGRAMS).format(*specs)


PROGRAMS = (
    "{{lr: {}, momentum: {}}}", "{{lr: {{head: {}, '*': {}}}}}", "{{spec: {}, total_steps: 9}}",
    "{{lr: {}, wd: 0.1 * lr}}", "{{lr: m, m: lr}}", "lr: {}\nm: {}", "[{}, {}]", "{{lr: ${{x}}}}",
)  # fmt: skip


def check_command(choices: Choices, folder: Path) -> None:
    """The command line ends with an exit code, whatever it is given."""
    from lrdsl.cli.main import cli

    text = SpecWriter(choices).spec(2)
    command = [*choices.pick(COMMANDS), text]
    if choices.chance(40):
        command = [choices.pick(("show", "values")), "--base-lr", "1", _argument(choices, folder)]
    if choices.chance(40):
        command[-1] = broken(choices, command[-1])
    if command[0] in ("show", "values", "lint"):
        command[1:1] = ["--total-steps", choices.pick(("100", "0", "x", "1e6"))]
    code: object = None
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            cli.main(command, prog_name="lrdsl", standalone_mode=True)
        except SystemExit as done:
            code = done.code
    assert code in (None, 0, 1, 2), f"exit code {code}"


def in_folder(check: Any, choices: Choices) -> None:
    """A check in an empty folder, which is the working folder meanwhile."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            check(choices, Path(folder))
        finally:
            os.chdir(before)
