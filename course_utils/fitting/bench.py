"""Time the fits against named peers in one run, and write the ratios to benchmarks.md.

Run ``python3 course.py bench``, which holds linear algebra to one thread for everybody. Peers that take hours are run
on a share of their work, and the rest is extrapolated in proportion; the table says the share. ``--quick`` takes a
tenth of those shares and writes no file.
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

from course_utils.fitting import bootstrap, fit_chinchilla, fit_power_law, fit_power_laws
from course_utils.fitting.families import Array
from course_utils.fitting.newton import Engine
from course_utils.fitting.results import FitResult

_N_STARTS = 4500
_N_RESAMPLES = 4000
_DELTA = 1e-3
_EXTRAS = ("numba", "lmfit", "chinchilla")


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
    """Time a piece of work: the median of several processor times, after one call that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return float(np.median(times))


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


def global_fit(n: Array, d: Array, loss: Array, share: int) -> tuple[Line, FitResult]:
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
    theirs = (time.process_time() - begin) * len(starts) / len(chosen)
    fit = fit_chinchilla(n, d, loss)
    ours = seconds(lambda: fit_chinchilla(n, d, loss), 10)
    note = f"objective {fit.objective_value:.10f} against {lowest:.10f}"
    return Line("global fit", ours, "scipy L-BFGS-B, 4,500 starts", theirs, f"{len(chosen)} starts", note), fit


def resampling(fit: FitResult, n: Array, d: Array, loss: Array, share: int) -> list[Line]:
    """Compare 4,000 resamples, by each engine, with scipy's L-BFGS-B, warm from the optimum, on one in `share`."""
    from scipy.optimize import minimize

    v = fit.values
    warm = np.array([np.log(v["A"]), np.log(v["B"]), np.log(v["E"]), v["alpha"], v["beta"]])
    count = _N_RESAMPLES // share
    even = np.full(len(loss), 1 / len(loss))
    draws = np.random.default_rng(0).multinomial(len(loss), even, size=count).astype(float)
    own = fit.problem.total(fit.problem.solve(draws).theta, draws)
    ours = {e: seconds(lambda e=e: bootstrap(fit, n=_N_RESAMPLES, engine=e), 3) for e in engines()}
    lines = []
    # With scipy's default tolerances a warm start ends where it began; the other peer goes on to the end.
    settled = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 10_000, "maxfun": 100_000}
    for words, options in (("to the end", settled), ("default tolerances", {})):
        begin, reached = time.process_time(), 0
        for weights, lowest in zip(draws, own, strict=True):
            objective = recipe_objective(np.log(n), np.log(d), np.log(loss), weights)
            reached += minimize(objective, warm, method="L-BFGS-B", options=options).fun <= lowest * (1 + 1e-4)
        theirs = (time.process_time() - begin) * _N_RESAMPLES / count
        note = f"{reached} of {count} of the peer's came within 1e-4 of our objective"
        lines += [
            Line(f"bootstrap, 4,000, {engine}", seconds_, f"scipy L-BFGS-B, warm, {words}", theirs, f"{count}", note)
            for engine, seconds_ in ours.items()
        ]
    return lines


def engines() -> list[Engine]:
    """Name the engines that can be had here."""
    return ["numpy", "numba"] if _installed("numba") else ["numpy"]


def memory(work: Callable[[], object]) -> float:
    """Measure the most memory that a piece of work holds beyond what was held before it, in megabytes."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - before) / 1e6


def many_laws(share: int) -> list[Line]:
    """Compare 1,000 one-dimensional laws, by each engine, with a scipy multistart of ten starts each."""
    from scipy.optimize import minimize
    from scipy.special import huber

    rng = np.random.default_rng(0)
    x = np.geomspace(1e6, 1e10, 12)
    truth = 1.7 + 50 * x ** -rng.uniform(0.2, 0.4, (1000, 1))
    loss = truth * np.exp(0.005 * rng.standard_t(3, truth.shape))
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
    theirs = (time.process_time() - begin) * 1000 / count
    note = f"{worse} of {count} objectives above the peer's best"
    return [
        Line(
            f"1,000 laws of one quantity, {engine}", seconds(lambda e=engine: fit_power_laws(x, loss, engine=e), 5),
            "scipy L-BFGS-B, 10 starts each", theirs, f"{count} laws", note,
        )
        for engine in engines()
    ]  # fmt: skip


def repeated_sampling(share: int) -> Line:
    """Compare pass@k of 10,000 problems at 40 values of k with the published product, problem by problem."""
    from course_utils.sampling import pass_at_k

    rng = np.random.default_rng(0)
    samples = 10_000
    correct = rng.binomial(samples, rng.beta(0.3, 5.0, 10_000))
    k = np.unique(np.rint(np.geomspace(1, samples, 44)))[:40]
    table = pass_at_k(correct, samples, k)
    chosen = rng.permutation(len(correct))[: len(correct) // share]
    begin, apart = time.process_time(), 0.0
    for row in chosen:
        c = correct[row]
        for column, size in enumerate(k):
            plain = 1.0 if samples - c < size else 1.0 - np.prod(1.0 - size / np.arange(samples - c + 1, samples + 1))
            apart = max(apart, abs(plain - table[row, column]))
    theirs = (time.process_time() - begin) * len(correct) / len(chosen)
    ours = seconds(lambda: pass_at_k(correct, samples, k), 10)
    task, peer = f"pass@k, 10,000 problems, {len(k)} values of k", "the product of human-eval's evaluation.py"
    return Line(task, ours, peer, theirs, f"{len(chosen)} problems", f"largest difference {apart:.1e}")


def one_law() -> float:
    """Time the fit of one law of one quantity: the median over 100 noisy sets of 12 runs."""
    rng = np.random.default_rng(0)
    x = np.geomspace(1e6, 1e10, 12)
    loss = (1.7 + 50 * x**-0.3) * np.exp(0.005 * rng.standard_t(3, (100, 12)))
    return float(np.median([seconds(lambda y=y: fit_power_law(x, y), 3) for y in loss]))


def warm_refit(fit: FitResult) -> float:
    """Time one refit from the optimum with other weights."""
    weights = np.random.default_rng(0).multinomial(fit.n_points, np.full(fit.n_points, 1 / fit.n_points), size=1)
    return seconds(lambda: fit.problem.solve(weights.astype(float)), 20)


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

    grid = {"e": [0.0, 0.5], "a": [5.0, 10.0, 15.0], "b": [5.0, 10.0, 15.0], "alpha": [0.5, 1.0], "beta": [0.5, 1.0]}
    if quick:
        grid |= {"a": [5.0], "b": [5.0], "alpha": [0.5]}
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
    return Line("global fit", ours, "chinchilla, BFGS, 4,500 starts", theirs, f"{starts} starts", note)


def machine() -> str:
    """Describe the machine by its processor, and the versions that matter."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    versions = [f"{p} {metadata.version(p)}" for p in ("numpy", "scipy", *_EXTRAS) if _installed(p)]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{name}, {os.cpu_count()} logical processors, {platform.system()}; {python}, {', '.join(versions)}"


def _installed(package: str) -> bool:
    return util.find_spec(package) is not None


def _say(value: float) -> str:
    return f"{value * 1e3:.2f} ms" if value < 1 else f"{value:.2f} s" if value < 100 else f"{value:,.0f} s"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def table(lines: list[Line], alone: dict[str, str], what: str) -> str:
    """Write the results as a Markdown page: the ratios, then what is measured without a peer."""
    rows = [
        f"| {r.task} | {_say(r.ours)} | {r.peer} | {_say(r.theirs)} | {r.share} | **{_times(r.ratio)}** | {r.note} |"
        for r in lines
    ]
    missing = [p for p in _EXTRAS if not _installed(p)]
    absent = f"Not installed, so not measured: {', '.join(missing)}.\n" if missing else ""
    return (
        "# How fast the fits are\n\n"
        "Made by `python3 course.py bench`: one run on one machine, in processor time, with linear algebra held to\n"
        "one thread; only the ratios travel. Peers that take hours are run on the share that the table says,\n"
        "drawn at random, and extrapolated in proportion. The compiled engine's first call, which compiles, is not\n"
        "counted. With its default tolerances a general optimiser stops long before the optimum of a resample; that\n"
        "peer is listed because it is what people run, and the column at the right says what its answers are worth.\n\n"
        f"Data: {what}, Huber loss with delta 1e-3 on log loss.\n"
        f"Machine: {machine()}.\n{absent}\n"
        "| task | here | peer | peer's time | peer's share run | times faster | |\n|---|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n\n| measured alone | |\n|---|---|\n"
        + "".join(f"| {task} | {value} |\n" for task, value in alone.items())
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table, and write it to benchmarks.md in the current folder."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the peers' work, for a look; writes no file")
    parser.add_argument("--output", type=Path, default=Path("benchmarks.md"), help="file to write")
    options = parser.parse_args(arguments)
    scale = 10 if options.quick else 1
    n, d, loss, what = points()
    first, fit = global_fit(n, d, loss, 10 * scale)
    lines = [first]
    lines += [
        line
        for line in (with_lmfit(n, d, loss, first.ours), with_chinchilla(n, d, loss, first.ours, options.quick))
        if line is not None
    ]
    lines += resampling(fit, n, d, loss, 10 * scale)
    lines += many_laws(5 * scale)
    lines.append(repeated_sampling(20 * scale))
    alone = {
        "one warm refit of the surface": _say(warm_refit(fit)),
        "one law of one quantity, global fit": _say(one_law()),
        "extra memory of the bootstrap": f"{memory(lambda: bootstrap(fit, n=_N_RESAMPLES)):.1f} MB",
    }
    text = table(lines, alone, what)
    print(text)
    if not options.quick:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
