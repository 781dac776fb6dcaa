"""Lay a picture, a logo or a text over the film."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate, pad

from renderer import (
    Colour,
    Film,
    Frame,
    ImageEffect,
    Signal,
    Text,
    Time,
    TimedText,
    ValueProblem,
    draw_text,
    hookimpl,
    keep_neutral,
    lay_over,
    luma,
    param,
    premultiplied,
    read_picture,
    straight,
)

EM = 160  # pixels of a letter's height in a text that was drawn


class Overlay(ImageEffect):
    """Lay a picture, a logo or a text over the film: a watermark, a title, or lyrics that come line by line.

    A map of times to texts, {0s: Hello, 2s: ''}, shows each until the next begins. Pictures are files such as a PNG
    with transparency; texts are set in Pillow's own font, or in that of a file.
    """

    name = "overlay"
    example: ClassVar[str] = (
        "- walk: {keys: 3}\n- overlay: {text: {0%: bloom, 50%: and wither}, size: 0.24, y: '0.75 + 0.05*sin(2s)'}"
    )

    image: str | None = param(None, description="A picture to lay over the film, such as logo.png")
    text: Text | None = param(None, description="Or a text; or texts that follow each other, {0s: Hello, 2s: ''}")
    size: Signal = param(0.1, description="Height of the picture, or of the letters, in parts of the film's height")
    x: Signal = param(0.5, description="Where its middle is: 0 is left, 1 right")
    y: Signal = param(0.5, description="And 0 is the top, 1 the bottom")
    rotate: Signal = param(0, description="Degrees against the clock")
    opacity: Signal = param(1, description="0 is none, 1 covers what is below")
    color: Colour = param("white", description="Colour of the letters: a name, or '#ffcc88'")
    outline: Colour | None = param(None, description="Colour of a line round the letters; default: none")
    font: str | None = param(None, description="A font file, .ttf or .otf; default: the one that Pillow brings")
    fade: Time = param("200ms", description="How long each of several texts takes to come, and to go")

    def prepare(self, film: Film) -> list[Tensor]:
        """Return what is laid over, each [1, 4, h, w] with colours multiplied by alpha, and a clear edge."""
        if (self.image is None) == (self.text is None):
            raise ValueProblem("expected an `image` or a `text`, one of them")
        if self.image is not None:
            pictures = [read_picture(film.file(self.image))]
        else:
            font, lines = film.file(self.font) if self.font else None, film.fields["text"].lines
            pictures = [draw_text(line, self.color, self.outline, font) for line in lines]
        return [pad(premultiplied(one), (1, 1, 1, 1)).to(film.generator.device) for one in pictures]

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the pictures with it laid over them; where the opacity is 0, the very same."""
        opacity, laid = p.opacity.clamp(0, 1), x.clone()
        for index, picture in enumerate(frame.prepared):
            seen = opacity if p.text is None else opacity * shares(p.text, index, p.fade, frame)
            height = x.shape[2] * p.size.clamp_min(0) / (picture.shape[2] - 2 if p.text is None else EM)
            for n, much in enumerate(seen.tolist()):
                if much and float(height[n]) > 1e-3:
                    place = (float(p.x[n]) * x.shape[3], float(p.y[n]) * x.shape[2], float(p.rotate[n]))
                    lay(laid[n : n + 1], picture, float(height[n]), place, much)
        return keep_neutral(x, laid, opacity == 0)


def shares(text: TimedText, index: int, fade: float, frame: Frame) -> Tensor:
    """Return how much of one text is seen in each frame, float64 [N]."""
    begin, last = text.times[index], math.inf if frame.loop is None else frame.loop
    end = text.times[index + 1] if index + 1 < len(text.times) else last
    if begin == -math.inf:
        return torch.ones_like(frame.t)
    come, go = ((way / max(fade, 1e-6)).clamp(0, 1) for way in (frame.t - begin + 1e-6, end - frame.t - 1e-6))
    return come * go


def lay(x: Tensor, picture: Tensor, scale: float, place: tuple[float, float, float], opacity: float) -> None:
    """Lay a picture over x [1, C, H, W], in place: its middle at pixels (across, down), turned by degrees."""
    height, width = x.shape[2:]
    across, down, angle = place[0], place[1], math.radians(place[2])
    high, wide = (side * scale for side in picture.shape[2:])
    cosine, sine = math.cos(angle), math.sin(angle)
    reach_x, reach_y = ((abs(a * wide) + abs(b * high)) / 2 for a, b in ((cosine, sine), (sine, cosine)))
    left, right = (min(max(math.floor(across + one * reach_x) + (one > 0), 0), width) for one in (-1, 1))
    top, bottom = (min(max(math.floor(down + one * reach_y) + (one > 0), 0), height) for one in (-1, 1))
    if left >= right or top >= bottom:
        return
    if scale < 1:
        picture = interpolate(picture, (max(1, round(high)), max(1, round(wide))), mode="bicubic", antialias=True)
    w, h, u, v = right - left, bottom - top, (left + right) / 2 - across, (top + bottom) / 2 - down
    look = [[cosine * w, -sine * h, 2 * (cosine * u - sine * v)], [sine * w, cosine * h, 2 * (sine * u + cosine * v)]]
    matrix = torch.tensor([look], device=x.device) / torch.tensor([[wide], [high]], device=x.device)
    seen = grid_sample(picture, affine_grid(matrix, [1, 4, h, w], align_corners=False), align_corners=False).clamp(0, 1)
    colours = straight(seen)[:, :3] if x.shape[1] >= 3 else luma(straight(seen)[:, :3])
    region = x[:, :, top:bottom, left:right]
    region.copy_(lay_over(region, colours, seen[:, 3:] * opacity))


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Overlay)
