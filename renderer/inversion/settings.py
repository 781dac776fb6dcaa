"""How a photo is projected: everything that decides what comes of it, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

SpaceName = Literal["w+", "w", "z"]
NoiseUse = Literal["const", "none", "optimise"]
SPACES: tuple[SpaceName, ...] = ("w+", "w", "z")
FAR_STARTS = ("best", "mean", "zeros")  # all others are files, whose latents are near
NOISE_USES: tuple[NoiseUse, ...] = ("const", "none", "optimise")


@dataclass(frozen=True)
class Settings:
    """Hold what a projection is asked for.

    space       what is optimised: ws with a row for each layer ("w+"), one w for all of them, or z.
    start       "best" of `samples` random latents, "mean", "zeros", or what a file gives, then its name.
    samples     random latents that are looked at; None: as many as cost little beside the optimisation.
    candidates  starts that are optimised side by side at first; None: as many as cost little.
    steps       of the optimiser, over all stages.
    rate        the highest learning rate, in standard deviations of w.
    patience    steps without a gain after which a stage comes to its end.
    perceptual  the backend, with its file if it has one, and how much it counts beside pixels.
    noise       whether the model's own noise maps are used, none, or such as are optimised.
    """

    space: SpaceName = "w+"
    start: str = "best"
    samples: int | None = None
    candidates: int | None = None
    steps: int = 400
    rate: float = 0.1
    patience: int = 60
    perceptual: str = "squeezenet"
    perceptual_weight: float = 0.2
    noise: NoiseUse = "const"
    seed: int = 0

    def plain(self) -> dict[str, Any]:
        """Return the settings as JSON knows them."""
        return asdict(self)
