"""Write the parts of the docs that are made from the code: `make docs`; with --pictures the pictures, too."""

from __future__ import annotations

import inspect
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from PIL import Image

from renderer import api, public, reference
from renderer.cli import cli, film
from renderer.example_models import write_models
from renderer.example_song import write_song
from renderer.job import Run, plugins
from renderer.plot.picture import draw_plot
from renderer.plot.shown import shown
from renderer.plot.strip import film_strip, moments
from renderer.registry import Registries
from renderer.sheet import lay_out
from renderer.timeline.plan import bind
from renderer.values.time import Time

DOCS = Path(__file__).parent
ROOT = DOCS.parent
IMAGES = DOCS / "images"
STRIP, SIDE = 6, 112  # frames of an effect's picture, and their pixels
GALLERY = ("walk", "sweep", "layer-mix", "psi", "circle", "noise", "beats", "template", "loop-gif", "music")


def pages() -> dict[Path, str]:
    """Return every page with what is made from the code brought up to date."""
    registries = plugins()
    made: dict[str, Callable[[], str]] = {
        "scene": lambda: reference.scene_tables(registries),
        "expressions": reference.expression_tables,
        "easings": reference.easings_list,
        "directions": reference.directions_list,
        "hooks": reference.hooks_table,
        "resolved": reference.resolved_table,
        "signals": lambda: reference.signals_table(registries),
        "settings": lambda: reference.settings_table(registries),
        "shaping": reference.shaping_table,
    }
    whole = {
        DOCS / "effects.md": effects_page(registries),
        DOCS / "cli.md": cli_page(),
        DOCS / "api.txt": public.listing(),
    }
    filled = {path: fill(path.read_text(encoding="utf-8"), made) for path in sorted(DOCS.glob("*.md"))}
    return {**filled, **whole}


def fill(text: str, made: dict[str, Callable[[], str]]) -> str:
    """Return a page with the text between `<!-- made: NAME -->` and `<!-- end -->` made anew."""

    def block(match: re.Match[str]) -> str:
        return f"<!-- made: {match[1]} -->\n{made[match[1]]()}\n<!-- end -->"

    return re.sub(r"<!-- made: (\w+) -->\n.*?<!-- end -->", block, text, flags=re.DOTALL)


def effects_page(registries: Registries) -> str:
    """Return the page of all effects; those whose picture is there are shown with it."""
    pictures = {name: f"images/effects/{name}.webp" for name in registries.effects}
    return reference.effects_page(registries, {n: file for n, file in pictures.items() if (DOCS / file).exists()})


def cli_page() -> str:
    """Return the page of all commands and their flags."""
    parts = [
        "# The command line",
        "Made from the code by `make docs`; `render --help` and `render COMMAND --help` print the same. `latentreel` "
        "and `python -m renderer` are other names of the same program.",
        "A command ends with code 0 when all went well, with 2 when a scene, a file or an option is wrong (nothing has "
        "been written then), and with 130 when it was interrupted.",
        "Relative outputs of a scene go below `out/`; a name given with `-o` is taken as it stands.",
        command_section("render SCENE", film),
    ]
    parts += [command_section(f"render {name}", one) for name, one in sorted(cli.commands.items()) if not one.hidden]
    return "\n\n".join(parts) + "\n"


def command_section(title: str, command: click.Command) -> str:
    """Return the section about one command."""
    arguments = " ".join(
        one.make_metavar(click.Context(command)) for one in command.params if isinstance(one, click.Argument)
    )
    usage = title if title.endswith("SCENE") else f"{title} {arguments}".strip()
    options = [one.get_help_record(click.Context(command)) for one in command.params if isinstance(one, click.Option)]
    rows = [(flags, text) for flags, text in (one for one in options if one)]
    table = f"\n\n{reference.table(('option', 'meaning'), rows)}" if rows else ""
    told = inspect.cleandoc(command.help or "")
    return f"## {title}\n\n{told}\n\n```sh\n{usage} [OPTIONS]\n```{table}"


def effect_strip(name: str, registries: Registries, folder: Path) -> Image.Image:
    """Return frames of an effect's example side by side."""
    scene = folder / f"{name}.yaml"
    scene.write_text(reference.example_scene(registries.effects.find(name)), encoding="utf-8")
    write_song(folder)
    write_models(folder)
    job = api.prepare(api.load_scene(scene), Run(size=(SIDE, SIDE), batch=1))
    strip = Image.new("RGB", (STRIP * SIDE, SIDE))
    for index in range(STRIP):
        frame = index * (job.timeline.frames - 1) // (STRIP - 1)
        (picture,) = api.iterate_frames(job, range(frame, frame + 1))
        strip.paste(Image.fromarray(picture[0]), (index * SIDE, 0))
    return strip


def draw_effects(folder: Path, *, anew: bool) -> Iterator[Path]:
    """Write the picture of every effect, or of those that have none, and yield what was written."""
    (IMAGES / "effects").mkdir(parents=True, exist_ok=True)
    for name in sorted(plugins().effects):
        path = IMAGES / "effects" / f"{name}.webp"
        if anew or not path.exists():
            effect_strip(name, plugins(), folder).save(path, quality=82, method=6)
            yield path


SHAPED = """
audio: piece.ogg
signals:
  plain: {onset: kick, release: 0s}
  release_300ms: {onset: kick, release: 300ms}
  attack_100ms: {onset: kick, attack: 100ms, release: 200ms}
  smooth_100ms: {onset: kick, release: 0s, smooth: 100ms}
  power_4: {onset: kick, release: 300ms, power: 4}
  invert: {onset: kick, release: 300ms, invert: true}
  accumulate: {onset: kick, release: 300ms, accumulate: true}
timeline:
  - walk: {keys: 3}
"""


def draw_audio(folder: Path) -> Iterator[Path]:
    """Write the pictures of docs/audio.md: what a film hears with frames above it, and what steps of shaping do."""
    (IMAGES / "audio").mkdir(parents=True, exist_ok=True)
    music, shaped = ROOT / "scenes" / "music.yaml", folder / "shaping.yaml"
    shaped.write_text(SHAPED, encoding="utf-8")
    shutil.copy(music.parent / "music" / "piece.ogg", folder)
    yield draw_film(music, "music", folder, bars=(13, 33), frames=20)
    yield draw_film(shaped, "shaping", folder, bars=(5, 9))


def draw_film(scene: Path, name: str, folder: Path, bars: tuple[int, int], frames: int = 0) -> Path:
    """Write the plot of some bars of a scene, with frames above it."""
    loaded = api.load_scene(scene)
    plan, _ = bind(loaded, plugins())
    assert plan is not None
    what = shown(plan, *(plan.clock.position(Time.parse(f"bar {bar}")) for bar in bars))
    strip = film_strip(loaded, moments(what, frames), plugins()) if frames else []
    path = IMAGES / "audio" / f"{name}.webp"
    Image.open(draw_plot(what, scene.name, folder / f"{name}.png", strip)).save(path, quality=86, method=6)
    return path


def draw_readme() -> Iterator[Path]:
    """Write the pictures of the README: the film of scenes/morph.yaml, and a frame of every other scene."""
    morph = api.load_scene(ROOT / "scenes" / "morph.yaml")
    yield from api.render(morph, IMAGES / "morph.webp", run=Run(size=(400, 400), fps=morph.fps * 2 / 3)).files
    (IMAGES / "morph.webp.json").unlink()  # the manifest holds paths of the machine
    frames = []
    for name in GALLERY:
        scene = api.load_scene(ROOT / "scenes" / f"{name}.yaml")
        job = api.prepare(scene, Run(size=(200, 200), batch=1))
        frame = job.timeline.frames * 7 // 10
        (picture,) = api.iterate_frames(job, range(frame, frame + 1))
        frames.append((name, picture[0]))
    lay_out(frames, 5).save(IMAGES / "scenes.webp", quality=86, method=6)
    yield IMAGES / "scenes.webp"


def main(arguments: list[str]) -> None:
    """Write what is stale, and say what it was."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for path in draw_effects(Path(folder), anew="--pictures" in arguments):
            print(path.relative_to(ROOT))
    if "--pictures" in arguments:
        with tempfile.TemporaryDirectory() as folder:
            for path in (*draw_readme(), *draw_audio(Path(folder))):
                print(path.relative_to(ROOT))
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
