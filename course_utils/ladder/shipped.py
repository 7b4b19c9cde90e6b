"""The runs that ship with the course, fixed before the first one.

``data/ladder/PLAN.md`` gives the reasons for the ladder, ``data/routed/PLAN.md`` those for the routed models,
``data/repetition/PLAN.md`` those for the runs on a limited stock of text, and ``data/games/PLAN.md`` those for the pool
from which whole games of plan, forecast and verdict are replayed.
"""

from __future__ import annotations

from dataclasses import replace

from .train import CONTEXT, Run

MODELS_PER_BUDGET = {
    1e11: (12, 16, 20, 24, 32, 40, 48),
    3e11: (16, 20, 24, 32, 40, 48, 64),
    1e12: (24, 32, 40, 48, 64, 80, 96),
    3e12: (32, 48, 64, 80, 96, 128),
    1e13: (48, 64, 80, 96, 128, 160),
}
"""Widths at each budget: the grid of the IsoFLOP valleys."""

SEEDS = {1e11: 3, 3e11: 3, 1e12: 3, 3e12: 2, 1e13: 2}
HOLDOUT = (1e14, 176)
LEARNING_RATE_FACTORS = (0.25, 0.5, 2.0, 4.0)
LEARNING_RATE_MODELS = ((1e11, 24), (3e11, 32), (1e12, 48))
WARMUP_STEPS = 600
WARMUP_MODELS = {1e11: (8, 12, 16, 20, 24, 32), 3e11: (8, 12, 16, 24, 32, 48), 1e12: (12, 16, 24, 32, 48, 64)}
FACTS_MODELS = (12, 16, 20, 24, 32, 48)
FACTS_TOKENS = (100_000, 300_000, 1_000_000, 3_000_000, 6_000_000)
ROUTERS = ("none", "switch", "base", "bias")
ROUTED = (
    ("facts", 12, 1_000_000, (2, 4, 8, 16, 32)),
    ("text", 24, 401_408, (4, 16)),
    ("facts", 16, 1_000_000, (4, 16)),
)
"""Data, width, tokens and numbers of experts of the routed models."""
ROUTED_SEEDS = 3
MORE_ROUTED_SEEDS = range(3, 10)
REPETITION_MODELS = (16, 48)
REPETITION_SEEDS = 2
STOCKS = (50_176, 100_352, 200_704, 401_408)
"""Unique tokens of the stocks; each is whole steps of 512, and each is twice the one before."""
EPOCHS = (2, 4, 8, 16, 32, 64)
LONGEST = 1_605_632
"""Most tokens of a run, but for those on the smallest stock, which is read up to 64 times."""
NOISES = (0.0, 0.05, 0.15, 0.3)
NOISED_MODEL = 32
NOISED_TOKENS = (100_352, 200_704, 401_408, 802_816)

GAME_TARGET = 5e11
"""Compute of the run that a recorded game foretells; its rungs are shares of it."""
GAME_MODELS = {
    5e9: (4, 6, 8, 12, 16),
    1.5e10: (4, 6, 8, 12, 16),
    5e10: (6, 8, 12, 16, 20),
    1.5e11: (12, 16, 20, 24, 28),
    5e11: (20, 24, 28, 32, 40),
}
GAME_SEEDS = {5e9: 40, 1.5e10: 40, 5e10: 20, 1.5e11: 20, 5e11: 20}
TARGET_SEED = 1000
"""Seeds of the target runs begin here: no screening run shares its weights or its order of the data with one."""
COOLDOWN_MODELS = (8, 12, 20)
COOLDOWN_SEEDS = 10
GAME_CURVE_POINTS = 8
GAME_VALIDATION_WINDOWS = 512


def peak_learning_rate(d_model: int) -> float:
    """Return the rule for every run: 0.64 / d_model, at most 0.04."""
    return min(0.04, 0.64 / d_model)


def _run(name: str, set_: str, corpus: str, d_model: int, *, tokens: int = 0, budget: float | None = None,
         factor: float = 1.0, warmup: int | None = None, seed: int = 0, n_expert: int = 1, router: str = "") -> Run:
    draft = Run(name, set_, corpus, d_model, tokens, budget, factor * peak_learning_rate(d_model), 1, seed)
    if budget is not None:
        tokens = int(budget / draft.shape().flops_per_token())
    steps = max(1, tokens // draft.batch_tokens)
    return Run(name, set_, corpus, d_model, steps * draft.batch_tokens, budget, draft.lr,
               warmup if warmup is not None else max(1, round(0.05 * steps)), seed, n_expert=n_expert, router=router)


def _stocked(set_: str, name: str, d_model: int, stock: int, epochs: int, seed: int, noise: float = 0.0) -> Run:
    run = _run(name, set_, "text", d_model, tokens=stock * epochs, seed=seed)
    return replace(run, unique_tokens=stock, noise=noise)


def _label(budget: float) -> str:
    return f"{budget:.1e}".replace("+", "").replace(".0e", "e")


def grid() -> list[Run]:
    """List the valleys: every budget, width and seed; all first seeds of a budget before its second ones."""
    return [
        _run(f"text-{_label(c)}-d{d}-s{seed}", "grid", "text", d, budget=c, seed=seed)
        for c in MODELS_PER_BUDGET for seed in range(SEEDS[c]) for d in MODELS_PER_BUDGET[c]
    ]


def holdout() -> list[Run]:
    """List the one run that every prediction is judged by."""
    budget, d = HOLDOUT
    return [_run(f"text-{_label(budget)}-d{d}-s0", "holdout", "text", d, budget=budget)]


def learning_rate_sweep() -> list[Run]:
    """List the runs that test the learning-rate rule; the factor 1 is the grid's own run."""
    return [
        _run(f"rate-{_label(c)}-d{d}-x{factor:g}", "learning_rate", "text", d, budget=c, factor=factor)
        for c, d in LEARNING_RATE_MODELS for factor in LEARNING_RATE_FACTORS
    ]


def warmup_set() -> list[Run]:
    """List the runs whose warm-up is 600 steps at every budget, too long for the small ones (Porian et al. 2024)."""
    return [
        _run(f"warmup-{_label(c)}-d{d}-s{seed}", "warmup", "text", d, budget=c, warmup=WARMUP_STEPS, seed=seed)
        for c, widths in WARMUP_MODELS.items() for seed in range(2) for d in widths
    ]


def known_entropy() -> list[Run]:
    """List the runs on the language whose entropy is known."""
    return [
        _run(f"facts-{_label(tokens)}-d{d}-s{seed}", "facts", "facts", d, tokens=tokens, seed=seed)
        for tokens in FACTS_TOKENS for seed in range(2) for d in FACTS_MODELS
    ]


def _routed(set_: str, name: str, designs, factor: float, seeds=range(ROUTED_SEEDS)) -> list[Run]:
    return [
        _run(f"{name}-{corpus}-d{d}-{router}-e{e}-s{seed}", set_, corpus, d, tokens=tokens, seed=seed, n_expert=e,
             router=router, factor=factor)
        for corpus, d, tokens, experts in designs for seed in seeds
        for router, e in [("dense", 1), *((router, e) for e in experts for router in ROUTERS)]
    ]


def routed() -> list[Run]:
    """List the models with experts in every block and their dense peers: first seeds first, within data and width."""
    return _routed("routed", "routed", ROUTED, 1.0)


def routed_half_rate() -> list[Run]:
    """List the smallest of them again at half the learning rate, where seeds scatter less."""
    return _routed("routed_half_rate", "half", ROUTED[:1], 0.5)


def routed_ten_seeds() -> list[Run]:
    """List the same models with seeds 3 to 9, so that each stands on ten."""
    return _routed("routed_ten_seeds", "half", ROUTED[:1], 0.5, MORE_ROUTED_SEEDS)


def routed_smoke() -> list[Run]:
    """List one tiny run of every router on the known-entropy language."""
    return [
        _run(f"smoke-{router}-e4", "smoke", "facts", 12, tokens=512 * 20, n_expert=4, router=router)
        for router in ROUTERS
    ]


def repetition() -> list[Run]:
    """List the runs on fresh text and their like on a stock that is read again; one epoch of a stock is a fresh run."""
    fresh = [STOCKS[0] * 2**k for k in range(len(EPOCHS))]
    repeated = [(stock, e) for stock in STOCKS for e in EPOCHS if stock * e <= LONGEST or stock == STOCKS[0]]
    return [
        _stocked("repetition", f"stock-d{d}-u{stock}-x{e}-s{seed}", d, stock, e, seed)
        for seed in range(REPETITION_SEEDS) for d in REPETITION_MODELS
        for stock, e in [*((tokens, 1) for tokens in fresh), *repeated]
    ]


def noised() -> list[Run]:
    """List the runs on text with a share of its tokens replaced, and on the same text clean."""
    return [
        _stocked("noised", f"noise-d{NOISED_MODEL}-u{tokens}-n{round(100 * noise)}-s{seed}", NOISED_MODEL, tokens, 1,
                 seed, noise)
        for seed in range(REPETITION_SEEDS) for tokens in NOISED_TOKENS for noise in NOISES
    ]


def repetition_smoke() -> list[Run]:
    """List three tiny runs on text: fresh, the same stock four times, and with noise."""
    return [_stocked("smoke", name, 12, stock, e, 0, noise) for name, stock, e, noise in (
        ("smoke-fresh", 20_480, 1, 0.0), ("smoke-x4", 5_120, 4, 0.0), ("smoke-n15", 20_480, 1, 0.15))]


def game_run(name: str, set_: str, d_model: int, budget: float, seed: int, schedule: str = "cosine") -> Run:
    """Return one run of a game: the ladder's recipe, with fewer held-out windows, so that small runs are quick."""
    return replace(_run(name, set_, "text", d_model, budget=budget, seed=seed), schedule=schedule,
                   curve_points=GAME_CURVE_POINTS, validation_windows=GAME_VALIDATION_WINDOWS)


def games() -> list[Run]:
    """List the pool of the recorded games: every rung and width, the first seeds of all rungs before the next ones."""
    found = []
    for seed in range(max(GAME_SEEDS.values())):
        for c, widths in GAME_MODELS.items():
            if seed < GAME_SEEDS[c]:
                number = TARGET_SEED + seed if c == GAME_TARGET else seed
                found += [game_run(f"game-{_label(c)}-d{d}-s{number}", "games", d, c, number) for d in widths]
    return found


def games_cooldown() -> list[Run]:
    """List runs with a constant rate and a cooldown, up to the largest rung: one width is one run with many horizons.

    The warm-up is that of the second rung for all horizons of a width, so that they are one run until they cool.
    """
    rungs = [c for c in GAME_MODELS if c < GAME_TARGET]
    found = []
    for seed in range(COOLDOWN_SEEDS):
        for d in COOLDOWN_MODELS:
            runs = [game_run(f"cooldown-{_label(c)}-d{d}-s{seed}", "games_cooldown", d, c, seed, "cooldown")
                    for c in rungs]
            found += [replace(run, warmup_steps=runs[1].warmup_steps) for run in runs]
    return found


def games_smoke() -> list[Run]:
    """List a cosine and a cooldown run that take a few seconds."""
    return [game_run(f"smoke-{schedule}", "smoke", 8, 1e9, 0, schedule) for schedule in ("cosine", "cooldown")]


def smoke() -> list[Run]:
    """List three tiny runs on the known-entropy language that take seconds."""
    return [
        _run(f"smoke-d{d}", "smoke", "facts", d, tokens=64 * CONTEXT * 20, seed=0) for d in (12, 16, 24)
    ]


SETS = {
    "grid": grid,
    "holdout": holdout,
    "learning_rate": learning_rate_sweep,
    "warmup": warmup_set,
    "facts": known_entropy,
    "routed": routed,
    "routed_half_rate": routed_half_rate,
    "routed_ten_seeds": routed_ten_seeds,
    "repetition": repetition,
    "noised": noised,
    "games": games,
    "games_cooldown": games_cooldown,
    "smoke": smoke,
    "routed_smoke": routed_smoke,
    "repetition_smoke": repetition_smoke,
    "games_smoke": games_smoke,
}
TRIALS = ("smoke", "routed_smoke", "repetition_smoke", "games_smoke")
"""Sets that only show that training works; no table of the course holds them."""


def runs(*names: str) -> list[Run]:
    """Return the runs of the named sets in the order of the plan."""
    unknown = [name for name in names if name not in SETS]
    if unknown:
        raise ValueError(f"unknown set {unknown[0]!r}; the plan has {', '.join(SETS)}")
    return [run for name in names for run in SETS[name]()]
