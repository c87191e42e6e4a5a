"""Every way of installing brings the grammar, the configs, the definitions, a command that runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.paths import ROOT

SPEC = "warmup(linear,100) >> cosine(1,1e-3,800)"
DATA = [
    path.relative_to(ROOT).as_posix()
    for folder in ("grammar", "conf")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts
]
PLUGINS = [
    path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "hydra_plugins").glob("*.py"))
]
APP = """
import hydra
from hydra.core.config_store import ConfigStore

CONFIG = {
    "defaults": [{"schedule@lr": "wsd"}, "_self_"],
    "steps": 900,
    "half": "${lrdsl.at:${lr},450,{base_lr: 1}}",
}
ConfigStore.instance().store(name="app", node=CONFIG)

@hydra.main(version_base="1.3", config_path=None, config_name="app")
def main(config):
    print(config.lr.spec, config.half)

main()
"""
LIBRARY = [
    path.relative_to(ROOT).as_posix() for path in (ROOT / "lrdsl/language/library").glob("*.lr")
]

pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what packages are built from, so that the checkout stays as it is."""
    copy = tmp_path_factory.mktemp("source") / "lrdsl"
    copy.mkdir()
    for folder in ("lrdsl", "hydra_plugins", "grammar", "conf"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def packages(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wheel and an sdist, built from the tree each."""
    out = tmp_path_factory.mktemp("packages")
    build = (sys.executable, "-m", "build", "--no-isolation", "--wheel", "--sdist")
    run(*build, "--outdir", out, tree, cwd=out)
    [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist, "editable": tree}


def names_in(package: Path) -> list[str]:
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as wheel:
            return wheel.namelist()
    with tarfile.open(package) as sdist:
        return [name.partition("/")[2] for name in sdist.getnames()]


def test_there_is_data_to_pack() -> None:
    assert "grammar/lrdsl.lark" in DATA
    assert "lrdsl/language/library/std.lr" in LIBRARY


@pytest.mark.parametrize(("kind", "prefix"), [("wheel", "lrdsl/"), ("sdist", "")], ids=str)
def test_each_data_file_is_packed_once(packages: dict[str, Path], kind: str, prefix: str) -> None:
    names = names_in(packages[kind])
    found = [name for name in names if any(f"/{name}".endswith(f"/{data}") for data in DATA)]
    assert sorted(found) == sorted(prefix + data for data in DATA)
    assert sorted(name for name in names if name.endswith(".lr")) == sorted(LIBRARY)
    assert "py.typed" in " ".join(names)
    assert len([name for name in names if name.rpartition("/")[2] == "LICENSE"]) == 1
    assert sorted(name for name in names if "hydra_plugins" in name) == PLUGINS


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_installed_command_shows_a_schedule(
    packages: dict[str, Path], kind: str, tmp_path: Path
) -> None:
    environment = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    scripts = environment / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / "python"
    # The dependencies, hatchling among them, are the ones at hand. A plain line of a .pth file
    # adds a folder to the path but not what that folder's own .pth files point to, such as an
    # editable lrdsl; the venv's own packages come first.
    site = Path(
        run(
            python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path
        ).strip()
    )
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)))
    how = ["--editable", packages[kind]] if kind == "editable" else [packages[kind]]
    flags = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed")
    run(sys.executable, "-m", "pip", "--python", python, "install", *flags, *how, cwd=tmp_path)

    home = packages["editable"] if kind == "editable" else site
    where = run(python, "-c", "import lrdsl; print(lrdsl.__file__)", cwd=tmp_path).strip()
    assert Path(where).resolve() == (home / "lrdsl" / "__init__.py").resolve()
    look = "from lrdsl.util.resources import folder; print(folder('conf'))"
    assert Path(run(python, "-c", look, cwd=tmp_path).strip()).is_dir()
    look = (
        "from hydra.core.plugins import Plugins; Plugins.instance(); import sys;"
        " print(*[sys.modules[name].__file__ for name in sorted(sys.modules)"
        " if name.startswith('hydra_plugins.lrdsl_')], sep='\\n')"
    )
    found = run(python, "-c", look, cwd=tmp_path).splitlines()
    assert [Path(name).resolve() for name in found] == [(home / each).resolve() for each in PLUGINS]

    (tmp_path / "app.py").write_text(APP)
    chosen = run(python, "app.py", "schedule@lr=cosine", "hydra.run.dir=out", cwd=tmp_path)
    assert chosen == "warmed_up(0, cosine(base, 0, until=900)) 0.5\n"

    shown = run(scripts / "lrdsl", "show", SPEC, cwd=tmp_path)
    assert shown.startswith("warmup(linear, 100) >> cosine(1, 1e-3, 800)\n")
    facts = json.loads(run(python, "-m", "lrdsl", "show", SPEC, "--format", "json", cwd=tmp_path))
    [facts] = facts["schedules"]
    assert (facts["length"], facts["boundaries"]) == (900, [100, 900])
    shown = run(scripts / "lrdsl", "show", "wsd(1, 10, 20, 30)", "--expand", cwd=tmp_path)
    assert shown.startswith("warmup(linear, 10) >> ")
