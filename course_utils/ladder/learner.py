"""What takes the steps: a model, its optimizer, and how both are measured. PyTorch is imported when one is made."""

from __future__ import annotations

import math

import numpy as np

from course_utils.accounting.shape import Shape


class Learner:
    """A model and its optimizer, as every run trains and measures them.

    Parameters
    ----------
    shape : Shape
        Sizes of the model.
    router : str
        One of `experts.ROUTERS` where there are experts.
    seed : int
        Seed of the weights.
    device, threads
        As for `train.train`.
    """

    def __init__(self, shape: Shape, *, router: str = "", seed: int = 0, device: str = "cpu", threads: int = 1):
        import torch

        from .experts import LoadMeter, routed_block
        from .model import Block, Decoder

        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        torch.manual_seed(seed)
        self.device = device
        self.model = Decoder(shape, routed_block(router) if shape.n_expert > 1 else Block).to(device)
        self.load, self.held_out_load = LoadMeter(self.model), LoadMeter(self.model)
        self.parameters = list(self.model.parameters())
        matrices = [p for p in self.parameters if p.ndim > 1]
        gains = [p for p in self.parameters if p.ndim == 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": 0.05}, {"params": gains, "weight_decay": 0.0}],
            lr=0.0, betas=(0.9, 0.95), fused=True,
        )

    def _loss(self, windows):
        import torch.nn.functional as F

        logits = self.model(windows[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].reshape(-1))

    def step(self, windows: np.ndarray, rate: float) -> float:
        """Take one step on `windows` at the learning rate `rate`; return the loss before it.

        A loss that is not finite changes no weight.
        """
        import torch

        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._loss(torch.from_numpy(windows).to(self.device))
        self.load.count()
        loss = loss + sum(layer.auxiliary for layer in self.load.layers)
        value = loss.item()
        if not math.isfinite(value):
            return value
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        for layer in self.load.layers:
            layer.follow_the_load()
        return value

    def measure(self, windows: np.ndarray, *, at_once: int = 256, as_trained: bool = False) -> float:
        """Return the mean loss over `windows`, `at_once` of them at a time, without learning from them."""
        import torch

        with torch.inference_mode():
            self.model.train(as_trained)
            self.held_out_load.restart()
            total = 0.0
            for part in torch.from_numpy(windows).to(self.device).split(at_once):
                total += self._loss(part).item() * len(part)
                self.held_out_load.count()
            self.model.train()
        return total / len(windows)
