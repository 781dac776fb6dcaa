"""What signals, easings, outputs, generators and beat trackers promise, for the tests of plugins.

    from renderer.testing import check_signal

    def test_crossings_keep_their_promises():
        check_signal(Crossings)

Each function raises AssertionError in one clear sentence; `renderer.testing` gives them on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

from renderer.api import load_scene
from renderer.audio.trackers import Beats, BeatTracker
from renderer.contract import check_beat_tracker as registered_tracker
from renderer.contract import check_easing as registered_easing
from renderer.contract import check_generator as registered_generator
from renderer.contract import check_signal_class, check_sink_class
from renderer.errors import LatentreelError
from renderer.example_song import LENGTH, NAME, write_song
from renderer.generators.base import Generator
from renderer.plugin_manager import load_plugins
from renderer.registry import Registries
from renderer.signal_source import Array, SignalSource
from renderer.sinks.base import Sink, SinkSpec
from renderer.timeline.plan import bind
from renderer.timeline.sources import seed_to_z
from renderer.trial import scene_folder
from renderer.values.easing import EasingFunction

SIZES = ((24, 40), (32, 32))  # height, width
TIMES = np.linspace(0, LENGTH, 201)  # seconds


@contextmanager
def asserted() -> Iterator[None]:
    """Make an error that is meant for users, raised inside, an AssertionError."""
    try:
        yield
    except LatentreelError as error:
        raise AssertionError(str(error)) from error


def check_signal(
    source: type[SignalSource], *, folder: Path | None = None, registries: Registries | None = None
) -> None:
    """Its example hears the same twice, finite numbers over the whole film, and they move.

    folder is where the files are that the example names; registries hold what else it may use.
    Raises AssertionError.
    """
    with asserted():
        check_signal_class(source)
        first, again = (heard(source, folder, registries) for _ in range(2))
    called = f"signal {source.name!r}"
    assert np.isfinite(first).all(), f"{called} gives numbers that are not finite"
    assert np.array_equal(first, again), f"{called} hears something else the second time"
    assert np.ptp(first) > 0.01, f"{called} hardly moves in its example: from {first.min():g} to {first.max():g}"


def heard(source: type[SignalSource], folder: Path | None, registries: Registries | None) -> Array:
    """Return what the example of a signal gives over the example song, float64 [T]; nothing is taken from the cache."""
    known = registries or load_plugins()
    uncached = type(source.__name__, (source,), {"cached": False, "__doc__": source.__doc__})
    known = known.with_signal(uncached)
    with scene_folder(folder) as here:
        write_song(here)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=here, encoding="utf-8") as scene:
            scene.write(f"audio: {NAME}\nsignals: {{{source.example}}}\ntimeline: [{{walk: {{keys: 3}}}}]\n")
            scene.flush()
            plan, problems = bind(load_scene(scene.name, registries=known), known)
    assert plan is not None, f"signal {source.name!r}: {'; '.join(problem.message for problem in problems)}"
    return np.asarray(next(iter(plan.named.values()))(TIMES), np.float64)


def check_easing(name: str, easing: EasingFunction) -> None:
    """It is 0 at 0 and 1 at 1, finite between, the same each time and for each number alone, and changes no input.

    Raises AssertionError.
    """
    with asserted():
        registered_easing(name, easing)
    progress = np.linspace(0, 1, 101)
    given = progress.copy()
    eased = np.asarray(easing(given), np.float64)
    called = f"easing {name!r}"
    assert np.array_equal(given, progress), f"{called} changed the numbers it was given"
    assert np.isfinite(eased).all(), f"{called} is not finite at {progress[~np.isfinite(eased)][0]:g}"
    assert np.array_equal(eased, easing(progress.copy())), f"{called} gives something else the second time"
    alone = np.concatenate([np.asarray(easing(progress[i : i + 1].copy()), np.float64) for i in range(len(progress))])
    assert np.abs(alone - eased).max() < 1e-9, f"{called} lets a number depend on the others beside it"


def check_sink(sink: type[Sink]) -> None:
    """A film appears under its final name when it is complete, and nothing remains of one that was stopped.

    Raises AssertionError.
    """
    with asserted():
        check_sink_class(sink)
    frames = np.random.RandomState(1).randint(0, 256, (4, 16, 24, 3)).astype(np.uint8)
    called = f"output {sink.name!r}"
    with tempfile.TemporaryDirectory() as made, asserted():
        path = Path(made) / f"film{sink.suffixes[0]}"
        spec = SinkSpec(path, width=24, height=16, fps=Fraction(12), frames=4)
        stopped = sink(spec).open()
        stopped.write(frames[:2])
        stopped.abort()
        assert not list(Path(made).iterdir()), f"{called} leaves a file behind when it is stopped"
        with sink(spec) as whole:
            whole.write(frames[:3])
            assert not path.exists(), f"{called} writes under the final name before all went well; write to self.part"
            whole.write(frames[3:])
        assert [one.name for one in Path(made).iterdir()] == [path.name], f"{called} wrote no {path.name}"
        assert path.is_dir() or path.stat().st_size, f"{called} wrote an empty file"


def check_generator(name: str, make: Callable[[], Generator]) -> None:
    """Its shapes are those it states, its pictures finite and the same each time, each a function of its own row of ws.

    Raises AssertionError.
    """
    with asserted():
        registered_generator(name, make)
    generator, called = make(), f"generator {name!r}"
    assert isinstance(generator, Generator), f"{called}: expected a Generator, got {generator!r}"
    z = torch.cat([seed_to_z(seed, generator.z_dim) for seed in range(3)])
    c = torch.eye(generator.c_dim)[[0, 0, 0]] if generator.c_dim else None
    with torch.no_grad():
        ws = generator.mapping(z, c)
        wanted = (3, generator.num_ws, generator.w_dim)
        assert tuple(ws.shape) == wanted, f"{called}: mapping gave ws {list(ws.shape)}, expected {list(wanted)}"
        rows = len(generator.layer_resolutions)
        assert rows == generator.num_ws, f"{called}: layer_resolutions has {rows} numbers for {generator.num_ws} layers"
        mean = generator.mapping(z, c, truncation_psi=0.0)
        assert far(mean, generator.center(c).expand_as(mean)) < 1e-5, f"{called}: at psi 0, ws are not the centre"
        for size in SIZES if generator.any_size else [generator.img_size]:
            check_pictures(generator.resized(*size) if generator.any_size else generator, ws, size, called)


def check_pictures(generator: Generator, ws: torch.Tensor, size: tuple[int, int], called: str) -> None:
    """Raise AssertionError unless the pictures of ws [3, num_ws, w_dim] are of (height, width), and sound."""
    images, wanted = generator.synthesis(ws), [3, generator.img_channels, *size]
    assert list(images.shape) == wanted, f"{called}: synthesis gave {list(images.shape)}, expected {wanted}"
    assert images.dtype == torch.float32, f"{called}: synthesis gave {images.dtype}, expected float32"
    assert bool(images.isfinite().all()), f"{called}: synthesis gave NaN or infinity"
    assert torch.equal(images, generator.synthesis(ws)), f"{called} paints something else the second time"
    apart = far(torch.cat([generator.synthesis(ws[i : i + 1]) for i in range(3)]), images)
    assert apart < 1e-3, f"{called} lets a picture depend on the others in its batch: they differ by {apart:g}"
    assert far(images[:1], images[1:]) > 0.01, f"{called} paints the same whatever the latent"


def check_beat_tracker(name: str, tracker: BeatTracker) -> None:
    """It gives beats of a song that has them, in order and within the song.

    Raises AssertionError.
    """
    from renderer.audio.song import open_song

    with asserted():
        registered_tracker(name, tracker)
    called = f"beat tracker {name!r}"
    with tempfile.TemporaryDirectory() as made:
        found: Any = tracker(open_song(write_song(Path(made)), 0.0, None), None, 4)
    assert isinstance(found, Beats), f"{called}: expected Beats, got {found!r}"
    times = np.asarray(found.times, np.float64)
    assert len(times) >= 2, f"{called} found {len(times)} beats in a song at 120 beats a minute"
    assert bool((np.diff(times) > 0).all()), f"{called} gives beats that are not one after the other"
    inside = times.min() >= -0.5 and times.max() <= LENGTH + 0.5
    assert inside, f"{called} gives beats outside of the song: {times.min():g}s to {times.max():g}s"


def far(a: torch.Tensor, b: torch.Tensor) -> float:
    """Return the largest difference."""
    return float((a - b).abs().max())


__all__ = ["check_beat_tracker", "check_easing", "check_generator", "check_signal", "check_sink"]
