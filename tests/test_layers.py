"""Imports go from later stages to earlier ones only; this test reads them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# From low to high. A module may import from its own layer or below; the longest matching prefix counts.
LAYERS = [
    ["errors", "pages", "spoken", "deprecation"],
    ["latents", "noise", "colour", "mixing", "warping", "blur", "bending", "blending", "lut", "picture_file", "masks"],
    ["example_song", "synthesis_inputs"],
    ["values", "find", "lettering", "upscaling"],
    ["signal_source", "scorers", "landmarks", "perceptual"],
    ["audio"],
    ["generators.base", "sinks.base"],
    ["layer_noise"],
    ["context"],
    ["effects", "hookspecs", "group"],
    ["registry", "contract"],
    ["scene", "generators", "sinks", "importing"],
    ["timeline", "example_models"],
    ["levels", "repeats", "waiting", "fitting", "transitions"],
    ["pictures"],
    ["engine", "plugin_manager"],
    ["film", "job"],
    ["reel"],
    ["manifest"],
    ["pins"],
    ["api"],
    ["sheet", "samples", "axes", "reference", "report", "trial", "plot", "demo"],
    ["directions", "inversion", "bench", "song"],
    ["promises"],
    ["testing"],
    ["authoring", "public"],
    ["cli"],  # and every cli_NAME
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
APART = {"scene", "generators", "sinks"}  # of one layer, but knowing nothing of each other
TOP = {"", "__main__", "plugin_manager"}  # may name anything


def rank(module: str) -> int:
    parts = ["cli"] if module.startswith("cli_") else module.split(".")
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in RANK:
            return RANK[".".join(parts[:length])]
    raise AssertionError(f"renderer.{module} is in no layer")


def modules() -> list[Path]:
    return sorted((ROOT / "renderer").rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "renderer").with_suffix("").parts).removesuffix("__init__").rstrip(".")


def imported(path: Path) -> set[str]:
    """Return the modules of `renderer` that a file imports, without those for type checking only."""
    found = set()
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [one if module_exists(one) else node.module for one in inner]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {one.removeprefix("renderer.") for one in names if one.startswith("renderer.")}
    return found


def module_exists(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return name.startswith("renderer.") and (path.with_suffix(".py").exists() or (path / "__init__.py").exists())


def violations(path: Path) -> list[str]:
    name = name_of(path)
    if name in TOP:
        return []
    wrong = []
    for other in imported(path):
        apart = {name.split(".")[0], other.split(".")[0]} <= APART and name.split(".")[0] != other.split(".")[0]
        if rank(other) > rank(name) or (apart and not other.endswith(".base")):
            wrong.append(f"renderer.{name} imports renderer.{other}")
    return wrong


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_go_down(path):
    assert violations(path) == []


def test_an_import_upwards_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_layers.name_of", lambda path: "scene.load")
    wrong = tmp_path / "load.py"
    wrong.write_text("from renderer.engine import fit\nfrom renderer.generators.bloom import Bloom\n")
    assert len(violations(wrong)) == 2


def test_nothing_imports_the_plugins_folder():
    for path in [*modules(), *(ROOT / "plugins").glob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.split(".")[0] == "plugins" for name in names), path


def test_sizes_of_the_house():
    for path in [*modules(), *(ROOT / "plugins").glob("*.py")]:
        assert len(path.read_text().splitlines()) <= 400, f"{path.name} is over 400 lines"
    assert len((ROOT / "renderer/hookspecs.py").read_text().splitlines()) <= 80


def test_modules_that_must_not_exist():
    assert not (ROOT / "renderer/plugins.py").exists()
    assert not (ROOT / "renderer/plugins").exists()
