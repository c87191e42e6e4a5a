"""The pages in docs/trainers together: none is left out of the index, or of the tests."""

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

FOLDER = ROOT / "docs" / "trainers"
PAGES = sorted(page.stem for page in FOLDER.glob("*.md") if page.stem != "README")


def test_the_index_has_every_page():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| [")]
    linked = [page for row in rows for page in re.findall(r"\]\((\w+)\.md\)", row)]
    assert sorted(linked) == PAGES
    assert all(row.count("|") == 4 for row in rows)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_tests_that_run_its_code(page):
    tests = (Path(__file__).parent / f"test_{page}.py").read_text(encoding="utf-8")
    assert f'code("{page}")' in tests
