"""A spec is found alike wherever it stands: in any call of Python, at any place of a config."""

from __future__ import annotations

import textwrap

import pytest

from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text

TYPED = ("warmpu(100) >> cosin()", "unknown-name")
TOO_LONG = ("warmup(100) >> cosine(1, 0, 800)", "longer-than-run")

SCHEDULER = "from lrdsl.torch import Scheduler, attach\n"
PYTHON = {
    "attach": SCHEDULER + "attach(opt, {}, total_steps=500)",
    "a keyword": SCHEDULER + "attach(opt, spec={}, total_steps=500)",
    "another name": "from lrdsl.torch import attach as a\na(opt, {}, total_steps=500)",
    "a module's name": "import lrdsl.torch as lt\nlt.attach(opt, {}, total_steps=500)",
    "a package's name": "import lrdsl as l\nl.torch.Scheduler(opt, {}, total_steps=500)",
    "everything": "from lrdsl import *\ncompile({}, total_steps=500)",
    "a function's own name": "import lrdsl\nc = lrdsl.compile\nc({}, total_steps=500)",
    "imported inside": "def f():\n    import lrdsl\n    lrdsl.compile({}, total_steps=500)",
    "an f-string": "import lrdsl\nlrdsl.compile(f{}, total_steps=500)",
    "two literals": "import lrdsl\nlrdsl.compile({} '', total_steps=500)",
    "a sum of literals": "import lrdsl\nlrdsl.compile({} + ' | take(' + '9k)', total_steps=500)",
    "constants": "import lrdsl\nS = {}\nN = 500\nlrdsl.compile(S, total_steps=N)",
    "an annotated constant": "import lrdsl\nS: Final = {}\nlrdsl.compile(S, total_steps=500)",
    "a default": "import lrdsl\ndef f(s={}):\n    lrdsl.compile(s, total_steps=500)",
    "a default by name": "import lrdsl\ndef f(*, s={}):\n    lrdsl.compile(s, total_steps=500)",
    "a dict": SCHEDULER + 'attach(opt, {{"lr": {}}}, total_steps=500)',
    "a call of dict": SCHEDULER + "attach(opt, dict(lr={}), total_steps=500)",
    "groups": SCHEDULER + 'attach(opt, {{"lr": {{"a": {}, "*": "hold()"}}}}, total_steps=500)',
    "a spread dict": 'import lrdsl\nR = {{"total_steps": 500}}\nlrdsl.compile({}, **R)',
    "a spread call": "import lrdsl\nR = dict(total_steps=500)\nlrdsl.compile({}, **R)",
    "spread together": "import lrdsl\nR = dict(spec={}, total_steps=500)\nlrdsl.compile(**R)",
    "a partial": SCHEDULER + "functools.partial(Scheduler, spec={}, total_steps=500)",
    "hydra-zen": SCHEDULER + "C = builds(Scheduler, spec={}, total_steps=500)",
    "a target": 'C = {{"_target_": "lrdsl.torch.Scheduler", "spec": {}, "total_steps": 500}}',
    "instantiate": 'instantiate({{"_target_": "lrdsl.torch.attach", "spec": {}, '
                   '"total_steps": 500}}, opt)',
    "a figure": "from lrdsl import plot\nplot.figure({}, total_steps=500)",
    "several in a figure": "import lrdsl\nlrdsl.plot.save(['1', {}], 'a.svg', total_steps=500)",
    "a drawing": "import lrdsl.plot\nlrdsl.plot.terminal({}, width=60, total_steps=500)",
    "a sample": "from lrdsl.plot import sample\nsample({}, 90, most=9, total_steps=500)",
    "a conf": "from lrdsl.hydra.configs import SchedulerConf as C\nC({}, total_steps=500)",
    "a conf of one's own": "from lrdsl.hydra.configs import AttachConf\n@dataclass\n"
                           "class C(AttachConf):\n    spec: Any = {}\n    total_steps: int = 500",
    "an option's default": "import lrdsl\np.add_argument('--lr-spec', '-l', default={})\n"
                           "lrdsl.compile(args.lr_spec, total_steps=500)",
    "a field's default": "import lrdsl\n@dataclass\nclass A:\n    text: str = {}\n"
                         "lrdsl.compile(config.text, total_steps=500)",
    "an attribute": "import lrdsl\nclass A:\n    def __init__(self):\n        self.text = {}\n"
                    "    def f(self):\n        lrdsl.compile(self.text, total_steps=500)",
    "an entry of a dict": "import lrdsl\nC = {{'a': {}}}\nlrdsl.compile(C['a'], total_steps=500)",
    "both ways": "import lrdsl\nlrdsl.compile('hold()' if a else {}, total_steps=500)",
    "what is not given": "import lrdsl\nlrdsl.compile(spec or {}, total_steps=500)",
    "a loop": "import lrdsl\nfor s in ['hold()', {}]:\n    lrdsl.compile(s, total_steps=500)",
    "a comprehension": "import lrdsl\n[lrdsl.compile(x, total_steps=500) for x in ({},)]",
    "a walrus": "import lrdsl\nlrdsl.compile(s := {}, total_steps=500)",
    "lint": "import lrdsl\nlrdsl.lint({}, total_steps=500)",
}  # fmt: skip
CONFIGS = {
    "above": "total_steps: 500\nlr: {}",
    "below": "lr: {}\ntotal_steps: 500",
    "beside": "schedule: {{spec: {}, total_steps: 500}}",
    "at the top": "total_steps: 500\na: {{b: {{schedule: {{spec: {}}}}}}}",
    "in the parent": "run: {{total_steps: 500, lr: {{spec: {}}}}}",
    "an interpolation": "total: 500\nlr: {{spec: {}, total_steps: '${{total}}'}}",
    "a relative one": "lr: {{spec: {}, n: 500, total_steps: '${{.n}}'}}",
    "a chain of them": "a: 500\nb: ${{a}}\ntotal_steps: ${{b}}\nlr: {}",
    "a target": "s: {{_target_: lrdsl.torch.Scheduler, spec: {}, total_steps: 500}}",
    "a target's text": "text: {}\ns: {{_target_: lrdsl.torch.Scheduler, spec: '${{text}}',"
                       " total_steps: 500}}",
    "a partial target": "s:\n  _target_: lrdsl.torch.attach\n  _partial_: true\n  spec: {}\n"
                        "  total_steps: 500",
    "an anchor": "x: &n 500\nlr: {{spec: {}, total_steps: *n}}",
    "a merge": "x: &run {{total_steps: 500}}\nlr: {{<<: *run, spec: {}}}",
    "a block": "total_steps: 500\nlr: >-\n  {}",
    "a program": "total_steps: 500\nschedule: {{lr: {}, weight_decay: 0.1}}",
    "groups": "total_steps: 500\nschedule: {{lr: {{a: {}, '*': hold()}}}}",
    "a second document": "a: 1\n---\ntotal_steps: 500\nlr: {}",
}  # fmt: skip


def rules(name: str, text: str) -> set[str]:
    found = lint_source(read_text(name, textwrap.dedent(text) + "\n"), Project())
    return {each.diagnostic.name for each in found}


@pytest.mark.parametrize(("spec", "rule"), [TYPED, TOO_LONG], ids=["typed", "too long"])
@pytest.mark.parametrize("place", PYTHON)
def test_in_python(place: str, spec: str, rule: str) -> None:
    assert rule in rules("a.py", PYTHON[place].format(repr(spec)))


@pytest.mark.parametrize(("spec", "rule"), [TYPED, TOO_LONG], ids=["typed", "too long"])
@pytest.mark.parametrize("place", CONFIGS)
def test_in_a_config(place: str, spec: str, rule: str) -> None:
    quoted = spec if place == "a block" else repr(spec)
    assert rule in rules("a.yaml", CONFIGS[place].format(quoted))


def test_a_run_that_is_not_shown_is_not_guessed() -> None:
    default = "import lrdsl\ndef f(n=500):\n    lrdsl.compile({!r}, total_steps=n)"
    assert rules("a.py", default.format(TOO_LONG[0])) == set()


UNKNOWN = {
    "two attributes": "self.text = {0}\nother.text = 'hold()'\nlrdsl.compile(self.text)",
    "two loops": "for s in [{0}]: pass\nfor s in names: lrdsl.compile(s)",
    "another key": "C = {{'a': {0}}}\nlrdsl.compile(C['b'])",
    "a list": "C = [{0}]\nlrdsl.compile(C[i])",
    "a loop that is changed": "for s in [{0}]:\n    s = f(s)\n    lrdsl.compile(s)",
    "itself": "a = a if b else a\nlrdsl.compile(a)",
}


@pytest.mark.parametrize("code", UNKNOWN.values(), ids=UNKNOWN)
def test_what_may_be_another_text_is_not_guessed(code: str) -> None:
    assert rules("a.py", "import lrdsl\n" + code.format(repr(TYPED[0]))) == set()
