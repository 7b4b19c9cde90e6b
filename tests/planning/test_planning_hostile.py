"""Whatever is handed in: a finite forecast with its warnings, or a ValueError that says what to do. Never a NaN."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from course_utils.planning import (
    World,
    design,
    forecast,
    mistakes,
    nearest_width,
    optimal_params,
    planned_run,
    regret,
    replay,
    rows_for_fit,
    simulate,
)
from course_utils.planning.comparison import stretched
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


LADDER = design("ladder")
RUNS = {
    "run": [run.name for run in LADDER.runs],
    "d_model": [run.width for run in LADDER.runs],
    "params_blocks_and_head": [run.params for run in LADDER.runs],
    "flops": [run.flops for run in LADDER.runs],
    "loss_nats": [
        3.9 * (run.flops / 5e11) ** -0.07 * np.exp(0.06 * np.log(run.params / optimal_params(run.flops)) ** 2)
        for run in LADDER.runs
    ],
}
TARGET = {"d_model": 32, "params_blocks_and_head": 57_344.0, "flops": 5e11, "loss_nats": 3.9}
COLUMNS = [RUNS[key] for key in ("params_blocks_and_head", "flops", "loss_nats")]
MADE = forecast(*COLUMNS, target_flops=5e11)
MASKED = np.ma.masked_array([1.0, 2.0], mask=[False, True])
NO_NUMBER = ["much", 1j, {}, MASKED, np.nan, np.inf, -1.0, 0.0, 5e-324, 1e300]
ONE_NUMBER = {
    "target_flops": lambda x: mistakes(RUNS, target_flops=x, target_params=5e4),
    "target_params": lambda x: mistakes(RUNS, target_flops=5e11, target_params=x),
    "rung": lambda x: planned_run(x, 8, 0),
    "budget": lambda x: stretched("ladder", x, 0.5),
    "share": lambda x: stretched("ladder", 1e12, x),
}
NUMBERS = {
    "params": nearest_width,
    "flops": optimal_params,
    "flops: of a forecast": lambda x: MADE.predict(1e5, x),
    "flops: of a valley": MADE.optimal_params,
    "flops: of a world": World().scatter,
    "flops: of its valley": World().optimal_params,
    "flops: of its law": lambda x: World().log_loss(1e5, x),
    "params: of its law": lambda x: World().log_loss(x, 1e12),
    "ends_at": lambda x: World().excess(1e12, x),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", NO_NUMBER, ids=repr)
@pytest.mark.parametrize("name", [*ONE_NUMBER, *NUMBERS])
def test_what_is_no_positive_number_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"^{name.split(':')[0]}\b"):
        {**ONE_NUMBER, **NUMBERS}[name](value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", ["much", 1j, {}, MASKED, np.nan, np.inf, 2.5, None, -1, 1e30], ids=repr)
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("width", lambda x: planned_run(1e11, x, 0)),
        ("seed", lambda x: planned_run(1e11, 8, x)),
        ("vocabulary", lambda x: design("ladder", vocabulary=x)),
        ("seed", lambda x: simulate(LADDER, n=2, seed=x)),
        ("widths?", lambda x: MADE.choose_width(x)),
        ("width", lambda x: MADE.choose_width((8, x))),
        ("widths", lambda x: regret(RUNS, TARGET, widths=(x,))),
        ("target: d_model", lambda x: regret(RUNS, {**TARGET, "d_model": x})),
        ("game", lambda x: replay(None, game=x)),
        ("runs: d_model", lambda x: regret({**RUNS, "d_model": [x, *RUNS["d_model"][1:]]}, TARGET)),
    ],
)
def test_what_is_no_whole_number_is_refused_by_name(name, call, value):
    if name == "runs: d_model" and isinstance(value, np.ma.MaskedArray | dict | complex):
        pytest.skip("no cell of a table")
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        call(value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [None, 3.0, "a", [1, 2], 1j, np.nan], ids=repr)
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("runs", lambda x: mistakes(x, target_flops=5e11, target_params=5e4)),
        ("runs", lambda x: rows_for_fit(LADDER, x)),
        ("runs", lambda x: replay(x)),
        ("runs", lambda x: World.of_table(x)),
        ("target", lambda x: regret(RUNS, x)),
        ("design", lambda x: rows_for_fit(x, RUNS)),
        ("design", lambda x: simulate(x)),
        ("world", lambda x: simulate(LADDER, x if x is not None else 0)),
        ("name", lambda x: design(x)),
        ("rungs", lambda x: design("ladder", rungs=x if x is not None else 0)),
        ("widths", lambda x: design("ladder", widths=x if x is not None else 0)),
        ("schedule", lambda x: planned_run(1e11, 8, 0, x)),
        ("schedule", lambda x: planned_run(1e11, 8, 0, np.array(["cosine", "cosine"]))),
        ("rungs", lambda x: design("ladder", rungs=np.ma.masked_array([0.1, 0.03], mask=[False, True]))),
    ],
)
def test_what_is_no_table_and_no_plan_is_refused_by_name(name, call, value):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        call(value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [*World.__dataclass_fields__])
@pytest.mark.parametrize("value", ["much", None, 1j, {}, MASKED, [1.0], 0.0, -1.0, 1.0, 1e3, 1e5, 1e30, 1e300, 1e-300])
def test_a_world_is_simulated_in_finite_numbers_or_refused(name, value):
    try:
        made = simulate(LADDER, World(**{name: value}), n=10)
    except ValueError as refusal:
        assert str(refusal).startswith((name, "world", "flops")), refusal
        return
    numbers = [made.interval_width, made.error_median, made.error_90, made.bias, made.inside]
    assert np.isfinite(numbers).all() and np.isfinite([made.loss, made.low, made.high, made.measured]).all()


@pytest.mark.parametrize("value", ["False", "no", None, np.nan, 2], ids=repr)
def test_a_run_diverged_or_did_not(value):
    flags = np.array([value] + [False] * 24, dtype=object)
    with pytest.raises(ValueError, match=r"runs: diverged: row 0 is .*; write True or False"):
        mistakes({**RUNS, "diverged": flags}, target_flops=5e11, target_params=5e4)
    flags[0] = True
    assert len(rows_for_fit(LADDER, {**RUNS, "diverged": flags})[0]) == 24


def test_a_table_of_runs_that_diverged_in_part_makes_a_world():
    losses = [np.nan, *COLUMNS[2][1:]]
    made = World.of_table({**RUNS, "loss_nats": losses, "diverged": [True] + [False] * 24})
    assert made.loss == pytest.approx(World.of(*(column[1:] for column in COLUMNS)).loss)
    with pytest.raises(ValueError, match="runs: the column 'flops' is missing"):
        World.of_table({key: value for key, value in RUNS.items() if key != "flops"})


def test_curves_of_two_runs_of_one_name_are_refused():
    twice = {**RUNS, "run": ["a", "a", *RUNS["run"][2:]]}
    curves = {"run": ["a"], "flops": [5e10], "loss_nats": [4.0]}
    with pytest.raises(ValueError, match="runs: 'a' is the name of several runs"):
        rows_for_fit(design("checkpoints"), twice, curves)


def test_a_level_that_no_interval_can_hold_is_the_level_s_fault():
    few = ([1e4, 2e4, 3e4], [1e10, 3e10, 1e11], [4.5, 4.2, 3.9])
    assert forecast(*few, target_flops=3e11).high < 10
    with pytest.raises(ValueError, match=r"^level: an interval of 0.99999"):
        forecast(*few, target_flops=3e11, level=1 - 1e-15)
