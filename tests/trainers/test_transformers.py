"""docs/trainers/transformers.md: the learning rate of every update that the Trainer makes."""

from functools import partial
from pathlib import Path

import pytest

import lrdsl
from tests.support.peers import peer

torch = pytest.importorskip("torch")
transformers = peer("transformers")
peer("accelerate")
pytest.importorskip("sklearn")

from lrdsl.torch import Scheduler, attach  # noqa: E402
from tests.support.trainer_pages import code, expected, trained, updates_of  # noqa: E402

EPOCHS, BATCHES = 3, 23  # 1440 digits, 64 at a time
SPEC = "warmup(1ep) >> cosine()"
AdamW = torch.optim.AdamW

pytestmark = pytest.mark.filterwarnings("error:.*clock of updates")


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    quiet = {"disable_tqdm": True, "logging_strategy": "no", "use_cpu": True}
    more = {"dataloader_pin_memory": False, "per_device_eval_batch_size": 512}
    with pytest.MonkeyPatch.context() as patch:
        arguments = partial(transformers.TrainingArguments, **quiet, **more)
        patch.setattr(transformers, "TrainingArguments", arguments)
        yield


@pytest.fixture(scope="module")
def ran(tmp_path_factory, _quiet):
    """The page, run from its first line to its last, and the learning rates of its updates."""
    return trained(code("transformers"), AdamW, tmp_path_factory.mktemp("page"))


@pytest.fixture
def page(ran, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return ran[0]


def of_run(epoch, spec=SPEC, epochs=EPOCHS):
    """What a run of so many updates in an epoch is to train with."""
    total = epochs * epoch
    return expected(spec, total, total_steps=total, steps_per_epoch=epoch, base_lr=0.01)


def train(page, folder="here", resume=None, **options):
    with updates_of(AdamW) as made:
        page.digits_trainer(folder, **options).train(resume_from_checkpoint=resume)
    return made


def test_the_page(ran):
    _, made = ran
    accumulated, whole = of_run(6), of_run(BATCHES)
    runs = [
        accumulated,
        of_run(BATCHES, "warmup(5%) >> cosine()"),
        whole,
        whole[39:],
        of_run(BATCHES, epochs=4)[39:],
        of_run(BATCHES, "cosine() | every(1ep)"),
    ]
    known = [lr for run in runs for lr in run]
    assert made[: len(known)] == known
    assert made[-18:] == accumulated
    assert len(made) == len(known) + 69 + 18


@pytest.mark.parametrize("drive", [attach, Scheduler])
@pytest.mark.parametrize("accumulate", [2, 5, 40])
def test_gradients_accumulate(page, drive, accumulate):
    made = train(page, drive=drive, gradient_accumulation_steps=accumulate)
    assert made == of_run(-(-BATCHES // accumulate))


@pytest.mark.parametrize("drive", [attach, Scheduler])
@pytest.mark.parametrize(("accumulate", "updates"), [(1, 69), (2, 36)])
def test_a_resumed_run(page, drive, accumulate, updates):
    options = {"drive": drive, "gradient_accumulation_steps": accumulate}
    whole = train(page, **options)
    assert len(whole) == updates
    for broken_at in (13, 26):
        assert train(page, resume=f"here/checkpoint-{broken_at}", **options) == whole[broken_at:]


def test_a_resume_with_the_optimizers_state_alone(page):
    """Without the scheduler's state the Trainer loads neither: the run begins anew."""
    train(page)
    Path("here/checkpoint-39/scheduler.pt").unlink()
    assert train(page, resume="here/checkpoint-39") == of_run(BATCHES)[: 69 - 39]


def test_another_schedule_is_told_at_the_first_update(page, recwarn):
    """As the page says: the Trainer drops the warnings of loading."""
    train(page)
    recwarn.clear()
    options = {"resume": "here/checkpoint-39", "num_train_epochs": 4}
    with pytest.raises(lrdsl.SpecError, match="total_steps=69 instead of 92"):
        train(page, **options)
    assert train(page, on_change="warn", **options) == of_run(BATCHES, epochs=4)[39:]
    assert [w for w in recwarn if "total_steps=69 instead of 92" in str(w.message)]
    kept = train(page, on_change="keep", **options)
    assert kept[: 69 - 39] == of_run(BATCHES)[39:]


@pytest.mark.parametrize("drive", [attach, Scheduler])
def test_the_log(page, drive):
    """It is taken between the update and the call of `step()`."""
    trainer = page.digits_trainer(
        "here", drive=drive, logging_strategy="steps", logging_steps=1, save_strategy="no"
    )
    trainer.train()
    logged = [entry["learning_rate"] for entry in trainer.state.log_history[:-1]]
    ahead = 1 if drive is attach else 0
    known = [*of_run(BATCHES), 0.0]
    assert logged == pytest.approx(known[ahead : 69 + ahead], abs=1e-12)


def test_the_trainers_own_count_and_optimizer(page):
    arguments = {"learning_rate": 0.02, "report_to": "none", "save_strategy": "no"}
    with updates_of(AdamW) as made:
        args = transformers.TrainingArguments("here", max_steps=31, **arguments)
        trainer = page.ScheduledTrainer(page.Digits(), args, train_dataset=page.train_data)
        trainer.train()
    spec = page.ScheduledTrainer.spec
    assert made == expected(spec, 31, total_steps=31, base_lr=0.02)


LOSSES = [0.9, 0.7, 0.8, 0.75, 0.9]


@pytest.mark.parametrize("drive", [attach, Scheduler])
def test_a_plateau(page, drive, monkeypatch):
    epochs = len(LOSSES)
    total = epochs * BATCHES
    schedule = lrdsl.compile(
        page.reacting, total_steps=total, steps_per_epoch=BATCHES, base_lr=0.01
    )
    wanted = []
    for update in range(total):
        if update and update % BATCHES == 0:
            schedule = schedule.observe(update, LOSSES[update // BATCHES - 1])
        wanted.append(schedule(update))
    assert wanted != of_run(BATCHES, epochs=epochs)

    loop = transformers.Trainer.evaluation_loop

    def scripted(self, *args, **kwargs):
        output = loop(self, *args, **kwargs)
        output.metrics["eval_loss"] = LOSSES[round(self.state.epoch) - 1]
        return output

    monkeypatch.setattr(transformers.Trainer, "evaluation_loop", scripted)
    options = {
        "spec": page.reacting,
        "drive": drive,
        "num_train_epochs": epochs,
        "callbacks": [page.Observe()],
        "eval_strategy": "epoch",
    }
    assert train(page, **options) == wanted
    assert train(page, resume="here/checkpoint-65", **options) == wanted[65:]
    # The metric of an epoch is in the checkpoint from its end.
    options["save_strategy"] = "epoch"
    assert train(page, "there", **options) == wanted
    assert train(page, "there", resume="there/checkpoint-69", **options) == wanted[69:]
