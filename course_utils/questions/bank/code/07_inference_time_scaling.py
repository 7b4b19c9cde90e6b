# ruff: noqa: F811
import numpy as np


# exercise: endless-samples
def accuracy_at_most(rates, false_positive):
    raise NotImplementedError


# solution: endless-samples
def accuracy_at_most(rates, false_positive):
    p = np.asarray(rates, dtype=float)
    return float(np.mean(p / (p + (1 - p) * false_positive)))
