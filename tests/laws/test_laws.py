"""Every registered effect keeps every law, on its example and with each of its options."""

from __future__ import annotations

import typing

import numpy as np
import pytest

from renderer.example_song import NAME
from renderer.testing import LAWS, RENDERED, Trial, check_effect, check_identity
from renderer.timeline.sources import seed_to_z
from renderer.trial import frames
from tests.laws.law_cases import CASES, EFFECTS, EXAMPLES, OPTIONS, WALK

IDENTITIES = {
    "direction-sweep": f"{WALK}- direction-sweep: {{direction: {{hue: 3, swirl: 1}}, amount: 0}}",
    "jitter": f"{WALK}- jitter: {{amount: 0}}",
    "layer-mix": f"{WALK}- layer-mix: {{with: 14, layers: all, amount: 0}}",
    "psi-ramp": f"{WALK}- psi-ramp: {{psi: 1, center: 5}}",
    "transform": f"{WALK}- transform: {{}}",
    "pulse": f"{WALK}- pulse: {{direction: zoom, amount: 0}}",
    "flash": f"{WALK}- flash: {{amount: 0, color: red}}",
    "zoom-pulse": f"{WALK}- zoom-pulse: {{amount: 0, rotate: 30}}",
    "chroma-mix": f"{WALK}- chroma-mix: {{amount: 0}}",
    "bend": f"{WALK}- bend: {{do: invert, amount: 0}}",
    "freeze-view": f"{WALK}- freeze-view: {{amount: 0}}",
    "layer-view": f"{WALK}- layer-view: {{amount: 0}}",
    "mask-mix": f"{WALK}- mask-mix: {{with: 14, amount: 0}}",
    "model-blend": f"{WALK}- model-blend: {{with: other.safetensors, amount: 0}}",
    "noise-loop": f"{WALK}- noise-loop: {{amount: 0}}",
    "noise-strength": f"{WALK}- noise-strength: {{}}",
    "zoom": f"{WALK}- zoom: {{scale: 1, edge: tile}}",
    "rotate": f"{WALK}- rotate: {{degrees: 360, fill: true}}",
    "kaleidoscope": f"{WALK}- kaleidoscope: {{amount: 0}}",
    "mirror": f"{WALK}- mirror: {{amount: 0}}",
    "feedback": f"{WALK}- feedback: {{trail: 0}}",
    "bloom-glow": f"{WALK}- bloom-glow: {{amount: 0}}",
    "chromatic": f"{WALK}- chromatic: {{amount: 0}}",
    "grain": f"{WALK}- grain: {{amount: 0}}",
    "vignette": f"{WALK}- vignette: {{amount: 0}}",
    "colour-grade": f"{WALK}- colour-grade: {{contrast: 1, saturation: 1}}",
    "palette": f"{WALK}- palette: {{amount: 0, dither: 1}}",
    "pixelate": f"{WALK}- pixelate: {{size: 0}}",
    "blur": f"{WALK}- blur: {{radius: 0}}",
    "sharpen": f"{WALK}- sharpen: {{amount: 0}}",
    "overlay": f"{WALK}- overlay: {{text: nothing, opacity: 0}}",
    "letterbox": f"{WALK}- letterbox: {{amount: 0}}",
    "upscale": f"{WALK}- upscale: {{scale: 4, amount: 0}}",
    "crossfade": f"{WALK}- crossfade: {{amount: 0, by: luma}}",
}
SOURCES = {
    "beat-walk",
    "circle",
    "noise-walk",
    "time-warp",
    "walk",
}  # they replace what stands above, so they have no amount


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("law", [law for law in LAWS if law not in RENDERED], ids=lambda law: law.__name__)
def test_law(law, case, trial_of):
    law(trial_of(case))


@pytest.mark.parametrize("case", EXAMPLES, ids=str)
@pytest.mark.parametrize("law", RENDERED, ids=lambda law: law.__name__)
def test_rendered_law(law, case, trial_of):
    law(trial_of(case))


def test_every_registered_effect_is_tried_with_options_and_at_nothing():
    assert {case.effect for case in EXAMPLES} == set(EFFECTS)
    assert {case.effect for case in OPTIONS} == set(EFFECTS)
    assert set(IDENTITIES) | SOURCES == set(EFFECTS)
    assert {name for name, effect in EFFECTS.items() if effect.is_source} == SOURCES


def choices(annotation):
    """Return the values of a type that is a choice, alone or among others."""
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    return [value for inner in typing.get_args(annotation) for value in choices(inner)]


def test_every_value_of_every_choice_is_tried():
    tried = " ".join(case.timeline for case in CASES)
    for effect in EFFECTS.values():
        for name, field in effect.model_fields.items():
            for value in choices(field.annotation):
                assert value == field.default or str(value) in tried, f"{effect.name}: {name}: {value}"


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_amount_of_nothing_changes_no_bit(name):
    check_identity(Trial(EFFECTS[name], IDENTITIES[name]))


def test_one_call_tries_everything():
    check_effect(EFFECTS["circle"])


@pytest.mark.parametrize("n", [0, 13, 32, 39])
def test_a_frame_alone_is_bit_equal_to_that_of_a_whole_film_of_many_effects(n):
    examples = [one for one in EXAMPLES if one.effect not in SOURCES and "model:" not in EFFECTS[one.effect].head]
    stack = "".join(f"{example.timeline.splitlines()[-1]}\n" for example in examples)
    job = Trial(EFFECTS["jitter"], WALK + stack, {"fps": 20, "audio": NAME}).job()
    film = frames(job, 0, job.timeline.frames)
    assert np.array_equal(frames(job, n, n + 1)[0], film[n])


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_a_seed_is_the_same_latent_as_elsewhere(seed):
    z = np.random.RandomState(seed).randn(1, 512)
    assert np.array_equal(seed_to_z(seed, 512).numpy(), z.astype(np.float32))


def test_the_pixels_of_an_image_are_made_as_elsewhere():
    from renderer.levels import to_uint8

    trial = Trial(EFFECTS["walk"], WALK)
    job = trial.job()
    ws = job.timeline.at([0.0, 0.0, 0.0, 0.0]).ws
    x = job.timeline.generator.synthesis(ws)
    wanted = np.clip(x.numpy() * 127.5 + 128, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    assert np.array_equal(to_uint8(x), wanted)
    assert np.array_equal(frames(job, 0, 1)[0], wanted[0])


def test_names_and_ids_keep_randomness_where_it_is():
    def ws(timeline):
        job = Trial(EFFECTS["jitter"], timeline).job()
        return job.timeline.at([0.3, 1.1]).ws

    alone = ws(f"{WALK}- jitter: {{amount: 0.5}}")
    below_another = ws(f"{WALK}- layer-mix: {{with: 4, amount: 0}}\n- jitter: {{amount: 0.5}}")
    named = ws(f"{WALK}- jitter: {{amount: 0.5}}\n  id: shake")
    below_a_namesake = ws(f"{WALK}- jitter: {{amount: 0}}\n- jitter: {{amount: 0.5}}\n  id: shake")
    off = ws(f"{WALK}- jitter: {{amount: 3}}\n  enabled: false\n  id: off\n- jitter: {{amount: 0.5}}")
    assert (alone == below_another).all()
    assert (named == below_a_namesake).all()
    assert (alone == off).all()
    assert (alone != named).any()
    assert (alone != ws(f"{WALK}- jitter: {{amount: 0}}\n- jitter: {{amount: 0.5}}")).any()
