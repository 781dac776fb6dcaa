"""Checkpoints that their authors offer for download, by name; `zoo.yaml` beside this file lists them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated
from urllib.parse import urljoin

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ZOO_FILE = Path(__file__).with_name("zoo.yaml")
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Https = Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+/\S*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Model(_Strict):
    name: Name
    resolution: Annotated[int, Field(ge=4, le=4096)]
    shows: Text
    file: Text | None = None
    classes: Annotated[int, Field(ge=0)] | None = None
    sha256: Sha256 | None = None


class _Source(_Strict):
    family: Text
    about: Https
    base: Https
    licence: Text
    models: tuple[_Model, ...]


class _Zoo(_Strict):
    sources: tuple[_Source, ...]


class ZooModel(_Strict):
    """Describe one checkpoint that can be fetched by its name.

    resolution  of its images in pixels; classes is 0 for an unconditional model, None where it is not documented.
    licence     what its authors allow, with the address of the text; about is the page that documents it.
    sha256      of the file, where the authors publish it.
    """

    name: str
    url: str
    family: str
    resolution: int
    classes: int | None
    shows: str
    licence: str
    about: str
    sha256: str | None


@cache
def zoo() -> Mapping[str, ZooModel]:
    """Return every known checkpoint by name."""
    return read_zoo(ZOO_FILE.read_text(encoding="utf-8"))


def read_zoo(text: str) -> dict[str, ZooModel]:
    """Return the checkpoints that a YAML text lists, by name; raise ValueError where one is wrong or there twice."""
    listed = _Zoo.model_validate(yaml.safe_load(text))
    models = [
        ZooModel(
            name=model.name,
            url=urljoin(source.base, model.file or f"{model.name}.pkl"),
            family=source.family,
            resolution=model.resolution,
            classes=model.classes,
            shows=model.shows,
            licence=source.licence,
            about=source.about,
            sha256=model.sha256,
        )
        for source in listed.sources
        for model in source.models
    ]
    for what in ("name", "url"):
        counted = Counter(getattr(model, what) for model in models)
        if twice := [value for value, count in counted.items() if count > 1]:
            raise ValueError(f"the {what} {twice[0]} is in the zoo twice")
    return {model.name: model for model in models}
