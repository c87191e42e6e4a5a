"""Several optimizers of one Scheduler in trainings: Lightning, Accelerate, FSDP2, two ranks."""

import json
import random

import pytest

import lrdsl
from tests.support.peers import peer

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from lrdsl.torch import Scheduler, attach  # noqa: E402
from tests.support.ranks import needs_gloo, on_ranks  # noqa: E402
from tests.support.warm import needs_kill  # noqa: E402

LR = {"lr": {"muon/*": "warmup(5) >> cosine(_, 0)", "adamw/*": "linear(base, 0)"}}
TOTAL = 24


def expected(start=0, stop=TOTAL):
    muon = lrdsl.compile("warmup(5) >> cosine(_, 0)", base_lr=0.02, total_steps=TOTAL)
    adamw = lrdsl.compile("linear(base, 0)", base_lr=0.001, total_steps=TOTAL)
    return [[muon(t), adamw(t)] for t in range(start, stop)]


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))


def optimizers_of(model):
    matrices = [p for p in model.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if p.ndim != 2]
    return torch.optim.Muon(matrices, lr=0.02), torch.optim.AdamW(others, lr=0.001)


def batches(count):
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(count, 4, generator=generator)
    return torch.utils.data.TensorDataset(inputs, inputs.sum(dim=1, keepdim=True))


def noting(optimizers):
    """A list of the rates that each update of the last optimizer is made with."""
    made = []

    def note(*_):
        made.append([each.param_groups[0]["lr"] for each in optimizers])

    optimizers[-1].register_step_pre_hook(note)
    return made


# Lightning.


def lightning_module(lightning, kind):
    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = network()
            self.automatic_optimization = kind == "automatic"

        def configure_optimizers(self):
            self.muon, self.adamw = optimizers_of(self.model)
            self.made = noting([self.muon, self.adamw])
            both = {"muon": self.muon, "adamw": self.adamw}
            make = Scheduler if kind == "manual, by calls" else attach
            self.scheduler = make(both, LR, total_steps=TOTAL, values={"ema": "linear(0, 1)"})
            # By automatic optimization Lightning steps one: the other steps beside it.
            return self.muon if kind == "automatic" else [self.muon, self.adamw]

        def loss(self, batch):
            inputs, targets = batch
            return nn.functional.mse_loss(self.model(inputs), targets)

        def training_step(self, batch, index):
            if kind == "automatic":
                return self.loss(batch)
            for each in self.optimizers():
                each.zero_grad()
            self.manual_backward(self.loss(batch))
            for each in self.optimizers():
                each.step()
            if kind == "manual, by calls":
                self.scheduler.step()

        def optimizer_step(self, epoch, index, optimizer, closure):
            optimizer.step(closure=closure)
            self.adamw.step()
            self.adamw.zero_grad()

        def on_save_checkpoint(self, checkpoint):
            checkpoint["schedule"] = self.scheduler.state_dict()
            checkpoint["adamw"] = self.adamw.state_dict()

        def on_load_checkpoint(self, checkpoint):
            self.loaded = checkpoint

        def on_train_start(self):
            if hasattr(self, "loaded"):
                self.adamw.load_state_dict(self.loaded["adamw"])
                self.scheduler.load_state_dict(self.loaded["schedule"])

    return Module()


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore:`isinstance")
@pytest.mark.parametrize(
    ("kind", "accumulate"),
    [
        pytest.param("manual", 1, id="manual"),
        pytest.param("manual, by calls", 1, id="manual, by calls"),
        pytest.param("automatic", 1, id="automatic"),
        pytest.param("automatic", 2, id="automatic, accumulating"),
    ],
)
def test_lightning(kind, accumulate, tmp_path):
    lightning = peer("lightning")

    def trainer(epochs):
        return lightning.Trainer(
            accelerator="cpu",
            max_epochs=epochs,
            accumulate_grad_batches=accumulate,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
        )

    loader = torch.utils.data.DataLoader(batches(6 * 4 * accumulate), batch_size=4)
    module = lightning_module(lightning, kind)
    first = trainer(2)
    first.fit(module, loader)
    assert module.made == expected(0, 12)
    first.save_checkpoint(tmp_path / "last.ckpt")
    again = lightning_module(lightning, kind)
    trainer(4).fit(again, loader, ckpt_path=tmp_path / "last.ckpt")
    assert again.made == expected(12)
    assert (again.scheduler.last_epoch, again.scheduler.values["ema"]) == (TOTAL, 1.0)


# Accelerate.


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_accelerate(clock, tmp_path):
    peer("accelerate")
    from accelerate import Accelerator

    def train(upto, resume=None):
        accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
        model = network()
        loader = torch.utils.data.DataLoader(batches(2 * TOTAL * 4), batch_size=4)
        inner = optimizers_of(model)
        made = noting(inner)
        model, muon, adamw, loader = accelerator.prepare(model, *inner, loader)
        both = {"muon": muon, "adamw": adamw}
        scheduler = Scheduler(both, LR, total_steps=TOTAL, clock=clock)
        assert [*scheduler.optimizers.values()] == [*inner]
        accelerator.register_for_checkpointing(scheduler)
        if resume is not None:
            accelerator.load_state(resume)
        for index, (inputs, targets) in enumerate(loader):
            if index < 2 * scheduler.last_epoch and resume is not None:
                continue
            if scheduler.last_epoch == upto:
                break
            with accelerator.accumulate(model):
                accelerator.backward(nn.functional.mse_loss(model(inputs), targets))
                muon.step()
                adamw.step()
                if clock == "calls" and accelerator.sync_gradients:
                    scheduler.step()
                muon.zero_grad()
                adamw.zero_grad()
        accelerator.save_state(tmp_path / "state")
        return made

    assert train(10) == expected(0, 10)
    assert train(TOTAL, resume=tmp_path / "state") == expected(10)


# FSDP2 and two ranks.

_TRAIN = f"""
LR, TOTAL = {json.dumps(LR)}, {TOTAL}
from torch import nn
from lrdsl.torch import attach

def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))

def optimizers_of(model, Matrices=torch.optim.Muon):
    matrices = [p for p in model.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if p.ndim != 2]
    return Matrices(matrices, lr=0.02), torch.optim.AdamW(others, lr=0.001)
"""


@needs_gloo
def test_fsdp2(tmp_path):
    fsdp = pytest.importorskip("torch.distributed.fsdp", exc_type=ImportError)
    if not hasattr(fsdp, "fully_shard"):
        pytest.skip("this torch has no fully_shard")
    script = f"""
        {_TRAIN.replace(chr(10), chr(10) + "        ")}
        import torch.distributed.checkpoint as dcp
        from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
        from torch.distributed.fsdp import fully_shard

        def train(start, upto, folder=None):
            model = network()
            fully_shard(model)
            both = optimizers_of(model, torch.optim.AdamW)  # Muon takes no shards of a matrix
            schedule = attach(dict(zip(("muon", "adamw"), both)), LR, total_steps=TOTAL)
            if start:
                weights, states = get_state_dict(model, both)
                state = {{"model": weights, "optimizers": states}}
                state["schedule"] = schedule.state_dict()
                dcp.load(state, checkpoint_id="state")
                set_state_dict(
                    model, both, model_state_dict=state["model"],
                    optim_state_dict=state["optimizers"],
                )
                schedule.load_state_dict(state["schedule"])
            made = []
            while schedule.last_epoch < upto:
                made.append([each.param_groups[0]["lr"] for each in both])
                model(torch.ones(2, 4) * (rank + 1)).sum().backward()
                for each in both:
                    each.step()
                    each.zero_grad()
            if not start:
                weights, states = get_state_dict(model, both)
                state = {{"model": weights, "optimizers": states}}
                state["schedule"] = schedule.state_dict()
                dcp.save(state, checkpoint_id="state")
            return made

        found["first"], found["rest"] = train(0, 10), train(10, TOTAL)
    """
    for each in on_ranks(tmp_path, script):
        assert each == {"first": expected(0, 10), "rest": expected(10)}


KILLS = 10


@needs_gloo
@needs_kill
def test_two_ranks_killed_again_and_again(tmp_path):
    """Both processes of a training are killed ten times: one list of rates, that of no kill."""
    choose = random.Random(4)
    updates = sorted(choose.sample(range(1, TOTAL), KILLS))
    kills = [[update, [choose.randrange(4) for _ in range(2)]] for update in updates]
    script = f"""
        {_TRAIN.replace(chr(10), chr(10) + "        ")}
        import signal

        def train(round, kill):
            def now(moment):
                if kill is not None and kill[0] == update and kill[1][rank] == moment:
                    os.kill(os.getpid(), signal.SIGKILL)

            distributed.init_process_group(
                "gloo", init_method=f"file://{{os.getcwd()}}/meeting{{round}}", rank=rank,
                world_size=world, timeout=timedelta(seconds=60),
            )
            model = network()
            both = optimizers_of(model)
            schedule = attach(dict(zip(("muon", "adamw"), both)), LR, total_steps=TOTAL)
            if os.path.exists("last.pt"):
                weights, of_both, of_schedule = torch.load("last.pt", weights_only=True)
                model.load_state_dict(weights)
                for each, own in zip(both, of_both):
                    each.load_state_dict(own)
                schedule.load_state_dict(of_schedule)
            with open(f"log{{rank}}", "a") as log:
                for update in range(schedule.last_epoch, TOTAL):
                    model(torch.ones(2, 4) * (rank + 1)).sum().backward()
                    for parameter in model.parameters():
                        distributed.all_reduce(parameter.grad)
                    now(0)
                    rates = [each.param_groups[0]["lr"] for each in both]
                    log.write(json.dumps([update, *rates]) + "\\n")
                    log.flush()
                    both[0].step()
                    now(1)
                    both[1].step()
                    now(2)
                    for each in both:
                        each.zero_grad()
                    if update % 2:
                        distributed.barrier()
                        if rank == 0:
                            state = (model.state_dict(), [x.state_dict() for x in both],
                                     schedule.state_dict())
                            torch.save(state, "next.pt")
                            now(3)
                            os.replace("next.pt", "last.pt")
                        distributed.barrier()
                    now(3)

        torch.set_num_threads(1)
        for round, kill in enumerate([*{kills!r}, None]):
            child = os.fork()
            if not child:
                try:
                    train(round, kill)
                    distributed.barrier()
                except BaseException as error:  # the other process is gone
                    print(repr(error), file=sys.stderr)
                    os._exit(1)
                os._exit(0)
            ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            found.setdefault("ended", []).append(ended)
        found["log"] = [json.loads(line) for line in open(f"log{{rank}}")]
    """
    first, second = on_ranks(tmp_path, script, meet=False)
    assert first["ended"][-1] == second["ended"][-1] == 0
    assert -9 in first["ended"]
    assert -9 in second["ended"]
    killed = zip(first["ended"][:-1], second["ended"][:-1], strict=True)
    assert all([min(pair) < 0 for pair in killed])
    for each in (first, second):
        rates = {update: lrs for update, *lrs in each["log"]}
        assert len(each["log"]) > TOTAL
        assert all(rates[update] == lrs for update, *lrs in each["log"])
        assert [rates[t] for t in range(TOTAL)] == expected()
