"""What a model is, for people: its sizes, its layers, and what is unusual about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch

from renderer.errors import CheckpointError
from renderer.generators.base import Generator
from renderer.generators.cache import Remote, sha256_of
from renderer.generators.zoo import zoo

ACTIVATION, ARCHITECTURE, W_DIM = "lrelu", "skip", 512  # of the papers
MAPPING_LAYERS = {"stylegan3": 2}  # 8 in all others
FILTERS = {"resample_filter": (1, 3, 3, 1), "blur_filter": (1, 2, 1)}
CHANNELS_MAX = 512


@dataclass(frozen=True)
class LayerSpan:
    """Hold rows of ws, first to last, that are first used at one resolution in pixels and belong to one band."""

    first: int
    last: int
    resolution: int
    band: str


@dataclass(frozen=True)
class ModelInfo:
    """Hold what is worth knowing of a model.

    file, bytes and sha256 are None for a generator that is no file; size is (width, height).
    classes     how many, 0 for an unconditional model.
    parameters  how many numbers were trained.
    unusual     sentences about what differs from the networks of the papers.
    licence     what the authors of a model of the zoo allow.
    """

    name: str
    family: str
    file: str | None
    bytes: int | None
    sha256: str | None
    size: tuple[int, int]
    any_size: bool
    channels: int
    z_dim: int
    c_dim: int
    w_dim: int
    num_ws: int
    classes: int
    layers: tuple[LayerSpan, ...]
    bands: dict[str, tuple[int, int]]
    parameters: int
    directions: tuple[str, ...]
    unusual: tuple[str, ...]
    licence: str | None = None


def model_info(name: str, generator: Generator, file: Path | None = None) -> ModelInfo:
    """Return the facts about a generator that was opened by a name, and from a file if it has one."""
    try:
        size, digest = (file.stat().st_size, sha256_of(file)) if file else (None, None)
    except OSError as error:
        raise CheckpointError(f"{file}: cannot be read: {error.strerror or error}") from error
    bands = {
        band: (generator.layer_bands.index(band), generator.num_ws - 1 - generator.layer_bands[::-1].index(band))
        for band in dict.fromkeys(generator.layer_bands)
    }
    return ModelInfo(
        name=name,
        family=generator.family,
        file=str(file) if file else None,
        bytes=size,
        sha256=digest,
        size=(generator.img_size[1], generator.img_size[0]),
        any_size=generator.any_size,
        channels=generator.img_channels,
        z_dim=generator.z_dim,
        c_dim=generator.c_dim,
        w_dim=generator.w_dim,
        num_ws=generator.num_ws,
        classes=generator.c_dim,
        layers=layer_spans(generator),
        bands=bands,
        parameters=sum(parameter.numel() for parameter in generator.parameters()),
        directions=tuple(generator.directions),
        unusual=tuple(unusual(generator)),
        licence=zoo()[name].licence if name in zoo() else None,
    )


@dataclass(frozen=True)
class KnownModel:
    """Hold one model that a scene can name.

    held is how many bytes of it are in the cache, and length how many it has; None where nobody knows yet.
    """

    name: str
    family: str
    resolution: int | None
    classes: int | None
    shows: str
    held: int
    length: int | None
    url: str | None
    licence: str | None


def known_models(embedded: Iterable[str]) -> list[KnownModel]:
    """Return every model that a scene can name: embedded ones first, then the zoo."""
    here = "embedded: it needs no file"
    known = [KnownModel(name, name, None, 0, here, 0, None, None, None) for name in sorted(embedded)]
    for model in zoo().values():
        held, length = Remote.find(model.name).held
        facts = (model.name, model.family, model.resolution, model.classes, model.shows)
        known.append(KnownModel(*facts, held, length, model.url, model.licence))
    return known


def layer_spans(generator: Generator) -> tuple[LayerSpan, ...]:
    """Return the rows of ws, those of one resolution and band together."""
    rows = zip(range(generator.num_ws), generator.layer_resolutions, generator.layer_bands, strict=True)
    spans = [list(group) for _, group in groupby(rows, key=lambda row: row[1:])]
    return tuple(LayerSpan(span[0][0], span[-1][0], span[0][1], span[0][2]) for span in spans)


def unusual(generator: Generator) -> list[str]:
    """Return a sentence for each thing that differs from the networks of the papers."""
    config: Any = getattr(generator, "config", None)
    said = [] if config is None else _unusual_config(config, MAPPING_LAYERS.get(generator.family, 8))
    if generator.img_channels != 3:
        meaning = {1: "grey", 4: "colours and alpha"}.get(generator.img_channels, "no colours that can be shown")
        said.append(f"its images have {generator.img_channels} channels: {meaning}")
    if config is not None and {generator.z_dim, generator.w_dim} != {W_DIM}:
        said.append(f"z has {generator.z_dim} and w {generator.w_dim} numbers, not {W_DIM}")
    if config is not None and not bool(generator.w_avg.any()):
        said.append("w_avg is zero or missing: psi below 1 leads to w = 0, not to the mean image")
    state = generator.state_dict()
    strengths = [value for name, value in state.items() if name.endswith("noise_strength")]
    if strengths and not any(bool(value.any()) for value in strengths):
        said.append("the strength of its noise is 0 everywhere")
    broken = [name for name, value in state.items() if not bool(torch.isfinite(value).all())]
    if broken:
        said.append(f"{len(broken)} of its tensors are not finite, {broken[0]} among them")
    return said


def _unusual_config(config: Any, mapping_layers: int) -> list[str]:
    """Return what a network's config says beyond the defaults of its family."""
    said = []
    if getattr(config, "num_fp16_res", 0):
        said.append(
            f"its {config.num_fp16_res} highest resolutions were trained in float16 (--dtype fp16 runs them so)"
        )
    if getattr(config, "conv_clamp", None) is not None:
        said.append(f"its convolutions are clamped to {config.conv_clamp:g}")
    for name, usual in FILTERS.items():
        taps = getattr(config, name, usual)
        if tuple(round(tap / sum(taps) * sum(usual), 4) for tap in taps if taps) != usual:
            said.append(f"its filter has the taps {', '.join(f'{tap:g}' for tap in taps) or 'none'}")
    if not getattr(config, "use_noise", True):
        said.append("it takes no noise")
    if getattr(config, "architecture", ARCHITECTURE) != ARCHITECTURE:
        said.append(f"its layers are joined as {config.architecture}, not {ARCHITECTURE}")
    for name in ("activation", "mapping_activation"):
        if getattr(config, name, ACTIVATION) != ACTIVATION:
            said.append(f"its {name.replace('_', ' ')} is {getattr(config, name)}, not {ACTIVATION}")
    if len(config.mapping_widths) != mapping_layers:
        said.append(f"its mapping has {len(config.mapping_widths)} layers, not {mapping_layers}")
    if odd := _odd_channels(getattr(config, "channels", ())):
        said.append(odd)
    if getattr(config, "lod", 0):
        said.append(f"it was saved while it grew, {config.lod:g} doublings before its full size")
    return said


def _odd_channels(channels: tuple[int, ...]) -> str:
    """Return a sentence about widths that no usual channel base gives."""
    for base in (1 << 14, 1 << 15, 1 << 16):
        if channels == tuple(min(base // (4 << index), CHANNELS_MAX) for index in range(len(channels))):
            return ""
    return f"its feature maps have {', '.join(map(str, channels))} channels" if channels else ""
