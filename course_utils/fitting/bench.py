"""Time the fits against named peers in one run, and write the ratios to benchmarks.md.

Run ``python -m course_utils.fitting.bench``. Peers that take hours are run on a share of their work, and the rest is
extrapolated in proportion; the table says the share. ``--quick`` takes smaller shares, for a look.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

import numpy as np

from course_utils.fitting import bootstrap, fit_chinchilla, fit_power_laws
from course_utils.fitting.families import Array
from course_utils.fitting.results import FitResult

_N_STARTS = 4500
_DELTA = 1e-3


@dataclass(frozen=True)
class Line:
    """Hold one line of the table."""

    task: str
    ours: float
    peer: str
    theirs: float
    share: str
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Time a piece of work: the least of several processor times, which other programs disturb least."""
    work()
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def points() -> tuple[Array, Array, Array, str]:
    """Return params, tokens, loss of the 240 Chinchilla points, or of synthetic ones where those cannot be had."""
    from course_utils import datasets

    table = datasets.find("chinchilla_points")
    if table is not None:
        table = table[table["kept"].to_numpy(dtype=bool)]
        return *(table[name].to_numpy() for name in ("params", "tokens", "loss_nats")), "240 Chinchilla points"
    from course_utils.laws import CONSTANTS, chinchilla_loss

    rng = np.random.default_rng(0)
    n = np.exp(rng.uniform(np.log(5e7), np.log(1.6e10), 240))
    d = np.exp(rng.uniform(np.log(3e8), np.log(2e11), 240))
    loss = chinchilla_loss(n, d, **CONSTANTS["besiroglu"].values)
    return n, d, loss * np.exp(0.006 * rng.standard_t(3, 240)), "240 synthetic points"


def recipe_objective(log_n: Array, log_d: Array, log_l: Array, weights: Array | None = None) -> Callable:
    """Return the replication's objective: Huber's loss of the log-sum-exp, summed."""
    from scipy.special import huber, logsumexp

    def objective(v: Array) -> float:
        a, b, e, alpha, beta = v
        terms = np.stack([a - alpha * log_n, b - beta * log_d, np.broadcast_to(e, log_n.shape)])
        loss = huber(_DELTA, logsumexp(terms, axis=0) - log_l)
        return float(loss.sum() if weights is None else loss @ weights)

    return objective


def recipe_starts() -> Array:
    """Return Hoffmann's 4,500 starts (a, b, e, alpha, beta)."""
    scales, exponents = np.arange(0, 26, 5.0), np.arange(0, 2.1, 0.5)
    return np.array(list(itertools.product(scales, scales, np.arange(-1, 1.1, 0.5), exponents, exponents)))


def global_fit(n: Array, d: Array, loss: Array, share: int) -> tuple[Line, FitResult, float]:
    """Compare the global fit with scipy's L-BFGS-B by finite differences from one in `share` of 4,500 starts."""
    from scipy.optimize import minimize

    objective = recipe_objective(np.log(n), np.log(d), np.log(loss))
    starts = recipe_starts()
    chosen = np.random.default_rng(0).permutation(len(starts))[: len(starts) // share]
    begin, lowest = time.process_time(), np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for start in starts[chosen]:
            lowest = min(lowest, minimize(objective, start, method="L-BFGS-B").fun)
    theirs = (time.process_time() - begin) * share
    fit = fit_chinchilla(n, d, loss)
    ours = seconds(lambda: fit_chinchilla(n, d, loss), 10)
    note = f"objective {fit.objective_value:.10f} against {lowest:.10f}"
    return (
        Line("global fit", ours, "scipy L-BFGS-B, 4,500 starts", theirs, f"{len(chosen)} of 4,500 starts", note),
        fit,
        lowest,
    )


def resampling(fit: FitResult, n: Array, d: Array, loss: Array, share: int) -> list[Line]:
    """Compare 4,000 resamples with scipy's L-BFGS-B, each warm from the optimum; and measure the extra memory."""
    from scipy.optimize import minimize

    total = 4000
    ours = seconds(lambda: bootstrap(fit, n=total), 2)
    tracemalloc.start()
    bootstrap(fit, n=total)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    v = fit.values
    warm = np.array([np.log(v["A"]), np.log(v["B"]), np.log(v["E"]), v["alpha"], v["beta"]])
    rng = np.random.default_rng(0)
    count = total // share
    draws = rng.multinomial(len(loss), np.full(len(loss), 1 / len(loss)), size=count).astype(float)
    own = fit.problem.total(fit.problem.solve(draws).theta, draws)
    lines = []
    # With scipy's default tolerances a warm start ends where it began; the second line lets it go on.
    settled = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 10_000, "maxfun": 100_000}
    for words, options in (("default tolerances", {}), ("tight tolerances", settled)):
        begin, reached = time.process_time(), 0
        for weights, lowest in zip(draws, own, strict=True):
            objective = recipe_objective(np.log(n), np.log(d), np.log(loss), weights)
            reached += minimize(objective, warm, method="L-BFGS-B", options=options).fun <= lowest * (1 + 1e-4)
        theirs = (time.process_time() - begin) * share
        note = f"{reached} of {count} came within 1e-4 of our objective; our extra memory {peak / 1e6:.1f} MB"
        lines.append(
            Line(
                "bootstrap, 4,000 resamples", ours, f"scipy L-BFGS-B, warm, {words}", theirs, f"{count} of 4,000", note
            )
        )
    return lines


def many_laws(share: int) -> Line:
    """Compare 1,000 one-dimensional laws with a scipy multistart of ten starts each."""
    from scipy.optimize import minimize
    from scipy.special import huber

    rng = np.random.default_rng(0)
    x = np.geomspace(1e6, 1e10, 12)
    truth = 1.7 + 50 * x ** -rng.uniform(0.2, 0.4, (1000, 1))
    loss = truth * np.exp(0.005 * rng.standard_t(3, truth.shape))
    ours = seconds(lambda: fit_power_laws(x, loss, block=256), 3)
    many = fit_power_laws(x, loss)
    log_x, count = np.log(x), 1000 // share
    worse = 0
    begin = time.process_time()
    for i in range(count):
        log_l = np.log(loss[i])

        def objective(v: Array, log_l: Array = log_l) -> float:
            return float(huber(_DELTA, np.logaddexp(v[0] - v[1] * log_x, v[2]) - log_l).sum())

        results = [
            minimize(objective, [a, al, 0.5], method="L-BFGS-B").fun for a in (0, 2, 4, 6, 8) for al in (0.1, 0.4)
        ]
        worse += many.objective_value[i] > min(results) * (1 + 1e-6)
    theirs = (time.process_time() - begin) * share
    note = f"{worse} of {count} objectives above scipy's best"
    return Line("1,000 laws of one quantity", ours, "scipy L-BFGS-B, 10 starts each", theirs, f"{count} of 1,000", note)


def warm_refit(fit: FitResult) -> tuple[float, str]:
    """Time one refit from the optimum with other weights."""
    weights = np.random.default_rng(0).multinomial(fit.n_points, np.full(fit.n_points, 1 / fit.n_points), size=1)
    return seconds(lambda: fit.problem.solve(weights.astype(float)), 20), "one warm refit"


def with_lmfit(n: Array, d: Array, loss: Array, ours: float) -> Line | None:
    """Compare with one local fit by lmfit (its default least squares, a single good start), where it is installed."""
    if util.find_spec("lmfit") is None:
        return None
    import lmfit

    def residual(p: lmfit.Parameters) -> Array:
        terms = p["A"] * n ** -p["alpha"] + p["B"] * d ** -p["beta"] + p["E"]
        return np.log(terms) - np.log(loss)

    def work() -> lmfit.minimizer.MinimizerResult:
        p = lmfit.Parameters()
        p.add_many(("E", 1.7, True, 0), ("A", 400, True, 0), ("B", 400, True, 0), ("alpha", 0.34), ("beta", 0.28))
        return lmfit.minimize(residual, p)

    theirs = seconds(work, 3)
    return Line("global fit", ours, "lmfit, one start, least squares", theirs, "whole", "another objective, and local")


def _elementwise_huber(measured: Array, predicted: Array) -> Array:
    """Compute Huber's loss of every run; the package `chinchilla` works in extended precision, which scipy refuses."""
    r = np.abs(np.log(predicted) - np.log(measured))
    return np.where(r <= _DELTA, 0.5 * r * r, _DELTA * (r - 0.5 * _DELTA))


def with_chinchilla(n: Array, d: Array, loss: Array, ours: float, quick: bool) -> Line | None:
    """Compare with the package `chinchilla` (BFGS from a grid), where it is installed."""
    if util.find_spec("chinchilla") is None:
        return None
    import pandas
    from chinchilla import Chinchilla

    grid = {"e": [0.0, 0.5], "a": [5.0, 10.0], "b": [5.0, 10.0], "alpha": [0.5], "beta": [0.5] if quick else [0.0, 0.5]}
    starts = int(np.prod([len(v) for v in grid.values()]))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pandas.DataFrame({"C": 6 * n * d, "N": n, "D": d, "loss": loss}).to_csv(Path(folder) / "df.csv", index=False)
        peer = Chinchilla(
            folder, param_grid=grid, log_level=50,
            loss_fn=_elementwise_huber,
        )  # fmt: skip
        begin = time.process_time()
        peer.fit(parallel=False)
        theirs = (time.process_time() - begin) / starts * _N_STARTS
    note = f"E {peer.E:.3f}, alpha {peer.alpha:.3f}"
    return Line("global fit", ours, "chinchilla, BFGS, 4,500 starts", theirs, f"{starts} of 4,500 starts", note)


def machine() -> str:
    """Describe the machine by its processor, and the versions that matter."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    versions = [f"{p} {metadata.version(p)}" for p in ("numpy", "scipy", "lmfit", "chinchilla") if _installed(p)]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{name}, {os.cpu_count()} logical processors, {platform.system()}; {python}, {', '.join(versions)}"


def _installed(package: str) -> bool:
    return util.find_spec(package) is not None


def _say(value: float) -> str:
    return f"{value * 1e3:.2f} ms" if value < 1 else f"{value:.2f} s" if value < 100 else f"{value:,.0f} s"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def table(lines: list[Line], warm: float, what: str) -> str:
    """Write the results as a Markdown page."""
    rows = [
        f"| {r.task} | {_say(r.ours)} | {r.peer} | {_say(r.theirs)} | {r.share} | **{_times(r.ratio)}** | {r.note} |"
        for r in lines
    ]
    missing = [p for p in ("lmfit", "chinchilla") if not _installed(p)]
    absent = f"Not installed, so not measured: {', '.join(missing)}.\n" if missing else ""
    return (
        "# How fast the fits are\n\n"
        "Made by `python3 course.py bench` (`python -m course_utils.fitting.bench`): one run on one machine, in\n"
        "processor time; only the ratios travel. Peers that take hours are run on the share that the table says,\n"
        "and extrapolated in proportion.\n\n"
        f"Data: {what}, Huber loss with delta 1e-3 on log loss.\n"
        f"Machine: {machine()}.\n{absent}\n"
        "| task | here | peer | peer's time | peer's share run | times faster | |\n|---|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\nOne warm refit of the surface: {_say(warm)}.\n"
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table, and write it to benchmarks.md in the current folder."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller shares of the peers' work")
    parser.add_argument("--output", type=Path, default=Path("benchmarks.md"), help="file to write")
    options = parser.parse_args(arguments)
    scale = 4 if options.quick else 1
    n, d, loss, what = points()
    first, fit, _ = global_fit(n, d, loss, 50 * scale)
    lines = [first]
    lines += [
        line
        for line in (with_lmfit(n, d, loss, first.ours), with_chinchilla(n, d, loss, first.ours, options.quick))
        if line is not None
    ]
    lines += resampling(fit, n, d, loss, 50 * scale)
    lines.append(many_laws(25 * scale))
    warm, _ = warm_refit(fit)
    text = table(lines, warm, what)
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
