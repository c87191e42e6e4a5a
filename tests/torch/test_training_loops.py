"""Twelve ways of making the same 200 updates: the learning rates of all are one list.

What counts is the learning rate that an update is made with, noted by the optimizer itself.
"""

import functools
import tempfile
import warnings
from pathlib import Path

import pytest

import lrdsl
from tests.support.peers import peer

torch = pytest.importorskip("torch")

from torch.optim import SGD, AdamW  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.ranks import needs_gloo, on_ranks  # noqa: E402

UPDATES, BASE = 200, 0.25
SPEC = "warmup(20) >> cosine(base, 0.01, 80%) | interval[120: *0.5]"
EXPECTED = lrdsl.compile(SPEC, total_steps=UPDATES, base_lr=BASE).values(UPDATES).tolist()

pytestmark = pytest.mark.filterwarnings(
    "ignore:`step..` does nothing by the clock of updates:UserWarning"
)


class Run:
    """A model of one layer, an optimizer that notes what it is told, and a Scheduler."""

    def __init__(self, clock, made=SGD, lr=BASE, load=None, before=False):
        torch.manual_seed(0)
        self.clock, self.found = clock, []
        self.model = torch.nn.Linear(2, 1)
        self.optimizer = made(self.model.parameters(), lr=lr)
        note(self.optimizer, self.found)
        if load is not None and before:
            self.optimizer.load_state_dict(load)
        self.scheduler = Scheduler(self.optimizer, SPEC, total_steps=UPDATES, clock=clock)
        if load is not None and not before:
            self.optimizer.load_state_dict(load)

    def loss(self):
        return self.model(torch.ones(1, 2)).sum()

    def backward(self):
        self.loss().backward()

    def update(self):
        self.optimizer.step()
        self.after()

    def after(self):
        """What follows an update that has been made."""
        if self.clock == "calls":
            self.scheduler.step()
        self.optimizer.zero_grad()

    def train(self, updates=UPDATES):
        for _ in range(updates):
            self.backward()
            self.update()
        return self.found


def note(optimizer, found):
    """Have the learning rate of the first group noted when an update has been made with it."""

    @torch.compiler.disable
    def hook(optimizer, args, kwargs):
        found.append(float(optimizer.param_groups[0]["lr"]))

    optimizer.register_step_post_hook(hook)


def plain(clock, tmp_path):
    return Run(clock).train()


def accumulation(clock, tmp_path):
    run = Run(clock)
    for batch in range(4 * UPDATES):
        run.backward()
        if batch % 4 == 3:
            run.update()
    return run.found


def amp(clock, tmp_path):
    """A GradScaler skips updates; by the clock of calls the loop must see that it did."""
    run = Run(clock)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=10**6)
    batch = 0
    while len(run.found) < UPDATES:
        scaler.scale(run.loss() * (float("inf") if batch % 7 == 3 else 1.0)).backward()
        before = len(run.found)
        scaler.step(run.optimizer)
        scaler.update()
        if len(run.found) > before:
            run.after()
        run.optimizer.zero_grad()
        batch += 1
    assert batch > UPDATES + 20
    return run.found


@functools.cache
def on_two_ranks():
    """By clock, what each of two processes trains with."""
    with tempfile.TemporaryDirectory() as folder:
        return on_ranks(
            Path(folder),
            """
            from tests.torch.test_training_loops import Run

            for clock in ("calls", "updates"):
                run = Run(clock)
                run.model = torch.nn.parallel.DistributedDataParallel(run.model)
                found[clock] = run.train()
            """,
        )


def ddp(clock, tmp_path):
    """Two processes, which agree."""
    first, second = on_two_ranks()
    assert first[clock] == second[clock]
    return first[clock]


def accelerate(clock, tmp_path):
    """Accelerate, which accumulates over two batches."""
    library = peer("accelerate")
    run = Run(clock)
    accelerator = library.Accelerator(cpu=True, gradient_accumulation_steps=2)
    model, optimizer, scheduler = accelerator.prepare(run.model, run.optimizer, run.scheduler)
    for _ in range(2 * UPDATES):
        with accelerator.accumulate(model):
            accelerator.backward(model(torch.ones(1, 2)).sum())
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    return run.found


def lightning(clock, tmp_path):
    library = peer("lightning")
    run = Run(clock)

    class Module(library.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = run.model

        def training_step(self, batch):
            return self.model(batch).sum()

        def configure_optimizers(self):
            plan = {"scheduler": run.scheduler, "interval": "step"}
            return {"optimizer": run.optimizer, "lr_scheduler": plan}

    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = library.Trainer(
        max_steps=UPDATES,
        accelerator="cpu",
        enable_checkpointing=False,
        default_root_dir=tmp_path,
        **quiet,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(Module(), torch.utils.data.DataLoader(torch.ones(UPDATES, 2)))
    return run.found


def trainer(clock, tmp_path):
    """transformers' Trainer."""
    library = peer("transformers")
    peer("accelerate")
    run = Run(clock)

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = run.model

        def forward(self, x, labels=None):
            return {"loss": self.layer(x).sum()}

    arguments = library.TrainingArguments(
        output_dir=str(tmp_path),
        max_steps=UPDATES,
        per_device_train_batch_size=1,
        use_cpu=True,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        logging_strategy="no",
    )
    data = [{"x": torch.ones(2), "labels": torch.zeros(1)}] * UPDATES
    library.Trainer(
        Model(), arguments, train_dataset=data, optimizers=(run.optimizer, run.scheduler)
    ).train()
    return run.found


def resumed(clock, tmp_path, *, optimizer=True, before=False, made=100):
    """The first updates in one process, so to speak, and the others in the next."""
    first = Run(clock)
    first.train(made)
    path = tmp_path / "checkpoint.pt"
    torch.save((first.optimizer.state_dict(), first.scheduler.state_dict()), path)
    state, scheduler_state = torch.load(path, weights_only=True)
    second = Run(clock, load=state if optimizer else None, before=before)
    second.scheduler.load_state_dict(scheduler_state)
    return first.found + second.train(UPDATES - made)


def group_added(clock, tmp_path):
    run = Run(clock)
    run.train(50)
    more = [torch.nn.Parameter(torch.zeros(1))]
    others = []
    run.optimizer.add_param_group({"params": more, "lr": BASE})
    run.optimizer.register_step_pre_hook(
        lambda optimizer, args, kwargs: others.append(optimizer.param_groups[1]["lr"])
    )
    run.train(UPDATES - 50)
    assert others == EXPECTED[50:]
    return run.found


def compiled(clock, tmp_path):
    """The optimizer's step is compiled, and its learning rate a Tensor, here of 64 bits."""
    torch._dynamo.reset()
    lr = torch.tensor(BASE, dtype=torch.float64)
    run = Run(clock, AdamW, lr)
    step = torch.compile(lambda: run.optimizer.step(), backend="eager")
    for _ in range(UPDATES):
        run.backward()
        step()
        run.after()
    return run.found


WAYS = [
    pytest.param(plain, id="plain"),
    pytest.param(accumulation, id="accumulation"),
    pytest.param(amp, id="amp with skips"),
    pytest.param(ddp, id="ddp of two", marks=needs_gloo),
    pytest.param(accelerate, id="accelerate"),
    pytest.param(lightning, id="lightning"),
    pytest.param(trainer, id="trainer"),
    pytest.param(functools.partial(resumed, made=73), id="resumed at 73"),
    pytest.param(
        functools.partial(resumed, optimizer=False), id="resumed without the optimizer's state"
    ),
    pytest.param(functools.partial(resumed, before=True), id="optimizer loaded before"),
    pytest.param(resumed, id="optimizer loaded after"),
    pytest.param(group_added, id="a group added at 50"),
    pytest.param(compiled, id="compiled"),
]


@pytest.mark.parametrize("clock", ["calls", "updates"])
@pytest.mark.parametrize("way", WAYS)
def test_all_ways_are_one(way, clock, tmp_path):
    assert way(clock, tmp_path) == EXPECTED
