"""Whatever is handed in: a finite forecast with its warnings, or a ValueError that says what to do. Never a NaN."""

from __future__ import annotations

import warnings

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from course_utils.planning import World, forecast, mistakes
from course_utils.planning.mistakes import MISTAKES

COUNTS = st.one_of(
    st.sampled_from([0.0, -1.0, np.nan, np.inf, 5e-324, 1e-100, 1e100, 1e300]),
    st.sampled_from([1e4, 2e4, 1e5, 1e10, 1e10 * (1 + 1e-12), 3e10, 1e11, 1e12]),
    st.floats(1e3, 1e6),
    st.floats(1e9, 1e13),
)
SIZES = st.one_of(COUNTS, st.sampled_from([1e4, 2e4, 3e4, 5e4, 1e5]))
LOSSES = st.one_of(st.floats(1.0, 8.0), st.sampled_from([3.0, 4.0, 0.0, np.nan, 1e6, 1e-8]))
ROWS = st.lists(st.tuples(SIZES, COUNTS, LOSSES), min_size=0, max_size=12)
SANE_ROWS = st.lists(
    st.tuples(st.floats(1e3, 1e6), st.floats(1e9, 1e12), st.floats(0.5, 12.0)), min_size=3, max_size=40
)
SAME_ROWS = st.lists(
    st.tuples(st.sampled_from([1e4, 2e4]), st.sampled_from([1e10, 1e11]), st.sampled_from([4.0, 5.0])),
    min_size=3, max_size=9,
)  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.one_of(ROWS, SANE_ROWS, SAME_ROWS),
    target=st.one_of(COUNTS, st.floats(1e11, 1e15)),
    size=st.one_of(st.none(), SIZES),
    level=st.sampled_from([0.8, 0.5, 0.99, 0.0, 2.0]),
)
@example(rows=[(1e4, 1e10, 4.0)] * 3 + [(1e4, 1e11, 4.0)], target=1e12, size=None, level=0.8)
@example(rows=[(1e3, 1e9, 1.0), (1e6, 1e12, 12.0), (1e6, 1e9, 0.5)], target=1e15, size=1e11, level=0.99)
@example(rows=[(1e3, 1e9, 1.0), (1e3, 1e9, 1.0), (1e4, 1.2e9 + 1, 1.0)], target=1e4, size=1e10, level=0.99)
def test_a_forecast_or_a_reason(rows, target, size, level):
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            made = forecast(*columns, target_flops=target, target_params=size, level=level)
        except ValueError as refusal:
            said = str(refusal)
            assert said.startswith(("params", "flops", "loss", "target_flops", "target_params", "level")), said
            assert len(said) > 30
            return
        numbers = [made.loss, made.low, made.high, made.exponent, made.exponent_sd, made.bend, made.spread]
        assert np.isfinite(numbers).all()
        assert 0 < made.low < made.loss < made.high
        assert made.exponent_sd > 0
        assert made.spread > 0
        assert made.best_params is None or np.isfinite(made.best_params)
        mean, sd = made.predict(columns[0], columns[1])
        assert np.isfinite(mean).all()
        assert np.isfinite(sd).all()
        assert made.summary() and made._repr_html_()
        if len(rows) < 8:
            assert "few" in {warning.key for warning in made.warnings}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(
        st.tuples(st.sampled_from([4, 8, 12, 24]), st.sampled_from([1e10, 1e11, 1e12]), st.floats(1.0, 9.0)),
        min_size=1, max_size=12,
    ),
    without=st.booleans(),
)  # fmt: skip
@example(rows=[(4, 1e10, 2.0), (4, 1e11, 1.0), (8, 1e10, 1.0), (8, 1e11, 2.0)], without=False)
def test_mistakes_of_any_runs_are_finite_numbers(rows, without):
    width, flops, loss = (list(column) for column in zip(*rows, strict=True))
    table = {
        "run": [f"r{i}" for i in range(len(rows))], "d_model": width, "flops": flops, "loss_nats": loss,
        "params_blocks_and_head": [24 * w * w + 1024 * w for w in width],
    }  # fmt: skip
    if without:
        table["flops_without_head"] = [0.4 * c for c in flops]
    try:
        found = mistakes(table, target_flops=5e12, target_params=3e5)
    except ValueError as refusal:
        assert str(refusal).startswith(("flops", "loss"))
        return
    assert [mistake.key for mistake in found] == [key for key in MISTAKES if key in {m.key for m in found}]
    assert np.isfinite([mistake.loss for mistake in found]).all()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.one_of(ROWS, SANE_ROWS))
@example(rows=[(1e4, 1e10, 4.0), (2e4, 1.15e10, 3.0), (3e4, 1.3e10, 4.0)])  # every one beside the next: one rung
def test_a_world_or_a_reason(rows):
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            world = World.of(*columns)
        except ValueError as refusal:
            assert len(str(refusal)) > 30
            return
        assert np.isfinite(world.log_loss(1e5, 1e12))
        assert np.isfinite([world.loss, world.exponent, world.valley_scale, world.noise]).all()
