"""What every generator offers, be it a network, the embedded `bloom`, or your own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from renderer.errors import LatentreelError
from renderer.latents import truncate
from renderer.values.fit import PadMode

NoiseMode = Literal["const", "none", "random"]
Tap = Callable[[str, Tensor], Tensor]


@dataclass(frozen=True)
class FeatureMap:
    """Describe what a tap sees.

    row    of ws, the first that shapes it.
    share  of its width and height that the picture takes, in its middle; below 1 where there is a margin.
    """

    row: int
    share: float = 1.0


class Generator(nn.Module, ABC):
    """Map z to ws and synthesise images from ws.

    A subclass sets the attributes below, registers `w_avg` as a buffer, and implements `map` and `synthesis`.
    All tensors live on the device and in the dtype the generator was moved to; latents are float32.
    """

    family: ClassVar[str] = "generator"  # a short name for reports: "bloom", "stylegan2"
    z_dim: int
    c_dim: int = 0
    w_dim: int
    num_ws: int
    img_resolution: int  # of the trained network; for one of any size, the shorter side
    img_channels: int = 3
    has_transform: bool = False  # True: `synthesis` takes a `transform`
    any_size: bool = False  # True: `resized` returns a generator of any (height, width)
    view_rows: int = 0  # how many rows of ws, from the first on, do nothing but place the picture
    low_precision: bool = False  # True: `use_dtype` makes a difference
    compiled: bool = False  # True: synthesis is compiled by torch, see `use_compiler`
    layer_resolutions: tuple[int, ...]  # per row of ws: the resolution in pixels at which it is first used
    directions: Mapping[str, Tensor] = {}  # named directions of its own, each [num_ws, w_dim]
    w_avg: Tensor  # [w_dim]: the centre of truncation

    @property
    def img_size(self) -> tuple[int, int]:
        """Return (height, width) of the images."""
        return (self.img_resolution, self.img_resolution)

    @property
    def layer_bands(self) -> tuple[str, ...]:
        """Return the band of each row of ws, by where it is first used: coarse <= 8 px, middle <= 32 px, else fine."""
        return tuple(
            "coarse" if pixels <= 8 else "middle" if pixels <= 32 else "fine" for pixels in self.layer_resolutions
        )

    @property
    def style_weights(self) -> tuple[Tensor, ...]:
        """Return the weight [outputs, w_dim] of the affine that makes the style of each row of ws; () for none."""
        return ()

    @property
    def noise_shapes(self) -> Mapping[str, tuple[int, int]]:
        """Return (height, width) of the noise map of every layer that takes one, by the names `synthesis` knows."""
        return {}

    @property
    def const_noise(self) -> Mapping[str, Tensor]:
        """Return the noise maps [h, w] of its own, by the names of layers: what `noise_mode="const"` adds."""
        return {}

    @property
    def feature_maps(self) -> Mapping[str, FeatureMap]:
        """Return the feature maps that taps see, by name, in the order in which they are made."""
        return {}

    @property
    def weight_rows(self) -> Mapping[str, int]:
        """Return the tensors of the state that make up synthesis, each with the row of ws that its layer reads."""
        return {}

    @property
    def device(self) -> torch.device:
        """Return where the generator lives."""
        return self.w_avg.device

    @property
    def working_elements(self) -> int:
        """Return about how many numbers synthesis holds at once for one image.

        For a network three of its largest feature maps, of 64 channels at most; for a painted picture less.
        """
        height, width = self.img_size
        return (8 if self.any_size else 3 * 64) * height * width

    def resized(self, height: int, width: int) -> Generator:
        """Return a generator with images of another size; only where `any_size` is True."""
        raise NotImplementedError(f"{self.family} renders {self.img_size} only, not {(height, width)}")

    def extended(self, height: int, width: int, pad: PadMode = "mirror") -> Generator:
        """Return a generator whose network makes images about as large and wide as (height, width) by itself.

        Raises LatentreelError where the network cannot.
        """
        if self.any_size:
            return self.resized(height, width)
        raise LatentreelError(f"{self.family} makes images of its own shape only; use fit: cover, contain or blur")

    def use_dtype(self, dtype: torch.dtype) -> Generator:
        """Run what may be run in lower precision in this dtype from now on; by default nothing is."""
        return self

    def use_compiler(self) -> Generator:
        """Compile synthesis by torch.compile from now on, where that has been taught; by default nothing is."""
        return self

    def warm_up(self, batch: int) -> None:
        """Do once what the first synthesis of so many frames would do before it can begin; by default nothing."""

    def center(self, c: Tensor | None) -> Tensor:
        """Return what truncation pulls ws of labels c [N, c_dim] towards, [w_dim] or [N, 1, w_dim]."""
        return self.w_avg

    @abstractmethod
    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Return untruncated ws [N, num_ws, w_dim] of z [N, z_dim] and labels c [N, c_dim]."""

    def mapping(
        self,
        z: Tensor,
        c: Tensor | None = None,
        truncation_psi: Tensor | float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> Tensor:
        """Return ws [N, num_ws, w_dim] of z [N, z_dim], its first `truncation_cutoff` rows truncated by psi."""
        return truncate(self.map(z, c), self.center(c), truncation_psi, truncation_cutoff)

    @abstractmethod
    def synthesis(
        self,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        noise: Mapping[str, Tensor] | None = None,
        transform: Tensor | None = None,
        taps: Tap | None = None,
    ) -> Tensor:
        """Return float32 images [N, img_channels, H, W], mostly within -1..1, of ws [N, num_ws, w_dim].

        noise      replaces noise maps by layer name, each [H, W] or [N, 1, H, W].
        transform  [N, 3, 3] for generators with an input transform (StyleGAN3).
        taps       called with (layer name, feature map [N, C, h, w]); what it returns goes on instead.
        """
