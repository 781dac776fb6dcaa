"""The laws of effects as functions, for the tests of plugins: each raises AssertionError in one clear sentence.

    from renderer.testing import check_effect

    def test_tides_keeps_the_laws():
        check_effect(Tides)

A law is tried on a small film: the effect's own `example`, or a timeline given in YAML. `LAWS` holds them all.
Signals, easings, outputs, generators and beat trackers have promises of their own: `check_signal` and the like.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.colour import to_linear
from renderer.context import Past
from renderer.contract import check_effect_class
from renderer.effects import Effect
from renderer.errors import PluginError, SceneError
from renderer.job import Job, Run
from renderer.latents import lerp
from renderer.levels import Frames, to_uint8
from renderer.promises import check_beat_tracker, check_easing, check_generator, check_signal, check_sink
from renderer.timeline.guard import tensors_of
from renderer.trial import BATCH, Trial, frames, images, restacked

__all__ = [
    "LAWS",
    "RENDERED",
    "Trial",
    "check_beat_tracker",
    "check_easing",
    "check_effect",
    "check_generator",
    "check_identity",
    "check_signal",
    "check_sink",
]

TIMES = (0.0, 0.05, 0.3, 0.55, 1.0, 1.45, 1.95)  # seconds
FRAME = 0.05  # seconds, about those of a frame
Law = Callable[[Trial], None]


def law(check: Law) -> Law:
    """Make a broken contract, which the stack finds by itself, an AssertionError."""

    @functools.wraps(check)
    def checked(trial: Trial) -> None:
        try:
            check(trial)
        except PluginError as error:
            raise AssertionError(str(error)) from error

    return checked


def check_effect(effect: type[Effect], timeline: str | None = None, *, folder: Path | None = None) -> None:
    """Try every law on an effect; timeline is a list of entries in YAML, folder where its files are.

    Raises AssertionError saying which law is broken, and how.
    """
    try:
        check_effect_class(effect)
    except PluginError as error:
        raise AssertionError(str(error)) from error
    trial = Trial(effect, timeline or effect.example, folder=folder)
    for check in LAWS:
        check(trial)


@law
def check_contract(trial: Trial) -> None:
    """Shapes and dtypes are kept, and what an effect gets is never changed."""
    job, times = trial.job(), np.asarray(TIMES)
    place, stacked = trial.stacked(job)
    above = restacked(job.timeline, *job.timeline.stack[:place])
    latents = above.at(times)
    given: Any = latents
    past = None
    if trial.effect.stage == "synthesis":
        given = above.synthesis_inputs(times)
    if trial.effect.stage == "image":
        given = (images(above, latents.ws, times) + 1) / 2
        past = Past(given, torch.full((len(times),), trial.effect.lattice))  # type: ignore[attr-defined]
    copies = {name: tensor.clone() for name, tensor in tensors_of(given)}
    stacked.apply(given, above.moments(times), past)
    for name, tensor in tensors_of(given):
        assert torch.equal(copies[name], tensor), f"{trial.called} changed the {name} it was given"


@law
def check_pure(trial: Trial) -> None:
    """The same time gives the same result, whatever was computed before and whatever the global random state."""
    job, seen = trial.job(), []
    for seed in (1, 2):
        with seeded(seed):
            seen.append(trial.view(job, TIMES))
    assert torch.equal(*seen), f"{trial.called} is not a function of time: a second call differs; use frame.rng(t)"


@law
def check_rows(trial: Trial) -> None:
    """A frame does not depend on which other frames are in its batch."""
    job = trial.job()
    together = trial.view(job, TIMES)
    for order in (TIMES[::-1], TIMES[:2], *((t,) for t in TIMES)):
        rows = together[[TIMES.index(t) for t in order]]
        apart = far(trial.view(job, order), rows)
        assert apart < 1e-4, f"{trial.called} lets a frame depend on the others in its batch: they differ by {apart:g}"


@law
def check_alone(trial: Trial) -> None:
    """A frame rendered alone is bit-equal to the same frame of the film."""
    job = trial.job()
    last = job.timeline.frames - 1
    for start, picked in ((0, (0, 2)), (28, (31, 32, last))):  # latents are computed in chunks of 32 frames
        film = frames(job, start, min(start + 8, last + 1))
        for n in picked:
            same = np.array_equal(frames(job, n, n + 1)[0], film[n - start])
            assert same, f"{trial.called}: frame {n} alone is not frame {n} of the film"


@law
def check_batches(trial: Trial) -> None:
    """Frames agree within one grey level whatever the size of a batch."""
    film = frames(trial.job(), 28, 32)
    for batch in (1, 2):
        apart = grey(frames(trial.job(run=Run(batch=batch)), 28, 32), film).max()
        assert apart <= 1, f"{trial.called}: in batches of {batch}, frames differ by {apart} grey levels"


@law
def check_rates(trial: Trial) -> None:
    """At equal times a film is the same at 24 and 60 frames a second."""
    slow, fast = at_rates(trial)
    apart = far(trial.view(slow, slow.timeline.times(0, 24))[::2], trial.view(fast, fast.timeline.times(0, 60))[::5])
    assert apart < 1e-4, f"{trial.called} differs by {apart:g} between 24 and 60 frames a second"


@law
def check_rendered_rates(trial: Trial) -> None:
    """At equal times rendered frames agree within one grey level at 24 and 60 frames a second."""
    slow, fast = at_rates(trial)
    for n in (0, 7):
        levels = grey(frames(slow, 4 * n, 4 * n + 1), frames(fast, 10 * n, 10 * n + 1)).max()
        assert levels <= 1, f"{trial.called}: at {n / 6:g}s 24 and 60 frames a second differ by {levels} grey levels"


@law
def check_loop(trial: Trial) -> None:
    """In a loop the end is the beginning, or a scene error says what cannot close; a blend closes everything."""
    try:
        closed = trial.job({"loop": True})
    except SceneError as error:
        if "loop" not in str(error):
            raise AssertionError(f"{trial.called} fails in a loop, for another reason: {error}") from error
    else:
        end = closed.timeline.plan.duration
        apart = far(trial.view(closed, [0.0]), trial.view(closed, [end]))
        assert apart < 1e-3, f"{trial.called} does not close a loop: end and beginning differ by {apart:g}"
    job, step = trial.job({"loop": {"blend": "0.5s"}}), FRAME if trial.effect.jumps else 1e-4
    end = job.timeline.plan.duration
    inside = np.linspace(0.03, end - 0.03, 41)
    usual = far(trial.view(job, [*inside]), trial.view(job, [*(inside + step)]))
    seam = far(trial.view(job, [end - step]), trial.view(job, [0.0]))
    assert seam <= 4 * usual + 1e-3, f"{trial.called} jumps by {seam:g} where a loop blends over"


@law
def check_window(trial: Trial) -> None:
    """Outside `from:` to `to:` an effect does nothing; within a fade it is on in part."""
    sharp = trial.job({"from": "0.5s", "to": "1.5s"})
    soft = trial.job({"from": "0.5s", "to": "1.5s", "fade": "0.25s"})
    outside, bare = (0.0, 0.3, 0.499, 1.5, 1.8), trial.without(sharp)
    for job in (sharp, soft):
        for times in (outside, (*outside, 1.0)):  # in a batch of its own, and in one with frames inside
            seen, plain = (trial.view(one, times)[: len(outside)] for one in (job, bare))
            assert torch.equal(seen, plain), f"{trial.called} does something outside `from:` to `to:`"
    weights = {0.5: 0.0, 0.55: 0.2, 0.625: 0.5, 1.0: 1.0, 1.4: 0.4}
    if trial.effect.stage == "synthesis":
        weights = {0.5: 0.0, 1.0: 1.0}  # it fades itself; how is its own affair
    if getattr(trial.effect, "warm_up", 0):
        return  # its past is faded too, and seen later
    moments = tuple(weights)
    none, whole = trial.view(bare, moments), trial.view(sharp, moments)
    faded = trial.view(soft, moments)
    if getattr(trial.effect, "space", "") == "linear":  # in which it is faded, too
        none, whole, faded = (to_linear((one + 1) / 2) for one in (none, whole, faded))
    wanted = lerp(none, whole, torch.tensor([*weights.values()]).reshape(-1, *[1] * (none.ndim - 1)))
    apart = far(faded, wanted)
    assert apart < 1e-4, f"{trial.called} does not follow `fade:`; it is off by {apart:g}"


@law
def check_stable(trial: Trial) -> None:
    """Another entry above that changes nothing changes nothing: randomness belongs to the effect."""
    inserted = trial.job(above=[{"psi-ramp": {"psi": 1}}])
    same = torch.equal(trial.view(trial.job(), TIMES), trial.view(inserted, TIMES))
    assert same, f"{trial.called} changes when another entry is inserted above it"


@law
def check_visible(trial: Trial) -> None:
    """The effect changes its film by two grey levels or more, on average."""
    job, times = trial.job(), np.asarray(TIMES)
    bare = trial.without(job)
    shown = [to_uint8(images(one.timeline, one.timeline.at(times).ws, times)) for one in (job, bare)]
    mean = grey(*shown).mean()
    assert mean >= 2, f"{trial.called} changes this film by {mean:.2f} grey levels on average; expected 2 or more"


RENDERED: tuple[Law, ...] = (check_alone, check_batches, check_rendered_rates)  # through the engine, to pixels
LAWS: tuple[Law, ...] = (
    check_contract,
    check_pure,
    check_rows,
    check_rates,
    check_loop,
    check_window,
    check_stable,
    check_visible,
    *RENDERED,
)


@law
def check_identity(trial: Trial) -> None:
    """The effect, at the amount its timeline gives, leaves everything bit-equal; no part of `LAWS`."""
    job = trial.job()
    same = torch.equal(trial.view(job, TIMES), trial.view(trial.without(job), TIMES))
    assert same, f"{trial.called} changes something at an amount of nothing"


def at_rates(trial: Trial) -> tuple[Job, Job]:
    """Return the film at 24 and at 60 frames a second."""
    return trial.job(run=Run(batch=BATCH, fps=Fraction(24))), trial.job(run=Run(batch=BATCH, fps=Fraction(60)))


def grey(a: Frames, b: Frames) -> Any:
    """Return how many grey levels apart frames are, pixel by pixel."""
    return np.abs(a.astype(np.int16) - b.astype(np.int16))


def far(a: Tensor, b: Tensor) -> float:
    """Return the largest difference."""
    return float((a - b).abs().max())


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed every global random state for a while, and put them back."""
    kept = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
        torch.set_rng_state(kept[2])
