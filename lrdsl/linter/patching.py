"""Patching: replaces pieces of the specs in a file; everything else stays as it is."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from lrdsl.linter.read_source import read_text
from lrdsl.linter.source_file import Snippet, SourceFile, TextEdit, Unreadable

Edit = tuple[Snippet, int, int, str]
"""A snippet, the characters `start` to `stop` of its text, and the text that replaces them."""


class CannotWrite(Exception):
    """The text cannot stand at its place in the file; the message is one line that says why."""


def replace_in(file: SourceFile, edits: Iterable[Edit]) -> str:
    """The file's text with pieces of its snippets replaced, quoted as each snippet's style needs.

    Only the pieces are rewritten where that is enough; a text that cannot stand in the snippet's
    quotes gets other quotes. The result is read again, to make sure that the specs in it are the
    expected ones and nothing else has changed. Raises CannotWrite if that cannot be done, and for
    edits that overlap.

    >>> file = read_text("a.yaml", "lr: hold( 5 )  # five")
    >>> replace_in(file, [(file.snippets[0], 0, 9, "hold(5) # 5")])
    "lr: 'hold(5) # 5'  # five"
    """
    wanted = _by_snippet(file, edits)
    texts = [_patched(snippet.text, wanted.get(i, [])) for i, snippet in enumerate(file.snippets)]
    first = [patch for i, pieces in wanted.items() for patch in _in_place(file, i, pieces)]
    whole = _patched(file.text, first)
    if _round_trips(file, whole, texts):
        return whole
    # One after the other, from the last, so that the places of those before it still hold.
    text = file.text
    for i in sorted(wanted, reverse=True):
        snippet = file.snippets[i]
        expected = [*[each.text for each in file.snippets[:i]], *texts[i:]]
        ways = (_in_place(file, i, wanted[i]), *_requoted(file, snippet, texts[i]))
        changed = (_patched(text, patches) for patches in ways)
        first_right = next((x for x in changed if _round_trips(file, x, expected)), None)
        if first_right is None:
            raise CannotWrite(f"{_where(file, snippet)}: the new text cannot stand there")
        text = first_right
    return text


def _by_snippet(file: SourceFile, edits: Iterable[Edit]) -> dict[int, list[TextEdit]]:
    """The edits by the snippet's number in the file, each in the order of the text."""
    numbers = {id(snippet): i for i, snippet in enumerate(file.snippets)}
    found: dict[int, list[TextEdit]] = {}
    for snippet, start, stop, text in edits:
        if id(snippet) not in numbers:
            raise CannotWrite(f"{file.path}: the spec is not one of this file")
        if not snippet.writable:
            raise CannotWrite(f"{_where(file, snippet)}: the spec is not written there as a whole")
        if not 0 <= start <= stop <= len(snippet.text):
            raise CannotWrite(f"{_where(file, snippet)}: there is no such piece of the spec")
        found.setdefault(numbers[id(snippet)], []).append(TextEdit(start, stop, text))
    for i, pieces in found.items():
        pieces.sort()
        if any([a.stop > b.start for a, b in itertools.pairwise(pieces)]):
            raise CannotWrite(f"{_where(file, file.snippets[i])}: two changes overlap")
    return found


def _where(file: SourceFile, snippet: Snippet) -> str:
    line, column = file.position(snippet.start)
    return f"{file.path}:{line}:{column}"


def _patched(text: str, patches: Iterable[TextEdit]) -> str:
    for patch in sorted(patches, reverse=True):
        text = text[: patch.start] + patch.text + text[patch.stop :]
    return text


def _round_trips(file: SourceFile, text: str, expected: Sequence[str]) -> bool:
    try:
        found = read_text(file.path, text).snippets
    except Unreadable:
        return False
    pairs = [*zip(file.snippets, expected, strict=True)]
    # A fix may turn a text of YAML into a number, which is no spec.
    specs = [new for old, new in pairs if new == old.text or not old.origin.yaml_text_number]
    if [snippet.text for snippet in found] not in ([*expected], specs):
        return False
    if not file.snippets or file.snippets[0].kind != "yaml":
        return True
    wanted = _scalars(file.text, {old.start: new for old, new in pairs if new != old.text})
    return wanted is not None and _scalars(text) == wanted


def _scalars(text: str, changed: Mapping[int, str] = MappingProxyType({})) -> list[str] | None:
    """The scalars of a YAML text as PyYAML's own scanner reads them; None if it cannot.

    Hydra uses that scanner, and it is stricter than libyaml. `changed` has the expected values of
    changed scalars, by an offset inside each.
    """
    import yaml

    shift = 1 if text.startswith("\ufeff") else 0
    found = []
    left = sorted(changed.items(), reverse=True)
    try:
        for event in yaml.parse(text[shift:], Loader=yaml.SafeLoader):
            if not isinstance(event, yaml.ScalarEvent):
                continue
            new = event.value
            if left and event.start_mark.index <= left[-1][0] - shift <= event.end_mark.index:
                new = left.pop()[1]
            found.append(new)
    except yaml.YAMLError:
        return None
    return found


def _in_place(file: SourceFile, i: int, pieces: Sequence[TextEdit]) -> list[TextEdit]:
    """The edits of the pieces alone, escaped for the quotes around them."""
    snippet = file.snippets[i]
    offsets = snippet.offsets
    return [
        TextEdit(offsets[each.start], offsets[each.stop], _escaped(file.text, snippet, each.text))
        for each in pieces
    ]


def _escaped(text: str, snippet: Snippet, new: str) -> str:
    """A text as it is written at the place of a snippet."""
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = " " * (snippet.start - (text.rfind("\n", 0, snippet.start) + 1))
    match snippet.kind, snippet.style:
        case "yaml", "single":
            return new.replace("'", "''")
        case "yaml", "double":
            return _in_double_quotes(new)[1:-1]
        case "yaml", "literal":
            lines = re.sub(r"\n(?=[^\n])", newline + indent, new)
            return lines.replace("\n\n", newline * 2)
        case "yaml", "folded":
            return new.replace("\n", newline * 2 + indent)
        case "yaml", _:
            return new
        case "python", "single" | "double" | "triple":
            return _python_escaped(new, _quote(text, snippet), newline)
    return new.replace("\n", newline)


def _in_double_quotes(new: str) -> str:
    """A text as a scalar of YAML in double quotes, in one line."""
    import yaml

    written: str = yaml.safe_dump(new, default_style='"', allow_unicode=True, width=math.inf)
    return written.rstrip("\n")


def _quote(text: str, snippet: Snippet) -> str:
    """The closing quotes of a Python literal."""
    threefold = text[snippet.stop : snippet.stop + 3]
    if threefold in ("'''", '"""') and text[snippet.start - 3 : snippet.start] == threefold:
        return threefold
    return text[snippet.stop : snippet.stop + 1]


def _python_escaped(new: str, quote: str, newline: str) -> str:
    escaped = new.replace("\\", "\\\\").replace(quote[0], "\\" + quote[0])
    escaped = escaped.replace("\r", "\\r").replace("\0", "\\0")
    return escaped.replace("\n", newline if len(quote) == 3 else "\\n")


def _requoted(file: SourceFile, snippet: Snippet, new: str) -> Iterable[list[TextEdit]]:
    """The edits that write the whole spec in other quotes, the most readable first."""
    text = file.text
    if snippet.kind == "yaml" and snippet.style in ("plain", "single", "double"):
        around = 0 if snippet.style == "plain" else 1
        start, stop = snippet.start - around, snippet.stop + around
        if "\n" not in new:
            yield [TextEdit(start, stop, "'" + new.replace("'", "''") + "'")]
        yield [TextEdit(start, stop, _in_double_quotes(new))]
    if snippet.kind == "python":
        quote = _quote(text, snippet)
        start = snippet.start - len(quote)
        while text[start - 1].isalpha():  # the prefix
            start -= 1
        newline = "\r\n" if "\r\n" in text else "\n"
        written = quote + _python_escaped(new, quote, newline) + quote
        yield [TextEdit(start, snippet.stop + len(quote), written)]
