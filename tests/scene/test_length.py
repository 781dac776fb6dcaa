from __future__ import annotations

from fractions import Fraction

import pytest

from renderer import load_scene
from renderer.errors import ValueProblem
from renderer.scene.model import parse_bytes, parse_fps, parse_size
from tests.scene.bound import plan_of
from tests.scene.command import STILL, check


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("timeline: [{walk: {keys: 1-4}}]", 8),
        ("timeline: [{walk: {keys: {0s: 3, 5s: 4}}}]", 5),
        ("timeline: [{walk: {keys: {0%: 3, 50%: 4}}}]", 8),
        ("timeline: [{walk: {keys: {0s: 3, 5s: {seed: 4, hold: 2s}}}}]", 7),
        ("timeline: [{walk: {keys: {0s: 3}}}]", 8),
        ("timeline: [{walk: {keys: 3}}, {direction-sweep: {direction: {hue: {0s: 0, 6s: 1}}}}]", 6),
        ("timeline: [{walk: {keys: 3}}, {layer-mix: {with: 4, layers: {fine: {0s: 0, 3s: 1}}}}]", 3),
        ("psi: {0s: 0, 9s: 1}\ntimeline: [{walk: {keys: 1-4}}]", 9),
        ("signals: {a: {0s: 0, 11s: 1}}\ntimeline: [{walk: {keys: 1-4}}]", 11),
        ("timeline: [{walk: {keys: 1-4}}, {psi-ramp: {psi: 1}, from: 2s, to: 4s}]", 8),
        ("timeline: [{walk: {keys: 1-4}}, {psi-ramp: {psi: 1}, from: 2s, to: 12s}]", 12),
        ("tempo: 60\nmarkers: {drop: 8b}\ntimeline: [{walk: {keys: {0s: 3, drop + 2b: 4}}}]", 10),
        ("duration: 1:02.5\ntimeline: [{walk: {keys: {0s: 3, 5s: 4}}}]", 62.5),
        ("duration: 90f\nfps: 45\ntimeline: [{walk: {keys: 1-4}}]", 2),
    ],
)
def test_duration(tmp_path, text, seconds):
    plan = plan_of(tmp_path, text + "\n")
    assert plan.duration == seconds
    assert plan.frames == round(seconds * plan.fps)


def test_a_loop_ends_on_a_whole_frame(tmp_path):
    plan = plan_of(tmp_path, "fps: 10\nduration: 1.234s\nloop: true\n" + STILL)
    assert (plan.frames, plan.duration, plan.loop) == (12, 1.2, 1.2)
    blended = plan_of(tmp_path, "fps: 10\nduration: 1.234s\nloop: {blend: 20%}\n" + STILL)
    assert (blended.loop, blended.blend) == (None, pytest.approx(0.24))


@pytest.mark.parametrize(
    ("written", "fps"),
    [
        (30, Fraction(30)),
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("25 / 1", Fraction(25)),
        (12.5, Fraction(25, 2)),
        (0.1, Fraction(1, 10)),
    ],
)
def test_frames_per_second(written, fps):
    assert parse_fps(written) == fps


@pytest.mark.parametrize("written", [0, -1, 1001, 1e-9, True, "30", "1/0", "0/5", "9999999/1", None, [], float("nan")])
def test_what_is_no_fps(written):
    with pytest.raises(ValueProblem):
        parse_fps(written)


@pytest.mark.parametrize(
    ("written", "size"),
    [(512, (512, 512)), ([1080, 1920], (1080, 1920)), ("1080x1920", (1080, 1920)), ("64 × 32", (64, 32)), (8, (8, 8))],
)
def test_sizes(written, size):
    assert parse_size(written) == size


@pytest.mark.parametrize(
    "written", [7, 0, -512, 16385, [16384, 16384], [512], [1, 2, 3], [512.0, 512], True, "big", None, {}]
)
def test_what_is_no_size(written):
    with pytest.raises(ValueProblem):
        parse_size(written)


@pytest.mark.parametrize(
    ("written", "count"),
    [
        (8_000_000, 8_000_000),
        ("8MB", 8_000_000),
        ("8 mb", 8_000_000),
        ("1.5MiB", 1572864),
        ("900KB", 900_000),
        ("7B", 7),
    ],
)
def test_file_sizes(written, count):
    assert parse_bytes(written) == count


@pytest.mark.parametrize("written", [0, "0MB", -1, "8 megs", "MB", True, None, [], float("nan"), "9" * 30])
def test_what_is_no_file_size(written):
    with pytest.raises(ValueProblem):
        parse_bytes(written)


def test_scenes_are_strict_about_types(tmp_path):
    text = "seed: '3'\ntempo: '120'\nmodel: 3\nbeats_per_bar: 4.0\ncutoff: true\n" + STILL
    assert [line.split(": ")[1] for line in check(tmp_path, text).lines] == [
        "seed",
        "tempo",
        "model",
        "beats_per_bar",
        "cutoff",
    ]


def test_entries_may_be_switched_off_and_keep_their_seeds(tmp_path):
    path = tmp_path / "scene.yaml"
    text = "timeline: [{{walk: {{keys: 3}}}}, {{jitter: {{}}, enabled: {on}}}, jitter, {{jitter: {{}}, id: mine}}]\n"
    path.write_text(text.format(on="true"))
    assert [entry.key for entry in load_scene(path).timeline] == ["walk 0", "jitter 0", "jitter 1", "id mine"]
    path.write_text(text.format(on="false"))
    assert [entry.key for entry in load_scene(path).timeline] == ["walk 0", "jitter 1", "id mine"]
