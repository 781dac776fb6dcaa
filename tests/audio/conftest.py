"""A song of which everything is known, and scenes beside it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import renderer
from renderer.job import plugins
from renderer.timeline.plan import bind
from tests.audio.sounds import BEATS, hits, tone, write

WALK = "timeline: [{walk: {keys: 3}}]\n"


@pytest.fixture(scope="session")
def song_folder(tmp_path_factory):
    """Return a folder with song.wav: 16 seconds, a drum on every beat, louder on the first of four, and a high hat."""
    folder = tmp_path_factory.mktemp("song")
    drums = hits(BEATS, 16.0) + 0.4 * hits(BEATS[::4], 16.0, hertz=90)
    write(folder / "song.wav", 0.6 * drums + 0.05 * hits(BEATS + 0.25, 16.0, hertz=9000, fall=60))
    write(folder / "tone.wav", tone(4.0))
    write(folder / "silence.wav", np.zeros(48000))
    write(folder / "one.wav", np.array([0.5]))
    write(folder / "dc.wav", np.full(48000, 0.5))
    write(folder / "clipped.wav", np.sign(tone(2.0)))
    write(folder / "eight.wav", np.tile(tone(2.0)[:, None], 8))
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Let every test hear for itself."""
    monkeypatch.setenv("LATENTREEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "audio"


@pytest.fixture
def plan_of(song_folder):
    """Return a function that binds a scene beside song.wav."""

    def plan(text: str, fps: int | None = None, registries=None):
        registries = registries or plugins()
        path = song_folder / "scene.yaml"
        path.write_text(text if "timeline:" in text else text + WALK)
        scene = renderer.load_scene(path, registries=registries)
        return bind(scene, registries, None if fps is None else Fraction(fps))[0]

    return plan
