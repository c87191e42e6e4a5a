"""Train a network and its teacher: the average of the network, which remembers more and more.

    python examples/ema_teacher.py
    python examples/ema_teacher.py --ema 'cosine(0.99, 1)' --smoothing 0 --seed 5

After each update the teacher takes a share of 1 - ema of the network. `cosine(0.996, 1)`, as BYOL
and DINO have it, begins with a short memory and ends with one that keeps everything, so that the
learning rate need not fall: the network goes on jumping about, and the teacher stands in the
middle. The smoothing of the labels ends on the way.

No optimizer holds these two numbers. They are `values` of the Scheduler, with the run's clock, and
in its checkpoints and logs.

Grill et al., Bootstrap Your Own Latent, 2020 (arXiv:2006.07733).
"""

import argparse
import copy
import itertools
import sys

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from lrdsl import SpecError
from lrdsl.torch import attach, log_to_text


def main() -> None:
    arguments = read_arguments()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)  # the network is too small to gain from more
    train, (images, labels) = load_data(arguments.seed)
    loader = DataLoader(train, batch_size=16, shuffle=True, drop_last=True)
    student = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10))
    teacher = copy.deepcopy(student).eval()
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9)
    total = arguments.epochs * len(loader)
    values = {"ema": arguments.ema, "smoothing": arguments.smoothing}
    try:
        scheduler = attach(optimizer, arguments.lr, values=values, total_steps=total)
    except SpecError as error:
        sys.exit(str(error))
    log_to_text(scheduler, print, every=max(1, total // 5))

    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    for inputs, targets in itertools.islice(batches, total):
        ema, smoothing = scheduler.values["ema"], scheduler.values["smoothing"]
        loss = nn.functional.cross_entropy(student(inputs), targets, label_smoothing=smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()  # which begins the next update: from here on, `values` are those of it
        with torch.no_grad():
            for mean, weight in zip(teacher.parameters(), student.parameters(), strict=True):
                mean.lerp_(weight, 1 - ema)
    print(f"student: {accuracy(student.eval(), images, labels):.4f}")
    print(f"teacher: {accuracy(teacher, images, labels):.4f}")


def load_data(seed: int) -> tuple[TensorDataset, tuple[Tensor, Tensor]]:
    """Half of 1,797 images of 8 × 8 pixels to train on; the other half and its labels to test."""
    images, labels = load_digits(return_X_y=True)
    images = torch.tensor(images / 16 - 0.5, dtype=torch.float32)
    parts = train_test_split(
        images, torch.tensor(labels), test_size=0.5, random_state=seed, stratify=labels
    )
    return TensorDataset(parts[0], parts[2]), (parts[1], parts[3])


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return (model(images).argmax(dim=1) == labels).double().mean().item()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A network and its teacher, on written digits.")
    parser.add_argument("--lr", default="warmup(5%)", help="a schedule of the learning rate")
    parser.add_argument("--ema", default="cosine(0.996, 1)", help="one of the teacher's memory")
    parser.add_argument("--smoothing", default="linear(0.1, 0, 50%)", help="one of the labels")
    parser.add_argument("--epochs", type=positive, default=20, help="how often to see each image")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"it must be 1 or more, not {value}")
    return value


if __name__ == "__main__":
    main()
