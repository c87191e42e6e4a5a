"""docs/trainers/ddp.md: DistributedDataParallel, on two processes that talk through gloo."""

import re

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from tests.support.ranks import needs_gloo  # noqa: E402
from tests.support.trainer_pages import code, expected, on_ranks  # noqa: E402
from tests.support.warm import warm_python  # noqa: E402

pytestmark = needs_gloo

BATCHES = 29  # in an epoch of one rank: 1797 digits, two ranks, 32 at a time
SPEC = "warmup(10%) >> cosine()"


def test_learning_rates_on_two_ranks(tmp_path):
    first, second = on_ranks(
        tmp_path,
        """
        dist.init_process_group("gloo")
        pages = {"updates": module(code("ddp")), "calls": module(by_calls(code("ddp")))}
        for clock, page in pages.items():
            for accumulate in (1, 4):
                with updates_of(torch.optim.SGD) as made:
                    accuracy = page.train("whole.pt", 2, accumulate)
                found[f"{clock} {accumulate}"] = made
                found[f"{clock} {accumulate} accuracy"] = accuracy
            with updates_of(torch.optim.SGD) as made:
                broken_off(page.train, f"{clock}.pt", 2, 4)
                found[f"{clock} before"] = list(made)
                page.train(f"{clock}.pt", 2, 4, resume=True)
            found[f"{clock} resumed"] = made

        # Optimizers around another one: ZeRO has hooks of its own, the other one has none.
        from torch.distributed.optim import PostLocalSGDOptimizer, ZeroRedundancyOptimizer
        from torch.nn.parallel import DistributedDataParallel
        from lrdsl.torch import Scheduler

        class Averager:
            def average_parameters(self, params):
                pass

        sgd = torch.optim.SGD
        around = {
            "ZeRO": lambda parameters: ZeroRedundancyOptimizer(parameters, sgd, lr=0.5),
            "local": lambda parameters: PostLocalSGDOptimizer(sgd(parameters, 0.5), Averager()),
        }
        for clock in ("updates", "calls"):
            for kind, make in around.items():
                layers = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 2))
                model = DistributedDataParallel(layers)
                with updates_of(sgd) as made:
                    optimizer = make(model.parameters())
                    scheduler = Scheduler(optimizer, "linear(base, 0, 10)", clock=clock)
                    for _ in range(4):
                        model(torch.ones(1, 3)).sum().backward()
                        optimizer.step()
                        optimizer.zero_grad()
                        if clock == "calls":
                            scheduler.step()
                found[f"{clock} {kind}"] = made
        """,
    )
    assert first == second  # the same rates, and the same network in the end
    for clock in ("updates", "calls"):
        for accumulate, updates in ((1, 2 * BATCHES), (4, 2 * 8)):
            wanted = expected(SPEC, updates, total_steps=updates, base_lr=0.2)
            assert first[f"{clock} {accumulate}"] == wanted
            assert first[f"{clock} {accumulate} accuracy"] > 0.6
        assert len(first[f"{clock} before"]) == 8
        assert first[f"{clock} resumed"] == first[f"{clock} 4"]
        for kind in ("ZeRO", "local"):
            assert first[f"{clock} {kind}"] == expected("linear(base, 0, 10)", 4, base_lr=0.5)


def test_the_command(tmp_path):
    (tmp_path / "train.py").write_text(code("ddp"), encoding="utf-8")
    torchrun = tmp_path / "torchrun.py"
    torchrun.write_text("from torch.distributed.run import main\nmain()\n", encoding="utf-8")
    options = ["--standalone", "--nproc-per-node", "2"]
    done = warm_python(str(torchrun), *options, "train.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(re.findall(r"rank (\d): accuracy 0\.[89]", done.stdout)) == ["0", "1"]
