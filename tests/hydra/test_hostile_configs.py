"""Configs that somebody else has prepared: `lrdsl lint --hydra` neither waits nor grows."""

import os

import pytest

from lrdsl import SpecError
from lrdsl.hydra import lint_hydra
from lrdsl.hydra.check_configs import written_out
from lrdsl.linter.sources.yaml_document import read_yaml

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


def levels(first, pattern, count=40):
    lines = [f"a{i + 1}: &a{i + 1} {pattern.replace('@', f'*a{i}')}\n" for i in range(count)]
    return f"a0: &a0 {first}\n{''.join(lines)}lr: cosine(1, 0, 9)\n"


@pytest.fixture
def conf(tmp_path):
    (tmp_path / "schedule").mkdir()
    (tmp_path / "train.yaml").write_text("lr: cosine(1, 0, 9)\n")
    return tmp_path


@posix
@pytest.mark.parametrize("name", ["other.yaml", "schedule/wsd.yaml", "schedule/deep.yml"])
@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(os.mkfifo, "no regular file", id="a pipe"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "no regular file", id="endless"),
        pytest.param(lambda path: path.symlink_to("/etc/passwd"), "another kind", id="a secret"),
        pytest.param(lambda path: path.write_text(levels("[1]", "[@, @, @]")), "aliases",
                     id="lists"),
        pytest.param(lambda path: path.write_text(levels("{a: 1}", "{x: @, y: @}")), "aliases",
                     id="mappings"),
    ],
)  # fmt: skip
def test_what_hydra_had_better_not_open(conf, name, make, why):
    make(conf / name)
    with pytest.raises(SpecError, match=f"{name}: .*{why}"):
        lint_hydra(conf, "train")


def test_what_is_harmless(conf):
    (conf / "broken.yaml").symlink_to("nowhere.yaml")
    (conf / "other.yaml").write_text("a: [")
    (conf / "some.yaml").write_text(levels("[1]", "[@, @]", 5))
    assert lint_hydra(conf, "train") == []


@pytest.mark.parametrize(
    ("text", "count"),
    [("1", 1), ("[]", 1), ("{a: 1}", 2), ("{a: &a {b: 1}, c: *a}", 5), ("&a [*a]", 2)],
)
def test_how_large_a_config_is(text, count):
    assert written_out(read_yaml(text)[0].root) == count


def test_deep_and_wide_configs_are_counted():
    assert written_out(read_yaml("[" * 400 + "]" * 400)[0].root) == 400
    assert written_out(read_yaml(levels("[1]", "[@, @, @]"))[0].root) > 3**40
