"""*Sharp or smooth* on made-up curves whose sharpness is known, and on the shipped runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import datasets, explorers
from course_utils.explorers.sharp import SharpOrSmooth
from course_utils.explorers.sharp_state import SHARES, _doubling, digit_curves, panel_of, parity_curves
from course_utils.i18n import using_language

STEPS = np.unique(np.geomspace(20, 1000, 14).round())
WIDTHS = (8, 16, 32)


def made_up_digits(late: float = 1.0) -> pd.DataFrame:
    """Make runs whose log probability rises with the logarithm of steps and size, and whose loss is minus it."""
    rows = []
    for d in WIDTHS:
        for seed in range(2):
            for step in STEPS:
                loss = 2.2 - 2.0 * (np.log(step / 20) / np.log(50)) ** late * d / 32 + 0.001 * seed
                for length in (2, 7):
                    rows.append(
                        {
                            "run": f"d{d}-s{seed}", "params_blocks_and_head": 100.0 * d * d, "step": int(step),
                            "flops": 1e6 * d * d * step, "mixture_loss_nats": loss, "answer_tokens": length,
                            "exact_match": np.exp(-loss * length), "log_probability_token": -loss,
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows)


def made_up_parity(steepness: float = 8.0) -> pd.DataFrame:
    """Make runs in which skill k is learnt at 100 k steps, along a sigmoid in log steps, by widths that have room."""
    rows = []
    for w in WIDTHS:
        for seed in range(2):
            for step in STEPS:
                learnt = np.array([(w >= 8 * k) / (1 + (step / (100 * k)) ** -steepness) for k in (1, 2, 3)])
                rows.append(
                    {
                        "run": f"w{w}-s{seed}", "params_total": 98.0 * w, "step": int(step), "flops": 6e5 * w * step,
                        "loss_nats": 0.69 - 0.2 * learnt.sum(),
                        **{f"loss_task_{k + 1}": np.log(2) * (1 - x) for k, x in enumerate(learnt)},
                        **{f"accuracy_task_{k + 1}": 0.5 + 0.5 * x for k, x in enumerate(learnt)},
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def digits():
    return digit_curves("multiplication", made_up_digits())


@pytest.fixture(scope="module")
def parity():
    return parity_curves(made_up_parity())


def explorer_of(**start) -> SharpOrSmooth:
    tables = {"multiplication": made_up_digits(), "parity": made_up_parity(), "addition": made_up_digits(2.0)}
    return SharpOrSmooth(tables, **start)


def test_by_size_the_means_of_the_last_checkpoint_shown(digits):
    panel = panel_of(digits[7], 7, "params", "log", 1.0)
    np.testing.assert_allclose(panel.means, [-2.2 + 2 * d / 32 - 0.0005 for d in WIDTHS], rtol=1e-9)
    # Params grow as the square of the width: from 16 to 32 two doublings, each with a third of the whole change.
    assert panel.measure == pytest.approx(1 / 3) and panel.reached == 3
    early = panel_of(digits[7], 7, "params", "log", 0.02)
    np.testing.assert_allclose(early.means, -2.2005)
    assert early.measure is None


def test_by_size_a_skill_without_room_jumps(parity):
    third = panel_of(parity[3], 3, "params", "right", 1.0)
    np.testing.assert_allclose(third.means, [0.5, 0.5, 1.0], atol=1e-3)
    assert third.measure == pytest.approx(1.0, abs=1e-3)
    assert panel_of(parity[1], 1, "params", "right", 1.0).measure is None  # every width has it


def test_a_doubling_between_and_across_trained_sizes_against_a_fine_grid():
    rng = np.random.default_rng(0)
    for _ in range(50):
        sizes = np.concatenate([[1.0], np.sort(rng.uniform(1, 40, 5)), [41.0]])
        means = np.append(rng.uniform(0, 1, 6), 1.5)
        share, doubled = _doubling(sizes, means)
        grid = np.linspace(np.log2(sizes[0]), np.log2(sizes[-1]) - 1, 4001)
        fine = np.interp(grid + 1, np.log2(sizes), means) - np.interp(grid, np.log2(sizes), means)
        assert share >= fine.max() / (means[-1] - means[0]) - 1e-9
        assert doubled[0][-1] == pytest.approx(2 * doubled[0][0])
        assert doubled[1][-1] - doubled[1][0] == pytest.approx(share * (means[-1] - means[0]))


def test_by_compute_the_steepest_doubling_of_a_sigmoid(parity):
    for steepness in (4.0, 8.0):
        panel = panel_of(parity_curves(made_up_parity(steepness))[2], 2, "flops", "log", 1.0)
        # 1 / (1 + s**-k) goes furthest from s = 2**-1/2 to 2**1/2.
        expected = 1 / (1 + 2 ** (-steepness / 2)) - 1 / (1 + 2 ** (steepness / 2))
        assert panel.measure == pytest.approx(expected, abs=0.05)  # read off checkpoints a third apart
        assert panel.reached == 4  # of six runs, those with room
    assert panel_of(parity[2], 2, "flops", "log", 0.1).measure is None


def test_by_loss_equal_loss_is_equal_ability_where_one_follows_from_the_other(digits):
    panel = panel_of(digits[7], 7, "loss", "log", 1.0)
    assert 0 < panel.measure < 0.05 and panel.reached > 10
    np.testing.assert_array_equal(panel.x, -panel.y)


def test_by_loss_against_brute_force(parity):
    panel = panel_of(parity[2], 2, "loss", "right", 1.0)
    size = np.repeat(panel.params, panel.x.shape[1])
    loss, y = panel.x.ravel(), panel.y.ravel()
    way = (y - 0.5) / 0.5
    moving = (way > 0.2) & (way < 0.8)
    gaps = [
        abs(y[i] - y[j])
        for i in range(len(y))
        for j in range(i)
        if size[i] != size[j] and abs(loss[i] - loss[j]) < 0.02 and (moving[i] or moving[j])
    ]
    assert panel.reached == len(gaps)
    assert panel.measure == pytest.approx(np.median(gaps))


@pytest.mark.parametrize("share", SHARES)
def test_share_cuts_every_run_at_the_same_step(digits, share):
    panel = panel_of(digits[2], 2, "flops", "right", share)
    shown = max(1, int((share * STEPS[-1] >= STEPS).sum()))
    assert panel.x.shape == panel.y.shape == (6, shown)


def test_addition_locks_the_skill():
    explorer = explorer_of()
    assert explorer.locked() == frozenset() and explorer.result.right.task == "parity"
    explorer.set(other="addition")
    assert explorer.locked() == {"skill"} and explorer.result.right.detail == 7


def test_one_task_beside_multiplication_is_enough_and_none_is_not():
    tables = {"multiplication": made_up_digits(), "addition": made_up_digits(2.0)}
    explorer = SharpOrSmooth(tables)
    assert explorer.result.right.task == "addition"
    assert [control.trait for control in explorer.controls] == ["axis", "ruler", "length", "share"]
    assert len(explorer.png()) > 10_000
    with pytest.raises(ValueError, match="multiplication given"):
        SharpOrSmooth({"multiplication": tables["multiplication"]})


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_every_axis_has_its_message(code):
    with using_language(code):
        explorer = explorer_of(skill=2)
        said = set()
        for axis in ("params", "flops", "loss"):
            for ruler in ("right", "log"):
                explorer.set(axis=axis, ruler=ruler)
                said.add(explorer._message(explorer.result))
                assert "None" not in explorer.say()
        assert len(said) >= 5


def test_bad_tables_are_refused():
    with pytest.raises(ValueError, match="multiplication: no column 'flops'"):
        digit_curves("multiplication", made_up_digits().drop(columns="flops"))
    with pytest.raises(ValueError, match="parity: no column 'loss_nats'"):
        parity_curves(made_up_parity().drop(columns="loss_nats"))
    table = made_up_digits()
    broken = table[~((table["run"] == "d32-s1") & (table["step"] == 1000))]
    with pytest.raises(ValueError, match="d32-s1"):
        digit_curves("multiplication", broken)


def test_the_shipped_runs_against_the_tables():
    result = explorers.sharp_or_smooth(axis="params", ruler="right", skill=4).result
    table = datasets.load("multiplication_runs")
    last = table[(table["step"] == table["step"].max()) & (table["answer_tokens"] == 7)]
    np.testing.assert_allclose(result.left.means, last.groupby("params_blocks_and_head")["exact_match"].mean())
    parity = datasets.load("parity_runs")
    last = parity[parity["step"] == parity["step"].max()]
    np.testing.assert_allclose(result.right.means, last.groupby("params_total")["accuracy_task_4"].mean())


def test_parity_stays_sharp_under_the_ruler_that_makes_multiplication_smooth():
    explorer = explorers.sharp_or_smooth()
    assert explorer.result.ruler == "log"
    assert explorer.result.axis == "flops" and explorer.result.left.measure < 0.45
    for skill in range(1, 7):
        explorer.set(skill=skill)
        assert explorer.result.right.measure > 0.5 and explorer.result.right.reached >= 4
    explorer.set(other="addition")
    assert explorer.result.right.measure > 0.6
