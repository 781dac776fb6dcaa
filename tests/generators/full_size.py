"""A full-size StyleGAN2-ADA checkpoint with random weights, in the layout that NVIDIA's training writes.

Run as a program it opens checkpoints in a fresh process and prints how long that took and how much it needed.
"""

from __future__ import annotations

import gc
import json
import math
import pickle
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from renderer.generators.untrained import stylegan2_config

BUFFERS = ("noise_const", "w_avg", "resample_filter")
HOOKS = ("_backward_hooks", "_forward_hooks", "_forward_pre_hooks", "_state_dict_hooks", "_load_state_dict_pre_hooks")


class Module:
    """Stand for one module of NVIDIA's persistence when it is pickled."""

    def __init__(self, class_name: str, kwargs: dict[str, Any] | None = None) -> None:
        self.class_name, self.kwargs = class_name, kwargs or {}
        self.parameters: dict[str, Tensor] = {}
        self.buffers: dict[str, Tensor] = {}
        self.modules: dict[str, Module] = {}
        self.plain: dict[str, Any] = {}

    def put(self, name: str, value: Tensor) -> None:
        head, _, rest = name.partition(".")
        if rest:
            self.modules.setdefault(head, Module(head.rstrip("0123456789"))).put(rest, value)
        else:
            (self.buffers if head in BUFFERS else self.parameters)[head] = value

    def state(self) -> dict[str, Any]:
        return {
            "training": False,
            "_parameters": {name: nn.Parameter(value, False) for name, value in self.parameters.items()},
            "_buffers": self.buffers,
            "_non_persistent_buffers_set": set(),
            **{hook: {} for hook in HOOKS},
            "_modules": self.modules,
            "_init_args": (),
            "_init_kwargs": self.kwargs,
            **self.plain,
        }


def generator_module(seed: int, made: StyleGAN2Config) -> Module:
    network = StyleGAN2(made).randomize(seed)
    kwargs = {
        "z_dim": made.z_dim,
        "c_dim": made.c_dim,
        "w_dim": made.w_dim,
        "img_resolution": made.img_resolution,
        "img_channels": made.img_channels,
        "mapping_kwargs": {"num_layers": len(made.mapping_widths)},
        "synthesis_kwargs": {"channel_base": 32768, "channel_max": 512, "num_fp16_res": 4, "conv_clamp": 256},
    }
    whole = Module("Generator", kwargs)
    for name, value in network.state_dict().items():
        whole.put("mapping.w_avg" if name == "w_avg" else name.replace("_network.", "."), value)
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    for name, block in whole.modules["synthesis"].modules.items():
        block.plain = {"use_fp16": int(name[1:]) >= made.img_resolution >> 3, "architecture": "skip"}
        for conv in ("conv0", "conv1"):
            if conv in block.modules:
                block.modules[conv].plain = {"activation": "lrelu", "conv_clamp": 256}
        block.put("resample_filter", torch.outer(taps, taps))
    for name, layer in whole.modules["mapping"].modules.items():
        layer.plain = {"activation": "lrelu", "bias_gain": 0.01} if name.startswith("fc") else {}
    return whole


def discriminator_module(seed: int, made: StyleGAN2Config) -> Module:
    source, whole = torch.Generator().manual_seed(seed), Module("Discriminator")
    for size, channels, below in zip(made.resolutions[1:], made.channels[1:], made.channels, strict=False):
        for name, shape in (
            ("conv0", (channels, channels, 3, 3)),
            ("conv1", (below, channels, 3, 3)),
            ("skip", (below, channels, 1, 1)),
        ):
            whole.put(f"b{size}.{name}.weight", torch.randn(shape, generator=source))
    whole.put("b4.fc.weight", torch.randn((512, made.channels[0] * 16), generator=source))
    return whole


class _Pickler(pickle.Pickler):
    def reducer_override(self, thing: Any) -> Any:
        if not isinstance(thing, Module):
            return NotImplemented
        meta = {"type": "class", "version": 6, "module_src": SOURCE, "class_name": thing.class_name}
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, ({**meta, "state": thing.state()},)


SOURCE = "# the text of the module that defines the class stands here\n" * 400


def write_checkpoint(path: Path, made: StyleGAN2Config | None = None, seed: int = 0) -> int:
    """Write G, D and G_ema as training does, and return the bytes of the parameters of G_ema."""
    made = made or stylegan2_config(1024)
    persistence = types.ModuleType("torch_utils.persistence")
    exec("def _reconstruct_persistent_obj(meta): raise NotImplementedError", vars(persistence))
    persistence._reconstruct_persistent_obj.__module__ = persistence.__name__  # type: ignore[attr-defined]
    sys.modules |= {"torch_utils": types.ModuleType("torch_utils"), "torch_utils.persistence": persistence}
    try:
        ema = generator_module(seed, made)
        whole = {
            "training_set_kwargs": {"class_name": "training.dataset.ImageFolderDataset", "resolution": 1024},
            "G": generator_module(seed + 1, made),
            "D": discriminator_module(seed, made),
            "G_ema": ema,
            "augment_pipe": None,
        }
        with path.open("wb") as stream:
            _Pickler(stream, protocol=4).dump(whole)
    finally:
        del sys.modules["torch_utils"], sys.modules["torch_utils.persistence"]
    with torch.device("meta"):
        return sum(value.nbytes for value in StyleGAN2(made).state_dict().values())


def resident(field: str) -> int:
    """Return a field of this process's status in bytes: VmRSS now, VmHWM at its peak."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def measure(*paths: str, rounds: int = 7) -> list[dict[str, float]]:
    """Return for each checkpoint the bytes that opening it takes beyond what the program has, and the best seconds."""
    from renderer.generators import convert, load_generator

    small = Path(__file__).parents[1] / "fixtures" / "sg2ada_orig32.pkl"
    with tempfile.TemporaryDirectory() as folder:
        convert(small, Path(folder) / "small.safetensors")  # imports and first calls of both ways
        load_generator(Path(folder) / "small.safetensors")
    found = []
    for path in paths:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        before = resident("VmRSS")
        generator = load_generator(path)
        found.append({"peak": resident("VmHWM") - before, "held": resident("VmRSS") - before, "seconds": math.inf})
        del generator
        gc.collect()
    for _ in range(rounds):
        for path, about in zip(paths, found, strict=True):
            began = time.perf_counter()
            load_generator(path)
            about["seconds"] = min(about["seconds"], time.perf_counter() - began)
    return found


def measured_afresh(*paths: Path) -> list[dict[str, float]]:
    """Return what `measure` finds in a process of its own."""
    command = [sys.executable, "-m", "tests.generators.full_size", *map(str, paths)]
    folder = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    measured: list[dict[str, float]] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
