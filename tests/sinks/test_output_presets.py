"""Output presets: the size, rate and limits of a place, in a scene and on the command line."""

from __future__ import annotations

from fractions import Fraction

import pytest

from renderer import Run, load_scene, prepare
from renderer.api import open_sinks
from renderer.errors import LatentreelError
from renderer.values.output_preset import PRESETS

SCENE = """
model: bloom
fps: 30
duration: {seconds}s
timeline: [{{walk: {{keys: [3, 14]}}}}]
{more}
"""


@pytest.fixture
def opened(write_scene):
    """Return a function that opens the outputs of a scene, and gives what each is to write."""

    def opened(more: str, seconds: float = 4, output: str | None = None, **options):
        job = prepare(load_scene(write_scene(SCENE.format(more=more, seconds=seconds), "fern.yaml")), Run(**options))
        return job, [getattr(one, "sink", one) for one in open_sinks(job, output, range(job.timeline.frames))]

    return opened


def test_a_name_is_an_output_and_the_film_is_rendered_at_its_size(opened):
    job, (sink,) = opened("output: reel")
    assert job.size == (1080, 1920)
    assert sink.spec.path.as_posix() == "out/fern.reel.mp4"
    assert (sink.spec.width, sink.spec.height, sink.spec.fps) == (1080, 1920, 30)
    assert sink.spec.max_rate == 25_000_000
    assert "-maxrate" in sink.picture()


def test_outputs_of_several_places_come_from_one_film(opened):
    job, (story, gif) = opened("size: [64, 128]\noutput: [{file: a.mp4, preset: story}, gif-small]")
    assert job.size == (64, 128)
    assert (story.spec.width, story.spec.height) == (1080, 1920)
    assert (gif.spec.width, gif.spec.height, gif.spec.fps) == (64, 128, 15)
    assert gif.spec.max_bytes == 8_000_000


def test_what_stands_beside_a_preset_goes_before_it(opened):
    _, (sink,) = opened("size: 64\noutput: {preset: reel, size: 128, fps: 24, file: b.mp4}")
    assert (sink.spec.width, sink.spec.height, sink.spec.fps) == (128, 128, 24)


def test_the_command_line_chooses_a_preset_instead_of_the_scenes_outputs(opened):
    job, (sink,) = opened("size: 64\noutput: a.gif", preset="square")
    assert job.size == (1080, 1080)
    assert sink.spec.path.as_posix() == "out/fern.square.mp4"


def test_a_rate_that_a_place_does_not_take_becomes_one_that_it_does():
    assert PRESETS["reel"].rate_for(Fraction(12)) == 30
    assert PRESETS["reel"].rate_for(Fraction(24)) == 24
    assert PRESETS["gif-small"].size_for((1920, 1080)) == (480, 270)


def test_the_rate_of_a_long_film_keeps_it_below_the_limit():
    reel = PRESETS["reel"]
    rate = reel.rate_within(900)
    assert rate < reel.max_rate
    assert (rate + 320_000) * 900 / 8 < reel.max_bytes


@pytest.mark.parametrize(
    ("more", "seconds", "said"),
    [
        ("output: reel", 2, "fern.yaml:6:9: output: an Instagram reel takes films of 3s to 15:00, this one has 2s"),
        ("output: [{file: a.mp4, preset: story}]", 61, "takes films of 3s to 1:00, this one has 1:01"),
        ("output: {file: a.mp4, preset: real}", 4, "did you mean 'reel'?"),
        ("output: {file: a.gif, preset: reel}", 4, "reel is written as .mp4 or .m4v, not as a.gif"),
        ("output: {size: 64}", 4, "'file' is missing"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(opened, more, seconds, said):
    with pytest.raises(LatentreelError, match=r"fern\.yaml:6:") as error:
        opened(more, seconds)
    assert said in str(error.value)


def test_a_film_too_long_for_the_preset_of_the_command_line_is_refused(opened):
    with pytest.raises(LatentreelError, match="an Instagram story takes films of 3s to 1:00"):
        opened("size: 64", 61, preset="story")
