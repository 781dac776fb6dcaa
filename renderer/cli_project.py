"""The commands that find latents by optimising, and that teach a network to find them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.cli_options import FILE, model_options, naming, opened, registries_of, with_plugins
from renderer.errors import LatentreelError

if TYPE_CHECKING:
    from renderer.inversion.project import Projection, Projector
    from renderer.perceptual import Perceptual
    from renderer.registry import Registries

SPACES = click.Choice(["w+", "w", "z"])
NOISE = click.Choice(["const", "none", "optimise"])


@click.command(short_help="Find the latent of a photo.")
@click.argument("photos", nargs=-1, required=True, type=FILE)
@click.option("-o", "--output", metavar="FILE", type=FILE, help="Latents to write.  [default: out/PHOTO.npz]")
@click.option(
    "--space",
    type=SPACES,
    default="w+",
    show_default=True,
    help="A row of w for each layer, w(N); one w for all of them, w(1); or z.",
)
@click.option(
    "--start",
    metavar="START",
    default="best",
    show_default=True,
    help="best of random latents, mean, zeros, or a file: latents (.npz, .npy), or what finds them.",
)
@click.option("--samples", metavar="N", type=click.IntRange(1), help="Random latents to look at.  [default: auto]")
@click.option("--candidates", metavar="N", type=click.IntRange(1, 256), help="Best of them to follow.  [default: auto]")
@click.option("--steps", metavar="N", type=click.IntRange(4), default=400, show_default=True, help="Of the optimiser.")
@click.option(
    "--rate",
    metavar="RATE",
    type=click.FloatRange(0, 10, min_open=True),
    default=0.1,
    show_default=True,
    help="Highest learning rate, in standard deviations of w.",
)
@click.option(
    "--patience",
    metavar="N",
    type=click.IntRange(1),
    default=60,
    show_default=True,
    help="Steps without a gain that end a stage early.",
)
@click.option(
    "--perceptual",
    metavar="NAME",
    default="squeezenet",
    show_default=True,
    help="squeezenet, pixel, vgg16=FILE, or that of a plugin.",
)
@click.option(
    "--perceptual-weight",
    metavar="X",
    type=click.FloatRange(0),
    default=0.2,
    show_default=True,
    help="How much features count beside pixels.",
)
@click.option(
    "--noise",
    type=NOISE,
    default="const",
    show_default=True,
    help="Noise maps: the model's own, none, or optimised with the latent.",
)
@click.option(
    "--mask",
    "masks",
    metavar="FILE",
    multiple=True,
    type=FILE,
    help="Picture that is white where the photo counts; one for all, or one for each.",
)
@click.option("--video", metavar="FILE", type=FILE, help="Film of the optimisation to write.")
@click.option("--seed", metavar="N", type=click.IntRange(0), default=0, show_default=True, help="Of what is random.")
@click.option("--fresh", is_flag=True, help="Begin anew, although an interrupted run could go on.")
@model_options(256)  # fmt: skip
def project(
    photos: tuple[Path, ...], output: Path | None, perceptual: str, masks: tuple[Path, ...], video: Path | None,
    fresh: bool, model: str, size: int, label: int | None, device: str, folders: tuple[Path, ...], **options: Any,
) -> None:  # fmt: skip
    """Find the latent whose picture is like a photo, by gradients through the generator.

    PHOTOS are pictures or folders of them, found together in one file. Where a photo shows a face and the model makes
    faces, `render align` comes first. Ctrl-C keeps the best so far; the same command goes on from there.
    """
    from renderer import api, report
    from renderer.inversion.distance import Distance
    from renderer.inversion.filming import film_sink
    from renderer.inversion.keeping import Keeper, digest
    from renderer.inversion.photo import photo_files
    from renderer.inversion.project import Projector
    from renderer.inversion.result import checked_result
    from renderer.inversion.settings import Settings
    from renderer.inversion.targets import read_masks, read_targets

    files = [file for path in photos for file in photo_files(path)]
    target = checked_result(output or api.DEFAULT_FOLDER / f"{photos[0].stem}.npz")
    opened_model = opened(model, size, label, device, folders)
    shape, place = opened_model.generator.img_size, opened_model.generator.device
    if video is not None:
        film_sink(video, shape, len(files), 2)
    backend = perceptual_of(perceptual, registries_of(folders), device=str(place))
    pictures, notes = read_targets(files, shape)
    found_masks = read_masks(masks, len(files), shape)
    settings = Settings(perceptual=perceptual, **options)
    weigh = None if found_masks is None else found_masks.to(place)
    distance = Distance(pictures.to(place), weigh, backend, settings.perceptual_weight)
    keeper = Keeper(target, {**settings.plain(), **opened_model.facts, "photos": digest(distance)})
    if fresh:
        keeper.remove()
    report.print_notes(notes)
    projection = _projected(Projector(opened_model, distance, settings), keeper, files[0].stem)
    _finish(projection, keeper, target, files, video, opened_model, distance.photos)


def perceptual_of(written: str, registries: Registries, device: str = "cpu") -> Perceptual:
    """Return the backend that NAME or NAME=FILE means; raise LatentreelError naming the nearest otherwise."""
    from torch import nn

    name, _, file = written.partition("=")
    with naming("--perceptual"):
        backend = registries.perceptual.find(name)(Path(file) if file else None)
    return backend.to(device) if isinstance(backend, nn.Module) else backend


def _projected(projector: Projector, keeper: Any, name: str) -> Projection:
    """Return what a projector finds, with a bar, from where an interrupted run ended."""
    from renderer import report

    state = keeper.found()
    if state is not None:
        report.err.print(f"going on after {len(state.losses)} steps; --fresh begins anew")
    with report.seeking_bar(name, projector.work) as tell:
        if state is None:
            state = projector.begin(tell)
        else:
            tell(projector.work - projector.left(state), "going on")
        return projector.run(state, tell, keeper)


def _finish(
    found: Projection,
    keeper: Any,
    target: Path,
    files: Sequence[Path],
    video: Path | None,
    model: Any,
    photos: Any,
) -> None:
    """Write what was found, its film, and say how near it is."""
    from dataclasses import replace

    from renderer import report
    from renderer.inversion.filming import frames_of, write_film
    from renderer.inversion.result import write_result

    names = [file.name for file in files]
    near = [round(float(one), 2) for one in found.psnr]
    settings = {**found.result.settings, "photos": names, "psnr": near, "complete": found.complete}
    report.out.print(str(write_result(target, replace(found.result, settings=settings))), soft_wrap=True)
    for name, decibels in zip(names, near, strict=True):
        report.err.print(f"{name}: {decibels:.1f} dB")
    if not found.complete:
        keeper.write(found.state)
        raise LatentreelError("stopped early: this is the best so far; the same command goes on from here")
    keeper.remove()
    if video is not None:
        with report.progress_bar(video.name, frames_of(found.path)) as advance:
            write_film(video, model, photos, found.path, advance)
        report.out.print(str(video), soft_wrap=True)


@click.command(short_help="Write pictures of a model with their latents.")
@click.option("-n", "--count", metavar="N", type=click.IntRange(1), default=50_000, show_default=True, help="Samples.")
@click.option("-s", "--space", type=click.Choice(["w", "w+", "z"]), default="w", show_default=True, help="Of latents.")
@click.option("-o", "--out", "folder", metavar="FOLDER", required=True, type=FILE, help="Folder to write.")
@click.option("--first", metavar="SEED", type=click.IntRange(0), default=0, show_default=True, help="The first seed.")
@click.option("--psi", metavar="PSI", type=float, default=1.0, show_default=True, help="Truncation.")
@click.option(
    "--shard", metavar="N", type=click.IntRange(1), default=1000, show_default=True, help="Samples in a file."
)
@model_options(128)
def dataset(count: int, space: str, folder: Path, first: int, psi: float, shard: int, **options: Any) -> None:
    """Write pictures of a model with their latents, sharded for training.

    Every shard is a .tar as WebDataset reads it; the same command goes on with what an interrupted one left, and with a
    greater count adds to what is there.
    """
    from renderer import report
    from renderer.inversion.dataset import Plan, begin, write_dataset

    shown, plan = opened(**options), Plan(count, first, space, psi, shard)
    there = begin(folder, shown, plan)
    with report.progress_bar(folder.name, count, unit="samples") as advance:
        advance(there)
        index = write_dataset(folder, shown, plan, advance)
    report.out.print(str(index), soft_wrap=True)


@click.command("train-encoder", short_help="Teach a latent finder with a dataset.")
@click.argument("folder", metavar="DATASET", type=FILE)
@click.option(
    "-m", "--model", metavar="MODEL", help="The one that painted it: what is found is painted and compared, too."
)
@click.option("-o", "--output", metavar="FILE", required=True, type=FILE, help="Finder to write: .safetensors.")
@click.option("--epochs", metavar="N", type=click.IntRange(1), default=8, show_default=True, help="Passes over it.")
@click.option("--batch", metavar="N", type=click.IntRange(1), default=64, show_default=True, help="Pictures at a time.")
@click.option(
    "--rate",
    metavar="RATE",
    type=click.FloatRange(0, 1, min_open=True),
    default=3e-3,
    show_default=True,
    help="Highest learning rate.",
)
@click.option(
    "--size",
    metavar="PIXELS",
    type=click.IntRange(16, 512),
    default=64,
    show_default=True,
    help="Of the pictures it looks at.",
)
@click.option(
    "--width",
    metavar="N",
    type=click.IntRange(8, 256),
    default=16,
    show_default=True,
    help="Channels of its first layer, in eights.",
)
@click.option("--seed", metavar="N", type=click.IntRange(0), default=0, show_default=True, help="Of what is random.")
@click.option(
    "--likeness",
    metavar="X",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="With --model: how much pictures count beside w.",
)
@with_plugins
def train_encoder(folder: Path, output: Path, model: str | None, folders: tuple[Path, ...], **course: Any) -> None:
    """Teach a small network to find w of a picture of one model, so that projections begin near.

    DATASET is a folder that `render dataset` wrote. With --model the finder also learns by gradients through the
    generator, which makes it heed what shows; name it wherever painting is quick. The finder is written after every
    pass, and the same command goes on from there.
    """
    from renderer import report
    from renderer.inversion.training import Course, Training

    if output.suffix != ".safetensors":
        raise LatentreelError(f"{output}: a finder is written as .safetensors, such as finder.safetensors")
    if course["width"] % 8:
        raise LatentreelError(f"--width {course['width']}: expected a multiple of 8")
    painted = None if model is None else opened(model, course["size"], None, "cpu", folders)
    training = Training(folder, output, Course(**course), painted)
    if training.resume():
        report.err.print(f"going on after {training.epoch} of {course['epochs']} epochs")
    with report.seeking_bar(output.name, training.work) as tell:
        losses = training.run(tell)
    report.out.print(str(output), soft_wrap=True)
    if losses:
        report.err.print(f"loss {losses[-1]:.3f}; 1 is that of the mean")
