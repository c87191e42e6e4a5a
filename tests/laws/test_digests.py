"""The numbers of many schedules over 10,000 updates are what they have always been.

All examples of the catalog are among them. The golden file holds, for each, the SHA-256 digest of
all of them, some of them exactly, and the sums of blocks. Where the digest differs, because a
formula is computed in another way now, each number may differ by 2 ulp of the largest one of the
schedule: a cosine from 0.1 to 1 is as exact as 1 is. The mathematical functions of another machine
may add one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import lrdsl
from lrdsl.language import catalog
from lrdsl.language.language import Language
from tests.support import strategies
from tests.support.paths import ROOT

GOLDEN = ROOT / "tests" / "golden" / "digests.json"
CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))

UPDATES = 10_000
CONTEXT: dict[str, Any] = {**strategies.CONTEXT, "total_steps": UPDATES}
BLOCK = 250
SAMPLED = np.unique(
    np.concatenate([np.arange(8), np.geomspace(8, UPDATES - 1, 24), [4095, 4096, 4097, 8192]])
).astype(np.int64)
ULPS = 2.0 + 1.0


def packed(values: Any) -> str:
    return base64.b64encode(np.asarray(values, dtype="<f8").tobytes()).decode()


def unpacked(text: str) -> NDArray[np.float64]:
    return np.frombuffer(base64.b64decode(text), dtype="<f8")


def sums(values: NDArray[np.float64]) -> list[float]:
    return [math.fsum(block) for block in values.reshape(-1, BLOCK).tolist()]


def digested(spec: str) -> dict[str, str]:
    values = lrdsl.compile(spec, **CONTEXT).values(UPDATES)
    digest = hashlib.sha256(np.asarray(values, dtype="<f8").tobytes()).hexdigest()
    sampled, blocks = packed(values[SAMPLED]), packed(sums(values))
    return {"spec": spec, "sha256": digest, "sampled": sampled, "sums": blocks}


def largest(schedule: lrdsl.Schedule) -> float:
    """The largest number of a schedule, however late it comes."""
    stop = UPDATES if math.isinf(schedule.length) else max(UPDATES, int(schedule.length))
    return max(map(abs, schedule.bounds(0, stop)))


if os.environ.get("LRDSL_UPDATE_GOLDEN"):
    EXAMPLES = [entry.doc.example for entry in catalog.entries(Language())]
    SPECS = dict.fromkeys([*[case["spec"] for case in CASES], *EXAMPLES])
    CASES = [digested(spec) for spec in SPECS]
    GOLDEN.write_text(json.dumps(CASES, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


def test_there_are_two_hundred_and_more() -> None:
    assert len({case["spec"] for case in CASES}) == len(CASES) >= 200


ENTRIES = catalog.entries(Language())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.kind} {entry.name}")
def test_all_of_the_catalog_is_among_them(entry: catalog.Entry) -> None:
    assert entry.doc.example in [case["spec"] for case in CASES]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["spec"][:60]) for case in CASES])
def test_numbers_stay_what_they_are(case: dict[str, str]) -> None:
    found = digested(case["spec"])
    if found["sha256"] == case["sha256"]:
        return
    was, now = unpacked(case["sampled"]), unpacked(found["sampled"])
    allowed = ULPS * np.spacing(largest(lrdsl.compile(case["spec"], **CONTEXT)))
    assert np.abs(now - was).max() <= allowed
    assert np.abs(unpacked(found["sums"]) - unpacked(case["sums"])).max() <= BLOCK * allowed


@pytest.mark.parametrize("case", [pytest.param(case, id=case["spec"][:60]) for case in CASES[::10]])
def test_one_by_one_as_in_ranges(case: dict[str, str]) -> None:
    schedule = lrdsl.compile(case["spec"], **CONTEXT)
    values = schedule.values(UPDATES)
    for t in SAMPLED.tolist():
        assert schedule(t) == values[t], t
