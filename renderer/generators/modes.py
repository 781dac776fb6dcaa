"""How a network is run: exact in float32, or fast in the precision that its device multiplies quickest."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Literal

import torch

from renderer.errors import LatentreelError

ModeName = Literal["auto", "exact", "fast"]
BF16_UNITS = ("amx_bf16", "avx512_bf16")  # what CPUs call the units that multiply bfloat16
WARM_UP = 150.0  # seconds that compiling takes, measured on two cores; once for a run
COMPILED_GAIN = 0.3  # share of the time that compiling saves, at the least, where it was measured
PAID_BACK = 2 * WARM_UP / COMPILED_GAIN  # seconds that a film takes without, from which compiling is worth while


@dataclass(frozen=True)
class Mode:
    """Say how a network is run, and why so.

    dtype     "fp32", "bf16" or "fp16", of its convolutions; latents, styles and images stay float32.
    compiled  whether `torch.compile` makes one program of it.
    """

    dtype: str
    compiled: bool
    why: str

    @property
    def name(self) -> str:
        """Return exact or fast."""
        return "exact" if self.dtype == "fp32" else "fast"


ONLY_EXACT = Mode("fp32", False, "this model knows no other precision")


def choose_mode(wanted: ModeName, device: str, dtype: str | None = None, compiled: bool = False) -> Mode:
    """Return the mode for a device; a dtype given by name goes before `wanted`.

    Raises LatentreelError where compiling is asked for and cannot be done.
    """
    if dtype is not None:
        found, why = dtype, "as --dtype asks for"
    elif wanted == "exact":
        found, why = "fp32", "as --mode asks for"
    else:
        found, why = fast_dtype(device)
    if compiled and (missing := cannot_compile(device)):
        raise LatentreelError(f"--compile: {missing}; leave it out to render without")
    return Mode(found, compiled and found != "fp32", why)


def fast_dtype(device: str) -> tuple[str, str]:
    """Return the precision that a device multiplies quickest, 45 dB or nearer to float32, and why it is."""
    kind = torch.device(device).type
    if kind == "cuda":
        return "fp16", "a GPU multiplies float16 in units of their own"
    if kind == "cpu" and (units := bf16_units()):
        return "bf16", f"this CPU multiplies bfloat16 in units of their own ({units})"
    return "fp32", f"this {kind.upper()} has no units for lower precision, and float32 is the quickest"


def bf16_units() -> str | None:
    """Return the name of the units of this CPU that multiply bfloat16, or None."""
    if hasattr(torch.cpu, "get_capabilities"):
        has = torch.cpu.get_capabilities()
    else:  # before torch 2.10
        names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
        has = {unit: getattr(torch.cpu, name, bool)() for unit, name in zip(BF16_UNITS, names, strict=True)}
    return next((unit for unit in BF16_UNITS if has.get(unit)), None)


def multiplies_pairs(dtype: torch.dtype | None, device: str) -> bool:
    """Say whether products in a dtype are those of our kernels, beside which all else stays float32.

    They are quicker than torch's bfloat16 on CPUs but those with units for whole matrices.
    """
    return dtype == torch.bfloat16 and torch.device(device).type == "cpu" and bf16_units() != BF16_UNITS[0]


def compiling_gains(device: str) -> bool:
    """Say whether a network in low precision becomes quicker on a device when torch compiles it."""
    return not multiplies_pairs(torch.bfloat16, device) and cannot_compile(device) is None


def cannot_compile(device: str) -> str | None:
    """Return why nothing can be compiled for a device, or None."""
    if torch.device(device).type != "cpu":
        return None
    from torch._inductor import config

    named = config.cpp.cxx if isinstance(config.cpp.cxx, tuple | list) else (config.cpp.cxx,)
    compilers = [name for name in named if name] + ["g++", "clang++", "cl"]
    if any(shutil.which(str(name)) for name in compilers):
        return None
    return "this needs a C++ compiler (g++ or clang++), and there is none"


def pays_back(frames: int, seconds: float, compiled: bool | None, mode: Mode, device: str) -> bool:
    """Say whether to compile for a film of so many frames, of so many seconds each as measured without.

    compiled  what the user asked for; None leaves the choice.
    """
    if compiled is not None or mode.dtype == "fp32":
        return bool(compiled) and mode.dtype != "fp32"
    return frames * seconds > PAID_BACK and compiling_gains(device)
