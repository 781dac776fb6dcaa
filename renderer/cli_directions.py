"""The commands about directions: finding them, and looking at what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.cli_options import FILE, naming, opened, registries_of, with_model

if TYPE_CHECKING:
    from torch import Tensor

    from renderer.directions.model import Model, Spread
    from renderer.timeline.direction_files import Direction, DirectionFile

WITHOUT = click.option(
    "--without", "others", multiple=True, metavar="DIRECTION", help="Leave another as it is: a file or a name."
)
GUESS = "the labels can hardly be told from the latents; the direction is little more than a guess"


def with_file(default: str) -> Callable[[Any], Any]:
    """Return what adds the options of a file of directions to write; `default` is the name it has otherwise."""
    options = (
        click.option(
            "-o", "--output", metavar="FILE", type=FILE,
            help=f"File to write: .npz or .safetensors.  [default: out/{default}.npz]",
        ),
        click.option("--layers", metavar="LAYERS", help="Layers it moves: 0-7, coarse, or coarse=1,middle=0.3."),
        click.option(
            "--strip/--no-strip", default=True, show_default=True, help="Write a picture of -3 to 3 sigma beside it."
        ),
    )  # fmt: skip

    def add(function: Any) -> Any:
        function = with_model(function)
        for option in reversed(options):
            function = option(function)
        return function

    return add


@dataclass(frozen=True)
class Work:
    """Hold what all commands that find directions begin with: the model, the space, layers, others, where to write.

    others holds the directions that what is found is freed from, by the names that were given.
    """

    model: Model
    space: Any
    layers: Tensor | None
    others: Mapping[str, Direction]
    path: Path
    strip: bool

    @classmethod
    def begin(
        cls, options: dict[str, Any], name: str, space: str = "w", *, model: Model | None = None, pack: bool = False
    ) -> Work:
        """Return the work that options ask for; `name` is what the file is called unless they say."""
        from renderer import api
        from renderer.directions.found import named_directions, strengths_of
        from renderer.directions.write import checked_target

        output, layers, strip = (options.pop(key) for key in ("output", "layers", "strip"))
        path = checked_target(output or api.DEFAULT_FOLDER / f"{name}.npz", pack=pack)
        others = options.pop("others", ())
        model = model or opened(**options)
        with naming("--layers"):
            strengths = strengths_of(layers, model.generator, space)
        with naming("--without"):
            directions = dict(zip(others, named_directions(model, others, space), strict=True))
        return cls(model, space, strengths, directions, path, strip)

    def spread(self) -> Spread | None:
        """Return how w of the model is spread, with a bar; None where the work is in z."""
        from renderer import report
        from renderer.directions.model import SPREAD_SAMPLES, spread_of

        if self.space == "z":
            return None
        with report.progress_bar("spread of w", SPREAD_SAMPLES, unit="latents") as advance:
            return spread_of(self.model, progress=advance)

    def freed(self, vector: Tensor) -> Tensor:
        """Return a direction without the others, and say how much of it is left."""
        from renderer import report
        from renderer.directions.condition import without

        if not self.others:
            return vector
        left = without(vector, [one.vector.cpu() for one in self.others.values()])
        cosine = float((left * vector).sum() / (left.norm() * vector.expand_as(left).norm()))
        report.err.print(f"without {', '.join(self.others)}: cosine {cosine:.3f} with what it was before")
        return left

    def finish(
        self,
        vectors: Tensor,
        names: Sequence[str],
        made: Mapping[str, Any],
        spread: Spread | None,
        extra: Mapping[str, Tensor] | None = None,
    ) -> DirectionFile:
        """Write a file of directions and its strip, and say where they are."""
        from renderer import report
        from renderer.directions.found import described
        from renderer.directions.strip import strip_path
        from renderer.directions.write import write_directions

        held = described(self.model, spread, vectors, names, made, self.layers)
        write_directions(self.path, held, extra)
        report.out.print(str(self.path), soft_wrap=True)
        if self.strip:
            draw_strip(held, self.model, self.path.name, strip_path(self.path))
        return held


def draw_strip(held: DirectionFile, model: Model, name: str, path: Path, psi: float = 0.7, side: int = 128) -> None:
    """Write the strip of directions, with a bar."""
    from renderer import report
    from renderer.directions.explore import draw
    from renderer.directions.strip import strip_of

    grid = strip_of(held, model, name, psi)
    with report.progress_bar("strip", grid.cells, unit="pictures") as advance:
        draw(grid, model, path, side, advance)
    report.out.print(str(path), soft_wrap=True)


@click.group(short_help="Find directions in a model's latent space, and list them.")
def directions() -> None:
    """Find directions in a model's latent space, and list them.

    What is found is written to a file that a scene takes by its name, direction-sweep: {direction: smile.npz}, and
    shown as a strip of pictures beside it. Amounts count in sigmas: how far the latents of the model vary that way.
    """


@directions.command(short_help="Fit a direction to labels, or to what a scorer says.")
@click.option(
    "--labels", metavar="CSV", type=FILE,
    help="Table with a column `seed` or `file`, and one of numbers or classes.",
)  # fmt: skip
@click.option("--column", metavar="NAME", help="Column of labels, where there are several.")
@click.option("--positive", metavar="CLASS", help="Class that the direction leads to.")
@click.option("--scorer", metavar="NAME", help="Let a scorer look at seeds instead: brightness, or one of a plugin.")
@click.option(
    "-n", "--count", metavar="N", type=click.IntRange(10, 1_000_000), default=500, show_default=True,
    help="Seeds for the scorer.",
)  # fmt: skip
@click.option(
    "--first", metavar="SEED", type=click.IntRange(0, 2**31), default=0, show_default=True, help="The first of them."
)
@click.option(
    "--psi", metavar="PSI", type=float, default=1.0, show_default=True, help="Truncation of what the scorer sees."
)
@click.option(
    "--method", type=click.Choice(["ridge", "logistic", "svm"]),
    help="How it is fitted.  [default: ridge for numbers, logistic for classes]",
)  # fmt: skip
@click.option(
    "--space", type=click.Choice(["w", "w+", "z"]), default="w", show_default=True, help="Where the direction lives."
)
@WITHOUT
@click.option("--normal", is_flag=True, help="Take the hyperplane's normal as it is, as InterFaceGAN does.")
@with_file("COLUMN or SCORER")
def fit(
    labels: Path | None,
    column: str | None,
    positive: str | None,
    scorer: str | None,
    count: int,
    first: int,
    psi: float,
    method: Any,
    space: Any,
    normal: bool,
    **options: Any,
) -> None:
    """Fit a direction to labels, or to what a scorer says of pictures.

    The table has a row per sample: a seed, or a file of latents and which of it, and its label. Numbers are fitted by
    ridge regression, two classes by logistic regression or a linear support vector machine. --without keeps another
    attribute where it is, as InterFaceGAN's conditional manipulation does; it may be given several times.
    """
    from renderer import report
    from renderer.directions.fit import fit_direction
    from renderer.directions.labels import from_scorer, from_table
    from renderer.errors import LatentreelError

    if scorer is not None and labels is None:
        judge = registries_of(options["folders"]).scorers.find(scorer)
        work = Work.begin(options, scorer, space)
        with report.progress_bar(scorer, count, unit="pictures") as advance:
            samples = from_scorer(scorer, judge, work.model, space, range(first, first + count), psi, advance)
    elif labels is not None and scorer is None:
        work = Work.begin(options, column or labels.stem, space)
        samples = from_table(labels, work.model, space, column, positive)
    else:
        raise LatentreelError("expected either --labels FILE.csv or --scorer NAME")
    spread = work.spread()
    found = fit_direction(samples, spread, method, normal=normal)
    report.err.print(
        f"{found.method} of {found.samples} samples: {found.measure} {found.score:.3f}, of labels not seen"
    )
    if found.is_guess:
        report.err.print(f"note: {GUESS}")
    made = {
        "method": found.method, "of": samples.origin, "samples": found.samples, found.measure: round(found.score, 4),
        "normal": normal, "without": list(work.others),
    }  # fmt: skip
    work.finish(work.freed(found.vector)[None], [samples.name], made, spread)


@directions.command(short_help="Principal components of w, as GANSpace finds them.")
@click.option(
    "-n", "--samples", "count", metavar="N", type=click.IntRange(100, 10_000_000), default=20_000, show_default=True,
    help="Latents to look at; no picture is made of them.",
)  # fmt: skip
@click.option(
    "-k", "--components", metavar="K", type=click.IntRange(1, 512), default=20, show_default=True,
    help="Components to keep.",
)  # fmt: skip
@click.option("--seed", metavar="SEED", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of z.")
@with_file("MODEL.pca")
def pca(count: int, components: int, seed: int, **options: Any) -> None:
    """Find the directions along which w varies most: its principal components, as GANSpace does.

    An .npz has the arrays of GANSpace's own files, too; with -o FILE.pt the pack of encoder4editing is written.
    A scene takes one of them as pca.npz[0].
    """
    from renderer import report
    from renderer.directions.model import spread_of
    from renderer.directions.pca import components_of

    work = Work.begin(options, f"{Path(options['model']).stem}.pca", pack=True)
    with report.progress_bar("spread of w", count, unit="latents") as advance:
        spread = spread_of(work.model, count, seed, advance)
    found = components_of(spread, components)
    names = [f"component {index}" for index in range(len(found.vectors))]
    made = {"method": "pca", "samples": count, "seed": seed, "shares": [round(float(one), 6) for one in found.shares]}
    report.err.print(f"{len(names)} components have {float(found.shares.sum()):.1%} of the variance of w")
    work.finish(found.vectors, names, made, spread, found.ganspace)


@directions.command(short_help="Closed-form factorisation of the style affines (SeFa).")
@click.option(
    "-k", "--components", metavar="K", type=click.IntRange(1, 512), default=20, show_default=True,
    help="Directions to keep.",
)  # fmt: skip
@with_file("MODEL.sefa")
def sefa(components: int, **options: Any) -> None:
    """Find the directions that the styles of a network hear most, from its weights alone (SeFa).

    With --layers only the styles of those layers are factorised, and only those are moved. bloom has no weights.
    """
    from renderer import report
    from renderer.directions.sefa import chosen_weights, factorise

    work = Work.begin(options, f"{Path(options['model']).stem}.sefa")
    vectors, values = factorise(chosen_weights(work.model.generator, work.layers), components)
    names = [f"factor {index}" for index in range(len(vectors))]
    made = {"method": "sefa", "singular_values": [round(float(value), 4) for value in values]}
    report.err.print(f"singular values {values[0]:.3g} to {values[-1]:.3g}")
    work.finish(vectors, names, made, work.spread())


@directions.command("from-pairs", short_help="The step from the latents of one file to those of another.")
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@click.option(
    "--space", type=click.Choice(["w", "w+", "z"]),
    help="Where the direction lives.  [default: as the latents are]",
)  # fmt: skip
@WITHOUT
@with_file("BEFORE-AFTER")
def from_pairs(before: Path, after: Path, space: Any, **options: Any) -> None:
    """Find the step from the latents of one file to those of another, pair by pair: a.npz without, b.npz with it.

    A few wrong pairs do little: it is the geometric median of the differences.
    """
    from renderer import report
    from renderer.directions.pairs import pair_direction, read_pairs

    target = {key: options.pop(key) for key in ("output", "layers", "strip", "others")}
    model, name = opened(**options), f"{before.stem}-{after.stem}"
    space, first, second = read_pairs(before, after, model, space)
    work = Work.begin(target, name, space, model=model)
    found = pair_direction(first, second)
    made = {
        "method": "pairs",
        "without": list(work.others),
        "of": f"{before.name}, {after.name}",
        "samples": len(first),
    }
    report.err.print(f"{len(first)} pairs; their steps have a mean cosine of {found.alike:.3f} with the direction")
    held = work.finish(work.freed(found.vector)[None], [name], made, work.spread())
    assert held.sigmas is not None
    report.err.print(f"the pairs are {found.length / float(held.sigmas[0]):.2f} sigma apart")


@directions.command(short_help="Free a direction from others.")
@click.argument("direction")
@WITHOUT
@with_file("DIRECTION.conditioned")
def condition(direction: str, **options: Any) -> None:
    """Free a direction from others, so that it moves one attribute and leaves theirs (InterFaceGAN's rule).

    DIRECTION is a file, one of a file such as pca.npz[3], or a name of the model's own.
    """
    from renderer.directions.found import named_directions
    from renderer.errors import LatentreelError

    if not options["others"]:
        raise LatentreelError(f"expected what {direction} is to be freed from: --without FILE, or several")
    target = {key: options.pop(key) for key in ("output", "layers", "strip", "others")}
    model = opened(**options)
    (plain,) = named_directions(model, [direction])
    stem = Path(direction).stem
    work = Work.begin(target, f"{stem}.conditioned", plain.space or "w", model=model)
    made = {"method": "condition", "of": direction, "without": list(work.others)}
    work.finish(work.freed(plain.vector.cpu())[None], [stem], made, work.spread())


@directions.command("list", short_help="List a model's own directions, and those in files.")
@click.argument("paths", nargs=-1, type=FILE, metavar="[FILE|FOLDER]...")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@with_model
def list_directions(paths: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """List what directions there are: the model's own by name, and those in files and folders.

    Without files those of the working folder and of out/ are listed.
    """
    from dataclasses import asdict

    from renderer import api, report
    from renderer.directions.listing import listed

    model = opened(**options)
    places = paths or tuple(one for one in (Path(), api.DEFAULT_FOLDER) if one.is_dir())
    found = list(listed(places, model.generator, model.name))
    if as_json:
        report.print_json([asdict(one) for one in found])
        return
    table = report.plain_table("where", "space", "holds", "shape", "what")
    table.columns[0].no_wrap = True
    for one in found:
        table.add_row(one.where, one.space, str(one.count), one.shape, one.told)
    report.out.print(table)


@directions.command(short_help="Tell all about a file of directions, and draw its strip.")
@click.argument("file", type=FILE)
@click.option("-o", "--output", metavar="PNG", type=FILE, help="Picture to write.  [default: beside the file]")
@click.option("--psi", metavar="PSI", type=float, default=0.7, show_default=True, help="Truncation of the pictures.")
@click.option(
    "--cell", metavar="PIXELS", type=click.IntRange(16, 1024), default=128, show_default=True, help="Of each."
)
@click.option("--strip/--no-strip", default=True, show_default=True, help="Draw the picture.")
@with_model
def show(file: Path, output: Path | None, psi: float, cell: int, strip: bool, **options: Any) -> None:
    """Tell all about a file of directions, ours or a published one, and draw them from -3 to 3 sigma."""
    from renderer import report
    from renderer.directions.listing import facts_of
    from renderer.directions.strip import strip_path
    from renderer.errors import LatentFileError
    from renderer.sheet import checked_picture
    from renderer.timeline.direction_files import read_directions

    if not file.is_file():
        raise LatentFileError(f"{file}: no such file")
    path = checked_picture(output or strip_path(file))
    held = read_directions(file)
    table = report.plain_table("", "")
    for name, told in facts_of(held).items():
        table.add_row(name, told)
    report.out.print(table)
    if strip:
        draw_strip(held, opened(**options), file.name, path, psi, cell)
