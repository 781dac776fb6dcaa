"""Remember what was synthesised last, so that a batch that comes again is not synthesised again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

import torch
from torch import Tensor

from renderer.synthesis_inputs import SynthesisInputs

REMEMBERED_BYTES = 16 * 1024**2  # of images, at most; but always the last batch
REMEMBERED_BATCHES = 8  # at most, so that small pictures do not fill the bytes only as a film goes on


class Repeats:
    """Give the images of a batch from memory where the same inputs came lately: a hold, or a loop of a few frames.

    Only whole batches are taken, so that every row stays at its place in the batch and keeps its bits. What does not
    follow from the inputs alone, as random noise, taps and wraps, is never remembered; nor is anything on a GPU, which
    would have to be waited for to see its inputs. `saved` counts batches.
    """

    def __init__(self, limit: int = REMEMBERED_BYTES) -> None:
        self.limit, self.saved = limit, 0
        self._images: OrderedDict[bytes, Tensor] = OrderedDict()

    def images(self, ws: Tensor, inputs: SynthesisInputs, synthesise: Callable[[], Tensor]) -> Tensor:
        """Return images [N, C, H, W] of ws and inputs: those from memory, or else those that `synthesise` makes."""
        if not inputs.is_plain or inputs.noise_mode == "random" or ws.device.type != "cpu":
            return synthesise()
        key = fingerprint(ws, inputs)
        found = self._images.pop(key, None)
        self.saved += found is not None
        images = synthesise() if found is None else found
        self._images[key] = images
        self._forget(images.nbytes)
        return images

    def _forget(self, each: int) -> None:
        while len(self._images) > min(REMEMBERED_BATCHES, max(1, self.limit // max(each, 1))):
            self._images.popitem(last=False)


def fingerprint(ws: Tensor, inputs: SynthesisInputs) -> bytes:
    """Return what differs wherever a bit of the inputs does."""
    digest = blake2b(inputs.noise_mode.encode(), digest_size=16)
    named = {"ws": ws, "transform": inputs.transform, **{f"noise.{name}": map_ for name, map_ in inputs.noise.items()}}
    for name, tensor in named.items():
        if tensor is not None:
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.detach().contiguous().cpu().view(torch.uint8).numpy().data)
    return digest.digest()
