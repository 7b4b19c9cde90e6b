"""Trainers that only wait, fail or die: for tests of the queue and the tables, which need no PyTorch."""

import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path


def wait(run, *, device):
    """Return a row and a curve like a trained model's, after 50 ms."""
    time.sleep(0.05)
    row = {"run": run.name, "set": run.set, "corpus": run.corpus, "loss_nats": 3.0, "train_seconds": 0.05}
    return row, [{"run": run.name, "step": step, "loss_nats": 3.0} for step in (1, 2, 3)]


def diverge(run, *, device):
    """Fail as a crash of the trainer would."""
    raise RuntimeError(f"{run.name} broke")


@dataclass(frozen=True)
class Job:
    """A run whose fate is known.

    Attributes
    ----------
    name : str
    marks : str
        Folder in which every attempt leaves a file: its process's id, and when it began and ended.
    fate : str
        "" (it ends well), "raise", "die" (at every attempt), "die once", or "hang once": its first attempt lasts 30 s.
    seconds : float
        How long an attempt takes.
    """

    name: str
    marks: str
    fate: str = ""
    seconds: float = 0.05
    set: str = "smoke"
    corpus: str = "text"

    def attempts(self):
        """Read what every attempt left: lists of process, begin and, where it ended well, end."""
        return [[float(word) for word in path.read_text().split()] for path in Path(self.marks).glob(f"{self.name}@*")]


def act(job, *, device):
    """Meet the fate of a job."""
    first = not job.attempts()
    mark = Path(job.marks) / f"{job.name}@{uuid.uuid4().hex}"
    begin = f"{os.getpid()} {time.time()}"
    unfinished = mark.with_name(f".{mark.name}")
    unfinished.write_text(begin)
    os.replace(unfinished, mark)
    if job.fate == "raise":
        raise ValueError(f"{job.name} broke")
    time.sleep(30 if first and job.fate == "hang once" else job.seconds)
    if job.fate == "die" or (first and job.fate == "die once"):
        os._exit(9)
    result = wait(job, device=device)
    mark.write_text(f"{begin} {time.time()}")
    return result


def talk(job, *, device, report):
    """Report three points; the job called slow goes on only when a file called go is there."""
    for step in (1, 10, 100):
        report(step, 5.0 / step)
    deadline = time.monotonic() + 30
    while job.name == "slow" and not (Path(job.marks) / "go").exists():
        if time.monotonic() > deadline:
            raise TimeoutError("nobody has seen the points")
        time.sleep(0.02)
    return wait(job, device=device)


def one_second(job):
    """Expect the same of every job."""
    return 1.0
