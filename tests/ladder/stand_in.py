"""A trainer that only waits: for tests of the queue and the tables, which need no PyTorch."""

import time


def wait(run, *, device):
    """Return a row and a curve like a trained model's, after 50 ms."""
    time.sleep(0.05)
    row = {"run": run.name, "set": run.set, "corpus": run.corpus, "loss_nats": 3.0, "train_seconds": 0.05}
    return row, [{"run": run.name, "step": step, "loss_nats": 3.0} for step in (1, 2, 3)]


def diverge(run, *, device):
    """Fail as a crash of the trainer would."""
    raise RuntimeError(f"{run.name} broke")
