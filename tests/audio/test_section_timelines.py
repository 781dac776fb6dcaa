"""Sections with timelines of their own: when they are on, how they fade, and what their times count from."""

from __future__ import annotations

import numpy as np
import pytest

import renderer
from renderer.errors import SceneError
from renderer.trial import frames

SCENE = """\
size: 32
fps: 10
duration: 8s
tempo: 120
sections:
  verse: [0s, 6s]
  drop: {at: [2s, bar 3], fade: 500ms, timeline: [{walk: {keys: {0s: 5, 1b: 6}}}, {direction-sweep: {direction: hue}}]}
  out: 5s
timeline: [{walk: {keys: 3}}]
"""


@pytest.fixture
def made(write_scene):
    """Return a function that makes a film of a scene ready, on the embedded generator."""
    return lambda text=SCENE: renderer.prepare(renderer.load_scene(write_scene(text)))


def test_sections_are_where_the_scene_says(made):
    sections = made().timeline.plan.music.sections
    found = [(one.label, one.start, one.end, one.repeat) for one in sections.items]
    assert found == [
        ("verse", 0, 2, 0), ("drop", 2, 4, 0), ("drop", 4, 5, 1), ("out", 5, 6, 0), ("verse", 6, 8, 1)
    ]  # fmt: skip
    assert sections.labels == ("verse", "drop", "out")
    assert sections.at([0, 1.99, 2, 5.5, 9]).tolist() == [0, 0, 1, 3, 4]


def test_each_time_counts_from_the_start_of_its_section(made):
    timeline = made().timeline
    for start in (2.0, 4.0):
        assert timeline.at([start + 0.5]).ws == pytest.approx(timeline.at([2.5]).ws, abs=1e-5)
        assert timeline.at([start + 0.9]).ws == pytest.approx(timeline.at([start + 0.5]).ws, abs=1e-5)


def test_the_film_goes_on_between_its_sections_and_they_fade(made):
    timeline = made().timeline
    film = timeline.at([0.0]).ws
    assert (timeline.at([1.9, 5.6, 7.0]).ws == film).all()
    assert (timeline.at([2.5]).ws != film).any()
    shares = [share(np.array([1.9, 2.0, 2.25, 2.5, 3.9, 4.25, 4.5])) for share, _ in timeline.parts]
    assert shares[0] == pytest.approx([0, 0, 0.5, 1, 1, 0.5, 0])
    assert shares[1] == pytest.approx([0, 0, 0, 0, 0, 0.5, 1])
    half, whole = timeline.at([2.25]).ws, timeline.at([4.75]).ws
    assert (half != film).any()
    assert (half != whole).any()


def test_a_frame_of_a_section_alone_is_equal_to_that_in_the_film(made):
    job = made()
    film = frames(job, 0, 80)
    for frame in (19, 22, 41, 79):
        assert (frames(job, frame, frame + 1)[0] == film[frame]).all()


def test_a_manifest_gives_the_same_film(made, write_scene, render_command, tmp_path):
    write_scene(SCENE)
    assert render_command("scene.yaml", "--at", "2.3s", "-o", "a.png", "-q").returncode == 0
    again = render_command("a.png.json", "-o", "b.png", "-q")
    assert (again.returncode, again.stderr) == (0, "")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_image_effects_of_a_section_fade_with_it(made):
    text = SCENE.replace("{direction-sweep: {direction: hue}}", "{flash: {amount: 1}}")
    job = made(text)
    light = frames(job, 0, 80).mean(axis=(1, 2, 3))
    assert light[30] > light[10] + 20
    assert light[30] > light[22] > light[19] - 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("fade: 500ms", "fade: 9s"), "sections.drop.fade: expected a fade no longer than the section"),
        (("direction: hue", "direction: hu"), "sections.drop.timeline[1].direction-sweep.direction: unknown direction"),
        (("{walk: {keys: {0s: 5, 1b: 6}}}", "{wlk: {}}"), "unknown effect 'wlk'; did you mean 'walk'?"),
        (("out: 5s", "out: 6s"), "sections.out: starts at 6s, when verse starts already"),
        (("out: 5s", "out: {}"), "sections.out: expected `at`, the times at which it starts"),
        (("fps: 10", "fps: 10\nloop: true"), "sections: the loop cannot close: the film ends in another section"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(made, change, said):
    with pytest.raises(SceneError) as raised:
        made(SCENE.replace(*change))
    assert said in str(raised.value)
    assert len(raised.value.problems) == 1
