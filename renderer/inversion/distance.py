"""How far pictures are from a photo: their pixels at several scales, and what a perceptual backend sees in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from renderer.perceptual import Perceptual

SCALES = (1, 2, 4, 8)  # pixels are compared as they are, and averaged over squares of so many
CLOSED = 1e-8  # of a mask that hides all
SEEN_SIDE = 256  # pixels at which backends look, as in StyleGAN2's projector
BLIND_SIDE = 64  # pixels, below which they see too little to be asked


@dataclass(frozen=True)
class Distance:
    """Compare pictures with photos [T, 3, H, W] in -1..1; masks [T, 1, H, W], or None, weigh each place by 0..1."""

    photos: Tensor
    masks: Tensor | None
    backend: Perceptual
    weight: float

    @cached_property
    def features(self) -> list[Tensor]:
        """Return what the backend sees in the photos."""
        with torch.no_grad():
            return [unit(one) for one in self.backend(seen(self.photos))]

    def at(self, size: tuple[int, int]) -> Distance:
        """Return the distance between smaller pictures."""
        masks = None if self.masks is None else fitted(self.masks, size)
        return Distance(fitted(self.photos, size), masks, self.backend, self.weight)

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return how far pictures [T * K, 3, H, W] are from the photos, [T * K]; K belong to each photo."""
        pictures = fitted(pictures, (self.photos.shape[2], self.photos.shape[3]))
        total = self._pixels(pictures)
        if self.weight and min(pictures.shape[2:]) >= BLIND_SIDE:
            total = total + self.weight * self._features(pictures)
        return total

    def _pixels(self, pictures: Tensor) -> Tensor:
        apart = pictures - self._each(self.photos, len(pictures))
        weigh = None if self.masks is None else self._each(self.masks, len(pictures))
        apart = apart if weigh is None else apart * weigh
        total = pictures.new_zeros(len(pictures))
        for scale in SCALES:
            if scale <= min(apart.shape[2:]):
                over = functional.avg_pool2d(apart, scale) if scale > 1 else apart
                total = total + over.square().mean((1, 2, 3))
        return total if weigh is None else total / weigh.mean((1, 2, 3)).clamp_min(CLOSED)

    def _features(self, pictures: Tensor) -> Tensor:
        """Return the mean squared distance of unit feature vectors: Zhang et al. 2018, arXiv:1801.03924, unweighted."""
        theirs = [unit(one) for one in self.backend(seen(pictures))]
        total = pictures.new_zeros(len(pictures))
        for one, other in zip(theirs, self.features, strict=True):
            apart = (one - self._each(other, len(one))).square().sum(1, keepdim=True)
            total = total + self._mean(apart)
        return total / max(1, len(theirs))

    def _mean(self, maps: Tensor) -> Tensor:
        """Return the mean [N] of maps [N, 1, h, w] over what the masks show."""
        if self.masks is None:
            return maps.mean((1, 2, 3))
        weigh = self._each(functional.interpolate(self.masks, maps.shape[2:], mode="area"), len(maps))
        return (maps * weigh).sum((1, 2, 3)) / weigh.sum((1, 2, 3)).clamp_min(CLOSED)

    def _each(self, x: Tensor, count: int) -> Tensor:
        return x.repeat_interleave(count // len(x), 0)


def unit(features: Tensor) -> Tensor:
    """Return feature maps whose vectors have length one."""
    return features * (features.square().sum(1, keepdim=True) + 1e-8).rsqrt()


def seen(pictures: Tensor) -> Tensor:
    """Return pictures in -1..1 as backends see them: RGB in 0..1, of a moderate size."""
    side = max(pictures.shape[2:])
    if side > SEEN_SIDE:
        size = tuple(max(1, round(one * SEEN_SIDE / side)) for one in pictures.shape[2:])
        pictures = functional.interpolate(pictures, size, mode="area")
    return pictures.mul(0.5).add(0.5).clamp(0, 1)


def fitted(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Return pictures [N, C, H, W] averaged down to (height, width)."""
    return pictures if pictures.shape[2:] == size else functional.interpolate(pictures, size, mode="area")


def psnr(pictures: Tensor, photos: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio [N] in decibels between pictures in -1..1."""
    error = (pictures.clamp(-1, 1) - photos.clamp(-1, 1)).square().mean((1, 2, 3))
    return 10 * torch.log10(4 / error.clamp_min(1e-12))
