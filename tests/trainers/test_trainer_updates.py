"""`trainer_updates` counts as transformers' Trainer does."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lrdsl
from tests.support.peers import peer

torch = pytest.importorskip("torch")
transformers = peer("transformers")
accelerate = peer("accelerate")

from torch.utils.data import DataLoader, IterableDataset, TensorDataset  # noqa: E402

from lrdsl.torch import trainer_updates  # noqa: E402


class Stream(IterableDataset):
    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return iter(torch.zeros(self.count))


class CountedStream(Stream):
    def __len__(self):
        return self.count


def examples(count):
    return TensorDataset(torch.zeros(count))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp("run"))


def arguments(folder, **options):
    return transformers.TrainingArguments(
        folder, use_cpu=True, report_to="none", dataloader_pin_memory=False, **options
    )


def trainer_of(args, dataset):
    return transformers.Trainer(torch.nn.Linear(1, 1), args, train_dataset=dataset)


def counted(args, dataset, loader=None):
    """The updates by the Trainer's own count."""
    trainer = trainer_of(args, dataset)
    loader = trainer.get_train_dataloader() if loader is None else loader
    return trainer.set_initial_training_values(args, loader)[-1]


RUNS = st.fixed_dictionaries(
    {
        "num_train_epochs": st.integers(1, 4) | st.floats(0.01, 5),
        "max_steps": st.sampled_from([-1, -1, -1, 1, 17]),
        "gradient_accumulation_steps": st.integers(1, 9),
        "per_device_train_batch_size": st.integers(1, 9),
        "dataloader_drop_last": st.booleans(),
        "train_sampling_strategy": st.sampled_from(["random", "sequential"]),
    }
)
MADE_ONCE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@MADE_ONCE
@given(run=RUNS, count=st.integers(1, 90), kind=st.sampled_from([examples, CountedStream]))
def test_it_is_the_count_of_the_trainer(folder, run, count, kind):
    args, dataset = arguments(folder, **run), kind(count)
    if args.dataloader_drop_last and count < args.train_batch_size and args.max_steps < 0:
        return  # no batch at all: the Trainer refuses to train
    wanted = counted(args, dataset)
    assert trainer_updates(args, dataset) == wanted
    assert trainer_updates(args, trainer_of(args, dataset).get_train_dataloader()) == wanted
    if kind is examples:
        assert trainer_updates(args, count) == wanted


@MADE_ONCE
@given(run=RUNS, count=st.integers(40, 400), processes=st.integers(2, 5), split=st.booleans())
def test_it_is_the_count_of_the_trainer_on_several_processes(folder, run, count, processes, split):
    run["per_device_train_batch_size"] *= processes if split else 1
    args, dataset = arguments(folder, **run), examples(count)
    loader = DataLoader(dataset, args.train_batch_size, drop_last=args.dataloader_drop_last)
    if not len(loader):
        return
    wanted = {
        counted(
            args,
            dataset,
            accelerate.data_loader.prepare_data_loader(
                loader, num_processes=processes, process_index=rank, split_batches=split
            ),
        )
        for rank in range(processes)
        if split or not args.dataloader_drop_last or len(loader) >= processes
    }
    of_rank = SimpleNamespace(
        **{name: getattr(args, name) for name in (*run, "train_batch_size")},
        world_size=processes,
        accelerator_config=SimpleNamespace(split_batches=split),
    )
    if wanted:
        assert {trainer_updates(of_rank, dataset)} == wanted


@pytest.mark.parametrize(
    ("options", "count", "updates"),
    [
        pytest.param({}, 23, 9, id="three epochs"),
        pytest.param({"gradient_accumulation_steps": 2}, 23, 6, id="the last batch alone"),
        pytest.param({"gradient_accumulation_steps": 50}, 23, 3, id="fewer than accumulate"),
        pytest.param({"num_train_epochs": 0.5}, 23, 2, id="half an epoch"),
        pytest.param({"max_steps": 5}, 23, 5, id="max_steps"),
        pytest.param({"dataloader_drop_last": True}, 23, 6, id="drop_last"),
    ],
)
def test_a_run_makes_so_many(folder, options, count, updates):
    args = arguments(folder, per_device_train_batch_size=8, save_strategy="no", **options)

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def forward(self, x):
            return {"loss": self.layer(x).sum()}

    data = [{"x": torch.ones(1)}] * count
    trainer = transformers.Trainer(Model(), args, train_dataset=data)
    trainer.train()
    assert trainer.state.global_step == updates == trainer_updates(args, data)


def test_updates_of_an_epoch(folder):
    args = arguments(folder, per_device_train_batch_size=8, num_train_epochs=2.5, max_steps=3)
    assert trainer_updates(args, 23, epochs=1) == 3
    assert trainer_updates(args, 23) == 3


def test_sequences_in_pieces():
    known = {"max_steps": -1, "num_train_epochs": 1, "gradient_accumulation_steps": 1}
    args = SimpleNamespace(**known, train_batch_size=1, world_size=8, dataloader_drop_last=False)
    assert trainer_updates(args, 64) == 8
    args.parallelism_config = SimpleNamespace(tp_size=2, cp_size=2, sp_size=1)
    assert trainer_updates(args, 64) == 32
    args.parallelism_config = SimpleNamespace(tp_size=1, cp_size=1, sp_size=4)
    assert trainer_updates(args, 64) == 32


@pytest.mark.parametrize(
    ("options", "data", "message"),
    [
        pytest.param({}, Stream(9), "a Stream has no length", id="no length"),
        pytest.param({}, None, "a NoneType has no length", id="no data"),
        pytest.param({}, [], "must have an example, not 0", id="empty"),
        pytest.param({}, 0, "must have an example, not 0", id="none"),
        pytest.param(
            {"train_sampling_strategy": "batch_rebalance"}, 9, "of several sizes", id="rebalanced"
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(folder, options, data, message):
    with pytest.raises(lrdsl.SpecError, match=message):
        trainer_updates(arguments(folder, **options), data)


def test_max_steps_need_no_length(folder):
    assert trainer_updates(arguments(folder, max_steps=7), Stream(9)) == 7


@pytest.mark.parametrize("args", [{"max_steps": 3}, None, SimpleNamespace(max_steps=3)])
def test_other_arguments_are_refused(args):
    with pytest.raises(lrdsl.SpecError, match="`args` are transformers' TrainingArguments"):
        trainer_updates(args, 9)


def test_transformers_is_not_imported():
    code = "import sys, lrdsl.torch; sys.exit('transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
