"""The laws have teeth: effects that break one of them are found, each by the law it breaks."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import torch

from renderer import ImageEffect, LatentEffect, Signal, SynthesisEffect, param, testing
from renderer.testing import LAWS, Trial, check_effect, check_identity

TIMELINE = "- walk: {keys: [3, 14]}\n- fake: {}"


class Fake(LatentEffect):
    """Break a law."""

    name = "fake"
    example: ClassVar[str] = TIMELINE
    amount: Signal = param(1, description="How much")

    def apply(self, x, p, frame):
        return x.replace(ws=x.ws + self.change(x, p, frame))

    def change(self, x, p, frame):
        """A change that keeps every law."""
        return frame.noise(0.5, x.ws.shape[1:])


class DoesNothing(Fake):
    """Do nothing."""

    def apply(self, x, p, frame):
        return x


class ChangesHardlyAnything(Fake):
    """Change less than an eye sees."""

    def change(self, x, p, frame):
        return 0.001 * frame.noise(0.5, x.ws.shape[1:])


class MutatesInput(Fake):
    """Change what it was given, so that torch counts it."""

    def apply(self, x, p, frame):
        x.ws.add_(1)
        return x.replace(ws=x.ws + 1)


class MutatesUnseen(Fake):
    """Change what it was given behind torch's back."""

    def apply(self, x, p, frame):
        x.ws.numpy()[:] += 1
        return x.replace(ws=x.ws + 1)


class MutatesImages(ImageEffect):
    """Change images in place."""

    name = "fake"
    example: ClassVar[str] = TIMELINE

    def apply(self, x, p, frame):
        return x.mul_(0.5)


class DependsOnBatch(Fake):
    """Centre each batch."""

    def change(self, x, p, frame):
        return x.ws - x.ws.mean(0, keepdim=True)


class DependsOnFps(Fake):
    """Move by the distance between frames."""

    def change(self, x, p, frame):
        return 20 * (frame.t[-1] - frame.t[0]).float() / len(frame) * torch.ones_like(x.ws)


class GlobalRandom(Fake):
    """Shake by the global random state."""

    def change(self, x, p, frame):
        return torch.randn(x.ws.shape)


class NumpyRandom(Fake):
    """Shake by numpy's global random state."""

    def change(self, x, p, frame):
        return torch.from_numpy(np.random.standard_normal(x.ws.shape).astype(np.float32))


class Remembers(Fake):
    """Shake more with each call."""

    calls: ClassVar[list[int]] = []

    def change(self, x, p, frame):
        self.calls.append(1)
        return torch.full_like(x.ws, float(len(self.calls)))


class NeverCloses(Fake):
    """Read the time, and not the loop."""

    def change(self, x, p, frame):
        return frame.t.float().reshape(-1, 1, 1) * torch.ones_like(x.ws)


class IgnoresFade(SynthesisEffect):
    """Turn the picture, however little it is faded in."""

    name = "fake"
    example: ClassVar[str] = TIMELINE

    def apply(self, x, p, frame):
        quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
        return x.replace(transform=quarter.expand(len(frame), 3, 3))


class WrongShape(Fake):
    """Drop a layer."""

    def apply(self, x, p, frame):
        return x.replace(ws=x.ws[:, 1:])


class WrongDtype(Fake):
    """Return doubles."""

    def apply(self, x, p, frame):
        return x.replace(ws=x.ws.double())


@pytest.mark.parametrize(
    ("effect", "law", "said"),
    [
        (DoesNothing, testing.check_visible, "changes this film by 0.00 grey levels on average; expected 2 or more"),
        (ChangesHardlyAnything, testing.check_visible, "expected 2 or more"),
        (MutatesInput, testing.check_contract, "changed its input in place"),
        (MutatesUnseen, testing.check_contract, "changed its input in place"),
        (MutatesImages, testing.check_contract, "changed its input in place"),
        (DependsOnBatch, testing.check_rows, "lets a frame depend on the others in its batch"),
        (DependsOnFps, testing.check_rates, "between 24 and 60 frames a second"),
        (GlobalRandom, testing.check_pure, "a second call differs; use frame.rng(t)"),
        (NumpyRandom, testing.check_pure, "a second call differs"),
        (Remembers, testing.check_pure, "a second call differs"),
        (NeverCloses, testing.check_loop, "does not close a loop"),
        (IgnoresFade, testing.check_window, "does something outside `from:` to `to:`"),
        (WrongShape, testing.check_contract, "13, 64], expected float32 ["),
        (WrongDtype, testing.check_contract, "returned ws of float64"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_broken_law_is_found(effect, law, said):
    with pytest.raises(AssertionError) as found:
        law(Trial(effect, TIMELINE))
    assert str(found.value).startswith("effect 'fake'")
    assert said in str(found.value)
    assert "\n" not in str(found.value)
    with pytest.raises(AssertionError, match="effect 'fake'"):
        check_effect(effect)


def test_an_effect_that_does_nothing_breaks_no_other_law():
    trial = Trial(DoesNothing, TIMELINE)
    for law in LAWS:
        if law is not testing.check_visible:
            law(trial)


def test_an_effect_that_keeps_the_laws_passes():
    check_effect(Fake)


def test_an_identity_that_is_none_is_found():
    with pytest.raises(AssertionError, match="changes something at an amount of nothing"):
        check_identity(Trial(Fake, TIMELINE))


def test_a_class_that_breaks_the_contract_is_found():
    class Undescribed(Fake):
        """Have a field without a description."""

        size: float = 1

    with pytest.raises(AssertionError, match="field 'size' has no description"):
        check_effect(Undescribed)
