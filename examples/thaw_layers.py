"""Fine-tune a network from its head down: layers are thawed one after the other.

    python examples/thaw_layers.py
    python examples/thaw_layers.py --head 6ep --middle 10% --seed 5

A network that tells the digits 0 to 4 apart learns the digits 5 to 9. At first only its new head
learns, then the layer below it too, in the end all of them, so that what the lower layers know is
not lost while the head is still at random. An `lrdsl.Switch` says which layers learn, and for how
long, in epochs, shares of the run or updates.

Howard, Ruder: Universal Language Model Fine-tuning for Text Classification, 2018
(arXiv:1801.06146), thaws layers in this order.
"""

import argparse
import copy
import itertools
import sys

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from lrdsl import SpecError, Switch
from lrdsl.torch import Scheduler

EPOCHS = 15


def main() -> None:
    arguments = read_arguments()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)  # the network is too small to gain from more
    lower = nn.Sequential(nn.Linear(64, 48), nn.ReLU())
    middle = nn.Sequential(nn.Linear(48, 32), nn.ReLU())
    head = nn.Linear(32, 5)
    old, new = digits(range(5)), digits(range(5, 10))

    total = updates(new)
    phases = [
        ([head], arguments.head),
        ([head, middle], arguments.middle),
        ([head, middle, lower], None),
    ]
    try:
        learning = Switch(phases, steps_per_epoch=total // EPOCHS, total_steps=total)
    except SpecError as error:
        sys.exit(str(error))

    model = nn.Sequential(lower, middle, head)
    train(model, old, Scheduler(optimizer_of(model), "linear(base, 0)", total_steps=updates(old)))
    print(f"digits 0 to 4: {accuracy(model, old):.4f}")

    nn.init.normal_(head.weight, std=0.1)
    scheduler = Scheduler(optimizer_of(model), "warmup(5%) >> cosine()", total_steps=total)
    train(model, new, scheduler, learning)
    print(f"digits 5 to 9: {accuracy(model, new):.4f}")


def train(
    model: nn.Sequential,
    data: TensorDataset,
    scheduler: Scheduler,
    learning: Switch[list[nn.Module]] | None = None,
) -> None:
    """Train for the scheduler's run; of each phase, print how far every layer has moved in it."""
    loader = DataLoader(data, batch_size=16, shuffle=True, drop_last=True)
    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    before = copy.deepcopy(model)
    for update, (images, labels) in enumerate(itertools.islice(batches, updates(data))):
        if learning is not None and update in learning.starts:
            if update:
                print(f"before update {update}, {moved(before, model)}")
            before = copy.deepcopy(model)
            for layer in model:
                layer.requires_grad_(layer in learning(update))
        loss = nn.functional.cross_entropy(model(images), labels)
        scheduler.optimizer.zero_grad()  # a layer without gradients is passed over
        loss.backward()
        scheduler.optimizer.step()
        scheduler.step()
    if learning is not None:
        print(f"before update {updates(data)}, {moved(before, model)}")


def moved(before: nn.Sequential, after: nn.Sequential) -> str:
    """How far the weights of each layer have moved."""
    names = ("lower", "middle", "head")
    found = []
    for name, old, new in zip(names, before, after, strict=True):
        pairs = zip(old.parameters(), new.parameters(), strict=True)
        squares = sum([(a - b).detach().square().sum().item() for a, b in pairs])
        found.append(f"{name} moved {squares**0.5:.3f}")
    return ", ".join(found)


def digits(wanted: range) -> TensorDataset:
    """The images of some digits, of 8 × 8 pixels each, with their labels counted from 0."""
    images, labels = (torch.tensor(each) for each in load_digits(return_X_y=True))
    chosen = (labels >= wanted.start) & (labels < wanted.stop)
    return TensorDataset(images[chosen].float() / 16 - 0.5, labels[chosen] - wanted.start)


def updates(data: TensorDataset) -> int:
    return EPOCHS * (len(data) // 16)


def optimizer_of(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def accuracy(model: nn.Module, data: TensorDataset) -> float:
    images: Tensor
    labels: Tensor
    images, labels = data.tensors
    with torch.no_grad():
        return (model(images).argmax(dim=1) == labels).double().mean().item()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Thaws the layers of a network one by one.")
    parser.add_argument("--head", default="3ep", help="how long the head learns alone")
    parser.add_argument("--middle", default="3ep", help="and how long with the layer below it")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
