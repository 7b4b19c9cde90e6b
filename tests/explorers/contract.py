"""What every explorer keeps; the files `test_contract_*` hold it against the explorers of one subject each."""

from __future__ import annotations

import base64
import dataclasses
import gc
import itertools
import json
import math
import struct
import tracemalloc
import warnings

import numpy as np
import pytest

from course_utils.explorers.controls import Slider, Span
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


class Contract:
    """Hold the explorers of one subject to the contract, found by introspection; `explorers_of` says which they are.

    A part of the contract is a file, so that the parts run side by side.
    """

    subject: str

    def test_both_ends_of_every_control(self, spoken):
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

    def test_reset_restores(self, explorer):
        start, before = explorer.state.trait_values(), explorer.png()
        for control in explorer.controls:
            explorer.set(**{control.trait: control.values[0]})
            explorer.set(**{control.trait: control.values[-1]})
        explorer.reset()
        assert explorer.state.trait_values() == start
        assert explorer.png() == before

    def test_compute_is_pure(self, explorer):
        again, other = explorer.compute(explorer.state), explorer.compute(explorer.state)
        assert explorer.updates == 1
        for field in dataclasses.fields(again):
            np.testing.assert_equal(getattr(again, field.name), getattr(other, field.name))

    def test_many_values_one_update(self, explorer):
        explorer.widget()
        explorer.png()
        before = explorer.updates
        explorer.set(**{control.trait: control.values[-1] for control in explorer.controls})
        assert explorer.updates == before + 1
        explorer.reset()
        assert explorer.updates == before + 2

    def test_sliders_that_code_moves_change_nothing_back(self, explorer):
        view = explorer.widget()
        for control in explorer.controls:
            for value in control.values:
                before = explorer.updates
                explorer.set(**{control.trait: value})
                assert explorer.updates - before <= 1
                assert getattr(explorer.state, control.trait) == value
                shown = view._inputs[control.trait].value
                assert shown == pytest.approx(value) if isinstance(value, float) else shown == value

    def test_a_slider_moved_by_hand_updates_once(self, explorer):
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

    def test_noise_of_the_browser_changes_nothing(self, explorer):
        """A browser that echoes 0.09999999999999999 for 0.1 must not redraw, nor move the value."""
        view = explorer.widget()
        for control in explorer.controls:
            if isinstance(control, Slider):
                before, value = explorer.updates, getattr(explorer.state, control.trait)
                view._inputs[control.trait].value = value - 1e-13
                assert explorer.updates == before
                assert getattr(explorer.state, control.trait) == value

    def test_one_figure_for_ever(self, explorer):
        explorer.png()
        picture, figure, axes = explorer._picture, explorer._picture.figure, list(explorer._picture.figure.axes)
        artists = sum(len(ax.get_children()) for ax in axes)
        for values in _ends(explorer):
            explorer.set(**values)
            explorer.png()
        assert explorer._picture is picture and picture.figure is figure and figure.axes == axes
        assert sum(len(ax.get_children()) for ax in axes) == artists
        assert picture.backgrounds_drawn <= 8

    def test_memory_does_not_grow(self, explorer):
        sliders = [c for c in explorer.controls if len(c.values) == 2 and not isinstance(c, Span)]

        def move(times: int) -> None:
            for k in range(times):
                control = sliders[k % len(sliders)]
                explorer.set(**{control.trait: control.values[(k // len(sliders)) % 2]})
                explorer.png()

        move(24)
        tracemalloc.start()
        try:
            move(16)
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            move(48)
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        # 6 kB a picture: 48 pictures would be 3 MB, 48 pixel buffers over 150 MB.
        assert grown < 0.4e6

    @pytest.mark.parametrize("change", ["nothing", "too far", "wrong kind"])
    def test_bad_values_are_refused_and_change_nothing(self, explorer, change):
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

    def test_one_mime_bundle(self, shown):
        data, metadata = shown._repr_mimebundle_()
        assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
        still = base64.b64decode(data["image/png"])
        assert _png_size(still) == (2 * shown.size[0], 2 * shown.size[1])
        assert len(still) < 60_000
        assert metadata["image/png"] == {"width": shown.size[0], "height": shown.size[1]}
        assert shown.say() in data["text/plain"]
        assert base64.b64decode(shown._repr_mimebundle_()[0]["image/png"]) == still
        json.dumps(data)
        only, about = shown._repr_mimebundle_(include={"text/plain"})
        assert set(only) == {"text/plain"} and about == {}

    def test_same_state_same_bytes(self, explorer):
        first = explorer.png()
        explorer.set(**{explorer.controls[0].trait: explorer.controls[0].values[0]})
        explorer.png()
        explorer.reset()
        assert explorer.png() == first

    def test_keeps_the_language_it_was_made_in(self, spoken):
        made_in, said, picture = language(), spoken.say(), spoken.png()
        for other in {"en", "vi", "zh"} - {made_in}:
            with using_language(other):
                spoken.set(**{spoken.controls[0].trait: spoken.controls[0].values[0]})
                spoken.reset()
                assert spoken.say() == said
                assert spoken.png() == picture

    def test_the_picture_has_a_text_and_the_words_are_announced(self, shown):
        view = shown.widget()
        assert view.image.tooltip == shown.text("picture") and len(view.image.tooltip) > 20
        assert 'role="status"' in view.words.value and 'aria-live="polite"' in view.words.value

    def test_labels_have_room(self, shown):
        """The width given to labels must hold the widest one as it is drawn, in a font wider than the browser's."""
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import TextPath

        view = shown.widget()
        for widget in view._inputs.values():
            room = getattr(widget.style, "description_width", "")
            if not room.endswith("em") or not widget.description:
                continue
            letters = widget.description
            latin = "".join(letter for letter in letters if ord(letter) < 0x2E80)
            face = FontProperties(family="DejaVu Sans")
            drawn = TextPath((0, 0), latin, size=13, prop=face).get_extents().width if latin else 0.0
            assert float(room[:-2]) * 13 >= drawn + 13 * (len(letters) - len(latin)), letters
