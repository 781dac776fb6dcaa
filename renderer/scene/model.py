"""The scene as pydantic models: what may stand in it, and what each thing means."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from renderer.effects import Effect
from renderer.errors import ValueProblem
from renderer.group import GROUP
from renderer.scene.tree import Tree
from renderer.values.audio import Audio
from renderer.values.classes import Classes
from renderer.values.expression import RESERVED
from renderer.values.feature import Feature, is_feature
from renderer.values.fit import Fit
from renderer.values.loop import Loop
from renderer.values.noise import Noise
from renderer.values.output_preset import NAMES, PRESETS, OutputPreset, PresetName
from renderer.values.parsed import is_number, is_whole, show
from renderer.values.section_times import SectionTimes
from renderer.values.signal import Signal
from renderer.values.tempo import BeatList, Tempo
from renderer.values.time import Time
from renderer.values.transition import Transition

MAX_PIXELS, MAX_SIDE, MIN_SIDE = 64_000_000, 16_384, 8
MIN_FPS, MAX_FPS = Fraction(1, 1000), 1000
BROADCAST_RATES = {round(1000 * rate / 1001, 2): Fraction(1000 * rate, 1001) for rate in (24, 30, 48, 60, 120)}
BYTE_UNITS = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3}


def parse_fps(written: Any) -> Fraction:
    """Return frames per second as an exact fraction; 23.976, 29.97 and 59.94 mean the broadcast rates."""
    if isinstance(written, Fraction):
        return written
    match = re.fullmatch(r"\s*([0-9]{1,9})\s*/\s*([1-9][0-9]{0,8})\s*", written) if isinstance(written, str) else None
    if match:
        fps = Fraction(int(match[1]), int(match[2]))
    elif is_number(written) and MIN_FPS <= written <= MAX_FPS:
        fps = BROADCAST_RATES.get(round(float(written), 2)) or Fraction(str(written))
    else:
        fps = Fraction(0)
    if not MIN_FPS <= fps <= MAX_FPS:
        raise ValueProblem(
            f"expected frames per second such as 30, 23.976 or 30000/1001, up to {MAX_FPS}, got {show(written)}"
        )
    return fps


def parse_size(written: Any) -> tuple[int, int]:
    """Return (width, height) in pixels of 512, [1080, 1920] or 1080x1920."""
    sides: Any = written
    if isinstance(written, str) and (match := re.fullmatch(r"(\d{1,6})\s*[x×]\s*(\d{1,6})", written.strip())):
        sides = [int(match[1]), int(match[2])]
    if is_whole(sides):
        sides = [sides, sides]
    if not (isinstance(sides, list | tuple) and len(sides) == 2 and all(map(is_whole, sides))):
        raise ValueProblem(f"expected a size in pixels such as 512, [1080, 1920] or 1080x1920, got {show(written)}")
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in sides) or sides[0] * sides[1] > MAX_PIXELS:
        limits = f"sides of {MIN_SIDE} to {MAX_SIDE} pixels and at most {MAX_PIXELS // 10**6} megapixels"
        raise ValueProblem(f"expected {limits}, got {show(written)}")
    return (sides[0], sides[1])


def parse_bytes(written: Any) -> int:
    """Return a number of bytes, from 8000000, 8MB or 8MiB."""
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z]*)", str(written).strip())
    unit = (match[2] or "B").upper() if match else ""
    size = round(float(match[1]) * BYTE_UNITS[unit]) if match and unit in BYTE_UNITS else 0
    if isinstance(written, bool) or size < 1:
        raise ValueProblem(f"expected a file size such as 8MB or 900KB, got {show(written)}")
    return size


def parse_outputs(written: Any) -> Any:
    """Return a list of maps of one output or many, each a file name, the name of a preset, or a map."""
    outputs = written if isinstance(written, list) else [written]
    return [one if not isinstance(one, str) else {"preset" if one in NAMES else "file": one} for one in outputs]


Fps = Annotated[
    Fraction,
    BeforeValidator(parse_fps),
    WithJsonSchema({"type": ["number", "string"], "description": "Frames per second: 30, 23.976 or 30000/1001"}),
]
SIZE_SCHEMA = {
    "anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "array", "items": {"type": "integer"}, "minItems": 2}],
    "description": "Pixels: 512, [1080, 1920] (width, height) or 1080x1920",
}
Size = Annotated[tuple[int, int], BeforeValidator(parse_size), WithJsonSchema(SIZE_SCHEMA)]
Bytes = Annotated[
    int, BeforeValidator(parse_bytes), WithJsonSchema({"type": ["integer", "string"], "description": "8MB, 900KB"})
]


OnError = Literal["stop", "skip"]


class Strict(BaseModel):
    """Refuse unknown keys, and never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class Output(Strict):
    """Describe one file to write."""

    file: str = Field(
        "", min_length=1, description="Name of the file; its suffix chooses the format; a preset has one of its own"
    )
    preset: PresetName | None = Field(None, description="Size, rate and limits of a place that shows films")
    size: Size | None = Field(None, description="Pixels, when other than the scene's")
    fps: Fps | None = Field(None, description="Frames per second, when other than the scene's")
    max_bytes: Bytes | None = Field(None, description="GIF and WebP: fps, size and colours go down until it fits")
    quality: Literal["draft", "good", "best"] = Field("good", description="How hard the encoder tries")

    @model_validator(mode="after")
    def check_file(self) -> Self:
        """Raise ValueProblem for an output without a file, and for a file of another format than its preset's."""
        if not self.file and self.preset is None:
            raise ValueProblem("'file' is missing; only a preset has a name of its own")
        if self.file and self.asked is not None:
            self.asked.check_file(self.file)
        return self

    @property
    def asked(self) -> OutputPreset | None:
        """Return what the preset asks for."""
        return None if self.preset is None else PRESETS[self.preset]

    def called(self, stem: str) -> str:
        """Return the name of the file; where the scene gives none, that of the scene's file with the preset's."""
        return self.file or f"{stem}.{self.preset}{PRESETS[self.preset or NAMES[0]].suffixes[0]}"


def parse_named(written: Any, info: ValidationInfo) -> Signal | Feature:
    """Return a named signal: a feature of the music where it names a source, which the context knows."""
    if isinstance(written, Signal | Feature):
        return written
    known = (info.context or {}).get("sources", ())
    return Feature.parse(written) if is_feature(written, known) else Signal.parse(written)


NamedSignal = Annotated[Signal | Feature, PlainValidator(parse_named), WithJsonSchema(Signal.json_schema)]


class Scene(Strict):
    """Describe a film."""

    model: str = Field(
        "bloom",
        min_length=1,
        description="The generator: bloom, a checkpoint, an address, or a name of `render models`",
    )
    seed: int = Field(0, ge=0, description="Seeds everything random in the scene")
    fps: Fps = Field(Fraction(30), description="Frames per second")
    size: Size | None = Field(None, description="Pixels; default: the generator's own")
    fit: Fit = Field(Fit.parse("cover"), description="How a model of another size comes into the frame")
    duration: Time | None = Field(None, description="Length of the film; default: the last key, or the song, or 8s")
    loop: Loop = Field(
        Loop.parse(False),
        description="true: the end meets the beginning, or an error; {blend: 1s}: it blends over",
    )
    psi: Signal = Field(Signal.parse(1), description="Truncation psi of every source: 1 as trained, 0 the mean")
    cutoff: int | None = Field(None, ge=0, description="Truncate only the first so many layers; default: all")
    noise: Noise = Field(
        Noise.parse("const"), description="The generator's noise maps: const, none, random, {seed: 5} or {loop: 2s}"
    )
    class_: Classes = Field(
        Classes.parse(0), alias="class", description="Class of a class-conditional generator, or classes over time"
    )
    tempo: Tempo | None = Field(
        None, description="Beats per minute, for times in b and bars; default with a song: auto, found by itself"
    )
    offset: Time = Field(Time.parse(0), description="Time of the first beat of bar 1")
    beats: BeatList | None = Field(None, description="Seconds of every beat, or a file of them, instead of a tempo")
    beats_per_bar: int = Field(4, ge=1, le=64, description="Beats in a bar")
    markers: dict[str, Time] = Field({}, description="Named times, for `drop + 2s`")
    signals: dict[str, NamedSignal] = Field({}, description="Named signals, for use in expressions")
    sections: dict[str, SectionTimes] = Field(
        {}, description="Parts of the song, each with a timeline of its own if it likes; default: found by themselves"
    )
    audio: Audio | None = Field(None, description="Soundtrack; the film's duration defaults to its length")
    output: Annotated[list[Output], BeforeValidator(parse_outputs)] = Field(
        [], description="Files to write; default: out/<name of the scene>.mp4"
    )
    on_error: OnError = Field("stop", description="What an effect that fails does: stop the film, or skip those frames")
    _timeline: tuple[Entry, ...] = PrivateAttr(())
    _clips: tuple[Clip, ...] = PrivateAttr(())
    _skipped: tuple[str, ...] = PrivateAttr(())
    _section_timelines: dict[str, tuple[Entry, ...]] = PrivateAttr({})
    _tree: Tree = PrivateAttr()
    _path: Path = PrivateAttr()

    @property
    def wanted_size(self) -> tuple[int, int] | None:
        """Return the pixels (width, height) of the film: the scene's, or those of the first preset of its outputs."""
        sizes = (one.asked.size for one in self.output if one.asked is not None and one.size is None)
        return self.size or next((size for size in sizes if size is not None), None)

    @property
    def timeline(self) -> tuple[Entry, ...]:
        """Return the stack of effects, top to bottom, without those switched off."""
        return self._timeline

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return all entries of the timeline, with those in groups behind their group."""
        return tuple(one for entry in self._timeline for one in entry.flat)

    @property
    def clips(self) -> tuple[Clip, ...]:
        """Return the clips that the film is cut from, instead of a timeline."""
        return self._clips

    @property
    def parts(self) -> tuple[Scene, ...]:
        """Return the scenes with a timeline that the film is made of: those of its clips, or itself."""
        return tuple(clip.scene for clip in self._clips) or (self,)

    @property
    def section_timelines(self) -> dict[str, tuple[Entry, ...]]:
        """Return the stacks of the sections that have one, by their names."""
        return self._section_timelines

    @property
    def skipped(self) -> tuple[str, ...]:
        """Return what of the timeline is left out because its plugin failed to load, a sentence each."""
        return self._skipped

    @property
    def tree(self) -> Tree:
        """Return the tree the scene was read from, for the places of its values."""
        return self._tree

    @property
    def text(self) -> str:
        """Return the text of the scene's file."""
        return self._path.read_text(encoding="utf-8-sig") if self._path.is_file() else ""

    @property
    def path(self) -> Path:
        """Return the file of the scene; its folder is where its own files are looked for."""
        return self._path


class EntryOptions(Strict):
    """Describe what every entry of the timeline takes beside its effect."""

    id: str | None = Field(None, min_length=1, description="A name of its own; seeds its randomness")
    from_: Time | None = Field(None, alias="from", description="When it begins; default: the start of the film")
    to: Time | None = Field(None, description="When it ends; default: the end of the film")
    fade: Time | None = Field(None, description="How long it takes to fade in at `from` and out at `to`")
    enabled: bool = Field(True, description="false leaves it out")
    on_error: OnError | None = Field(None, description="stop or skip, where it fails; default: the scene's")


@dataclass(frozen=True)
class Entry:
    """Hold one entry of the timeline: an effect, its options, its place in the scene, the key of its randomness."""

    effect: Effect
    options: EntryOptions
    path: tuple[Any, ...]
    key: str
    plugin: str = ""  # who brought the effect; empty for ours
    group: tuple[Entry, ...] = ()  # of a group, what stands in it

    @property
    def values_path(self) -> tuple[Any, ...]:
        """Return the path at which the values of the effect stand: below its name, or beside the entries of a group."""
        return self.path if self.effect.name == GROUP else (*self.path, self.effect.name)

    @property
    def flat(self) -> Iterator[Entry]:
        """Yield the entry, and all that stand in it."""
        yield self
        for inner in self.group:
            yield from inner.flat


class ClipOptions(Strict):
    """Describe one clip of a film."""

    scene: str = Field(min_length=1, description="The scene that is seen, with a timeline of its own")
    in_: Time | None = Field(None, alias="in", description="When in that scene it begins; default: at its start")
    out: Time | None = Field(None, description="When in that scene it ends; default: at its end")
    duration: Time | None = Field(None, description="How long it lasts, instead of `out`; a scene that loops goes on")
    transition: Transition = Field(
        Transition.parse("cut"), description="How it takes over from the clip before: cut, {crossfade: 1s}, {wipe: 1s}"
    )


@dataclass(frozen=True)
class Clip:
    """Hold one clip: which part of a scene is seen, and the scene."""

    options: ClipOptions
    scene: Scene
    path: tuple[Any, ...]


def check_name(name: Any, what: str) -> None:
    """Raise ValueProblem for a marker, a signal or a variable that nothing could name."""
    if not (isinstance(name, str) and name.isidentifier() and not name.startswith("__")):
        raise ValueProblem(f"expected the name of a {what}, of letters, digits and _, got {show(name)}")
    if what != "variable" and (name in RESERVED or keyword.iskeyword(name)):
        raise ValueProblem(f"{name!r} has a meaning of its own in expressions; choose another name for this {what}")
