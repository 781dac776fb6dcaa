"""Which format a checkpoint is in, told by what it contains and never by its file name.

To open a further format, write one file with `detect` and `load` and put its Format in the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from renderer.generators import (
    e4e,
    rosinality,
    stylegan1,
    stylegan1_lernapparat,
    stylegan1_tf,
    stylegan2_ada,
)
from renderer.generators.base import Generator
from renderer.generators.checkpoint import Contents, Format, contents_of, names
from renderer.generators.pickle_machine import Refusal

OPENED = "this version opens StyleGAN2-ADA .pkl and our .safetensors"


def _has(*keys: str) -> Any:
    return lambda contents: all(key in contents.state for key in keys)


def _begins(*prefixes: str) -> Any:
    return lambda contents: all(any(key.startswith(prefix) for key in contents.state) for prefix in prefixes)


def _is_xl(contents: Contents) -> bool:
    return contents.class_name == "SuperresGenerator" or any("embed_proj" in key for key in contents.state)


FORMATS: tuple[Format, ...] = (
    Format("a StyleGAN-XL checkpoint", _is_xl),
    Format("a StyleGAN3 checkpoint", _begins("synthesis.input.", "mapping.")),
    stylegan2_ada.FORMAT,
    stylegan1_tf.FORMAT,
    Format("a StyleGAN2 checkpoint of the TensorFlow code", _has("synthesis/4x4/Const/const")),
    e4e.FORMAT,
    rosinality.FORMAT,
    stylegan1.FORMAT,
    stylegan1_lernapparat.FORMAT,
)


def open_contents(loaded: Any, formats: Sequence[Format] = FORMATS) -> Generator:
    """Return the generator in an object read from a checkpoint; raise Refusal or Damage where there is none."""
    contents = contents_of(loaded)
    found = next((each for each in formats if each.detect(contents)), None)
    if found is None:
        raise Refusal(f"it holds no network that is known (it has {names(contents.state)}); {OPENED}")
    if found.load is None:
        raise Refusal(f"it is {found.title}; {OPENED}")
    return found.load(contents)
