"""What the tests of checkpoints share: the fixtures, and small pickles written by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch

FIXTURES = Path(__file__).parents[1] / "fixtures"
UNSAFE = FIXTURES / "unsafe"


def fixtures(*beginnings: str) -> list[str]:
    """Return the names of the pickled fixtures whose name begins so."""
    return sorted(path.stem for path in FIXTURES.glob("*.pkl") if path.stem.startswith(beginnings))


STYLEGAN2 = fixtures("sg2ada_", "sg3repo_sg2_")


def expected_of(name: str) -> dict[str, torch.Tensor]:
    with np.load(FIXTURES / f"{name}.expected.npz", allow_pickle=False) as stored:
        return {key: torch.from_numpy(stored[key]) for key in stored.files if stored[key].dtype.kind in "fiu"}


def tolerance(expected: dict[str, torch.Tensor], image: torch.Tensor) -> float:
    return 20 * float(expected["tol_batch"]) + 2e-5 * max(1.0, float(image.abs().max()))


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def name_of(module: str, name: str) -> bytes:
    """Name a global as protocol 4 does."""
    return text(module) + text(name) + b"\x93"


def pickled(body: bytes, protocol: int = 4) -> bytes:
    return b"\x80" + bytes([protocol]) + body + b"."
