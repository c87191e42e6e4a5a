"""docs/tree.md: its examples are run."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from omegaconf import OmegaConf

import lrdsl
from lrdsl.tree import from_tree
from lrdsl.tree.keywords import is_data
from tests.support.paths import ROOT
from tests.support.tree_forms import validator


def _accepts(tree: Any) -> bool:
    return bool(validator().is_valid(json.loads(json.dumps(tree))))


PAGE = (ROOT / "docs" / "tree.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S))
def test_yaml_of_the_page(text: str) -> None:
    config = OmegaConf.create(text)
    config.update(peak=0.1, steps=900)
    node = OmegaConf.to_container(config, resolve=True)
    assert isinstance(node, dict)
    node = node["lr"] if "lr" in node else {"spec": node["spec"]}
    assert _accepts(node)
    assert lrdsl.compile(node, total_steps=1000, base_lr=0.1, peak=0.1).length <= 1000


TABLE = re.findall(r"^\| (`.+`) \| (`.+`)[^|`]* \|$", PAGE.split("## What a mapping")[0], re.M)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (text.replace("\\|", "|"), tree)
        for left, right in TABLE
        for text, tree in zip(
            re.findall("`(.+?)`", left), re.findall("`(.+?)`", right), strict=False
        )
        if "…" not in tree and text not in ("_", "none", "true", "inf")
    ],
)
def test_table_of_the_page(text: str, tree: str) -> None:
    node = OmegaConf.create(f"x: {{{tree}}}" if ":" in tree and tree[0] != "{" else f"x: {tree}").x
    assert from_tree(node) == lrdsl.parse(text) if is_data(node) else str(node) == text
