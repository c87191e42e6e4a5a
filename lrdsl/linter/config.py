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

[tool.lrdsl.lint.context]            # what is known of the runs
total_steps = 90_000

[tool.lrdsl.lint.contracts]          # what every schedule keeps
max = 1e-2

"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from typing import Any, get_args

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Diagnostic, Problem, Severity, SpecError, spec_error
from lrdsl.language.library.files import text_of
from lrdsl.linter.engine import Settings
from lrdsl.linter.rule import RULES
from lrdsl.util.registry import did_you_mean

CONTRACTS: Mapping[str, tuple[str, str]] = {
    "max": ("above-limit", "max"),
    "min": ("below-limit", "min"),
    "bounds": ("outside-bounds", "bounds"),
    "final": ("final", "final"),
    "continuous": ("continuous", "continuous"),
    "reaches": ("reaches", "reaches"),
}
"""The rule, and its option, that keeps each contract."""

_CODE = re.compile(r"LR\d{0,3}")
_TABLES = ("per-file-ignores", "rules", "context", "contracts")
_LISTS = ("select", "ignore", "exclude")


@dataclass(frozen=True)
class Project:
    """The lint settings of a project: rules, the context of its runs, contracts.

    `root` is the folder that the patterns of `per_file_ignores` count from. `options` and
    `severities` are by rule; `context` holds keyword arguments of `lrdsl.lint`.
    """

    root: str = ""
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    contracts: Mapping[str, Any] = field(default_factory=dict)
    linted: dict[Any, list[Diagnostic]] = field(default_factory=dict, compare=False, repr=False)
    """The diagnostics of texts that have been linted with these settings."""

    @classmethod
    def load(cls, start: str = ".") -> Project:
        """The settings in the nearest pyproject.toml, at or above `start`, that has any.

        Raises `SpecError`, which names the file and the key, for settings that are of no use.
        """
        folder = os.path.abspath(start)
        if not os.path.isdir(folder):
            folder = os.path.dirname(folder)
        while True:
            path = os.path.join(folder, "pyproject.toml")
            table = _table(path) if os.path.isfile(path) else None
            if table is not None:
                return _project(table, folder, path)
            above = os.path.dirname(folder)
            if above == folder:
                return cls()
            folder = above

    def with_options(
        self,
        *,
        select: Sequence[str] | None = None,
        ignore: Sequence[str] = (),
        exclude: Sequence[str] = (),
        context: Mapping[str, Any] | None = None,
        contracts: Mapping[str, Any] | None = None,
    ) -> Project:
        """The settings, overridden by those of a command line.

        `select` takes the place of the project's; the others are added, and win.

        >>> Project(ignore=("LR805",)).with_options(ignore=["longer-than-run"]).ignore
        ('LR805', 'longer-than-run')
        """
        for word in (*(select or ()), *ignore):
            _check_word(word, "the options")
        return replace(
            self,
            select=self.select if select is None else tuple(select),
            ignore=(*self.ignore, *ignore),
            exclude=(*self.exclude, *exclude),
            context={**self.context, **(context or {})},
            contracts=_contracts({**self.contracts, **(contracts or {})}, "the options"),
            linted={},
        )

    def settings_for(self, path: str) -> Settings:
        """Which rules are used in a file and how.

        >>> project = Project(per_file_ignores={"old/*": ("LR8",)})
        >>> project.settings_for("old/a.yaml").ignore, project.settings_for("a.yaml").ignore
        (('LR8',), ())
        """
        whole = os.path.abspath(path)
        inside = os.path.relpath(whole, self.root or ".").replace(os.sep, "/")
        more = [
            word
            for pattern, words in self.per_file_ignores.items()
            if fnmatch(inside, pattern) or fnmatch(os.path.basename(path), pattern)
            for word in words
        ]
        options = {name: dict(each) for name, each in self.options.items()}
        for name, value in self.contracts.items():
            rule, option = CONTRACTS[name]
            options.setdefault(rule, {})[option] = value
        return Settings(self.select, (*self.ignore, *more), options, self.severities)


def _table(path: str) -> Mapping[str, Any] | None:
    """`[tool.lrdsl.lint]` of a file, None if it has none."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise spec_error(diag.BAD_SETTING, f"cannot read {path}: {why}") from None
    if "lrdsl" not in text:
        return None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        found: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise spec_error(diag.BAD_SETTING, f"{path} is no TOML: {error}") from None
    for key in ("tool", "lrdsl", "lint"):
        found = found.get(key) if isinstance(found, Mapping) else None
    if found is None:
        return None
    if not isinstance(found, Mapping):
        raise spec_error(diag.BAD_SETTING, f"{path}: `tool.lrdsl.lint` is a table")
    return found


def _project(table: Mapping[str, Any], root: str, path: str) -> Project:
    for key in table:
        if key not in (*_LISTS, *_TABLES):
            near = did_you_mean(key, [*_LISTS, *_TABLES])
            fix = near[0] if near else f"there are {', '.join((*_LISTS, *_TABLES))}"
            raise spec_error(diag.BAD_SETTING, f"{path}: there is no setting `{key}`", fix=fix)
    for key in _TABLES:
        if not isinstance(table.get(key, {}), Mapping):
            raise spec_error(diag.BAD_SETTING, f"{path}: `{key}` is a table")
    lists = {key: _words(table[key], f"{path}: `{key}`") for key in _LISTS if key in table}
    per_file = {
        pattern: _words(words, f"{path}: `per-file-ignores` for {pattern!r}")
        for pattern, words in table.get("per-file-ignores", {}).items()
    }
    for key, words in [*lists.items(), *per_file.items()]:
        for word in words if key != "exclude" else ():
            _check_word(word, f"{path}: `{key}`")
    options, severities = _rules(table.get("rules", {}), path)
    return Project(
        root,
        lists.get("select"),
        lists.get("ignore", ()),
        lists.get("exclude", ()),
        per_file,
        options,
        severities,
        _context(table.get("context", {}), root, path),
        _contracts(table.get("contracts", {}), path),
    )


def _words(value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, list) and all([isinstance(word, str) for word in value]):
        return tuple(value)
    raise spec_error(diag.BAD_SETTING, f"{where} is a list of texts, not {value!r}")


def _names() -> frozenset[str]:
    problems = [each.name for each in vars(diag).values() if isinstance(each, Problem)]
    return frozenset([*RULES, *problems])


def _check_word(word: str, where: str) -> None:
    if not _CODE.fullmatch(word) and word not in _names():
        near = did_you_mean(word, _names())
        fix = near[0] if near else "write a rule's name, a code, or the beginning of one"
        raise spec_error(diag.BAD_SETTING, f"{where}: there is no rule `{word}`", fix=fix)


def _rules(
    table: Mapping[str, Any], path: str
) -> tuple[dict[str, dict[str, Any]], dict[str, Severity]]:
    options: dict[str, dict[str, Any]] = {}
    severities: dict[str, Severity] = {}
    for name, given in table.items():
        where = f"{path}: `rules.{name}`"
        if name not in RULES:
            near = did_you_mean(name, list(RULES))
            raise spec_error(
                diag.BAD_SETTING, f"{where}: there is no such rule", fix=near and near[0]
            )
        if not isinstance(given, Mapping):
            raise spec_error(diag.BAD_SETTING, f"{where} is a table of the rule's options")
        own = dict(given)
        if "severity" in own:
            severity = own.pop("severity")
            if severity not in get_args(Severity):
                known = ", ".join(get_args(Severity))
                raise spec_error(diag.BAD_SETTING, f"{where}: `severity` is one of {known}")
            severities[name] = severity
        _check_options(name, own, where)
        options[name] = own
    return options, severities


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


def _context(table: Mapping[str, Any], root: str, path: str) -> dict[str, Any]:
    context = dict(table)
    try:
        if "definitions" in context:
            given = context["definitions"]
            each = given if isinstance(given, list) else [given]
            context["definitions"] = text_of([_inside(root, one) for one in each])
        Context.of(**context)
    except SpecError as error:
        message = error.diagnostics[0].message
        raise spec_error(diag.BAD_SETTING, f"{path}: `context`: {message}") from None
    return context


def _inside(root: str, definitions: object) -> object:
    """The name of a file as it is found from the project's folder; anything else as it is."""
    if isinstance(definitions, str) and definitions.strip().endswith(".lr"):
        return os.path.join(root, definitions.strip())
    return definitions


def _contracts(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    for name, value in table.items():
        if name not in CONTRACTS:
            known = ", ".join(CONTRACTS)
            message = f"{where}: there is no contract `{name}`"
            raise spec_error(diag.BAD_SETTING, message, fix=f"there are {known}")
        rule, option = CONTRACTS[name]
        if rule in RULES:
            _check_options(rule, {option: value}, f"{where}: `contracts.{name}`")
    return dict(table)
