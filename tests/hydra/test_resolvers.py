"""Numbers out of a schedule in a config, and specs as names of folders."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import InterpolationResolutionError

import lrdsl
from hydra_plugins.lrdsl_resolvers import RESOLVERS
from lrdsl.hydra import slug
from lrdsl.hydra.slugs import MAX_LENGTH, MIN_LENGTH
from tests.support.processes import python

HEADLINE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"

CONFIG = {
    "text": HEADLINE,
    "node": {"spec": HEADLINE},
    "open": "warmup(10%) >> cosine(peak, 0)",
    "of_base": "cosine(base, 0)",
    "number": 0.1,
    "defined": {"spec": "half(1)", "definitions": "def half(x) = constant(x / 2)"},
    "steps": 1e3,
    "scheduler": {
        "_target_": "lrdsl.torch.Scheduler",
        "_partial_": True,
        "spec": "${open}",
        "total_steps": "${steps}",
        "peak": 3,
    },
    "program": {
        "_target_": "lrdsl.torch.Scheduler",
        "spec": {"lr": "cosine(1, 0, 100)", "momentum": "0.9"},
    },
    "optimizer": {"_target_": "torch.optim.SGD", "lr": 0.1},
}


def resolved(text, **more):
    return OmegaConf.create({**CONFIG, **more, "x": text}).x


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("${lrdsl.at:${text},50}", 0.5, id="text with commas and brackets"),
        pytest.param("${lrdsl.at:${node},50}", 0.5, id="a node"),
        pytest.param("${lrdsl.at:${node.spec},900}", 5e-4, id="its text"),
        pytest.param("${lrdsl.at:${number},50}", 0.1, id="a number"),
        pytest.param("${lrdsl.at:${defined},50}", 0.5, id="its own definitions"),
        pytest.param("${lrdsl.at:'linear(1, 0, 100)',50}", 0.5, id="text in quotes"),
        pytest.param('${lrdsl.at:"linear(${number}, 0, 100)",50}', 0.05, id="a reference in it"),
        pytest.param("${lrdsl.at:${text},1e2}", 1.0, id="a float that is whole"),
        pytest.param("${lrdsl.at:'cosine(1, 0)',500,${steps}}", 0.5, id="total_steps"),
        pytest.param("${lrdsl.at:${of_base},500,{total_steps: ${steps}, base_lr: 4}}", 2.0,
                     id="a mapping"),
        pytest.param("${lrdsl.at:${open},550,{total_steps: 1000, peak: 8}}", 4.0, id="a variable"),
        pytest.param("${lrdsl.at:${scheduler},550}", 1.5, id="an object of lrdsl"),
        pytest.param("${lrdsl.at:${program.spec.lr},50}", 0.5, id="a number of a program"),
        pytest.param("at ${lrdsl.at:${text},50} by then", "at 0.5 by then", id="inside text"),
        pytest.param("${lrdsl.length:${text}}", 900, id="length"),
        pytest.param("${lrdsl.length:${number}}", math.inf, id="no end"),
        pytest.param("${lrdsl.length:${scheduler}}", 1000, id="length of an object's"),
        pytest.param("${lrdsl.peak:${text}}", 1.0, id="peak"),
        pytest.param("${lrdsl.peak:${number}}", 0.1, id="peak of a number"),
        pytest.param("${lrdsl.peak:'warmup(100, 0, 1)',50}", 0.49, id="peak within the run"),
        pytest.param("${lrdsl.peak:'cyclic(0.1, 0.3, 10)'}", 0.3, id="peak without an end"),
    ],
)  # fmt: skip
def test_numbers(text, value):
    assert resolved(text) == value


@pytest.mark.parametrize(
    ("config", "value"),
    [
        pytest.param({"total_steps": 200}, 0.5, id="beside it"),
        pytest.param({"total_steps": "${run}", "run": 200.0}, 0.5, id="a reference"),
        pytest.param(
            {"total_steps": 7, "inner": {"total_steps": 200, "x": "${lrdsl.at:${lr},100}"}}, 0.5,
            id="the nearest",
        ),
        pytest.param(
            {"steps_per_epoch": 50, "total_steps": 200,
             "inner": {"list": [{"x": "${lrdsl.at:'cosine(1, 0, 4ep)',100}"}]}},
            0.5, id="further out",
        ),
        pytest.param(
            {"total_steps": 200, "definitions": ["def f(x) = cosine(x, 0)"],
             "inner": {"x": "${lrdsl.at:'f(1)',100}"}},
            0.5, id="definitions",
        ),
        pytest.param(
            {"total_steps": 7, "inner": {"x": "${lrdsl.at:${lr},100,200}"}}, 0.5,
            id="what is given goes before",
        ),
    ],
)  # fmt: skip
def test_the_context_around(config, value):
    made = OmegaConf.create({"lr": "cosine(1, 0)", "x": "${lrdsl.at:${lr},100}", **config})
    inner = made.get("inner", made)
    inner = inner.list[0] if "list" in inner else inner
    assert inner.x == pytest.approx(value)


def test_the_length_of_a_schedule_as_that_of_the_run():
    config = {"lr": "cosine(1, 0, 900)", "total_steps": "${lrdsl.length:${lr}}"}
    assert OmegaConf.create(config).total_steps == 900
    config["lr"] = "cosine(1, 0)"
    with pytest.raises(InterpolationResolutionError, match="pass total_steps"):
        OmegaConf.create(config).total_steps  # noqa: B018


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("${lrdsl.at:'cosin(1, 0, 9)',1}",
                     "there is no shape `cosin`\n  | cosin(1, 0, 9)\n  | ^^^^^ did you mean",
                     id="a spec"),
        pytest.param("${lrdsl.at:${of_base},1,100}", "pass base_lr", id="a context"),
        pytest.param("${lrdsl.at:${text},1.5}", "a step is a whole number, not 1.5", id="a step"),
        pytest.param("${lrdsl.at:${text},soon}", "a step is a whole number, not 'soon'",
                     id="a word for a step"),
        pytest.param("${lrdsl.at:${text},-1}", "a step is 0 or more", id="below 0"),
        pytest.param("${lrdsl.at:${text},1,soon}", "write `${steps}`", id="no context"),
        pytest.param("${lrdsl.at:${program},1}", "has 2 specs", id="a program"),
        pytest.param("${lrdsl.peak:${optimizer}}", "has no `spec`", id="another object"),
        pytest.param("${lrdsl.slug:${text},5}", "from 16 to 200, not 5", id="a short slug"),
    ],
)  # fmt: skip
def test_mistakes(text, said):
    with pytest.raises(InterpolationResolutionError, match=re.escape(said)):
        resolved(text)


def test_the_names_are_in_a_namespace_of_their_own():
    assert all(OmegaConf.has_resolver(f"lrdsl.{name}") for name in RESOLVERS)
    assert not any(OmegaConf.has_resolver(name) for name in RESOLVERS)


SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*-[0-9a-f]{10}")
NASTY = [
    "../../../escape",
    "..",
    "a/b\\c",
    "/etc/passwd",
    "C:\\Users",
    "~root",
    "-rf",
    ".hidden",
    "x" * 300,
    "é日本語🎉",
    "‮right to left",
    "a\nb\tc\0d",
    "con",
    "NUL.txt",
    "com1.lr",
    "trailing. ",
    "$(reboot) `id` ${HOME} %PATH%",
    "a=1,b='2',c=\"3\"",
    "",
    "\ud800",
    HEADLINE,
]
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_a_slug_is_a_safe_name(text):
    check(slug(text), MAX_LENGTH)


def check(name, longest):
    assert SAFE.fullmatch(name)
    assert len(name) <= longest
    assert ".." not in name
    assert not RESERVED.fullmatch(name)


@given(st.text(max_size=400), st.integers(MIN_LENGTH, 200))
def test_any_text_has_a_safe_slug(text, longest):
    check(slug(text, longest), longest)


def test_different_texts_have_different_slugs_whatever_the_case():
    texts = [*NASTY, *[f"lr=cosine(1,0,{n})" for n in range(5000)], "A", "a", "a ", " a", "a-", "ä"]
    assert len({slug(text).lower() for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("lr=warmup(100) >> cosine(1,1e-3,800),seed=3",
                     "lr-warmup-100-cosine-1-1e-3-800-seed-3-2ee77b7a28", id="overrides"),
        pytest.param(0.1, "0.1-14be4b45f1", id="a number"),
        pytest.param({"spec": "hold(5)"}, "hold-5-9bca45f40c", id="a node"),
        pytest.param(lrdsl.parse("hold(5)"), "hold-5-9bca45f40c", id="a Spec"),
        pytest.param("", "job-e3b0c44298", id="nothing"),
    ],
)  # fmt: skip
def test_slugs_stay_the_same(text, name):
    assert slug(text) == name


@pytest.mark.parametrize("length", [MIN_LENGTH - 1, 201, 50.5, "50", True, None], ids=repr)
def test_the_length_of_a_slug(length):
    with pytest.raises(lrdsl.SpecError, match="a whole number from 16 to 200"):
        slug("hold(5)", length)


APP = """
from pathlib import Path
import hydra
from hydra.core.hydra_config import HydraConfig

@hydra.main(version_base="1.3", config_path="conf", config_name="app")
def main(config):
    folder = Path(HydraConfig.get().runtime.output_dir)
    (folder / "ran.txt").write_text(str(config.lr), encoding="utf-8")
    print("half", config.half)

main()
"""
CONF = """
defaults: [schedule@lr: cosine, _self_]
steps: 100
half: '${lrdsl.at:${lr},50,{total_steps: 100, base_lr: 1}}'
hydra:
  sweep: {dir: out/sweep, subdir: '${lrdsl.slug:${hydra:job.override_dirname}}'}
  run: {dir: 'out/${lrdsl.slug:${hydra:job.override_dirname},40}'}
"""


@pytest.fixture
def app(tmp_path):
    """A Hydra app that imports nothing of lrdsl, and names its folders by their overrides."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "app.yaml").write_text(CONF)
    (tmp_path / "app.py").write_text(APP)

    def run(*arguments):
        return python("app.py", *arguments, folder=tmp_path)

    run.folder = tmp_path
    return run


def tree(folder: Path):
    return {path.relative_to(folder).parts[0] for path in folder.rglob("*")}


IN_SPECS = [
    "cosine(1, 0, 100) # ../../../escape",
    "cosine(1, 0, 100) # /tmp/a/b\\c",
    "cosine(1, 0, 100) # " + "x" * 300,
    "cosine(1, 0, 100) # é日本語🎉",
    "cosine(1, 0, 100) # C:con",
    "../..",
]


@pytest.mark.slow
def test_names_in_a_spec_never_leave_the_folder_of_a_sweep(app):
    values = ",".join([f'"{spec}"' for spec in IN_SPECS])
    done = app("-m", f"lr={values}", "half=0")
    assert done.returncode == 0, done.stderr
    assert tree(app.folder) == {"app.py", "conf", "out"}
    assert tree(app.folder / "out") == {"sweep"}
    ran = list((app.folder / "out" / "sweep").rglob("ran.txt"))
    assert {path.parent.parent for path in ran} == {app.folder / "out" / "sweep"}
    assert sorted(path.read_text(encoding="utf-8") for path in ran) == sorted(IN_SPECS)
    assert all(SAFE.fullmatch(path.parent.name) for path in ran)


@pytest.mark.slow
def test_they_are_known_to_an_app_that_imports_nothing(app):
    done = app()
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["half", "0.5"]
    [folder] = (app.folder / "out").iterdir()
    assert folder.name == "job-e3b0c44298"


@pytest.mark.slow
def test_a_job_prints_with_them(app):
    done = app("--cfg", "job", "--resolve")
    assert "half: 0.5" in done.stdout.splitlines(), done.stderr
