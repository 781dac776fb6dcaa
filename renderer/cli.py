"""The command line: parse, call, print. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from renderer import (
    __version__,
    cli_authoring,
    cli_bench,
    cli_directions,
    cli_grid,
    cli_import,
    cli_models,
    cli_music,
    cli_photos,
    cli_project,
    cli_scene,
)
from renderer.cli_film import interrupt, render_kept
from renderer.cli_options import naming, registries_of, run_of, with_plugins
from renderer.errors import LatentreelError, ValueProblem, nearest
from renderer.pages import keep_pages
from renderer.values.output_preset import NAMES

# Importing torch makes half a million objects that stay; to look through them every 700 takes a quarter of a second.
GARBAGE_OBJECTS = 100_000
EXAMPLES = """\b
Examples:
  render scenes/morph.yaml                      the film, to out/morph.mp4
  render scenes/morph.yaml -o morph.gif         as a GIF
  render scenes/morph.yaml --at 2.5s -o a.png   one frame
  render scenes/morph.yaml --preview            small and quick
  render sheet scenes/morph.yaml                a contact sheet
  render plot scenes/music.yaml                 what it hears, and how it moves
  render audio song.mp3 --scene mine.yaml       a scene to start from
  render new my-film                            a commented scene to start from
  render effects walk                           all about one effect
"""


class Commands(click.Group):
    """Take `render SCENE` for `render film SCENE`, and show the options of that with the help."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command in front of a scene."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h", "--version"):
            args = ["film", *args]
        return super().parse_args(ctx, args or ["--help"])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the options of rendering a scene, then the commands."""
        film.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    options_metavar="",
    subcommand_metavar="SCENE [OPTIONS] | COMMAND [ARGS]...",
    epilog=EXAMPLES,
)
@click.version_option(__version__, "--version", prog_name="latentreel")
def cli() -> None:
    """Turn a YAML scene into a film: latent walks, sweeps, fades and psi ramps of a StyleGAN, or of the embedded bloom.

    SCENE is a YAML file, or the manifest (.json) of a film made before.
    """


def with_run(function: Any) -> Any:
    """Add the options of a run, and of what the scene is changed by."""
    options = (
        click.option("--preview", is_flag=True, help="Small and quick: 256 pixels at most, half the rate."),
        click.option("--size", metavar="PIXELS", help="Another size: 512 or 1080x1920 (width x height)."),
        click.option("--fps", metavar="RATE", help="Another rate; times in frames still count at the scene's own."),
        click.option(
            "--preset",
            metavar="NAME",
            type=click.Choice(NAMES),
            help="One output for a place: reel, square, youtube, story, gif-small; see docs/outputs.md.",
        ),
        click.option(
            "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change the scene: seed=3, vars.a=b."
        ),
        click.option("--model", metavar="MODEL", help="Another generator than the scene's."),
        click.option("--device", metavar="DEVICE", default="auto", show_default=True, help="auto, cpu, cuda, mps."),
        click.option(
            "--mode",
            type=click.Choice(["auto", "exact", "fast"]),
            default="auto",
            show_default=True,
            help="exact: float32. fast: what the device multiplies quickest, 45 dB from exact. auto: fast.",
        ),
        click.option("--dtype", type=click.Choice(["fp32", "bf16", "fp16"]), help="Precision, instead of a mode's."),
        click.option(
            "--compile/--no-compile",
            "compiled",
            default=None,
            help="Compile a network in low precision: a minute or two, once.  [default: if the film is long enough]",
        ),
        click.option("--batch", metavar="N", type=click.IntRange(1, 256), help="Frames synthesised at a time."),
        click.option(
            "--encoder",
            metavar="NAME",
            help="Of MP4: auto (hardware that works, or x264), software, nvenc, videotoolbox, qsv, amf, vaapi.",
        ),
        click.option("--threads", metavar="N", type=click.IntRange(1, 1024), help="Threads of the CPU."),
        click.option(
            "--on-error",
            type=click.Choice(["stop", "skip"]),
            help="What an effect that fails does: stop the film, or skip those frames.  [default: the scene's, stop]",
        ),
    )
    function = with_plugins(function)
    for option in reversed(options):  # the outermost is shown first
        function = option(function)
    return function


@cli.command("film", hidden=True)
@click.argument("scene", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="FILE", help="File to write: .mp4, .gif, .webm, .webp, .png ..."
)
@click.option("--at", "at", metavar="TIME", help="Render the one frame at a time: 2.5s, 60f, 50%.")
@click.option("--frames", "part", metavar="A:B", help="Render frames A to B, B not included.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--fresh", is_flag=True, help="Begin anew, although an interrupted render could go on.")
@click.option("--reload", is_flag=True, help="Render again whenever the scene, its files or a plugin is edited.")
@with_run
def film(
    scene: Path,
    outputs: tuple[str, ...],
    at: str | None,
    part: str | None,
    quiet: bool,
    fresh: bool,
    reload: bool,
    **options: Any,
) -> None:
    """Render a scene; if that is interrupted, the same command goes on where it ended."""
    from renderer import api, report

    refuse_mistyped(scene)
    if reload:
        film_again(scene, outputs, at, part, **options)
        return
    job, registries, recorded = open_job(scene, **options)
    frames = pick_frames(job, at, part) if at or part or recorded is None else recorded
    chosen = list(outputs) or ([still_name(scene, frames)] if at else None)
    sinks = api.open_sinks(job, chosen, frames, registries)
    with report.preparing(job.mode.compiled, quiet=quiet):
        job.timeline.generator.warm_up(job.batch)
    made = render_kept(job, sinks, frames, registries, fresh=fresh, quiet=quiet)
    report.print_skipped(made.skipped)
    if not quiet:
        report.print_film(made)


@cli.command(short_help="Say whether a scene is valid; render nothing.")
@click.argument("scene", type=click.Path(path_type=Path))
@with_run
def check(scene: Path, **options: Any) -> None:
    """Say whether a scene is valid, and what it would become; render nothing."""
    from renderer import api, report
    from renderer.job import memory_of

    job, registries, _ = open_job(scene, **options)
    outputs = api.outputs_of(job.scene, None, job.run)
    frames = range(job.timeline.frames)
    files = [str(api.open_sink(job, one, frames, registries).spec.path) for one in outputs]
    report.print_check(job, memory_of(job), files)
    report.print_skipped(job.timeline.skipped)


@cli.command(short_help="Write a contact sheet of a film.")
@click.argument("scene", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Picture to write.  [default: out/SCENE.sheet.png]",
)
@click.option(
    "--count", metavar="N", type=click.IntRange(1, 400), default=12, show_default=True, help="Frames to show."
)
@click.option(
    "--columns", metavar="N", type=click.IntRange(1, 40), default=4, show_default=True, help="Frames in a row."
)
@with_run
def sheet(scene: Path, output: Path | None, count: int, columns: int, **options: Any) -> None:
    """Write a contact sheet: frames of the film side by side, each with its time."""
    from renderer import api, report
    from renderer.sheet import checked_picture, make_sheet

    options["preview"] = options["preview"] or options["size"] is None
    job, _, _ = open_job(scene, **options)
    path = checked_picture(output or api.DEFAULT_FOLDER / f"{scene.stem}.sheet.png")
    with report.progress_bar(f"{scene.name} sheet", min(count, job.timeline.frames)) as advance:
        make_sheet(job, path, count, columns, advance)
    report.print_skipped(job.timeline.skipped)
    report.out.print(str(path), soft_wrap=True)


@cli.command(short_help="List plugins, and those that failed to load.")
@with_plugins
def plugins(folders: tuple[Path, ...]) -> None:
    """List plugins and what they offer, and those that failed to load."""
    from renderer import report

    report.print_plugins(registries_of(folders))


OTHERS = (
    cli_authoring.check_plugin,
    cli_authoring.effects,
    cli_authoring.new_plugin,
    cli_bench.bench,
    cli_directions.directions,
    cli_grid.grid,
    cli_import.import_,
    cli_models.convert,
    cli_models.info,
    cli_models.models,
    cli_music.audio,
    cli_music.plot,
    cli_photos.align,
    cli_photos.encode,
    cli_project.dataset,
    cli_project.project,
    cli_project.train_encoder,
    cli_scene.new,
    cli_scene.presets,
    cli_scene.schema,
)
for command in OTHERS:
    cli.add_command(command)


def open_job(
    scene: Path, folders: tuple[Path, ...], settings: tuple[str, ...], on_error: str | None, **options: Any
) -> Any:
    """Return the job of a scene with the options of the command line, the registries, and a manifest's frames."""
    from renderer import api, report
    from renderer.job import fetch_model
    from renderer.manifest import recorded_run

    registries, run, recorded = registries_of(folders), run_of(**options), None
    if scene.suffix == ".json":
        run, recorded = recorded_run(scene, run)
    with report.listening():
        opened = api.load_scene(scene, with_on_error(settings, on_error), registries)
    with report.download_bar(run.model or opened.model) as progress:
        for part in opened.parts:
            fetch_model(part, run, registries, progress)
    return api.prepare(opened, run, registries), registries, recorded


def film_again(
    scene: Path,
    outputs: tuple[str, ...],
    at: str | None,
    part: str | None,
    folders: tuple[Path, ...],
    settings: tuple[str, ...],
    on_error: str | None,
    **options: Any,
) -> None:
    """Render a scene again after every edit."""
    from renderer.authoring.reload import Reloader
    from renderer.cli_reload import keep_fresh

    if scene.suffix == ".json":
        raise LatentreelError("--reload: expected a scene, which can be edited, not the manifest of a film")

    def chosen(job: Any) -> tuple[range, list[str] | None]:
        frames = pick_frames(job, at, part)
        return frames, list(outputs) or ([still_name(scene, frames)] if at else None)

    keep_fresh(Reloader(scene, folders, with_on_error(settings, on_error), run_of(**options)), chosen)


def with_on_error(settings: tuple[str, ...], on_error: str | None) -> tuple[str, ...]:
    """Return settings of the scene with what --on-error asks for."""
    return (*settings, f"on_error={on_error}") if on_error else settings


def pick_frames(job: Any, at: str | None, part: str | None) -> range:
    """Return the frames that --at or --frames ask for, or all of them."""
    from renderer.scene.tree import scalar
    from renderer.values.time import Time

    plan, total = job.timeline.plan, job.timeline.frames
    if at is not None and part is not None:
        raise LatentreelError("--at and --frames exclude each other")
    if at is not None:
        with naming("--at"):
            seconds = plan.clock.position(Time.parse(scalar(at)))
        frame = min(round(seconds * plan.fps), total - 1) if 0 <= seconds <= plan.duration else -1
        if frame < 0:
            raise LatentreelError(f"--at {at}: expected a time within the film, 0s to {plan.duration:g}s")
        return range(frame, frame + 1)
    if part is None:
        return range(total)
    first, colon, last = part.partition(":")
    bounds = [scalar(text.strip()) if text.strip() else default for text, default in ((first, 0), (last, total))]
    if not colon or not all(type(bound) is int for bound in bounds) or not 0 <= bounds[0] < bounds[1] <= total:
        raise LatentreelError(f"--frames {part}: expected A:B within the film, 0:{total}")
    return range(*bounds)


def still_name(scene: Path, frames: range) -> str:
    """Return the name of a still that was given none."""
    return str(Path("out") / f"{scene.stem}.{frames.start:05d}.png")


def refuse_mistyped(scene: Path) -> None:
    """Raise LatentreelError for a word that is no file but almost a command."""
    word = str(scene)
    hint = nearest(word, [name for name in cli.commands if name != "film"])
    if not scene.exists() and scene.suffix == "" and os.sep not in word and hint:
        raise LatentreelError(f"no scene and no command is called {word!r}{hint}")


def fail(error: Exception) -> NoReturn:
    """Print an error that is meant for the user, and end with code 2."""
    click.echo(str(error), err=True)
    raise SystemExit(2)


def main() -> None:
    """Run the command line; an end asked for by SIGTERM is as clean as one by Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    # Threads that wait by spinning take the cores away from the encoder and from whatever else the machine does:
    # measured, a fifth of the speed or less beside two other busy processes. Read when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    keep_pages()
    gc.set_threshold(GARBAGE_OBJECTS)
    try:
        cli()
    except (LatentreelError, ValueProblem) as error:
        fail(error)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None
    finally:
        gc.freeze()  # the end of the process looks through nothing again, which would take a third of a second
