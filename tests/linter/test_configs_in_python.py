"""Configs that Python code makes or stores are read as those in YAML files are."""

from __future__ import annotations

import textwrap

import pytest

from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text
from lrdsl.linter.source_file import SourceFile

TYPED, TOO_LONG = "warmpu(100) >> cosin()", "warmup(100) >> cosine(1, 0, 800)"

OMEGA = "import lrdsl\nfrom omegaconf import OmegaConf, DictConfig\n"
STORE = "from hydra.core.config_store import ConfigStore\n"
CLASS = "from dataclasses import dataclass, field\nfrom lrdsl.hydra.configs import SchedulerConf\n"
PLACES = {
    "a dict": OMEGA + "OmegaConf.create({'lr': HERE, 'total_steps': 500})",
    "a dict by name": OMEGA + "C = {'lr': HERE, 'total_steps': 500}\nOmegaConf.create(obj=C)",
    "a call of dict": OMEGA + "OmegaConf.create(dict(total_steps=500, lr=dict(spec=HERE)))",
    "a list": OMEGA + "OmegaConf.create([{'lr': HERE, 'total_steps': 500}])",
    "another name": "import omegaconf as oc\nimport lrdsl\n"
                    "oc.OmegaConf.create({'lr': HERE, 'total_steps': 500})",
    "DictConfig": OMEGA + "DictConfig({'a': {'lr': HERE, 'total_steps': 500}})",
    "merge": OMEGA + "OmegaConf.merge(base, {'lr': HERE, 'total_steps': 500})",
    "a program": OMEGA + "OmegaConf.create({'total_steps': 500, 'lr': {'lr': HERE, "
                         "'momentum': '0.9'}})",
    "a target": OMEGA + "OmegaConf.create({'s': {'_target_': 'lrdsl.torch.Scheduler', "
                        "'spec': HERE, 'total_steps': 500}})",
    "a reference": OMEGA + "OmegaConf.create({'lr': HERE, 'n': 500, 's': {'_target_': "
                           "'lrdsl.torch.attach', 'spec': '${lr}', 'total_steps': '${n}'}})",
    "a target by name": OMEGA + "S = {'_target_': 'lrdsl.compile', 'spec': '${lr}', "
                                "'total_steps': 500}\nOmegaConf.create({'lr': HERE, 's': S})",
    "YAML": OMEGA + "OmegaConf.create('''\ntotal_steps: 500\nlr: HERE\n''')",
    "YAML by name": OMEGA + "T = '''\ntotal_steps: 500\na: {lr: HERE}'''\nOmegaConf.create(T)",
    "YAML with a target": OMEGA + "OmegaConf.create('''\nlr: HERE\ns:\n"
                                  "  _target_: lrdsl.torch.attach\n"
                                  "  spec: ${lr}\n  total_steps: 500\n''')",
    "stored": STORE + "ConfigStore.instance().store(name='a', node={'_target_': "
                      "'lrdsl.torch.Scheduler', 'spec': HERE, 'total_steps': 500})",
    "stored by a name": STORE + "cs = ConfigStore.instance()\ncs.store('a', {'lr': HERE, "
                                "'total_steps': 500, "
                                "'s': {'_target_': 'lrdsl.compile', 'spec': '${lr}'}})",
    "in the group": STORE + "cs = ConfigStore.instance()\ncs.store(group='schedule', name='a', "
                            "node={'spec': HERE, 'total_steps': 500})",
    "in a group in a group": STORE + "ConfigStore.instance().store('a', {'spec': HERE, "
                                     "'total_steps': 500}, 'train/schedule')",
    "stored in two functions": STORE + "def f():\n    c = ConfigStore.instance()\ndef g():\n"
                               "    c = ConfigStore.instance()\n    c.store(group='schedule', "
                               "name='a', node={'spec': HERE, 'total_steps': 500})",
    "a class": STORE + "@dataclass\nclass A:\n    lr: Any = HERE\n    total_steps: int = 500\n"
                       "    _target_: str = 'lrdsl.compile'\n"
                       "ConfigStore.instance().store(name='a', node=A)",
    "a class in the group": STORE + "@dataclass\nclass A:\n    spec: Any = HERE\n"
                            "    total_steps: int = 500\n"
                            "ConfigStore.instance().store('a', node=A, group='schedule')",
    "an object": STORE + "@dataclass\nclass A:\n    spec: Any = '1'\n    total_steps: int = 500\n"
                         "ConfigStore.instance().store('a', A(spec=HERE), group='schedule')",
    "a class in a class": OMEGA + "@dataclass\nclass S:\n    lr: str = HERE\n@dataclass\n"
                                  "class A:\n    total_steps: int = 500\n"
                                  "    s: S = field(default_factory=S)\n"
                                  "OmegaConf.structured(A)",
    "a conf in a class": CLASS + "@dataclass\nclass A:\n    lr: Any = HERE\n    n: int = 500\n"
                         "    s: SchedulerConf = field(default_factory=lambda: SchedulerConf("
                         "spec='${lr}', total_steps='${n}'))\n"
                         "import omegaconf\nomegaconf.OmegaConf.structured(A())",
    "a class with a target": CLASS + "@dataclass\nclass A(SchedulerConf):\n    spec: Any = HERE\n"
                                     "    total_steps: Any = field(default=500)",
}  # fmt: skip


def linted(code: str) -> tuple[SourceFile, set[str]]:
    file = read_text("a.py", textwrap.dedent(code) + "\n")
    return file, {each.diagnostic.name for each in lint_source(file, Project())}


@pytest.mark.parametrize(
    ("spec", "rule"),
    [(TYPED, "unknown-name"), (TOO_LONG, "longer-than-run")],
    ids=["typed", "long"],
)
@pytest.mark.parametrize("place", PLACES)
def test_a_mistake_is_found(place: str, spec: str, rule: str) -> None:
    written = (
        f'"{spec}"' if "YAML" not in place else spec if "by name" not in place else f"'{spec}'"
    )
    file, names = linted(PLACES[place].replace("HERE", written))
    assert rule in names
    found = [each for each in file.snippets if each.text == spec]
    assert len(found) == 1, "once, wherever else it is named"
    assert [file.text[at] for at in found[0].offsets[:-1]] == [*spec]
    assert found[0].context == {"total_steps": 500}


FOREIGN = {
    "another tool's words": "OmegaConf.create({'lr': 'auto', 'spec': {'pods': 3}, 'x': 'f(1)'})",
    "another tool's calls": "OmegaConf.create({'lr': 'loguniform(1e-5, 0.1)', 'a_lr': 'f(3)'})",
    "another tool's tree": "OmegaConf.create({'lr': {'uniform': {'low': 1e-5}}, 'b': {'min': 1}})",
    "another's target": "OmegaConf.create({'_target_': 'torch.optim.SGD', 'lr': '1e-4'})",
    "another tool's YAML": "OmegaConf.create('lr: loguniform(1e-5, 0.1)\\nspec: {x: f(3)}')",
    "no YAML": "OmegaConf.create('{lr: [')",
    "a name of a config": "OmegaConf.create('a.yaml')",
    "an f-string": "OmegaConf.create(f'lr: {x}')",
    "a list of words": "OmegaConf.create(['lr', 'f(3)', 'min(1, 2)'])",
    "stored": "ConfigStore.instance().store(name='a', node={'lr': 'choice(1, 2)'})",
    "another group": "ConfigStore.instance().store('a', {'spec': 'f(3)'}, group='model')",
    "another store": "store.store(name='a', node={'lr': 'warmpu(3)'}, group='schedule')",
    "a class": "@dataclass\nclass A:\n    lr: str = 'adaptive(3)'\nOmegaConf.structured(A)",
    "a class in itself": "@dataclass\nclass A(A):\n    a: Any = A\nOmegaConf.structured(A)",
    "no dataclass": "class A:\n    lr: str = 'warmpu(3) >> hold()'\nOmegaConf.structured(A)",
    "a dict in itself": "D = {'a': D, 'lr': '${lr}', 'b': '${b}'}\nOmegaConf.create(D)",
    "nothing given": "OmegaConf.create()\nConfigStore.instance().store()\nOmegaConf.merge(*a)",
    "meant to fail": "with pytest.raises(E):\n    OmegaConf.create({'lr': 'warmpu(9) >> hold()'})",
}  # fmt: skip


@pytest.mark.parametrize("place", FOREIGN)
def test_what_another_tool_reads_is_left_alone(place: str) -> None:
    assert linted("from omegaconf import OmegaConf\n" + STORE + FOREIGN[place])[1] == set()


REFERENCES = {
    "a dict": "{'_target_': 'lrdsl.torch.Scheduler', 'spec': '${lr}', 'total_steps': '${n}'}",
    "a part": "{'_target_': 'lrdsl.compile', 'spec': 'cosine(${peak}, 0, ${n})'}",
    "builds": "import hydra_zen\nhydra_zen.builds(lrdsl.torch.Scheduler, spec='${lr}')",
    "a conf": "lrdsl.hydra.configs.SchedulerConf(spec='cosine(${peak}, 0)', total_steps='${n}')",
    "a resolver": "OmegaConf.create({'lr': 'cosine(${oc.env:PEAK}, 0, ${eval:3*${n}})'})",
}


@pytest.mark.parametrize("place", REFERENCES)
def test_a_reference_in_a_config_is_no_mistake(place: str) -> None:
    assert linted(OMEGA + "import lrdsl.hydra.configs\n" + REFERENCES[place])[1] == set()


def test_elsewhere_a_reference_is_one() -> None:
    assert linted("import lrdsl\nlrdsl.compile('cosine(${peak}, 0, 9)')")[1] != set()
