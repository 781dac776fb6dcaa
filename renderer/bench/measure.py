"""Measure a model: every mode that its device has, in batches of several sizes, beside the machine's ceiling."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, product

import torch
from torch import Tensor

from renderer.bench.arithmetic import operations
from renderer.bench.ceiling import Ceiling, ceiling, memory_speed
from renderer.bench.clock import once, timed
from renderer.bench.memory import forget_peak, peak
from renderer.generators.base import Generator
from renderer.generators.load import DTYPES
from renderer.generators.modes import ONLY_EXACT, PAID_BACK, Mode, choose_mode, compiling_gains

CEILING_SHARE = 0.5  # of the seconds of one measurement
DIFFERENT = 3  # batches that follow each other: what two of them have in common, a network may compute once
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Timing:
    """Hold how long synthesis took in one mode and batch.

    best, median  seconds a frame.
    first         seconds of the first batch, in which weights are prepared and programs compiled.
    times_floor   best over what the arithmetic would take at the machine's ceiling; None where that is not known.
    peak          bytes at the most, or None; see `memory.peak`.
    """

    mode: str
    dtype: str
    batch: int
    best: float
    median: float
    first: float
    times_floor: float | None
    peak: int | None


@dataclass(frozen=True)
class Bench:
    """Hold what was measured of a model, and of the machine.

    parameters    bytes of its state.
    operations    of one image in the plain way, or None.
    ceilings      operations a second, by precision.
    memory_speed  bytes a second of copying.
    auto          the mode that `render` would choose, and why.
    compiled_from seconds that a film takes without, from which `auto` compiles it; None where it does not.
    """

    model: str
    family: str
    size: tuple[int, int]
    device: str
    parameters: int
    operations: int | None
    ceilings: dict[str, Ceiling]
    memory_speed: float
    auto: Mode
    compiled_from: float | None
    timings: list[Timing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def measure(
    model: str,
    generator: Generator,
    modes: Sequence[str],
    dtype: str | None,
    batches: Sequence[int],
    seconds: float,
    tell: Tell = lambda what: None,
) -> Bench:
    """Measure a generator for at least so many seconds in each mode and batch; `tell` hears what comes next.

    modes are exact, fast and compiled; none given stand for all that differ on the device.
    dtype is that of the fast modes; None leaves it to the device.
    Raises LatentreelError where only compiled is asked for and cannot be.
    """
    place = str(generator.device)
    fast = choose_mode("fast", place, dtype) if generator.low_precision else ONLY_EXACT
    wanted = possible(modes, fast, place)
    tell("the machine's ceiling")
    bench = begun(model, generator, dict.fromkeys(mode.dtype for _, mode in wanted), seconds * CEILING_SHARE)
    for (name, mode), batch in product(wanted, batches):
        tell(f"{name} {mode.dtype}, batch {batch}" + (": compiling, a minute or two" if mode.compiled else ""))
        try:
            bench.timings.append(timing(bench, generator, name, mode, batch, seconds))
        except torch.cuda.OutOfMemoryError:
            bench.notes.append(f"{name}, batch {batch}: more memory than the GPU has free")
    bench.notes.extend(notes(bench))
    return bench


def begun(model: str, generator: Generator, dtypes: Iterable[str], seconds: float) -> Bench:
    """Return what there is to say before the model itself is measured."""
    device, (height, width) = generator.device, generator.img_size
    auto = choose_mode("auto", str(device)) if generator.low_precision else ONLY_EXACT
    return Bench(
        model=model,
        family=generator.family,
        size=(width, height),
        device=str(device),
        parameters=sum(value.nbytes for value in generator.state_dict().values()),
        operations=operations(generator),
        ceilings={dtype: ceiling(device, dtype, seconds) for dtype in dtypes},
        memory_speed=memory_speed(device, seconds),
        auto=auto,
        compiled_from=PAID_BACK if auto.dtype != "fp32" and compiling_gains(str(device)) else None,
    )


def possible(modes: Sequence[str], fast: Mode, device: str) -> list[tuple[str, Mode]]:
    """Return the modes that differ on this device; none given stand for all that do."""
    exact = Mode("fp32", False, "")
    if fast.dtype == "fp32":
        return [("exact", exact)]
    found = {"exact": exact, "fast": fast}
    if "compiled" in modes or (not modes and compiling_gains(device)):
        found["compiled"] = choose_mode("fast", device, fast.dtype, compiled=True)
    return [(name, mode) for name, mode in found.items() if not modes or name in modes]


def notes(bench: Bench) -> list[str]:
    """Return what the numbers do not say by themselves."""
    said = []
    if {one.mode for one in bench.timings} == {"exact"} and bench.auto.dtype == "fp32":
        said.append("fast would be the same as exact here")
    if bench.operations is None:
        said.append("no arithmetic is counted for this model, so there is no floor to compare with")
    elif any(one.times_floor is not None and one.times_floor < 1 for one in bench.timings):
        said.append("below 1 x floor: Winograd's method multiplies less than what is counted, which is the plain way")
    return said


@torch.no_grad()
def timing(bench: Bench, generator: Generator, name: str, mode: Mode, batch: int, seconds: float) -> Timing:
    """Measure one mode in one batch."""
    device = generator.device
    some = cycle(torch.split(latents(generator, DIFFERENT * batch), batch))
    generator.use_dtype(DTYPES[mode.dtype])
    if mode.compiled:
        generator.use_compiler()
    forget_peak(device)
    first = once(lambda: generator.synthesis(next(some)), device)
    times = timed(lambda: generator.synthesis(next(some)), device, seconds, warm_up=0)
    best = min(times) / batch
    work = bench.operations
    floor = None if work is None else best * bench.ceilings[mode.dtype].best / work
    return Timing(name, mode.dtype, batch, best, statistics.median(times) / batch, first, floor, peak(device))


def latents(generator: Generator, count: int) -> Tensor:
    """Return ws of so many images, of the first class where there are several."""
    z = torch.randn(count, generator.z_dim, generator=torch.Generator().manual_seed(0)).to(generator.device)
    c = torch.eye(generator.c_dim, device=generator.device)[:1].repeat(count, 1) if generator.c_dim else None
    return generator.mapping(z, c, truncation_psi=0.7)
