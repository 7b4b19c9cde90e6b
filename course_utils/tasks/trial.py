"""Train a small network of sparse parity while the reader waits, where PyTorch is installed."""

from __future__ import annotations

from importlib import util
from typing import TYPE_CHECKING

from course_utils.i18n import t

from . import parity

if TYPE_CHECKING:
    import pandas


def try_it(width: int = 64, steps: int = 4000, seed: int = 0, *, bar: bool = True) -> pandas.DataFrame | None:
    """Train one network of :mod:`.parity` now, in about half a minute of one processor core.

    Without PyTorch nothing is trained: a sentence says so and names the command that installs it, and the shipped table
    `parity_runs` has runs of the same kind.

    Parameters
    ----------
    width : int
        Hidden units, 1 to 1,024.
    steps : int
        Optimizer steps, 100 to 10,000.
    seed : int
        Seed of the weights and of the examples.
    bar : bool
        Show a progress bar.

    Returns
    -------
    pandas.DataFrame or None
        Columns as in `parity_runs`; None without PyTorch.

    Raises
    ------
    ValueError
        If width or steps lie outside their range.
    """
    if not 1 <= width <= 1024:
        raise ValueError(f"width is {width}; choose 1 to 1024 hidden units, so that it takes under a minute or two")
    if not 100 <= steps <= parity.STEPS:
        raise ValueError(f"steps is {steps}; choose 100 to {parity.STEPS}")
    if util.find_spec("torch") is None:
        print(t("tasks.no_torch"))
        return None
    import pandas as pd
    from tqdm import tqdm

    with tqdm(total=steps, disable=not bar, bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}") as progress:

        def report(step: int, loss: float) -> None:
            if step % 50 == 0 or step == steps:
                progress.set_postfix_str(f"{loss:.3f} nats", refresh=False)
                progress.update(step - progress.n)

        _, rows = parity.train(parity.ParityRun(f"parity-w{width}-s{seed}", width, seed, steps), report=report)
    return pd.DataFrame(rows)
