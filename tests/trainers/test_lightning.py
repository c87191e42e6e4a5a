"""docs/trainers/lightning.md: the learning rate of every update, however Lightning trains."""

import csv
import logging
import warnings
from functools import partial

import pytest

import lrdsl
from tests.support.peers import peer

torch = pytest.importorskip("torch")
lightning = peer("lightning")
pytest.importorskip("sklearn")

from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint  # noqa: E402
from lightning.pytorch.loggers import CSVLogger  # noqa: E402
from lightning.pytorch.plugins.precision import MixedPrecision  # noqa: E402

from lrdsl.torch import Scheduler, attach  # noqa: E402
from tests.support.trainer_pages import code, expected, trained, updates_of  # noqa: E402

EPOCHS, BATCHES = 3, 23  # 1438 digits, 64 at a time
SGD = torch.optim.SGD
SPEC = "warmup(1ep) >> cosine()"

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:lightning"),
    pytest.mark.filterwarnings("error:.*clock of updates"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:`isinstance"),
    pytest.mark.filterwarnings("ignore:ReduceLROnPlateau conditioned on metric:RuntimeWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    said = [logging.getLogger("lightning.pytorch"), logging.getLogger("lightning.fabric")]
    levels = [logger.level for logger in said]
    for logger in said:
        logger.setLevel(logging.ERROR)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    with pytest.MonkeyPatch.context() as patch:
        trainer = partial(lightning.Trainer, accelerator="cpu", **quiet)
        patch.setattr(lightning, "Trainer", trainer)
        yield
    for logger, level in zip(said, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The page, run from its first line to its last, and the learning rates of its updates."""
    return trained(code("lightning"), SGD, tmp_path_factory.mktemp("page"))


@pytest.fixture
def page(ran, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return ran[0]


def of_run(epoch, spec=SPEC):
    """What a run of so many updates in an epoch is to train with."""
    total = EPOCHS * epoch
    return expected(spec, total, total_steps=total, steps_per_epoch=epoch, base_lr=0.1)


def test_the_page(ran):
    _, made = ran
    whole = of_run(BATCHES)
    assert made == of_run(12) + whole + whole[35:]


def in_epochs(epoch):
    return of_run(epoch, "cosine() | every(1ep)")


@pytest.mark.parametrize("accumulate", [1, 2, 5, 23, 40])
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        pytest.param("Digits", of_run, id="attached"),
        pytest.param("InCalls", of_run, id="calls"),
        pytest.param("InEpochs", in_epochs, id="epochs, attached"),
        pytest.param("InCallsPerEpoch", in_epochs, id="epochs, calls"),
    ],
)
def test_gradients_accumulate(page, name, wanted, accumulate):
    with updates_of(SGD) as made:
        page.train("here", module=getattr(page, name), accumulate_grad_batches=accumulate)
    assert made == wanted(-(-BATCHES // accumulate))


@pytest.mark.parametrize("name", ["Digits", "InCalls", "InEpochs", "InCallsPerEpoch"])
@pytest.mark.parametrize(
    ("accumulate", "updates", "broken_at"),
    [
        pytest.param(1, 69, 35, id="in an epoch"),
        pytest.param(1, 69, 7, id="in the warmup"),
        pytest.param(2, 36, 21, id="accumulating"),
    ],
)
def test_a_resumed_run(page, name, accumulate, updates, broken_at):
    options = {"module": getattr(page, name), "accumulate_grad_batches": accumulate}
    with updates_of(SGD) as whole:
        page.train("here", **options)
    with updates_of(SGD) as rest:
        page.train("here", ckpt_path=f"here/step={broken_at}.ckpt", **options)
    assert len(whole) == updates
    assert rest == whole[broken_at:]


def test_a_checkpoint_is_plain_text_and_numbers(page):
    page.train("here")
    saved = torch.load("here/step=35.ckpt", weights_only=True)
    [state] = saved["lr_schedulers"]
    assert (state["updates"], state["spec"]) == (35, SPEC)


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param({"interval": "step"}, id="every step"),
        pytest.param({"interval": "step", "frequency": 3}, id="every third step"),
        pytest.param({"interval": "epoch", "frequency": 2}, id="every second epoch"),
    ],
)
def test_lightnings_calls_do_not_shift_what_is_attached(page, plan):
    class Planned(page.Digits):
        def configure_optimizers(self):
            made = super().configure_optimizers()
            return {**made, "lr_scheduler": {"scheduler": made["lr_scheduler"], **plan}}

    with updates_of(SGD) as made:
        page.train("here", module=Planned)
    assert made == of_run(BATCHES)


def test_a_scheduler_that_lightning_does_not_know_of_is_not_saved(page):
    class Unreturned(page.Digits):
        def configure_optimizers(self):
            return super().configure_optimizers()["optimizer"]

    with updates_of(SGD) as whole:
        page.train("here", module=Unreturned)
    assert whole == of_run(BATCHES)
    with updates_of(SGD) as rest:
        page.train("here", module=Unreturned, ckpt_path="here/step=35.ckpt")
    assert rest == whole[: 69 - 35]


def test_nobody_is_to_call_step_in_manual_optimization(page):
    class Manual(page.Digits):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False

        def training_step(self, batch, batch_idx):
            optimizer = self.optimizers()
            optimizer.zero_grad()
            self.manual_backward(self.loss(batch))
            optimizer.step()

    with updates_of(SGD) as whole:
        page.train("here", module=Manual)
    assert whole == of_run(BATCHES)
    with updates_of(SGD) as rest:
        page.train("here", module=Manual, ckpt_path="here/step=35.ckpt")
    assert rest == whole[35:]


class Overflowing(MixedPrecision):
    """Mixed precision in which some gradients become infinite."""

    def __init__(self, at):
        super().__init__("16-mixed", "cpu", scaler=torch.amp.GradScaler("cpu", init_scale=4.0))
        self.at, self.batch = at, -1

    def pre_backward(self, tensor, module):
        self.batch += 1
        loss = super().pre_backward(tensor, module)
        return loss * float("inf") if self.batch in self.at else loss

    def forward_context(self):
        return torch.enable_grad()


def test_updates_that_mixed_precision_skips(page):
    skipped = (0, 5, 30)
    found = {}
    for name in ("Digits", "InCalls"):
        with updates_of(SGD) as found[name], warnings.catch_warnings():
            warnings.simplefilter("ignore")
            page.train("here", module=getattr(page, name), plugins=[Overflowing(skipped)])
    wanted = of_run(BATCHES)
    assert found["Digits"] == wanted[: 69 - len(skipped)]
    assert found["InCalls"] == [lr for i, lr in enumerate(wanted) if i not in skipped]


def test_the_monitor_of_learning_rates(page):
    logger = CSVLogger("logs")
    monitor = LearningRateMonitor(logging_interval="step")
    trainer = lightning.Trainer(
        max_epochs=EPOCHS, logger=logger, log_every_n_steps=1, callbacks=[monitor]
    )
    trainer.fit(page.Digits(), *page.digits())
    with open(f"{logger.log_dir}/metrics.csv", encoding="utf-8") as file:
        logged = [float(row["lr-SGD"]) for row in csv.DictReader(file) if row["lr-SGD"]]
    assert logged == pytest.approx(of_run(BATCHES), rel=1e-6)


# Plateaus.

LOSSES = [0.9, 0.7, 0.8, 0.75, 0.9]


def scripted(kind):
    """A module whose validation loss is known beforehand; Lightning tries it once before."""

    class Scripted(kind):
        def validation_step(self, batch, batch_idx):
            loss = 0.0 if self.trainer.sanity_checking else LOSSES[self.trainer.current_epoch]
            self.log("val_loss", torch.tensor(loss))

    return Scripted


def fit(page, kind, ckpt_path=None, **saving):
    with updates_of(SGD) as made:
        save = ModelCheckpoint("here", "{step}", save_top_k=-1, **saving)
        trainer = lightning.Trainer(max_epochs=len(LOSSES), callbacks=[save])
        trainer.fit(scripted(kind)(), *page.digits(), ckpt_path=ckpt_path)
    return made


def reacting(spec):
    total = len(LOSSES) * BATCHES
    schedule = lrdsl.compile(spec, total_steps=total, steps_per_epoch=BATCHES, base_lr=0.1)
    made = []
    for update in range(total):
        if update and update % BATCHES == 0:
            schedule = schedule.observe(update, torch.tensor(LOSSES[update // BATCHES - 1]).item())
        made.append(schedule(update))
    return made


@pytest.mark.parametrize("name", ["Monitored", "Observed"])
def test_a_plateau(page, name):
    kind = getattr(page, name)
    wanted = reacting(kind.spec)
    assert wanted != reacting("warmup(1ep) >> cosine()")
    assert fit(page, kind) == wanted


@pytest.mark.parametrize(
    "saving",
    [
        pytest.param({}, id="after each epoch"),
        pytest.param({"monitor": "val_loss"}, id="the best"),
        pytest.param({"save_on_train_epoch_end": True}, id="at the end of training"),
    ],
)
def test_what_a_checkpoint_of_an_epoch_has_heard(page, saving):
    """It has what the module observed. What Lightning passes on came too late, and is lost."""
    wanted = reacting(page.Observed.spec)[3 * BATCHES :]
    fit(page, page.Observed, **saving)
    resumed = fit(page, page.Observed, ckpt_path=f"here/step={3 * BATCHES}.ckpt", **saving)
    assert resumed == wanted


def test_what_lightning_passes_on_comes_after_the_checkpoint(page):
    wanted = reacting(page.Monitored.spec)[3 * BATCHES :]
    fit(page, page.Monitored)
    resumed = fit(page, page.Monitored, ckpt_path=f"here/step={3 * BATCHES}.ckpt")
    assert resumed[0] == 2 * wanted[0]


@pytest.mark.parametrize("name", ["Monitored", "Observed"])
def test_a_plateau_resumed_in_an_epoch(page, name):
    kind = getattr(page, name)
    fit(page, kind, every_n_train_steps=7)
    resumed = fit(page, kind, ckpt_path="here/step=98.ckpt", every_n_train_steps=7)
    assert resumed == reacting(kind.spec)[98:]


def test_a_monitor_is_for_epochs(page):
    """Passed after every update, the loss of the last epoch uses the patience up."""

    class EveryStep(page.Monitored):
        def configure_optimizers(self):
            made = super().configure_optimizers()
            made["lr_scheduler"].update(interval="step", strict=False)
            return made

    made = fit(page, EveryStep)
    wanted = reacting(page.Monitored.spec)
    assert made[: BATCHES + 1] == wanted[: BATCHES + 1]
    halved = [lr / 2**i for i, lr in enumerate(wanted[BATCHES : BATCHES + 9])]
    assert made[BATCHES : BATCHES + 9] == pytest.approx(halved, rel=1e-12)


@pytest.mark.parametrize("drive", [attach, Scheduler])
def test_a_scheduler_that_reacts_needs_the_word(page, drive):
    """Without `reduce_on_plateau` Lightning passes no metric, and does not say so."""

    class Unsaid(page.Monitored):
        def configure_optimizers(self):
            optimizer = SGD(self.parameters(), lr=0.1)
            scheduler = drive(optimizer, self.spec, **self.updates())
            watched = {"scheduler": scheduler, "monitor": "val_loss", "interval": "step"}
            return {"optimizer": optimizer, "lr_scheduler": watched}

    total = len(LOSSES) * BATCHES
    context = {"total_steps": total, "steps_per_epoch": BATCHES, "base_lr": 0.1}
    assert fit(page, Unsaid) == expected(SPEC, total, **context)
