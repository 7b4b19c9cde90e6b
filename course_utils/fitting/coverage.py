"""Measure how often the intervals hold the truth, on synthetic runs whose truth is known.

Run ``python -m course_utils.fitting.coverage``: it writes ``data/studies/bootstrap_coverage.csv``. Of intervals that
aim at 90 per cent, about 90 of 100 should hold the truth; with 500 repetitions a share has a standard error of 1.3
points.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from course_utils.fitting import FitWarning, bootstrap, fit_chinchilla, profile
from course_utils.fitting.families import Array
from course_utils.laws import CONSTANTS, chinchilla_loss

LEVEL = 0.9
TRUTH = CONSTANTS["besiroglu"].values
PARAMS, TOKENS = (5e7, 1.6e10), (3e8, 2e11)  # the ranges of the Chinchilla runs
SPREAD = 0.006  # standard deviation of log loss about the law, as large as theirs
COLUMNS = ("n_runs", "noise", "quantity", "method", "coverage", "truth_below", "truth_above", "median_width",
           "repetitions", "resamples", "seed", "date")  # fmt: skip

Quantity = Callable[[Mapping[str, Array]], Array]


def runs(n: int, noise: str, generator: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw runs spread evenly in log N and log D, with noise on log loss.

    Parameters
    ----------
    n : runs
    noise : "gaussian" or "student" (three degrees of freedom), of the same standard deviation
    generator : of the draws

    Returns
    -------
    params, tokens, loss : arrays of shape (n,)
    """
    params, tokens = (np.exp(generator.uniform(*np.log(span), n)) for span in (PARAMS, TOKENS))
    scatter = generator.standard_normal(n) if noise == "gaussian" else generator.standard_t(3, n) / np.sqrt(3)
    return params, tokens, chinchilla_loss(params, tokens, **TRUTH) * np.exp(SPREAD * scatter)


def quantities() -> dict[str, Quantity]:
    """Name what is asked of every fit: the constants, the exponent of the best size, and the loss inside and beyond."""

    def loss_at(params: float, tokens: float) -> Quantity:
        return lambda v: chinchilla_loss(params, tokens, **v)

    middle = np.sqrt(np.prod(PARAMS)), np.sqrt(np.prod(TOKENS))
    product = 10 * PARAMS[1] * TOKENS[1]  # N D of ten times the largest run's compute, split as the truth would
    ratio = TRUTH["alpha"] * TRUTH["A"] / (TRUTH["beta"] * TRUTH["B"])
    beyond = (ratio * product ** TRUTH["beta"]) ** (1 / (TRUTH["alpha"] + TRUTH["beta"]))
    return {
        **{name: lambda v, name=name: np.asarray(v[name]) for name in TRUTH},
        "exponent_params": lambda v: v["beta"] / (v["alpha"] + v["beta"]),
        "loss_inside": loss_at(*middle),
        "loss_decade_beyond": loss_at(beyond, product / beyond),
    }


def intervals(n: int, noise: str, resamples: int, seed: int) -> Iterator[tuple[str, str, float, float]]:
    """Fit one synthetic data set and compute every interval: quantity, method, low, high."""
    fit = fit_chinchilla(*runs(n, noise, np.random.default_rng([seed, n])))
    boot = bootstrap(fit, n=resamples, seed=seed)
    for name, quantity in quantities().items():
        for method in ("percentile", "basic", "bca"):
            low, high = boot.interval(quantity, level=LEVEL, method=method)
            yield name, method, float(low), float(high)
    for name in fit.params:
        low, high = profile(fit, name, level=LEVEL).interval
        yield name, "profile", -np.inf if low is None else low, np.inf if high is None else high


def study(n: int, noise: str, repetitions: int, resamples: int, seed: int, say: Callable[[str], object]) -> list[dict]:
    """Repeat, and count the intervals that hold the truth: one row for each quantity and method."""
    truth = {name: float(quantity(TRUTH)) for name, quantity in quantities().items()}
    found: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    begin = time.perf_counter()
    for i in range(repetitions):
        for name, method, low, high in intervals(n, noise, resamples, seed + i):
            found[name, method].append((low, high))
        if (i + 1) % 50 == 0:
            say(f"{n} runs, {noise}: {i + 1} of {repetitions}, {time.perf_counter() - begin:.0f} s")
    rows = []
    for (name, method), ends in found.items():
        low, high = np.array(ends).T
        below, above = float((truth[name] < low).mean()), float((truth[name] > high).mean())
        shares = {"coverage": 1 - below - above, "truth_below": below, "truth_above": above}
        rows.append(
            {"n_runs": n, "noise": noise, "quantity": name, "method": method}
            | {key: f"{share:.3f}" for key, share in shares.items()}
            | {"median_width": f"{np.median(high - low):.4g}", "repetitions": repetitions, "resamples": resamples}
        )
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Run the study for 60 and 240 runs and both kinds of noise, and write its table."""
    parser = argparse.ArgumentParser(prog="coverage", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=500)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20_000)
    parser.add_argument("--runs", type=int, nargs="+", default=[60, 240])
    parser.add_argument("--output", type=Path, default=Path("data/studies/bootstrap_coverage.csv"))
    options = parser.parse_args(arguments)
    today = datetime.date.today().isoformat()
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        for n in options.runs:
            for noise in ("gaussian", "student"):
                rows += study(n, noise, options.repetitions, options.resamples, options.seed, print)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with options.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"seed": options.seed, "date": today} for row in rows)
    sys.stdout.write(f"{options.output}: {len(rows)} rows\n")


if __name__ == "__main__":
    main()
