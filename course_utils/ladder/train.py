"""One run: a specification in, a row and a loss curve out."""

from __future__ import annotations

import functools
import math
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from course_utils.accounting.shape import Shape

from . import facts, repetition, text

CONTEXT = 64
CURVE_POINTS = 24
CURVE_WINDOWS = 512
VALIDATION_WINDOWS = 2048
SCHEDULES = ("cosine", "cooldown")
COOLDOWN_SHARE = 0.2
"""Share of a run over which a constant rate falls to zero, as 1 - sqrt(progress) (Hägele et al. 2024)."""
FACTS_VALIDATION_RECORDS = 16384


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
        "text" or "facts".
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
        of them.
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

    def __post_init__(self) -> None:
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule is {self.schedule!r}; choose one of {', '.join(SCHEDULES)}")

    @property
    def steps(self) -> int:
        """Optimizer steps; whole ones."""
        return max(1, self.tokens // self.batch_tokens)

    def shape(self) -> Shape:
        """Return the model's sizes."""
        if self.corpus == "facts":
            return Shape(self.d_model, facts.SYMBOLS + 1, facts.SYMBOLS, self.n_layer, CONTEXT, self.n_expert)
        return Shape(self.d_model, text.VOCABULARY, text.VOCABULARY, self.n_layer, CONTEXT, self.n_expert)


def learning_rate(step: int, run: Run) -> float:
    """Return the learning rate of `step` (from 0): linear warm-up, then the run's schedule, which ends at zero."""
    if step < run.warmup_steps:
        return run.lr * (step + 1) / run.warmup_steps
    if run.schedule == "cooldown":
        cooling = max(1, round(COOLDOWN_SHARE * run.steps))
        progress = (step - (run.steps - cooling)) / cooling
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
def _text() -> text.Corpus:
    return text.load()


def _stock(run: Run) -> np.ndarray:
    return repetition.stock_windows(_text(), CONTEXT, run.unique_tokens // CONTEXT, run.seed, run.noise)


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
    corpus = _text()
    if run.unique_tokens:
        return (repetition.batches(_stock(run), per_step, run.steps, run.seed),
                text.validation_windows(corpus, CONTEXT, run.validation_windows), None, corpus.sha256)
    starts = text.training_windows(corpus, CONTEXT, run.steps * per_step, run.seed)
    reach = np.arange(CONTEXT + 1)

    def batches(step):
        first = starts[step * per_step : (step + 1) * per_step]
        return corpus.training[first[:, None] + reach].astype(np.int64)

    return batches, text.validation_windows(corpus, CONTEXT, run.validation_windows), None, corpus.sha256


def train(run: Run, *, device: str = "cpu", threads: int = 1, report=None) -> tuple[dict, list[dict]]:
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

    Returns
    -------
    row : dict
        The run's specification, sizes in every counting convention, compute with and without the head, the final
        validation loss in nats per token (`loss_nats`), and what it ran on. A run whose loss is not finite has
        `diverged` true and keeps its row. With experts the loss is measured with every token at its first choice;
        `loss_as_trained_nats` is measured with the capacity or the assignment of training. With a limited stock
        `stock_loss_nats` is the loss on a part of the stock itself, at most as many windows as the curve is measured
        on; the held-out text is always clean.
    curve : list of dict
        Loss on a fixed part of the validation windows at log-spaced steps. With experts also the load since the
        step before it: the entropy of the router's first choices (1 is even, 0 is one expert), the share of tokens
        dropped, and the share of first choices that fell on each expert, as text, layer by layer.
    """
    import torch
    import torch.nn.functional as F

    from .experts import LoadMeter, routed_block
    from .model import Block, Decoder

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(run.seed)
    shape = run.shape()
    batches, held_out, oracle, data_hash = _data(run)
    model = Decoder(shape, routed_block(run.router) if run.n_expert > 1 else Block).to(device)
    load, held_out_load = LoadMeter(model), LoadMeter(model)
    matrices = [p for p in model.parameters() if p.ndim > 1]
    gains = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": gains, "weight_decay": 0.0}],
        lr=run.lr, betas=(0.9, 0.95), fused=True,
    )
    held_out = torch.from_numpy(held_out).to(device)

    def loss_of(windows):
        logits = model(windows[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].reshape(-1))

    @torch.inference_mode()
    def measure(windows, *, as_trained=False):
        model.train(as_trained)
        held_out_load.restart()
        total = 0.0
        for part in windows.split(run.batch_tokens // CONTEXT if as_trained else 256):
            total += loss_of(part).item() * len(part)
            held_out_load.count()
        model.train()
        return total / len(windows)

    points = set(curve_steps(run.steps, run.curve_points))
    curve, diverged = [], False
    start, measuring = _clocks(), np.zeros(2)
    parameters = list(model.parameters())
    for step in range(run.steps):
        rate = learning_rate(step, run)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = loss_of(torch.from_numpy(batches(step)).to(device))
        load.count()
        loss = loss + sum(layer.auxiliary for layer in load.layers)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        for layer in load.layers:
            layer.follow_the_load()
        if step + 1 in points:
            pause = _clocks()
            value = measure(held_out[:CURVE_WINDOWS])
            measuring += _clocks() - pause
            tokens = (step + 1) * run.batch_tokens
            curve.append({"run": run.name, "step": step + 1, "tokens": tokens,
                          "flops": tokens * shape.flops_per_token(), "loss_nats": round(value, 6)} | load.read())
            if report:
                report(step + 1, value)
            if not math.isfinite(value):
                diverged = True
                break
    seconds, cpu_seconds = (_clocks() - start - measuring).tolist()
    final = measure(held_out)
    tokens = run.steps * run.batch_tokens
    name = torch.cuda.get_device_name() if device.startswith("cuda") else f"CPU, {threads} thread, {processor()}"
    row = asdict(run) | {
        "steps": run.steps, "tokens": tokens, "context": CONTEXT, "n_head": shape.n_head,
        "params_total": shape.params_total, "params_non_embedding": shape.params_blocks,
        "params_blocks_and_head": shape.params_blocks_and_head,
        "flops": tokens * shape.flops_per_token(),
        "flops_without_head": tokens * shape.flops_per_token(head=False),
        "flops_6nd": 6.0 * shape.params_blocks_and_head * tokens,
        "loss_nats": round(final, 6), "diverged": diverged or not math.isfinite(final),
        "train_seconds": round(seconds, 2), "device": name, "torch": torch.__version__, "data": data_hash[:16],
    }
    row["run"] = row.pop("name")
    del row["curve_points"]
    if run.validation_windows == VALIDATION_WINDOWS:  # the tables of the lessons before have neither column
        del row["validation_windows"], row["schedule"]
    if oracle is not None:
        row |= {"oracle_loss_nats": round(oracle, 6), "excess_nats": round(final - oracle, 6)}
    if run.router:
        row |= {"params_router": shape.params_router, "train_cpu_seconds": round(cpu_seconds, 2)}
    else:
        del row["router"], row["n_expert"]
    if run.unique_tokens:
        row |= {"epochs": round(tokens / run.unique_tokens, 4), "train_cpu_seconds": round(cpu_seconds, 2),
                "stock_loss_nats": round(measure(torch.from_numpy(_stock(run)[:CURVE_WINDOWS]).to(device)), 6)}
    else:
        del row["unique_tokens"], row["noise"]
    if load.layers:
        row |= {"load_entropy": curve[-1]["load_entropy"], "dropped": round(load.dropped / load.seen, 5),
                "held_out_load_entropy": held_out_load.read()["load_entropy"]}
        row["loss_as_trained_nats"] = round(measure(held_out, as_trained=True), 6)
    return row, curve
