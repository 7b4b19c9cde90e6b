"""Choose the small runs that are paid for before a large one: five ways to spend the same FLOPs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np

from course_utils.i18n import format_flops, t
from course_utils.planning.checks import one_positive, several, whole
from course_utils.planning.prior import (
    BATCH_TOKENS,
    MOST_TOKENS,
    VOCABULARY,
    WIDTHS,
    nearest_width,
    optimal_params,
    shape,
)

RUNG_SHARES = (0.3, 0.1, 0.03, 0.01)
"""Compute of the rungs, as shares of the target's."""
DESIGNS = ("ladder", "many_small", "few_large", "checkpoints", "cooldowns")
COOLDOWN_SHARE = 0.2
"""Share of a run's steps over which a constant rate falls to zero."""
CURVE_FROM = 0.01
"""Points of a curve count from this share of the target's compute on."""
LEAST_STEPS = 20
"""A run with fewer optimizer steps is warm-up and little else."""

_RULES = {  # share of the target: how many widths around the valley, seeds
    "ladder": {0.1: (5, 1), 0.03: (5, 2), 0.01: (5, 2)},
    "many_small": {0.03: (5, 4), 0.01: (5, 4)},
    "few_large": {0.3: (2, 1), 0.1: (3, 1), 0.03: (3, 1)},
    "checkpoints": {0.3: (3, 1)},
    "cooldowns": {share: (3, 1) for share in RUNG_SHARES},
}
_CURE = "such as (8, 12, 16)"
_TRUNKS = (0.01, 0.1, 0.3)  # the valley's widths here are those of the trunks


@dataclass(frozen=True)
class PlannedRun:
    """Hold one small run of a plan.

    Attributes
    ----------
    rung : compute of its rung, FLOPs; whole steps stay at or a little below it
    width : d_model
    seed : of weights and order of the data
    schedule : "cosine" or "cooldown"
    tokens, flops : what is trained; FLOPs of blocks, head and causal attention
    params : N, blocks and head
    """

    rung: float
    width: int
    seed: int
    schedule: str
    tokens: int
    flops: float
    params: int

    @property
    def name(self) -> str:
        """Name of the run, as in the shipped tables but for the name of the set.

        Examples
        --------
        >>> planned_run(5e9, 4, 0).name
        '5e09-d4-s0'
        """
        rung = f"{self.rung:.1e}".replace("+", "").replace(".0e", "e")
        return f"{rung}-d{self.width}-s{self.seed}"

    @property
    def steps(self) -> int:
        """Optimizer steps."""
        return self.tokens // BATCH_TOKENS


def planned_run(
    rung: float, width: int, seed: int, schedule: str = "cosine", vocabulary: int = VOCABULARY
) -> PlannedRun:
    """Return the run of one width that fits into a rung: whole steps, at least one.

    Raises
    ------
    ValueError
        If the rung is not positive, the width, the seed or the vocabulary no whole number, or the schedule unknown.

    Examples
    --------
    >>> planned_run(1e11, 24, 0).tokens
    401408
    """
    rung, seed = one_positive(rung, "rung"), whole(seed, "seed", 0, 2**63)
    if not isinstance(schedule, str) or schedule not in ("cosine", "cooldown"):
        raise ValueError(f"schedule: {schedule!r} is unknown; choose 'cosine' or 'cooldown'.")
    sizes = shape(width, vocabulary)
    width = sizes.d_model
    per_token = sizes.flops_per_token()
    tokens = max(1, int(rung / per_token) // BATCH_TOKENS) * BATCH_TOKENS
    return PlannedRun(rung, width, seed, schedule, tokens, tokens * per_token, sizes.params_blocks_and_head)


@dataclass(frozen=True)
class Design:
    """Hold the runs that are bought before the target.

    Attributes
    ----------
    name : one of `DESIGNS`
    budget : FLOPs for everything
    target : FLOPs of the run that is foretold
    runs : by rung, the largest first, then by seed and width
    target_width : where the shipped ladder's valley leads at the target; the forecast from the runs may choose another
    uses_curves : whether the losses on the way are fitted too (points from `CURVE_FROM` of the target on)
    vocabulary : tokens of the vocabulary
    """

    name: str
    budget: float
    target: float
    runs: tuple[PlannedRun, ...]
    target_width: int
    uses_curves: bool = False
    vocabulary: int = VOCABULARY

    @property
    def cost(self) -> float:
        """FLOPs that are paid before the target.

        Runs with a constant rate of one width and seed are one run until they cool: the trunk is paid for once.
        """
        trunks: dict[tuple[int, int], list[PlannedRun]] = {}
        paid = 0.0
        for run in self.runs:
            if run.schedule == "cooldown":
                trunks.setdefault((run.width, run.seed), []).append(run)
            else:
                paid += run.flops
        for runs in trunks.values():
            cooling = [max(1, round(COOLDOWN_SHARE * run.steps)) for run in runs]
            trunk = max(run.steps - steps for run, steps in zip(runs, cooling, strict=True))
            paid += (trunk + sum(cooling)) * runs[0].flops / runs[0].steps
        return paid

    @property
    def total(self) -> float:
        """FLOPs of the runs and the target."""
        return self.cost + self.target

    @property
    def edges(self) -> tuple[float, ...]:
        """Rungs, FLOPs, at which the shipped ladder's valley lies at or beyond the outermost width that is tried.

        Examples
        --------
        >>> design("ladder").edges
        (5000000000.0,)
        """
        found = []
        for rung, runs in self.by_rung().items():
            widths = sorted({run.width for run in runs})
            nearest = nearest_width(float(optimal_params(rung)), WIDTHS, self.vocabulary)
            if len(widths) > 1 and not widths[0] < nearest < widths[-1]:
                found.append(rung)
        return tuple(found)

    def by_rung(self) -> dict[float, tuple[PlannedRun, ...]]:
        """Return the runs of every rung, the largest first.

        Examples
        --------
        >>> {rung: len(runs) for rung, runs in design("ladder").by_rung().items()}
        {50000000000.0: 5, 15000000000.0: 10, 5000000000.0: 10}
        """
        rungs = dict.fromkeys(run.rung for run in self.runs)
        return {rung: tuple(run for run in self.runs if run.rung == rung) for rung in rungs}

    def __repr__(self) -> str:
        from course_utils.planning.presentation import design_text

        return design_text(self)

    def _repr_html_(self) -> str:
        from course_utils.planning.presentation import design_html

        return design_html(self)


def design(
    name: str = "ladder",
    *,
    budget: float = 1e12,
    target: float | None = None,
    game: int = 0,
    widths: Iterable[int] | Mapping[float, Iterable[int]] | None = None,
    seeds: int | Mapping[float, int] | None = None,
    rungs: Iterable[float] | None = None,
    vocabulary: int = VOCABULARY,
) -> Design:
    """Choose the runs of a design for a budget.

    Widths come from one rule: at every rung the width of `WIDTHS` that is nearest to the shipped ladder's valley, and
    its neighbours on both sides.

    ``"ladder"``       five widths at 0.1, 0.03 and 0.01 of the target; two seeds at the two small rungs
    ``"many_small"``   five widths at 0.03 and 0.01, four seeds
    ``"few_large"``    two widths at 0.3, three at 0.1 and 0.03
    ``"checkpoints"``  three widths at 0.3, and every loss on their way from 0.01 of the target on
    ``"cooldowns"``    three widths with a constant rate, cooled down at all four rungs

    Parameters
    ----------
    name : one of `DESIGNS`
    budget : FLOPs for everything
    target : FLOPs of the run that is foretold; half of the budget when None
    game : number of the game; another number means other seeds
    widths : widths at every rung, or a mapping from a rung's share to its widths, instead of the rule's
    seeds : seeds of every width, or a mapping from a rung's share to their number, instead of the rule's
    rungs : shares of the target that are bought, instead of the rule's
    vocabulary : tokens of the vocabulary; it decides what a width costs

    Returns
    -------
    Design

    Raises
    ------
    ValueError
        If the name is unknown, a number is bad, a run would have fewer than `LEAST_STEPS` steps, or the runs cost more
        than the budget leaves beside the target; the message says what to change.

    Examples
    --------
    >>> made = design("ladder", budget=1e12)
    >>> len(made.runs), f"{made.cost / made.target:.2f}", made.target_width
    (25, '0.90', 32)
    """
    if not isinstance(name, str) or name not in DESIGNS:
        raise ValueError(f"name: {name!r} is not a design; choose one of {', '.join(DESIGNS)}.")
    vocabulary = whole(vocabulary, "vocabulary", 1, MOST_TOKENS)
    budget = _flops(budget, "budget")
    target = budget / 2 if target is None else _flops(target, "target")
    if target >= budget:
        raise ValueError(
            f"target: {target:.4g} FLOPs leave nothing of the budget of {budget:.4g} for small runs; "
            "choose a smaller target or a larger budget."
        )
    if isinstance(game, bool) or not isinstance(game, (int, np.integer)) or game < 0:
        raise ValueError(f"game: {game!r}; give a whole number from 0.")
    shares = _shares(name, rungs)
    chosen = _widths(name, shares, target, widths, vocabulary)
    schedule = "cooldown" if name == "cooldowns" else "cosine"
    runs = []
    for share in shares:
        rung = float(f"{share * target:.12g}")
        for seed in _seeds(name, share, seeds, int(game)):
            runs += [planned_run(rung, width, seed, schedule, vocabulary) for width in chosen[share]]
    width = nearest_width(float(optimal_params(target)), WIDTHS, vocabulary)
    made = Design(name, budget, target, tuple(runs), width, name == "checkpoints", vocabulary)
    _affordable(made)
    return made


def _flops(value: float, name: str) -> float:
    if isinstance(value, bool) or not np.isscalar(value) or isinstance(value, (str, bytes, complex)):
        raise ValueError(f"{name}: {value!r}; give a number of FLOPs, such as 1e12.")
    value = float(value)
    if not (isfinite(value) and value > 0):
        raise ValueError(f"{name}: {value!r}; give a positive number of FLOPs, such as 1e12.")
    return value


def _shares(name: str, rungs: Iterable[float] | None) -> tuple[float, ...]:
    if rungs is None:
        return tuple(_RULES[name])
    cure = "such as (0.1, 0.03, 0.01)"
    shares = tuple(sorted({one_positive(share, "rungs") for share in several(rungs, "rungs", cure)}, reverse=True))
    if not all(0 < share < 1 for share in shares):
        raise ValueError(f"rungs: {shares}; give shares of the target between 0 and 1, such as (0.1, 0.03, 0.01).")
    if len(shares) < 2 and name != "checkpoints":
        raise ValueError(f"rungs: {shares} is one rung, and a forecast needs two; add a smaller one.")
    return shares


def _of_share(given: Mapping, share: float, name: str):
    for key, value in given.items():
        if abs(one_positive(key, name) - share) <= 1e-9:
            return value
    raise ValueError(f"{name}: nothing for the rung {share:g} of the target; give every rung its entry.")


def _widths(
    name: str, shares: tuple[float, ...], target: float, given: Iterable[int] | Mapping[float, Iterable[int]] | None,
    vocabulary: int,
) -> dict[float, tuple[int, ...]]:
    if given is None:
        if name == "cooldowns":
            trunks = tuple(sorted({_around(share * target, 1, vocabulary)[0] for share in _TRUNKS}))
            return dict.fromkeys(shares, trunks)
        usual = _RULES[name]
        most = max(usual.values())
        return {share: _around(share * target, usual.get(share, most)[0], vocabulary) for share in shares}
    if not isinstance(given, Mapping):
        given = several(given, "widths", _CURE, least=0)
    found = {}
    for share in shares:
        widths = _of_share(given, share, "widths") if isinstance(given, Mapping) else given
        widths = several(widths, "widths", _CURE, least=0)
        for width in widths:
            if isinstance(width, bool) or not isinstance(width, (int, np.integer)) or width < 2 or width % 2:
                raise ValueError(f"widths: {width!r}; give even whole numbers from 2, such as 8, 12, 16.")
        if not widths:
            raise ValueError(f"widths: none at the rung {share:g} of the target; give at least one.")
        found[share] = tuple(sorted({int(width) for width in widths}))
    if name == "cooldowns" and len(set(found.values())) > 1:
        raise ValueError("widths: one trunk is cooled at every rung, so all rungs have the same widths; give one list.")
    return found


def _around(rung: float, count: int, vocabulary: int) -> tuple[int, ...]:
    """Return the width nearest to the valley and its neighbours; of an even number the nearest ones of the next odd."""
    params = float(optimal_params(rung))
    odd = count + 1 - count % 2
    half = odd // 2
    centre = min(max(WIDTHS.index(nearest_width(params, WIDTHS, vocabulary)), 2, half), len(WIDTHS) - 1 - max(2, half))
    widths = WIDTHS[centre - half : centre + half + 1]
    if count == odd:
        return widths
    far = max(widths, key=lambda width: abs(np.log(shape(width, vocabulary).params_blocks_and_head / params)))
    return tuple(width for width in widths if width != far)


def _seeds(name: str, share: float, given: int | Mapping[float, int] | None, game: int) -> range:
    if given is None:
        count = _RULES[name].get(share, (0, 1))[1]
    else:
        count = _of_share(given, share, "seeds") if isinstance(given, Mapping) else given
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not 1 <= count <= 1000:
            raise ValueError(f"seeds: {count!r}; give a whole number from 1 to 1000.")
    return range(int(count) * game, int(count) * (game + 1))


def _affordable(made: Design) -> None:
    short = min(made.runs, key=lambda run: run.steps)
    if short.steps < LEAST_STEPS:
        raise ValueError(t("planning.refuse_short", rung=format_flops(short.rung), width=short.width, steps=short.steps,
                           least=LEAST_STEPS))
    left = made.budget - made.target
    if made.cost > left * (1 + 1e-9):
        raise ValueError(t("planning.refuse_cost", cost=format_flops(made.cost), target=format_flops(made.target),
                           total=format_flops(made.total), budget=format_flops(made.budget)))
