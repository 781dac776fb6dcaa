"""The commands about models: what there is, what one is, and writing it in a safer format."""

from __future__ import annotations

from pathlib import Path

import click

from renderer.cli_options import registries_of, with_plugins


@click.command(short_help="List models, or fetch one.")
@click.option("--fetch", metavar="NAME", help="Download a model of the list, or from an https:// address.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@with_plugins
def models(fetch: str | None, as_json: bool, folders: tuple[Path, ...]) -> None:
    """List the models that a scene can name: embedded ones, and those of the zoo with what of them is in the cache."""
    from renderer import report
    from renderer.generators.cache import cache_folder
    from renderer.generators.download import fetch as download
    from renderer.generators.info import known_models

    if fetch is not None:
        with report.download_bar(fetch) as progress:
            path = download(fetch, progress=progress)
        report.out.print(str(path), soft_wrap=True)
        return
    known = known_models(registries_of(folders).generators)
    if as_json:
        report.print_json([one.__dict__ for one in known])
    else:
        report.print_models(known, cache_folder())


@click.command(short_help="Tell all about a model.")
@click.argument("model")
@click.option("--sheet", metavar="FILE", type=click.Path(path_type=Path), help="Picture of some seeds to write.")
@click.option("--count", metavar="N", type=click.IntRange(1, 400), default=12, show_default=True, help="Seeds to show.")
@click.option("--columns", metavar="N", type=click.IntRange(1, 40), default=4, show_default=True, help="In a row.")
@click.option("--psi", metavar="PSI", type=float, default=0.7, show_default=True, help="Truncation of the samples.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@with_plugins
def info(
    model: str, sheet: Path | None, count: int, columns: int, psi: float, as_json: bool, folders: tuple[Path, ...]
) -> None:
    """Tell all about a model: its family, sizes, layers, classes, what is unusual; --sheet shows samples.

    MODEL is a file, an https:// address, or a name of `render models`.
    """
    from dataclasses import asdict

    from renderer import report
    from renderer.generators.info import model_info
    from renderer.generators.load import existing_file
    from renderer.job import load_generator
    from renderer.samples import write_samples
    from renderer.sheet import checked_picture

    if sheet is not None:
        checked_picture(sheet)
    registries = registries_of(folders)
    file = None
    if model not in registries.generators:
        with report.download_bar(model) as progress:
            file = existing_file(model, registries.generators, progress)
    size = (256, 256) if file is None else None
    generator = load_generator(file or model, size=size, registries=registries)
    facts = model_info(model, generator, file)
    if as_json:
        report.print_json(asdict(facts))
    else:
        report.print_model(facts)
    if sheet is not None:
        with report.progress_bar(f"{model} samples", count, unit="samples") as advance:
            write_samples(generator, sheet, count, columns, psi, advance)
        report.err.print(str(sheet), soft_wrap=True)


@click.command(short_help="Write a checkpoint as .safetensors.")
@click.argument("source")
@click.argument("target", type=click.Path(path_type=Path))
def convert(source: str, target: Path) -> None:
    """Write a checkpoint as .safetensors, which opens faster and holds no pickle.

    SOURCE is a file, an https:// address, or a name of `render models`.
    """
    from renderer import report
    from renderer.generators.load import convert as convert_checkpoint

    with report.download_bar(source) as progress:
        convert_checkpoint(source, target, progress=progress)
    click.echo(str(target))
