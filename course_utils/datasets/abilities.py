"""Published tables of what models can do: benchmark scores and repeated sampling, made tidy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.datasets.download import fetch

if TYPE_CHECKING:
    import pandas


def load_base_model_benchmarks(path: str | Path | None = None) -> pandas.DataFrame:
    """Read standard benchmark scores of 148 base models.

    Columns: ``model``, ``family``, ``params``, ``tokens``, ``flops`` and eight scores as fractions from 0 to 1:
    ``mmlu``, ``arc_challenge``, ``hellaswag``, ``winogrande``, ``truthfulqa``, ``gsm8k``, ``xwinograd``, ``humaneval``.

    Notes
    -----
    Traps. The original lists sizes in billions, tokens in trillions and FLOPs in units of 1e21; all are counts here.
    It gives ``cerebras/btlm-3b-8k-base`` 627 trillion tokens; the model saw 0.627 trillion, so tokens and FLOPs of
    that row are divided by a thousand. FLOPs are 6 N D by construction. 25 models say nothing of their data: tokens
    and FLOPs are NaN there.

    Source: Ruan, Maddison and Hashimoto 2024 (arXiv 2405.10938), ryoungj/ObsScaling, Apache-2.0.
    """
    import pandas as pd

    raw = pd.read_csv(path or fetch("base_model_benchmarks"))
    table = pd.DataFrame(
        {
            "model": raw["Model"],
            "family": raw["Model Family"],
            "params": raw["Model Size (B)"] * 1e9,
            "tokens": raw["Pretraining Data Size (T)"] * 1e12,
            "flops": raw["FLOPs (1E21)"] * 1e21,
            "mmlu": raw["MMLU"],
            "arc_challenge": raw["ARC-C"],
            "hellaswag": raw["HellaSwag"],
            "winogrande": raw["Winograd"],
            "truthfulqa": raw["TruthfulQA"],
            "gsm8k": raw["GSM8K"],
            "xwinograd": raw["XWinograd"],
            "humaneval": raw["HumanEval"],
        }
    )
    misplaced_point = (table["model"] == "cerebras/btlm-3b-8k-base") & (table["tokens"] > 1e14)
    table.loc[misplaced_point, ["tokens", "flops"]] /= 1000.0
    return table


def load_emergent_tasks(path: str | Path | None = None) -> pandas.DataFrame:
    """Read scores of 84 base models on seven tasks that were called emergent; one of them with two rulers.

    Columns: ``model``, ``task``, ``metric`` (``accuracy``, ``exact_match`` or ``bleu``), ``score``. One row for each
    model and ruler; join with ``base_model_benchmarks`` on ``model`` for sizes, tokens and FLOPs.

    Notes
    -----
    Traps. Accuracy and exact match are fractions, BLEU runs from 0 to 100. Not every model was scored on every task:
    such scores are NaN. The pair to look at is ``ipa_transliterate``: at 10^22 to 10^22.5 FLOPs exact match still
    reads .000 while BLEU already reads .55.

    Source: Ruan, Maddison and Hashimoto 2024 (arXiv 2405.10938), ryoungj/ObsScaling, Apache-2.0.
    """
    import pandas as pd

    raw = pd.read_csv(path or fetch("emergent_tasks"))
    long = raw.melt(id_vars="Model", var_name="ruler", value_name="score").rename(columns={"Model": "model"})
    # A ruler is named task_version_metric: "ipa_transliterate_2_exact_match".
    parts = long["ruler"].str.extract(r"^(?P<task>.+)_2_(?P<metric>acc|exact_match|bleu)$")
    long["task"] = parts["task"]
    long["metric"] = parts["metric"].replace("acc", "accuracy")
    return long[["model", "task", "metric", "score"]]


def load_repeated_sampling(path: str | Path | None = None) -> pandas.DataFrame:
    """Read how often Pythia models solve each of 128 MATH problems in 10,000 samples, and pass@k from it.

    Columns: ``model``, ``params``, ``benchmark``, ``problem``, ``samples`` (n), ``correct`` (c), ``k``, ``pass_at_k``.

    Notes
    -----
    Traps. pass@k can be estimated for k up to n only; other rows are left out. A problem that was never solved has
    pass@k = 0 for every k, so its logarithm is minus infinity: average first, then take logarithms. Sizes are read
    from the models' names.

    Source: Brown et al. 2024 (arXiv 2407.21787), as processed for Schaeffer et al. 2025 (arXiv 2502.17578).
    """
    import pandas as pd

    raw = pd.read_parquet(path or fetch("repeated_sampling"))
    size = raw["Model"].str.extract(r"([\d.]+)([MB])$")
    table = raw.rename(
        columns={
            "Model": "model",
            "Benchmark": "benchmark",
            "Problem Idx": "problem",
            "Num. Samples Total": "samples",
            "Num. Samples Correct": "correct",
            "Scaling Parameter": "k",
            "Score": "pass_at_k",
        }
    )
    table["params"] = size[0].astype(float) * size[1].map({"M": 1e6, "B": 1e9})
    table["correct"] = table["correct"].round().astype("int64")
    order = ["model", "params", "benchmark", "problem", "samples", "correct", "k", "pass_at_k"]
    return table.loc[table["k"] <= table["samples"], order].reset_index(drop=True)
