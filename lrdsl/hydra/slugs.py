"""`slug`: a spec, or any text, as the name of a folder."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.syntax.spec import Operand, as_number
from lrdsl.tree.coerce import spec_text

MAX_LENGTH = 100
"""Characters of a slug, unless less is asked for; file systems take 255 bytes at most."""

MIN_LENGTH = 16
"""The least that can be asked for: the hash, and a little to read."""

_HASH = 10
"""Hexadecimal digits: in a million folders, two have the same with a chance of 1 in 2."""

_RESERVED = frozenset({"con", "prn", "aux", "nul"}) | {
    f"{port}{i}" for port in ("com", "lpt") for i in range(10)
}
"""Names that Windows takes for a device, whatever follows after a full stop."""


def slug(text: Operand | Mapping[str, Any], length: int = MAX_LENGTH) -> str:
    """The name of a folder that tells one spec, or the overrides of one job, from another.

    It is made of letters, digits, `.`, `_` and `-` alone, at most `length` characters (16 to 200),
    and never a path: what can be read of the text, then a hash of all of it. The same text has the
    same slug everywhere and always; different texts, different ones. `text` is text, a number, a
    Spec, or a mapping with the key `spec`. In a config it is `${lrdsl.slug:…}`. Raises `SpecError`
    for anything else.

    >>> slug("lr=warmup(linear,100) >> cosine(1,1e-3,800),seed=3")
    'lr-warmup-linear-100-cosine-1-1e-3-800-seed-3-1c9b1c60ca'
    >>> slug("../../é\\n" * 100, length=24)
    'e-e-e-e-e-e-e-2ddcc9c42d'
    """
    limit = as_number(length)
    if limit is None or limit != limit // 1 or not MIN_LENGTH <= limit <= 200:
        message = f"the length of a slug is a whole number from {MIN_LENGTH} to 200, not {length!r}"
        raise spec_error(diag.BAD_CONTEXT, message)
    source = spec_text(text)
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    plain = unicodedata.normalize("NFKD", source).encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^A-Za-z0-9._]+|\.\.+", "-", plain)
    words = re.sub(r"-+|-*\.(?![0-9])-*", "-", words).strip("-._")
    first, _, rest = words.partition(".")
    if first.lower() in _RESERVED:
        words = f"{first}-{rest}"
    words = words[: int(limit) - _HASH - 1].rstrip("-._") or "job"
    return f"{words}-{digest}"
