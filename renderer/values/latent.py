"""Latent sources as scenes write them: seeds, files, directories, `mean` and `random`, alone or keyed over time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Literal, Self

from renderer.errors import KEY, Gather, Path, ValueProblem, at_key, gather_list, nearest
from renderer.values.parsed import Parsed, is_number, is_whole, show
from renderer.values.signal import Number, parse_ease, parse_number
from renderer.values.time import Time

Kind = Literal["seed", "file", "mean", "random"]
Space = Literal["z", "w", "ws"]

EXPECTED_LATENT = "a latent such as seed 7, file.npz[3], a directory, mean or random"
KINDS: tuple[Kind, ...] = ("seed", "file", "mean", "random")
SPACES: tuple[Space, ...] = ("z", "w", "ws")
SOURCE_OPTIONS = (*KINDS, "index", "space", "psi")
KEY_OPTIONS = ("ease", "hold")
LATENT_SUFFIXES = (".npy", ".npz", ".pt", ".safetensors")
MAX_SEED = 2**32 - 1  # what numpy's RandomState takes
MAX_SOURCES = 10_000

_RANGE = re.compile(r"([0-9]{1,20})\s*(?:-|\.\.)\s*([0-9]{1,20})$")
INDEXED = re.compile(r"(?P<file>.+?)\[(?P<index>-?[0-9]{1,9})\]$")


@dataclass(frozen=True)
class LatentSource(Parsed):
    """Hold where one latent comes from.

    kind is seed, file, mean or random; `seed` and `file` belong to their kinds, `index` picks one latent of a
    file, `space` overrides what the file says (z, w or ws), and `psi` its own truncation.
    """

    written: Any
    kind: Kind
    seed: int = 0
    file: str = ""
    index: int | None = None
    space: Space | None = None
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
        if re.fullmatch("[0-9]{1,20}", text):
            return cls(text, "seed", seed=_seed(int(text)))
        if match := INDEXED.match(text):
            return cls(text, "file", file=match["file"], index=int(match["index"]))
        if text.endswith(LATENT_SUFFIXES) or "/" in text:
            return cls(text, "file", file=text)
        raise ValueProblem(f"expected {EXPECTED_LATENT}, got {show(text)}{nearest(text, ['mean', 'random'])}")

    @classmethod
    def _parse_map(cls, written: dict[Any, Any]) -> Self:
        gather = Gather()
        gather.unknown(written, (*SOURCE_OPTIONS, *KEY_OPTIONS), "option of a latent")
        for name in set(KEY_OPTIONS) & set(written):
            gather.note(f"{name} belongs to the keys of a walk, not to this latent", name, KEY)
        kinds = [name for name in KINDS if name in written]
        if len(kinds) != 1:
            gather.note(f"expected exactly one of {', '.join(KINDS)}, got {show(written)}")
        source = gather.part(written, kinds[0], partial(cls._of_kind, kinds[0])) if kinds else None
        space = gather.part(written, "space", _space)
        index = gather.part(written, "index", _index)
        psi = gather.part(written, "psi", parse_number)
        if source is not None and source.kind != "file":
            for name in {"index", "space"} & set(written):
                gather.note(f"{name} belongs to files, not to {source.kind}", name, KEY)
        gather.check()
        if source is None:
            raise ValueProblem(f"expected {EXPECTED_LATENT}, got {show(written)}")
        return replace(source, written=written, space=space, psi=psi, index=source.index if index is None else index)

    @classmethod
    def _of_kind(cls, kind: Kind, written: Any) -> Self:
        if kind in ("mean", "random"):
            if written not in (True, None):
                raise ValueProblem(f"expected {kind}: true, got {show(written)}")
            return cls(kind, kind)
        source = cls.parse(written) if isinstance(written, str | int | float) else None
        if source is None or source.kind != kind:
            wanted = "a whole number" if kind == "seed" else "the name of a file"
            raise ValueProblem(f"expected {wanted} as {kind}, got {show(written)}")
        return source


def _seed(number: float) -> int:
    if not 0 <= number <= MAX_SEED or number != int(number):
        raise ValueProblem(f"expected a seed, a whole number from 0 to {MAX_SEED}, got {show(number)}")
    return int(number)


def _space(written: Any) -> Space:
    if written not in SPACES:
        raise ValueProblem(f"expected space z, w or ws, got {show(written)}")
    return written  # type: ignore[no-any-return]


def _index(written: Any) -> int:
    if not is_whole(written):
        raise ValueProblem(f"expected a whole number as index, got {show(written)}")
    return int(written)


@dataclass(frozen=True)
class LatentKey:
    """Hold one key of a walk: a source from `time` on, held for `hold`, then eased by `ease` to the next key.

    A time of None is spread evenly over the span.
    """

    source: LatentSource
    time: Time | None = None
    ease: str | None = None
    hold: Time | None = None
    path: Path = ()  # below the keys as written


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
        if isinstance(written, dict) and not set(written) & set(KINDS):
            keys = gather_list(written.items(), lambda pair: pair[0], lambda pair: _latent_key(*pair))
        else:
            keys = [LatentKey(source, path=path) for path, source in _sources(written)]
        if not keys:
            raise ValueProblem(f"expected at least one latent, got {show(written)}")
        return cls(written, tuple(keys))


def parse_sources(written: Any) -> list[LatentSource]:
    """Return the sources of a latent, a range of seeds such as 1-8, or a list of them mixed."""
    return [source for _, source in _sources(written)]


def _sources(written: Any, path: Path = ()) -> list[tuple[Path, LatentSource]]:
    if isinstance(written, list):
        parts = gather_list(enumerate(written), lambda item: item[0], lambda item: _sources(item[1], (*path, item[0])))
        found = [pair for part in parts for pair in part]
    elif isinstance(written, str) and (match := _RANGE.match(written.strip())):
        first, last = _seed(int(match[1])), _seed(int(match[2]))
        if abs(last - first) >= MAX_SOURCES:
            raise ValueProblem(f"expected at most {MAX_SOURCES} seeds, got the range {written}")
        step = 1 if last >= first else -1
        found = [(path, LatentSource(seed, "seed", seed=seed)) for seed in range(first, last + step, step)]
    else:
        found = [(path, LatentSource.parse(written))]
    if len(found) > MAX_SOURCES:
        raise ValueProblem(f"expected at most {MAX_SOURCES} latents, got {len(found)}")
    return found


def _latent_key(time: Any, written: Any) -> LatentKey:
    with at_key():
        if time in KEY_OPTIONS:
            raise ValueProblem(
                f"expected a time as key; {time} stands beside `keys`, or in one key: {{seed: 3, {time}: ...}}"
            )
        at = Time.parse(time)
    if not isinstance(written, dict):
        return LatentKey(LatentSource.parse(written), at, path=(time,))
    gather, source = Gather(), None
    with gather.below():
        source = LatentSource.parse({name: value for name, value in written.items() if name not in KEY_OPTIONS})
    ease = gather.part(written, "ease", parse_ease)
    hold = gather.part(written, "hold", Time.parse)
    gather.check()
    return LatentKey(source or LatentSource.parse(0), at, ease, hold, (time,))
