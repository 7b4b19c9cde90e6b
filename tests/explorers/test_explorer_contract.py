"""What the explorers share apart from the contract of each, and that no explorer is left out of the contract."""

from __future__ import annotations

import runpy
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from course_utils import explorers
from course_utils.explorers.controls import decade_steps
from tests.explorers.conftest import explorers_of
from tests.explorers.contract import Contract


def test_every_explorer_is_found():
    assert set(explorers.__all__) == {
        "allocate_a_budget",
        "change_the_ruler",
        "compare_designs",
        "compute_saved",
        "clean_or_more",
        "cost_of_a_run",
        "count_it_your_way",
        "fit_a_thousand_laws",
        "foretell_the_big_run",
        "how_good_is_the_verifier",
        "how_many_runs",
        "how_many_test_items",
        "memory_or_compute",
        "play_again",
        "route_the_tokens",
        "sample_again",
        "shape_of_a_law",
        "sharp_or_smooth",
        "spend_a_budget",
        "spend_the_epochs",
        "the_stock_runs_out",
        "train_or_think",
        "walk_the_valley",
        "what_the_network_costs",
        "which_fit_do_you_trust",
        "why_a_power_law",
    }


def test_every_explorer_is_held_to_the_contract_once():
    held = []
    for part in sorted(Path(__file__).parent.glob("test_contract_*.py")):
        for value in runpy.run_path(str(part)).values():
            if isinstance(value, type) and issubclass(value, Contract) and value is not Contract:
                held += explorers_of(value.subject)
    assert sorted(held) == sorted(explorers.__all__)


def test_late_reports_of_an_old_slider_reach_nobody(ladder):
    """A slider whose limits change is replaced: what the old one still says must not undo the new value."""
    game = explorers.foretell_the_big_run(ladder)
    view = game.widget()
    old = dict(view._inputs)
    game.reveal()
    game.next_round()
    assert view._inputs["guess"] is not old["guess"] and view._inputs["span"] is not old["span"]
    assert view._inputs["floor"] is old["floor"]
    assert set(view._grid.children) == set(view._inputs.values())
    state, updates = game.state.trait_values(), game.updates
    old["guess"].value = old["guess"].min
    old["span"].index = (0, 0)
    assert game.state.trait_values() == state and game.updates == updates
    game.reset()
    assert view._inputs["span"].options == game.controls[0].options
    assert view._inputs["span"].value == game.state.span


def test_import_is_cheap():
    code = (
        "import sys, course_utils.explorers; "
        "print([m for m in ('ipywidgets', 'matplotlib', 'scipy', 'pandas', 'traitlets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_decade_steps_refuses_what_has_no_logarithm():
    with pytest.raises(ValueError, match="low"):
        decade_steps(0, 10)
    steps = decade_steps(1e7, 1e13)
    assert steps[0] == 1e7 and steps[-1] == 1e13 and 7e10 in steps and list(steps) == sorted(set(steps))


def test_png_round_trip():
    from io import BytesIO

    from PIL import Image

    from course_utils.plots.png import encode_png

    pixels = np.random.default_rng(0).integers(0, 256, (37, 53, 4), dtype=np.uint8)
    png = encode_png(pixels)
    assert np.array_equal(np.asarray(Image.open(BytesIO(png))), pixels)
    assert zlib.crc32(png[12:29]) == struct.unpack(">I", png[29:33])[0]
    with pytest.raises(ValueError, match="pixels"):
        encode_png(pixels[..., :3])
