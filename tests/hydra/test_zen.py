"""hydra-zen: specs, builders, programs and schedules in configs that are written in Python."""

import importlib
import inspect

import pytest
from hydra.utils import get_object
from omegaconf import OmegaConf

import lrdsl
from lrdsl.build import cosine, warmup

torch = pytest.importorskip("torch")
hydra_zen = pytest.importorskip("hydra_zen")
zen = pytest.importorskip("lrdsl.hydra.zen")

TEXT = "warmup(10) >> cosine(1, 0, 80)"
SPEC = lrdsl.parse(TEXT)


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5, momentum=0.9)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(TEXT, id="text"),
        pytest.param(SPEC, id="a Spec"),
        pytest.param(warmup(10) >> cosine(1, 0, 80), id="the builder"),
        pytest.param({"spec": SPEC}, id="a node"),
        pytest.param(zen.just(SPEC), id="just"),
        pytest.param(zen.builds(lrdsl.parse, TEXT), id="a call of parse"),
    ],
)
@pytest.mark.parametrize("kind", ["Scheduler", "attach"])
def test_a_scheduler(spec, kind):
    config = zen.builds(getattr(lrdsl.torch, kind), spec=spec, zen_partial=True)
    again = OmegaConf.create(hydra_zen.to_yaml(config))
    for each in (config, again):
        assert hydra_zen.instantiate(each)(optimizer()).spec == SPEC


@pytest.mark.parametrize("spec", [SPEC, warmup(10) >> cosine(1, 0, 80)])
def test_a_spec_is_text_in_its_field(spec):
    assert zen.builds(lrdsl.torch.Scheduler, spec=spec, zen_partial=True).spec == TEXT
    assert hydra_zen.instantiate(zen.make_config(lr=spec)).lr == TEXT


def test_a_program():
    specs = {"lr": SPEC, "momentum": {"head": cosine(1, 0, 9), "*": 0.5}}
    config = zen.builds(lrdsl.torch.Scheduler, spec=specs, zen_partial=True)
    assert hydra_zen.to_yaml(config).count("_target_") == 1
    scheduler = hydra_zen.instantiate(
        zen.builds(lrdsl.torch.Scheduler, spec={"lr": SPEC, "momentum": "0.5"}, zen_partial=True)
    )(optimizer())
    assert scheduler.optimizer.param_groups[0]["momentum"] == 0.5


@pytest.mark.parametrize(
    "schedule",
    [
        pytest.param(lrdsl.compile(TEXT), id="plain"),
        pytest.param(lrdsl.compile("cosine(base, 0)", total_steps=9, base_lr=2), id="a context"),
        pytest.param(
            lrdsl.compile("cosine(peak, 0, 1ep)", steps_per_epoch=5, peak=3),
            id="a variable",
        ),
        pytest.param(
            lrdsl.compile("f(9)", definitions="def f(x) = cosine(1, 0, x)"), id="definitions"
        ),
    ],
)
def test_a_schedule(schedule):
    assert hydra_zen.instantiate(zen.just(schedule)) == schedule
    assert hydra_zen.instantiate(zen.make_config(x=schedule)).x == schedule
    assert hydra_zen.instantiate(zen.just([schedule])) == [schedule]


def test_just_a_spec():
    assert hydra_zen.instantiate(zen.just(SPEC)) == SPEC


@pytest.mark.parametrize("name", ["lrdsl", "lrdsl.torch", "lrdsl.hydra", "lrdsl.compare"])
def test_what_is_public_is_found_by_its_path(name):
    module = importlib.import_module(name)
    for each in getattr(module, "__all__", dir(module)):
        value = getattr(module, each)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert get_object(f"{value.__module__}.{value.__qualname__}") is value
