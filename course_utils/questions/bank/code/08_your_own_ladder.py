# ruff: noqa: F811
import heapq


# exercise: when-done
def when_done(seconds, workers):
    raise NotImplementedError


# solution: when-done
def when_done(seconds, workers):
    free = [0.0] * workers
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)
