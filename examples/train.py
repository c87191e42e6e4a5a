"""Train a small network on handwritten digits under a learning-rate schedule.

    python examples/train.py
    python examples/train.py lr='warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]'
    python examples/train.py schedule@lr=wsd_by_hand optimizer=adamw steps=400
    python examples/train.py -m schedule@lr=warmup_cosine,wsd_by_hand
    python examples/train.py -m lr='cosine(1,0,900), linear(1,0,900)'
    python examples/train.py lr='torch.OneCycleLR(0.3, total_steps=total)'
    python examples/train.py lr='warmup(100) >> (hold() | plateau(0.5, patience=3))'
    python examples/train.py range_test=true optimizer=adamw
    python examples/train.py -m +hydra/callbacks=[lrdsl] schedule@lr=linear,poly steps=400
    python examples/train.py -m +sweep=optuna schedule@lr=linear

The shell's quotes are enough since `lrdsl.hydra.main` puts in those that Hydra needs; with plain
`hydra.main` it is 'lr="cosine(1, 0, 900)"'.
The last but one lints the schedule of every job before the first one starts (docs/hydra.md); sweeps
are in docs/sweeps.md.
A schedule that reacts to a metric is given the test loss, once an epoch.
Hydra's run folder then holds lr.csv (step, lr, loss, and at the end result, the test loss) and
lr.png.
With range_test=true nothing is trained: a learning-rate range test suggests an `optimizer.lr`, and
draws range_test.png.
"""

import csv
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import hydra
import numpy as np
import torch
from hydra.core.hydra_config import HydraConfig
from matplotlib.figure import Figure
from omegaconf import DictConfig
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm

import lrdsl.hydra
from lrdsl import Spec, SpecError
from lrdsl.torch import range_test


@lrdsl.hydra.main(version_base="1.3", config_path="../conf", config_name="train")
def main(cfg: DictConfig) -> float | None:
    """Train; the test loss at the end is what a sweep compares."""
    torch.manual_seed(cfg.seed)
    torch.set_num_threads(1)  # the network is too small to gain from more
    train, test = load_data(cfg.seed)
    model = make_model()
    optimizer = hydra.utils.instantiate(cfg.optimizer)(model.parameters())
    loader = DataLoader(train, cfg.batch_size, shuffle=True, drop_last=True)
    folder = Path(HydraConfig.get().runtime.output_dir)
    try:
        if cfg.range_test:
            found = range_test(model, optimizer, loss_of, loader)
            found.plot(folder / "range_test.png")
            print(f"{found}\nrange_test.png is in {folder}")
            return None
        scheduler = hydra.utils.instantiate(cfg.scheduler)(optimizer)
    except SpecError as error:
        sys.exit(str(error))
    length = scheduler.schedules[0].length
    if length not in (cfg.steps, float("inf")):
        print(f"note: the schedule is {length} updates long, the run {cfg.steps} (steps=...)")

    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    reacts = any(schedule.is_reactive for schedule in scheduler.schedules)
    history = []
    for step in tqdm(range(int(cfg.steps)), desc="training", unit="update"):
        [lr] = scheduler.get_last_lr()
        loss = loss_of(model, next(batches))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if reacts and (step + 1) % len(loader) == 0:
            scheduler.observe(test_loss(model, test))
        history.append((step, lr, loss.item()))

    result = test_loss(model, test)
    write_csv(folder / "lr.csv", history, result)
    draw(folder / "lr.png", history, scheduler.spec)
    print(f"test accuracy: {accuracy(model, test):.3f}")
    print(f"lr.csv and lr.png are in {folder}")
    return result


def load_data(seed: int) -> tuple[TensorDataset, TensorDataset]:
    """1,797 images of 8 × 8 pixels, a fifth of them for the test, and their labels."""
    images, labels = load_digits(return_X_y=True)
    images = torch.tensor(images / 16 - 0.5, dtype=torch.float32)
    parts = train_test_split(
        images, torch.tensor(labels), test_size=0.2, random_state=seed, stratify=labels
    )
    return TensorDataset(parts[0], parts[2]), TensorDataset(parts[1], parts[3])


def make_model() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def loss_of(model: nn.Module, batch: Sequence[Tensor]) -> Tensor:
    images, labels = batch
    return nn.functional.cross_entropy(model(images), labels)


@torch.no_grad()
def test_loss(model: nn.Module, data: TensorDataset) -> float:
    return loss_of(model, data.tensors).item()


@torch.no_grad()
def accuracy(model: nn.Module, data: TensorDataset) -> float:
    images, labels = data.tensors
    return (model(images).argmax(dim=1) == labels).float().mean().item()


def write_csv(path: Path, history: list[tuple[int, float, float]], result: float) -> None:
    """The last row has the result, for `lrdsl compare`."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "lr", "loss", "result"])
        writer.writerows([(*row, "") for row in history[:-1]])
        writer.writerow([*history[-1], result])


def draw(path: Path, history: list[tuple[int, float, float]], spec: Spec) -> None:
    steps, lrs, losses = np.array(history).T
    figure = Figure(figsize=(8, 5), dpi=150, layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    figure.suptitle(str(spec), fontsize=10, family="monospace", wrap=True)
    above.plot(steps, lrs, color="tab:blue", linewidth=2)
    above.set(ylabel="learning rate", ylim=(min(0, lrs.min()), None))
    below.plot(steps, losses, color="tab:red", alpha=0.25, linewidth=0.8)
    window = max(1, len(losses) // 40)
    mean = np.convolve(losses, np.ones(window) / window, "valid")
    below.plot(steps[window - 1 :], mean, color="tab:red", linewidth=2, label=f"mean of {window}")
    below.set(xlabel="update", ylabel="training loss", yscale="log", xlim=(0, len(steps)))
    below.legend(frameon=False)
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


if __name__ == "__main__":
    main()
