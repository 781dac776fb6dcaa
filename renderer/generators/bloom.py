"""`bloom`, the embedded generator: a procedural flower behind the protocol of a network.

It has no weights, needs no download and renders any size. Read it as an example of writing your own
generator: set the attributes of the base class, map z to ws, paint a picture from ws.

    bloom_attributes.py   what the numbers of ws mean
    bloom_style.py        from those to the numbers and small factors that a batch is painted from
    bloom_color.py        the palette among them
    bloom_look.py         the pixels, in differentiable pointwise steps
    kernels/flower.py     the same in one pass, compiled for a CPU
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from renderer.generators.base import FeatureMap, Generator, NoiseMode, Tap
from renderer.generators.bloom_attributes import (
    CENTER,
    LAYER_RESOLUTIONS,
    NUM_WS,
    SPECTRUM,
    W_DIM,
    named_directions,
    read_attributes,
)
from renderer.generators.bloom_look import paint
from renderer.generators.bloom_style import Canvas, Style, style
from renderer.generators.kernels.pool import alone, each

STRIP_PIXELS = 65536  # what one thread paints at a time: few steps of Python, and small enough for its cache


def can_be_painted_by_kernel(*given: Tensor | None) -> bool:
    """Say whether the compiled kernel takes what is given: float32 on a CPU, without gradients."""
    tensors = [x for x in given if x is not None]
    plain = all(x.device.type == "cpu" and x.dtype == torch.float32 for x in tensors)
    return plain and not (torch.is_grad_enabled() and any(x.requires_grad for x in tensors))


class Bloom(Generator):
    """Paint flowers of light, of any size (height, width) in pixels; a number means a square.

    noise  has one layer, `grain`, in units of its standard deviation.
    taps   see `coordinates` [N, 2, H, W], `waves` of the petals [N, 5, H, W], the `whorls` that they make [N, 3, H, W]:
           tone, light and cover, and linear `light` [N, 3, H, W], in this order.
    """

    family = "bloom"
    any_size = True
    has_transform = True
    view_rows = 2
    spectrum: Tensor  # [w_dim]

    def __init__(self, size: int | tuple[int, int] = 512) -> None:
        super().__init__()
        self._size = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
        if min(self._size) < 1:
            raise ValueError(f"a picture needs a height and a width of 1 or more pixels, not {self._size}")
        self.z_dim = self.w_dim = W_DIM
        self.num_ws = NUM_WS
        self.img_resolution = min(self._size)
        self.layer_resolutions = LAYER_RESOLUTIONS
        self.directions = named_directions()
        self.register_buffer("w_avg", CENTER.float())
        self.register_buffer("spectrum", SPECTRUM.float())
        self._canvas: Canvas | None = None

    @property
    def img_size(self) -> tuple[int, int]:
        """Return (height, width) of the images."""
        return self._size

    @property
    def const_noise(self) -> dict[str, Tensor]:
        """Return the grain [H, W]."""
        return {"grain": self.canvas().grain[0, 0]}

    @property
    def feature_maps(self) -> dict[str, FeatureMap]:
        """Return the maps that taps see, each with the first row of ws that shapes it."""
        return {"coordinates": FeatureMap(0), "waves": FeatureMap(2), "whorls": FeatureMap(6), "light": FeatureMap(8)}

    @property
    def noise_shapes(self) -> dict[str, tuple[int, int]]:
        """Return the size of the grain."""
        return {"grain": self._size}

    def resized(self, height: int, width: int) -> Bloom:
        """Return a generator that paints the same flowers at another size, on the same device."""
        return Bloom((height, width)).to(self.device)

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Return ws [N, num_ws, w_dim] of z [N, z_dim]: z brought to unit variance, stretched along its axes."""
        unit = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()  # [N, z_dim]
        w = self.w_avg + unit * self.spectrum
        return w.unsqueeze(1).repeat(1, self.num_ws, 1)  # [N, num_ws, w_dim]

    def synthesis(
        self,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        noise: Mapping[str, Tensor] | None = None,
        transform: Tensor | None = None,
        taps: Tap | None = None,
    ) -> Tensor:
        """Return float32 images [N, 3, H, W] within -1..1 of ws [N, num_ws, w_dim].

        transform [N, 3, 3] moves the point that a pixel looks at, (x, y, 1) in units of the shorter side.
        """
        grain = self._grain(len(ws), noise_mode, noise)
        if taps is None and can_be_painted_by_kernel(ws, transform, grain):
            return self._paint_in_strips(ws, transform, grain)
        return paint(self._style(ws, transform), self.canvas().pixel, grain, taps)

    def _style(self, ws: Tensor, transform: Tensor | None) -> Style:
        return style(read_attributes(ws, self.spectrum, self.w_avg), self.canvas(), transform)

    def _paint_in_strips(self, ws: Tensor, transform: Tensor | None, grain: Tensor | None) -> Tensor:
        """Return the pictures [N, 3, H, W], painted in strips that stay in the cache of a CPU, by all its threads.

        The style and each strip are made by one thread alone: threads that share every step wait for each other, and
        wait long on a machine that has other work to do.
        """
        from renderer.generators.kernels.flower import numbers_of, paint_rows  # takes a quarter of a second

        canvas, count, (height, width) = self.canvas(), len(ws), self._size
        step = max(1, STRIP_PIXELS // width)
        whole = alone(lambda: self._style(ws, transform))
        pictures = torch.empty(count, 3, height, width)
        noise = torch.zeros(1, 1, height, width) if grain is None else grain.contiguous()
        frames = [whole.frame(i) for i in range(count)]
        numbers = [numbers_of(frame.numbers) for frame in frames]

        def strip(place: tuple[int, int]) -> None:
            index, top = place
            part = frames[index].strip(slice(top, top + step))
            plane, back = (part.plane @ part.plane_across)[0], (part.back @ part.back_across)[0]
            film = noise[index % len(noise), 0, top : top + step]
            arrays = (plane.numpy(), back.numpy(), film.numpy())
            paint_rows(numbers[index], *arrays, np.float32(canvas.pixel), pictures[index].numpy(), top)

        each(strip, [(index, top) for index in range(count) for top in range(0, height, step)])
        return pictures

    def canvas(self) -> Canvas:
        """Return the coordinates and constants of this size, made once for a device."""
        if self._canvas is None or self._canvas.x.device != self.device:
            self._canvas = Canvas.of(self._size, self.device)
        return self._canvas

    def _grain(self, count: int, mode: NoiseMode, noise: Mapping[str, Tensor] | None) -> Tensor | None:
        """Return the grain [N or 1, 1, H, W], or None for a clean picture."""
        if noise and "grain" in noise:
            return noise["grain"].to(self.w_avg).reshape(-1, 1, *self._size)
        if mode == "none":
            return None
        if mode == "random":
            return torch.randn(count, 1, *self._size, device=self.device)
        return self.canvas().grain
