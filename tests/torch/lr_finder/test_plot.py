"""The picture of a range test."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")


from lrdsl.torch import range_test  # noqa: E402
from tests.support.small_regression import BATCHES, FALL, mse, network, script, sgd  # noqa: E402
from tests.support.warm import warm_python  # noqa: E402

# The picture.


def test_the_picture_shows_the_losses_and_the_suggestions(tmp_path):
    pytest.importorskip("matplotlib")
    model = network()
    found = range_test(model, sgd(model), mse, BATCHES)
    [axes] = found.plot(tmp_path / "range.svg").axes
    assert (tmp_path / "range.svg").read_text().startswith("<?xml")
    raw, smoothed, *marks = axes.lines
    assert axes.get_xscale() == "log"
    np.testing.assert_array_equal(raw.get_data(), [found.rates, found.losses])
    np.testing.assert_array_equal(smoothed.get_data(), [found.rates, found.smoothed])
    marked = {line.get_label().split(":")[0]: line.get_xdata()[0] for line in marks}
    assert marked["steepest descent"] == found.steepest
    assert marked["a tenth of the minimum"] == found.minimum
    assert marked["suggestion"] == found.suggestion
    first = found.smoothed[0]
    assert axes.get_ylim()[0] < found.losses.min() < first < axes.get_ylim()[1] < 2 * first


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(script([float("nan")] * 10), id="nothing finite"),
        pytest.param(script([2.0] * 10, mode="linear", low=0), id="flat, from 0"),
    ],
)
def test_a_picture_of_little(found):
    pytest.importorskip("matplotlib")
    found.plot().draw_without_rendering()


def test_another_kind_of_file_is_told_before_anything_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match=r"a picture is .svg, .png or .pdf, not 'range.jpg'"):
        script(FALL).plot("range.jpg")


def test_matplotlib_is_needed_for_the_picture_alone(tmp_path):
    (tmp_path / "script.py").write_text(
        "import sys\n"
        "for name in ['matplotlib', *sys.modules]:\n"
        "    if name.partition('.')[0] == 'matplotlib':\n"
        "        sys.modules[name] = None\n"
        "import torch; from lrdsl.torch import range_test\n"
        "m = torch.nn.Linear(1, 1); o = torch.optim.SGD(m.parameters(), lr=1)\n"
        "r = range_test(m, o, lambda m, b: m(b).square().mean(), [torch.ones(4, 1)])\n"
        "try: r.plot()\n"
        "except ModuleNotFoundError as error: print(error)\n"
    )
    done = warm_python("script.py", folder=tmp_path)
    assert "a figure needs matplotlib: pip install 'lrdsl[plot]'" in done.stdout, done.stderr
