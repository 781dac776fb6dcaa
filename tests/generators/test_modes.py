"""Which precision a mode means on which device, and what is said where it cannot be had."""

from __future__ import annotations

import pytest
import torch

from renderer.errors import LatentreelError
from renderer.generators import modes
from renderer.generators.modes import choose_mode, pays_back


def has_units(monkeypatch, *units: str) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(units, True), raising=False)


@pytest.mark.parametrize("units", [("amx_bf16", "avx512_bf16"), ("avx512_bf16",)])
def test_auto_is_bf16_where_a_cpu_multiplies_it(monkeypatch, units):
    has_units(monkeypatch, *units)
    mode = choose_mode("auto", "cpu")
    assert (mode.name, mode.dtype) == ("fast", "bf16")
    assert units[0] in mode.why


def test_auto_is_float32_on_other_cpus(monkeypatch):
    has_units(monkeypatch, "avx2")
    assert choose_mode("auto", "cpu").name == choose_mode("fast", "cpu").name == "exact"
    assert "no units" in choose_mode("fast", "cpu").why


def test_older_versions_of_torch_are_asked_in_their_own_way(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True, raising=False)
    assert modes.bf16_units() == "avx512_bf16"


def test_a_gpu_is_fast_in_float16():
    assert choose_mode("auto", "cuda:1").dtype == "fp16"
    assert choose_mode("exact", "cuda").dtype == "fp32"


def test_exact_and_a_dtype_are_what_they_say(monkeypatch):
    has_units(monkeypatch, "amx_bf16")
    assert choose_mode("exact", "cpu").dtype == "fp32"
    assert choose_mode("exact", "cpu", dtype="fp16").dtype == "fp16"


def test_compiling_needs_a_compiler(monkeypatch):
    monkeypatch.setattr(modes.shutil, "which", lambda name: None)
    with pytest.raises(LatentreelError, match=r"--compile: this needs a C\+\+ compiler"):
        choose_mode("fast", "cpu", compiled=True)


@pytest.mark.parametrize(
    ("frames", "seconds", "asked", "compiles"),
    [(600, 0.1, None, False), (60_000, 0.1, None, True), (600, 0.1, True, True), (60_000, 0.1, False, False)],
)
def test_only_long_films_are_worth_compiling_for(monkeypatch, frames, seconds, asked, compiles):
    has_units(monkeypatch, "amx_bf16", "avx512_bf16")
    monkeypatch.setattr(modes, "cannot_compile", lambda device: None)
    mode = modes.Mode("bf16", False, "")
    assert pays_back(frames, seconds, asked, mode, "cpu") is compiles
    assert not pays_back(frames, seconds, asked, modes.Mode("fp32", False, ""), "cpu")
    has_units(monkeypatch, "avx512_bf16")  # whose products our kernels do quicker
    assert pays_back(frames, seconds, asked, mode, "cpu") is bool(asked)


@pytest.mark.parametrize(
    ("units", "device", "pairs"),
    [
        (("avx512_bf16",), "cpu", True),
        ((), "cpu", True),
        (("amx_bf16", "avx512_bf16"), "cpu", False),
        ((), "cuda", False),
    ],
)
def test_bfloat16_is_that_of_our_kernels_but_on_units_for_matrices(monkeypatch, units, device, pairs):
    has_units(monkeypatch, *units)
    assert modes.multiplies_pairs(torch.bfloat16, device) is pairs
    assert not modes.multiplies_pairs(torch.float16, device)
    assert not modes.multiplies_pairs(None, device)
