"""Specs in files: which are found, where each character stands, and what cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.linter.config import Project
from lrdsl.linter.discovery import find
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.read_source import read_file, read_text
from lrdsl.linter.source_file import Snippet, SourceFile, Unreadable
from lrdsl.linter.sources.document import Mapping, Scalar
from lrdsl.linter.sources.python_literals import read_literal
from lrdsl.linter.sources.yaml_document import read_yaml
from lrdsl.linter.sources.yaml_offsets import offsets_of
from lrdsl.util.guarded_read import MAX_FILE_BYTES


def read(name: str, text: str) -> tuple[Snippet, ...]:
    return read_text(name, dedent(text)).snippets


def texts(name: str, text: str) -> list[str]:
    return [snippet.text for snippet in read(name, text)]


YAML = [
    pytest.param("lr: cosine(1, 0, 9)", ["cosine(1, 0, 9)"], id="lr"),
    pytest.param("max_lr: 'hold(9)'", ["hold(9)"], id="another lr"),
    pytest.param("a: {b: {spec: hold(9)}}", ["hold(9)"], id="spec, deep inside"),
    pytest.param("spec: cosin(1)", ["cosin(1)"], id="a mistake, by its place"),
    pytest.param("x: [cosine(1) >> hold(), word]", ["cosine(1) >> hold()"], id="by what it says"),
    pytest.param("x: cosin(1)", [], id="unknown call elsewhere"),
    pytest.param("x: see cosine(1) here", [], id="prose with a call"),
    pytest.param("x: max(1, 2)", [], id="arithmetic alone"),
    pytest.param("lr: auto\nspec: openapi.json\nbase_lr: 0.1", [], id="other programs' values"),
    pytest.param("lr: wsd", ["wsd"], id="a shape's name"),
    pytest.param("lr: 1e-4", ["1e-4"], id="text that looks like a number"),
    pytest.param("spec: '0.1'", ["0.1"], id="a constant"),
    pytest.param("lr: 0.0001\nspec: 5", [], id="numbers"),
    pytest.param("a: hold(1)\n---\nb: hold(2)", ["hold(1)", "hold(2)"], id="two documents"),
    pytest.param("a: &a {lr: hold(1)}\nb: *a\nc: {<<: *a}", ["hold(1)"], id="anchor, merge key"),
    pytest.param("a: &a [*a, hold(1)]", ["hold(1)"], id="anchor in a circle"),
    pytest.param("defaults: [lr: hold(1)]\nhydra: {x: hold(2)}", [], id="hydra's own"),
    pytest.param(
        "lr: |\n  warmup(5)  # up\n  >> hold(5)\n", ["warmup(5)  # up\n>> hold(5)\n"], id="literal"
    ),
    pytest.param("lr: >-\n  warmup(5)\n  >> hold(5)\n", ["warmup(5) >> hold(5)"], id="folded"),
    pytest.param("definitions: def a(x) = x", ["def a(x) = x"], id="definitions"),
    pytest.param("definitions: mine.lr", [], id="a file of definitions"),
    pytest.param(
        "_target_: lrdsl.torch.Scheduler\nspec: {lr: a, wd: {x: b, '*': 0.1 * lr}}",
        ["a", "b", "0.1 * lr"],
        id="program",
    ),
]


@pytest.mark.parametrize(("text", "expected"), YAML)
def test_specs_in_yaml(text: str, expected: list[str]) -> None:
    assert texts("a.yaml", text) == expected


REFERENCES = [
    pytest.param("n: 9\nlr: hold(${n})", "hold(9)", id="told"),
    pytest.param("a: {n: 9}\nb: '${a.n}'\nlr: hold(${b})", "hold(9)", id="told twice removed"),
    pytest.param("lr: {spec: 'hold(${.n})', n: 9}", "hold(9)", id="told beside it"),
    pytest.param("n: 9\na: {b: {lr: 'hold(${...n})'}}", "hold(9)", id="told further out"),
    pytest.param("lr: hold(${n})", "hold(given_n)", id="not told"),
    pytest.param("n: null\nlr: hold(${n})", "hold(given_n)", id="null"),
    pytest.param("n: ${n}\nlr: hold(${n})", "hold(given_n)", id="in a circle"),
    pytest.param("lr: hold(${n}ep)", "hold((given_n * 1ep))", id="with a unit"),
    pytest.param("lr: hold(${n}%)", "hold((given_n * 1%))", id="percent"),
    pytest.param("lr: hold(${oc.env:N,5})", "hold(given_oc_env_N_5)", id="a resolver"),
    pytest.param("lr: hold(${f:${n}})", "hold(given_f_n)", id="one inside the other"),
]


@pytest.mark.parametrize(("text", "expected"), REFERENCES)
def test_references_in_yaml(text: str, expected: str) -> None:
    snippet = read("a.yaml", text)[-1]
    assert snippet.text == expected
    assert not snippet.writable


@pytest.mark.parametrize("text", ["${x}", "${x}(5)", "hold(1${x})", "hold('${x}')", "ho${x}(1)"])
def test_a_reference_where_no_variable_can_stand_hides_the_spec(text: str) -> None:
    assert texts("a.yaml", f'lr: "{text}"') == []


def test_a_mistake_beside_a_reference_is_found() -> None:
    file = read_text("a.yaml", "lr: warmup(${n}) >> cosin(${peak}, 0, ${m}ep)")
    (found,) = lint_source(file, Project())
    assert file.text[found.start : found.stop] == "cosin"


def test_what_a_reference_stands_for_is_no_mistake() -> None:
    file = read_text("a.yaml", "lr: cooldown(${m}, 5, 0.2) >> (hold(${step}ep) | clip(_, ${stp}))")
    assert lint_source(file, Project()) == []


CONTEXT: list[Any] = [
    pytest.param("total_steps: 9\nlr: hold()", {"total_steps": 9}, id="beside it"),
    pytest.param(
        "_target_: lrdsl.compile\nspec: hold()\npeak: 0.5\nn: ${k}\nk: 3",
        {"peak": 0.5, "n": 3, "k": 3},
        id="variables",
    ),
    pytest.param(
        "lr: hold()\nk: 5\ns: {_target_: lrdsl.compile, spec: '${lr}', total_steps: '5'}",
        {},
        id="a quoted number is a text",
    ),
    pytest.param(
        "lr: hold()\nk: 5\ns: {_target_: lrdsl.compile, spec: '${lr}', total_steps: '${k}'}",
        {"total_steps": 5},
        id="a quoted reference is what it refers to",
    ),
    pytest.param(
        "lr: hold()\nk: 5\ns:\n  _target_: lrdsl.torch.Scheduler\n  spec: ${lr}\n"
        "  total_steps: ${k}\n  base_lr: 1\n",
        {"total_steps": 5},
        id="where it is used",
    ),
]


@pytest.mark.parametrize(("text", "expected"), CONTEXT)
def test_what_a_place_in_yaml_tells_of_the_run(text: str, expected: dict[str, Any]) -> None:
    assert read("a.yaml", text)[0].context == expected


def test_a_spec_knows_the_definitions_beside_it() -> None:
    snippet = read("a.yaml", "spec: a(1)\ndefinitions: def a(x) = x")[0]
    assert (snippet.context, snippet.origin.definitions) == ({}, ("def a(x) = x",))


def test_a_number_that_yaml_takes_for_text_is_a_fact_where_a_number_is_meant() -> None:
    plain, used = (
        read("a.yaml", "a: {lr: 1e-4}"),
        read("a.yaml", "lr: 1e-4\ns: {_target_: lrdsl.compile, spec: '${lr}'}"),
    )
    assert plain[0].origin == SpecOrigin(key="a.lr", yaml_text_number=True)
    assert used[0].origin == SpecOrigin(key="lr")


def test_a_word_comes_with_the_names_of_presets(tmp_path: Path) -> None:
    (tmp_path / "schedule").mkdir()
    (tmp_path / "schedule" / "mine.yaml").write_text("spec: hold()")
    (tmp_path / "train.yaml").write_text("lr: mine")
    (snippet,) = read_file(str(tmp_path / "train.yaml")).snippets
    assert snippet.origin.preset_names == ("mine",)


def test_definitions_in_a_file_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "mine.lr").write_text("def half(a) = a / 2")
    path = tmp_path / "a.yaml"
    path.write_text("spec: half(1)\ndefinitions: mine.lr")
    assert lint_source(read_file(str(path)), Project()) == []
    path.write_text("spec: half(1)\ndefinitions: other.lr")
    assert lint_source(read_file(str(path)), Project()) == []  # whatever it may define


PYTHON = [
    pytest.param("import lrdsl\nlrdsl.compile('hold(5)')", ["hold(5)"], id="attribute"),
    pytest.param("import lrdsl as x\nx.compile(spec='hold(5)')", ["hold(5)"], id="alias"),
    pytest.param("from lrdsl import compile as c\nc(r'hold(5)')", ["hold(5)"], id="from"),
    pytest.param(
        "from lrdsl.torch import Scheduler\nScheduler(o, 'hold(5)')", ["hold(5)"], id="scheduler"
    ),
    pytest.param("import lrdsl.torch\nlrdsl.torch.Scheduler(o, 'hold()')", ["hold()"], id="dotted"),
    pytest.param("import lrdsl\nS = 'hold()'\nlrdsl.compile(S)", ["hold()"], id="name"),
    pytest.param("import lrdsl\nS = 'a'\nS = 'b'\nlrdsl.compile(S)", [], id="name set twice"),
    pytest.param("import lrdsl\ndef f(S): lrdsl.compile(S)\nS = 'a'", [], id="parameter"),
    pytest.param(
        "import lrdsl\nlrdsl.compile({'spec': 'a(1)', 'definitions': 'def a(x) = x'})",
        ["a(1)", "def a(x) = x"],
        id="mapping",
    ),
    pytest.param(
        "from lrdsl.torch import Scheduler as S\nS(o, {'lr': 'a', 'wd': {'x': 'b', '*': 0}})",
        ["a", "b", "0"],
        id="program",
    ),
    pytest.param("import lrdsl\nlrdsl.define('def a(x) = x')", ["def a(x) = x"], id="define"),
    pytest.param("import lrdsl\nlrdsl.compile(f'hold({n}ep)')", ["hold((given_n * 1ep))"], id="f"),
    pytest.param("import lrdsl\nlrdsl.compile('a' 'b')", ["ab"], id="side by side"),
    pytest.param("import lrdsl\nlrdsl.compile('a' + x)", [], id="sum"),
    pytest.param(
        "import lrdsl, pytest\nwith pytest.raises(X):\n    lrdsl.compile('a(')", [], id="raises"
    ),
    pytest.param("import re\nre.compile('hold(5)')", [], id="another compile"),
    pytest.param("compile('hold(5)')  # lrdsl", [], id="the builtin"),
]


@pytest.mark.parametrize(("text", "expected"), PYTHON)
def test_specs_in_python(text: str, expected: list[str]) -> None:
    assert texts("a.py", text) == expected


def test_keyword_arguments_with_literal_values_are_the_context() -> None:
    code = "import lrdsl\nN = 9\nlrdsl.compile('x', total_steps=N, low=-1, peak=p, **k)"
    assert read("a.py", code)[0].context == {"total_steps": 9, "low": -1}


TRAINING: list[Any] = [
    pytest.param("", "s.step()", {"base_lr": 0.1}, [0.1], False, id="never"),
    pytest.param("", "s.step(loss)", {"base_lr": 0.1}, [0.1], True, id="a metric"),
    pytest.param("", "s.step(metric=5)", {"base_lr": 0.1}, [0.1], True, id="by name"),
    pytest.param("", "s.step()\nfit(s)", {"base_lr": 0.1}, [0.1], None, id="passed on"),
    pytest.param("", "", {"base_lr": 0.1}, [0.1], None, id="never stepped"),
    pytest.param(
        "o = SGD([{'params': a}, {'params': b, 'lr': 0.2}], 0.3)",
        "",
        {},
        [0.3, 0.2],
        None,
        id="two",
    ),
    pytest.param("o = SGD([*groups], lr=0.3)", "", {}, None, None, id="unknown groups"),
    pytest.param("o = SGD(p, lr=args.lr)", "", {}, None, None, id="unknown rate"),
]


@pytest.mark.parametrize(("optimizer", "after", "context", "rates", "metrics"), TRAINING)
def test_what_python_tells_of_the_training(
    optimizer: str, after: str, context: dict[str, Any], rates: Any, metrics: bool | None
) -> None:
    code = "from lrdsl.torch import Scheduler\n" + (
        optimizer or "o = SGD(net.parameters(), lr=0.1)"
    )
    (snippet,) = read("a.py", f"{code}\ns = Scheduler(o, 'hold()')\n{after}")
    assert snippet.context == context
    assert snippet.origin.group_lrs == tuple(rates or ())
    assert snippet.origin.gives_metrics is metrics


def test_definitions_are_told_what_other_specs_use() -> None:
    text = """
        definitions: |
          def a(x) = x
          def b(x) = x
        spec: a(1)
        other: {lr: b(2)}
    """
    found = {each.text: each.origin.definitions_used_elsewhere for each in read("a.yaml", text)}
    assert found["a(1)"] == ("b",)
    assert found["b(2)"] is None


MARKDOWN = """\
    <!-- lrdsl: total_steps=9, peak=1e-3 -->
    ```lr
    hold()   # for ever
    # nothing

    half(1)
    ```

    ```yaml
    lr: hold(1)
    ```

    1. In a list:

       ~~~~ library
       def half(a) = a / 2
       ~~~~
    ```lr
    hold(2)"""


def test_specs_in_markdown() -> None:
    found = read("a.md", MARKDOWN)
    assert [each.text.strip() for each in found] == [
        "hold()   # for ever",
        "half(1)",
        "def half(a) = a / 2",
        "hold(2)",
    ]
    assert found[0].context["total_steps"] == 9
    assert found[1].context["peak"] == 1e-3
    assert "half" in found[0].origin.definitions[0]
    assert lint_source(read_text("a.md", dedent(MARKDOWN)), Project()) == []


FENCE = "```library\n{}\n```\n"
HALF, QUARTER = "def half(a) = a / 2", "def quarter(a) = half(a) / 2"


@pytest.mark.parametrize(
    ("fences", "expected"),
    [
        pytest.param([HALF, QUARTER], [], id="one calls another"),
        pytest.param([QUARTER, HALF], ["half"], id="in the wrong order"),
        pytest.param(["def half(a) = hld(a)", QUARTER], ["hld"], id="one has a mistake"),
    ],
)
def test_the_fences_of_a_page_are_read_together(fences: list[str], expected: list[str]) -> None:
    page = "# A page\n\n```lr\nquarter(1)\n```\n" + "".join([FENCE.format(x) for x in fences])
    file = read_text("a.md", page)
    found = lint_source(file, Project())
    assert [file.text[each.start : each.stop] for each in found] == expected


def test_definitions_and_their_examples() -> None:
    file = read_text("a.lr", "# Half.\n#\n# Example: `hlf(1)`\ndef half(a) = a / 2 + b\n")
    found = lint_source(file, Project())
    assert [file.text[each.start : each.stop] for each in found][-1] == "b"
    assert file.snippets[1].text == "hlf(1)"
    assert (
        lint_source(read_text("a.lr", "# Example: `half(1)`\ndef half(a) = a / 2"), Project()) == []
    )


def test_the_files_that_come_with_lrdsl_are_sound() -> None:
    files = list(find([str(Path(lrdsl.__file__).parent / "language" / "library")]))
    assert len(files) >= 4
    for file in files:
        found = [each.diagnostic.code for each in lint_source(read_file(file), Project())]
        assert [code for code in found if code < "LR8"] == []


@pytest.mark.parametrize(
    ("other", "expected"),
    [("@lrdsl.shape\ndef own(t): ...", []), ("lrdsl.load('x.lr')", []), ("", ["LR201"])],
    ids=["shape", "load", "nothing"],
)
def test_names_that_python_makes_known_are_no_mistakes(other: str, expected: list[str]) -> None:
    file = read_text("a.py", f"import lrdsl\n{other}\nlrdsl.compile('own()')")
    assert [each.diagnostic.code for each in lint_source(file, Project())] == expected


def test_a_mistake_in_definitions_is_told_once() -> None:
    text = """
        definitions: |
          def a(x) = hld(x)
        spec: a(1) >> a(2)
        max_lr: b(1)
    """
    file = read_text("a.yaml", dedent(text))
    found = [file.text[each.start : each.stop] for each in lint_source(file, Project())]
    assert found.count("hld") == 1
    found = [each.diagnostic.code for each in lint_source(file, Project())]
    assert found.count("LR201") == 1


PLACES = [
    pytest.param("a.yaml", "x:\n  lr: cosine(1, 0) >> hld()\n", (2, 23), id="plain"),
    pytest.param("a.yaml", "lr: cosine(1, 0)\n   >> hld()\n", (2, 7), id="plain on two lines"),
    pytest.param("a.yaml", "lr: 'cosine(''linear'') >> hld()'\n", (1, 28), id="single"),
    pytest.param("a.yaml", 'lr: "\\x68old() \\\n  >> hld()"\n', (2, 6), id="double"),
    pytest.param("a.yaml", "é: é\nlr: |-\n  hold(1)\n\n  >> hld()\n", (5, 6), id="literal"),
    pytest.param("a.yaml", "lr: >\n    hold(1)\n\n    >>\n    hld()\n", (5, 5), id="folded"),
    pytest.param("a.yaml", "\ufefflr: hld()", (1, 6), id="byte order mark"),
    pytest.param("a.yaml", "# x\r\nlr: |\r\n  hold(1)\r\n  >> hld()\r\n", (4, 6), id="CRLF"),
    pytest.param(
        "a.py", "import lrdsl as x\nx.parse\nx.compile('é\\x3e> hld()')", (3, 19), id="escape"
    ),
    pytest.param("a.py", 'import lrdsl\né = lrdsl.compile("""\n hld()""")', (3, 2), id="triple"),
    pytest.param("a.py", "import lrdsl\r\nlrdsl.compile('''\r\n hld()''')", (3, 2), id="py CRLF"),
    pytest.param("a.py", "import lrdsl\nlrdsl.compile('hold()'\n  '>> hld()')", (3, 7), id="two"),
    pytest.param("a.py", "import lrdsl\nlrdsl.compile(f'{n + 1} * hld()')", (2, 27), id="f-string"),
    pytest.param("a.md", "# A\n```lr\nhold()\n  hld()\n```\n", (4, 3), id="fence"),
    pytest.param("a.lr", "# x\ndef a(x) =\n  hld(x)\n", (3, 3), id="library"),
]


@pytest.mark.parametrize(("name", "text", "place"), PLACES)
def test_a_finding_stands_at_its_place_in_the_file(
    name: str, text: str, place: tuple[int, int]
) -> None:
    file = read_text(name, text)
    found = [each for each in lint_source(file, Project()) if each.diagnostic.code == "LR201"]
    assert [file.position(each.start) for each in found] == [place]
    assert file.text[found[0].start : found[0].stop] == "hld"


WORDS = st.text(st.sampled_from("ab (),'\"\\#:|>\n\té𝄞"), min_size=1, max_size=25)


@given(WORDS, st.sampled_from(["'", '"', "|", ">", None]), st.integers(5, 80))
def test_every_character_of_a_scalar_is_found(value: str, style: str | None, width: int) -> None:
    text = yaml.safe_dump(
        {"k": {"lr": value}}, default_style=style, width=width, allow_unicode=True
    )
    (document,) = read_yaml(text)
    root = document.root
    assert isinstance(root, Mapping)
    inner = root.get("k") or root.get('"k"')
    assert isinstance(inner, Mapping)
    scalar = inner["lr"]
    assert isinstance(scalar, Scalar)
    offsets = offsets_of(text, scalar.start, scalar.stop, scalar.text, scalar.style)
    assert offsets is not None
    assert list(offsets) == sorted(offsets)
    for at, character in zip(offsets, value, strict=False):
        assert text[at] in (character, "\\", "\n", " ") or character == "\n"


@given(WORDS, st.sampled_from(["'", '"', "'''", '"""']), st.sampled_from(["", "r", "f", "u"]))
def test_a_literal_reads_as_python_reads_it(value: str, quote: str, prefix: str) -> None:
    code = f"{prefix}{quote}{value}{quote}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = eval(code, {"a": 1, "b": 2})
        except (SyntaxError, TypeError, NameError):
            return
    literal = read_literal(code, 0, len(code))
    if not isinstance(expected, str) or (literal is None and "\\" in value):
        return
    assert literal is not None
    assert literal.text == expected
    assert literal.offsets is not None
    assert len(literal.offsets) == len(expected) + 1


IGNORED = [
    pytest.param("a.yaml", "lr: hld()  # lrdsl: ignore", id="all"),
    pytest.param("a.yaml", "lr: hld()  # lrdsl: ignore[LR801, unknown-name]", id="name"),
    pytest.param("a.yaml", "lr: hld()  # lrdsl: ignore[LR2]", id="beginning of a code"),
    pytest.param(
        "a.yaml", "lr: |  # lrdsl: ignore\n  hold()\n  >> hld()\n", id="header of a block"
    ),
    pytest.param("a.yaml", "lr: |\n  hold()\n  >> hld()  # lrdsl: ignore\n", id="inside a block"),
    pytest.param("a.yaml", "# lrdsl: ignore-file\nlr: hld()", id="file"),
    pytest.param("a.py", "import lrdsl\nlrdsl.compile('hld()')  # lrdsl: ignore", id="python"),
    pytest.param(
        "a.py", "import lrdsl\nlrdsl.compile('''\nhld()\n''')  # lrdsl: ignore", id="last line"
    ),
    pytest.param("a.md", "```lr\nhld()  # lrdsl: ignore[unknown-name]\n```", id="markdown"),
    pytest.param("a.md", "<!-- lrdsl: ignore-file -->\n```lr\nhld()\n```", id="page"),
    pytest.param("a.lr", "def a(x) = hld(x)  # lrdsl: ignore", id="library"),
]


@pytest.mark.parametrize(("name", "text"), IGNORED)
def test_a_comment_keeps_a_finding_back(name: str, text: str) -> None:
    without = text.replace("lrdsl: ignore", "x")
    assert lint_source(read_text(name, without), Project()) != []
    assert lint_source(read_text(name, text), Project()) == []


@pytest.mark.parametrize(
    "text",
    ["lr: hld()  # lrdsl: ignore[joint-jump]", "lr: hld()\nb: 1  # lrdsl: ignore"],
    ids=["another rule", "another line"],
)
def test_a_comment_about_something_else_keeps_nothing_back(text: str) -> None:
    assert len(lint_source(read_text("a.yaml", text), Project())) == 1


BROKEN: list[Any] = [
    pytest.param("a.yaml", b"lr: [", r"no YAML: line \d+, column \d+: did", id="no YAML"),
    pytest.param("a.yaml", b"lr: *x", r"no YAML: line 1: there is no anchor", id="no anchor"),
    pytest.param("a.yaml", b"lr: \x00", r"no YAML", id="null character"),
    pytest.param("a.yaml", b"\xff\xfel\x00", r"no UTF-8 text: see byte 0", id="UTF-16"),
    pytest.param("a.py", b"import lrdsl\nx = (", r"no Python: line 2", id="no Python"),
    pytest.param("a.yaml", b" " * (MAX_FILE_BYTES + 1), r"10 MB", id="too large"),
    pytest.param("a.txt", b"", r"\.yaml, \.yml, \.py", id="another sort"),
]


@pytest.mark.parametrize(("name", "data", "message"), BROKEN)
def test_what_cannot_be_read_is_a_clear_line(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=message) as caught:
        read_file(str(path))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 501 + "]" * 501,
        "a: " + "{x: " * 50_000,
        "{x: " * 400 + "[" * 100_000,
        "- " * 50_000 + "hold(1)",
    ],
    ids=["lists", "lists, closed", "mappings", "mappings of lists", "items"],
)
def test_nesting_without_end_is_a_clear_line(text: str) -> None:
    with pytest.raises(Unreadable, match=r"line 1: it is nested deeper than 500 levels"):
        read_text("a.yaml", text)


@pytest.mark.parametrize(
    "text",
    [
        "lr: '" + "a" * 10**6 + "'",
        "lr: 'hold(5)" + " " * 10**6 + "x'",
        "lr: '" + "1" * 10**6 + "'",
        "lr: '" + "${x" * 10**5 + "'",
        "n0: ''\n"
        + "".join([f"n{i + 1}: '{f'${{n{i}}}' * 50}'\n" for i in range(9)])
        + "lr: hold(${n9})",
        "lr: " + "warmup(1) >> " * 10**5 + "hold(5)",
    ],
    ids=["word", "spaces", "digits", "open references", "references to references", "long chain"],
)
def test_work_on_what_is_large_is_bounded(text: str) -> None:
    lint_source(read_text("a.yaml", text), Project())


@pytest.mark.skipif(os.name == "nt", reason="links and pipes")
def test_links_and_pipes(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "a.yaml").write_text("lr: hold()")
    (tmp_path / "broken.yaml").symlink_to("nowhere.yaml")
    (tmp_path / "self.yaml").symlink_to("self.yaml")
    (inner / "loop").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(inner)
    os.mkfifo(tmp_path / "pipe.yaml")
    why = {}
    for path in find([str(tmp_path)]):
        try:
            why[os.path.basename(path)] = str(len(read_file(path).snippets))
        except Unreadable as error:
            why[os.path.basename(path)] = str(error).partition(": ")[2]
    assert why == {
        "a.yaml": "1",
        "broken.yaml": "this is a broken link",
        "self.yaml": "this is a broken link",
        "loop": "this link leads back to a folder above it",
        "pipe.yaml": "this is no regular file",
    }


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="root reads everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("lr: hold()")
    path.chmod(0)
    with pytest.raises(Unreadable, match="permission denied"):
        read_file(str(path))


def test_find_walks_folders_once_and_leaves_out(tmp_path: Path) -> None:
    for name in ["b.yaml", "a.py", "x/c.md", "x/d.txt", ".git/e.yaml", "gen/f.lr", "g.gen.yaml"]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    top = str(tmp_path)
    found = find([top, os.path.join(top, "b.yaml"), "nowhere.yaml"], ["gen", "*.gen.yaml"])
    assert [os.path.relpath(path, top) if "nowhere" not in path else path for path in found] == [
        "a.py",
        "b.yaml",
        "x/c.md",
        "nowhere.yaml",
    ]


def test_reading_and_linting_loads_no_framework() -> None:
    code = (
        "import sys\n"
        "from lrdsl.linter.config import Project\n"
        "from lrdsl.linter.lint_source import lint_source\n"
        "from lrdsl.linter.read_source import read_text\n"
        "lint_source(read_text('a.yaml', 'lr: hold()'), Project())\n"
        "assert not {'torch', 'hydra', 'omegaconf', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_position_counts_from_one() -> None:
    assert SourceFile("a.yaml", "a\r\nbc").position(4) == (2, 2)
