"""docs/trainers/ignite.md: the learning rate of every update that an engine makes."""

import pytest

import lrdsl
from tests.support.peers import peer

torch = pytest.importorskip("torch")
ignite = peer("ignite")
pytest.importorskip("sklearn")

from ignite.engine import Events  # noqa: E402
from ignite.handlers import Checkpoint, DiskSaver, LRScheduler  # noqa: E402

from lrdsl.torch import Scheduler, attach  # noqa: E402
from tests.support.trainer_pages import code, expected, trained, updates_of  # noqa: E402

EPOCHS, BATCHES = 3, 23  # 1438 digits, 64 at a time
SPEC = "warmup(1ep) >> cosine()"
REACTING = "warmup(1ep) >> (cosine() | plateau(0.5, patience=0))"
SGD = torch.optim.SGD


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The page, run from its first line to its last, and the learning rates of its updates."""
    return trained(code("ignite"), SGD, tmp_path_factory.mktemp("page"))


@pytest.fixture
def page(ran, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return ran[0]


def of_run(accumulate=1, spec=SPEC, epochs=EPOCHS):
    """What a run is to train with: ignite accumulates from one epoch into the next."""
    total = epochs * BATCHES // accumulate
    context = {"total_steps": total, "steps_per_epoch": BATCHES / accumulate, "base_lr": 0.1}
    return expected(spec, total, **context)


def test_the_page(ran):
    _, made = ran
    whole = of_run()
    known = [*of_run(4), *whole, *whole[39:], *of_run(spec="cosine() | every(1ep)")]
    assert made[: len(known)] == known
    assert made[len(known) + 69 :] == [*of_run(4), *whole]


def test_the_pages_plateau(page):
    with updates_of(SGD) as made:
        run = page.Digits(spec=REACTING)
        page.watch(run)
        losses = []
        observe = run.scheduler.observe
        run.scheduler.observe = lambda loss: (losses.append(loss), observe(loss))
        run.run()
    assert len(losses) == EPOCHS
    assert made == reacting(losses, EPOCHS)


def driven(page, way, accumulate=1, **options):
    """A run whose schedule is moved on in one of the ways that the page shows."""
    run = page.Digits(accumulate=accumulate, drive=way.drive, **options)
    way.handle(page, run, accumulate)
    return run


class Attached:
    drive = staticmethod(attach)

    @staticmethod
    def handle(page, run, accumulate):
        pass


class Stepped:
    drive = Scheduler

    @staticmethod
    def handle(page, run, accumulate):
        page.step_after_updates(run, accumulate)


class Wrapped:
    """In ignite's own handler, which counts iterations by itself."""

    drive = Scheduler

    @staticmethod
    def handle(page, run, accumulate):
        run.trainer.add_event_handler(Events.ITERATION_STARTED, LRScheduler(run.scheduler))


class AttachedAndWrapped(Wrapped):
    drive = staticmethod(attach)


class AttachedAndStepped:
    """By a handler that thinks of every iteration as an update."""

    drive = staticmethod(attach)

    @staticmethod
    def handle(page, run, accumulate):
        page.step_after_updates(run, 1)


WAYS = [Attached, Stepped, Wrapped, AttachedAndWrapped, AttachedAndStepped]


@pytest.mark.filterwarnings("ignore:.*clock of updates:UserWarning")
@pytest.mark.parametrize("accumulate", [2, 5, 30])
@pytest.mark.parametrize("way", [way for way in WAYS if way is not Wrapped])
def test_gradients_accumulate(page, way, accumulate):
    with updates_of(SGD) as made:
        driven(page, way, accumulate).run()
    assert made == of_run(accumulate)


def resumed(page, make, broken_at):
    """The learning rates of another run that goes on from a checkpoint."""
    with updates_of(SGD) as rest:
        run = make()
        state = torch.load(f"here/checkpoint_{broken_at}.pt", weights_only=True)
        Checkpoint.load_objects(page.saved(run), state)
        run.run()
    return rest


@pytest.mark.filterwarnings("ignore:.*clock of updates:UserWarning")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("broken_at", [13, 39, 46])
def test_a_resumed_run(page, way, broken_at):
    def saving():
        run = driven(page, way)
        saver = DiskSaver("here", require_empty=False)
        save = Checkpoint(page.saved(run), saver, n_saved=None)
        events = Events.ITERATION_COMPLETED(once=broken_at)
        run.trainer.add_event_handler(events, save)
        return run

    with updates_of(SGD) as whole:
        saving().run()
    assert whole == of_run()
    assert resumed(page, saving, broken_at) == whole[broken_at:]


def test_ignites_own_state_of_the_handler(page):
    """Saved and loaded through ignite's handler, as ignite's docs have it."""

    def made():
        run = page.Digits(drive=Scheduler)
        handler = LRScheduler(run.scheduler, save_history=True)
        run.trainer.add_event_handler(Events.ITERATION_STARTED, handler)
        return run, handler

    run, handler = made()
    saved = {}

    @run.trainer.on(Events.ITERATION_COMPLETED(once=31))
    def save():
        saved.update(handler=handler.state_dict(), optimizer=run.optimizer.state_dict())

    run.run()
    assert [lr for [lr] in run.trainer.state.param_history["lr"]] == of_run()
    with updates_of(SGD) as rest:
        run, handler = made()
        handler.load_state_dict(saved["handler"])
        run.optimizer.load_state_dict(saved["optimizer"])
        run.run()
    assert rest[: 69 - 31] == of_run()[31:]


def test_a_save_before_the_step_is_one_behind(page):
    """Why the page adds the handler that steps first."""
    run = page.Digits(drive=Scheduler)
    states = []
    run.trainer.add_event_handler(
        Events.ITERATION_COMPLETED(once=13), lambda: states.append(run.scheduler.state_dict())
    )
    page.step_after_updates(run, 1)
    run.trainer.add_event_handler(
        Events.ITERATION_COMPLETED(once=13), lambda: states.append(run.scheduler.state_dict())
    )
    run.run()
    assert [state["updates"] for state in states] == [12, 13]


def test_a_step_an_epoch(page):
    def drive(optimizer, spec, **context):
        return Scheduler(optimizer, "linear(1, 0, 4)")

    with updates_of(SGD) as made:
        run = page.Digits(drive=drive)
        run.trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: run.scheduler.step())
        run.run()
    assert made == [1.0] * BATCHES + [0.75] * BATCHES + [0.5] * BATCHES


# Plateaus.

LOSSES = [0.9, 0.7, 0.8, 0.75, 0.9]


def reacting(losses, epochs):
    context = {"total_steps": epochs * BATCHES, "steps_per_epoch": BATCHES, "base_lr": 0.1}
    schedule = lrdsl.compile(REACTING, **context)
    made = []
    for update in range(epochs * BATCHES):
        if update and update % BATCHES == 0:
            schedule = schedule.observe(update, losses[update // BATCHES - 1])
        made.append(schedule(update))
    return made


@pytest.mark.parametrize("way", [Attached, Stepped])
@pytest.mark.parametrize("broken_at", [46, 69, 75])
def test_a_plateau(page, way, broken_at):
    epochs = len(LOSSES)

    def watched():
        run = driven(page, way, epochs=epochs, spec=REACTING)
        run.trainer.add_event_handler(
            Events.EPOCH_COMPLETED,
            lambda: run.scheduler.observe(LOSSES[run.trainer.state.epoch - 1]),
        )
        saver = DiskSaver("here", require_empty=False)
        save = Checkpoint(page.saved(run), saver, n_saved=None)
        run.trainer.add_event_handler(Events.EPOCH_COMPLETED, save)
        run.trainer.add_event_handler(Events.ITERATION_COMPLETED(once=75), save)
        return run

    with updates_of(SGD) as whole:
        watched().run()
    assert whole == reacting(LOSSES, epochs)
    assert whole != of_run(epochs=epochs)
    assert resumed(page, watched, broken_at) == whole[broken_at:]
