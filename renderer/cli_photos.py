"""The commands about photos: aligning faces, and finding their latents by an encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from renderer.cli_options import registries_of, with_plugins

PHOTOS = click.argument("photos", nargs=-1, required=True, metavar="PHOTO...", type=click.Path(path_type=Path))


def with_landmarks(function: Any) -> Any:
    """Add the options that say what finds faces."""
    function = click.option(
        "--landmarks-file", metavar="FILE", type=click.Path(path_type=Path), help="File that these landmarks need."
    )(function)
    return click.option(
        "--landmarks",
        metavar="NAME",
        default="face-api",
        show_default=True,
        help="What finds faces: face-api, dlib ...",
    )(function)


@click.command(short_help="Cut faces out of photos as StyleGAN knows them.")
@PHOTOS
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Picture to write, or a folder for many.  [default: out/PHOTO.aligned.png, or out/aligned]",
)
@click.option(
    "--size", metavar="PIXELS", type=click.IntRange(16, 4096), default=1024, show_default=True, help="A side."
)
@click.option("--all-faces", "every", is_flag=True, help="Every face of a photo; the files are numbered.")
@click.option(
    "--face", "number", metavar="N", type=click.IntRange(0), help="Which face, by size from 0.  [default: the largest]"
)
@click.option("--show", metavar="FILE", type=click.Path(path_type=Path), help="Picture of the landmarks to write.")
@with_landmarks
@with_plugins
def align(
    photos: tuple[Path, ...],
    output: Path | None,
    size: int,
    every: bool,
    number: int | None,
    show: Path | None,
    landmarks: str,
    landmarks_file: Path | None,
    folders: tuple[Path, ...],
) -> None:
    """Cut faces out of photos as the FFHQ models know them: upright, centred, the eyes at their place.

    PHOTO is a picture, or a folder of them. Nothing is sent anywhere: faces are found on this machine.
    """
    from renderer import report
    from renderer.inversion.aligning import Aligning
    from renderer.inversion.finders import make_finder
    from renderer.inversion.photo import photo_files
    from renderer.sheet import checked_picture

    if every and number is not None:
        raise click.UsageError("--face and --all-faces exclude each other")
    if show is not None:
        checked_picture(show)
    files = [file for path in photos for file in photo_files(path)]
    many = len(files) > 1 or photos[0].is_dir()
    target = output or Path("out") / ("aligned" if many else f"{files[0].stem}.aligned.png")
    find = make_finder(landmarks, landmarks_file, registries_of(folders).landmarks)
    aligning = Aligning(files, find, target, size, number, every)
    written = []
    with report.progress_bar("aligning", len(files), quiet=len(files) == 1, unit="photos") as advance:
        for faces in aligning.run():
            written += faces
            advance(1)
    for note in aligning.notes:
        report.err.print(f"note: {note}", soft_wrap=True)
    for one, file in written:
        report.err.print(f"{one.photo.path}: {one.told()}", soft_wrap=True)
        report.out.print(report.nearby(file), soft_wrap=True)
    if show is not None:
        report.out.print(report.nearby(aligning.show(show)), soft_wrap=True)


@click.command(short_help="Find the latents of photos by an encoder.")
@PHOTOS
@click.option(
    "-m", "--model", required=True, metavar="MODEL", help="Generator: a file of e4e or pSp, or another model."
)
@click.option("--encoder", metavar="FILE", help="File of the encoder.  [default: the model's own]")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Latents to write, .npz.  [default: out/PHOTO.npz]",
)
@click.option(
    "--align/--no-align", "aligned", default=None, help="Align the face first.  [default: where a face is found]"
)
@click.option(
    "--face", "number", metavar="N", type=click.IntRange(0), help="Which face, by size from 0.  [default: the largest]"
)
@click.option("--device", metavar="DEVICE", default="auto", show_default=True, help="auto, cpu, cuda, mps.")
@with_landmarks
@with_plugins
def encode(
    photos: tuple[Path, ...],
    model: str,
    encoder: str | None,
    output: Path | None,
    aligned: bool | None,
    number: int | None,
    device: str,
    landmarks: str,
    landmarks_file: Path | None,
    folders: tuple[Path, ...],
) -> None:
    """Find the latents of photos in one pass of an encoder, and write them with a picture of photo and result.

    PHOTO is a picture, or a folder of them. A scene takes the file as a latent: `keys: {0s: 7, 2s: me.npz}`, or
    me.npz[3] of many.
    """
    from renderer import report
    from renderer.inversion.encoding import Encoding
    from renderer.inversion.finders import make_finder
    from renderer.inversion.photo import photo_files
    from renderer.inversion.result import checked_result

    registries = registries_of(folders)
    files = [file for path in photos for file in photo_files(path)]
    target = checked_result(output or Path("out") / f"{photos[0].stem}.npz")
    find = make_finder(landmarks, landmarks_file, registries.landmarks)
    encoding = Encoding.of(model, encoder, find, aligned, number, device, registries)
    with report.progress_bar("encoding", len(files), quiet=len(files) == 1, unit="photos") as advance:
        for file in files:
            encoding.add(file)
            advance(1)
    for note in encoding.notes:
        report.err.print(f"note: {note}", soft_wrap=True)
    for written in encoding.write(target):
        report.out.print(report.nearby(written), soft_wrap=True)
