"""The presets: their numbers, the group `schedule` in any Hydra app, the page that shows them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from click.testing import CliRunner
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.hydra import lint_hydra
from lrdsl.language.presets import files, read
from tests.support.paths import ROOT
from tests.support.peers import peer
from tests.support.processes import python

NAMES = list(files())
ASKED_FOR = (
    "constant linear cosine wsd onecycle noam inverse_sqrt restarts plateau step multistep cyclic "
    "poly trapezoid t5 gpt3 llama3 vit bert resnet chinchilla"
)


def spec_of(name, **keys):
    """A preset's spec in a config with these keys, as OmegaConf resolves it."""
    node = OmegaConf.load(files()[name])
    return OmegaConf.create({**keys, "lr": node}).lr.spec


def compiled(name, keys, **context):
    return lrdsl.compile(spec_of(name, **keys), **context)


def test_what_the_field_uses_is_there():
    assert set(ASKED_FOR.split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_where_it_is_from(name):
    preset = read(name)
    assert preset.summary.endswith(".")
    assert "https://" in preset.source
    assert preset.defaults.startswith("Set by `peak`")
    assert set(preset.keys) <= {"peak", "steps", "warmup"}
    assert set(OmegaConf.load(files()[name])) == {"spec"}


@pytest.mark.parametrize("name", NAMES)
def test_the_bare_spec_is_that_of_an_app_without_keys(name):
    assert read(name).bare == spec_of(name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("keys", "context", "high", "end"),
    [
        pytest.param({}, {"total_steps": 2000, "base_lr": 0.1}, 0.1, 2000, id="no keys"),
        pytest.param({"peak": 0.3}, {"total_steps": 2000}, 0.3, 2000, id="peak"),
        pytest.param({"peak": 0.3, "steps": 900}, {}, 0.3, 900, id="peak and steps"),
        pytest.param({"peak": 3, "steps": 1e3, "warmup": 50}, {}, 3, 1000, id="all"),
        pytest.param({"peak": 3, "steps": 1000, "warmup": 0}, {}, 3, 1000, id="no warmup"),
    ],
)
def test_it_keeps_to_the_keys(name, keys, context, high, end):
    schedule = compiled(name, keys, **context)
    low, top = schedule.bounds(0, end)
    assert top == pytest.approx(high, rel=1e-12) if name != "cyclic" else 0.9 * high < top <= high
    assert 0 <= low < high or name in ("constant", "plateau", "constant_with_warmup")
    assert schedule.length in (end, math.inf) or schedule.length < end
    found = lrdsl.lint(spec_of(name, **keys), **{"total_steps": end, "base_lr": 0.1, **context})
    assert found == []


WITH_WARMUP = [name for name in NAMES if "warmup" in read(name).keys]


@pytest.mark.parametrize("name", WITH_WARMUP)
def test_the_warmup_is_as_long_as_the_config_says(name):
    schedule = compiled(name, {"peak": 1, "warmup": 100}, total_steps=1000)
    values = schedule.values(1000)
    first = int(np.flatnonzero(values >= 1 - 1e-12)[0])
    if name in ("t5", "palm"):  # flat for the warmup
        assert first == 0
        assert np.flatnonzero(values == 1)[-1] == 99
    else:
        assert first == (99 if name == "noam" else 100)  # noam counts updates from 1


def at(name, share, total, **keys):
    return compiled(name, keys, total_steps=total, base_lr=1)(round(share * total))


@pytest.mark.parametrize(
    ("name", "share", "value"),
    [
        pytest.param("gpt3", 0.375 / 300, 1, id="GPT-3 after 375M of 300B tokens"),
        pytest.param("gpt3", (0.375 + 260) / 600, 0.55, id="GPT-3 half way down"),
        pytest.param("gpt3", 260 / 300, 0.1, id="GPT-3 after 260B tokens"),
        pytest.param("gpt3", 1, 0.1, id="GPT-3 at the end"),
        pytest.param("llama3", 8000 / 1.2e6, 1, id="Llama 3 after 8,000 updates"),
        pytest.param("llama3", 4000 / 1.2e6, 0.5, id="Llama 3 after 4,000 updates"),
        pytest.param("llama3", 1, 0.01, id="Llama 3 at the end"),
        pytest.param("llama2", 2000 / 500_000, 1, id="Llama 2 after 2,000 updates"),
        pytest.param("llama2", 1, 0.1, id="Llama 2 at the end"),
        pytest.param("chinchilla", 1, 0.1, id="Chinchilla at the end"),
        pytest.param("t5", 40_000 / 2**19, 0.5, id="T5 after 40,000 updates"),
        pytest.param("palm", 40 / 255, 0.5, id="PaLM after 40,000 updates"),
        pytest.param("bert", 0.005, 0.5, id="BERT after 5,000 updates"),
        pytest.param("bert", 0.505, 0.5, id="BERT half way down"),
        pytest.param("roberta", 24 / 500, 1, id="RoBERTa after 24,000 updates"),
        pytest.param("whisper", 2048 / 2**20, 1, id="Whisper after 2,048 updates"),
        pytest.param("whisper", 1, 0, id="Whisper at the end"),
        pytest.param("wav2vec2", 0.05, 0.5, id="wav2vec 2.0 in its warmup"),
        pytest.param("wav2vec2", 0.5, 1, id="wav2vec 2.0 after 50%"),
        pytest.param("wav2vec2", 0.75, 0.5, id="wav2vec 2.0 half way down"),
        pytest.param("deepseek_llm", 0.85, 0.316, id="DeepSeek LLM after 80%"),
        pytest.param("deepseek_llm", 0.95, 0.1, id="DeepSeek LLM after 90%"),
        pytest.param("deepseek_v3", 10 / 14.8, 1, id="DeepSeek-V3 after 10T tokens"),
        pytest.param("deepseek_v3", 14.5 / 14.8, 0.1, id="DeepSeek-V3 after 14.5T tokens"),
        pytest.param("deepseek_v3", 14.7 / 14.8, 7.3e-6 / 2.2e-4, id="DeepSeek-V3 at the end"),
        pytest.param("vit", 5000 / 93_836, 0.5, id="ViT after 5,000 updates"),
        pytest.param("deit", 5 / 300, 1, id="DeiT after 5 epochs"),
        pytest.param("mae", 20 / 800, 0.5, id="MAE after 20 epochs"),
        pytest.param("resnet", 45 / 90, 0.1, id="ResNet after 45 epochs"),
        pytest.param("resnet", 85 / 90, 1e-3, id="ResNet after 85 epochs"),
        pytest.param("multistep", 40 / 64, 0.1, id="ResNet on CIFAR after 40k updates"),
        pytest.param("exponential", 24 / 350, 0.97**10, id="EfficientNet after 24 epochs"),
        pytest.param("poly", 0.5, 0.5**0.9, id="DeepLab half way"),
        pytest.param("wsd", 0.95, 10**-0.5, id="WSD half way down"),
        pytest.param("wsd_by_hand", 0.85, 0.5, id="1 - sqrt after a quarter of the cooldown"),
        pytest.param("trapezoid", 0.9, 0.5, id="trapezoid half way down"),
        pytest.param("restarts", 8.5 / 15 - 1.5 / 15, 1, id="SGDR restarts after 70 of 150 epochs"),
    ],
)
def test_the_numbers_of_the_papers(name, share, value):
    total = 2**19 * 255  # every share is close to a whole update
    assert at(name, share, total) == pytest.approx(value, rel=2e-5, abs=2e-6)


def original(name, total, warmup):
    """A preset's schedule as a library that many use has it, from a learning rate of 0.5."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    rates = torch.optim.lr_scheduler
    if name == "onecycle":
        # torch's cycle ends at the last update, and its peak is an update before 30%.
        share = (0.3 * total + 1) / (total + 1)
        return rates.OneCycleLR(optimizer, 0.5, total_steps=total + 1, pct_start=share)
    if name == "multistep":
        return rates.MultiStepLR(optimizer, [total // 2, total * 3 // 4])
    if name == "step":
        return rates.StepLR(optimizer, total // 3)
    if name == "restarts":
        return rates.CosineAnnealingWarmRestarts(optimizer, total // 15, 2)
    if name == "poly":
        return rates.PolynomialLR(optimizer, total, power=0.9)
    transformers = peer("transformers")
    own = {
        "linear": lambda: transformers.get_linear_schedule_with_warmup(optimizer, warmup, total),
        "cosine": lambda: transformers.get_cosine_schedule_with_warmup(optimizer, warmup, total),
        "constant_with_warmup": lambda: transformers.get_constant_schedule_with_warmup(
            optimizer, warmup
        ),
        "inverse_sqrt": lambda: transformers.get_inverse_sqrt_schedule(optimizer, warmup),
    }
    return own[name]()


@pytest.mark.parametrize(
    "name",
    [
        "onecycle",
        "multistep",
        "step",
        "restarts",
        "poly",
        "linear",
        "cosine",
        "constant_with_warmup",
        "inverse_sqrt",
    ],
)
@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_the_same_numbers_as_the_libraries(name):
    total, warmup = 600, 60
    scheduler = original(name, total, warmup)
    expected = []
    for _ in range(total):
        expected.append(scheduler.get_last_lr()[0])
        scheduler.step()
    keys = {} if name == "onecycle" else {"warmup": warmup}
    schedule = compiled(name, keys, total_steps=total, base_lr=0.5)
    assert schedule.values(total) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_by_mistake(name):
    with pytest.raises(lrdsl.SpecError, match=rf"`schedule@lr={name}`"):
        lrdsl.compile(name, total_steps=1000, base_lr=0.1)


def test_a_name_with_something_beside_it_is_no_choice_of_a_preset():
    with pytest.raises(lrdsl.SpecError) as caught:
        lrdsl.compile("cosine >> wsd >> gpt3", total_steps=1000)
    assert "schedule@" not in str(caught.value)


def write(folder, **configs):
    for name, text in configs.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def app(tmp_path):
    """Composes a config of an app that is in no way lrdsl's."""

    def composed(overrides=(), **configs):
        with initialize_config_dir(str(write(tmp_path, **configs)), version_base="1.3"):
            return compose("app", overrides=list(overrides))

    return composed


WSD = "defaults: [schedule@lr: wsd, _self_]\nsteps: 900\n"


def test_each_is_an_option_of_the_group(app):
    config = app([f"+schedule@each.{name}={name}" for name in NAMES], app=WSD)
    assert {name: config.each[name].spec for name in NAMES} == {
        name: spec_of(name, steps=900) for name in NAMES
    }


@pytest.mark.parametrize(
    ("config", "overrides", "key", "name"),
    [
        pytest.param(WSD, [], "lr", "wsd", id="in the defaults"),
        pytest.param("x: 1\n", ["+schedule@lr=wsd"], "lr", "wsd", id="added"),
        pytest.param(
            "defaults: [schedule: wsd]\n", ["schedule=cosine"], "schedule", "cosine",
            id="in its own place",
        ),
        pytest.param(
            "defaults: [schedule@a.b: wsd]\n", ["schedule@a.b=t5"], "a.b", "t5", id="further in"
        ),
        pytest.param(
            "defaults: [schedule: wsd, _self_]\nschedule: {x: 1}\n", ["schedule=t5"], "schedule",
            "t5", id="beside a key of that name",
        ),
        pytest.param(
            "defaults: [base]\n", ["+schedule@lr=wsd"], "lr", "wsd", id="a config of another config"
        ),
    ],
)  # fmt: skip
def test_the_group_in_any_app(app, config, overrides, key, name):
    found = app(overrides, app=config, base="y: 1\n")
    steps = {"steps": found.steps} if "steps" in found else {}
    assert OmegaConf.select(found, f"{key}.spec") == spec_of(name, **steps)


def test_the_files_of_an_app_go_before(app):
    files = {"app": WSD, "schedule__wsd": "spec: 0.25\n", "schedule__own": "spec: 0.5\n"}
    assert app(**files).lr.spec == 0.25
    assert app(["schedule@lr=own"], **files).lr.spec == 0.5
    assert app(["schedule@lr=t5"], **files).lr.spec == spec_of("t5", steps=900)


@pytest.mark.parametrize(
    ("config", "override"),
    [
        pytest.param("schedule: linear\n", "schedule=cosine", id="text"),
        pytest.param("defaults: [_self_]\nschedule: 3\n", "schedule=cosine", id="with defaults"),
        pytest.param("defaults: [base]\n", "schedule=cosine", id="of another config"),
    ],
)
def test_a_plain_key_of_that_name_stays_one(app, config, override):
    assert app([override], app=config, base="schedule: linear\n").schedule == "cosine"


def test_nothing_else_of_lrdsl_is_seen(app):
    for override in ("+optimizer=sgd", "optimizer@x=sgd"):
        with pytest.raises(HydraException):
            app([f"{override}", "schedule@lr=nothing"], app=WSD)
    with pytest.raises(HydraException, match=r"(?s)schedule/nothing.*wsd_by_hand"):
        app(["schedule@lr=nothing"], app=WSD)
    with pytest.raises(HydraException, match="train"):
        app(["+train@x=a"], app="defaults: [train]\n")


@pytest.mark.parametrize("name", ["../schedule/wsd", "wsd.yaml/..", "/etc/passwd", "schedule/wsd"])
def test_only_a_name_is_a_preset(app, name):
    with pytest.raises(HydraException):
        app(app=f"defaults: [schedule@lr: {name}]\n")


APP = """
import sys, hydra
from hydra.core.config_store import ConfigStore

ConfigStore.instance().store(name="app", node={CONFIG})

@hydra.main(version_base="1.3", config_path=None, config_name="app")
def main(config):
    print(config, "lrdsl.schedule.schedule" in sys.modules)

main()
"""


@pytest.mark.parametrize(
    ("config", "argument", "found"),
    [
        pytest.param(
            {"defaults": [{"schedule@lr": "constant"}]}, "schedule@lr=cosine",
            "{'lr': {'spec': 'warmed_up(${oc.select:warmup,0}, cosine(${oc.select:peak,base}, 0, "
            "until=${oc.select:steps,total}))'}} False",
            id="a choice",
        ),
        pytest.param(
            {"schedule": "a"}, "schedule=cosine", "{'schedule': 'cosine'} False", id="a plain key"
        ),
    ],
)  # fmt: skip
def test_an_app_without_files(tmp_path, config, argument, found):
    (tmp_path / "app.py").write_text(APP.replace("{CONFIG}", repr(config)))
    options = ["hydra.run.dir=out", "hydra.output_subdir=null"]
    done = python("app.py", argument, *options, folder=tmp_path)
    assert done.stdout.strip() == found, done.stderr


def test_what_is_wrong_with_an_app_is_not_looked_for_in_presets(tmp_path):
    own = {"app": WSD, "schedule__mine": "spec: cosin(1)\n"}
    [found] = lint_hydra(write(tmp_path, **own), "app")
    assert found.option == "schedule@lr=mine"


def test_the_picture_names_every_preset():
    picture = (ROOT / "docs" / "presets.svg").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"<!-- {name} -->" not in picture] == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param([], 0, ["constant  ", "The same learning rate throughout."], id="a list"),
        pytest.param(["gpt3"], 0, ["schedule@lr=gpt3", "375 million", "260 / 300"], id="one"),
        pytest.param(["gtp3"], 2, ["no preset is called `gtp3`", "did you mean"], id="a typo"),
        pytest.param(["xyzzy"], 2, ["`lrdsl presets` lists all"], id="nothing like it"),
    ],
)
def test_the_command(arguments, code, said):
    done = CliRunner().invoke(cli, ["presets", *arguments])
    assert done.exit_code == code
    assert [part for part in said if part not in done.output] == []
