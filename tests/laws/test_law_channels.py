"""Image effects work on grey pictures and on those with alpha, which colours leave as it is and geometry moves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from renderer import ImageEffect
from renderer.context import Past
from tests.laws.law_cases import EFFECTS, EXAMPLES, OPTIONS

CASES = [case for case in (*EXAMPLES, *OPTIONS) if issubclass(EFFECTS[case.effect], ImageEffect)]
LEAVE = {"flash", "bloom-glow", "chromatic", "grain", "vignette", "colour-grade", "palette", "sharpen", "upscale"}
MOVE = {"zoom", "zoom-pulse", "rotate", "kaleidoscope", "mirror", "pixelate", "blur", "feedback"}
COVER = {"overlay", "letterbox", "crossfade"}  # what they lay over a picture is seen
TIMES = np.array([0.6, 1.3])


def shown(case, trial_of, picture):
    """Return what a case makes of pictures [2, C, 32, 32]."""
    trial = trial_of(case)
    job = trial.job()
    past = Past(picture, torch.full((2,), 1 / 30))
    return trial.stacked(job)[1].apply(picture, job.timeline.moments(TIMES), past)


def picture(channels):
    """Return pictures of a sloping colour, seen in a disc only where there is alpha, with bright colours outside."""
    place = torch.linspace(-1, 1, 32)
    disc = (place**2 + place[:, None] ** 2 < 0.5).float()
    level = ((place + place[:, None] + 2) / 4).expand(2, channels, 32, 32).clone()
    if channels in (2, 4):
        level[:, -1] = disc
    return level


def test_every_image_effect_says_what_it_does_to_alpha():
    assert {case.effect for case in CASES} <= LEAVE | MOVE | COVER


@pytest.mark.parametrize("case", CASES, ids=str)
def test_alpha(case, trial_of):
    given = picture(4)
    seen = shown(case, trial_of, given)
    alpha, before = seen[:, 3], given[:, 3]
    if case.effect in LEAVE:
        assert torch.equal(alpha, before)
    elif case.effect in COVER:
        assert bool((alpha >= before - 1e-6).all())
    else:
        assert not torch.equal(alpha, before)
        coloured = given.clone()
        coloured[:, :3] = torch.where(before[:, None] > 0, given[:, :3], 1 - given[:, :3])
        other = shown(case, trial_of, coloured)
        torch.testing.assert_close(other * other[:, 3:], seen * seen[:, 3:])  # what nobody saw is mixed into nothing


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_grey(case, channels, trial_of):
    given = picture(channels)
    seen = shown(case, trial_of, given)  # the stack refuses another shape, and what is not finite
    assert case.effect == "chromatic" or not torch.equal(seen, given)
