"""Latent sources as scenes write them: seeds, files, directories, `mean` and `random`, alone or keyed over time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

from renderer.errors import ValueProblem, expected, gather_list
from renderer.values.parsed import Parsed, is_number, show
from renderer.values.signal import Number, parse_ease, parse_number
from renderer.values.time import Time

EXPECTED_LATENT = "a latent such as seed 7, file.npz[3], a directory, mean or random"
SOURCE_OPTIONS = ("seed", "file", "mean", "random", "index", "space", "psi")
KEY_OPTIONS = ("ease", "hold")
LATENT_SUFFIXES = (".npy", ".npz", ".pt", ".safetensors")
MAX_SEED = 2**32 - 1  # what numpy's RandomState takes
MAX_SOURCES = 10_000

_RANGE = re.compile(r"(\d+)\s*(?:-|\.\.)\s*(\d+)$")
INDEXED = re.compile(r"(?P<file>.+?)\[(?P<index>-?\d+)\]$")


@dataclass(frozen=True)
class LatentSource(Parsed):
    """Hold where one latent comes from.

    kind is seed, file, mean or random; `seed` and `file` belong to their kinds, `index` picks one latent of a
    file, `space` overrides what the file says (z, w or ws), and `psi` its own truncation.
    """

    written: Any
    kind: Literal["seed", "file", "mean", "random"]
    seed: int = 0
    file: str = ""
    index: int | None = None
    space: Literal["z", "w", "ws"] | None = None
    psi: Number | None = None

    json_schema: ClassVar[dict[str, Any]] = {
        "type": ["integer", "string", "object"],
        "description": "A latent: a seed, file.npz[3], mean, random, or {seed: 7, psi: 0.5}",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the source of a seed, a text or a map such as {seed: 7, psi: 0.5}."""
        if isinstance(written, dict):
            return cls._parse_map(written)
        if is_number(written):
            return cls(written, "seed", seed=_seed(written))
        if written in ("mean", "random"):
            return cls(written, written)
        if isinstance(written, str) and written.strip():
            return cls._parse_text(written.strip())
        raise ValueProblem(f"expected {EXPECTED_LATENT}, got {show(written)}")

    @classmethod
    def _parse_text(cls, text: str) -> Self:
        if text.isdigit():
            return cls(text, "seed", seed=_seed(int(text)))
        if match := INDEXED.match(text):
            return cls(text, "file", file=match["file"], index=int(match["index"]))
        if text.endswith(LATENT_SUFFIXES) or "/" in text:
            return cls(text, "file", file=text)
        raise ValueProblem(f"expected {EXPECTED_LATENT}, got {text!r}{expected(text, ['mean', 'random'])}")

    @classmethod
    def _parse_map(cls, written: dict[Any, Any]) -> Self:
        for name in written:
            if name not in SOURCE_OPTIONS:
                raise ValueProblem(f"unknown option {name!r} of a latent{expected(str(name), SOURCE_OPTIONS)}")
        kinds = [name for name in ("seed", "file", "mean", "random") if name in written]
        if len(kinds) != 1:
            raise ValueProblem(f"expected exactly one of seed, file, mean or random, got {show(written)}")
        kind = kinds[0]
        source = cls.parse(written[kind]) if kind in ("seed", "file") else cls(written, kind)  # type: ignore[arg-type]
        if source.kind != kind:
            raise ValueProblem(f"expected a {kind}, got {show(written[kind])}")
        space = written.get("space")
        if space not in (None, "z", "w", "ws"):
            raise ValueProblem(f"expected space z, w or ws, got {show(space)}")
        psi = parse_number(written["psi"]) if "psi" in written else None
        index = written.get("index", source.index)
        if index is not None and not isinstance(index, int):
            raise ValueProblem(f"expected a whole number as index, got {show(index)}")
        return replace(source, written=written, space=space, psi=psi, index=index)


def _seed(number: float) -> int:
    if number != int(number) or not 0 <= number <= MAX_SEED:
        raise ValueProblem(f"expected a seed, a whole number from 0 to {MAX_SEED}, got {number}")
    return int(number)


@dataclass(frozen=True)
class LatentKey:
    """Hold one key of a walk: a source from `time` on, held for `hold`, then eased by `ease` to the next key.

    A time of None is spread evenly over the span.
    """

    source: LatentSource
    time: Time | None = None
    ease: str | None = None
    hold: Time | None = None


@dataclass(frozen=True)
class LatentKeys(Parsed):
    """Hold latents keyed over time: a map of times, or a list, range or directory spread evenly."""

    written: Any
    keys: tuple[LatentKey, ...]

    json_schema: ClassVar[dict[str, Any]] = {
        "type": ["object", "array", "string", "integer"],
        "description": "Latents over time: {0s: 3, 2s: {seed: 14, psi: 0.5}}, or [3, 14, 15], or the seeds 1-8",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the keys of a map from time to latent, or of a list of latents."""
        if isinstance(written, dict) and not set(written) <= set(SOURCE_OPTIONS):
            keys = gather_list(written.items(), lambda pair: pair[0], lambda pair: _latent_key(*pair))
        else:
            keys = [LatentKey(source) for source in parse_sources(written)]
        if not keys:
            raise ValueProblem("expected at least one latent")
        return cls(written, tuple(keys))


def parse_sources(written: Any) -> list[LatentSource]:
    """Return the sources of a latent, a range of seeds such as 1-8, or a list of them mixed."""
    if isinstance(written, list):
        parts = gather_list(enumerate(written), lambda item: item[0], lambda item: parse_sources(item[1]))
        sources = [source for part in parts for source in part]
    elif isinstance(written, str) and (match := _RANGE.match(written.strip())):
        first, last = _seed(int(match[1])), _seed(int(match[2]))
        if abs(last - first) >= MAX_SOURCES:
            raise ValueProblem(f"expected at most {MAX_SOURCES} seeds, got the range {written}")
        step = 1 if last >= first else -1
        sources = [LatentSource(seed, "seed", seed=seed) for seed in range(first, last + step, step)]
    else:
        sources = [LatentSource.parse(written)]
    if len(sources) > MAX_SOURCES:
        raise ValueProblem(f"expected at most {MAX_SOURCES} latents, got {len(sources)}")
    return sources


def _latent_key(time: Any, written: Any) -> LatentKey:
    at = Time.parse(time)
    if not isinstance(written, dict):
        return LatentKey(LatentSource.parse(written), at)
    source = LatentSource.parse({name: value for name, value in written.items() if name not in KEY_OPTIONS})
    hold = Time.parse(written["hold"]) if "hold" in written else None
    return LatentKey(source, at, parse_ease(written.get("ease")), hold)
