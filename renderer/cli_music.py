"""The commands about music: what a scene hears and how everything moves, and what a song holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.cli_options import naming, registries_of, with_plugins

if TYPE_CHECKING:
    from renderer.timeline.plan import Plan


@click.command(short_help="Draw a scene over time: sound, beats, sections, signals.")
@click.argument("scene", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path),
    help="Picture to write: .png, .svg or .pdf.  [default: out/SCENE.plot.png]",
)  # fmt: skip
@click.option("--term", is_flag=True, help="Print it in the terminal instead.")
@click.option("--from", "start", metavar="TIME", help="Where it begins: 30s, bar 17, 50%.")
@click.option("--to", "end", metavar="TIME", help="Where it ends.")
@click.option(
    "--frames",
    metavar="N",
    type=click.IntRange(1, 60),
    help="Show about so many frames of the film above it, at beats.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change the scene: seed=3, vars.a=b.")
@with_plugins
def plot(
    scene: Path,
    output: Path | None,
    term: bool,
    start: str | None,
    end: str | None,
    frames: int | None,
    settings: tuple[str, ...],
    folders: tuple[Path, ...],
) -> None:
    """Draw a scene over time: the sound, its beats, bars and sections, every signal, and every number that moves."""
    from renderer import api, report
    from renderer.errors import SceneError
    from renderer.plot.picture import checked_plot, draw_plot
    from renderer.plot.shown import shown
    from renderer.plot.strip import film_strip, moments
    from renderer.plot.terminal import print_plot
    from renderer.timeline.plan import bind

    path = checked_plot(output or api.DEFAULT_FOLDER / f"{scene.stem}.plot.png")
    registries = registries_of(folders)
    with report.listening():
        loaded = api.load_scene(scene, settings, registries)
        plan, problems = bind(loaded, registries)
        if plan is None:
            raise SceneError(problems)
        what = shown(plan, *seen_part(plan, start, end))
    if term:
        print_plot(what, scene.name, report.out)
        return
    strip = []
    if frames is not None:
        times = moments(what, frames)
        with report.progress_bar(f"{scene.name} frames", len(times)) as advance:
            strip = film_strip(loaded, times, registries, advance)
    report.out.print(str(draw_plot(what, scene.name, path, strip)), soft_wrap=True)


@click.command(short_help="Tell what a song holds: tempo, key, beats, sections.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--scene", "output", metavar="FILE", type=click.Path(path_type=Path), help="Write a scene to start from, too."
)
@click.option("--hint", metavar="BPM", type=click.FloatRange(20, 400), help="About which tempo, where it is mistaken.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@with_plugins
def audio(file: Path, output: Path | None, hint: float | None, as_json: bool, folders: tuple[Path, ...]) -> None:
    """Tell what a song holds: its tempo, key, beats and sections, each with how sure that is, and suggest a scene."""
    from renderer import report
    from renderer.song.facts import song_facts
    from renderer.song.printed import print_song
    from renderer.song.starter import starter_scene, write_starter_scene

    with report.listening():
        facts = song_facts(file, hint, registries_of(folders))
    if as_json:
        report.print_json(facts.plain)
    else:
        print_song(facts, report.out)
    if output is not None:
        write_starter_scene(output, facts)
        report.err.print(f"{output}\nnow: render {output}", soft_wrap=True)
    elif not as_json:
        text = starter_scene(facts, file.name)
        report.out.print(f"\na scene to start from (--scene FILE writes it):\n\n{text}", soft_wrap=True, end="")


def seen_part(plan: Plan, start: str | None, end: str | None) -> tuple[float, float]:
    """Return the seconds from which and to which a film is shown; raises LatentreelError where there are none."""
    from renderer.errors import LatentreelError
    from renderer.scene.tree import scalar
    from renderer.values.time import Time

    seconds = [0.0, plan.duration]
    for place, (option, written) in enumerate((("--from", start), ("--to", end))):
        if written is not None:
            with naming(option):
                seconds[place] = plan.clock.position(Time.parse(scalar(written)))
    first, last = seconds
    if not 0 <= first < last <= plan.duration + 1e-6:
        raise LatentreelError(
            f"--from and --to: expected times within the film, 0s to {plan.duration:g}s, one after the other; "
            f"got {first:g}s and {last:g}s"
        )
    return first, last
