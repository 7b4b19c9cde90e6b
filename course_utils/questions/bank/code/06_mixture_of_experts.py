# ruff: noqa: F811
import numpy as np


# exercise: route
def route(scores, capacity):
    raise NotImplementedError


# solution: route
def route(scores, capacity):
    best = np.argmax(scores, axis=1)
    taken = np.zeros(np.shape(scores)[1], dtype=int)
    sent = []
    for expert in best:
        sent.append(expert if taken[expert] < capacity else -1)
        taken[expert] += 1
    return np.array(sent)
