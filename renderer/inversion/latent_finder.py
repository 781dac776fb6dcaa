"""The latent finder: a small ResNet that says at a glance which w a picture of one generator has.

It is taught with pictures of the generator alone (`render dataset`, `render train-encoder`) and gives projections
their start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from renderer.errors import CheckpointError
from renderer.generators.safe_pickle import check_file
from renderer.inversion.encoder import Encoder

HEADER = "latentreel_finder"
GROUPS = 8  # of channels that are normalised together
COARSE = 4  # pixels of the last map, which keeps where things are


@dataclass(frozen=True)
class FinderShape:
    """Describe a finder: the side of pictures it looks at, its width in channels, and the latents it finds."""

    size: int
    width: int
    num_ws: int
    w_dim: int


class Residual(nn.Module):
    """Add what two convolutions make of a map to it, at half its size: He et al. 2015, arXiv:1512.03385."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, out, 3, stride=2, padding=1)
        self.second = nn.Conv2d(out, out, 3, padding=1)
        self.past = nn.Conv2d(channels, out, 1)
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, out) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, out, h/2, w/2] of a map [N, C, h, w]."""
        inner = functional.silu(self.norms[0](self.first(x)))
        whole: Tensor = self.norms[1](self.second(inner)) + self.past(functional.avg_pool2d(x, 2))
        return functional.silu(whole)


class LatentFinder(Encoder):
    """Find ws [N, num_ws, w_dim] of images [N, 3, H, W] in -1..1; those of another size are averaged down first.

    mean, deviation  [w_dim], of w: what it finds is counted in deviations from the mean.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: FinderShape) -> None:
        super().__init__()
        self.shape = shape
        self.image_size, self.num_ws, self.w_dim = shape.size, shape.num_ws, shape.w_dim
        width, side = shape.width, shape.size // 2
        self.stem = nn.Conv2d(3, width, 5, stride=2, padding=2)
        blocks = []
        while side > COARSE:
            blocks.append(Residual(width, min(2 * width, 8 * shape.width)))
            width, side = blocks[-1].second.out_channels, side // 2
        self.blocks = nn.Sequential(*blocks)
        self.hidden = nn.Linear(width * side * side, 4 * shape.w_dim)
        self.found = nn.Linear(4 * shape.w_dim, shape.w_dim)
        self.register_buffer("mean", torch.zeros(shape.w_dim))
        self.register_buffer("deviation", torch.ones(shape.w_dim))

    def scaled(self, images: Tensor) -> Tensor:
        """Return w [N, w_dim] in deviations from the mean."""
        side = self.shape.size
        if images.shape[2:] != (side, side):
            images = functional.interpolate(images, (side, side), mode="area")
        x = self.blocks(functional.silu(self.stem(images)))
        found: Tensor = self.found(functional.silu(self.hidden(x.flatten(1))))
        return found

    def counted(self, w: Tensor) -> Tensor:
        """Return w [N, w_dim] counted in deviations from the mean."""
        return (w - self.mean) / self.deviation

    def uncounted(self, scaled: Tensor) -> Tensor:
        """Return w [N, w_dim] of what counts in deviations from the mean."""
        return self.mean + self.deviation * scaled

    def forward(self, images: Tensor) -> Tensor:
        """Return ws [N, num_ws, w_dim], all rows alike."""
        return self.uncounted(self.scaled(images)).unsqueeze(1).expand(-1, self.num_ws, -1)


def save_latent_finder(path: Path, finder: LatentFinder, facts: Mapping[str, Any], more: Mapping[str, Tensor]) -> Path:
    """Write a finder with what is told of it; `more` tensors go along, as those that training goes on from."""
    about = {"shape": asdict(finder.shape), "facts": dict(facts)}
    state = {name: held.detach().cpu().contiguous() for name, held in {**finder.state_dict(), **more}.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part.safetensors")
    save_file(state, part, {HEADER: json.dumps(about)})
    part.replace(path)
    return path


def read_latent_finder(path: str | Path) -> tuple[LatentFinder, dict[str, Any], dict[str, Tensor]]:
    """Return the finder in a file, what is told of it, and further tensors.

    Raises CheckpointError for a file that is missing, broken, or holds something else.
    """
    file = check_file(path)
    try:
        with safetensors.safe_open(file, framework="pt") as opened:
            header = (opened.metadata() or {}).get(HEADER)
        if header is None:
            raise CheckpointError(f"{path}: holds no latent finder; `render train-encoder` makes one")
        about, state = json.loads(header), load_file(file)
        finder = LatentFinder(FinderShape(**about["shape"]))
        own = finder.state_dict()
        finder.load_state_dict({name: state[name] for name in own})
    except (safetensors.SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise CheckpointError(f"{path}: broken, or not a latent finder: {str(error).splitlines()[0]}") from error
    return finder, about["facts"], {name: held for name, held in state.items() if name not in own}


def load_latent_finder(path: str | Path) -> LatentFinder:
    """Return the finder in a file, ready to be called with images; raise CheckpointError for any other file."""
    return read_latent_finder(path)[0].eval().requires_grad_(False)
