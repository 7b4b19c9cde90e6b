"""The course's own ladder of runs, written the way a laboratory's table is: short headings, thousands and millions."""

from __future__ import annotations

from dataclasses import replace

from course_utils.own_runs.source import Table, load

SAMPLE_NAME = "text_runs.csv"


def sample_table() -> Table:
    """Return the 87 runs of the ladder's grid under other headings and units, to show what reading makes of them."""
    from course_utils import datasets

    grid = datasets.load("text_runs").query("set == 'grid'")
    frame = grid[["run", "seed", "budget"]].assign(
        **{
            # Blocks and output head: what its FLOPs count.
            "params (K)": grid["params_blocks_and_head"] / 1e3,
            "tokens_M": grid["tokens"] / 1e6,
            "C": grid["flops"],
            "val_loss": grid["loss_nats"],
        }
    )
    return replace(load(frame, SAMPLE_NAME), sample=True)
