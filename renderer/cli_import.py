"""The commands that take over what other tools wrote."""

from __future__ import annotations

from pathlib import Path

import click

from renderer.cli_options import naming

OUTPUT = click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Scene to write.  [default: print it]"
)


@click.group("import", short_help="Take over Deforum schedules and settings, or a list of seeds.")
def import_() -> None:
    """Take over what other tools wrote: schedules and settings of Deforum, or a list of seeds."""


@import_.command(short_help="Take over a schedule, or a settings file, of Deforum.")
@click.argument("schedule")
@click.option("--name", metavar="NAME", help="What to call it in the scene.")
@click.option(
    "--fps", metavar="RATE", type=click.FloatRange(0, 1000, min_open=True), default=30, show_default=True,
    help="Frames a second that the schedule counts by.",
)  # fmt: skip
@click.option("--max-frames", metavar="N", type=click.IntRange(1), help="Frames of the film, where it says max_f.")
@click.option("--seed", metavar="SEED", type=click.IntRange(0), help="The seed, where it says s.")
@OUTPUT
def deforum(
    schedule: str, name: str | None, fps: float, max_frames: int | None, seed: int | None, output: Path | None
) -> None:
    """Write a schedule of Deforum as a scene has it, with the same value at every frame.

    SCHEDULE is one, such as "0:(1.0), 30:(1.05+0.02*sin(2*3.14*t/60))", which becomes a signal to paste; or the file
    of settings that Deforum saves beside a film, which becomes a scene.
    """
    from renderer.importing.schedule import Place, signal_of
    from renderer.importing.settings import scene_of
    from renderer.importing.written import as_yaml

    if schedule.endswith((".txt", ".json")):
        put(scene_of(Path(schedule)), output)
        return
    with naming("SCHEDULE"):
        signal = signal_of(schedule, Place(fps, max_frames, seed))
    put(as_yaml({name or "amount": signal}), output)


@import_.command(short_help="Write a scene that walks through seeds.")
@click.argument("seeds")
@click.option("--step", metavar="TIME", default="2s", show_default=True, help="From each seed to the next.")
@click.option("--hold", metavar="TIME", default="0s", show_default=True, help="How long each seed stays.")
@click.option("--w-frames", metavar="N", type=click.IntRange(1), help="Frames of a step, instead of --step.")
@click.option(
    "--fps", metavar="RATE", type=click.FloatRange(1, 1000), default=30, show_default=True, help="Of the film."
)
@click.option(
    "--interp-type", "interp", metavar="NAME", default="slerp", show_default=True,
    help="slerp, lerp (or linear), spline (or cubic).",
)  # fmt: skip
@click.option("--space", type=click.Choice(["w", "z"]), default="w", show_default=True, help="Where to interpolate.")
@click.option("--ease", metavar="NAME", help="Easing of each step.  [default: in-out-sine; linear for spline]")
@click.option("--trunc", metavar="PSI", type=float, help="Truncation psi of the film.")
@click.option("--loop/--no-loop", default=True, show_default=True, help="Go back to the first seed at the end.")
@OUTPUT
def seeds(
    seeds: str, step: str, hold: str, w_frames: int | None, fps: float, interp: str, space: str, ease: str | None,
    trunc: float | None, loop: bool, output: Path | None,
) -> None:  # fmt: skip
    """Write a scene that walks through SEEDS, such as 1,5,9-12; the options are called as in scripts of StyleGAN."""
    from renderer.importing.seeds import SeedWalk, read_seeds, seconds_of

    with naming("SEEDS"):
        numbers = read_seeds(seeds)
    with naming("--step"):
        seconds = w_frames / fps if w_frames else seconds_of(step)
    with naming("--hold"):
        held = seconds_of(hold)
    gentle = ease or ("linear" if interp in ("spline", "cubic") else "in-out-sine")
    walk = SeedWalk(numbers, seconds, held, interp, space, gentle, trunc, fps, loop)
    put(walk.scene(), output)


def put(text: str, output: Path | None) -> None:
    """Print what was made, or write it to a file and say what to do with it."""
    from renderer.importing.written import write_new

    if output is None:
        click.echo(text, nl=False)
        return
    write_new(output, text)
    click.echo(f"{output}\nnow: render {output}", err=True)
