"""Teach a latent finder with a dataset: the same seed gives the same finder, and an interrupted training goes on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.directions.model import Model
from renderer.errors import LatentFileError
from renderer.inversion.dataset import read_about, read_shard
from renderer.inversion.latent_finder import FinderShape, LatentFinder, read_latent_finder, save_latent_finder
from renderer.inversion.likeness import Likeness

Tell = Callable[[int, str], None]  # samples seen, and what to say of them
MOMENTS = ("exp_avg", "exp_avg_sq", "step")  # of Adam
BETAS, STEEPEST = (0.9, 0.99), 1.0  # and the longest gradient that is followed as it is
RISE, LOWEST = 0.15, 1e-3  # share of the course in which the rate rises, and the share of it that is left at the ends


@dataclass(frozen=True)
class Course:
    """Say how a finder is taught: passes over the dataset, pictures at a time, highest rate, seed, size, width.

    likeness  how much pictures of what it finds count beside w, where there is a model to paint them.
    """

    epochs: int = 8
    batch: int = 64
    rate: float = 3e-3
    seed: int = 0
    size: int = 64
    width: int = 16
    likeness: float = 1.0


class Training:
    """Teach a finder from the shards in a folder; it is written to a file after every epoch.

    With the model that painted them, the finder also learns from pictures of what it finds, by gradients through the
    generator: what shows most then counts most.
    """

    def __init__(self, folder: Path, target: Path, course: Course, model: Model | None = None) -> None:
        self.about, self.course, self.target = read_about(folder), course, target
        if self.about["space"] == "z":
            raise LatentFileError(f"{folder}: holds z, but a finder learns w; make a dataset with `--space w`")
        self.shards = sorted(folder.glob("*.tar"))
        if not self.shards:
            raise LatentFileError(f"{folder}: holds no shards yet")
        if model is not None and model.facts["model_hash"] != self.about["model_hash"]:
            raise LatentFileError(f"{folder}: holds pictures of {self.about['model']}, not of {model.name}")
        self.model = model
        self.facts = {name: self.about[name] for name in ("model", "model_hash", "count", "psi")}
        torch.manual_seed(course.seed)
        self.finder = LatentFinder(FinderShape(course.size, course.width, self.about["num_ws"], self.about["w_dim"]))
        self.optimiser = torch.optim.AdamW(self.finder.parameters(), lr=course.rate, betas=BETAS)
        self.epoch = 0

    @property
    def work(self) -> int:
        """Return how many pictures are still to be looked at."""
        return (self.course.epochs - self.epoch) * int(self.about["count"])

    def resume(self) -> bool:
        """Go on from the file that an interrupted training left; say whether there was one.

        Raises LatentFileError where that one was taught in another way.
        """
        if not self.target.exists():
            return False
        finder, facts, moments = read_latent_finder(self.target)
        wanted = self._told(0)
        for name, value in wanted.items():
            if name != "epoch" and facts.get(name) != value:
                raise LatentFileError(
                    f"{self.target}: was taught with {name} {facts.get(name)}, now {value}; "
                    "remove it, or write another file"
                )
        self.finder.load_state_dict(finder.state_dict())
        self.epoch = int(facts["epoch"])
        for index, parameter in enumerate(self.finder.parameters()):
            found = {kind: moments[f"adam/{index}/{kind}"] for kind in MOMENTS if f"adam/{index}/{kind}" in moments}
            if found:
                self.optimiser.state[parameter] = dict(found)
        return True

    def run(self, tell: Tell) -> list[float]:
        """Teach the epochs that are left, and return the loss of each."""
        if self.epoch == 0:
            self._measure()
        if self.model is not None:
            self.likeness = Likeness(self.model, self.finder.mean)
        losses = []
        while self.epoch < self.course.epochs:
            losses.append(self._teach(tell))
            self.epoch += 1
            save_latent_finder(self.target, self.finder, self._told(self.epoch), self._moments())
        return losses

    def _told(self, epoch: int) -> dict[str, Any]:
        return {**self.facts, **asdict(self.course), "painted": self.model is not None, "epoch": epoch}

    def _moments(self) -> dict[str, Tensor]:
        """Return what Adam remembers, while there is more to teach."""
        if self.epoch >= self.course.epochs:
            return {}
        held = enumerate(self.optimiser.state[parameter] for parameter in self.finder.parameters())
        return {f"adam/{index}/{kind}": state[kind] for index, state in held for kind in MOMENTS}

    def _measure(self) -> None:
        """Note the mean and the deviation of w in the first shard."""
        w = torch.from_numpy(np.stack([row(latent) for _, latent in read_shard(self.shards[0])]))
        self.finder.mean.copy_(w.mean(0))
        self.finder.deviation.copy_(w.std(0).clamp_min(1e-6) if len(w) > 1 else torch.ones(w.shape[1]))

    def _teach(self, tell: Tell) -> float:
        """Teach one epoch; return the mean squared error of w, in deviations: 1 for one that only knows the mean."""
        total, seen = 0.0, 0
        for images, w in self._batches():
            for group in self.optimiser.param_groups:
                group["lr"] = self.course.rate * rate_at(
                    (self.epoch + seen / int(self.about["count"])) / self.course.epochs
                )
            total, seen = total + self._step(images, w) * len(w), seen + len(w)
            tell(len(w), f"epoch {self.epoch + 1}/{self.course.epochs}, loss {total / seen:.3f}")
        return total / max(1, seen)

    def _step(self, images: Tensor, w: Tensor) -> float:
        """Teach images [n, 3, size, size] and their w [n, w_dim]; return the mean squared error of w before."""
        found = self.finder.scaled(images)
        error = loss = functional.mse_loss(found, self.finder.counted(w))
        if self.model is not None:
            loss = error + self.course.likeness * self.likeness(self.finder.uncounted(found), images)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.finder.parameters(), STEEPEST)
        self.optimiser.step()
        return float(error.detach())

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield images [n, 3, size, size] in -1..1 and w [n, w_dim]: shards and their samples in a random order."""
        random = np.random.default_rng([self.course.seed, self.epoch])
        for index in random.permutation(len(self.shards)):
            images, latents = self._shard(self.shards[index])
            order = torch.from_numpy(random.permutation(len(latents)))
            for some in torch.split(order, self.course.batch):
                yield images[some].float() / 127.5 - 1, latents[some]

    def _shard(self, path: Path) -> tuple[Tensor, Tensor]:
        """Return the pictures of a shard, uint8 [N, 3, size, size], and its w."""
        side, pictures, latents = self.course.size, [], []
        for pixels, latent in read_shard(path):
            picture = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
            pictures.append(functional.interpolate(picture, (side, side), mode="area").round().to(torch.uint8))
            latents.append(row(latent))
        return torch.cat(pictures), torch.from_numpy(np.stack(latents))


def row(latent: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return w [w_dim] of a latent, of ws the mean of its rows."""
    return (latent if latent.ndim == 1 else latent.mean(0)).astype(np.float32)


def rate_at(done: float) -> float:
    """Return the share of the highest rate when a share of the course is done: a cosine up, and a longer one down.

    Source: Smith and Topin 2017, arXiv:1708.07120.
    """
    near = done / RISE if done < RISE else (1 - done) / (1 - RISE)
    return max(LOWEST, 0.5 - 0.5 * math.cos(math.pi * min(1.0, max(0.0, near))))
