"""The docs cannot drift: what is made from the code is up to date, and everything shown in them works."""

from __future__ import annotations

import inspect
import re
import shlex
import sys
from pathlib import Path

import click
import numpy as np
import pytest
import yaml
from PIL import Image

import renderer
from renderer import api, hookspecs, sinks
from renderer.cli import EXAMPLES, cli, film
from renderer.example_models import MODELS, write_models
from renderer.example_song import write_song
from renderer.generators.bloom import Bloom
from renderer.job import plugins
from renderer.plugin_manager import load_plugins
from renderer.scene.load import CONSUMED, names_of
from renderer.scene.model import EntryOptions, Output, Scene
from renderer.scene.starter import STARTER
from renderer.timeline.plan import bind
from renderer.values.classes import Classes
from renderer.values.expression import CLOCKS, CONSTANTS, FUNCTIONS, OSCILLATORS
from renderer.values.latent import KEY_OPTIONS, SOURCE_OPTIONS
from renderer.values.time import UNITS
from tests.docs.made import DOCS, generator
from tests.docs.pages import PAGES, ROOT, Block, anchors, blocks, links

IMAGES = DOCS / "images"
EFFECTS = sorted(plugins().effects)


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Return a folder with the files that the docs speak of."""
    z = np.random.RandomState(1).randn(4, 64)
    for name in ("me.npz", "projected_w.npz"):
        np.savez(tmp_path / name, w=z.astype(np.float32))
    np.save(tmp_path / "smile.npy", z[0])
    (tmp_path / "base.yaml").write_text("size: 32\ntimeline: [{walk: {keys: 3}}]\n")
    write_song(tmp_path).rename(tmp_path / "song.mp3")
    write_song(tmp_path)
    write_models(tmp_path)
    (tmp_path / "scenes").symlink_to(ROOT / "scenes")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_made_from_the_code_is_up_to_date():
    generate = generator()
    stale = [path.name for path, text in generate.pages().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs`"


def test_readme_begins_with_a_picture_that_moves():
    first = links(ROOT / "README.md")[0]
    with Image.open(ROOT / first) as picture:
        assert picture.is_animated
        assert picture.n_frames >= 60
    assert (ROOT / first).stat().st_size < 2_500_000


@pytest.mark.parametrize("name", EFFECTS)
def test_effect_is_documented_with_a_picture(name):
    assert f"\n## {name}\n" in read("effects.md")
    picture = IMAGES / "effects" / f"{name}.webp"
    assert picture.exists(), f"effect {name} has no picture; run `make docs`"
    assert picture.stat().st_size < 60_000
    assert f"(images/effects/{name}.webp)" in read("effects.md")


@pytest.mark.parametrize("name", EFFECTS)
def test_effect_is_shown_moving(name):
    path = IMAGES / "loops" / f"{name}.webp"
    assert path.exists(), f"effect {name} has no loop; run `make docs`"
    assert path.stat().st_size < 150_000
    with Image.open(path) as loop:
        still = name == "upscale"  # it makes a film larger, and shows that at once
        assert (1 if still else 8) <= loop.n_frames <= 24  # frames that are equal are kept once
        assert loop.size == (160, 160)
    assert all(f"(images/loops/{name}.webp)" in read(page) for page in ("effects.md", "gallery.md"))


def test_pictures_do_not_weigh_the_project_down():
    assert sum(path.stat().st_size for path in IMAGES.rglob("*.*")) < 10_000_000


@pytest.mark.parametrize("name", EFFECTS)
def test_field_is_documented(name):
    section = read("effects.md").split(f"\n## {name}\n")[1].split("\n## ")[0]
    assert [field for field in names_of(plugins().effects.find(name)) if f"| `{field}` |" not in section] == []


def test_no_picture_is_left_of_an_effect_that_is_gone():
    for folder in ("effects", "loops"):
        assert {picture.stem for picture in (IMAGES / folder).iterdir()} == set(EFFECTS)


def commands_below(group: click.Group, title: str) -> list[tuple[str, click.Command]]:
    """Return the commands of a group, and those of its groups, each with what is written to run it."""
    found = []
    for name, one in group.commands.items():
        title_of = f"{title} {name}"
        found += [] if one.hidden else [(title_of, one)]
        found += commands_below(one, title_of) if isinstance(one, click.Group) else []
    return found


@pytest.mark.parametrize(("title", "command"), [("render SCENE", film), *commands_below(cli, "render")])
def test_command_and_flags_are_documented(title, command):
    section = read("cli.md").split(f"\n## {title}\n")[1].split("\n## ")[0]
    assert inspect.cleandoc(command.help) in section
    for option in command.params:
        if isinstance(option, click.Option):
            assert all(flag in section for flag in option.opts), option.opts


def test_scene_language_is_documented():
    page = read("scene.md")
    words = [*names_of(Scene), *CONSUMED, "include", *names_of(EntryOptions), *names_of(Output)]
    words += [*(f"{name}(4s)" for name in OSCILLATORS), *CLOCKS, *CONSTANTS, *FUNCTIONS, *plugins().easings]
    words += [*Bloom(16).directions]
    assert [word for word in words if f"`{word}`" not in page] == []
    parts = [*SOURCE_OPTIONS, *KEY_OPTIONS, *UNITS, "coarse", "middle", "fine", "all", "blend", "phase="]
    assert [part for part in parts if part not in page] == []


def test_hooks_outputs_and_the_api_are_documented():
    assert [name for name in vars(hookspecs) if name.startswith("register_") and name not in read("plugins.md")] == []
    suffixes = [suffix for sink in sinks.SINKS for suffix in sink.suffixes if suffix.startswith(".")]
    assert [suffix for suffix in suffixes if f"`{suffix}" not in read("outputs.md")] == []
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [name for name in api.__all__ if f"`{name}`" not in changes] == []
    assert f"## [{renderer.__version__}]" in changes
    assert [name for name in [*EFFECTS, *(c for c in cli.commands if c != "film")] if name not in changes] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in links(page):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_page_is_reached_from_the_readme():
    reached = {(ROOT / link).resolve() for link in links(ROOT / "README.md")}
    assert {page.resolve() for page in PAGES[1:]} <= reached


def check_scene(path: Path) -> None:
    """Check a scene against bloom, whatever model it names; loaded models are tested elsewhere."""
    scene = api.load_scene(path)
    if scene.model != "bloom":
        scene = scene.model_copy(update={"class_": Classes.parse(0)})
    generator = api.load_generator(path.parent / scene.model) if scene.model in MODELS else Bloom(16)
    api.compile_timeline(scene, generator).at([0.0, 0.7])
    for output in scene.output:
        sinks.sink_for(output.file)


@pytest.mark.parametrize("block", [one for one in blocks("yaml") if "tutorial" not in one.page.name], ids=str)
def test_scene_in_the_docs_is_valid(block: Block, folder: Path):
    data = yaml.safe_load(block.text)
    assert "timeline" in data or "clips" in data, "write whole scenes"
    path = folder / "block.yaml"
    path.write_text(block.text, encoding="utf-8")
    check_scene(path)


def test_starter_is_valid(folder):
    (folder / "starter.yaml").write_text(STARTER.format(name="starter", file="starter.yaml"), encoding="utf-8")
    check_scene(folder / "starter.yaml")


def test_scene_of_five_lines_does_what_the_readme_says(folder):
    block = next(block for block in blocks("yaml") if block.page.name == "README.md")
    assert len(block.text.splitlines()) == 5
    (folder / "mine.yaml").write_text(block.text)
    plan = api.compile_timeline(api.load_scene(folder / "mine.yaml"), Bloom(16)).plan
    assert (plan.frames, plan.duration, plan.loop) == (180, 6, 6)


def test_mistake_in_the_readme_is_told_as_shown(folder):
    shown = next(block.text for block in blocks("text") if "slurp" in block.text).strip()
    lines = ["fps: 30", "duration: 6s", "loop: true", "timeline:", "  - walk:", "      interp: slurp", "      keys: 3"]
    Path("mine.yaml").write_text("\n".join(lines))
    with pytest.raises(renderer.SceneError) as raised:
        api.load_scene("mine.yaml")
    assert str(raised.value) == shown


def commands() -> list[tuple[str, str]]:
    found = [(str(block), line) for block in blocks("sh") for line in block.text.splitlines()]
    found += [("--help", line) for line in EXAMPLES.splitlines()]
    inline = re.compile(r"`(render [^`\n]+)`")
    found += [(page.name, line) for page in PAGES for line in inline.findall(page.read_text(encoding="utf-8"))]
    return [(where, line.strip()) for where, line in found if line.strip().startswith("render ")]


@pytest.mark.parametrize(("where", "line"), commands())
def test_command_in_the_docs_is_one(where, line):
    words = shlex.split(re.split(r"\s{3,}|\s#|\s>", line)[0])[1:]
    words = [word for word in words if word not in ("[OPTIONS]", "COMMAND")]
    if len(words) == 1 and (words[0] in cli.commands or words[0] == "--help"):
        return  # only named
    name, rest = (words[0], words[1:]) if words[0] in cli.commands else ("film", words)
    command = cli.commands[name]
    while isinstance(command, click.Group):
        assert rest[:1], f"{where}: {line}"
        assert rest[0] in command.commands, f"{where}: {line}"
        command, name, rest = command.commands[rest[0]], rest[0], rest[1:]
        if not rest:
            return  # only named
    command.make_context(name, rest)


@pytest.mark.parametrize("block", [one for one in blocks("python") if "hookimpl" in one.text], ids=str)
def test_plugin_in_the_docs_works(block: Block, folder: Path):
    own = folder / "my-plugins"
    own.mkdir()
    (own / "shown.py").write_text(block.text, encoding="utf-8")
    registries = load_plugins((own,))
    assert registries.broken == []
    added = [name for name in registries.effects if name not in EFFECTS]
    kinds = ("easings", "signals", "beat_trackers", "landmarks", "scorers", "perceptual", "upscalers")
    others = [name for kind in kinds for name in getattr(registries, kind) if name not in getattr(plugins(), kind)]
    assert added or others
    heard = [registries.signals[name].example for name in registries.signals if name not in plugins().signals]
    trackers = set(registries.beat_trackers) - set(plugins().beat_trackers)
    heard += [f"x: {{beat: phase}}}}\ntempo: {{tracker: {name}" for name in trackers]
    for example in heard:
        text = f"audio: song.wav\nsignals: {{{example}}}\ntimeline: [{{walk: {{keys: 3}}}}]\n"
        (folder / "heard.yaml").write_text(text)
        plan, _ = bind(api.load_scene(folder / "heard.yaml", registries=registries), registries)
        (values,) = (curve(np.linspace(0, 4, 100)) for curve in plan.named.values())
        assert values.std() > 0.05
    for name in added:
        example = registries.effects.find(name).example
        frames = {}
        for kind, lines in (("with", example.splitlines()), ("without", example.splitlines()[:1])):
            path = folder / f"{kind}.yaml"
            path.write_text("duration: 1s\nsize: 32\ntimeline:\n" + "".join(f"  {line}\n" for line in lines))
            job = api.prepare(api.load_scene(path, registries=registries), registries=registries)
            frames[kind] = next(api.iterate_frames(job, range(29, 30))).astype(float)
        assert np.abs(frames["with"] - frames["without"]).mean() > 2


@pytest.mark.parametrize("block", [one for one in blocks("python") if "hookimpl" not in one.text], ids=str)
def test_script_in_the_docs_runs(block: Block, folder: Path, capsys):
    assert "size=256" in block.text
    exec(compile(block.text.replace("size=256", "size=16"), str(block), "exec"), {})
    assert "frames/s" in capsys.readouterr().out
    assert (folder / "morph.mp4").exists()


def test_own_effect_of_the_readme_is_short():
    block = next(one for one in blocks("python") if one.page.name == "README.md")
    assert len([line for line in block.text.splitlines() if line.strip()]) <= 15


def test_no_page_names_this_machine():
    for page in PAGES:
        assert str(Path(sys.prefix).parent) not in page.read_text(encoding="utf-8")
        assert str(Path.home()) not in page.read_text(encoding="utf-8")
