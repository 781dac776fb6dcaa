"""Peak memory of a render against the length of its film, and at 1024 px against parameters and activations.

    python -m benchmarks.memory

The goals: flat with length; at 1024 px and batch 1 below 1.3 times the parameters and the largest activations, beyond
what Python with torch takes, which a network of few weights shows; the queue of frames within its 64 MiB, told by
the test of `Waiting`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.random_model import random_model
from renderer.engine import QUEUE_BYTES
from renderer.generators import save_safetensors
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.untrained import stylegan2_config
from renderer.pages import SWITCH

MB = 1e6
PROGRAM = """
import sys
from renderer.cli import main
try:
    main()
finally:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")), file=sys.stderr)
"""
SCENE = "fps: 30\nduration: {seconds}s\nsize: {size}\ntimeline: [{{walk: {{keys: [3, 14, 15]}}}}]\n"


def peak(folder: Path, size: int, seconds: float, *options: str, **environment: str) -> float:
    """Return the peak of a render's own memory in bytes."""
    scene = folder / "film.yaml"
    scene.write_text(SCENE.format(size=size, seconds=seconds))
    command = [sys.executable, "-c", PROGRAM, str(scene), "-q", "-o", str(folder / "film.mp4"), *options]
    done = subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, text=True)
    return int(done.stderr.split()[-1]) * 1024


def main() -> None:
    """Measure and print each beside its goal."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lengths = {seconds: peak(folder, 256, seconds) for seconds in (5, 20, 80)}
        told = ", ".join(f"{seconds} s {bytes_ / MB:.0f} MB" for seconds, bytes_ in lengths.items())
        print(f"bloom at 256 px: {told}; goal flat, measured {lengths[80] / lengths[5]:.3f} of the shortest")
        model, made = random_model(folder), stylegan2_config(1024)
        tiny = StyleGAN2(replace(made, img_resolution=16, channels=(32, 32, 32), num_fp16_res=0)).randomize(0)
        save_safetensors(tiny.eval(), folder / "tiny.safetensors")
        bare = peak(folder, 16, 0.1, "--model", str(folder / "tiny.safetensors"))
        held = model.stat().st_size
        activations = 2 * made.channels[-1] * 1024 * 1024 * 4  # input and output of the last convolution, float32
        for switch in ("", "default"):
            whole = peak(folder, 1024, 1, "--model", str(model), **{SWITCH: switch})
            own = whole - bare
            words = "pages kept" if not switch else "allocator left alone"
            print(
                f"StyleGAN2 at 1024 px, {words}: {whole / MB:.0f} MB, {own / MB:.0f} beyond a tiny network; "
                f"goal 1.3, measured {own / (held + activations):.2f} of parameters {held / MB:.0f} MB "
                f"and activations {activations / MB:.0f} MB (queue at most {QUEUE_BYTES / MB:.0f} MB)"
            )


if __name__ == "__main__":
    main()
