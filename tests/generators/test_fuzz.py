"""Files with random damage end in a generator or in one CheckpointError, never otherwise."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from checkpoint_probe import FIXTURES, UNSAFE

from renderer.errors import CheckpointError
from renderer.generators import convert, load_generator, read_torch_file


def seeds(tmp_path: Path) -> list[bytes]:
    """Return files of every container, small ones first."""
    value = {"x": torch.arange(40.0).reshape(4, 10).t(), "n": [1, (2.5, None)], "h": torch.ones(3).half()}
    torch.save(value, tmp_path / "zip.pt")
    torch.save(value, tmp_path / "legacy.pt", _use_new_zipfile_serialization=False)
    for name in ("sg2ada_orig32", "sg3_t64"):
        convert(FIXTURES / f"{name}.pkl", tmp_path / f"{name}.safetensors")
    families = (
        *("sg2ada_cond32.pkl", "rosinality_train32.pt", "sg1_32_interfacegan.pth", "sg1_128_tf.pkl", "e4e_32.pt"),
        *("sg2tf_ada_resnet16.pkl", "sg2tf_ada_cond32.pkl", "sg3_t64.pkl", "sg3_r64.pkl"),
    )
    paths = [*sorted(tmp_path.iterdir()), *sorted(UNSAFE.iterdir()), *(FIXTURES / name for name in families)]
    return [path.read_bytes() for path in paths]


def mutated(content: bytes, source: random.Random) -> bytes:
    """Return the content with a few bytes changed, cut out, doubled or put in."""
    data = bytearray(content)
    for _ in range(source.choice((1, 1, 2, 5))):
        # most of the structure of a large file stands at its ends
        reach = min(len(data), source.choice((64, 600, 6000, len(data))))
        place = source.randrange(reach) if source.random() < 0.6 else len(data) - 1 - source.randrange(reach)
        kind = source.randrange(5)
        if kind == 0:
            data[place] ^= 1 << source.randrange(8)
        elif kind == 1:
            data[place] = source.randrange(256)
        elif kind == 2:
            del data[place : place + source.choice((1, 2, 4, 100))]
        elif kind == 3:
            data[place:place] = data[place : place + source.choice((1, 4, 50))]
        else:
            data[place : place + 8] = source.choice((b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f", b"." * 3, b"h\0R"))
        if not data:
            break
    return bytes(data)


def survive(count: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds").mkdir()
    files, source = seeds(tmp_path / "seeds"), random.Random(seed)
    messages: list[str] = []
    path, opened = tmp_path / "model", 0
    for number in range(count):
        path.write_bytes(mutated(files[number % len(files)], source))
        for read in (load_generator, read_torch_file):
            try:
                read(path)
                opened += 1
            except CheckpointError as error:
                messages.append(str(error))
    assert all(message.startswith(str(path)) and "\n" not in message for message in messages)
    assert not Path("PWNED_MARKER").exists()
    return {"opened": opened, "refused": len(messages)}


def test_damaged_files_end_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = survive(400, 2024, tmp_path, monkeypatch)
    assert outcomes["opened"] > 20
    assert outcomes["refused"] > 400


@pytest.mark.full
@pytest.mark.timeout(1200)
def test_many_damaged_files_end_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reset_peak()
    before = peak_bytes()
    survive(20_000, 7, tmp_path, monkeypatch)
    assert peak_bytes() - before < 1 << 30, "reading a damaged file took more than 1 GiB"


def reset_peak() -> None:
    """Let the kernel count this process's peak memory anew; there is no such thing outside of Linux."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def peak_bytes() -> int:
    """Return the most memory that this process has held, in bytes; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def test_peak_memory_is_noticed() -> None:
    reset_peak()
    before = peak_bytes()
    held = bytearray(b"x" * (64 << 20))
    assert before == 0 or peak_bytes() - before > 32 << 20
    assert len(held) == 64 << 20
