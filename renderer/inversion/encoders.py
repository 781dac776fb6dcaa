"""Open the file of an encoder, whichever kind it is.

To open a further kind, write one file with a class derived from Encoder and put it in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from renderer.errors import CheckpointError
from renderer.generators.checkpoint import contents_of
from renderer.generators.safe_pickle import check_file, guarded, parse
from renderer.generators.safetensors_format import is_safetensors
from renderer.inversion import e4e
from renderer.inversion.encoder import Encoder
from renderer.inversion.latent_finder import load_latent_finder


@dataclass(frozen=True)
class Opener:
    """Name a kind of encoder files, tell them by their path, and load one."""

    title: str
    opens: Callable[[Path], bool]
    load: Callable[[Path], Encoder]


def _open_pickled(path: Path) -> Encoder:
    return guarded(path, lambda data: e4e.load(contents_of(parse(data))))


OPENERS: Sequence[Opener] = (
    Opener("a latent finder of `render train-encoder`", is_safetensors, load_latent_finder),
    Opener("a checkpoint of encoder4editing or pSp", lambda path: not is_safetensors(path), _open_pickled),
)


def load_encoder(path: str | Path, *, device: str | torch.device = "cpu") -> Encoder:
    """Return the encoder in a file: called with images [N, 3, 256, 256] in [-1, 1] it returns ws [N, num_ws, w_dim].

    The file is read as data and never run. The encoder evaluates, and is differentiable in its images.
    Raises CheckpointError for a file that is missing, broken, unsafe, or holds no encoder.
    """
    file = check_file(path)
    for opener in OPENERS:
        if opener.opens(file):
            return opener.load(file).to(device).eval().requires_grad_(False)
    raise CheckpointError(f"{path}: holds no encoder, expected {' or '.join(each.title for each in OPENERS)}")
