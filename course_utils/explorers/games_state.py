"""What *play again* is asked and answers: recorded games by lookup, all games of a design forecast in one go."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from traitlets import Enum, Float, HasTraits, Int

from course_utils.planning import DESIGNS, Design, design, forecast, mistakes, nearest_width, rows_for_fit
from course_utils.planning.forecast import best_log_params, student_quantiles, target_law
from course_utils.planning.posterior import Plan, posterior, rungs_of
from course_utils.planning.replay import PREFIXES, TARGET_SEED

if TYPE_CHECKING:
    from pandas import DataFrame

DROPPED = ("nothing", "largest", "smallest")
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
PROMISE = 0.8  # of the games, by their plan
BUDGET = 1e12
_RUNS = (
    "run", "d_model", "params_blocks_and_head", "flops", "flops_without_head", "loss_nats", "diverged", "seed",
    "budget",
)  # fmt: skip
_CURVES = ("run", "flops", "loss_nats")


class GamesState(HasTraits):
    """What the reader sets: the game, the design that is played, the rung that is left out, the interval's level."""

    game = Int(0)
    design = Enum(DESIGNS, "ladder")
    dropped = Enum(DROPPED, "nothing")
    level = Float(PROMISE)


@dataclass(frozen=True, eq=False)
class Strip:
    """All games of a design whose target was measured.

    Attributes
    ----------
    games : their numbers
    loss, sd, freedom : foretold loss, standard deviation of its logarithm (the target's luck inside), of Student's t
    measured : losses of the targets
    widths : of the targets
    """

    games: np.ndarray
    loss: np.ndarray
    sd: np.ndarray
    freedom: np.ndarray
    measured: np.ndarray
    widths: np.ndarray

    def ends(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Return both ends of the intervals of a level."""
        reach = student_quantiles(level, self.freedom) * self.sd
        return self.loss * np.exp(-reach), self.loss * np.exp(reach)


@dataclass(frozen=True, eq=False)
class GamesResult:
    """One game, and all games of its design; losses in nats per token.

    Attributes
    ----------
    design, dropped, level : as they are shown; nothing is left out where a design has two rungs
    game : that is shown: the nearest one below where the design was not played as often
    flops, loss, left_out : of the rows that the design buys, and whether they are left out of the fit
    best_flops, best_loss : at every fitted rung the mean of the best width
    line_flops, line_loss, line_low, line_high : the forecast along its valley, a run's own luck left out
    target_flops, width : the run that is foretold
    foretold, low, high : its loss and interval
    measured : what it gave; None where it diverged
    mistakes : pairs of key and loss
    games, errors, lows, highs : of all games of the design, relative to what was measured
    """

    design: str
    dropped: str
    level: float
    game: int
    flops: np.ndarray
    loss: np.ndarray
    left_out: np.ndarray
    best_flops: np.ndarray
    best_loss: np.ndarray
    line_flops: np.ndarray
    line_loss: np.ndarray
    line_low: np.ndarray
    line_high: np.ndarray
    target_flops: float
    width: int
    foretold: float
    low: float
    high: float
    measured: float | None
    mistakes: tuple[tuple[str, float], ...]
    games: np.ndarray
    errors: np.ndarray
    lows: np.ndarray
    highs: np.ndarray

    @property
    def inside(self) -> np.ndarray:
        """Whether the interval of every game holds what was measured."""
        return (self.lows <= 0) & (self.highs >= 0)

    @property
    def luck(self) -> tuple[float, float]:
        """Chances that at least, and at most, so many of the games are inside, were the promise true for each."""
        n, held, p = len(self.games), int(self.inside.sum()), self.level
        chances = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
        return sum(chances[held:]), sum(chances[: held + 1])

    @property
    def error(self) -> float | None:
        """Of the game that is shown."""
        return None if self.measured is None else self.foretold / self.measured - 1


@dataclass(frozen=True, eq=False)
class _Screening:
    """What a game's forecast is made from: runs and curves as columns, the rows of the fit, the targets by width."""

    made: Design
    runs: Mapping[str, np.ndarray]
    curves: Mapping[str, np.ndarray]
    params: np.ndarray
    flops: np.ndarray
    loss: np.ndarray
    kept: np.ndarray
    targets: Mapping[int, int]


class RecordedGames:
    """Hold the pool of runs, and play its games when they are asked for, each once.

    Parameters
    ----------
    runs, curves : pandas.DataFrame
        With the columns of ``text_runs`` and ``text_curves``.

    Raises
    ------
    ValueError
        If a column is missing or no game is complete.
    """

    def __init__(self, runs: DataFrame, curves: DataFrame):
        for table, name, columns in ((runs, "runs", _RUNS), (curves, "curves", _CURVES)):
            missing = [column for column in columns if column not in table]
            if missing:
                raise ValueError(f"{name}: no column {missing[0]!r}. Pass a table with the columns of game_{name}.")
        self._runs = {name: runs[name].to_numpy() for name in _RUNS}
        self._curves = {name: curves[name].to_numpy() for name in _CURVES}
        self._row = {str(name): row for row, name in enumerate(self._runs["run"])}
        self._points = {str(name): rows for name, rows in curves.groupby("run").indices.items()}
        self.games = {name: found for name in DESIGNS if (found := self._complete(name))}
        if not self.games:
            raise ValueError("runs: no game is complete in this table; train the rest, or take the shipped game_runs.")
        self._screening = lru_cache(maxsize=128)(self._looked_up)
        self._strip = lru_cache(maxsize=16)(self._all_games)
        self._played = lru_cache(maxsize=128)(self._one_game)

    @property
    def designs(self) -> tuple[str, ...]:
        """Designs of which a game is complete."""
        return tuple(self.games)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers of all games that some design was played in."""
        return tuple(sorted(set().union(*self.games.values())))

    @property
    def limits(self) -> tuple[float, float, float, float]:
        """Ends of compute and of loss in the pool: FLOPs, FLOPs, nats, nats."""
        runs = self._runs
        good = ~runs["diverged"].astype(bool)
        flops, loss = runs["flops"][good], runs["loss_nats"][good]
        return float(flops.min()), float(flops.max()), float(loss.min()), float(loss.max())

    def rungs(self, name: str) -> int:
        """Return how many rungs the rows of a design have."""
        return int(rungs_of(np.log(self._screening(name, self.games[name][0]).flops)).max()) + 1

    def _complete(self, name: str) -> tuple[int, ...]:
        """List the games whose runs, curves and a target are all there."""
        targets = self._runs["seed"][np.abs(self._runs["budget"] / (BUDGET / 2) - 1) < 1e-6] - TARGET_SEED
        found = []
        for game in sorted({int(seed) for seed in targets if seed >= 0}):
            names = _names(design(name, budget=BUDGET, game=game))
            if all(each in self._row and each in self._points for each in names):
                found.append(game)
        return tuple(found)

    def _looked_up(self, name: str, game: int) -> _Screening:
        made = design(name, budget=BUDGET, game=game)
        names = _names(made)
        rows = [self._row[each] for each in names]
        runs = {column: values[rows] for column, values in self._runs.items()}
        points = np.concatenate([self._points[each] for each in names])
        curves = {column: values[points] for column, values in self._curves.items()}
        params, flops, loss = rows_for_fit(made, runs, curves)
        same = np.abs(self._runs["budget"] / made.target - 1) < 1e-6
        same &= self._runs["seed"] == TARGET_SEED + game
        targets = {int(self._runs["d_model"][row]): int(row) for row in np.flatnonzero(same)}
        return _Screening(
            made, runs, curves, params, flops, loss, np.ones(len(flops), bool), dict(sorted(targets.items()))
        )

    def _fitted(self, name: str, game: int, dropped: str) -> _Screening:
        """Return a game's screening with the rows of a rung marked as left out."""
        whole = self._screening(name, game)
        if dropped == "nothing":
            return whole
        rung = rungs_of(np.log(whole.flops))
        out = rung == (rung.max() if dropped == "largest" else 0)
        return replace(whole, kept=~out)

    def _all_games(self, name: str, dropped: str) -> Strip:
        """Forecast every game of a design; games of the same runs share one pass."""
        alike: dict[tuple[bytes, bytes], list[tuple[int, _Screening]]] = {}
        for game in self.games[name]:
            made = self._fitted(name, game, dropped)
            key = made.params[made.kept].tobytes(), made.flops[made.kept].tobytes()
            alike.setdefault(key, []).append((game, made))
        rows = [row for group in alike.values() for row in self._group(group)]
        rows = sorted(row for row in rows if np.isfinite(row[4]))
        columns = (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.zeros(0) for _ in range(6))
        return Strip(*columns)

    def _group(self, group: list[tuple[int, _Screening]]) -> list[tuple]:
        first = group[0][1]
        plan = Plan.of(np.log(first.params[first.kept]), np.log(first.flops[first.kept]))
        valleys = posterior(plan, np.log([made.loss[made.kept] for _, made in group]))
        best = best_log_params(valleys, float(np.log(first.made.target)) - plan.centre[1])
        chosen = []
        for (_, made), log_n in zip(group, best, strict=True):
            size = float(np.exp(log_n)) if np.isfinite(log_n) else self._without_valley(made)
            chosen.append(made.targets[nearest_width(size, tuple(made.targets))])
        rows = np.array(chosen)
        u = np.log(self._runs["params_blocks_and_head"][rows]) - plan.centre[0]
        log_c = np.log(self._runs["flops"][rows]) - plan.centre[1]
        mean, sd = np.empty(len(rows)), np.empty(len(rows))
        for v in np.unique(log_c):
            here = log_c == v
            at_v, sd_v, _ = target_law(valleys, u, float(v))
            mean[here], sd[here] = at_v[here], sd_v[here]
        measured = np.where(self._runs["diverged"][rows].astype(bool), np.nan, self._runs["loss_nats"][rows])
        width = self._runs["d_model"][rows]
        games = [game for game, _ in group]
        return list(zip(games, np.exp(mean), sd, valleys.freedom, measured, width, strict=True))

    @staticmethod
    def _without_valley(made: _Screening) -> float:
        rows = (made.params[made.kept], made.flops[made.kept], made.loss[made.kept])
        return forecast(*rows, target_flops=made.made.target).target_params

    def _one_game(self, name: str, game: int, dropped: str) -> dict[str, object]:
        """Return what the picture of one game needs, but for the level of its interval."""
        made = self._fitted(name, game, dropped)
        rows = (made.params[made.kept], made.flops[made.kept], made.loss[made.kept])
        width = forecast(*rows, target_flops=made.made.target).choose_width(tuple(made.targets))
        target = made.targets[width]
        size, compute = (float(self._runs[key][target]) for key in ("params_blocks_and_head", "flops"))
        foretold = forecast(*rows, target_flops=compute, target_params=size)
        line_flops = np.geomspace(rows[1].min(), compute, 40)
        sizes = foretold.optimal_params(line_flops)
        mean, sd = foretold.predict(np.full(40, size) if sizes is None else sizes, line_flops)
        best_flops, best_loss = _frontier(*rows)
        used = self._used(made)
        wrong = mistakes(used, target_flops=compute, target_params=size, curves=made.curves)
        diverged = bool(self._runs["diverged"][target])
        return {
            "flops": made.flops, "loss": made.loss, "left_out": ~made.kept, "best_flops": best_flops,
            "best_loss": best_loss, "line_flops": line_flops, "line": (mean, sd, float(foretold.valleys.freedom[0])),
            "target_flops": compute, "width": width, "foretold": foretold,
            "measured": None if diverged else float(self._runs["loss_nats"][target]),
            "mistakes": tuple((mistake.key, mistake.loss) for mistake in wrong),
        }  # fmt: skip

    @staticmethod
    def _used(made: _Screening) -> Mapping[str, np.ndarray]:
        """Return the runs whose rung is fitted; a design that fits curves keeps all its runs."""
        if made.made.uses_curves or made.kept.all():
            return made.runs
        flops = made.runs["flops"]
        low, high = made.flops[made.kept].min(), made.flops[made.kept].max()
        kept = (flops >= low) & (flops <= high)
        return {column: values[kept] for column, values in made.runs.items()}

    def compute(self, name: str, game: int, dropped: str, level: float) -> GamesResult:
        """Play one game and judge all; see :class:`GamesResult`."""
        games = self.games[name]
        shown = max((number for number in games if number <= game), default=games[0])
        dropped = dropped if self.rungs(name) > 2 else "nothing"
        strip, one = self._strip(name, dropped), dict(self._played(name, shown, dropped))
        foretold, (mean, sd, freedom) = one.pop("foretold"), one.pop("line")
        low, high = foretold.interval(level)
        reach = float(student_quantiles(level, freedom)) * sd
        lows, highs = strip.ends(level)
        return GamesResult(
            design=name, dropped=dropped, level=level, game=shown, **one, foretold=foretold.loss, low=low, high=high,
            line_loss=np.exp(mean), line_low=np.exp(mean - reach), line_high=np.exp(mean + reach), games=strip.games,
            errors=strip.loss / strip.measured - 1, lows=lows / strip.measured - 1, highs=highs / strip.measured - 1,
        )  # fmt: skip


def _names(made: Design) -> list[str]:
    return [PREFIXES[run.schedule] + run.name for run in made.runs]


def _frontier(params: np.ndarray, flops: np.ndarray, loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return FLOPs and mean loss of the best size at every rung."""
    rung = rungs_of(np.log(flops))
    found = []
    for number in range(rung.max() + 1):
        rows = np.flatnonzero(rung == number)
        which = np.unique(params[rows], return_inverse=True)[1]
        counts = np.bincount(which)
        means = np.bincount(which, loss[rows]) / counts
        best = int(np.argmin(means))
        found.append((float((np.bincount(which, flops[rows]) / counts)[best]), float(means[best])))
    compute, lowest = (np.array(column) for column in zip(*found, strict=True))
    return compute, lowest
