"""One run: a specification in, a row and a loss curve out."""

from __future__ import annotations

import functools
import math
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from course_utils.accounting.shape import Shape

from . import facts, own_text, repetition, text
from .learner import Learner
from .trunks import Trunk, branch_step

CONTEXT = text.CONTEXT
CURVE_POINTS = 24
CURVE_WINDOWS = 512
VALIDATION_WINDOWS = 2048
SCHEDULES = ("cosine", "cooldown")
COOLDOWN_SHARE = 0.2
"""Share of a run over which a constant rate falls to zero, as 1 - sqrt(progress) (Hägele et al. 2024)."""
FACTS_VALIDATION_RECORDS = 16384
WORSE_THAN_EVEN = 0.1
"""A run whose last loss is so many nats above that of even guessing has diverged."""


@dataclass(frozen=True)
class Run:
    """Everything that decides a run; the same specification gives the same numbers on the same machine.

    Attributes
    ----------
    name : str
        Unique name, also the key of its row.
    set : str
        What the run is for: one of the sets of the plan.
    corpus : str
        "text", "facts", or "own" for a text of the reader's own.
    d_model, n_layer : int
        Width and number of blocks.
    tokens : int
        Training tokens; rounded down to whole steps.
    budget : float or None
        Compute that the tokens were computed from, FLOPs; None where tokens were chosen directly.
    lr : float
        Peak learning rate of AdamW.
    warmup_steps : int
        Linear warm-up, before a cosine to zero.
    seed : int
        Seed of the weights and of the order of the data.
    batch_tokens : int
        Tokens in a step.
    n_expert : int
        Feed-forward layers in every block, of which a token visits one.
    router : str
        How the load is kept even, one of `experts.ROUTERS`; "dense" for the single expert of the routed set and ""
        for runs of the other sets.
    unique_tokens : int
        Size of the stock that is read again in every epoch (text only); 0 reads fresh text to the end, and the stock's
        columns are left out of the row.
    noise : float
        Share of the stock's tokens that are replaced at random.
    schedule : str
        "cosine" to zero over the whole run, or "cooldown": a constant rate, then `COOLDOWN_SHARE` of the steps down to
        zero. Runs of the second kind that differ in their length alone are the same until the shorter one cools.
    curve_points : int
        How often the loss is measured on the way.
    validation_windows : int
        Windows of held-out text that the final loss is measured on; the curve is measured on at most `CURVE_WINDOWS`
        of them. A text of the reader's own may hold fewer; the row says how many there were.
    text : str
        Key of the text of the reader's own (`own_text.OwnCorpus.key`), which carries its vocabulary; "" for the others.
    """

    name: str
    set: str
    corpus: str
    d_model: int
    tokens: int
    budget: float | None
    lr: float
    warmup_steps: int
    seed: int
    batch_tokens: int = 512
    n_layer: int = 2
    n_expert: int = 1
    router: str = ""
    unique_tokens: int = 0
    noise: float = 0.0
    schedule: str = "cosine"
    curve_points: int = CURVE_POINTS
    validation_windows: int = VALIDATION_WINDOWS
    text: str = ""

    def __post_init__(self) -> None:
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule is {self.schedule!r}; choose one of {', '.join(SCHEDULES)}")
        if self.corpus == "own":
            own_text.vocabulary_of(self.text)
        elif self.text:
            raise ValueError(f"text is {self.text!r}, corpus {self.corpus!r}; a text of your own has the corpus 'own'")

    @property
    def steps(self) -> int:
        """Optimizer steps; whole ones."""
        return max(1, self.tokens // self.batch_tokens)

    def shape(self) -> Shape:
        """Return the model's sizes."""
        if self.corpus == "facts":
            return Shape(self.d_model, facts.SYMBOLS + 1, facts.SYMBOLS, self.n_layer, CONTEXT, self.n_expert)
        vocabulary = own_text.vocabulary_of(self.text) if self.corpus == "own" else text.VOCABULARY
        return Shape(self.d_model, vocabulary, vocabulary, self.n_layer, CONTEXT, self.n_expert)

    @property
    def cooling_steps(self) -> int:
        """Steps of the cooldown; 0 with a cosine."""
        return max(1, round(COOLDOWN_SHARE * self.steps)) if self.schedule == "cooldown" else 0


def learning_rate(step: int, run: Run) -> float:
    """Return the learning rate of `step` (from 0): linear warm-up, then the run's schedule, which ends at zero."""
    if step < run.warmup_steps:
        return run.lr * (step + 1) / run.warmup_steps
    if run.schedule == "cooldown":
        progress = (step - (run.steps - run.cooling_steps)) / run.cooling_steps
        return run.lr * (1 - math.sqrt(min(1.0, max(0.0, progress))))
    progress = (step - run.warmup_steps) / max(1, run.steps - run.warmup_steps)
    return run.lr * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def curve_steps(steps: int, points: int = CURVE_POINTS) -> list[int]:
    """Choose the steps after which the loss is measured: log-spaced from 1/200 of the run to its end."""
    chosen = np.unique(np.round(np.geomspace(max(1, steps / 200), steps, points)).astype(int))
    return [int(s) for s in chosen]


@functools.lru_cache(maxsize=1)
def processor() -> str:
    """Name the processor model, as the table records it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:  # not Linux: the platform module has a coarser name
        pass
    return platform.processor() or platform.machine()


def _clocks() -> np.ndarray:
    """Read the wall clock and the processor time of this process, seconds; other work slows the first alone."""
    return np.array([time.perf_counter(), time.process_time()])


@functools.lru_cache(maxsize=2)
def _corpus(key: str) -> text.Corpus:
    return own_text.cached(key) if key else text.load()


def _stock(run: Run) -> np.ndarray:
    return repetition.stock_windows(_corpus(run.text), CONTEXT, run.unique_tokens // CONTEXT, run.seed, run.noise)


def _data(run: Run):
    """Return (batches, validation windows, oracle loss or None, hash of the data) for `run`.

    `batches(step)` gives the windows of one step, array of shape (batch, context + 1).
    """
    per_step = run.batch_tokens // CONTEXT
    if run.corpus == "facts":
        held_out, oracle = facts.sample(FACTS_VALIDATION_RECORDS, seed=0)
        tokens, _ = facts.sample(run.steps * run.batch_tokens // facts.RECORD, seed=1000 + run.seed)
        cut = facts.windows(tokens, CONTEXT)
        return (lambda step: cut[step * per_step : (step + 1) * per_step]), facts.windows(held_out, CONTEXT), oracle, ""
    corpus = _corpus(run.text)
    n_windows = run.validation_windows
    if run.text:
        n_windows = min(n_windows, (len(corpus.validation) - 1) // CONTEXT)
    held_out = text.validation_windows(corpus, CONTEXT, n_windows)
    if run.unique_tokens:
        return repetition.batches(_stock(run), per_step, run.steps, run.seed), held_out, None, corpus.sha256
    starts = text.training_windows(corpus, CONTEXT, run.steps * per_step, run.seed)
    reach = np.arange(CONTEXT + 1)

    def batches(step):
        first = starts[step * per_step : (step + 1) * per_step]
        return corpus.training[first[:, None] + reach].astype(np.int64)

    return batches, held_out, None, corpus.sha256


def train(run: Run, *, device: str = "cpu", threads: int = 1, report=None,
          trunks: str | os.PathLike | None = None) -> tuple[dict, list[dict]]:
    """Train one model and measure it on held-out data.

    Parameters
    ----------
    run : Run
        The specification.
    device : str
        PyTorch device, "cpu" or "cuda".
    threads : int
        CPU threads. One thread and several processes beat one process with several threads at these sizes.
    report : callable or None
        Called with (step, loss) at each measured point.
    trunks : path or None
        Folder of `trunks.Trunk`: where runs with a cooldown leave what they share and begin from it. The row then has
        `steps_paid` and `flops_paid`, and the curve begins with the points that were measured on the shared part.

    Returns
    -------
    row : dict
        The run's specification, sizes in every counting convention, compute with and without the head, the final
        validation loss in nats per token (`loss_nats`), and what it ran on. A run diverges when a loss is not finite,
        which stops it, or when the last loss is worse than even guessing by `WORSE_THAN_EVEN`; it keeps its row and its
        curve, `diverged` is true and `diverged_step` says where. With experts the loss is measured with every token at
        its first choice; `loss_as_trained_nats` is measured with the capacity or the assignment of training. With a
        limited stock `stock_loss_nats` is the loss on a part of the stock itself, at most as many windows as the curve
        is measured on; the held-out text is always clean.
    curve : list of dict
        Loss on a fixed part of the validation windows at log-spaced steps. With experts also the load since the
        step before it: the entropy of the router's first choices (1 is even, 0 is one expert), the share of tokens
        dropped, and the share of first choices that fell on each expert, as text, layer by layer.
    """
    import torch

    shape = run.shape()
    batches, held_out, oracle, data_hash = _data(run)
    learner = Learner(shape, router=run.router, seed=run.seed, device=device, threads=threads)
    name = torch.cuda.get_device_name() if device.startswith("cuda") else f"CPU, {threads} thread, {processor()}"
    trunk = Trunk.of(run, trunks, made_of=(data_hash, name, torch.__version__)) if trunks is not None else None
    begin, curve = trunk.resume(learner, run) if trunk else (0, [])
    if report:
        for point in curve:
            report(point["step"], point["loss_nats"])
    points = set(curve_steps(run.steps, run.curve_points))
    start, pauses, broke_at = _clocks(), np.zeros(2), None
    for step in range(begin, run.steps):
        if trunk and step == branch_step(run) and step > begin:
            pause = _clocks()
            trunk.save(learner, step, curve)
            pauses += _clocks() - pause
        if not math.isfinite(learner.step(batches(step), learning_rate(step, run))):
            broke_at = step + 1
            break
        if step + 1 in points:
            pause = _clocks()
            value = learner.measure(held_out[:CURVE_WINDOWS])
            pauses += _clocks() - pause
            tokens = (step + 1) * run.batch_tokens
            point = {"run": run.name, "step": step + 1, "tokens": tokens, "flops": tokens * shape.flops_per_token(),
                     "loss_nats": round(value, 6)}
            curve.append(point | learner.load.read())
            if report:
                report(step + 1, value)
            if not math.isfinite(value):
                broke_at = step + 1
                break
    seconds, cpu_seconds = (_clocks() - start - pauses).tolist()
    final = learner.measure(held_out)
    steps_done = broke_at or run.steps
    if broke_at is None:
        broke_at = _lost_at(run, curve, final)
    tokens = run.steps * run.batch_tokens
    row = asdict(run) | {
        "steps": run.steps, "tokens": tokens, "context": CONTEXT, "n_head": shape.n_head,
        "params_total": shape.params_total, "params_non_embedding": shape.params_blocks,
        "params_blocks_and_head": shape.params_blocks_and_head,
        "flops": tokens * shape.flops_per_token(),
        "flops_without_head": tokens * shape.flops_per_token(head=False),
        "flops_6nd": 6.0 * shape.params_blocks_and_head * tokens,
        "loss_nats": round(final, 6), "diverged": broke_at is not None,
        "train_seconds": round(seconds, 2), "device": name, "torch": torch.__version__, "data": data_hash[:16],
    }
    row["run"] = row.pop("name")
    del row["curve_points"]
    if run.text:
        row["validation_windows"] = len(held_out)
    else:
        del row["text"]
        if run.validation_windows == VALIDATION_WINDOWS and run.schedule == "cosine":
            del row["validation_windows"], row["schedule"]  # the tables of the lessons before have neither column
    if broke_at is not None:
        row["diverged_step"] = broke_at
    if trunk:
        row |= {"steps_paid": steps_done - begin,
                "flops_paid": (steps_done - begin) * run.batch_tokens * shape.flops_per_token()}
    if oracle is not None:
        row |= {"oracle_loss_nats": round(oracle, 6), "excess_nats": round(final - oracle, 6)}
    if run.router:
        row |= {"params_router": shape.params_router, "train_cpu_seconds": round(cpu_seconds, 2)}
    else:
        del row["router"], row["n_expert"]
    if run.unique_tokens:
        row |= {"epochs": round(tokens / run.unique_tokens, 4), "train_cpu_seconds": round(cpu_seconds, 2),
                "stock_loss_nats": round(learner.measure(_stock(run)[:CURVE_WINDOWS]), 6)}
    else:
        del row["unique_tokens"], row["noise"]
    load = learner.load
    if load.layers and curve:
        row |= {"load_entropy": curve[-1]["load_entropy"], "dropped": round(load.dropped / load.seen, 5),
                "held_out_load_entropy": learner.held_out_load.read()["load_entropy"]}
        as_trained = learner.measure(held_out, at_once=run.batch_tokens // CONTEXT, as_trained=True)
        row["loss_as_trained_nats"] = round(as_trained, 6)
    return row, curve


def _lost_at(run: Run, curve: list[dict], final: float) -> int | None:
    """Return the measured step from which on the loss stayed above that of even guessing, or None if it ended below.

    On a limited stock a loss above it is what too many readings do to a model, and it is what was to be measured.
    """
    limit = math.log(run.shape().vocabulary_out) + WORSE_THAN_EVEN
    if math.isfinite(final) and (final <= limit or run.unique_tokens):
        return None
    lost = run.steps
    for point in reversed(curve):
        if point["loss_nats"] <= limit:
            break
        lost = point["step"]
    return lost
