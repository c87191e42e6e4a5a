"""The linter's settings: `[tool.lrdsl.lint]` in a project's pyproject.toml.

[tool.lrdsl.lint]
select = ["LR8"]                     # codes, their beginnings, names; all if left out
ignore = ["zero-first-update"]
exclude = ["build", "*.gen.yaml"]

[tool.lrdsl.lint.per-file-ignores]
"conf/old/*" = ["LR8"]

[tool.lrdsl.lint.rules.joint-jump]   # a rule's options, and its severity
ratio = 3
severity = "error"

[tool.lrdsl.lint.context]            # what is known of the runs, where files do not say it
total_steps = 90_000

[tool.lrdsl.lint.contracts]          # what every schedule keeps
max = 1e-2

"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any, get_args

from lrdsl import diagnostics as diag
from lrdsl.compiler.batches import run_context
from lrdsl.compiler.context import told_over
from lrdsl.diagnostics import Problem, Severity, SpecError, Suggestion, spec_error
from lrdsl.language.library.files import text_of
from lrdsl.linter.engine import Settings
from lrdsl.linter.rule import RULES
from lrdsl.linter.unchecked import Findings
from lrdsl.util.guarded_read import CannotRead, read_text
from lrdsl.util.paths import slashed

CONTRACTS: Mapping[str, str] = {
    "max": "above-limit",
    "min": "below-limit",
    "bounds": "outside-bounds",
    "final": "final",
    "continuous": "continuous",
    "reaches": "reaches",
}
"""The rule that keeps each contract, by an option of the contract's name."""

_CODE = re.compile(r"LR\d{0,3}")


@dataclass(frozen=True)
class Project:
    """The lint settings of a project: rules, the context of its runs, contracts.

    `root` is the folder that the patterns of `per_file_ignores` count from. `rules` has the options
    of each rule, and its `severity`; `context` holds keyword arguments of `lrdsl.lint` for what
    files do not say of their runs, `typed` those that count whatever files say.
    """

    root: str = ""
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    contracts: Mapping[str, Any] = field(default_factory=dict)
    typed: Mapping[str, Any] = field(default_factory=dict)
    linted: dict[Any, Findings] = field(default_factory=dict, init=False, compare=False, repr=False)
    """The diagnostics of texts that have been linted with these settings."""

    @classmethod
    def load(cls, start: str = ".") -> Project:
        """The settings in the nearest pyproject.toml, at or above `start`, that has any.

        Raises `SpecError`, which names the file and the key, for settings that are of no use.
        """
        here = Path(os.path.abspath(start))
        for folder in (here, *here.parents):
            path = folder / "pyproject.toml"
            table = _lint_table(path) if path.is_file() else None
            if table is not None:
                return _project(table, str(folder), str(path))
        return cls()

    def with_options(
        self,
        *,
        select: Sequence[str] | None = None,
        ignore: Sequence[str] = (),
        exclude: Sequence[str] = (),
        context: Mapping[str, Any] | None = None,
        typed: Mapping[str, Any] | None = None,
        contracts: Mapping[str, Any] | None = None,
    ) -> Project:
        """The settings, overridden by those of a command line.

        `select` takes the place of the project's; the others are added, and win.

        >>> Project(ignore=("LR805",)).with_options(ignore=["longer-than-run"]).ignore
        ('LR805', 'longer-than-run')
        """
        where = "the options"
        return replace(
            self,
            select=self.select if select is None else _rule_words([*select], where),
            ignore=(*self.ignore, *_rule_words([*ignore], where)),
            exclude=(*self.exclude, *exclude),
            context=told_over(self.context, context or {}),
            typed={**self.typed, **(typed or {})},
            contracts=_contracts({**self.contracts, **(contracts or {})}, where),
        )

    def settings_for(self, path: str) -> Settings:
        """The rules that are used in a file, with their options and severities.

        >>> project = Project(per_file_ignores={"old/*": ("LR8",)})
        >>> project.settings_for("old/a.yaml").ignore, project.settings_for("a.yaml").ignore
        (('LR8',), ())
        """
        inside = slashed(Path(os.path.abspath(path)), Path(os.path.abspath(self.root)))
        more = [
            word
            for pattern, words in self.per_file_ignores.items()
            if fnmatch(inside, pattern) or fnmatch(os.path.basename(path), pattern)
            for word in words
        ]
        options = {name: dict(own) for name, own in self.rules.items()}
        severities = {
            name: own.pop("severity") for name, own in options.items() if "severity" in own
        }
        for name, value in self.contracts.items():
            options.setdefault(CONTRACTS[name], {})[name] = value
        return Settings(self.select, (*self.ignore, *more), options, severities)


def _lint_table(path: Path) -> Mapping[str, Any] | None:
    """`[tool.lrdsl.lint]` of a file, None if it has none."""
    try:
        text = read_text(path)
    except CannotRead as error:
        raise spec_error(diag.BAD_SETTING, f"cannot read {path}: {error.why}") from None
    if "lrdsl" not in text:
        return None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        found: Any = tomllib.loads(text)
    except ValueError as error:  # also of numbers with too many digits
        raise spec_error(diag.BAD_SETTING, f"{path} is no TOML: {error}") from None
    except RecursionError:
        raise spec_error(diag.BAD_SETTING, f"{path}: this is nested too deep") from None
    for key in ("tool", "lrdsl", "lint"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return None if found is None else _table(found, f"{path}: `tool.lrdsl.lint`")


def _project(table: Mapping[str, Any], root: str, path: str) -> Project:
    readers: dict[str, Callable[[Any, str], Any]] = {
        "select": _rule_words,
        "ignore": _rule_words,
        "exclude": _words,
        "per-file-ignores": _per_file_ignores,
        "rules": _rules,
        "context": partial(_context, root),
        "contracts": lambda value, _: _contracts(value, path),
    }
    settings: dict[str, Any] = {}
    for key, value in table.items():
        if key not in readers:
            raise _unknown(path, "setting", key, readers)
        settings[key.replace("-", "_")] = readers[key](value, f"{path}: `{key}`")
    return Project(root, **settings)


def _unknown(where: str, what: str, word: str, known: Iterable[str], advice: str = "") -> SpecError:
    """The complaint about a word that is none of those that are known."""
    names = list(known)
    message = f"{where}: there is no {what} `{word}`"
    fix = advice or f"there are {', '.join(names)}"
    return spec_error(diag.BAD_SETTING, message, meant=Suggestion(word, names), fix=fix)


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise spec_error(diag.BAD_SETTING, f"{where} is a table")


def _words(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, list) and all([isinstance(word, str) for word in value]):
        return tuple(value)
    raise spec_error(diag.BAD_SETTING, f"{where} is a list of texts, not {value!r}")


def _rule_words(value: Any, where: str) -> tuple[str, ...]:
    """Codes of rules, their beginnings, and names."""
    words = _words(value, where)
    problems = [each.name for each in vars(diag).values() if isinstance(each, Problem)]
    for word in words:
        if not (_CODE.fullmatch(word) or word in RULES or word in problems):
            advice = "write a rule's name, a code, or the beginning of one"
            raise _unknown(where, "rule", word, [*RULES, *problems], advice)
    return words


def _per_file_ignores(value: Any, where: str) -> dict[str, tuple[str, ...]]:
    given = _table(value, where).items()
    return {pattern: _rule_words(words, f"{where} for {pattern!r}") for pattern, words in given}


def _rules(value: Any, where: str) -> Mapping[str, Mapping[str, Any]]:
    rules = _table(value, where)
    for name, given in rules.items():
        place = f"{where[:-1]}.{name}`"
        if name not in RULES:
            raise _unknown(place, "rule", name, RULES)
        own = dict(_table(given, place))
        if own.pop("severity", "error") not in get_args(Severity):
            known = ", ".join(get_args(Severity))
            raise spec_error(diag.BAD_SETTING, f"{place}: `severity` is one of {known}")
        _check_options(name, own, place)
    return rules


def _check_options(name: str, options: Mapping[str, Any], where: str) -> None:
    from pydantic import ValidationError

    try:
        RULES[name](**options)
    except ValidationError as error:
        wrong = error.errors()[0]
        key = ".".join(map(str, wrong["loc"]))
        known = ", ".join(RULES[name].model().model_fields) or "none"
        message = f"{where}: `{key}`: {wrong['msg'].lower()}"
        raise spec_error(diag.BAD_SETTING, message, fix=f"its options are: {known}") from None


def _context(root: str, value: Any, where: str) -> dict[str, Any]:
    context = dict(_table(value, where))
    given = context.get("definitions", [])
    each = [
        os.path.join(root, x.strip()) if isinstance(x, str) and x.rstrip().endswith(".lr") else x
        for x in (given if isinstance(given, list) else [given])
    ]
    try:
        if each:
            context["definitions"] = text_of(each)
        run_context(**context)
    except SpecError as error:
        message = error.diagnostics[0].message
        raise spec_error(diag.BAD_SETTING, f"{where}: {message}") from None
    return context


def _contracts(value: Any, where: str) -> Mapping[str, Any]:
    contracts = _table(value, f"{where}: `contracts`")
    for name, limit in contracts.items():
        if name not in CONTRACTS:
            raise _unknown(where, "contract", name, CONTRACTS)
        _check_options(CONTRACTS[name], {name: limit}, f"{where}: `contracts.{name}`")
    return contracts
