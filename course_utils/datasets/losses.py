"""Published tables of pre-training losses, made tidy: counts for sizes, nats for losses, one row a measurement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.datasets.download import fetch

if TYPE_CHECKING:
    import pandas


def load_chinchilla_points(path: str | Path | None = None, *, drop_outliers: int = 0) -> pandas.DataFrame:
    """Read the 245 runs of the Chinchilla paper that were read off its Figure 4.

    Columns: ``params``, ``tokens``, ``flops``, ``loss_nats``, and ``kept``: False for the five highest losses, which
    the replication leaves out of its fits (it keeps losses strictly below the fifth highest: 240 runs).

    Parameters
    ----------
    path : path, optional
        A file of your own in the original's format instead of the pinned one.
    drop_outliers : int
        Leave out the rows with so many highest losses. 0 keeps all 245; 5 is the replication's choice. The answer
        moves with it: the compute exponent of the model size is .565, .538, .514, .509 after dropping 0, 2, 5, 10.

    Raises
    ------
    Unavailable
        If the file is neither cached nor to be had.
    ValueError
        If ``drop_outliers`` is negative or would leave nothing.

    Notes
    -----
    The original gives model size and compute; tokens are computed as D = C / (6 N). Positions were digitised from a
    vector figure, so that losses carry the width of a colour step, not the noise of a seed.

    Source: points and keep rule: Besiroglu et al. 2024 (arXiv 2404.10102); figure: Hoffmann et al. 2022
    (arXiv 2203.15556), Figure 4.
    """
    import numpy as np
    import pandas as pd

    raw = pd.read_csv(path or fetch("chinchilla_points"))
    if not 0 <= drop_outliers < len(raw):
        raise ValueError(f"drop_outliers: {drop_outliers} of {len(raw)} rows. Pass a number from 0 to {len(raw) - 1}.")
    params, flops = raw["Model Size"].to_numpy(), raw["Training FLOP"].to_numpy()
    table = pd.DataFrame({"params": params, "tokens": flops / (6 * params), "flops": flops, "loss_nats": raw["loss"]})
    highest_first = np.sort(table["loss_nats"].to_numpy())[::-1]
    table["kept"] = table["loss_nats"] < highest_first[4]
    if drop_outliers:
        table = table[table["loss_nats"] < highest_first[drop_outliers - 1]].reset_index(drop=True)
    return table


def load_isoflop_collection(path: str | Path | None = None) -> pandas.DataFrame:
    """Read 947 points of published IsoFLOP sweeps: many sizes at each of a few compute budgets.

    Columns: ``source``, ``dataset``, ``model``, ``experiment`` (one sweep each), ``condition``, ``params``, ``tokens``,
    ``flops`` (the nominal budget), ``loss`` as the collection gives it, ``loss_nats``, ``outlier`` and ``reason`` (the
    collectors' own flag).

    Notes
    -----
    Traps. Llama 3 appears twice: condition ``raw_loss`` as digitised and ``exp_loss`` its exponential; ``loss_nats``
    takes the logarithm of the latter, so the two then agree and one of them must be left out. The Chinchilla points
    appear twice too, from two digitisations (``epochai_chinchilla``, ``ml_scalefit``). A budget is what its authors
    counted: 6 N D differs from it by up to a third. Losses of different sources stem from different texts and
    tokenizers and must not be compared. Flags are opinions: with and without the flagged points the Chinchilla
    exponent is .495 and .541.

    Source: Open-Athena/scaling-law-analysis.
    """
    import numpy as np
    import pandas as pd

    raw = pd.read_csv(path or fetch("isoflop_collection"))
    table = raw.rename(columns={"budget": "flops"})
    table["condition"] = table["condition"].fillna("")
    exponentials = table["condition"] == "exp_loss"
    table["loss_nats"] = table["loss"].where(~exponentials, np.log(table["loss"]))
    order = "source dataset model experiment condition params tokens flops loss loss_nats outlier reason"
    return table[order.split()]


def load_routed_models(path: str | Path | None = None) -> pandas.DataFrame:
    """Read 5,799 checkpoints of 223 dense and routed (mixture-of-experts) language models.

    Columns: ``run``, ``step``, ``router`` (Dense, S-Base, RL-R, Hash), ``experts``, ``top_k``,
    ``routing_frequency`` (routed blocks over all blocks), ``params_dense`` (of the dense model that is routed),
    ``params_total``, ``d_model``, ``n_layer``, ``n_head``, ``size_label``, ``seed``, ``flops_per_step``, ``loss_nats``
    (validation) and one ``loss_nats_<text>`` for each of five other texts.

    Notes
    -----
    Traps. Some 8 to 15 losses a column are NaN and stay NaN: leave them out by name, not by accident.
    ``flops_per_step`` is not 6 N D of one step. Rows are checkpoints: the last step of a run is its result, and one of
    them is at step 0. All runs aim at about 130 billion tokens (250,000 steps), which is why the law fitted to them
    sees the gain of routing end at large sizes.

    Source: Clark et al. 2022 (arXiv 2202.01169), google-deepmind/scaling_laws_for_routing, data CC BY 4.0.
    """
    import pandas as pd

    raw = pd.read_csv(path or fetch("routed_models"))
    names = {
        "hyper_id": "run",
        "step": "step",
        "router_type": "router",
        "num_experts": "experts",
        "k": "top_k",
        "routing_frequency": "routing_frequency",
        "dense_parameter_count": "params_dense",
        "total_parameter_count": "params_total",
        "d_model": "d_model",
        "num_blocks": "n_layer",
        "num_heads": "n_head",
        "model_size_label": "size_label",
        "seed": "seed",
        "flops_per_step": "flops_per_step",
        "loss_validation": "loss_nats",
        "loss_c4": "loss_nats_c4",
        "loss_pile": "loss_nats_pile",
        "loss_wikitext103": "loss_nats_wikitext103",
        "loss_lambada": "loss_nats_lambada",
        "loss_curation_corpus": "loss_nats_curation_corpus",
    }
    return raw.rename(columns=names)[list(names.values())]


def load_opt_checkpoints(path: str | Path | None = None) -> pandas.DataFrame:
    """Read 142 checkpoints of six OPT models, 125M to 175B.

    Columns: ``model``, ``params``, ``step``, ``tokens``, ``flops``, ``perplexity``, ``loss_nats``.

    Notes
    -----
    Traps. The original stores log10 of tokens and of FLOPs; both are counts here. Loss is the logarithm of the stored
    perplexity. FLOPs are 6 N D by construction, with N as the model's name says it. Checkpoints before 10 billion
    tokens bend the fit: leaving them out takes the error on the largest model from above 15 to 4-10 per cent.

    Source: IBM/ColPret (MIT), with Choshen, Zhang and Andreas 2024 (arXiv 2410.11840).
    """
    import numpy as np
    import pandas as pd

    raw = pd.read_csv(path or fetch("opt_checkpoints"))
    return pd.DataFrame(
        {
            "model": "OPT-" + raw["model_size"].str.upper(),
            "params": raw["model_size"].map(_count_of_label),
            "step": raw["steps"],
            "tokens": np.rint(10.0 ** raw["num_token"]),
            "flops": 10.0 ** raw["flops"],
            "perplexity": raw["ppl"],
            "loss_nats": np.log(raw["ppl"]),
        }
    )


def load_repeated_data(path: str | Path | None = None) -> pandas.DataFrame:
    """Read 9,261 checkpoints of 48 runs that read the same text 1 to 44 times.

    Columns: ``run``, ``corpus`` (c4 or oscar), ``params``, ``epochs_planned``, ``tokens_unique``, ``tokens`` (read up
    to this checkpoint), ``epochs`` (tokens over unique tokens), ``flops``, ``loss_nats``, ``copied``.

    Notes
    -----
    Traps. ``flops`` of the original falls as training goes on (it divides by the tokens where it should multiply); it
    is computed anew here as 6 N D. The OSCAR run of 2.8B parameters planned for 4 epochs holds, loss by loss, the
    curve of the one planned for 3; it is marked ``copied`` and stays out of fits. Sizes are the names' rounded ones
    (2.8, 4.2 and 8.7 billion). All have about 20 tokens a parameter, so that size and data grow together, and leave the
    law's constants open: on C4 up to 14 epochs, all seven fitted together, R_D* lies between 2 and 57 (90 per cent).
    The published 15.4 and 5.3 come from 182 runs.

    Source: Muennighoff et al. 2023 (arXiv 2305.16264), through IBM/ColPret (MIT; upstream Apache-2.0).
    """
    import pandas as pd

    raw = pd.read_csv(path or fetch("repeated_data"))
    params = raw["num_params"].map(_count_of_label)
    table = pd.DataFrame(
        {
            "run": raw["data"] + "-" + raw["num_params"] + "-" + raw["epochs"].astype(str),
            "corpus": raw["data"],
            "params": params,
            "epochs_planned": raw["epochs"],
            "tokens_unique": raw["tokens_per_epoch"],
            "tokens": raw["token_num"],
            "epochs": raw["token_num"] / raw["tokens_per_epoch"],
            "flops": 6.0 * params * raw["token_num"],
            "loss_nats": raw["loss"],
        }
    )
    table["copied"] = table["run"].isin(_copied_runs(table))
    return table


def _copied_runs(table: pandas.DataFrame) -> set[str]:
    """Name the runs whose losses repeat, one by one, those of a run with fewer epochs."""
    seen, copies = set(), set()
    for run, rows in table.sort_values("epochs_planned", kind="stable").groupby("run", sort=False):
        curve = tuple(rows.sort_values("tokens")["loss_nats"])
        if curve in seen:
            copies.add(run)
        seen.add(curve)
    return copies


def _count_of_label(label: str) -> float:
    """Turn a size as names give it ("125m", "2.8B") into a count of parameters."""
    return float(label[:-1]) * {"m": 1e6, "b": 1e9}[label[-1].lower()]
