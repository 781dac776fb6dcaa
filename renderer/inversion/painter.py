"""Pictures of latents while they are sought, by the same synthesis as films, and small where that is possible."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from renderer.generators.base import Generator, NoiseMode
from renderer.inversion.settings import NoiseUse


class Painter:
    """Synthesise pictures at a size; a generator of any size is made smaller, a network is not."""

    def __init__(self, generator: Generator, noise: NoiseUse) -> None:
        self.generator, self.noise = generator, noise
        self._sized: dict[tuple[int, int], Generator] = {generator.img_size: generator}

    def paint(self, ws: Tensor, size: tuple[int, int], noise: Mapping[str, Tensor] | None = None) -> Tensor:
        """Return RGB pictures [N, 3, H, W] in -1..1 of ws, at (height, width) where it can; gradients go through."""
        generator = self._at(size)
        mode: NoiseMode = "none" if self.noise == "none" or generator is not self.generator else "const"
        pictures = generator.synthesis(ws, noise_mode=mode, noise=noise)
        return pictures[:, :3] if pictures.shape[1] >= 3 else pictures[:, :1].expand(-1, 3, -1, -1)

    def _at(self, size: tuple[int, int]) -> Generator:
        if not self.generator.any_size:
            return self.generator
        if size not in self._sized:
            self._sized[size] = self.generator.resized(*size).requires_grad_(False)
        return self._sized[size]
