"""`loop: true` is a guarantee for everything that moves: each effect, each kind of signal."""

from __future__ import annotations

import pytest
import torch

from renderer.errors import SceneError
from renderer.testing import Trial, check_loop
from tests.laws.law_cases import EFFECTS

# a signal in every place of an effect that takes one; those of an effect without any are in the scene's psi
PLACES = {
    "walk": "- walk: {{keys: {{0s: 3, 1s: {{seed: 14, psi: {number}}}}}}}",
    "noise-walk": "- noise-walk: {{period: 600ms}}",
    "circle": "- circle: {{period: 700ms}}",
    "direction-sweep": "- walk: {{keys: 3}}\n- direction-sweep: {{direction: {{hue: {signal}}}, amount: {signal}}}",
    "layer-mix": "- walk: {{keys: 3}}\n- layer-mix: {{with: 14, layers: {{all: {signal}}}, amount: {signal}}}",
    "psi-ramp": "- walk: {{keys: 3}}\n- psi-ramp: {{psi: {signal}, cutoff: {signal}}}",
    "transform": "- walk: {{keys: 3}}\n- transform: {{x: {signal}, y: 0.2, rotate: {signal}, spin: 700ms}}",
    "beat-walk": "- beat-walk: {{every: 1.3}}",
    "pulse": "- walk: {{keys: 3}}\n- pulse: {{direction: hue, amount: {signal}, layers: {{8-13: {signal}}}}}",
    "flash": "- walk: {{keys: 3}}\n- flash: {{amount: {signal}}}",
    "zoom-pulse": "- walk: {{keys: 3}}\n- zoom-pulse: {{amount: {signal}, x: {signal}, rotate: {signal}}}",
    "bend": "- walk: {{keys: 3}}\n- bend: {{do: zoom, amount: {signal}, layers: {{2-7: {signal}}}}}",
    "freeze-view": "- walk: {{keys: 3}}\n- freeze-view: {{to: 14, amount: {signal}}}",
    "layer-view": "- walk: {{keys: 3}}\n- layer-view: {{layer: light, amount: {signal}}}",
    "mask-mix": "- walk: {{keys: 3}}\n- mask-mix: {{with: 14, amount: {signal}, x: {signal}, angle: {signal}}}",
    "model-blend": "- walk: {{keys: 3}}\n- model-blend: {{with: other.safetensors, amount: {signal}}}",
    "noise-loop": "- walk: {{keys: 3}}\n- noise-loop: {{period: 700ms, amount: {signal}}}",
    "noise-strength": "- walk: {{keys: 3}}\n- noise-strength: {{strength: {signal}}}",
    "jitter": "- walk: {{keys: 3}}\n- jitter: {{amount: {signal}, period: 300ms, layers: {{8-13: {signal}}}}}",
    "zoom": "- walk: {{keys: 3}}\n- zoom: {{scale: 1.5, x: {signal}}}",
    "rotate": "- walk: {{keys: 3}}\n- rotate: {{degrees: {signal}, spin: 700ms, y: {signal}}}",
    "kaleidoscope": "- walk: {{keys: 3}}\n- kaleidoscope: {{turn: {signal}, spin: 900ms, amount: {signal}}}",
    "mirror": "- walk: {{keys: 3}}\n- mirror: {{at: {signal}, amount: {signal}}}",
    "feedback": "- walk: {{keys: 3}}\n- feedback: {{trail: {signal}, rotate: {signal}}}",
    "bloom-glow": "- walk: {{keys: 3}}\n- bloom-glow: {{amount: {signal}, radius: {signal}}}",
    "chromatic": "- walk: {{keys: 3}}\n- chromatic: {{amount: {signal}, degrees: {signal}}}",
    "grain": "- walk: {{keys: 3}}\n- grain: {{amount: {signal}, period: 300ms}}",
    "vignette": "- walk: {{keys: 3}}\n- vignette: {{amount: {signal}, x: {signal}}}",
    "colour-grade": "- walk: {{keys: 3}}\n- colour-grade: {{lift: {signal}, saturation: {signal}}}",
    "palette": "- walk: {{keys: 3}}\n- palette: {{dither: {signal}, amount: {signal}}}",
    "pixelate": "- walk: {{keys: 3}}\n- pixelate: {{size: {signal}}}",
    "blur": "- walk: {{keys: 3}}\n- blur: {{radius: {signal}}}",
    "sharpen": "- walk: {{keys: 3}}\n- sharpen: {{amount: {signal}, radius: {signal}}}",
    "overlay": "- walk: {{keys: 3}}\n- overlay: {{text: {{0s: one, 1s: two}}, x: {signal}, opacity: {signal}}}",
    "letterbox": "- walk: {{keys: 3}}\n- letterbox: {{aspect: {signal}, amount: {signal}}}",
    "upscale": "- walk: {{keys: 3}}\n- upscale: {{scale: 2, amount: {signal}}}",
    "crossfade": "- walk: {{keys: 3}}\n- crossfade: {{amount: {signal}, degrees: {signal}}}",
}
HEARING = {"chroma-mix", "time-warp"}  # they follow the music, which ends elsewhere than it began
CLOSING = {
    "constant": "0.7",
    "keyframes that end as they begin": "{0s: 0.5, 1s: {value: 2, ease: out-cubic}, 2s: 0.5}",
    "keyframes that end before": "{300ms: 0.5, 1s: 2}",
    "keyframes of expressions": "{0s: sin(700ms), 1s: 2, 2s: sin(700ms)}",
    "sin": "sin(700ms)",
    "tri": "tri(300ms, phase=0.3)",
    "saw": "saw(700ms)",
    "square": "square(300ms, width=0.4)",
    "pulse": "pulse(900ms, width=0.2)",
    "noise": "noise(300ms, seed=4)",
    "a named signal": "kick * 2",
    "oscillators in functions": "clamp(sin(400ms) + noise(1s), -0.5, 0.5) if sin(1s) > 0 else tri(2s)",
}
OPEN = {
    "t": ("t", "in expression 't'"),
    "progress": ("progress * 2", "in expression 'progress * 2'"),
    "beat": ("beat / 4", "in expression 'beat / 4'"),
    "keyframes that end elsewhere": ("{0s: 0, 2s: 1}", "the first key is 0"),
    "a named signal of t": ("open", "signals.open"),
}
HEAD = {"tempo": 120, "signals": {"kick": "pulse(500ms, width=0.3)"}}


def trial_of(name, signal, **head):
    number = signal if not signal.startswith("{") else "0.7"
    timeline = PLACES[name].format(signal=quoted(signal), number=quoted(number))
    own = {"psi": signal} if name in ("noise-walk", "circle", "beat-walk") and not signal.startswith("{") else {}
    return Trial(EFFECTS[name], timeline, {**HEAD, **own, **head})


def quoted(signal):
    return signal if signal.startswith("{") else f"'{signal}'"


def test_every_registered_effect_is_looped():
    assert set(PLACES) | HEARING == set(EFFECTS)


@pytest.mark.parametrize("name", sorted(HEARING))
def test_what_hears_the_music_cannot_close(name):
    with pytest.raises(SceneError, match=r"the loop cannot close: .* follows the music"):
        Trial(EFFECTS[name], EFFECTS[name].example, {"loop": True}).job()


@pytest.mark.parametrize("signal", CLOSING.values(), ids=CLOSING)
@pytest.mark.parametrize("name", PLACES)
def test_the_end_is_the_beginning(name, signal):
    timeline = trial_of(name, signal, loop=True).job().timeline
    end = timeline.plan.duration
    torch.testing.assert_close(timeline.at([end, end / 2]).ws[0], timeline.at([0.0, 0.3]).ws[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("signal", "said"), OPEN.values(), ids=OPEN)
@pytest.mark.parametrize("name", [name for name, place in PLACES.items() if "signal" in place])
def test_what_cannot_close_is_named(name, signal, said):
    trial = trial_of(name, signal, loop=True, signals={"kick": "1", **({"open": "t"} if signal == "open" else {})})
    with pytest.raises(SceneError, match="the loop cannot close") as refused:
        trial.job()
    assert said in str(refused.value)
    assert f".{name}." in str(refused.value) or "signals.open" in str(refused.value)


@pytest.mark.parametrize("signal", ["0.5 + t/2", "{0s: 0, 2s: 1}", "progress"])
@pytest.mark.parametrize("name", PLACES)
def test_a_blend_closes_what_is_open(name, signal):
    check_loop(trial_of(name, signal))


def test_a_walk_that_ends_elsewhere_is_named():
    with pytest.raises(SceneError, match=r"walk.keys.2s: the loop cannot close"):
        Trial(EFFECTS["walk"], "- walk: {keys: {0s: 3, 2s: 14}}", {"loop": True}).job()


@pytest.mark.parametrize("window", ["from: 500ms", "to: 1500ms", "from: 1s\n  fade: 1s"])
def test_a_window_that_is_open_at_one_end_is_named(window):
    with pytest.raises(SceneError, match=r"timeline\[1\].*: the loop cannot close: this entry is on where"):
        Trial(EFFECTS["jitter"], f"- walk: {{keys: 3}}\n- jitter: {{}}\n  {window}", {"loop": True}).job()


def test_an_image_effect_blends_too():
    from renderer import ImageEffect

    class Darken(ImageEffect):
        """Darken as time goes by."""

        name = "darken"
        example = "- walk: {keys: 3}\n- darken: {}"

        def apply(self, x, p, frame):
            return x * (1 - frame.progress.float().reshape(-1, 1, 1, 1) / 2)

    check_loop_of = Trial(Darken, Darken.example, {"loop": {"blend": "0.5s"}})
    with pytest.raises(AssertionError, match="does not close a loop"):
        check_loop(check_loop_of)  # without a blend it is open
    job = check_loop_of.job()
    end, start = (check_loop_of.view(job, [t]) for t in (1.9999, 0.0))
    torch.testing.assert_close(end, start, atol=1e-3, rtol=1e-3)
