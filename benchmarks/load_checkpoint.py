"""Time and memory of opening a 1024 px StyleGAN2-ADA network, as NVIDIA's pickle and as our safetensors.

    python -m benchmarks.load_checkpoint

The goals: the pickle in under 3 s and 2.2 times the parameters, safetensors in under half the pickle's time.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from renderer.generators import convert
from tests.generators.full_size import measured_afresh, write_checkpoint

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        pickled, plain = Path(folder, "full.pkl"), Path(folder, "full.safetensors")
        size = write_checkpoint(pickled)
        convert(pickled, plain)
        times = []
        for path, measured in zip((pickled, plain), measured_afresh(pickled, plain), strict=True):
            times.append(measured["seconds"])
            print(
                f"{path.name}: {measured['seconds']:.3f} s, peak {measured['peak'] / size:.2f}x of {size / 1e6:.0f} MB"
            )
        print(f"safetensors in {times[1] / times[0]:.2f} of the pickle's time")
