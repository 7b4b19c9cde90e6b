"""Designs: truth found again without noise, honest draws, the optimum of the full search, bad designs refused."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from course_utils import datasets, fitting
from course_utils.fitting import Design, Ladder, study
from course_utils.fitting.designs import n_possible
from course_utils.fitting.many_laws import CONSTANTS, Units, fit_subsets
from course_utils.laws import chinchilla_loss, kaplan_loss

BUDGETS = (1e11, 3e11, 1e12, 3e12)
TRUE = {
    "chinchilla": lambda n, d: chinchilla_loss(n, d, E=1.5, A=30.0, B=200.0, alpha=0.3, beta=0.4),
    "chinchilla_without_floor": lambda n, d: chinchilla_loss(n, d, E=0.0, A=20.0, B=60.0, alpha=0.25, beta=0.3),
    "kaplan": lambda n, d: kaplan_loss(n, d, N_c=1e9, D_c=5e9, alpha_N=0.12, alpha_D=0.16),
}


def _tables(loss, *, sizes=7, seeds=2, noise=0.0):
    """Make runs and curves of a known law of N and D, with one holdout at 1e14 FLOPs."""
    rng = np.random.default_rng(3)
    runs, curves = [], []
    cells = [("grid", c, n) for c in BUDGETS for n in np.sqrt(c / 60) * np.geomspace(0.3, 3, sizes)]
    for kind, c, n in [*cells, ("holdout", 1e14, np.sqrt(1e14 / 60))]:
        for seed in range(seeds if kind == "grid" else 1):
            d = c / 6 / n
            name = f"{kind}-{c:.0e}-{n:.0f}-{seed}"
            luck = np.exp(noise * rng.standard_normal())
            runs.append((name, kind, c, n, d, c, float(loss(n, d)) * luck, seed))
            for step, share in enumerate(np.geomspace(0.01, 1, 20)):
                curves.append((name, step, share * d, share * c, float(loss(n, share * d)) * luck))
    names = ["run", "set", "budget", "params_blocks_and_head", "tokens", "flops", "loss_nats", "seed"]
    return pd.DataFrame(runs, columns=names), pd.DataFrame(
        curves, columns=["run", "step", "tokens", "flops", "loss_nats"]
    )


@pytest.fixture(scope="module")
def ladder():
    return Ladder.of(datasets.load("text_runs"), datasets.load("text_curves"))


@pytest.mark.parametrize("law", TRUE)
@pytest.mark.parametrize("design", [{"models": 8}, {"models": 4, "checkpoints": True, "dropped": 0.05}])
def test_without_noise_the_right_law_errs_by_nothing(law, design):
    made = study(Design(law=law, budgets=(1e11, 1e12), **design), Ladder.of(*_tables(TRUE[law])), n_laws=200)
    assert made.errors.shape == (200, 2) and made.n_unfitted == 0
    assert np.quantile(np.abs(made.errors), 0.95) < 1e-4
    assert made.share_within(0.04).min() > 0.97
    assert made.baseline_error.min() > 0.05  # the easy answer is far off, so nearness to the truth means something


def test_a_law_of_compute_is_found_again_and_every_choice_is_fitted_once():
    flops = np.array([1e11, 3e11, 1e12, 3e12, 1e13])
    runs = pd.DataFrame(
        {"run": list("abcde"), "set": "grid", "budget": flops, "params_blocks_and_head": flops**0.5,
         "tokens": flops**0.5 / 6, "flops": flops, "loss_nats": 1.2 + 90 * flops**-0.15, "seed": 0}
    )  # fmt: skip
    made = study(Design(law="compute_with_floor", budgets=(1e11, 3e12), models=3), Ladder.of(runs))
    assert made.complete and len(made) == made.n_possible == 4
    assert np.abs(made.errors).max() < 1e-6
    with pytest.raises(ValueError, match="models: none of 4 subsets"):
        study(Design(law="compute_with_floor", budgets=(1e11, 3e12), models=1), Ladder.of(runs))


def test_the_wrong_law_stays_wrong_however_many_runs_it_sees():
    ladder = Ladder.of(*_tables(TRUE["chinchilla_without_floor"], noise=0.005))
    few, many = (
        study(Design(law="compute", budgets=(1e11, 3e12), models=models), ladder, n_laws=300) for models in (5, 20)
    )
    assert np.ptp(many.errors[:, -1]) < np.ptp(few.errors[:, -1])
    assert many.baseline_error[-1] <= few.baseline_error[-1]


def test_each_law_sees_different_rungs_and_pays_for_every_seed():
    runs, _ = _tables(TRUE["kaplan"])
    grid = runs["set"] == "grid"
    rung = runs[grid].groupby(["budget", "params_blocks_and_head"]).ngroup()
    runs.loc[grid, "flops"] = 2.0**rung  # so that a sum names its rungs in binary
    made = study(Design(law="kaplan", budgets=(1e11, 1e12), models=6, seeds=2), Ladder.of(runs), n_laws=200)
    paid = [bin(int(cost) // 2).count("1") for cost in made.cost]
    assert set(paid) == {6}
    assert len(set(made.cost)) > 190
    assert made.relative_cost == np.median(made.cost) / 1e14


def test_choices_are_counted():
    counts = [3, 3, 1, 2]
    by_hand = sum(np.prod([counts[i] for i in chosen]) for chosen in combinations(range(4), 3))
    assert n_possible(counts, 3) == by_hand
    assert n_possible(counts, 4) == 18 and n_possible(counts, 5) == 0


def test_the_seed_decides_the_draws(ladder):
    design = Design(models=6, budgets=(1e11, 1e12))
    one, again, other = (study(design, ladder, n_laws=100, seed=s) for s in (0, 0, 1))
    assert np.array_equal(one.errors, again.errors) and np.array_equal(one.cost, again.cost)
    assert not np.array_equal(one.errors, other.errors)
    assert study(design, ladder, n_laws=1).errors.shape == (1, 3)


def test_all_runs_give_the_fit_of_all_runs(ladder):
    made = study(Design(law="kaplan", budgets=(1e11, 1e12), models=21, seeds=3), ladder)
    cells = [rung for rung in ladder.rungs if rung.budget <= 1e12]
    fit = fitting.fit_kaplan(
        [r.params for r in cells], [r.tokens for r in cells], [r.losses.mean() for r in cells], objective="squared"
    )
    foretold = fit.predict([t.params for t in made.targets], [t.tokens for t in made.targets])
    np.testing.assert_allclose(made.errors[0], foretold / made.truth - 1, atol=1e-6)
    assert made.truth[-1] == pytest.approx(2.6277, abs=1e-4)
    best = min(r.losses.mean() for r in cells)
    np.testing.assert_allclose(made.baseline[0], best / made.truth - 1)


@pytest.mark.parametrize(("law", "reference"), [("chinchilla", fitting.fit_chinchilla), ("kaplan", fitting.fit_kaplan)])
def test_the_optimum_of_the_full_search_is_not_given_up(ladder, law, reference):
    """Of 40 subsets of ten runs at most one may end more than 1% above the full global search; none below it."""
    columns = np.log([[r.params, r.tokens, r.losses.mean()] for r in ladder.rungs]).T[:, :, None]
    rng = np.random.default_rng(5)
    picks = np.array([rng.choice(len(ladder.rungs), 10, replace=False) for _ in range(40)])
    found = fit_subsets(law, Units((columns[0], columns[1]), columns[2], np.ones(columns[2].shape)), picks)
    assert found.settled.all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fitting.FitWarning)
        best = np.array(
            [reference(*np.exp(columns[:, p, 0]), objective="squared").objective_value for p in picks]
        )
    assert (found.value > 1.01 * best).sum() <= 1
    assert (found.value > 0.999 * best).all()


@pytest.mark.parametrize("law", CONSTANTS)
def test_a_quick_study_gives_nearly_the_same_quantiles(ladder, law):
    design = Design(law=law, budgets=(1e11, 1e13), models=7)
    exact, quick = (study(design, ladder, exact=exact).quantile([0.25, 0.5, 0.75, 0.9]) for exact in (True, False))
    np.testing.assert_allclose(quick, exact, atol=0.006)


def test_checkpoints_are_judged_on_their_own_ruler(ladder):
    made = study(Design(law="kaplan", models=5, checkpoints=True), ladder, n_laws=50)
    holdout = ladder.holdouts[0]
    assert made.truth[-1] == holdout.curves[0, -1] != holdout.losses[0]


def test_unfitted_laws_count_as_misses(ladder):
    made = study(Design(law="compute_with_floor", budgets=(1e11, 1e12), models=3), ladder)
    missing = np.isnan(made.errors).all(axis=1)
    assert 0 < made.n_unfitted == missing.sum() < len(made)
    assert made.share_within(10.0).max() == pytest.approx(1 - missing.mean())
    assert np.isfinite(made.quantile(0.9)).all() and np.isfinite(made.bias).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"law": "x"}, "law: 'x'.*choose one of"),
        ({"budgets": (2.0, 1.0)}, "budgets: .*smallest and the largest"),
        ({"models": 0}, "models: 0.*from 1"),
        ({"models": 2.5}, "models: 2.5"),
        ({"seeds": True}, "seeds: True"),
        ({"dropped": 1.0, "checkpoints": True}, "dropped: 1.0.*below 1"),
        ({"dropped": 0.1}, "dropped: .*checkpoints=True"),
        ({"checkpoints": True, "law": "compute"}, "checkpoints: 'compute'.*law of N and D"),
        ({"models": 34}, "models: 34 .*at most 33"),
        ({"models": 4, "law": "chinchilla"}, "models: 'chinchilla' has 5 constants"),
        ({"models": 1, "checkpoints": True}, "models: .*at least two"),
        ({"law": "compute_with_floor", "budgets": (1e11, 3e11)}, "budgets: .*Widen"),
    ],
)
def test_bad_designs_are_refused(ladder, settings, message):
    with pytest.raises(ValueError, match=message):
        study(Design(**settings), ladder)


def test_bad_ladders_are_refused(ladder):
    runs, curves = _tables(TRUE["kaplan"])
    with pytest.raises(ValueError, match="runs: the column 'flops' is missing"):
        Ladder.of(runs.drop(columns="flops"))
    with pytest.raises(ValueError, match="curves: the column 'step' is missing"):
        Ladder.of(runs, curves.drop(columns="step"))
    with pytest.raises(ValueError, match='runs: no row has set == "grid"'):
        Ladder.of(runs[runs["set"] == "holdout"])
    with pytest.raises(ValueError, match="curves: no checkpoint of run"):
        Ladder.of(runs, curves[curves["run"] != runs["run"].iloc[0]])
    with pytest.raises(ValueError, match=r"curves: run .* other token counts"):
        Ladder.of(runs, curves.drop(index=3))
    with pytest.raises(ValueError, match="runs: loss_nats: row 0 is missing"):
        Ladder.of(runs.assign(loss_nats=np.nan))
    with pytest.raises(ValueError, match="budgets: nothing in the ladder lies beyond"):
        study(Design(budgets=(1e11, 3e12)), Ladder.of(runs[runs["set"] == "grid"]))
    with pytest.raises(ValueError, match="checkpoints: this ladder has no curves"):
        study(Design(budgets=(1e11, 3e12), checkpoints=True), Ladder.of(runs))
    with pytest.raises(ValueError, match="n_laws: 0"):
        study(Design(), ladder, n_laws=0)


def test_diverged_runs_are_left_out():
    runs, _ = _tables(TRUE["kaplan"])
    runs["diverged"] = runs["seed"] == 1
    runs.loc[runs["diverged"], "loss_nats"] = np.nan
    assert {len(rung.losses) for rung in Ladder.of(runs).rungs} == {1}


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_a_study_speaks(ladder, code):
    from course_utils.i18n import using_language

    made = study(Design(law="compute_with_floor", budgets=(1e11, 1e12), models=5), ladder, n_laws=100)
    with using_language(code):
        text, page = made.summary(), made._repr_html_()
    assert str(made.n_unfitted) in text and "10¹⁴" in text and not set("{}") & set(text + page)
    assert page.count("<tr>") == 4
