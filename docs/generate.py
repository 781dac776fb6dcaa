"""Write the parts of the docs that are made from the code: `make docs`; with --pictures the pictures, too."""

from __future__ import annotations

import inspect
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from PIL import Image

from renderer import api, public, reference
from renderer.cli import cli, film
from renderer.example_models import write_models
from renderer.example_song import NAME, write_song
from renderer.inversion.faces import drawn, find_faces, one_square
from renderer.inversion.finders import make_finder
from renderer.inversion.photo import read_photo
from renderer.job import Run, plugins
from renderer.plot.picture import draw_plot
from renderer.plot.shown import shown
from renderer.plot.strip import film_strip, moments
from renderer.registry import Registries
from renderer.scene.preset import preset_names
from renderer.sheet import lay_out, make_sheet
from renderer.timeline.plan import bind
from renderer.values.time import Time

DOCS = Path(__file__).parent
ROOT = DOCS.parent
IMAGES = DOCS / "images"
STRIP, SIDE = 6, 112  # frames of an effect's picture, and their pixels
LOOP, LOOP_SIDE, LOOP_SECONDS = 24, 160, 2  # frames of an effect's loop, their pixels, and how long it lasts
COLUMNS = 4  # of the gallery
STAGES = {
    "latent": "They move latents, before the generator paints them.",
    "synthesis": "They reach into the generator: its noise, its view, its feature maps.",
    "image": "They work on the finished picture, of any model.",
}
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
        "presets": reference.presets_table,
        "resolved": reference.resolved_table,
        "signals": lambda: reference.signals_table(registries),
        "settings": lambda: reference.settings_table(registries),
        "shaping": reference.shaping_table,
    }
    whole = {
        DOCS / "effects.md": effects_page(registries),
        DOCS / "gallery.md": gallery_page(registries),
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
    """Return the page of all effects, each with its loop and its strip."""
    return reference.effects_page(registries, {name: effect_pictures(name) for name in registries.effects})


def effect_pictures(name: str) -> str:
    """Return the loop and the strip of an effect, as a page shows them."""
    return (
        f"![The example, moving](images/loops/{name}.webp)\n\n"
        f"![Frames of the example, from its beginning to its end](images/effects/{name}.webp)"
    )


def gallery_page(registries: Registries) -> str:
    """Return the page of the loops of all effects, by the stage at which they work."""
    parts = [
        "# Gallery",
        "Every bundled effect, on its own example, painted by `bloom`. Click one for its parameters and its example; "
        "made from the code by `make docs`.",
    ]
    for stage, told in STAGES.items():
        cells = [gallery_cell(name) for name, effect in sorted(registries.effects.items()) if effect.stage == stage]
        rows = [cells[at : at + COLUMNS] for at in range(0, len(cells), COLUMNS)]
        lines = ["| " + " | ".join([*row, *[" "] * (COLUMNS - len(row))]) + " |" for row in rows]
        parts += [f"## {stage.capitalize()}", told, "\n".join(["|  " * COLUMNS + "|", "|---" * COLUMNS + "|", *lines])]
    return "\n\n".join(parts) + "\n"


def gallery_cell(name: str) -> str:
    """Return the loop of an effect above its name, both leading to its section."""
    return f"[![{name}, moving](images/loops/{name}.webp)](effects.md#{name}) [{name}](effects.md#{name})"


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
    for name, one in sorted(cli.commands.items()):
        if not one.hidden:
            parts += command_sections(f"render {name}", one)
    return "\n\n".join(parts) + "\n"


def command_sections(title: str, command: click.Command) -> list[str]:
    """Return the section about a command, and of a group those of its own commands."""
    if not isinstance(command, click.Group):
        return [command_section(title, command)]
    whole = [f"## {title}\n\n{inspect.cleandoc(command.help or '')}"]
    for name, one in sorted(command.commands.items()):
        whole += command_sections(f"{title} {name}", one)
    return whole


def command_section(title: str, command: click.Command) -> str:
    """Return the section about one command."""
    arguments = " ".join(
        one.make_metavar(click.Context(command)) for one in command.params if isinstance(one, click.Argument)
    )
    given = [f"{one.opts[0]} {one.metavar}" for one in command.params if isinstance(one, click.Option) and one.required]
    usage = title if title.endswith("SCENE") else " ".join([title, arguments, *given]).strip()
    options = [one.get_help_record(click.Context(command)) for one in command.params if isinstance(one, click.Option)]
    rows = [(flags, text) for flags, text in (one for one in options if one)]
    table = f"\n\n{reference.table(('option', 'meaning'), rows)}" if rows else ""
    told = inspect.cleandoc(command.help or "")
    return f"## {title}\n\n{told}\n\n```sh\n{usage} [OPTIONS]\n```{table}"


def example_file(name: str, registries: Registries, folder: Path) -> Path:
    """Return the scene of an effect's example, with the song and the models that it may ask for beside it."""
    scene = folder / f"{name}.yaml"
    scene.write_text(reference.example_scene(registries.effects.find(name)), encoding="utf-8")
    write_song(folder)
    write_models(folder)
    return scene


def effect_strip(name: str, registries: Registries, folder: Path) -> Image.Image:
    """Return frames of an effect's example side by side."""
    return scene_strip(example_file(name, registries, folder))


def scene_strip(scene: Path) -> Image.Image:
    """Return frames of a scene side by side."""
    job = api.prepare(api.load_scene(scene), Run(size=(SIDE, SIDE), batch=1))
    strip = Image.new("RGB", (STRIP * SIDE, SIDE))
    for index in range(STRIP):
        frame = index * (job.timeline.frames - 1) // (STRIP - 1)
        (picture,) = api.iterate_frames(job, range(frame, frame + 1))
        strip.paste(Image.fromarray(picture[0]), (index * SIDE, 0))
    return strip


def effect_loop(
    name: str, registries: Registries, folder: Path, which: Iterable[int] = range(LOOP)
) -> list[Image.Image]:
    """Return frames of the loop of an effect: its example from beginning to end, or two seconds of a long one."""
    scene = example_file(name, registries, folder)
    run = Run(size=(LOOP_SIDE, LOOP_SIDE), batch=1)
    job = api.prepare(api.load_scene(scene), run)
    if job.timeline.plan.duration > 2 * LOOP_SECONDS:
        job = api.prepare(api.load_scene(scene, [f"duration={LOOP_SECONDS}s"]), run)
    frames = [index * job.timeline.frames // LOOP for index in which]
    return [Image.fromarray(next(api.iterate_frames(job, range(frame, frame + 1)))[0]) for frame in frames]


def draw_effects(folder: Path, *, anew: bool) -> Iterator[Path]:
    """Write the pictures of every effect, or those that are missing, and yield what was written."""
    strips, loops = IMAGES / "effects", IMAGES / "loops"
    for name in sorted(plugins().effects):
        strip, loop = strips / f"{name}.webp", loops / f"{name}.webp"
        if anew or not strip.exists():
            effect_strip(name, plugins(), folder).save(strip, quality=82, method=6)
            yield strip
        if anew or not loop.exists():
            write_loop(loop, effect_loop(name, plugins(), folder))
            yield loop


def write_loop(path: Path, frames: list[Image.Image]) -> None:
    """Write a loop, of noise in a lower quality, so that it stays small."""
    lasts = round(1000 * LOOP_SECONDS / LOOP)
    for quality in (60, 35, 15):
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=lasts, loop=0, quality=quality, method=6)
        if path.stat().st_size < 120_000:
            break


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


DIRECTIONS = {
    "brightness": "directions fit --scorer brightness --no-strip -o brightness.npz",
    "brightness-strip": "directions show brightness.npz --cell 96",
    "freed": "directions fit --scorer brightness --without radius --without zoom --no-strip -o freed.npz",
    "freed-strip": "directions show freed.npz --cell 96",
    "pca": "directions pca --no-strip -o pca.npz",
    "pca-strip": "directions show pca.npz --cell 96",
    "psi": "grid --rows 0-3 --cell 96",
    "mix": "grid --rows 0-3 --mix 6-10 --layers middle --cell 96",
    "named": "grid --rows 3 --direction petals --direction swirl --direction saturation --direction ruffle --cell 96",
}  # what finds a direction, and what draws


def draw_directions(folder: Path) -> Iterator[Path]:
    """Write the pictures of docs/directions.md, by the commands that it shows."""
    (IMAGES / "directions").mkdir(parents=True, exist_ok=True)
    for name, line in DIRECTIONS.items():
        picture = folder / f"{name}.png"
        words = [str(folder / word) if word.endswith(".npz") else word for word in line.split()]
        drawn = [] if "--no-strip" in words else ["-o", str(picture)]
        cli.main([*words, *drawn], standalone_mode=False)
        if drawn:
            path = IMAGES / "directions" / f"{name.removesuffix('-strip')}.webp"
            Image.open(picture).save(path, quality=86, method=6)
            yield path


def draw_photos() -> Iterator[Path]:
    """Write the pictures of docs/photos.md: an aligned portrait, and a group, each with what was found in it."""
    photo = read_photo(ROOT / "tests" / "fixtures" / "photos" / "astronaut.jpg")
    find = make_finder("face-api", None, plugins().landmarks)
    large = replace(photo, picture=photo.picture.resize((360, 360), Image.Resampling.LANCZOS))
    faces = find_faces(large, find)
    aligned = one_square(faces[0].aligned(360), 360)
    portrait = lay_out([("photo.jpg, with --show", one_square(drawn(faces), 360)), ("aligned.png", aligned)], 2)
    group = Image.new("RGB", (1000, 420), (90, 110, 120))
    for side, turn, left, top in ((360, 0, 20, 30), (260, -12, 400, 90), (150, 15, 690, 40), (110, 0, 850, 250)):
        one = photo.picture.resize((side, side), Image.Resampling.LANCZOS)
        group.paste(one.rotate(turn, Image.Resampling.BICUBIC, fillcolor=(90, 110, 120)), (left, top))
    pictures = {"align": portrait, "group": drawn(find_faces(replace(photo, picture=group), find))}
    (IMAGES / "photos").mkdir(exist_ok=True)
    for name, picture in pictures.items():
        path = IMAGES / "photos" / f"{name}.webp"
        picture.save(path, quality=86, method=6)
        yield path


SAVED = re.compile(r"[Ss]ave (?:this|it) as `([\w./-]+)`:?\s*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def saved_files(page: Path, folder: Path) -> list[Path]:
    """Write the files that a tutorial tells its reader to save, and return their paths."""
    files = []
    for name, text in SAVED.findall(page.read_text(encoding="utf-8")):
        files.append(folder / name)
        files[-1].parent.mkdir(exist_ok=True)
        files[-1].write_text(text, encoding="utf-8")
    return files


def draw_tutorials(folder: Path, *, anew: bool) -> Iterator[Path]:
    """Write the sheets of the scenes in the tutorials, or those that are missing."""
    for page in ("tutorial-film", "tutorial-plugin"):
        text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
        scenes = {file.stem: file for file in saved_files(DOCS / f"{page}.md", folder) if file.suffix == ".yaml"}
        for name in re.findall(r"\(images/tutorial/([\w-]+)\.webp\)", text):
            path = IMAGES / "tutorial" / f"{name}.webp"
            if anew or not path.exists():
                registries = plugins((folder / "my-effects",) if page == "tutorial-plugin" else ())
                scene = api.load_scene(scenes[name], registries=registries)
                yield make_sheet(
                    api.prepare(scene, Run(size=(150, 150), batch=1), registries), path, count=6, columns=6
                )


def draw_projection(folder: Path) -> Iterator[Path]:
    """Write a picture of a projection: the photo, and what its latent looked like on the way."""
    photo, film = ROOT / "scenes" / "photos" / "flower.png", folder / "way"
    line = f"project {photo} --size 128 -o {folder / 'me.npz'} --video {film}/"
    cli.main(line.split(), standalone_mode=False)
    frames = [np.array(Image.open(path)) for path in sorted(film.glob("*.png"))]
    moments = {"photo": frames[0][:, :128]}
    moments |= {f"{share:.0%}": frames[round(share * (len(frames) - 31))][:, 128:] for share in (0, 0.05, 0.15, 0.5, 1)}
    path = IMAGES / "photos" / "project.webp"
    lay_out(list(moments.items()), len(moments)).save(path, quality=86, method=6)
    yield path


def draw_groups(folder: Path) -> Iterator[Path]:
    """Write the picture of groups in docs/scene.md, from the scene beside it."""
    page = (DOCS / "scene.md").read_text(encoding="utf-8").partition("## Groups")[2]
    scene, path = folder / "groups.yaml", IMAGES / "scene" / "groups.webp"
    scene.write_text(re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[0], encoding="utf-8")
    path.parent.mkdir(exist_ok=True)
    yield make_sheet(api.prepare(api.load_scene(scene), Run(size=(180, 180), batch=1)), path, count=12, columns=4)


def draw_presets(folder: Path) -> Iterator[Path]:
    """Write the picture of the presets in docs/scene.md: frames of each, side by side."""
    names = preset_names()
    write_song(folder)
    whole = Image.new("RGB", (STRIP * SIDE, len(names) * SIDE))
    for row, name in enumerate(names):
        scene = folder / f"{name}.yaml"
        scene.write_text(f"include: preset:{name}\n" + (f"audio: {NAME}\n" if name == "reactive" else ""))
        whole.paste(scene_strip(scene), (0, row * SIDE))
    path = IMAGES / "scene" / "presets.webp"
    whole.save(path, quality=84, method=6)
    yield path


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
        anew = "--pictures" in arguments
        for path in (*draw_effects(Path(folder), anew=anew), *draw_tutorials(Path(folder), anew=anew)):
            print(path.relative_to(ROOT))
    if "--pictures" in arguments:
        with tempfile.TemporaryDirectory() as folder:
            where = Path(folder)
            photos = (*draw_photos(), *draw_projection(where))
            scenes = (*draw_readme(), *draw_groups(where), *draw_presets(where), *draw_audio(where))
            for path in (*scenes, *photos, *draw_directions(where)):
                print(path.relative_to(ROOT))
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
