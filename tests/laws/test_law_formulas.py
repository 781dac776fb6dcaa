"""Each effect computes what its formula says, as written here a second time in numpy, without anything of ours."""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from renderer.example_song import NAME
from renderer.testing import Trial
from tests.laws.law_cases import EFFECTS

SEED, SIZE = 7, 64
TIMES = np.array([0.0, 0.25, 0.9, 1.0, 1.3, 2.0])


@pytest.fixture(scope="module")
def generator():
    return Trial(EFFECTS["circle"], "- circle: {}").job().timeline.generator


@pytest.fixture(scope="module")
def mapped(generator):
    """Return a function from z [N, 64] to w [N, 64]: z of unit variance, stretched, about the mean."""
    mean, spectrum = generator.w_avg.numpy().astype(np.float64), generator.spectrum.numpy().astype(np.float64)
    return lambda z: mean + z / np.sqrt((z**2).mean(-1, keepdims=True) + 1e-8) * spectrum


@pytest.fixture(scope="module")
def mean(generator):
    return generator.w_avg.numpy().astype(np.float64)


def ws_of(name, timeline, **head):
    """Return what the stack makes, float64 [N, num_ws, w_dim]."""
    job = Trial(EFFECTS[name], timeline, head).job()
    return job.timeline.at(TIMES).ws.numpy().astype(np.float64)


def z_of(seed):
    return np.random.RandomState(seed).randn(1, SIZE)[0]


def layers(w):
    return np.repeat(np.asarray(w)[:, None], 14, axis=1)


def near(a, b):
    np.testing.assert_allclose(a, b, atol=2e-5, rtol=1e-5)


def arc(a, b, amount):
    """Interpolate the angle between two vectors, and the length."""
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    angle = math.acos(np.dot(a, b) / na / nb)
    unit = (math.sin((1 - amount) * angle) * a / na + math.sin(amount * angle) * b / nb) / math.sin(angle)
    return unit * (na + (nb - na) * amount)


def hashed_normals(key, size):
    """Return the normals of a lattice point: numpy's frozen generator, seeded by a hash of the key's text."""
    words = np.frombuffer(hashlib.blake2b(repr(key).encode(), digest_size=16).digest(), "<u4")
    return np.random.RandomState(words.tolist()).standard_normal(size)


def test_walk_straight_with_psi_and_a_hold(mapped, mean):
    ws = ws_of(
        "walk", "- walk: {keys: {0s: 3, 1s: {seed: 14, psi: 0.5, hold: 500ms}, 2s: 15}, interp: lerp, ease: linear}"
    )
    a, b, c = (mapped(z_of(seed)) for seed in (3, 14, 15))
    way = [(a, b, 0, 1), (a, b, 0.25, 0.875), (a, b, 0.9, 0.55), (b, c, 0, 0.5), (b, c, 0, 0.5), (b, c, 1, 1)]
    near(ws, layers([mean + psi * (x + (y - x) * amount - mean) for x, y, amount, psi in way]))


def test_walk_along_the_arc_around_the_mean(mapped, mean):
    ws = ws_of("walk", "- walk: {keys: {0s: 3, 2s: 14}, ease: in-out-sine}")
    a, b = mapped(z_of(3)) - mean, mapped(z_of(14)) - mean
    eased = (1 - np.cos(np.pi * TIMES / 2)) / 2
    near(ws, layers([mean + arc(a, b, amount) for amount in eased]))


def test_walk_in_z(mapped):
    ws = ws_of("walk", "- walk: {keys: {0s: 3, 2s: 14}, space: z, ease: linear}")
    near(ws, layers([mapped(arc(z_of(3), z_of(14), t / 2)) for t in TIMES]))


def test_walk_overshoots_along_the_arc(mapped, mean):
    ws = ws_of("walk", "- walk: {keys: {0s: 3, 2s: 14}, ease: in-back}")
    a, b, x = mapped(z_of(3)) - mean, mapped(z_of(14)) - mean, TIMES / 2
    eased = 2.70158 * x**3 - 1.70158 * x**2
    assert eased.min() < -0.09
    near(ws, layers([mean + arc(a, b, amount) for amount in eased]))


def test_walk_on_an_open_spline(mapped):
    ws = ws_of("walk", "- walk: {keys: {0s: 3, 1s: 14, 2s: 15}, interp: spline, ease: linear}")
    a, b, c = (mapped(z_of(seed)) for seed in (3, 14, 15))
    bend = 1.5 * (a - 2 * b + c)  # the second derivative at the middle of three knots, 0 at the ends

    def value(t):
        if t <= 1:
            return a * (1 - t) + b * t + bend / 6 * (t**3 - t)
        return c * (t - 1) + b * (2 - t) + bend / 6 * ((2 - t) ** 3 - (2 - t))

    near(ws, layers([value(t) for t in TIMES]))


def test_walk_on_a_closed_spline(mapped):
    ws = ws_of("walk", "- walk: {keys: {0s: 3, 1s: 14}, interp: spline, ease: linear}", loop=True)
    a, b = (mapped(z_of(seed)) for seed in (3, 14))
    bend = 6 * (a - b)  # at b, and -bend at a: two knots that go round

    def value(t):
        x, t = (t, t) if t <= 1 else (2 - t, t)
        return a * (1 - x) + b * x + ((1 - x) ** 3 - (1 - x)) / 6 * -bend + (x**3 - x) / 6 * bend

    near(ws, layers([value(t) for t in TIMES]))


def test_circle(mapped):
    ws = ws_of("circle", "- circle: {through: 3, to: 14, period: 1600ms}")
    angle = 2 * np.pi * TIMES[:, None] / 1.6
    near(ws, layers(mapped(np.cos(angle) * z_of(3) + np.sin(angle) * z_of(14))))


def test_circle_fits_a_loop(mapped):
    ws = ws_of("circle", "- circle: {through: 3, to: 14, period: 1600ms}", loop=True)
    angle = 2 * np.pi * TIMES[:, None] / 2
    near(ws, layers(mapped(np.cos(angle) * z_of(3) + np.sin(angle) * z_of(14))))


def test_noise_walk_smoothed_by_a_gaussian(mapped):
    ws = ws_of("noise-walk", "- noise-walk: {period: 400ms, seed: 2}")

    def value(t):
        points = range(-20, 32)
        weights = np.array([math.exp(-0.5 * ((t - 0.2 * i) / 0.4) ** 2) for i in points])
        normals = [hashed_normals((SEED, "noise-walk 0", "2", round(i * 0.2 * 1e6)), SIZE) for i in points]
        return np.tensordot(weights, normals, 1) / np.linalg.norm(weights)

    np.testing.assert_allclose(ws, layers([mapped(value(t)) for t in TIMES]), atol=1e-5)


def test_noise_walk_through_simplex_noise(mapped):
    ws = ws_of("noise-walk", "- noise-walk: {kind: simplex, period: 1s, radius: 2, seed: 2}")
    key = (SEED, "noise-walk 0", 2)
    words = np.frombuffer(hashlib.blake2b(repr(key).encode(), digest_size=16).digest(), "<u4")
    state = np.random.RandomState(words.tolist())
    salts = state.randint(0, 2**63, SIZE, np.uint64)
    shift = state.uniform(0, 64, (2, SIZE))

    def mixed(i, j, salt):
        word = 2**64 - 1
        h = (i * 0x9E3779B97F4A7C15 + int(salt)) & word
        for part in (j, 0):
            h = (h + part * 0xD1B54A32D192ED03) & word
            h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & word
            h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & word
            h ^= h >> 31
        return 2 * math.pi * h / 2**64

    def plane(x, y, salt):
        skewed = (x + y) * (math.sqrt(3) - 1) / 2
        i, j = math.floor(x + skewed), math.floor(y + skewed)
        u = (3 - math.sqrt(3)) / 6
        below = x - i + (i + j) * u > y - j + (i + j) * u
        total = 0.0
        for di, dj in ((0, 0), (1, 0) if below else (0, 1), (1, 1)):
            dx, dy = x - (i + di) + (i + j + di + dj) * u, y - (j + dj) + (i + j + di + dj) * u
            angle = mixed(i + di, j + dj, salt)
            total += max(0.5 - dx * dx - dy * dy, 0) ** 4 * (math.cos(angle) * dx + math.sin(angle) * dy)
        return 184 * total

    def value(t):
        x, y = 2 * math.cos(2 * math.pi * t), 2 * math.sin(2 * math.pi * t)
        return np.array([plane(x + shift[0, k], y + shift[1, k], salts[k]) for k in range(SIZE)])

    near(ws, layers([mapped(value(t)) for t in TIMES]))


def test_jitter(mapped):
    ws = ws_of("jitter", "- walk: {keys: 3}\n- jitter: {amount: 0.3, period: 400ms, layers: {2-3: 0.5, 8: 1}}")

    def noise(t):
        i = math.floor(t / 0.4 + 1e-12)
        x = t / 0.4 - i
        blend = 6 * x**5 - 15 * x**4 + 10 * x**3
        near, far = (hashed_normals((SEED, "jitter 0", "", round(k * 0.4 * 1e6)), (1, SIZE))[0] for k in (i, i + 1))
        return ((1 - blend) * near + blend * far) / math.hypot(1 - blend, blend)

    amounts = np.zeros(14)
    amounts[[2, 3, 8]] = 0.15, 0.15, 0.3
    wanted = [mapped(z_of(3)) + amounts[:, None] * noise(t) for t in TIMES]
    near(ws, np.array(wanted))


def test_transform():
    timeline = "- walk: {keys: 3}\n- transform: {x: 0.1, rotate: 20}\n- transform: {y: '0.3*t', rotate: 50, zoom: 2}"
    job = Trial(EFFECTS["transform"], timeline).job()
    given = job.timeline.synthesis_inputs(TIMES).transform.numpy()

    def shown(x, y, degrees, zoom):
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        return (
            np.array([[1, 0, x], [0, 1, y], [0, 0, 1]]) @ [[c, s, 0], [-s, c, 0], [0, 0, 1]] @ np.diag([zoom, zoom, 1])
        )

    wanted = [np.linalg.inv(shown(0, 0.3 * t, 50, 2) @ shown(0.1, 0, 20, 1)) for t in TIMES]
    near(given, wanted)


def test_direction_sweep_in_w(mapped, generator):
    ws = ws_of(
        "direction-sweep",
        "- walk: {keys: 3}\n- direction-sweep: {direction: {hue: 2, swirl: -1}, amount: {0s: 0, 2s: 1}, layers: 8-13}",
    )
    moved = (2 * generator.directions["hue"] - generator.directions["swirl"]).numpy()
    moved = moved * (np.arange(14) >= 8)[:, None]
    near(ws, layers([mapped(z_of(3))] * 6) + TIMES[:, None, None] / 2 * moved)


def test_direction_sweep_in_z(mapped, tmp_path):
    step = np.random.RandomState(5).randn(SIZE).astype(np.float32)
    np.save(tmp_path / "step.npy", step)
    timeline = (
        "- walk: {keys: 3, space: z}\n- jitter: {amount: 0.4}\n"
        "- direction-sweep: {direction: step.npy, space: z, amount: '2*t'}"
    )
    trial = Trial(EFFECTS["direction-sweep"], timeline, {}, tmp_path)
    job = trial.job()
    above, after = (one.timeline.at(TIMES).ws.numpy() for one in (trial.without(job), job))
    moved = mapped(z_of(3) + 2 * TIMES[:, None] * step) - mapped(z_of(3))
    near(after - above, layers(moved))


def test_layer_mix(mapped, mean):
    ws = ws_of(
        "layer-mix",
        "- walk: {keys: 3}\n"
        "- layer-mix: {with: {seed: 14, psi: 0.8}, layers: {fine: 0.5, 0-1: {0s: 0, 2s: 1}}, amount: '1 - t/4'}",
    )
    amounts = np.zeros((6, 14))
    amounts[:, 8:] = 0.5  # at 64 px and above
    amounts[:, :2] = TIMES[:, None] / 2
    amounts *= 1 - TIMES[:, None] / 4
    here, there = mapped(z_of(3)), mean + 0.8 * (mapped(z_of(14)) - mean)
    near(ws, here + amounts[:, :, None] * (there - here))


def test_psi_ramp(mapped):
    ws = ws_of("psi-ramp", "- walk: {keys: 3}\n- psi-ramp: {psi: '0.5 - t', cutoff: '3 + t', center: 8}")
    here, centre = mapped(z_of(3)), mapped(z_of(8))
    share = np.clip(3 + TIMES[:, None] - np.arange(14), 0, 1)[:, :, None]
    pulled = centre + (0.5 - TIMES)[:, None, None] * (here - centre)
    near(ws, here + share * (pulled - here))


def test_psi_of_the_scene(mapped, mean):
    ws = ws_of("walk", "- walk: {keys: {0s: 3, 2s: 14}, interp: lerp, ease: linear}", psi="0.5 + t/4", cutoff=4)
    a, b = mapped(z_of(3)), mapped(z_of(14))
    straight = a + (b - a) * TIMES[:, None] / 2
    wanted = layers(straight)
    wanted[:, :4] = layers(mean + (0.5 + TIMES / 4)[:, None] * (straight - mean))[:, :4]
    near(ws, wanted)


def test_beat_walk(mapped, mean):
    ws = ws_of("beat-walk", "- beat-walk: {every: 1, seed: 2, glide: 0.5, ease: linear}", tempo=60, offset="250ms")

    def key(step):
        words = np.frombuffer(
            hashlib.blake2b(repr((SEED, "beat-walk 0", f"2  {step}")).encode(), digest_size=16).digest(), "<u4"
        )
        return mapped(np.random.RandomState(words.tolist()).standard_normal(SIZE)) - mean

    wanted = []
    for t in TIMES:
        step = math.floor(t - 0.25)
        way = max(2 * (t - 0.25 - step) - 1, 0)
        wanted.append(mean + arc(key(step), key(step + 1), way))
    near(ws, layers(wanted))


def test_beat_walk_returns_to_its_latents_with_the_section():
    ends = "{verse: [0s, 1s], chorus: [500ms, 1500ms]}"
    timeline = "- beat-walk: {every: 1, glide: 0.5, latents: [1, 2, 3, 4, 5]}"
    job = Trial(EFFECTS["beat-walk"], timeline, {"tempo": 240, "sections": yaml.safe_load(ends)}).job()
    at = job.timeline.at([0.1, 0.35, 0.6, 0.85, 1.1, 1.35, 1.6, 1.85]).ws
    assert (at[:4] == at[4:]).all()
    assert len(at[:4].unique(dim=0)) == 4


def test_pulse_along_a_direction(mapped, generator):
    ws = ws_of("pulse", "- walk: {keys: 3}\n- pulse: {direction: {hue: 2}, amount: t, layers: 8-13}")
    moved = 2 * generator.directions["hue"].numpy() * (np.arange(14) >= 8)[:, None]
    near(ws, layers([mapped(z_of(3))] * 6) + TIMES[:, None, None] * moved)


def test_pulse_towards_a_latent_and_away_from_the_mean(mapped, mean):
    here, there = mapped(z_of(3)), mapped(z_of(14))
    ws = ws_of("pulse", "- walk: {keys: 3}\n- pulse: {to: 14, amount: t/2}")
    near(ws, layers([here + t / 2 * (there - here) for t in TIMES]))
    ws = ws_of("pulse", "- walk: {keys: 3}\n- pulse: {amount: t/2}")
    near(ws, layers([here + t / 2 * (here - mean) for t in TIMES]))


def test_chroma_mix(mapped, mean):
    head = {"audio": NAME, "psi": 0.8}
    trial = Trial(EFFECTS["chroma-mix"], "- chroma-mix: {latents: 21-32, sharpness: 2}", head)
    job = trial.job()
    ws = job.timeline.at(TIMES).ws.numpy().astype(np.float64)
    chroma = job.timeline.plan.music.hear({"chroma": {}, "smooth": "250ms"})(TIMES).astype(np.float64)
    assert chroma.std(0).max() > 0.1
    weights = chroma**2 / np.sqrt((chroma**4).sum(1, keepdims=True))
    away = np.array([mapped(z_of(seed)) - mean for seed in range(21, 33)])
    near(ws, layers(mean + 0.8 * weights @ away))


def test_time_warp(mapped, mean):
    timeline = "- time-warp: {keys: {0s: 3, 4s: 14}, clock: {rms: {}, accumulate: true}, speed: 1.5}"
    job = Trial(EFFECTS["time-warp"], timeline, {"audio": NAME}).job()
    ws = job.timeline.at(TIMES).ws.numpy().astype(np.float64)
    clock = job.timeline.plan.music.hear({"rms": {}, "accumulate": True})(TIMES)[:, 0].astype(np.float64)
    assert (np.diff(clock) > 0).all()
    a, b = mapped(z_of(3)) - mean, mapped(z_of(14)) - mean
    near(ws, layers([mean + arc(a, b, amount) for amount in np.clip(1.5 * clock / 4, 0, 1)]))


def pictures(name, entry):
    """Return images [N, 3, H, W] in 0..1 without an effect and with it."""
    trial = Trial(EFFECTS[name], f"- walk: {{keys: [3, 14]}}\n- {name}: {entry}", {"size": [40, 32]})
    jobs = trial.without(trial.job()), trial.job()
    return [((trial.view(job, TIMES) + 1) / 2).numpy().astype(np.float64) for job in jobs]


def test_flash():
    bare, lit = pictures("flash", "{amount: t - 0.5, color: '#ff8000'}")
    amount = np.clip(TIMES - 0.5, -1, 1)[:, None, None, None]
    light = np.array([1, 128 / 255, 0])[:, None, None]
    exposed = 1 - (1 - amount**2 * light) * (1 - bare.clip(0, 1)) ** (1 + 2 * np.maximum(amount, 0) * light)
    near(lit, np.where(amount > 0, exposed, bare * (1 + amount)))


def test_zoom_pulse():
    bare, zoomed = pictures("zoom-pulse", "{amount: 0.4 - 0.3*t, x: 0.25, y: 0.5, rotate: 10}")

    def kernel(x):  # cubic convolution, Keys 1981, with a = -0.75
        x, a = abs(x), -0.75
        return ((a + 2) * x - (a + 3)) * x * x + 1 if x <= 1 else (((x - 5) * x + 8) * x - 4) * a if x < 2 else 0.0

    def mirrored(i, size):
        i = i % (2 * size)
        return i if i < size else 2 * size - 1 - i

    def look(image, x, y):
        left, top = math.floor(x), math.floor(y)
        return sum(
            kernel(x - i) * kernel(y - j) * image[:, mirrored(j, 32), mirrored(i, 40)]
            for i in range(left - 1, left + 3)
            for j in range(top - 1, top + 3)
        )

    for n, t in enumerate(TIMES):
        amount = 0.4 - 0.3 * t
        angle, scale = math.radians(10 * amount / 0.1), 1 / (1 + amount)
        for row, column in ((3, 5), (16, 20), (30, 39), (0, 0)):
            dx, dy = column + 0.5 - 10, row + 0.5 - 16  # from the point that stays
            x = 10 + scale * (dx * math.cos(angle) - dy * math.sin(angle)) - 0.5
            y = 16 + scale * (dx * math.sin(angle) + dy * math.cos(angle)) - 0.5
            wanted = np.clip(look(bare[n], x, y), 0, 1)
            np.testing.assert_allclose(zoomed[n, :, row, column], wanted, atol=1e-4)


def test_every_registered_effect_has_a_formula():
    files = Path(__file__).parent.glob("test_law_*.py")
    tested = " ".join(re.findall(r"^def (test_\w+)", "".join(file.read_text() for file in files), re.M))
    assert [name for name in EFFECTS if name.replace("-", "_") not in tested] == []
