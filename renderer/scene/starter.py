"""The scene that `render new NAME` writes."""

from __future__ import annotations

import re
from pathlib import Path

from renderer.errors import LatentreelError

STARTER = """\
# {name}: render it with `render {file}`; look at it first with `render sheet {file}`.
# Every key is explained in docs/scene.md, every effect by `render effects`.

model: bloom            # the embedded generator; or the path of a StyleGAN2-ADA .pkl or .safetensors
seed: 7                 # seeds everything random
fps: 30
size: 512               # or [1080, 1920]: width, height
loop: true              # the end meets the beginning

timeline:               # the stack, top to bottom: each entry works on what stands above it
  - walk:               # from latent to latent: seeds, files such as me.npz[0], mean, random
      keys: {{0s: 3, 2s: 14, 4s: 15, 6s: 92}}
  - psi-ramp: {{psi: "0.8 + 0.2*sin(4s)"}}       # any number may be an expression ...
  - direction-sweep:                            # ... or keyframes
      direction: hue
      amount: {{0s: 0, 4s: 1.5, ease: in-out-sine}}

duration: 8s
output:
  - {name}.mp4
  # - {{file: {name}.gif, size: 256, fps: 15, max_bytes: 8MB}}
"""


def write_starter(name: str) -> Path:
    """Write a commented scene to begin from, and return its path.

    Raises LatentreelError where the file is there already, or the name can be none.
    """
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if not re.fullmatch(r"\w[\w .+-]*", path.stem):
        raise LatentreelError(f"expected a name of letters, digits, spaces, . _ + and -, such as my-film, got {name!r}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(STARTER.format(name=path.stem, file=path))
    except FileExistsError:
        raise LatentreelError(f"{path} is there already; choose another name, or move it away") from None
    except OSError as error:
        raise LatentreelError(f"{path} cannot be written: {error.strerror or error}") from error
    return path
