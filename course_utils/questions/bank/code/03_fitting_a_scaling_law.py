# ruff: noqa: F811
import numpy as np


# exercise: back-test
def back_test(flops, losses):
    raise NotImplementedError


# solution: back-test
def back_test(flops, losses):
    order = np.argsort(flops)
    x, y = np.log(flops)[order], np.log(losses)[order]
    slope, start = np.polyfit(x[:-1], y[:-1], 1)
    of_law = abs(np.exp(start + slope * x[-1] - y[-1]) - 1)
    of_best = abs(np.exp(min(y[:-1]) - y[-1]) - 1)
    return of_law, of_best
