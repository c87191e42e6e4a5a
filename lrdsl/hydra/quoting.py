"""Quotes around a spec: those of Hydra's overrides, and those of a shell around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.hydra.override_grammar import is_key

if TYPE_CHECKING:
    from lrdsl.syntax.spec import Operand

Shell: TypeAlias = Literal["bash", "zsh", "powershell"]


def quote(
    text: Operand | Mapping[str, Any], key: str | None = None, shell: Shell | None = None
) -> str:
    r"""A spec as plain Hydra takes it: in quotes, as an override if `key` says of what.

    `text` is anything that is taken for a spec; text need not be one. Hydra hands it to the app
    character for character; a reference such as `${peak}` stays one. `key` may begin with `+` or
    `++`. Without `shell` it is what Hydra is to receive: an item of the `overrides` of its compose
    API, or, without `key`, a value of a sweep. With `shell`, one of `bash`, `zsh` and `powershell`,
    it is what is to be typed there.

    For PowerShell, Hydra's quotes are single ones, since Windows PowerShell 5.1 and PowerShell
    before 7.3 lose double quotes on the way to a program: text without double quotes arrives from
    every version, text with them from PowerShell 7.3 on.

    Raises `SpecError` for what is no spec, no key, no shell, and with a shell for a null character,
    which no command line can hold.

    >>> quote("warmup(100) >> cosine(1, 0, 800)", key="lr")
    'lr="warmup(100) >> cosine(1, 0, 800)"'
    >>> print(quote("cosine(${peak}, 0, 800)", key="model.lr", shell="bash"))
    'model.lr="cosine(${peak}, 0, 800)"'
    >>> print(quote("cosine(1, 0, 800)", key="lr", shell="powershell"))
    "lr='cosine(1, 0, 800)'"
    >>> "lr=" + ",".join([quote("cosine(1, 0, 800)"), quote(0.1)])
    'lr="cosine(1, 0, 800)","0.1"'
    """
    from lrdsl.tree.coerce import spec_text  # an app that starts needs none of it

    source = spec_text(text)
    if shell is not None and shell not in _SHELLS:
        known = ", ".join(f"`{name}`" for name in _SHELLS)
        raise spec_error(diag.BAD_SETTING, f"`shell` is one of {known}, not {shell!r}")
    if key is not None and not is_key(key):
        message = f"{key!r} is not a key of a Hydra config"
        fix = "a key is written `lr` or `model.optimizer.lr`"
        raise spec_error(diag.BAD_SETTING, message, fix=fix)
    value = in_quotes(source, "'" if shell == "powershell" else '"')
    override = value if key is None else f"{key}={value}"
    if shell is None:
        return override
    if "\0" in override:
        raise spec_error(diag.BAD_SPEC, "a null character cannot stand on a command line")
    return _SHELLS[shell](override)


def in_quotes(text: str, mark: str = '"') -> str:
    r"""Text in Hydra's quotes.

    >>> print(in_quotes('a "b" c\\'))
    "a \"b\" c\\"
    """
    # Hydra reads a backslash as an escape only before a quote, where it must be doubled.
    return mark + re.sub(rf"(?<!\\)(\\*)({mark}|\Z)", _escaped, text) + mark


def _escaped(found: re.Match[str]) -> str:
    backslashes, end = found.groups()
    return backslashes * 2 + (f"\\{end}" if end else "")


def _posix(argument: str) -> str:
    """For bash and zsh: single quotes, in which all stays as it is, in one line.

    A line end inside the quotes would let bash expand a `!` behind it, and tabs complete.
    """
    return re.sub(r"[^'\0-\x1f\x7f]+|'|[\0-\x1f\x7f]+", _posix_part, argument)


def _posix_part(found: re.Match[str]) -> str:
    part = found[0]
    if part == "'":
        return "\\'"
    if part[0] not in _CONTROLS:
        return f"'{part}'"
    return "$'" + "".join([_NAMED.get(c) or f"\\{ord(c):03o}" for c in part]) + "'"


_CONTROLS = frozenset([*map(chr, range(32)), "\x7f"])
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _powershell(argument: str) -> str:
    """Double quotes where nothing in them has a meaning, else single ones, doubled inside."""
    if not _EXPANDS.search(argument):
        return f'"{argument}"'
    return "'" + _SINGLE.sub(r"\g<0>\g<0>", argument) + "'"


_EXPANDS = re.compile('[$`"\u201c\u201d\u201e]')
_SINGLE = re.compile("['\u2018\u2019\u201a\u201b]")
"""PowerShell takes typographic quotes for quotes, too."""

_SHELLS: dict[str, Callable[[str], str]] = {
    "bash": _posix,
    "zsh": _posix,
    "powershell": _powershell,
}
