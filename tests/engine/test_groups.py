"""Groups of entries are laid over what stands above them, and frames stay functions of their time."""

from __future__ import annotations

import jsonschema
import numpy as np
import pytest
import torch
import yaml

from renderer import SceneError, load_scene
from renderer.api import iterate_frames, prepare
from renderer.blending import BLENDS, laid_over
from renderer.group import Group
from renderer.job import Run, plugins
from renderer.scene.load import resolved_scene
from renderer.scene.schema import scene_schema

HEAD = "model: bloom\nfps: 8\nduration: 1s\nsize: 24\n"
WALK = "  - walk: {keys: [3, 14]}\n"


@pytest.fixture
def film(write_scene):
    """Return a function from the entries of a timeline to its job, and one to its frames."""

    def make(timeline, head="", batch=4):
        return prepare(load_scene(write_scene(f"{HEAD}{head}\ntimeline:\n{timeline}")), Run(batch=batch, device="cpu"))

    return make


def shown(job, frames=None):
    return np.concatenate(list(iterate_frames(job, frames))).astype(int)


def over(below, above, mode="normal", opacity=1.0):
    below, above = (torch.from_numpy(one).float().permute(0, 3, 1, 2) / 255 for one in (below, above))
    laid = laid_over(below, above, mode, torch.full((len(below),), opacity))
    return laid.permute(0, 2, 3, 1).numpy() * 255


@pytest.mark.parametrize("mode", BLENDS)
def test_a_picture_of_its_own_is_laid_over(film, mode):
    group = f"  - group:\n      - walk: {{keys: 65}}\n    blend: {mode}\n    opacity: 0.6\n"
    laid = shown(film(WALK + group))
    wanted = over(shown(film(WALK)), shown(film("  - walk: {keys: 65}\n")), mode, 0.6)
    steep = mode in ("color-dodge", "color-burn")  # where a grey level makes many
    assert np.abs(laid - wanted).max() <= (40 if steep else 3)
    assert np.abs(laid - wanted).mean() <= 1


def test_a_group_works_on_what_stands_above(film):
    """Latents and pictures, without its own source; and what stands below works on both."""
    above, below = f"{WALK}  - mirror\n", "  - pixelate: {size: 0.2}\n"
    group = "  - group:\n      - direction-sweep: {direction: hue, amount: 3}\n      - blur: {radius: 0.03}\n"
    inner = "  - direction-sweep: {direction: hue, amount: 3}\n  - blur: {radius: 0.03}\n"
    swept = f"{WALK}  - direction-sweep: {{direction: hue, amount: 3}}\n  - mirror\n  - blur: {{radius: 0.03}}\n"
    assert np.abs(shown(film(above + group)) - shown(film(swept))).max() <= 1
    assert np.abs(shown(film(above + group + below)) - shown(film(swept + below))).max() <= 1
    assert np.abs(shown(film(above + inner)) - shown(film(swept))).max() <= 1


def test_image_effects_alone_need_no_second_synthesis(film):
    job = film(f"{WALK}  - group:\n      - blur: {{radius: 0.1}}\n      - mirror\n    opacity: 0.5\n")
    count, synthesis = 0, job.timeline.generator.synthesis

    def counting(*given, **options):
        nonlocal count
        count += 1
        return synthesis(*given, **options)

    job.timeline.generator.synthesis = counting
    laid = shown(job)
    assert count == 2  # batches of four frames
    wanted = over(shown(film(WALK)), shown(film(f"{WALK}  - blur: {{radius: 0.1}}\n  - mirror\n")), "normal", 0.5)
    assert np.abs(laid - wanted).max() <= 1


def test_a_group_that_is_not_seen_keeps_every_bit(film):
    plain = shown(film(WALK))
    for options in ("opacity: 0", "enabled: false", "from: 0.5s", "opacity: {0s: 0, 0.5s: 0, 0.6s: 1}"):
        laid = shown(film(f"{WALK}  - group:\n      - walk: {{keys: 65}}\n    {options}\n"))
        assert np.array_equal(laid[:4], plain[:4]), options
        assert np.array_equal(laid[5:], plain[5:]) == options.startswith(("opacity: 0", "enabled"))


NESTED = """
  - group:
      - walk: {keys: {0s: 7, 1s: 7}}
      - jitter: {amount: 0.4}
      - group:
          - bend: {do: multiply, amount: 0.5, layers: 2}
          - feedback: {zoom: 1.1}
        blend: difference
        opacity: 0.7
    blend: screen
    fade: 0.2s
    from: 0.2s
    to: 1s
  - feedback
"""


@pytest.mark.parametrize("head", ["", "loop: {blend: 0.4s}"])
def test_frames_of_nested_groups_are_the_same_alone(film, head):
    whole = shown(film(WALK + NESTED, head))
    for frame in (0, 3, 7):
        assert np.array_equal(shown(film(WALK + NESTED, head), range(frame, frame + 1))[0], whole[frame])
    assert np.abs(whole - shown(film(WALK, head))).mean() > 5


def test_randomness_of_others_stays_where_a_group_comes_in(film):
    jitter = "  - jitter: {amount: 0.5}\n"
    group = "  - group:\n      - jitter: {amount: 1}\n    opacity: 0\n"
    assert np.array_equal(shown(film(WALK + jitter)), shown(film(WALK + group + jitter)))


def test_defaults_and_lengths_reach_into_groups(film):
    group = "  - walk: {keys: 3}\n  - group:\n      - walk: {keys: {0s: 3, 5s: 14}}\n"
    job = film(group, head="defaults: {walk: {interp: lerp}}")
    assert job.scene.entries[2].effect.interp == "lerp"
    assert resolved_scene(job.scene)["timeline"][1]["group"][0]["walk"]["interp"] == "lerp"
    text = job.scene.path.read_text().replace("duration: 1s\n", "")
    job.scene.path.write_text(text)
    assert prepare(load_scene(job.scene.path)).timeline.plan.duration == 5


def test_a_group_in_a_section(film):
    head = "sections: {a: {at: 0s, timeline: [{group: [{walk: {keys: 65}}], blend: add}]}, b: {at: 0.5s}}"
    laid, plain = shown(film(WALK, head)), shown(film(WALK))
    assert np.abs(laid[1] - plain[1]).mean() > 5
    assert np.array_equal(laid[6], plain[6])


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("group: []", "timeline[1].group: expected a list of effects, got []"),
        ("{group: [{wlak: {}}]}", "did you mean 'walk'"),
        ("{group: [{walk: {keys: 3}}], blend: scren}", "timeline[1].blend:"),
        ("{group: [{walk: {keys: 3}}], opacty: 1}", "did you mean 'opacity'"),
        ("{group: [{walk: {keys: 3}}], opacity: kik}", "timeline[1].opacity:"),
        ("{group: [{direction-sweep: {direction: nohue}}]}", "timeline[1].group[0].direction-sweep.direction:"),
    ],
)
def test_mistakes_are_told_where_they_stand(film, group, said):
    with pytest.raises(SceneError) as error:
        film(f"{WALK}  - {group}\n")
    assert said in str(error.value)
    assert "scene.yaml:8" in str(error.value)


def test_editors_know_groups():
    schema = scene_schema(plugins())
    timeline = yaml.safe_load(WALK + NESTED)
    jsonschema.validate({"timeline": timeline}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"timeline": [{"group": ["walk"], "blend": "scren"}]}, schema)
    assert set(BLENDS) == set(Group.model_fields["blend"].annotation.__args__)
