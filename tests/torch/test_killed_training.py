"""Training that is killed again and again has the learning rates of an unbroken run."""

import os
import random
import signal

import pytest

torch = pytest.importorskip("torch")

from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.warm import kill_each, needs_kill  # noqa: E402

UPDATES, KILLS = 420, 20
SPEC = "warmup(50) >> (cosine(base, 0.01, 250) | plateau(0.7, patience=2)) >> hold()"

pytestmark = needs_kill


MOMENTS = ("before the update", "after it", "after the schedule's step", "while saving")


def train(folder, clock, kill=None):
    """Train from the last checkpoint on, noting the learning rate of each update in a file.

    `kill` is the update in which the process kills itself, and the moment.
    """

    def now(moment):
        if (update, moment) == kill:
            os.kill(os.getpid(), signal.SIGKILL)

    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.25, momentum=0.9)
    scheduler = Scheduler(optimizer, SPEC, clock=clock)
    checkpoint = folder / "last.pt"
    if checkpoint.exists():
        of_optimizer, of_scheduler = torch.load(checkpoint, weights_only=True)
        optimizer.load_state_dict(of_optimizer)
        scheduler.load_state_dict(of_scheduler)
    with open(folder / "log", "a", encoding="utf-8") as log:
        for update in range(scheduler.last_epoch, UPDATES):
            if update == 330:
                scheduler.cooldown_now(60, "sqrt")
            log.write(f"{update} {optimizer.param_groups[0]['lr']!r}\n")
            log.flush()
            now("before the update")
            optimizer.step()
            now("after it")
            if clock == "calls":
                scheduler.step()
            if update % 20 == 19:
                scheduler.observe(1.0 + update % 60)
            now("after the schedule's step")
            if update % 7 == 6:
                state = optimizer.state_dict(), scheduler.state_dict()
                torch.save(state, folder / "next.pt")
                now("while saving")
                os.replace(folder / "next.pt", checkpoint)
            now("while saving")


def noted(folder):
    """The learning rate of each update, in whole lines."""
    lines = (folder / "log").read_text(encoding="utf-8").split("\n")[:-1]
    found = {}
    for line in lines:
        update, lr = line.split()
        # What has been trained with before the kill is trained with again.
        assert found.setdefault(int(update), lr) == lr
    return found


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_killed_runs_are_the_unbroken_one(clock, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    train(whole, clock)
    choose = random.Random(clock)
    updates = sorted(choose.sample(range(UPDATES), KILLS))
    kill_each(train, broken, clock, [(update, choose.choice(MOMENTS)) for update in updates])
    train(broken, clock)
    found = noted(broken)
    assert [*found] == [*range(UPDATES)]
    assert found == noted(whole)
