"""What every explorer keeps, found by introspection."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import json
import math
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zlib

import numpy as np
import pytest

from course_utils import explorers
from course_utils.explorers.controls import Slider, Span, decade_steps
from course_utils.i18n import language, using_language


def _finite(value) -> bool:
    """Tell whether every number anywhere in a result is finite."""
    if dataclasses.is_dataclass(value):
        return all(_finite(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, (tuple, list)):
        return all(map(_finite, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind not in "fc" or bool(np.isfinite(value).all())
    return not isinstance(value, float) or math.isfinite(value)


def _ends(explorer):
    """Yield each control's ends, one control at a time."""
    for control in explorer.controls:
        for value in control.values:
            yield {control.trait: value}


def _corners(explorer):
    """Yield every corner of the first three controls."""
    first = explorer.controls[:3]
    for values in itertools.product(*(control.values for control in first)):
        yield {control.trait: value for control, value in zip(first, values, strict=True)}


def _png_size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def test_every_explorer_is_found():
    assert set(explorers.__all__) == {
        "allocate_a_budget",
        "change_the_ruler",
        "compute_saved",
        "clean_or_more",
        "cost_of_a_run",
        "count_it_your_way",
        "fit_a_thousand_laws",
        "foretell_the_big_run",
        "how_good_is_the_verifier",
        "how_many_test_items",
        "memory_or_compute",
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


def test_both_ends_of_every_control(spoken):
    width, height = spoken.size
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for values in [*_ends(spoken), *(_corners(spoken) if language() == "en" else ())]:
            spoken.set(**values)
            assert _finite(spoken.result), values
            png = spoken.png()
            assert _png_size(png) == (2 * width, 2 * height)
            assert len(png) > 10_000, values
            words = spoken.say() + spoken.html_table()
            assert words.strip() and not set("{}") & set(words), values
            assert "nan" not in words.lower().split(), values
            spoken.reset()
    assert not [str(w.message) for w in caught if "missing" in str(w.message) or "Glyph" in str(w.message)]


def test_reset_restores(explorer):
    start, before = explorer.state.trait_values(), explorer.png()
    for control in explorer.controls:
        explorer.set(**{control.trait: control.values[0]})
        explorer.set(**{control.trait: control.values[-1]})
    explorer.reset()
    assert explorer.state.trait_values() == start
    assert explorer.png() == before


def test_compute_is_pure(explorer):
    again, other = explorer.compute(explorer.state), explorer.compute(explorer.state)
    assert explorer.updates == 1
    for field in dataclasses.fields(again):
        np.testing.assert_equal(getattr(again, field.name), getattr(other, field.name))


def test_many_values_one_update(explorer):
    explorer.widget()
    explorer.png()
    before = explorer.updates
    explorer.set(**{control.trait: control.values[-1] for control in explorer.controls})
    assert explorer.updates == before + 1
    explorer.reset()
    assert explorer.updates == before + 2


def test_sliders_that_code_moves_change_nothing_back(explorer):
    view = explorer.widget()
    for control in explorer.controls:
        for value in control.values:
            before = explorer.updates
            explorer.set(**{control.trait: value})
            assert explorer.updates - before <= 1
            assert getattr(explorer.state, control.trait) == value
            shown = view._inputs[control.trait].value
            assert shown == pytest.approx(value) if isinstance(value, float) else shown == value


def test_a_slider_moved_by_hand_updates_once(explorer):
    view = explorer.widget()
    for control in explorer.controls:
        explorer.reset()
        widget = view._inputs[control.trait]
        target = next((value for value in control.values if value != widget.value), None)
        if target is None:
            continue
        before, picture = explorer.updates, view.image.value
        widget.value = target
        assert explorer.updates == before + 1, control.trait
        assert getattr(explorer.state, control.trait) == target
        assert view.image.value != picture, control.trait
        assert view.words.value == explorer.status_html()


def test_noise_of_the_browser_changes_nothing(explorer):
    """A browser that echoes 0.09999999999999999 for 0.1 must not redraw, nor move the value."""
    view = explorer.widget()
    for control in explorer.controls:
        if isinstance(control, Slider):
            before, value = explorer.updates, getattr(explorer.state, control.trait)
            view._inputs[control.trait].value = value - 1e-13
            assert explorer.updates == before
            assert getattr(explorer.state, control.trait) == value


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


def test_one_figure_for_ever(explorer):
    explorer.png()
    picture, figure, axes = explorer._picture, explorer._picture.figure, list(explorer._picture.figure.axes)
    artists = sum(len(ax.get_children()) for ax in axes)
    for values in _ends(explorer):
        explorer.set(**values)
        explorer.png()
    assert explorer._picture is picture and picture.figure is figure and figure.axes == axes
    assert sum(len(ax.get_children()) for ax in axes) == artists
    assert picture.backgrounds_drawn <= 8


def test_memory_does_not_grow(explorer):
    sliders = [c for c in explorer.controls if len(c.values) == 2 and not isinstance(c, Span)]

    def move(times: int) -> None:
        for k in range(times):
            control = sliders[k % len(sliders)]
            explorer.set(**{control.trait: control.values[(k // len(sliders)) % 2]})
            explorer.png()

    move(40)
    tracemalloc.start()
    try:
        move(20)
        before = tracemalloc.get_traced_memory()[0]
        move(300)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # 300 pictures would be 20 MB, 300 pixel buffers over a gigabyte.
    assert grown < 2e6


@pytest.mark.parametrize("change", ["nothing", "too far", "wrong kind"])
def test_bad_values_are_refused_and_change_nothing(explorer, change):
    control = next(c for c in explorer.controls if len(c.values) == 2 and isinstance(c.values[0], float))
    start = explorer.state.trait_values()
    name, value = {
        "nothing": ("no_such_control", 1.0),
        "too far": (control.trait, control.values[1] * 10 + 1),
        "wrong kind": (control.trait, "one"),
    }[change]
    with pytest.raises(ValueError, match=name):
        explorer.set(**{name: value})
    assert explorer.state.trait_values() == start


def test_one_mime_bundle(spoken):
    data, metadata = spoken._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    still = base64.b64decode(data["image/png"])
    assert _png_size(still) == (2 * spoken.size[0], 2 * spoken.size[1])
    assert len(still) < 60_000
    assert metadata["image/png"] == {"width": spoken.size[0], "height": spoken.size[1]}
    assert spoken.say() in data["text/plain"]
    assert base64.b64decode(spoken._repr_mimebundle_()[0]["image/png"]) == still
    json.dumps(data)
    only, about = spoken._repr_mimebundle_(include={"text/plain"})
    assert set(only) == {"text/plain"} and about == {}


def test_same_state_same_bytes(explorer):
    first = explorer.png()
    explorer.set(**{explorer.controls[0].trait: explorer.controls[0].values[0]})
    explorer.png()
    explorer.reset()
    assert explorer.png() == first


def test_keeps_the_language_it_was_made_in(spoken):
    made_in, said, picture = language(), spoken.say(), spoken.png()
    for other in {"en", "vi", "zh"} - {made_in}:
        with using_language(other):
            spoken.set(**{spoken.controls[0].trait: spoken.controls[0].values[0]})
            spoken.reset()
            assert spoken.say() == said
            assert spoken.png() == picture


def test_the_picture_has_a_text_and_the_words_are_announced(spoken):
    view = spoken.widget()
    assert view.image.tooltip == spoken.text("picture") and len(view.image.tooltip) > 20
    assert 'role="status"' in view.words.value and 'aria-live="polite"' in view.words.value


def test_labels_have_room(spoken):
    """The width given to labels must hold the widest one as it is drawn, in a font wider than the browser's."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    view = spoken.widget()
    for widget in view._inputs.values():
        room = getattr(widget.style, "description_width", "")
        if not room.endswith("em") or not widget.description:
            continue
        letters = widget.description
        latin = "".join(letter for letter in letters if ord(letter) < 0x2E80)
        face = FontProperties(family="DejaVu Sans")
        drawn = TextPath((0, 0), latin, size=13, prop=face).get_extents().width if latin else 0.0
        assert float(room[:-2]) * 13 >= drawn + 13 * (len(letters) - len(latin)), letters


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
