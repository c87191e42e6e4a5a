"""`lrdsl rules` and docs/rules.md: what each rule finds, from the rules' own files."""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterable
from typing import Any, NamedTuple

from lrdsl import diagnostics
from lrdsl.diagnostics import UNKNOWN_NAME, Problem, Suggestion, spec_error
from lrdsl.docsgen.markdown import table
from lrdsl.linter.rule import RULES, Case, Rule
from lrdsl.util.docstrings import Doc, read_doc


class Option(NamedTuple):
    """An option of a rule, as it is set in `[tool.lrdsl.lint.options.NAME]`."""

    name: str
    default: str
    what: str


def rules() -> list[type[Rule]]:
    """All rules, by code."""
    return sorted([RULES[name] for name in RULES], key=lambda rule: rule.code)


def doc_of(rule: type[Rule]) -> Doc:
    """The docstring of a rule by its parts: `summary` is what it finds, `body` why that hurts."""
    return read_doc(rule.__doc__ or "")


def options_of(rule: type[Rule]) -> list[Option]:
    """The options of a rule, each with the words that follow it in the rule's file.

    >>> for option in options_of(RULES["longer-than-run"]):
    ...     print(option.name, option.default)
    tolerance 0.01
    """
    said = _said(rule)
    return [
        Option(name, "" if field.default is None else json.dumps(field.default), said.get(name, ""))
        for name, field in rule.model().model_fields.items()
    ]


def _said(rule: type[Rule]) -> dict[str, str]:
    """The strings that follow the fields of a class; several fields can share one."""
    [found] = ast.parse(textwrap.dedent(inspect.getsource(rule))).body
    assert isinstance(found, ast.ClassDef)
    said: dict[str, str] = {}
    waiting: list[str] = []
    for node in found.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                waiting.append(name)
            case ast.Expr(value=ast.Constant(value=str(text))):
                said |= dict.fromkeys(waiting, " ".join(text.split()))
                waiting.clear()
    return said


def listing(beginning: str = "LR") -> list[tuple[str, str, str, str]]:
    """A row for each rule whose code begins so: code, name, severity, what it finds."""
    found = [rule for rule in rules() if rule.code.startswith(beginning)]
    return [(r.code, r.name, r.severity, doc_of(r).summary) for r in found]


def facts(word: str | None = None) -> list[dict[str, Any]]:
    """All there is to say about rules, by name, code or its beginning, as plain data.

    Raises SpecError where there is none.

    >>> facts("longer-than-run")[0]["code"]
    'LR801'
    """
    every = [x for x in rules() if x.code.startswith(word or "LR")]
    found = every if every else [_kind(word or "")]
    return [
        {"code": x.code, "name": x.name, "severity": x.severity, "summary": _MISTAKE}
        if isinstance(x, Problem)
        else {
            "code": x.code,
            "name": x.name,
            "severity": x.severity,
            "summary": doc_of(x).summary,
            "why": doc_of(x).body,
            "source": doc_of(x).source,
            "needs": _needs(x),
            "options": [option._asdict() for option in options_of(x)],
        }
        for x in found
    ]


def next_code() -> str:
    """The code for a new rule.

    It is one above the highest: a gap may be the code of a rule that was removed, and no code ever
    gets another meaning.
    """
    return f"LR{1 + max([int(rule.code.removeprefix('LR')) for rule in rules()])}"


def explain(word: str) -> str:
    """All there is to say about a rule, or about another kind of diagnostic, by code or name.

    Raises SpecError where there is none.

    >>> print(explain("LR201"))
    LR201 unknown-name (error)
    <BLANKLINE>
    A mistake that keeps a spec from being used. The message says what it is and what to write
    instead.
    """
    kind = _kind(word)
    text = _MISTAKE if isinstance(kind, Problem) else _text(kind)
    return f"{kind.code} {kind.name} ({kind.severity})\n\n{text}"


def _kind(word: str) -> type[Rule] | Problem:
    """A rule or another kind of diagnostic by its code or name; SpecError if there is none."""
    known = kinds()
    kind = next((kind for key, kind in known.items() if key.lower() == word.lower()), None)
    if kind is None:
        meant, fix = Suggestion(word, known), "`lrdsl rules` lists all rules"
        raise spec_error(UNKNOWN_NAME, f"no rule is called `{word}`", meant=meant, fix=fix)
    return kind


_MISTAKE = """\
A mistake that keeps a spec from being used. The message says what it is and what to write
instead."""


def kinds() -> dict[str, type[Rule] | Problem]:
    """All rules and all other kinds of diagnostics, by name and by code."""
    every: list[type[Rule] | Problem] = [*rules()]
    every += [x for x in vars(diagnostics).values() if isinstance(x, Problem)]
    return {word: kind for kind in every for word in (kind.name, kind.code)}


def _text(rule: type[Rule]) -> str:
    doc = doc_of(rule)
    options = [f"{x.name} = {x.default or 'not set'}   {x.what}" for x in options_of(rule)]
    lists = {"Options": options, "Bad": _examples(rule.invalid), "Good": _examples(rule.valid)}
    blocks = ["\n  ".join([f"{title}:", *lines]) for title, lines in lists.items() if lines]
    parts = [doc.summary, doc.body, doc.source, _needs(rule), *blocks]
    return "\n\n".join([part for part in parts if part])


def _needs(rule: type[Rule]) -> str:
    """The facts about the run that the rule needs."""
    said = []
    if "total" in rule.needs:
        said.append("It needs the run's length, `total_steps`, and is quiet without it.")
    elif "values" in rule.needs:
        said.append("It needs values: where a spec uses `base`, it is quiet without `base_lr`.")
    if "rate" in rule.needs:
        said.append("It is about learning rates, and quiet for other numbers.")
    return " ".join(said)


def _examples(cases: Iterable[Case]) -> list[str]:
    """The specs of cases, each with the context and the options that it is linted with."""
    lines: list[str] = []
    for spec, context, options in cases:
        known = [f"{name}={value!r}" for name, value in {**options, **context}.items()]
        lines.append("   # ".join([" ".join(spec.split()), *filter(None, [", ".join(known)])]))
    return lines


_INTRODUCTION = """\
# Lint rules

What `lrdsl lint` finds, besides the mistakes that keep a spec from being used at all. How to choose
rules and set their options is in [lint.md](lint.md). `lrdsl rules` lists them in the terminal, and
`lrdsl rules longer-than-run` explains one.

Behind an example, after `#`, stand the rule's options where they are not the defaults, and what is
known of the run.

This page is generated by `python -m lrdsl.docsgen`.

"""


def page() -> str:
    """docs/rules.md."""
    rows = [[r.code, f"[{r.name}](#{r.name})", r.severity, doc_of(r).summary] for r in rules()]
    listed = table(["code", "name", "severity", "what it finds"], rows)
    return _INTRODUCTION + "\n".join([listed, "", *map(_section, rules())])


def _section(rule: type[Rule]) -> str:
    doc = doc_of(rule)
    parts = [f"## {rule.name}", f"{rule.code}, {rule.severity}. {doc.summary}"]
    parts += [_linked(doc.body), _linked(doc.source), _needs(rule)]
    options = [[f"`{x.name}`", x.default and f"`{x.default}`", x.what] for x in options_of(rule)]
    if options:
        parts.append(table(["option", "default", "what it is"], options))
    for title, cases in (("Bad", rule.invalid), ("Good", rule.valid)):
        parts.append("\n".join([f"{title}:\n", "```text", *_examples(cases), "```"]))
    return "\n\n".join([part for part in parts if part]) + "\n"


_REPORT = re.compile(r"(?<![\w/.-])([\w.-]+/[\w.-]+)#(\d+)\b")


def _linked(text: str) -> str:
    """A text with its reports as links; GitHub leads from an issue's address to a pull request.

    >>> _linked("pytorch/pytorch#44511 says so")
    '[pytorch/pytorch#44511](https://github.com/pytorch/pytorch/issues/44511) says so'
    """
    return _REPORT.sub(r"[\g<0>](https://github.com/\1/issues/\2)", text)
