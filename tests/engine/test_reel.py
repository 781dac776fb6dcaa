"""Clips: several scenes cut and joined into one film, each frame of which is a function of its time."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path

import numpy as np
import pytest

from renderer import Run, load_generator, load_scene, prepare, reel
from renderer.api import iterate_frames, render
from renderer.cli import pick_frames
from renderer.errors import SceneError
from renderer.scene.load import CONSUMED
from renderer.transitions import reached

FIXTURES = Path(__file__).parent.parent / "fixtures"
SCENES = {
    "a": "model: bloom\nduration: 1s\nloop: true\ntimeline: [{walk: {keys: [3, 14]}}]\n",
    "b": "model: bloom\ntempo: 120\nduration: 2s\ntimeline: [{walk: {keys: [15, 92]}}]\n",
    "c": "model: bloom\nduration: 1s\ntimeline: [{walk: {keys: [65, 7]}}]\n",
}
FILM = """
size: 32
fps: 10
tempo: 120
clips:
  - a.yaml
  - {scene: b.yaml, in: 500ms, out: 3b, transition: {crossfade: 400ms}}
  - {scene: a.yaml, duration: 3b, transition: {wipe: 200ms}}
  - {scene: c.yaml, transition: {dissolve: 1b}}
"""


@pytest.fixture
def write_film(write_scene):
    """Return a function that writes a film of clips beside three scenes."""

    def write(text: str = FILM):
        for name, scene in SCENES.items():
            write_scene(scene, f"{name}.yaml")
        return write_scene(text, "film.yaml")

    return write


def pictures(job, frames=None):
    return np.concatenate(list(iterate_frames(job, frames)))


def alone(folder, name, times):
    job = prepare(load_scene(folder / f"{name}.yaml"), Run(size=(32, 32), fps=10, batch=4))
    return np.concatenate([pictures(job, range(round(t * 10), round(t * 10) + 1)) for t in times])


def close(one, other):
    return np.abs(one.astype(int) - other.astype(int)).max() <= 1


def test_clips_follow_each_other_on_one_clock(write_film):
    job = prepare(load_scene(write_film()), Run(batch=4))
    laid = [(round(c.start, 6), round(c.end, 6), c.begin, round(c.over, 6)) for c in job.timeline.plan.clips]
    assert laid == [(0, 1, 0, 0), (0.6, 1.6, 0.5, 0.4), (1.4, 2.9, 0, 0.2), (2.4, 3.4, 0, 0.5)]
    assert job.timeline.frames == 34


def test_a_clip_shows_its_scene_and_a_transition_shows_both(write_film, tmp_path):
    film = pictures(prepare(load_scene(write_film()), Run(batch=4)))
    assert close(film[:6], alone(tmp_path, "a", np.arange(6) / 10))
    assert close(film[10:14], alone(tmp_path, "b", 0.5 + np.arange(4, 8) / 10))
    half = (alone(tmp_path, "a", [0.8]).astype(float) + alone(tmp_path, "b", [0.7])) / 2
    assert np.abs(film[8] - half[0]).max() <= 1
    assert close(film[16:24], alone(tmp_path, "a", np.arange(2, 10) / 10))  # it loops, and goes on


def test_a_wipe_comes_from_the_left(write_film, tmp_path):
    film = pictures(prepare(load_scene(write_film()), Run(batch=4)), range(15, 16))
    left, right = alone(tmp_path, "a", [0.1]), alone(tmp_path, "b", [1.4])
    assert close(film[:, :, :14], left[:, :, :14])
    assert close(film[:, :, 18:], right[:, :, 18:])


def test_a_frame_alone_is_that_of_the_film(write_film):
    job = prepare(load_scene(write_film()), Run(batch=4))
    film = pictures(job)
    for frame in (33, 0, 8, 15, 26):
        assert np.array_equal(pictures(job, range(frame, frame + 1))[0], film[frame])
    assert pick_frames(job, "3b", None) == range(15, 16)


def test_two_clips_are_open_at_most_and_one_model_serves_both(write_film, monkeypatch):
    job = prepare(load_scene(write_film()), Run(batch=4))
    most = 0
    for _ in iterate_frames(job):
        most = max(most, len(job.timeline.opened))
    assert most == 2
    assert len(job.timeline.loaded) == 1


def test_models_come_and_go(write_film, write_scene):
    files = [FIXTURES / name for name in ("sg2ada_uncond64.pkl", "rosinality_convert64.pt", "sg2ada_orig32.pkl")]
    for name, file in zip("xyz", files, strict=True):
        write_scene(f"model: {file}\nduration: 300ms\ntimeline: [{{walk: {{keys: 3}}}}]\n", f"{name}.yaml")
    loaded, most = [], 0

    def load(*args, **options):
        nonlocal most
        gc.collect()
        most = max(most, 1 + sum(one() is not None for one in loaded))
        model = load_generator(*args, **options)
        loaded.append(weakref.ref(model))
        return model

    scene = load_scene(
        write_film("size: 64\nfps: 10\nclips: [x.yaml, y.yaml, {scene: z.yaml, transition: {wipe: 100ms}}]")
    )
    job = reel.prepare(scene, Run(batch=2, mode="exact"), load=load)
    assert pictures(job).shape == (8, 64, 64, 3)
    assert most == 2


def test_every_pixel_is_reached_once_and_evenly():
    order = reached("dissolve", 20, 30).flatten().sort().values
    assert np.allclose(order.numpy(), np.linspace(0, 1, 600))


def test_a_preview_and_a_manifest_know_of_clips(write_film, tmp_path):
    film = load_scene(write_film().rename(tmp_path / "film2.yaml"))
    assert prepare(film, Run(preview=True)).size == (32, 32)
    render(film, tmp_path / "film.gif", frames=range(4))
    made = json.loads((tmp_path / "film.gif.json").read_text())
    assert made["seeds"]["latents"] == [3, 7, 14, 15, 65, 92]
    assert len(load_scene(tmp_path / "film.gif.json").clips) == 4


def test_the_first_clip_gives_the_size_where_the_film_gives_none(write_film, write_scene):
    film = write_film("clips: [d.yaml]\n")
    write_scene("size: [48, 24]\n" + SCENES["a"], "d.yaml")
    assert prepare(load_scene(film)).size == (48, 24)


@pytest.mark.parametrize(
    ("clips", "said"),
    [
        ("clips: [d.yaml]", "film.yaml:1:9: clips[0]: no such scene: d.yaml; did you mean"),
        ("clips: []", "film.yaml:1:8: clips: expected a list of clips"),
        ("clips: [{scene: a.yaml, out: 2s}]", "clips[0].out: expected a time after 0s and within the scene, up to 1s"),
        ("clips: [{scene: b.yaml, duration: 3s}]", "clips[0].duration: expected up to 2s, which is what"),
        ("clips: [{scene: a.yaml, transition: {wipe: 1s}}]", "the first clip has none before it"),
        ("clips: [a.yaml, {scene: b.yaml, transition: {wipe: 2s}}]", "expected a transition of up to 1s"),
        ("clips: [a.yaml, {scene: b.yaml, transition: {wype: 2s}}]", "did you mean 'wipe'?"),
        ("clips: [a.yaml, {scene: b.yaml, transition: wipe}]", "expected a length with it, such as {wipe: 1s}"),
        ("clips: [{scene: a.yaml, transitoin: cut}]", "did you mean 'transition'?"),
        ("psi: 0.5\nclips: [a.yaml]", "film.yaml:1:1: psi: psi belongs to the scenes of the clips"),
        ("clips: [film.yaml]", "a clip is a scene with a timeline; this one has clips itself"),
        ("clips: [broken.yaml]", "broken.yaml:1:13: timeline[0].wlk: unknown effect 'wlk'; did you mean 'walk'?"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(write_film, write_scene, clips, said):
    film = write_film(clips)
    write_scene("timeline: [{wlk: {keys: 3}}]", "broken.yaml")
    with pytest.raises(SceneError) as error:
        load_scene(film)
    assert said in str(error.value)


def test_clips_are_read_apart_from_the_model():
    assert "clips" in CONSUMED
