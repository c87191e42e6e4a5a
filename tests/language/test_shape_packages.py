"""Packages that bring shapes."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import lrdsl
import lrdsl.build
from lrdsl import SpecError
from lrdsl.language.shapes import SHAPES


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a package on the path that offers shapes: its modules, and its entry points."""
    modules = set(sys.modules)

    def put(name: str, entries: dict[str, str], **files: str) -> None:
        folder = tmp_path / name
        info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{entry} = {value}" for entry, value in entries.items()]
        (info / "entry_points.txt").write_text("\n".join(["[lrdsl.shapes]", *lines]))
        for module, text in files.items():
            (folder / f"{module}.py").write_text(text)
        monkeypatch.syspath_prepend(folder)
        importlib.invalidate_caches()

    yield put
    for each in set(sys.modules) - modules:
        if each.startswith("acme"):
            del sys.modules[each]


ACME = """
import lrdsl

@lrdsl.shape(name="acme.flat")
def flat(t, level=2.0):
    return level

@lrdsl.shape
def slope(t, rate=1.0):
    return rate * t
"""

FLAT = {"acme.flat": "acme_shapes:flat", "slope": "acme_shapes:slope"}


def test_a_package_is_imported_when_its_shape_is_used(install: Callable[..., None]) -> None:
    install("acme-lr", FLAT, acme_shapes=ACME)
    assert lrdsl.compile("linear(1, peak, 10)", peak=0.5)(10) == 0.5
    assert FLAT.keys() <= set(SHAPES)
    assert "acme_shapes" not in sys.modules
    assert lrdsl.compile("acme.flat(3) + slope(2)")(5) == 13.0
    assert "acme_shapes" in sys.modules
    assert str(lrdsl.build.acme.flat(3)) == "acme.flat(3)"


def test_a_package_that_is_imported_by_hand_is_not_imported_twice(
    install: Callable[..., None],
) -> None:
    install("acme-lr", FLAT, acme_shapes=ACME)
    module = importlib.import_module("acme_shapes")
    assert lrdsl.compile("slope(2)")(5) == 10.0
    importlib.reload(module)
    assert lrdsl.compile("slope(2)")(5) == 10.0


def test_names_that_packages_offer_are_suggested(install: Callable[..., None]) -> None:
    install("acme-lr", FLAT, acme_shapes=ACME)
    with pytest.raises(SpecError, match="did you mean `slope`"):
        lrdsl.compile("slop(1)")
    assert "acme_shapes" not in sys.modules


@pytest.mark.parametrize(
    ("value", "files", "words"),
    [
        pytest.param(
            "acme_gone:flat", {}, "ModuleNotFoundError: No module named 'acme_gone'", id="no module"
        ),
        pytest.param("acme_a:flat", {"acme_a": ""}, "AttributeError", id="no such thing"),
        pytest.param("acme_b:f", {"acme_b": "1 / 0"}, "ZeroDivisionError", id="module that fails"),
        pytest.param("acme_c:f", {"acme_c": "f = ("}, "SyntaxError", id="module with an error"),
        pytest.param(
            "acme_d:flat",
            {"acme_d": "def flat(t): return 1.0"},
            "nothing registers itself there under that name",
            id="not decorated",
        ),
        pytest.param(
            "acme_e:clip",
            {"acme_e": "import lrdsl\n@lrdsl.shape\ndef clip(t): return 1.0"},
            "the name `clip` is taken",
            id="taken name",
        ),
        pytest.param("what: is: this", {}, "cannot be loaded", id="no reference"),
    ],
)
def test_a_broken_package_is_a_diagnostic_where_it_is_used(
    install: Callable[..., None], value: str, files: dict[str, str], words: str
) -> None:
    install("acme-broken", {"fragile": value}, **files)
    assert lrdsl.compile("linear(1, 0, 10)")(5) == 0.5
    assert lrdsl.compile("2 * fragile_rate", fragile_rate=3)(0) == 6.0
    for _ in range(2):
        with pytest.raises(SpecError, match="LR606") as caught:
            lrdsl.compile("hold(5) >> fragile(1)", base_lr=1)
        (found,) = caught.value.diagnostics
        assert found.source[found.span.start : found.span.stop] == "fragile"
        assert "`acme-broken`" in found.message
        assert words in found.message
    with pytest.raises(AttributeError, match="acme-broken"):
        lrdsl.build.fragile  # noqa: B018
    assert lrdsl.compile("2 * fragile", fragile=3)(0) == 6.0, "as a variable it is nobody's"


def test_two_packages_with_one_name(install: Callable[..., None]) -> None:
    install("acme-one", FLAT, acme_shapes=ACME)
    install("acme-two", {"slope": "acme_two:slope"}, acme_two="1 / 0")
    with pytest.raises(SpecError, match="`acme-two` and `acme-one` both bring a `slope`"):
        lrdsl.compile("slope(1)")
    assert lrdsl.compile("acme.flat(1)")(0) == 1.0


def test_metadata_that_cannot_be_read_disturbs_nobody(
    install: Callable[..., None], tmp_path: Path
) -> None:
    install("acme-odd", {"odd": "acme_odd:odd"})
    (tmp_path / "acme-odd" / "acme_odd-1.0.dist-info" / "entry_points.txt").write_text(
        "[lrdsl.shapes]\nthis is no entry\n"
    )
    install("acme-lr", FLAT, acme_shapes=ACME)
    assert lrdsl.compile("slope(2)")(5) == 10.0


def test_what_lrdsl_brings_comes_first(install: Callable[..., None]) -> None:
    install("acme-lr", {"cosine": "acme_cosine:cosine"}, acme_cosine="1 / 0")
    assert lrdsl.compile("cosine(1, 0, 10)")(5) == 0.5


def test_a_fresh_process_finds_the_shape_of_a_package(
    install: Callable[..., None], tmp_path: Path
) -> None:
    """As a worker does that gets a pickled schedule."""
    install("acme-lr", FLAT, acme_shapes=ACME)
    pickled = pickle.dumps(lrdsl.compile("slope(2)"))
    script = f"import pickle, sys; sys.path.insert(0, {str(tmp_path / 'acme-lr')!r})\n"
    script += f"print(pickle.loads({pickled!r})(5))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "10.0\n", done.stderr
