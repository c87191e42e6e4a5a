"""docs/trainers/gradscaler.md: mixed precision, and updates that the scaler skips."""

import random

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from tests.support.trainer_pages import code, expected, module, updates_of  # noqa: E402

SPEC = "warmup(10%, 0.001) >> cosine()"
SKIPPED = sorted(random.Random(7).sample(range(1, 58), 12))
BATCHES = 29


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return module(code("gradscaler"))


class Loader:
    """The page's batches, some of them with images that make gradients infinite."""

    def __init__(self, page, spoiled):
        self.batches, self.spoiled, self.seen = page.batches(), spoiled, 0

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        for x, y in self.batches:
            yield x * (1e30 if self.seen in self.spoiled else 1.0), y
            self.seen += 1


def count_of(saved):
    """How many updates Adam has made, by its own count."""
    return {int(state["step"]) for state in saved["optimizer"]["state"].values()}


@pytest.mark.parametrize("fused", [False, True], ids=["", "fused"])
@pytest.mark.parametrize("spoiled", [(), (0, 1), SKIPPED], ids=["none", "the first", "drawn"])
def test_learning_rates(page, spoiled, fused):
    with updates_of(torch.optim.AdamW) as made:
        saved = page.train(Loader(page, spoiled), fused)
    updates = 2 * BATCHES - len(spoiled)
    # The step() of a fused optimizer is called for every batch, and does nothing for some.
    assert [i for i, lr in enumerate(made) if lr is None] == (list(spoiled) if fused else [])
    wanted = expected(SPEC, updates, total_steps=2 * BATCHES, base_lr=0.01)
    assert [lr for lr in made if lr is not None] == wanted
    assert saved["scheduler"]["updates"] == updates
    assert count_of(saved) == {updates}


def test_a_scale_that_has_to_be_found(page, monkeypatch):
    # A scale too large for half precision: the first updates are skipped without any help.
    scaler = torch.amp.GradScaler
    monkeypatch.setattr(torch.amp, "GradScaler", lambda device: scaler(device, 2.0**30))
    with updates_of(torch.optim.AdamW) as made:
        saved = page.train(page.batches(), epochs=range(1))
    assert 5 < len(made) < BATCHES
    assert saved["scaler"]["scale"] == 2.0 ** (30 - (BATCHES - len(made)))
    assert made == expected(SPEC, len(made), total_steps=2 * BATCHES, base_lr=0.01)


@pytest.mark.parametrize("spoiled", [(), SKIPPED], ids=["none", "drawn"])
def test_by_calls(page, spoiled):
    with updates_of(torch.optim.AdamW) as made:
        scheduler = page.train_by_calls(Loader(page, spoiled))
    updates = 2 * BATCHES - len(spoiled)
    assert made == expected(SPEC, updates, total_steps=2 * BATCHES, base_lr=0.01)
    assert scheduler.last_epoch == updates


@pytest.mark.parametrize("fused", [False, True], ids=["", "fused"])
def test_resumed(page, fused):
    with updates_of(torch.optim.AdamW) as made:
        saved = page.train(Loader(page, SKIPPED[:3]), fused, epochs=range(1))
        torch.save(saved, "saved.pt")
        assert len([lr for lr in made if lr is not None]) == saved["scheduler"]["updates"]
        saved = torch.load("saved.pt", weights_only=True)
        page.train(Loader(page, (0, 20)), fused, epochs=range(1, 2), saved=saved)
    used = [lr for lr in made if lr is not None]
    assert len(used) == 2 * BATCHES - 5
    assert used == expected(SPEC, len(used), total_steps=2 * BATCHES, base_lr=0.01)


@pytest.mark.usefixtures("page")
def test_the_script():
    with updates_of(torch.optim.AdamW) as made:
        module(code("gradscaler"), "__main__")
    assert made == expected(SPEC, 2 * BATCHES, total_steps=2 * BATCHES, base_lr=0.01)
