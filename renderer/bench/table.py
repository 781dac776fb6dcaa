"""What `render bench` prints."""

from __future__ import annotations

import platform
from typing import Any

import torch
from rich.filesize import decimal

from renderer.bench.measure import Bench, Timing
from renderer.report import out, plain_table


def machine(bench: Bench) -> dict[str, Any]:
    """Return what there is to say about the machine and how it is used."""
    if bench.device.startswith("cuda"):
        return {"device": torch.cuda.get_device_name(), "torch": torch.__version__}
    units = torch.backends.cpu.get_cpu_capability()
    return {
        "device": f"{bench.device}, {platform.machine()} with {units}",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def print_bench(bench: Bench, kept_pages: bool) -> None:
    """Print a model, the machine, and how quick the one is on the other."""
    width, height = bench.size
    about, table = machine(bench), plain_table("", "")
    table.add_row("model", f"{bench.model} ({bench.family}), {width}x{height} pixels")
    work = "not counted" if bench.operations is None else f"{bench.operations / 1e9:.1f} GFLOP a frame"
    table.add_row("", f"{work}, {decimal(bench.parameters)} of parameters")
    threads = f", {about['threads']} threads" if "threads" in about else ""
    table.add_row("machine", f"{about['device']}{threads}, torch {about['torch']}")
    if bench.device == "cpu":
        table.add_row("", "the allocator keeps freed pages" if kept_pages else "the allocator returns freed pages")
    for dtype, one in bench.ceilings.items():
        table.add_row("ceiling", f"{dtype}: {one.matmul / 1e9:.0f} GFLOP/s matmul, {one.conv / 1e9:.0f} convolution")
    table.add_row("", f"memory: {bench.memory_speed / 1e9:.1f} GB/s")
    out.print(table)
    out.print()
    print_timings(bench.timings)
    out.print(f"\nauto picks {bench.auto.name} ({bench.auto.dtype}): {bench.auto.why}", soft_wrap=True)
    quick = [one.best for one in bench.timings if one.mode == "fast"]
    if bench.compiled_from is not None and quick:
        out.print(f"and compiles films of {bench.compiled_from / min(quick):.0f} frames and more", soft_wrap=True)
    for note in bench.notes:
        out.print(f"note: {note}", soft_wrap=True)


def print_timings(timings: list[Timing]) -> None:
    """Print a line for each mode and batch."""
    table = plain_table("mode", "dtype", "batch", "frames/s", "ms/frame", "median", "x floor", "first batch", "peak")
    for column in table.columns[2:]:
        column.justify = "right"
    for one in timings:
        table.add_row(
            one.mode,
            one.dtype,
            str(one.batch),
            f"{1 / one.best:.2f}",
            f"{one.best * 1e3:.1f}",
            f"{one.median * 1e3:.1f}",
            "" if one.times_floor is None else f"{one.times_floor:.2f}",
            f"{one.first:.1f} s",
            "" if one.peak is None else decimal(one.peak),
        )
    out.print(table)
