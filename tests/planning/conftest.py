"""Ladders whose truth is known, and a pool of simulated runs under the names of the recorded games."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import datasets
from course_utils.ladder import shipped
from course_utils.planning import World
from course_utils.planning.posterior import wander_covariance


@pytest.fixture(scope="session")
def shipped_runs():
    """Runs of the shipped ladder: the grid, and the holdout's row."""
    runs = datasets.load("text_runs")
    return runs[(runs["set"] == "grid") & ~runs["diverged"]], runs[runs["set"] == "holdout"].iloc[0]


@pytest.fixture(scope="session")
def pool():
    """Tables of all runs of the recorded games and their curves, drawn from a world: no measurement is in them."""
    world, rng = World(), np.random.default_rng(8)
    rows, curves = [], []
    for run in [*shipped.games(), *shipped.games_cooldown()]:
        sizes = run.shape()
        flops = run.tokens * sizes.flops_per_token()
        luck = float(world.scatter(flops) * rng.standard_normal())
        params = sizes.params_blocks_and_head
        rows.append({
            "run": run.name, "set": run.set, "d_model": run.d_model, "tokens": run.tokens, "budget": run.budget,
            "seed": run.seed, "params_blocks_and_head": params, "params_non_embedding": sizes.params_blocks,
            "flops": flops, "flops_without_head": run.tokens * sizes.flops_per_token(head=False),
            "loss_nats": float(np.exp(world.log_loss(params, flops) + luck)), "diverged": False,
            "schedule": run.schedule,
        })  # fmt: skip
        for step in np.unique(np.round(np.geomspace(max(1, run.steps / 200), run.steps, 8)).astype(int)):
            part = step * run.batch_tokens * sizes.flops_per_token()
            loss = float(np.exp(world.log_loss(params, part) + world.excess(part, flops) + luck))
            curves.append({"run": run.name, "step": int(step), "flops": part, "loss_nats": loss})
    return pd.DataFrame(rows), pd.DataFrame(curves)


@pytest.fixture(scope="session")
def many_ladders():
    """Return a function that draws the same plan many times and tells how often the interval holds the target."""
    from course_utils.planning.forecast import best_log_params, student_quantiles, target_law
    from course_utils.planning.posterior import Plan, posterior

    def held(design, *, wander=0.0, floor=0.0, noise=0.01, n=400, seed=1):
        rng = np.random.default_rng(seed)
        log_n, log_c = (np.log([getattr(run, name) for run in design.runs]) for name in ("params", "flops"))
        a = rng.normal(0.5, 0.05, (n, 1))
        plan = Plan.of(log_n, log_c)
        v = np.log(design.target) - plan.centre[1]
        at = np.append(plan.at, v)
        path = rng.multivariate_normal(
            np.zeros(len(at)), wander**2 * wander_covariance(at[:, None], at[None, :]), n, method="eigh"
        )

        def log_loss(size, compute):
            off = size - np.log(31_000.0) - a * (compute - np.log(1.5e11))
            falls = np.log(floor + (3.97 - floor) * np.exp(-(0.072 if not floor else 0.12) * (compute - np.log(5e11))))
            return falls + 0.05 * off**2 + 0.015 * off**3

        y = log_loss(log_n, log_c) + path[:, plan.rung] + noise * rng.standard_normal((n, len(log_n)))
        valleys = posterior(plan, y)
        best = np.where(np.isfinite(found := best_log_params(valleys, v)), found, np.log(58_000.0))
        mean, sd, _ = target_law(valleys, best - plan.centre[0], v)
        truth = log_loss(best[:, None], np.full((n, 1), np.log(design.target)))[:, 0] + path[:, -1]
        error = mean - truth - noise * rng.standard_normal(n)
        return float(np.mean(np.abs(error) <= student_quantiles(0.8, valleys.freedom) * sd)), error, sd

    return held
