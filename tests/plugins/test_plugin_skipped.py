"""With `on_error: skip` a film goes on without an effect where that fails: frame by frame, told once, and noted."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from renderer import LatentreelError, Run, iterate_frames, load_scene, prepare, render
from renderer.job import plugins
from tests.plugins.conftest import effect

SCENE = "size: 16\nfps: 10\nduration: 1s\n{head}timeline:\n  - walk: {{keys: 3}}\n  - dim: {{amount: 0.5}}\n"
SKIP = "on_error: skip\n"
LATE = "if (frame.t > 0.45).any() and (frame.t < 0.75).any(): raise RuntimeError('lost')\n"  # also where all others are
GONE = slice(5, 8)  # the frames at 0.5 s to 0.7 s


BODIES = {
    "latents": ("LatentEffect", LATE + "return x.replace(ws=x.ws * 0.5)"),
    "images": ("ImageEffect", LATE + "return x * 0.5"),
    "images, changed in place": (
        "ImageEffect",
        "x.numpy()[((frame.t > 0.45) & (frame.t < 0.75)).numpy()] = 1\nreturn x * 0.5",
    ),
    "synthesis": (
        "SynthesisEffect",
        LATE + "return x.with_tap(lambda layer, f: f * 0.2 if layer == 'light' else f)",
    ),
    "taps": (
        "SynthesisEffect",
        "def tap(layer, features):\n    " + LATE + "    return features * 0.2 if layer == 'light' else features\n"
        "return x.with_tap(tap)",
    ),
    "wraps": (
        "SynthesisEffect",
        "def wrap(inner):\n    def outer(ws, **options):\n        " + LATE
        + "        return inner(ws, **options) * 0.2\n    return outer\nreturn x.with_wrap(wrap)",
    ),
}  # fmt: skip


def frames(job, first=0, last=10):
    return np.concatenate(list(iterate_frames(job, range(first, last)))).astype(int)


@pytest.mark.parametrize(("base", "body"), BODIES.values(), ids=BODIES)
def test_a_frame_that_fails_goes_on_without_the_effect(plugin, folder, write_scene, base, body):
    plugin("dim", effect(body, base=base))
    registries = plugins((folder,))
    scene = write_scene(SCENE.format(head="noise: none\n" + SKIP))
    job = prepare(load_scene(scene, registries=registries), Run(batch=4), registries)
    plain = prepare(load_scene(scene, ["timeline.1.enabled=false"], registries), Run(batch=4), registries)
    film, without = frames(job), frames(plain)
    assert np.abs(film - without)[GONE].max() <= 1
    assert all(np.abs(film - without)[i].mean() > 2 for i in (0, 1, 2, 3, 4, 8, 9))
    for n in (0, 4, 5, 7, 8):  # a frame alone is that of the film, bit for bit
        assert np.array_equal(frames(job, n, n + 1)[0], film[n])
    other = prepare(load_scene(scene, registries=registries), Run(batch=3), registries)
    assert np.abs(frames(other) - film).max() <= 1
    (told,) = job.timeline.skipped
    assert told.startswith(f"effect 'dim' of {folder / 'dim.py'} ")
    assert told.endswith("with amount 0.5; it was left out wherever it fails, from 0.5s to 0.7s")


def test_it_is_told_once_and_noted(command, plugin, folder, write_scene, tmp_path):
    path = plugin("dim", effect(LATE + "return x * 0.5"))
    told = command(write_scene(SCENE.format(head="")), "-o", "a.gif", "--plugins-dir", folder, "--on-error", "skip")
    said = (
        f"effect 'dim' of {path} failed with RuntimeError: lost, at 0.5s, with amount 0.5; "
        "it was left out wherever it fails, from 0.5s to 0.7s"
    )
    assert told.code == 0, told.output
    assert told.output.count(said) == 1
    assert json.loads((tmp_path / "a.gif.json").read_text())["skipped"] == [said]
    again = command("a.gif.json", "-o", "b.gif", "--plugins-dir", folder, "-q")
    assert (again.code, again.output.strip()) == (0, f"skipped: {said}")
    assert (tmp_path / "b.gif").read_bytes() == (tmp_path / "a.gif").read_bytes()


@pytest.mark.parametrize(
    ("head", "own", "flag", "skips"),
    [
        ("", "", (), False),
        (SKIP, "", (), True),
        (SKIP, "stop", (), False),
        ("", "skip", (), True),
        ("", "", ("--on-error", "skip"), True),
        (SKIP, "", ("--on-error", "stop"), False),
        ("", "skip", ("--on-error", "stop"), True),
    ],
)
def test_the_entry_goes_before_the_flag_and_the_flag_before_the_scene(
    command, plugin, folder, write_scene, head, own, flag, skips
):
    plugin("dim", effect("raise RuntimeError('lost')"))
    text = SCENE.format(head=head) + (f"    on_error: {own}\n" if own else "")
    told = command(write_scene(text), "--frames", "0:1", "-o", "a.png", "--plugins-dir", folder, "-q", *flag)
    assert told.code == (0 if skips else 2)
    assert "failed with RuntimeError: lost, at 0s, with amount 0.5" in told.output


def test_an_effect_that_cannot_prepare_is_left_out(command, plugin, folder, write_scene):
    prepare = "    def prepare(self, film):\n        raise SystemExit(1)\n\n    def apply"
    path = plugin("dim", effect("return x * 0").replace("    def apply", prepare))
    scene = write_scene(SCENE.format(head=SKIP))
    for line in (("check", scene), (scene, "--at", "0s", "-o", "a.png"), ("sheet", scene, "--count", "1")):
        told = command(*line, "--plugins-dir", folder)
        assert told.code == 0, told.output
        said = f"skipped: effect 'dim' of {path} failed to prepare: SystemExit: 1; it was left out\n"
        assert said in told.output.replace("\n\n", "\n")


def test_an_effect_whose_plugin_misses_a_module_is_left_out(command, plugin, folder, write_scene):
    path = plugin("dim", "import nowhere_to_be_found\n" + effect("return x"))
    why = f"unknown effect 'dim'; a plugin that failed to load may bring it, see `render plugins`: {path} "
    why += "(ModuleNotFoundError: No module named 'nowhere_to_be_found')"
    scene = write_scene(SCENE.format(head=""))
    stopped = command(scene, "--at", "0s", "-o", "a.png", "--plugins-dir", folder)
    assert stopped.code == 2
    assert why.split(";")[1] in stopped.output
    told = command(scene, "--at", "0s", "-o", "a.png", "--plugins-dir", folder, "--on-error", "skip", "-q")
    assert (told.code, told.output.strip()) == (0, f"skipped: {scene}:6:5: timeline[1].dim: {why}; it was left out")


def test_a_name_that_is_only_mistyped_is_never_skipped(command, write_scene):
    told = command("check", write_scene(SCENE.format(head=SKIP).replace("dim", "wallk")))
    assert told.code == 2
    assert "unknown effect 'wallk'; did you mean 'walk'?" in told.output


def test_what_a_plugin_prints_is_shown_as_its_own(command, plugin, folder, write_scene, capsys):
    prepare = "    def prepare(self, film):\n        print('ready')\n\n    def apply"
    text = "print('hello')\n" + effect("print('a', end=' ')\nprint('b')\nreturn x * 0.5")
    path = plugin("dim", text.replace("    def apply", prepare))
    called = f"effect 'dim' of {path}"
    plugins((folder,))
    schema = command("schema", "--plugins-dir", folder)
    json.loads(schema.output[schema.output.index("{") :])
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", f"{path}: hello\n")
    job = prepare_film(write_scene, folder)
    list(iterate_frames(job, range(1)))
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", f"{called}: ready\n{called}: a b\n")


def prepare_film(write_scene, folder, *settings):
    registries = plugins((folder,))
    scene = load_scene(write_scene(SCENE.format(head="")), settings, registries)
    return prepare(scene, Run(batch=4), registries)


def test_an_effect_that_took_most_of_a_render_is_named(plugin, folder, write_scene, monkeypatch):
    monkeypatch.setattr("renderer.film.LONG_RENDER", 0.1)
    path = plugin("dim", "import time\n" + effect("time.sleep(float(p.amount[0]))\nreturn x * 0.5"))
    job = prepare_film(write_scene, folder)
    list(iterate_frames(job, range(1)))
    (said,) = render(job, "memory:", frames=range(8)).notes
    assert said.startswith(f"effect 'dim' of {path} took 1.0 of 1.")
    job = prepare_film(write_scene, folder, "timeline.1.dim.amount=0")
    assert render(job, "memory:", frames=range(8)).notes == ()


def test_an_effect_that_is_interrupted_is_named(command, plugin, folder, write_scene, tmp_path):
    path = plugin("dim", effect("raise KeyboardInterrupt"))
    told = command(write_scene(SCENE.format(head=SKIP)), "-o", "a.gif", "--plugins-dir", folder, "-q")
    assert told.code == 130
    assert f"stopped after 0 of 10 frames; effect 'dim' of {path} was at work; nothing was written" in told.output
    assert not list(tmp_path.glob("*a.*"))


def test_an_output_that_fails_is_named(command, plugin, folder, write_scene, tmp_path):
    plugin("odd", """
        class Odd(renderer.Sink):
            name = "odd"
            suffixes = (".odd",)
            description = "fails"

            def begin(self):
                self.part.write_bytes(b"half")

            def encode(self, frames):
                {}["frames"]

            def finish(self):
                pass

        @renderer.hookimpl
        def register_sinks(register):
            register(Odd)
        """)  # fmt: skip
    told = command(write_scene(SCENE.format(head="").replace("  - dim: {amount: 0.5}\n", "")), "-o", "film.odd",
                   "--plugins-dir", folder, "-q")  # fmt: skip
    assert (told.code, told.output) == (2, "film.odd: output 'odd' failed with KeyError: 'frames'")
    assert not list(tmp_path.glob("*film*"))


def test_a_signal_that_ends_python_is_named(command, plugin, folder, write_scene, tmp_path):
    from renderer.example_song import write_song

    write_song(tmp_path)
    path = plugin("odd", """
        class Odd(renderer.SignalSource):
            '''Fail.'''

            name = "odd"
            example = "x: {odd: {}}"

            def analyse(self, hearing):
                raise SystemExit(1)

        @renderer.hookimpl
        def register_signals(register):
            register(Odd)
        """)  # fmt: skip
    scene = write_scene("audio: song.wav\nsignals: {x: {odd: {}}}\ntimeline: [{walk: {keys: 3}}]\n")
    told = command("check", scene, "--plugins-dir", folder)
    assert told.code == 2
    assert f"signal 'odd' of {path} failed with SystemExit: 1" in told.output


def test_python_raises_what_the_command_line_tells(plugin, folder, write_scene):
    plugin("dim", effect("return x[:1, :1]"))
    with pytest.raises(LatentreelError, match=r"effect 'dim' of .*dim.py returned images of float32 \[1, 1, 16, 16\]"):
        list(iterate_frames(prepare_film(write_scene, folder), range(1)))
    assert "dim" not in sys.modules
