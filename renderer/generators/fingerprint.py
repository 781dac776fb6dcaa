"""Tell one model from another by its weights, whatever file they come in."""

from __future__ import annotations

import hashlib

import torch

from renderer.generators.base import Generator


def fingerprint(generator: Generator) -> str:
    """Return 32 hex digits that stand for a generator: its family, its shapes, and all of its weights.

    They are the same for a checkpoint and what it was converted to, on any device, and for bloom of any size.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{generator.family} {generator.z_dim} {generator.w_dim} {generator.num_ws}".encode())
    for name, value in sorted(generator.state_dict().items()):
        digest.update(f"{name} {list(value.shape)} {value.dtype}".encode())
        digest.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
