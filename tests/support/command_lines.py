"""Command lines as they are typed into bash, and what an app of `lrdsl.hydra.main` makes of them.

The page docs/hydra-command-lines.md is made of them; test_hydra_command_lines.py runs each.
"""

from __future__ import annotations

from typing import NamedTuple

APP = '''\
"""Prints what it received: the values that its config does not have."""

import sys

import lrdsl.hydra
from omegaconf import OmegaConf


@lrdsl.hydra.main(version_base="1.3", config_path="conf", config_name="config")
def app(cfg):
    known = leaves(OmegaConf.load("known.yaml"))
    for key, value in leaves(cfg).items():
        if key not in known or known[key] != value:
            print(f"{key} = {value!r}")
    for key in known:
        if key.partition(".")[0] not in cfg:
            print(f"no {key}")
    if cfg.train:
        try:
            lrdsl.compile(cfg.lr, peak=cfg.peak)
        except lrdsl.SpecError as error:
            sys.exit(str(error))


def leaves(node, path=""):
    if not OmegaConf.is_dict(node):
        return {path: OmegaConf.to_object(node) if OmegaConf.is_list(node) else node}
    found = {}
    for key in node:
        found |= leaves(node[key], f"{path}.{key}" if path else key)
    return found


if __name__ == "__main__":
    app()
'''

FILES = {
    "app.py": APP,
    "conf/config.yaml": """\
defaults:
  - schedule@lr: wsd
  - optimizer: sgd
  - override hydra/hydra_logging: none
  - override hydra/job_logging: none
  - _self_
peak: 0.3
steps: 800
momentum: 0.9
model: {optimizer: {lr: 0.1}}
train: false
hydra: {output_subdir: null, run: {dir: .}, sweep: {dir: .}}
""",
    "conf/schedule/wsd.yaml": "spec: wsd(${peak}, 100, 500, 200)\n",
    "conf/schedule/linear.yaml": "spec: linear(${peak}, 0, ${steps})\n",
    "conf/experiment/text.yaml": "# @package _global_\nlr: hold(7)\n",
    "conf/experiment/tree.yaml": "# @package _global_\nlr: {spec: {linear: {end: 0}}}\n",
    "conf/experiment/list.yaml": "# @package _global_\nlr: [{warmup: 9}, {hold: 5}]\n",
    "conf/optimizer/sgd.yaml": "name: sgd\n",
    "conf/optimizer/adam.yaml": "name: adam\n",
    "known.yaml": """\
lr: {spec: "wsd(0.3, 100, 500, 200)"}
optimizer: {name: sgd}
peak: 0.3
steps: 800
momentum: 0.9
model: {optimizer: {lr: 0.1}}
train: false
""",
}


class Line(NamedTuple):
    """A command line; `output` is all of it, or where it is wrong lines that are among it."""

    id: str
    command: str
    output: str


class Section(NamedTuple):
    """Some of them, with their heading."""

    title: str
    lines: tuple[Line, ...]


def _lines(*rows: tuple[str, str, str]) -> tuple[Line, ...]:
    return tuple([Line(name, f"python app.py {rest}", output) for name, rest, output in rows])


RIGHT = (
    Section(
        "A schedule",
        _lines(
            (
                "a chain",
                "lr='warmup(linear,100) >> cosine(1,1e-3,800)'",
                "lr = 'warmup(linear,100) >> cosine(1,1e-3,800)'",
            ),
            (
                "a modifier in brackets",
                "lr='cosine(1, 1e-3, 800) | interval[600:*0.5]'",
                "lr = 'cosine(1, 1e-3, 800) | interval[600:*0.5]'",
            ),
            ("percent", "lr='warmup(5%) >> cosine()'", "lr = 'warmup(5%) >> cosine()'"),
            (
                "units",
                "lr='step(0.1, 0.5, 30ep) | clip(1e-4, _)'",
                "lr = 'step(0.1, 0.5, 30ep) | clip(1e-4, _)'",
            ),
            (
                "points",
                "lr='points[0:0, 100:1, 800:1e-3]'",
                "lr = 'points[0:0, 100:1, 800:1e-3]'",
            ),
            ("a minus", "lr='-cosine(1, 0, 800) + 1'", "lr = '-cosine(1, 0, 800) + 1'"),
            (
                "a list",
                "lr='multistep(0.1, 0.5, [30, 60])'",
                "lr = 'multistep(0.1, 0.5, [30, 60])'",
            ),
            (
                "a condition",
                "lr='0.2 if total > 500 else 0.1'",
                "lr = '0.2 if total > 500 else 0.1'",
            ),
            (
                "brackets",
                "lr='(warmup(100) >> hold(200)) | repeat(3)'",
                "lr = '(warmup(100) >> hold(200)) | repeat(3)'",
            ),
            ("a dialect", "lr='torch.StepLR(30)'", "lr = 'torch.StepLR(30)'"),
            ("a comment", "lr='hold(5) # so, five'", "lr = 'hold(5) # so, five'"),
        ),
    ),
    Section(
        "The shell's quotes",
        _lines(
            ("double quotes", 'lr="cosine(1, 0, 800)"', "lr = 'cosine(1, 0, 800)'"),
            ("around it all", "'lr=cosine(1, 0, 800)'", "lr = 'cosine(1, 0, 800)'"),
            ("backslashes", r"lr=cosine\(1,0,800\)", "lr = 'cosine(1,0,800)'"),
            (
                "double quotes inside",
                "lr='warmup(\"linear\", 100)'",
                "lr = 'warmup(\"linear\", 100)'",
            ),
            (
                "single quotes inside",
                "lr=\"warmup('linear', 100)\"",
                "lr = \"warmup('linear', 100)\"",
            ),
            ("two lines", r"lr=$'warmup(9)\n>> hold()'", r"lr = 'warmup(9)\n>> hold()'"),
            ("Hydra's as well", "'lr=\"cosine(1, 0, 800)\"'", "lr = 'cosine(1, 0, 800)'"),
        ),
    ),
    Section(
        "References and variables",
        _lines(
            (
                "references",
                "lr='cosine(${peak}, 0, ${steps})'",
                "lr = 'cosine(0.3, 0, 800)'",
            ),
            (
                "references to what is set beside",
                "lr='hold(5) >> cosine(${peak})' peak=0.5",
                "lr = 'hold(5) >> cosine(0.5)'\npeak = 0.5",
            ),
            ("a variable", "lr='cosine(peak, 0, 800)'", "lr = 'cosine(peak, 0, 800)'"),
        ),
    ),
    Section(
        "Keys",
        _lines(
            ("inside the preset's node", "lr.spec='hold(5)'", "lr.spec = 'hold(5)'"),
            (
                "a nested key",
                "model.optimizer.lr='cosine(1, 0, 800)'",
                "model.optimizer.lr = 'cosine(1, 0, 800)'",
            ),
            ("a new key", "+warm='warmup(100)'", "warm = 'warmup(100)'"),
            ("a key new or old", "++lr='cosine(1, 0, 800)'", "lr = 'cosine(1, 0, 800)'"),
            (
                "two keys",
                "lr='hold(5)' momentum='cyclic(0.95, 0.85, 9)'",
                "lr = 'hold(5)'\nmomentum = 'cyclic(0.95, 0.85, 9)'",
            ),
            (
                "a list of schedules",
                "+each='[cosine(1, 0, 800), 0.1]'",
                "each = ['cosine(1, 0, 800)', 0.1]",
            ),
            (
                "a program",
                "+all='{lr: cosine(1, 0, 9), momentum: 0.5}'",
                "all.lr = 'cosine(1, 0, 9)'\nall.momentum = 0.5",
            ),
        ),
    ),
    Section(
        "Sweeps",
        _lines(
            (
                "two schedules",
                "-m lr='cosine(1,0,800),linear(1,0,800)'",
                "lr = 'cosine(1,0,800)'\nlr = 'linear(1,0,800)'",
            ),
            (
                "a number and a quoted one among them",
                "-m lr='hold(5) >> hold(6), 0.1, \"a(1),b\"'",
                "lr = 'hold(5) >> hold(6)'\nlr = 0.1\nlr = 'a(1),b'",
            ),
            (
                "choice of quoted ones",
                '-m lr=\'choice("hold(5) >> hold(6)", "hold(6)")\'',
                "lr = 'hold(5) >> hold(6)'\nlr = 'hold(6)'",
            ),
            (
                "a range among them",
                "-m lr='cosine(1,0,9),range(1,3)'",
                "lr = 'cosine(1,0,9)'\nlr = 1\nlr = 2",
            ),
            (
                "choice",
                "-m lr='choice(hold(5) | skip(1), hold(6))'",
                "lr = 'hold(5) | skip(1)'\nlr = 'hold(6)'",
            ),
            (
                "a variable of a schedule",
                "-m lr='cosine(${peak}, 0, 9)' peak=0.1,0.5",
                "lr = 'cosine(0.1, 0, 9)'\npeak = 0.1\nlr = 'cosine(0.5, 0, 9)'\npeak = 0.5",
            ),
        ),
    ),
    Section(
        "Config groups and experiments",
        _lines(
            (
                "a spec for an option",
                "schedule@lr='cosine(${peak}, 0, 800)'",
                "lr.spec = 'cosine(0.3, 0, 800)'",
            ),
            ("a number for an option", "schedule@lr=0.1", "lr.spec = 0.1"),
            (
                "a list for an option",
                "schedule@lr='[{warmup: 9}, {cosine: {end: 0}}]'",
                "lr.spec = 'warmup(9) >> cosine(_, 0)'",
            ),
            (
                "a list over a preset",
                "lr='[{warmup: 9}, {cosine: {end: 0}}]'",
                "lr = 'warmup(9) >> cosine(_, 0)'",
            ),
            (
                "options and specs in a sweep",
                "-m schedule@lr='linear, hold(5), 0.1'",
                "lr.spec = 'linear(0.3, 0, 800)'\nlr.spec = 'hold(5)'\nlr.spec = 0.1",
            ),
            ("an experiment with text", "+experiment=text", "lr = 'hold(7)'"),
            (
                "an option over an experiment",
                "+experiment=text schedule@lr=linear",
                "lr.spec = 'linear(0.3, 0, 800)'",
            ),
            (
                "the spec over an experiment",
                "+experiment=text lr.spec='hold(5)'",
                "lr.spec = 'hold(5)'",
            ),
            (
                "a tree over an experiment's tree",
                "+experiment=tree lr.spec='{cosine: {end: 0}}'",
                "lr.spec = 'cosine(_, 0)'",
            ),
            (
                "a sweep over experiments and options",
                "-m +experiment=text,tree schedule@lr='linear,hold(5)'",
                "lr.spec = 'linear(0.3, 0, 800)'\n" * 2 + "lr.spec = 'hold(5)'\n"
                "lr.spec = 'hold(5)'",
            ),
        ),
    ),
    Section(
        "What is Hydra's stays Hydra's",
        _lines(
            ("a number", "lr=0.5", "lr = 0.5"),
            ("an exponent", "lr=1e-3", "lr = 0.001"),
            ("a preset", "schedule@lr=linear", "lr.spec = 'linear(0.3, 0, 800)'"),
            ("a group", "optimizer=adam", "optimizer.name = 'adam'"),
            ("null", "lr=null", "lr = None"),
            ("an empty value", "lr=", "lr = ''"),
            ("a text", "'+note=\"a > b, c\"'", "note = 'a > b, c'"),
            ("escapes", r"'+note=f\(x\)'", "note = 'f(x)'"),
            ("a list of words", "'+tags=[a,b]'", "tags = ['a', 'b']"),
            ("a mapping", "'+tags={a: 1, b: [2]}'", "tags.a = 1\ntags.b = [2]"),
            ("a function", "'steps=int(2.5)'", "steps = 2"),
            ("a deletion", "~model", "no model.optimizer.lr"),
        ),
    ),
)

WRONG = (
    Section(
        "Mistakes in a schedule are lrdsl's to explain",
        _lines(
            (
                "a mistyped name",
                "lr='cosin(1, 0, 800)' train=true",
                "error[LR201]: there is no shape `cosin`\n"
                "  | cosin(1, 0, 800)\n"
                "  | ^^^^^ did you mean `cosine`?",
            ),
            (
                "an open bracket",
                "lr='cosine(1, 0, 800' train=true",
                "error[LR104]: this `(` is never closed\n"
                "  | cosine(1, 0, 800\n"
                "  |       ^ add the missing `)`",
            ),
            (
                "one sign for two",
                "lr='warmup(100) > cosine(1, 0, 800)' train=true",
                "error[LR102]: `>` has no meaning here\n"
                "  | warmup(100) > cosine(1, 0, 800)\n"
                "  |             ^ did you mean `>>`?",
            ),
            (
                "no operator",
                "lr='warmup(100) cosine(1, 0, 800)' train=true",
                "error[LR103]: expected an operator such as `>>`, or the end, after `)`, "
                "found `cosine`\n"
                "  | warmup(100) cosine(1, 0, 800)\n"
                "  |             ^^^^^^ join segments by `>>`, and write modifiers after `|`",
            ),
            (
                "an unknown argument",
                "lr='cosine(1, 0, step=800)' train=true",
                "error[LR206]: `cosine` has no parameter `step`\n"
                "  | cosine(1, 0, step=800)\n"
                "  |              ^^^^ did you mean `steps`?",
            ),
            (
                "one job of a sweep",
                "-m lr='cosine(1,0,9),cosin(1,0,9)' train=true",
                "error[LR201]: there is no shape `cosin`\n"
                "  | cosin(1,0,9)\n"
                "  | ^^^^^ did you mean `cosine`?",
            ),
        ),
    ),
    Section(
        "Other mistakes are Hydra's, or the shell's, to explain",
        _lines(
            (
                "no quotes",
                "lr=cosine(1,0,800)",
                "syntax error near unexpected token `('",
            ),
            (
                "a sweep without -m",
                "lr='hold(5),hold(6)'",
                'Ambiguous value for argument \'lr="hold(5)","hold(6)"\'\n'
                "1. To use it as a list, use key=[value1,value2]\n"
                "3. To sweep over it, add --multirun to your command line",
            ),
            (
                "spaces around the sign",
                "lr = 'cosine(1, 0, 800)'",
                "lrdsl: cosine(1, 0, 800): an override is a key, `=` and the value, in one "
                "piece: lr='…'\n"
                "missing EQUAL at '<EOF>'",
            ),
            (
                "dashes",
                "--lr='cosine(1,0,800)'",
                "lrdsl: --lr=cosine(1,0,800): an override is a key, `=` and the value, in "
                "one piece: lr='…'\n"
                "app.py: error: unrecognized arguments: --lr=cosine(1,0,800)",
            ),
            (
                "another group's key",
                "optimizer@lr='cosine(1, 0, 800)'",
                "lrdsl: optimizer@lr=cosine(1, 0, 800): `optimizer@lr` chooses an option by "
                "its name; a schedule goes to its key: lr='…'\n"
                "HydraException while evaluating 'cosine(1, 0, 800)': Unknown function 'cosine'",
            ),
            (
                "an interval among others",
                "-m lr='cosine(1,0,9),interval(1,3)'",
                "lrdsl: lr=cosine(1,0,9),interval(1,3): Hydra's `interval(…)` cannot stand "
                "beside other values of a sweep\n"
                "HydraException while evaluating 'cosine(1,0,9)': Unknown function 'cosine'",
            ),
            (
                "a list in a file, over a preset",
                "+experiment=list",
                "Cannot merge DictConfig with ListConfig\n"
                "lrdsl: `lr` in experiment/list: a list cannot replace a preset; write "
                "`lr: {spec: […]}`",
            ),
            (
                "a key that is not there",
                "rate='cosine(1, 0, 800)'",
                "Could not override 'rate'.\n"
                'To append to your config use +rate="cosine(1, 0, 800)"\n'
                "Key 'rate' is not in struct",
            ),
            (
                "a function that takes none",
                "-m lr='shuffle(hold(5),hold(6))'",
                "lrdsl: lr=shuffle(hold(5),hold(6)): Hydra's `shuffle(…)` takes no "
                "schedules; a sweep is `a(1),b(2)`\n"
                "HydraException while evaluating 'hold(5)': Unknown function 'hold'",
            ),
            (
                "a key of Hydra's",
                "hydra.job.name='cosine(1, 0, 800)'",
                "lrdsl: hydra.job.name=cosine(1, 0, 800): values of Hydra's own keys need "
                "Hydra's quotes: 'hydra.job.name=\"…\"'\n"
                "HydraException while evaluating 'cosine(1, 0, 800)': Unknown function 'cosine'",
            ),
            (
                "a mistyped function",
                "-m +x='chioce(1,2)'",
                "lrdsl: +x=chioce(1,2): `chioce(…)` goes to the app as text; Hydra's "
                "function is `choice`\n"
                "x = 'chioce(1,2)'",
            ),
            (
                "no schedule",
                "+note='a > b'",
                "LexerNoViableAltException: +note=a > b",
            ),
        ),
    ),
)
