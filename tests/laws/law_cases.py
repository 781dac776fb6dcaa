"""The films on which the laws are tried: every effect's example, and one for each of its options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from renderer.job import plugins
from renderer.testing import Trial

EFFECTS = plugins().effects


@dataclass(frozen=True)
class Case:
    """Hold an effect's name, what is tried, and the timeline."""

    effect: str
    what: str
    timeline: str

    def __str__(self) -> str:
        return f"{self.effect}: {self.what}"

    def trial(self, folder: Path) -> Trial:
        return Trial(EFFECTS[self.effect], self.timeline, {"tempo": 120}, folder)


KEYS = "{0s: 3, 700ms: {seed: 14, psi: 0.6, hold: 200ms}, 2s: 3}"
WALK = f"- walk: {{keys: {KEYS}}}\n"
GRAIN = f"{WALK}- direction-sweep: {{direction: grain, amount: 6}}\n"
ROUND = "'180*sin(1s)'"
PULSE = "{0s: 0, 1s: {value: 1, ease: out-quad}, 2s: 0}"

OPTIONS = (
    *(
        Case("walk", f"{interp} in {space}", f"- walk: {{keys: {KEYS}, interp: {interp}, space: {space}}}")
        for interp in ("lerp", "slerp", "spline")
        for space in ("w", "z")
    ),
    Case("walk", "one key", "- walk: {keys: 14}"),
    Case("walk", "a range of seeds, the mean and chance", "- walk: {keys: [1-3, mean, random, {seed: 9, psi: 0.5}]}"),
    Case("walk", "an easing that overshoots", "- walk: {keys: {0s: 3, 1s: 14, 2s: 3}, ease: in-out-back}"),
    Case("noise-walk", "simplex", "- noise-walk: {kind: simplex, period: 2s, radius: 3, seed: 5}"),
    Case("noise-walk", "gaussian, shorter", "- noise-walk: {period: 200ms, seed: 1}"),
    Case("circle", "a wider loop", "- circle: {through: random, to: 5, period: 700ms}"),
    Case(
        "direction-sweep", "in z",
        "- walk: {keys: [3, 14], space: z}\n"
        f"- direction-sweep: {{direction: along_z.npy, space: z, amount: {PULSE}}}",
    ),
    Case(
        "direction-sweep", "many, some layers",
        f"{WALK}- direction-sweep: {{direction: {{hue: 1, petals: 'sin(1s)'}}, layers: {{8-13: 1, coarse: 0.5}},"
        f" amount: {PULSE}}}",
    ),
    Case("layer-mix", "an amount per layer", f"{WALK}- layer-mix: {{with: 65, layers: {{coarse: {PULSE}, 8-13: 1}}}}"),
    Case("layer-mix", "a list of layers", f"{WALK}- layer-mix: {{with: {{seed: 65, psi: 0.7}}, layers: [middle, 9]}}"),
    Case("psi-ramp", "a cutoff that moves", f"{WALK}- psi-ramp: {{psi: -0.5, cutoff: {{0s: 2, 1s: 12.5, 2s: 2}}}}"),
    Case("psi-ramp", "a centre of its own", f"{WALK}- psi-ramp: {{psi: {PULSE}, center: {{seed: 8, psi: 0.9}}}}"),
    Case("transform", "all at once", f"{WALK}- transform: {{x: {PULSE}, y: 0.1, zoom: '1.2 + 0.3*sin(1s)', spin: 2s}}"),
    Case("beat-walk", "some latents", "- beat-walk: {every: 1, latents: [3, 14, mean, 15], glide: 0.5, seed: 4}"),
    Case("beat-walk", "not in whole bars", "- beat-walk: {every: 1.5, glide: 0.2, ease: out-back}"),
    Case("pulse", "towards a latent", f"{WALK}- pulse: {{to: {{seed: 65, psi: 0.7}}, amount: {PULSE}, layers: fine}}"),
    Case("pulse", "away from the mean", f"{WALK}- pulse: {{amount: 'sin(1s)', layers: {{coarse: 0.3, 8-13: 1}}}}"),
    Case("flash", "a colour that comes and goes", f"{WALK}- flash: {{amount: {PULSE}, color: orange}}"),
    Case("flash", "darkness", f"{WALK}- flash: {{amount: '-0.8*sin(1b)**2'}}"),
    Case("zoom", "smaller, as tiles", f"{WALK}- zoom: {{scale: '1 + 0.5*sin(1s)', x: 0.2, edge: tile}}"),
    Case("zoom", "before nothing", f"{WALK}- zoom: {{scale: {{0s: 0.4, 1s: 2, 2s: 0.4}}, edge: empty}}"),
    Case("rotate", "round and round, stretched", f"{WALK}- rotate: {{spin: 700ms, x: 0.3, edge: stretch}}"),
    Case("kaleidoscope", "turned, in part", f"{WALK}- kaleidoscope: {{segments: 5, rotate: {ROUND}, amount: {PULSE}}}"),
    *(
        Case("mirror", side, f"{WALK}- mirror: {{keep: {side}, at: '0.5 + 0.2*sin(1s)', amount: 0.9}}")
        for side in ("right", "top", "bottom", "top-left", "bottom-right")
    ),
    Case("feedback", "a tunnel", f"{WALK}- feedback: {{trail: {PULSE}, zoom: 0.5, x: 0.6, edge: tile}}"),
    Case("bloom-glow", "tinted, wide", f"{WALK}- bloom-glow: {{amount: {PULSE}, threshold: 0.2, color: gold}}"),
    Case("chromatic", "a shift", f"{WALK}- chromatic: {{kind: shift, amount: 0.1, degrees: {ROUND}}}"),
    Case("grain", "in colour", f"{WALK}- grain: {{amount: {PULSE}, size: 0.03, color: true, period: 300ms}}"),
    Case("vignette", "bright, round", f"{WALK}- vignette: {{amount: {PULSE}, x: 0.3, round: true, color: white}}"),
    Case("colour-grade", "tones", f"{WALK}- colour-grade: {{lift: {PULSE}, gamma: 0.7, gain: 1.2, tint: 0.5}}"),
    Case("colour-grade", "a table", f"{WALK}- colour-grade: {{lut: teal.cube, saturation: 0.3, amount: {PULSE}}}"),
    Case("palette", "the nearest", f"{WALK}- palette: {{colors: [navy, teal, white], dither: {PULSE}}}"),
    Case("pixelate", "from fine to coarse", f"{WALK}- pixelate: {{size: {{0s: 0, 1s: 0.3, 2s: 0}}}}"),
    Case("blur", "from sharp to nothing left", f"{WALK}- blur: {{radius: {PULSE}}}"),
    Case("sharpen", "softer, wide", f"{WALK}- sharpen: {{amount: '-0.8 + 0.2*sin(1s)', radius: 0.1}}"),
    Case("overlay", "a picture", f"{WALK}- overlay: {{image: dot.png, size: 0.5, rotate: {ROUND}, opacity: {PULSE}}}"),
    Case("overlay", "a title", f"{WALK}- overlay: {{text: two words, size: 0.4, outline: navy, x: 0.4}}"),
    Case("letterbox", "a tall one", f"{WALK}- letterbox: {{aspect: 0.6, amount: {PULSE}, color: '#204060'}}"),
    Case("upscale", "by less, in part", f"{WALK}- upscale: {{with: lanczos, scale: 8, amount: {PULSE}}}"),
    *(
        Case("crossfade", by, f"{WALK}- crossfade: {{by: {by}, amount: {PULSE}, softness: 0.3, degrees: 30}}")
        for by in ("fade", "wipe", "luma")
    ),
    Case("crossfade", "a picture", f"{WALK}- crossfade: {{to: dot.png, by: iris, amount: {PULSE}}}"),
    Case("zoom-pulse", "smaller, about a corner", f"{WALK}- zoom-pulse: {{amount: '0.3*sin(1s)', x: 1, y: 0.2}}"),
    Case("chroma-mix", "colours on a walk", f"{WALK}- chroma-mix: {{layers: fine, sharpness: 1, amount: {PULSE}}}"),
    Case("time-warp", "a drift", "- time-warp: {period: 500ms, seed: 2}"),
    Case("time-warp", "a clock of its own", "- time-warp: {keys: 1-4, clock: {onset: {}, accumulate: true}, speed: 2}"),
    *(
        Case("bend", f"{do} of some layers", f"{WALK}- bend: {{do: {do}, amount: {PULSE}, layers: 2-7}}")
        for do in ("translate", "zoom", "rotate", "shear", "erode", "blur", "multiply")
    ),
    *(
        Case("bend", f"{do}, one", f"{WALK}- bend: {{do: {do}, amount: {PULSE}, layers: {{8: 0.6}}, channels: 0.7}}")
        for do in ("flip", "invert", "threshold", "ablate")
    ),
    Case("bend", "a cluster", f"{WALK}- bend: {{do: translate, angle: 30, layers: 2, cluster: 0, clusters: 2}}"),
    Case("noise-loop", "another seed", f"{GRAIN}- noise-loop: {{period: 700ms, amount: 0.9, seed: 4}}"),
    Case("noise-strength", "moving noise", f"{GRAIN}- noise-loop\n- noise-strength: {{strength: 3}}"),
    Case("freeze-view", "to a latent", f"{WALK}- freeze-view: {{to: {{seed: 65, psi: 0.7}}, amount: {PULSE}}}"),
    Case("layer-view", "one map, half", f"{WALK}- layer-view: {{layer: light, show: mean, amount: 0.5}}"),
    Case("layer-view", "colours", f"{WALK}- layer-view: {{layer: 2, channel: 2}}"),
    Case("mask-mix", "stripes", f"{WALK}- mask-mix: {{with: 65, mask: stripes, angle: 9, size: 0.3, layers: fine}}"),
    Case("mask-mix", "painted", f"{WALK}- mask-mix: {{with: 65, image: mask.png, amount: {PULSE}, x: 0.4, size: 1}}"),
    Case("mask-mix", "twice", f"{WALK}- mask-mix: {{with: 65}}\n- mask-mix: {{with: 7, mask: circle, softness: 0}}"),
    Case("model-blend", "fine layers", f"{WALK}- model-blend: {{with: other.safetensors, layers: fine}}"),
    Case("jitter", "each layer by itself", f"{WALK}- jitter: {{amount: 0.7, together: false, layers: coarse}}"),
    Case("jitter", "beats, an expression", f"{WALK}- jitter: {{amount: '0.6 + 0.3*sin(1b)', period: 1b}}"),
)  # fmt: skip

EXAMPLES = tuple(Case(name, "its example", effect.example) for name, effect in sorted(EFFECTS.items()))
CASES = (*EXAMPLES, *OPTIONS)


def write_files(folder: Path) -> None:
    """Write what the timelines name."""
    np.save(folder / "along_z.npy", np.random.RandomState(1).randn(64).astype(np.float32))
    Image.fromarray(np.uint8(255 * (np.hypot(*np.mgrid[-1:1:40j, -1:1:60j]) < 0.7))).save(folder / "mask.png")
    (folder / "teal.cube").write_text(
        "LUT_3D_SIZE 2\n" + "".join(f"{r} 0.{3 + b * 4} {b}\n" for b in (0, 1) for _ in (0, 1) for r in (0, 1))
    )
    picture = Image.new("RGBA", (20, 12))
    ImageDraw.Draw(picture).ellipse((3, 1, 16, 10), fill=(250, 200, 40, 255))
    picture.save(folder / "dot.png")
