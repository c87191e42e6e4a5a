"""The configs that ship in conf/, and specs in Hydra's overrides."""

import pickle
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import instantiate
from omegaconf import OmegaConf

import lrdsl
from lrdsl.hydra import quote
from lrdsl.util.resources import folder

torch = pytest.importorskip("torch")

CONF = folder("conf")
PRESETS = sorted(path.stem for path in (CONF / "schedule").glob("*.yaml"))
HEADLINE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"


@pytest.fixture
def config():
    with initialize_config_dir(str(Path(CONF).resolve()), version_base="1.3"):
        yield lambda *overrides: compose("train", overrides=list(overrides))


def scheduler(cfg):
    optimizer = instantiate(cfg.optimizer)([torch.nn.Parameter(torch.zeros(1))])
    return instantiate(cfg.scheduler)(optimizer)


def values(cfg, steps):
    driven = scheduler(cfg)
    found = []
    for _ in range(steps):
        found += driven.get_last_lr()
        driven.optimizer.step()
        driven.step()
    return found


@pytest.mark.parametrize(
    ("overrides", "spec"),
    [
        pytest.param(
            [],
            "warmed_up(100, cosine(0.5, 0.5 / 1000, until=900))",
            id="the default",
        ),
        pytest.param(
            ["schedule@lr=wsd_by_hand"],
            "warmed_up(100, constant(0.5, until=0.8 * 900)) >> cooldown(sqrt, until=900)",
            id="a preset",
        ),
        pytest.param(
            ["schedule@lr=linear", "peak=0.3", "steps=400", "warmup=10"],
            "warmed_up(10, linear(0.3, 0, until=400))",
            id="the variables of a preset",
        ),
        pytest.param(["schedule@lr=constant", "optimizer=adamw"], "constant(0.003)", id="AdamW"),
        pytest.param(["lr=0.1"], "0.1", id="a float"),
        pytest.param(["lr=1"], "1", id="an int"),
        pytest.param(["lr=1e-3"], "0.001", id="a float with an exponent"),
        pytest.param([f'lr="{HEADLINE}"'], HEADLINE, id="a spec"),
        pytest.param([f'lr.spec="{HEADLINE}"'], HEADLINE, id="a spec inside the group"),
        pytest.param(["lr.spec=0.1"], "0.1", id="a float inside the group"),
        pytest.param(
            ['lr="cosine(${peak}, 0, ${steps})"', "steps=1e2"],
            "cosine(0.5, 0, 100)",
            id="a spec that refers to the config",
        ),
        pytest.param(
            ["schedule@lr=poly", 'lr.spec="linear(1, 0, 9)"'],
            "linear(1, 0, 9)",
            id="a spec over a preset",
        ),
    ],
)
def test_overrides(config, overrides, spec):
    cfg = config(*overrides)
    schedule = lrdsl.compile(spec, total_steps=cfg.steps)
    assert scheduler(cfg).spec == schedule.spec
    assert values(cfg, 110) == schedule.values(110).tolist()


@pytest.fixture(scope="module")
def apps():
    """The app with each optimizer, and all presets beside its own."""
    short = ["steps=1000", "warmup=20"]
    with initialize_config_dir(str(Path(CONF).resolve()), version_base="1.3"):
        presets = [f"+schedule@each.{name}={name}" for name in PRESETS]
        adamw = compose("train", overrides=["optimizer=adamw", *short])
        return compose("train", overrides=[*presets, *short]), adamw


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_presets_stay_within_the_peak(apps, name):
    preset = OmegaConf.to_container(apps[0].each[name])
    sgd, other = [OmegaConf.create(OmegaConf.to_container(app)) for app in apps]
    for cfg in (sgd, other):
        cfg.lr = preset
        [schedule] = scheduler(cfg).schedules
        low, high = schedule.bounds(0, 1001)
        assert low >= 0
        assert high == cfg.peak == cfg.optimizer.lr
    assert sgd.peak != other.peak


@pytest.mark.parametrize("name", PRESETS)
def test_presets_name_their_source(name):
    assert (CONF / "schedule" / f"{name}.yaml").read_text().startswith("# ")


def test_there_are_presets():
    assert {"warmup_cosine", "wsd_by_hand", "constant", "linear", "step", "poly"} <= set(PRESETS)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        pytest.param(["lr=wsd_by_hand"], "schedule@lr=wsd_by_hand", id="a preset as a spec"),
        pytest.param(['lr="cosin(1,0,9)"'], "did you mean `cosine`", id="an unknown shape"),
        pytest.param(["lr=null"], "not NoneType", id="nothing"),
        pytest.param(["lr=true"], "not bool", id="a truth value"),
        pytest.param(["steps=soon"], "`total_steps`", id="a length that is no number"),
        pytest.param(["peak=high"], "`high` has no value", id="a peak that is no number"),
        pytest.param(["+lr.end=0"], "has `spec` and perhaps", id="a second key"),
    ],
)
def test_bad_overrides(config, overrides, message):
    cfg = config(*overrides)
    with pytest.raises(lrdsl.SpecError, match=message):
        scheduler(cfg)


def test_partial_is_picklable(config):
    partial = instantiate(config(f'lr="{HEADLINE}"').scheduler)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    again = pickle.loads(pickle.dumps(partial))(optimizer)
    assert again.spec == lrdsl.parse(HEADLINE)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]", id="plain"),
        pytest.param("hold(5) # it's\n", id="single quote and newline"),
        pytest.param('hold(5) # "quoted"', id="double quotes"),
        pytest.param('hold(5) # a \\" b \\\\" c', id="backslashes before quotes"),
        pytest.param("hold(5) # C:\\dir\\", id="backslash at the end"),
        pytest.param("hold(5) # C:\\dir\\\\", id="two backslashes at the end"),
        pytest.param("", id="empty"),
    ],
)
def test_quoted_text_survives_hydra(spec):
    [read] = OverridesParser.create().parse_overrides([quote(spec, key="a.b")])
    assert read.key_or_group == "a.b"
    assert read.value() == spec


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        pytest.param(0.1, 'lr="0.1"', id="number"),
        pytest.param(lrdsl.parse("hold(5)"), 'lr="hold(5)"', id="Spec"),
        pytest.param(OmegaConf.create({"spec": "hold(5)"}), 'lr="hold(5)"', id="config"),
    ],
)
def test_quote_takes_whatever_is_a_spec(spec, text):
    assert quote(spec, key="lr") == text
