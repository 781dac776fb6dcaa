"""The command that measures how quick a model is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.cli_options import naming, registries_of, with_plugins
from renderer.errors import LatentreelError

if TYPE_CHECKING:
    from renderer.generators.base import Generator

BATCHES = {"cpu": (1, 4)}
OTHER_BATCHES = (1, 4, 16)


@click.command(short_help="Measure how quick a model is on this machine.")
@click.argument("model", required=False)
@click.option(
    "--random", metavar="NETWORK", help="A network of random weights instead: stylegan2:1024, stylegan3-t:256 ..."
)
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice(["exact", "fast", "compiled"]),
    help="Modes to measure.  [default: all that the device has]",
)
@click.option("--dtype", type=click.Choice(["bf16", "fp16"]), help="Precision of the fast modes, instead of auto's.")
@click.option("--batch", "batches", multiple=True, metavar="N", type=click.IntRange(1, 256), help="Frames at a time.")
@click.option(
    "--seconds", metavar="N", type=click.FloatRange(0, 3600), default=5, show_default=True, help="For each measurement."
)
@click.option("--size", metavar="PIXELS", help="Of bloom and others of any size: 512 or 1080x1920.")
@click.option("--device", metavar="DEVICE", default="auto", show_default=True, help="auto, cpu, cuda, mps.")
@click.option("--threads", metavar="N", type=click.IntRange(1, 1024), help="Threads of the CPU.")
@click.option("--json", "as_json", is_flag=True, help="Print all numbers as JSON, in seconds and bytes.")
@with_plugins
def bench(
    model: str | None,
    random: str | None,
    modes: tuple[str, ...],
    dtype: str | None,
    batches: tuple[int, ...],
    seconds: float,
    size: str | None,
    device: str,
    threads: int | None,
    as_json: bool,
    folders: tuple[Path, ...],
) -> None:
    """Measure how quick a model is on this machine: by mode and batch, beside what the machine can do.

    MODEL is a file, an https:// address, or a name of `render models`; bloom without one. Synthesis alone is measured,
    without effects and encoding. The floor is what the arithmetic of the network takes at the speed that was measured
    for large matrices and convolutions.
    """
    from dataclasses import asdict

    import torch

    from renderer import report
    from renderer.bench.measure import measure
    from renderer.bench.table import machine, print_bench
    from renderer.job import checked_device
    from renderer.pages import keep_pages

    if model is not None and random is not None:
        raise LatentreelError(f"expected a MODEL or --random, not both: {model} and {random}")
    kept = keep_pages()
    if threads:
        torch.set_num_threads(threads)
    place = checked_device(device)
    generator = opened(model or "bloom", random, place, size, folders)
    with report.err.status("measuring ...") as status:
        found = measure(
            random or model or "bloom",
            generator,
            modes,
            dtype,
            batches or BATCHES.get(generator.device.type, OTHER_BATCHES),
            seconds,
            lambda what: status.update(f"measuring {what}"),
        )
    if as_json:
        report.print_json({**asdict(found), "machine": machine(found), "kept_pages": kept})
    else:
        print_bench(found, kept)


def opened(model: str, random: str | None, device: str, size: str | None, folders: tuple[Path, ...]) -> Generator:
    """Return the generator to measure; a model that has to be downloaded shows how far it is."""
    from renderer import report
    from renderer.generators.load import existing_file
    from renderer.generators.untrained import untrained
    from renderer.job import load_generator
    from renderer.scene.model import parse_size
    from renderer.scene.tree import scalar

    if random is not None:
        return untrained(random).to(device)
    registries, file = registries_of(folders), None
    if model not in registries.generators:
        with report.download_bar(model) as progress:
            file = existing_file(model, registries.generators, progress)
    with naming("--size"):
        width, height = parse_size(scalar(size or "512"))
    return load_generator(file or model, device=device, size=(height, width), registries=registries)
