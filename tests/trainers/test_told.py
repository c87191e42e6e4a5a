"""What trainers' callbacks and resumes do to a driven number is told."""

import logging
import warnings

import pytest

from tests.support.peers import peer

torch = pytest.importorskip("torch")

from lrdsl.torch import Scheduler, attach  # noqa: E402

LINEAR = "linear(base, 0, 40)"


def told(act):
    """The warnings of lrdsl while something is done."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
    words = ("something else writes it", "the checkpoint was written with", "the `base` of")
    return [str(x.message) for x in caught if any(word in str(x.message) for word in words)]


def lightning_module(clock):
    lightning = peer("lightning")

    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.backbone = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 4))
            self.head = torch.nn.Linear(4, 1)

        def training_step(self, batch, index):
            return self.head(self.backbone(batch[0])).square().mean()

        def configure_optimizers(self):
            made = [each for each in self.parameters() if each.requires_grad]
            optimizer = torch.optim.SGD(made, lr=0.1)
            if clock == "updates":
                attach(optimizer, LINEAR)
                return optimizer
            scheduler = {"scheduler": Scheduler(optimizer, LINEAR), "interval": "step"}
            return {"optimizer": optimizer, "lr_scheduler": scheduler}

    return Model()


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_a_backbone_that_is_unfrozen(clock, tmp_path):
    """Lightning's callback adds a group with a share of the rate, and goes on to write its rate."""
    lightning = peer("lightning")
    from lightning.pytorch.callbacks import BackboneFinetuning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    data = torch.utils.data.TensorDataset(torch.randn(25, 4))
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = lightning.Trainer(
        max_epochs=8,
        accelerator="cpu",
        default_root_dir=tmp_path,
        callbacks=[BackboneFinetuning(2, lambda epoch: 1.5, backbone_initial_ratio_lr=0.1)],
        enable_checkpointing=False,
        **quiet,
    )
    model = lightning_module(clock)
    loader = torch.utils.data.DataLoader(data, batch_size=5)
    found = told(lambda: trainer.fit(model, loader))
    assert [message.split(" (")[0].split(" was set")[0] for message in found] == [
        "the `base` of `lr` in parameter group 1 is 0.0075, and not 0.01",
        "`lr` of parameter group 1",
    ]


def test_transformers_resume_with_another_learning_rate(tmp_path):
    """The rate of the new run is followed, and the change is told, though its Trainer loads all."""
    transformers = peer("transformers")
    peer("accelerate")

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Linear(4, 1)

        def forward(self, x, labels=None):
            return {"loss": self.net(x).square().mean()}

    def trainer(lr, epochs):
        args = transformers.TrainingArguments(
            str(tmp_path),
            per_device_train_batch_size=4,
            num_train_epochs=epochs,
            save_steps=5,
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
            logging_strategy="no",
        )
        model = Model()
        optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
        scheduler = attach(optimizer, LINEAR)
        data = [{"x": torch.randn(4), "labels": 0} for _ in range(20)]
        made = transformers.Trainer(
            model, args, train_dataset=data, optimizers=(optimizer, scheduler)
        )
        return made, optimizer

    trainer(0.1, 1)[0].train()
    resumed, optimizer = trainer(0.2, 2)
    [message] = told(lambda: resumed.train(resume_from_checkpoint=True))
    assert "0.1 instead of 0.2 as the `base` of `lr` (lr at update 5: 0.0875 → 0.175)" in message
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.2 * 0.75)


@pytest.mark.parametrize("drive", [attach, Scheduler])
def test_accelerates_wrappers_are_no_second_driver(drive, tmp_path):
    accelerate = peer("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)

    def prepared(lr):
        model = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        scheduler = drive(optimizer, LINEAR)
        return accelerator.prepare(model, optimizer, scheduler)

    def train(model, optimizer, scheduler):
        for _ in range(5):
            accelerator.backward(model(torch.ones(4)).square().mean())
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()

    first = prepared(0.1)

    def run():
        train(*first)
        accelerator.save_state(tmp_path)
        train(*first)
        accelerator.load_state(tmp_path)
        train(*first)

    assert told(run) == []
    assert first[1].param_groups[0]["lr"] == pytest.approx(0.1 * 0.75)
