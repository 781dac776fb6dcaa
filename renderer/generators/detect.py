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
    stylegan2_tf,
    stylegan3,
    stylegan_xl,
)
from renderer.generators.base import Generator
from renderer.generators.checkpoint import Format, contents_of, names
from renderer.generators.pickle_machine import Refusal


def unique(*formats: Format) -> tuple[Format, ...]:
    """Return formats in the order in which they are asked; raise ValueError where two have the same title."""
    titles = [each.title for each in formats]
    for title in titles:
        if titles.count(title) > 1:
            raise ValueError(f"two formats are called {title!r}")
    return formats


FORMATS = unique(
    stylegan_xl.FORMAT,
    stylegan3.FORMAT,
    stylegan2_ada.FORMAT,
    stylegan1_tf.FORMAT,
    stylegan2_tf.FORMAT,
    e4e.FORMAT,
    rosinality.FORMAT,
    stylegan1.FORMAT,
    stylegan1_lernapparat.FORMAT,
)


def opened(formats: Sequence[Format] = FORMATS) -> str:
    """Return the sentence that says which formats are opened: each family, with the codes that wrote it."""
    codes: dict[str, list[str]] = {}
    for each in formats:
        if each.load is not None:
            family, _, code = each.title.partition(" of the ")
            family = family.removeprefix("an ").removeprefix("a ").removesuffix(" checkpoint")
            codes.setdefault(family, []).extend([code.removesuffix(" code")] if code else [])
    said = [f"{family} ({', '.join(found)})" if found else family for family, found in codes.items()]
    return f"this version opens {', '.join(said)}{' and ' if said else ''}our .safetensors"


def open_contents(loaded: Any, formats: Sequence[Format] = FORMATS) -> Generator:
    """Return the generator in an object read from a checkpoint; raise Refusal or Damage where there is none."""
    contents = contents_of(loaded)
    found = next((each for each in formats if each.detect(contents)), None)
    if found is None:
        raise Refusal(f"it holds no network that is known (it has {names(contents.state)}); {opened(formats)}")
    if found.load is None:
        raise Refusal(f"it is {found.title}; {opened(formats)}")
    return found.load(contents)
