"""`render directions` and `render grid` from the command line: files, strips, and one clear sentence for mistakes."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from renderer.cli import cli
from renderer.directions.explore import against_psi, draw, latents_shown, mixed
from renderer.directions.model import Model
from renderer.errors import LatentreelError, ValueProblem
from renderer.generators.load import load_generator
from renderer.timeline.direction_files import read_directions
from renderer.values.layers import Layers
from tests.directions.paths import FIXTURES, PACKS

NETWORK = FIXTURES / "sg2ada_uncond64.pkl"


@pytest.fixture
def render(tmp_path, monkeypatch):
    """Return a function that runs a command in the test's folder and gives what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*args, fails=False):
        done = CliRunner().invoke(cli, [str(arg) for arg in args])
        if fails:
            assert isinstance(done.exception, LatentreelError | ValueProblem), done.output
            return str(done.exception)
        if done.exception is not None:
            raise done.exception
        return done.output

    return run


def test_a_scorer_s_direction_with_its_strip(render, tmp_path):
    said = render("directions", "fit", "--scorer", "brightness", "-n", 100, "--size", 16, "--layers", "0-11")
    assert "ridge of 100 samples: R²" in said
    held = read_directions(tmp_path / "out" / "brightness.npz")
    assert held.facts["made"]["of"] == "scorer brightness"
    assert held.layers[0].tolist() == [1] * 12 + [0] * 2
    with Image.open(tmp_path / "out" / "brightness.png") as strip:
        pixels = np.asarray(strip.convert("L"), float)
    thirds = np.array_split(pixels[40:, 60:], 7, axis=1)
    assert thirds[6].mean() > thirds[3].mean() > thirds[0].mean(), "it grows brighter from left to right"


def test_labels_without_a_direction(render, tmp_path, bloom, attributes):
    seeds = range(200)
    shown = latents_shown(bloom, [f"0-{len(seeds) - 1}"], tmp_path)
    hue = attributes(torch.cat([one.ws for one in shown]))["hue"]
    rows = [f"{seed},{'blue' if value > 0 else 'red'}" for seed, value in zip(seeds, hue, strict=True)]
    (tmp_path / "hue.csv").write_text("\n".join(["seed,colour", *rows]))
    said = render(
        "directions", "fit", "--labels", "hue.csv", "--positive", "red", "--without", "petals", "--no-strip",
        "-o", "red.safetensors", "--method", "svm",
    )  # fmt: skip
    assert "svm of 200 samples: accuracy" in said
    assert "without petals: cosine" in said
    held = read_directions(tmp_path / "red.safetensors")
    assert float(held.vectors[0].sum(0)[0]) < 0, "red is where hue is small"
    assert held.facts["made"]["without"] == ["petals"]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["hue.csv", "red.safetensors"]


def test_components_of_a_network_and_of_bloom(render, tmp_path):
    render("directions", "pca", "-n", 500, "-k", 4, "--size", 16)
    render("directions", "pca", "-n", 500, "-k", 3, "-m", NETWORK, "-o", "net.pt", "--no-strip")
    np.savez(tmp_path / "me.npz", ws=np.zeros((1, 14, 64)))  # latents are no directions
    render("directions", "sefa", "-m", NETWORK, "-k", 3, "--no-strip", "--layers", "coarse")
    assert "component 3" in render("directions", "show", "out/bloom.pca.npz", "--no-strip")
    listed = json.loads(render("directions", "list", "--json"))
    found = {(one["where"], one["count"], one["space"]) for one in listed}
    assert found == {
        ("bloom", 32, "w"), ("net.pt", 3, "?"), ("out/bloom.pca.npz", 4, "w"), ("out/sg2ada_uncond64.sefa.npz", 3, "w"),
    }  # fmt: skip
    assert listed[-1]["told"] == "factor 0, factor 1, factor 2; by sefa; for sg2ada_uncond64.pkl"
    assert "pca.npz" in render("directions", "list", "out")


def test_pairs(render, tmp_path):
    before = np.random.RandomState(0).randn(6, 64).astype(np.float32)
    step = np.zeros(64, np.float32)
    step[2] = 3.0
    np.savez(tmp_path / "a.npz", w=before)
    np.savez(tmp_path / "b.npz", w=before + step)
    said = render("directions", "from-pairs", "a.npz", "b.npz", "--no-strip")
    assert "6 pairs; their steps have a mean cosine of 1.000" in said
    assert "the pairs are 1.9" in said
    held = read_directions(tmp_path / "out" / "a-b.npz")
    assert (held.space, float(held.vectors[0, 2])) == ("w", pytest.approx(1))
    np.savez(tmp_path / "b.npz", w=before[:5])
    assert "a.npz holds 6 latents, b.npz 5" in render("directions", "from-pairs", "a.npz", "b.npz", fails=True)


def test_a_published_boundary_is_freed_from_another(render, tmp_path):
    plain, other = (PACKS / f"stylegan_ffhq_{name}_boundary.npy" for name in ("age", "gender"))
    said = render("directions", "condition", plain, "--without", other, "-m", wide(tmp_path), "--no-strip")
    assert "cosine 0.9" in said
    held = read_directions(tmp_path / "out" / "stylegan_ffhq_age_boundary.conditioned.npz")
    wanted = read_directions(PACKS / "stylegan_ffhq_age_c_gender_boundary.npy").vectors
    assert float(torch.cosine_similarity(held.vectors[0], wanted.reshape(-1), dim=0)) > 0.9999
    assert held.space == "z"


def wide(folder):
    """Return a checkpoint of a network as wide as those of faces, and of few pixels."""
    from renderer.generators.networks.stylegan2 import StyleGAN2
    from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
    from renderer.generators.safetensors_format import save_safetensors

    network = StyleGAN2(StyleGAN2Config(512, 0, 512, 8, 3, (2, 2), (512, 512))).randomize(0)
    save_safetensors(network, folder / "wide.safetensors")
    return folder / "wide.safetensors"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["fit"], "expected either --labels FILE.csv or --scorer NAME"),
        (["fit", "--scorer", "brightnes"], "unknown scorer 'brightnes'; did you mean 'brightness'"),
        (["fit", "--labels", "none.csv"], "none.csv: not a readable table"),
        (["fit", "--scorer", "brightness", "-o", "a.mp4"], "a.mp4: expected a file of directions"),
        (["fit", "--scorer", "brightness", "--layers", "0-99"], "--layers: layers 0-99: this generator has 14 layers"),
        (["fit", "--scorer", "brightness", "--space", "z", "--layers", "1"], "--layers: a direction in z moves all"),
        (["fit", "--scorer", "brightness", "-n", "20", "--without", "hued"], "unknown direction 'hued' of bloom"),
        (["fit", "--scorer", "brightness", "-n", "20", "--without", PACKS / "age.pt"], "this model wants [64]"),
        (["sefa"], "bloom has no style affines to factorise"),
        (["pca", "-m", "blom"], "did you mean 'bloom'"),
        (["pca", "--class", "2"], "--class 2: bloom has no classes"),
        (["condition", "hue"], "expected what hue is to be freed from"),
        (["condition", "hue", "--without", "hue"], "nothing is left"),
        (["show", "none.npz"], "none.npz: no such file"),
        (["show", PACKS / "age.pt", "-o", "a.png"], "age.pt has shape [512], but this model wants [64] or [14, 64]"),
        (["list", "nowhere"], "nowhere: no such file or folder"),
        (["from-pairs", "a.npz", "b.npz"], "a.npz: no such file"),
    ],
)  # fmt: skip
def test_mistakes_about_directions(render, tmp_path, args, message):
    assert message in render("directions", *args, fails=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--psi", "1,x"], "--psi 1,x: expected numbers with commas"),
        (["--psi", "1", "--mix", "3"], "expected one axis beside the rows, not --psi and --mix"),
        (["--layers", "1"], "--layers says what --mix takes"),
        (["--amounts", "1"], "--amounts says how far --direction goes"),
        (["--mix", "3", "--layers", "0-14"], "--layers: layers 0-14: this generator has 14 layers"),
        (["--rows", "x"], "--rows: expected a latent"),
        (["--rows", "me.npz"], "--rows: no such file: me.npz"),
        (["--direction", "hued"], "--direction: unknown direction 'hued'"),
        (["--rows", "0-999", "--cell", "500"], "show fewer rows or columns"),
        (["-o", "a.mp4"], "a.mp4: expected a picture"),
    ],
)
def test_mistakes_about_grids(render, tmp_path, args, message):
    assert message in render("grid", "--size", 8, *args, fails=True)
    assert list(tmp_path.iterdir()) == []


def cell(path, row, column, side, shape):
    """Return a cell of a picture of (rows, columns); behind each are 6 pixels, as far as the right and the bottom."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"), float)
    height, width = pixels.shape[:2]
    top, left = height - (shape[0] - row) * (side + 6), width - (shape[1] - column) * (side + 6)
    return pixels[top : top + side, left : left + side]


def test_the_truncation_table(render, bloom):
    render("grid", "--rows", "3,8", "--psi", "-0.5,0,1", "--size", 32, "--cell", 32, "-o", "psi.png")
    mean = cell("psi.png", 0, 1, 32, (2, 3))
    assert np.abs(mean - cell("psi.png", 1, 1, 32, (2, 3))).max() == 0, "psi 0 is the same for all"
    (shown,) = latents_shown(bloom, ["8"], FIXTURES)
    with torch.no_grad():
        image = bloom.generator.synthesis(shown.ws)[0].permute(1, 2, 0).numpy()
    assert np.abs(cell("psi.png", 1, 2, 32, (2, 3)) - np.clip(image * 127.5 + 128, 0, 255)).max() <= 1.01
    assert np.abs(cell("psi.png", 0, 0, 32, (2, 3)) - cell("psi.png", 0, 2, 32, (2, 3))).mean() > 5


def test_the_matrix_of_style_mixing(bloom, tmp_path):
    rows, columns = latents_shown(bloom, ["1", "2"], tmp_path), latents_shown(bloom, ["5-7"], tmp_path)
    fine = [one for one, _ in Layers.parse("fine").amounts]
    grid = mixed(bloom, rows, columns, fine, 1.0)
    assert grid.cells == 12
    latents = list(grid.rows)
    assert torch.equal(latents[0][1:], torch.cat([one.ws for one in columns]))
    assert torch.equal(latents[2][0], rows[1].ws[0])
    assert torch.equal(latents[2][3][8:], columns[2].ws[0][8:])
    assert torch.equal(latents[2][3][:8], rows[1].ws[0][:8])


def test_a_grid_of_directions_and_of_latents(render, tmp_path):
    np.savez(tmp_path / "me.npz", z=np.random.RandomState(2).randn(2, 64))
    render("grid", "--direction", "hue", "--direction", "petals", "--amounts", "0,2", "--size", 16, "-o", "one.png")
    render("grid", "--rows", "7,me.npz,me.npz[1]", "--direction", "hue", "--size", 16, "--cell", 16, "-o", "two.png")
    with Image.open("two.png") as picture:
        assert picture.height == 4 * 22 + 46
    assert np.abs(cell("two.png", 1, 0, 16, (4, 7)) - cell("two.png", 2, 0, 16, (4, 7))).mean() > 2


def test_rows_come_one_after_the_other(bloom, tmp_path):
    """Only one row of images is held: the next is asked for when the last has been drawn."""
    asked, drawn = [], []
    grid = against_psi(bloom, latents_shown(bloom, ["0-4"], tmp_path), [0.5, 1.0])

    def rows():
        for index, ws in enumerate(grid.rows):
            asked.append((index, sum(drawn)))
            yield ws

    draw(type(grid)(grid.axes, rows()), bloom, tmp_path / "a.png", 16, drawn.append)
    assert asked == [(index, 2 * index) for index in range(5)]


def test_on_a_network(tmp_path):
    model = Model(load_generator(NETWORK), "net")
    draw(against_psi(model, latents_shown(model, ["0", "1"], tmp_path), [0, 1]), model, tmp_path / "a.png", 64)
    with Image.open(tmp_path / "a.png") as picture:
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 1000
