"""The authoring API: derive from LatentEffect, SynthesisEffect or ImageEffect, declare fields, write `apply`.

A field typed Signal, LatentSource, LatentKeys, Layers, Directions, Time or Feature takes what a scene may write there.
`apply` gets them resolved in `p`, under the same names, for the N frames of a batch:

| field        | resolved                                                                      |
|--------------|-------------------------------------------------------------------------------|
| Signal       | float32 [N]                                                                   |
| LatentSource | float32 [N, num_ws, w_dim], truncated by the scene's psi or the source's own  |
| LatentKeys   | KeyedLatents: the latents of all keys, and where each frame is between them   |
| Layers       | float32 [N, num_ws]: the amount of each layer                                 |
| Directions   | float32 [N, num_ws, w_dim]: the sum of the directions times their amounts     |
| Time         | seconds, a float                                                              |
| Feature      | float32 [N, C]: what is heard, such as the 12 columns of `chroma`             |
| Easing       | a function from progress 0..1 to 0..1 over numpy arrays                       |
| Colour       | float32 [3], sRGB 0..1                                                        |
| Text         | TimedText: one text or several, and the seconds at which each begins          |
| Upscaler     | a function that makes an upscaler, of a model's file or None and a device     |

Any other type arrives as written. `renderer.testing.check_effect` holds an effect to the laws that all effects keep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from renderer.synthesis_inputs import SynthesisInputs

if TYPE_CHECKING:
    from torch import Tensor

    from renderer.context import Film, Frame
    from renderer.latents import Latents


def param(default: Any = ..., description: str = "", **limits: Any) -> Any:
    """Describe a field of an effect: its default as a scene would write it, what it means, and limits.

    Without a default a scene must give a value. Limits (gt, ge, lt, le, alias, ...) are those of `pydantic.Field`.
    """
    return Field(default, description=description, **limits)


class Effect(BaseModel):
    """Stand above the three kinds of effect; instances are frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, arbitrary_types_allowed=True)

    stage: ClassVar[Literal["latent", "synthesis", "image"]]
    name: ClassVar[str]  # as scenes write it: lower case, words joined by hyphens
    example: ClassVar[str]  # a timeline in YAML on the embedded generator, shown in the docs and tested
    head: ClassVar[str] = ""  # what stands above that: tempo: 120, audio: song.wav (see `renderer.example_song`), or
    # model: model.safetensors, beside which there is other.safetensors (see `renderer.example_models`)
    is_source: ClassVar[bool] = False  # True: it replaces what stands above, as a walk does
    jumps: ClassVar[bool] = False  # True: it changes all at once by nature, as grain does from one moment to the next

    def prepare(self, film: Film) -> Any:
        """Do once what needs no time: load files, map seeds; the result arrives as `frame.prepared`."""
        return None


class LatentEffect(Effect):
    """Change the latents of frames, before synthesis."""

    stage = "latent"

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return new latents of the same shapes, each row a pure function of its own frame's time."""
        raise NotImplementedError


class SynthesisEffect(Effect):
    """Change how frames are synthesised: noise maps, input transform, feature maps."""

    stage = "synthesis"

    def apply(self, x: SynthesisInputs, p: Any, frame: Frame) -> SynthesisInputs:
        """Return new inputs of synthesis; fade by `frame.weight` [N] yourself."""
        raise NotImplementedError


class ImageEffect(Effect):
    """Change finished images.

    Light is added and blurred rightly in `space = "linear"` only; a last channel of two or four is alpha, and the same
    in both spaces.

    An effect that needs its own past, as feedback does, sets `warm_up`: how many seconds of it are worth keeping. It
    then finds in `frame.past` what it returned at the last point of a lattice in time, and how long ago that was. Its
    past begins anew from time to time, so what is older than `warm_up` should hardly be seen; where there is no past,
    the image itself stands for it.
    """

    stage = "image"
    space: ClassVar[Literal["srgb", "linear"]] = "srgb"  # what images are given in
    lattice: ClassVar[float] = 1 / 30  # seconds between the points in time at which the past is kept
    warm_up: ClassVar[float] = 0.0  # seconds; 0 is an effect without a past

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return new images of the same shape, float32 [N, C, H, W], 0..1 in the space of the effect."""
        raise NotImplementedError
