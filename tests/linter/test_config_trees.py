"""Whole trees of configurations as projects have them: `lrdsl lint .` finds nothing in them.

A tree is the files of a framework's project; what differs between projects of a framework is
filled in from a table.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lrdsl.cli.main import cli

Tree = Mapping[str, str]

HYDRA: Tree = {
    "conf/config.yaml": """\
        defaults:
          - optimizer: {optimizer}
          - scheduler: mine
          - _self_
        hydra: {{run: {{dir: "outputs/${{now:%Y-%m-%d}}"}}}}
        total_steps: {total}
        steps_per_epoch: {epoch}
        epsilon: {{start: 1.0, end: 0.05}}
        """,
    "conf/optimizer/{optimizer}.yaml": """\
        _target_: torch.optim.{optimizer}
        lr: {lr}
        weight_decay: 1e-2
        betas: [0.9, 0.95]
        """,
    "conf/scheduler/mine.yaml": """\
        _target_: torch.optim.lr_scheduler.{torch}
        _partial_: true
        T_max: ${{total_steps}}
        """,
    "train.py": """\
        import hydra

        @hydra.main(config_path="conf", config_name="config", version_base=None)
        def main(cfg):
            optimizer = hydra.utils.instantiate(cfg.optimizer, model.parameters())
        """,
    ".gitignore": "outputs/\nmultirun/\n",
}
LRDSL: Tree = {
    "conf/train.yaml": """\
        defaults:
          - schedule@lr: mine
          - _self_
        total_steps: {total}
        steps_per_epoch: {epoch}
        peak: {lr}
        optimizer: {{_target_: torch.optim.{optimizer}, lr: {lr}}}
        scheduler:
          _target_: lrdsl.torch.Scheduler
          _partial_: true
          spec: {{lr: "${{lr.spec}}", weight_decay: "cosine(0.04, 0.4, 1.25*total)"}}
          total_steps: ${{total_steps}}
        ema: cosine(0.996, 1)
        teacher_temp: linear(0.04, 0.07, 30%) >> hold()
        """,
    "conf/schedule/mine.yaml": "spec: {spec}\n",
    "train.py": """\
        import lrdsl.torch

        def main(cfg, optimizer):
            drop_path = lrdsl.compile("linear(0, 0.2, 1000)", total_steps={total})
            run = dict(total_steps={total}, steps_per_epoch={epoch})
            return lrdsl.torch.attach(optimizer, "{spec}", **run)
        """,
}
OMEGACONF: Tree = {
    "configs/base.yaml": """\
        model: {{base_learning_rate: {lr}, target: ldm.models.autoencoder.AutoencoderKL}}
        data: {{batch_size: 12, num_workers: 4}}
        params:
          scheduler_config:
            target: ldm.lr_scheduler.LambdaLinearScheduler
            params: {{warm_up_steps: [1000], cycle_lengths: [10000000000], f_start: [1e-6]}}
        """,
    "configs/finetune.yaml": "lr: {lr}\nmax_steps: {total}\nlr_scheduler: cosine\nlr2: ${{lr}}\n",
    "main.py": "from omegaconf import OmegaConf\ncfg = OmegaConf.load('configs/base.yaml')\n",
}
FAIRSEQ: Tree = {
    "config/pretraining/base.yaml": """\
        # @package _group_
        optimization: {{max_update: {total}, lr: [{lr}], clip_norm: 0.0}}
        optimizer: {{_name: adam, adam_betas: "(0.9,0.98)", adam_eps: 1e-06, weight_decay: 0.01}}
        lr_scheduler: {{_name: polynomial_decay, warmup_updates: 32000, power: 1.0}}
        """,
    "config/finetuning/base_100h.yaml": """\
        optimization: {{max_update: {total}, lr: [{lr}], sentence_avg: true}}
        lr_scheduler: {{_name: tri_stage, phase_ratio: [0.1, 0.4, 0.5], final_lr_scale: 0.05}}
        """,
    "scripts/run.sh": "fairseq-train --lr {lr} --lr-scheduler inverse_sqrt\n",
}
NEMO: Tree = {
    "conf/conformer.yaml": """\
        name: conformer
        trainer: {{max_steps: {total}, accumulate_grad_batches: 1}}
        model:
          optim:
            name: adamw
            lr: {lr}
            betas: [0.9, 0.98]
            sched:
              name: {torch}
              warmup_steps: 10000
              warmup_ratio: null
              min_lr: 1e-6
        """,
    "conf/ssl.yaml": "defaults:\n  - conformer\nmodel: {{optim: {{lr: {lr}}}}}\nmax_lr: auto\n",
}
TORCHTUNE: Tree = {
    "recipes/configs/llama3/8B_lora.yaml": """\
        optimizer: {{_component_: torch.optim.AdamW, fused: true, weight_decay: 0.01, lr: {lr}}}
        lr_scheduler:
          _component_: torchtune.training.lr_schedulers.get_cosine_schedule_with_warmup
          num_warmup_steps: 100
        loss: {{_component_: torchtune.modules.loss.CEWithChunkedOutputLoss}}
        epochs: 1
        max_steps_per_epoch: null
        """,
    "recipes/configs/eval.yaml": "tokenizer: {{path: /tmp/x, max_seq_len: null}}\nseed: 1234\n",
}
LIGHTNING: Tree = {
    "config.yaml": """\
        seed_everything: 42
        trainer: {{max_steps: {total}, callbacks: [{{class_path: app.EarlyStopping}}]}}
        optimizer: {{class_path: torch.optim.{optimizer}, init_args: {{lr: {lr}}}}}
        lr_scheduler:
          class_path: torch.optim.lr_scheduler.{torch}
          init_args: {{T_max: {total}, eta_min: 1e-7}}
        """,
    "model.py": """\
        import torch
        from lightning.pytorch import LightningModule

        class Model(LightningModule):
            def configure_optimizers(self):
                opt = torch.optim.{optimizer}(self.parameters(), lr={lr})
                return [opt], [torch.optim.lr_scheduler.{torch}(opt, T_max={total})]
        """,
}
MMENGINE: Tree = {
    "configs/_base_/schedule.py": """\
        lr = {lr}
        optim_wrapper = dict(optimizer=dict(type='{optimizer}', lr=lr, weight_decay=0.05))
        param_scheduler = [
            dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=500),
            dict(type='MultiStepLR', begin=0, end=12, milestones=[8, 11], gamma=0.1),
        ]
        """,
    "configs/swin.py": "_base_ = ['./_base_/schedule.py']\nmax_epochs = 300\n",
    "configs/metafile.yml": "Models:\n  - Name: swin\n    Config: configs/swin.py\n    LR: {lr}\n",
}
SPEECHBRAIN: Tree = {
    "hparams/train.yaml": """\
        seed: !apply:random.randint [0, 99]
        lr: {lr}
        lr_final: 0.0001
        number_of_epochs: 15
        lr_annealing: !new:speechbrain.nnet.schedulers.LinearScheduler
            initial_value: !ref <lr>
            final_value: !ref <lr_final>
            epoch_count: !ref <number_of_epochs>
        noam_annealing: !new:speechbrain.nnet.schedulers.NoamScheduler
            lr_initial: !ref <lr>
            n_warmup_steps: 25000
        """,
}
DRQ: Tree = {
    "cfgs/config.yaml": """\
        defaults: [task@_global_: easy, override hydra/launcher: submitit_local]
        lr: {lr}
        agent:
          _target_: drqv2.DrQV2Agent
          lr: ${{lr}}
          stddev_schedule: ${{stddev_schedule}}
          stddev_clip: 0.3
        """,
    "cfgs/task/easy.yaml": "num_train_frames: {total}\nstddev_schedule: 'linear(1.0,0.1,5000)'\n",
    "cfgs/task/hard.yaml": "stddev_schedule: 'step_linear(1.0,0.5,100000,0.1,2000000)'\n",
}
FINETUNERS: Tree = {
    "examples/axolotl.yml": """\
        base_model: x/y
        optimizer: adamw_torch
        lr_scheduler: {hf}
        learning_rate: {lr}
        warmup_ratio: 0.1
        cosine_min_lr_ratio: 0.1
        """,
    "examples/llamafactory.yaml": """\
        learning_rate: {lr}
        lr_scheduler_type: {hf}
        num_train_epochs: 3.0
        warmup_ratio: 0.1
        """,
    "accelerate.yaml": "deepspeed_config: {{gradient_clipping: 1.0, zero_stage: 3}}\n",
    "ds.yaml": "scheduler: {{type: WarmupDecayLR, params: {{warmup_min_lr: auto}}}}\n",
}
AROUND: Tree = {
    "recipe/meta.yaml": '{{% set version = "1" %}}\npackage: {{{{ name }}}}\nlr: {lr}\n',
    "chart/templates/job.yaml": "{{{{- if .Values.gpu }}}}\nlr: {lr}\n{{{{- end }}}}\n",
    ".github/workflows/ci.yml": "on: [push]\njobs: {{t: {{steps: [{{run: 'x --lr {lr}'}}]}}}}\n",
    "docs/usage.md": "```python\nscheduler = StepLR(optimizer, step_size=30)\n```\n",
    "docker-compose.yml": "services: {{x: {{command: 'train {total}', ports: ['80:80']}}}}\n",
    "mkdocs.yml": "site_name: x\nmarkdown_extensions:\n  - pymdownx.superfences\n",
    "chart/templates/cron.yaml": "spec:\n  schedule: '*/5 * * * *'\n  x: {{{{ .Values.x }}}}\n",
    ".github/dependabot.yml": "updates: [{{schedule: {{interval: weekly, day: monday}}}}]\n",
    ".pre-commit-config.yaml": "ci: {{autoupdate_schedule: monthly}}\nrepos: []\n",
    "playbook.yml": "- hosts: all\n  tasks: [{{cron: {{name: a}}, schedule: daily}}]\n",
    "openapi.yaml": "schemas: {{Schedule: {{properties: {{lr: {{default: 0.1}}}}}}}}\n",
    "train.ipynb": '{{"cells": [{{"source": ["lr = cosine(1, 0"]}}], "nbformat": 4}}\n',
    "train.yaml.j2": "lr: {{{{ lr }}}}\nschedule: {{{{ schedule | default('cosine') }}}}\n",
    "latin.yaml": "lr: caf\u00e9\nschedule: cosine\n",
    "notes.yaml": "text: use step(3) and linear (see 4.2)\nformula: 'exp(x) * log(y)'\nconst: pi\n",
}
OTHERS: Tree = {
    "hyperparams/ppo.yml": """\
        Hopper-v4:
          n_timesteps: !!float 1e6
          policy_kwargs: "dict(net_arch=[256, 256])"
          learning_rate: lin_2.5e-4
          clip_range: lin_0.1
        """,
    "composer.yaml": """\
        scheduler: {{name: cosine_with_warmup, t_warmup: 100ba, alpha_f: 0.1}}
        max_duration: {total}ba
        optimizer: {{name: decoupled_adamw, lr: {lr}}}
        """,
    "detectron.yaml": """\
        _BASE_: Base-RCNN-FPN.yaml
        SOLVER: {{BASE_LR: {lr}, STEPS: "(60000, 80000)", MAX_ITER: {total}}}
        """,
    "sweep.yaml": """\
        program: train.py
        parameters:
          lr: {{distribution: log_uniform_values, min: 1e-5, max: 1e-1}}
          lr_scheduler: {{values: [cosine, linear, constant]}}
          schedule: {{value: step}}
        """,
    "levanter.yaml": """\
        optimizer: {{learning_rate: {lr}, lr_schedule: cosine, decay: 0.2, warmup: 0.01}}
        """,
    "own.py": """\
        import re
        from celery import schedule
        from mylib import compile, parse, lint

        class Scheduler:
            def replan(self, spec): ...

        Scheduler().replan("not one (")
        schedule("every(5)")
        compile("cosin(1)"), parse("x >>"), lint("))"), re.compile("a|b")
        parser.add_argument("--schedule", default="step(30,0.1)", help="'cosine' or 'step(30)'")
        """,
    "jax_train.py": """\
        import keras
        import optax

        def cosine(x, y):
            return x

        schedule = optax.join_schedules(
            [optax.linear_schedule(0, {lr}, 100), optax.constant_schedule({lr})], [100])
        lr = cosine(1, 2)
        decay = keras.optimizers.schedules.CosineDecay({lr}, {total}, alpha=0.1)
        """,
}

TREES = {
    "hydra": HYDRA, "lrdsl": LRDSL, "omegaconf": OMEGACONF, "fairseq": FAIRSEQ, "nemo": NEMO,
    "torchtune": TORCHTUNE, "lightning": LIGHTNING, "mmengine": MMENGINE,
    "speechbrain": SPEECHBRAIN, "drq": DRQ, "finetuners": FINETUNERS, "around": AROUND,
    "others": OTHERS,
}  # fmt: skip
PROJECTS: list[dict[str, Any]] = [
    {
        "lr": "1e-4", "total": 100_000, "epoch": 500, "optimizer": "AdamW",
        "torch": "CosineAnnealingLR", "hf": "cosine",
        "spec": "warmup(2000, peak/2001) >> cosine(peak, peak/10)",
    },
    {
        "lr": "3e-4", "total": 90_000, "epoch": 1251, "optimizer": "SGD",
        "torch": "StepLR", "hf": "linear",
        "spec": "warmup(5ep) >> hold() | interval[30ep:*0.1, 60ep:*0.1]",
    },
    {
        "lr": "0.0005", "total": 400_000, "epoch": 1000, "optimizer": "Adam",
        "torch": "ReduceLROnPlateau", "hf": "constant_with_warmup",
        "spec": "warmup(10k) >> hold() >> cooldown(sqrt, 20%)",
    },
    {
        "lr": "2e-5", "total": 10_000, "epoch": 77.5, "optimizer": "RAdam",
        "torch": "OneCycleLR", "hf": "inverse_sqrt",
        "spec": "warmup(3%) >> cosine(_, 0, 97%)",
    },
]  # fmt: skip


def written(tree: Tree, project: Mapping[str, Any], folder: Path) -> None:
    (folder / ".git").mkdir()
    for name, text in tree.items():
        path = folder / name.format(**project)
        path.parent.mkdir(parents=True, exist_ok=True)
        filled = textwrap.dedent(text).format(**project) if name != ".gitignore" else text
        path.write_text(filled, encoding="latin-1" if name == "latin.yaml" else "utf-8")


@pytest.mark.parametrize("project", PROJECTS, ids=[each["spec"] for each in PROJECTS])
@pytest.mark.parametrize("kind", TREES)
@pytest.mark.parametrize("known", [False, True], ids=["alone", "in a run"])
def test_a_tree_is_clean(
    kind: str,
    project: dict[str, Any],
    known: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written(TREES[kind], project, tmp_path)
    monkeypatch.chdir(tmp_path)
    run = ["--total-steps", project["total"], "--steps-per-epoch", project["epoch"]]
    run += ["--base-lr", project["lr"], "--set", f"peak={project['lr']}"]
    done = CliRunner().invoke(cli, ["lint", ".", *map(str, run if known else [])])
    assert done.exit_code == 0, done.output
    assert not any([sign in done.stdout for sign in ("error", "warning", "hint")]), done.stdout


def test_there_are_enough_of_them() -> None:
    assert len(TREES) * len(PROJECTS) >= 40


@pytest.mark.parametrize("kind", [kind for kind in TREES if kind not in ("lrdsl", "around")])
def test_fmt_leaves_other_peoples_trees_alone(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(TREES[kind], PROJECTS[0], tmp_path)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["fmt", "--check", "."])
    assert done.exit_code == 0, done.output


NUMBER = "lr: 1e-4\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        pytest.param({"a.yaml": NUMBER}, True, id="plain"),
        pytest.param({"a.yaml": "optimizer: {lr: 3E5}\n"}, True, id="further inside"),
        pytest.param({"a.yaml": f"defaults: [_self_]\n{NUMBER}"}, False, id="Hydra's defaults"),
        pytest.param({"a.yaml": f"{NUMBER}_target_: torch.optim.SGD\n"}, False, id="a target"),
        pytest.param({"a.yaml": f"{NUMBER}eps: ${{lr}}\n"}, False, id="a reference"),
        pytest.param({"a.yaml": f"# @package _global_\n{NUMBER}"}, False, id="a package"),
        pytest.param(
            {"conf/config.yaml": "defaults:\n  - optim: sgd\n", "conf/optim/a.yaml": NUMBER},
            False,
            id="a config of Hydra above",
        ),
        pytest.param({"a.yaml": "lr: 1.0e-4\n"}, False, id="a number"),
        pytest.param({"a.yaml": "lr: '1e-4'\n"}, False, id="text that is meant"),
    ],
)
@pytest.mark.parametrize("is_set", [False, True])
def test_numbers_that_pyyaml_reads_as_text(
    files: Tree, found: bool, is_set: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    table = "[tool.lrdsl.lint.rules.numeric-string]\npyyaml = true\n" if is_set else ""
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["lint", "."])
    assert ("numeric-string" in done.stdout) is (found and is_set)
