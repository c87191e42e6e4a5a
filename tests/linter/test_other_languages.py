"""Texts of other small languages at keys for specs are no specs; mistyped specs there are."""

from pathlib import Path

import pytest

from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text

FOREIGN = {
    "Ray Tune": ("lr", "loguniform(1e-5, 1e-2)"),
    "tune with its module": ("lr", "tune.loguniform(1e-5, 1e-2)"),
    "Hydra's interval": ("lr", "interval(1e-5, 1e-2)"),
    "Hydra's tag": ("lr", "tag(log, interval(1e-5, 0.1))"),
    "Hydra's choice": ("lr", "choice(0.1, 0.01)"),
    "Hydra's range": ("base_lr", "range(1, 10)"),
    "Hydra's shuffle": ("lr", "shuffle(range(1, 3))"),
    "a sampler": ("lr", "uniform(0, 1)"),
    "a template": ("lr", "{{ cookiecutter.lr }}"),
    "a shell's variable": ("lr", "$LR"),
    "a placeholder": ("lr", "<LR>"),
    "a remark": ("lr", "0.1 (decayed)"),
    "a remark about a shape": ("lr", "constant (see paper)"),
    "a sentence": ("lr", "linear warmup (1000 steps)"),
    "a sentence with a call": ("lr", "cosine(t) with restarts (5 of them)"),
    "an arrow": ("lr", "3e-4 -> 3e-5"),
    "Python": ("lr", "lambda t: 0.95 ** t"),
    "a call of Python": ("lr", "eval('1e-3 * 8')"),
    "a function": ("lr", "get_lr(3)"),
    "a method": ("lr", "np.logspace(-5, -1)"),
    "gin": ("lr", "@schedules.f(1)"),
    "a shell's redirection": ("spec", "echo hi >> out.txt"),
    "a graph of tasks": ("spec", "task_a >> task_b"),
    "a graph of calls": ("spec", "extract() >> load(3)"),
    "a requirement": ("spec", "pkg>=1.0"),
    "an equation": ("spec", "f(x) = 3"),
    "a tuple": ("lr", "(0.1, 0.01)"),
    "a resolver": ("lr", "${eval:'3 * 2'}"),
}
MISTYPED = {
    "one call": ("lr", "cosin(1, 0, 9)"),
    "a chain": ("lr", "warmpu(100) >> cosin(1, 0, 9)"),
    "one of two": ("base_lr", "warmup(100) >> mine(3)"),
    "capitals": ("lr", "Cosine(1, 0, 9)"),
    "a bracket that is left open": ("spec", "cosine(1, 0, 9"),
    "spaces": ("lr", "warmpu (100)  >>  cosine (1, 0, 9)"),
    "a dialect": ("lr", "torch.StepLr(30)"),
    "another's name": ("lr", "CosineAnnealingLR(100)"),
    "a reference inside": ("lr", "cosin(${peak}, 0, 9)"),
}


def found(name: str, text: str) -> set[str]:
    return {each.diagnostic.code for each in lint_source(read_text(name, text), Project())}


@pytest.mark.parametrize(("key", "text"), FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("where", ["YAML", "Python"])
def test_another_language(key: str, text: str, where: str) -> None:
    if where == "YAML":
        assert found("a.yaml", f'a: {{{key}: "{text}"}}\nx: 1e-3\n') == set()
    else:
        code = f'from omegaconf import OmegaConf\nOmegaConf.create({{"{key}": "{text}"}})\n'
        assert found("a.py", code) == set()


@pytest.mark.parametrize(("key", "text"), MISTYPED.values(), ids=MISTYPED)
@pytest.mark.parametrize("where", ["YAML", "Python"])
def test_a_mistyped_spec(key: str, text: str, where: str) -> None:
    if where == "YAML":
        assert found("a.yaml", f'a: {{{key}: "{text}"}}\n')
    else:
        code = f'from omegaconf import OmegaConf\nOmegaConf.create({{"{key}": "{text}"}})\n'
        assert found("a.py", code)


@pytest.mark.parametrize(
    "text",
    [
        "a: {_target_: lrdsl.compile, spec: 'mine(3)'}\n",
        "# for lrdsl\nlr: mine(3)\n",
        "spec: mine(3)\nlr: other(3)\ndefinitions: def other(n) = hold(n)\n",
    ],
    ids=["a target", "a comment", "definitions"],
)
def test_a_file_that_lrdsl_reads(text: str) -> None:
    assert found("a.yaml", text) == {"LR201"}


def test_a_preset(tmp_path: Path) -> None:
    path = tmp_path / "schedule" / "a.yaml"
    assert found(str(path), "spec: mine(3)\n") == {"LR201"}
